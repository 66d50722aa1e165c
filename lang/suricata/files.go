package suricata

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/filefields"
	"github.com/luanids/luanids/lang/ir"
)

// maxListFile caps the size of a file that a rule names.
const maxListFile = 256 << 20

// readFile reads a file that a rule names; relative names are looked for beside the rules.
func (l *loader) readFile(name string) ([]byte, *problem) {
	if name == "" {
		return nil, fail("the name of a file is missing")
	}
	if !filepath.IsAbs(name) {
		dir := l.opt.Dir
		if dir == "" {
			dir = filepath.Dir(l.file)
		}
		name = filepath.Join(dir, name)
	}
	if l.opt.OnRead != nil {
		l.opt.OnRead(name)
	}
	read := l.opt.ReadFile
	if read == nil {
		read = func(name string) ([]byte, error) {
			info, err := os.Stat(name)
			if err != nil {
				return nil, err
			}
			if info.Size() > maxListFile {
				return nil, &os.PathError{Op: "read", Path: name, Err: os.ErrInvalid}
			}
			return os.ReadFile(name)
		}
	}
	text, err := read(name)
	if err != nil {
		return nil, fail("cannot read the file: %v", err)
	}
	return text, nil
}

// fileField adds a condition on a field of files.
func (b *builder) fileField(name string, test func(x ir.Expr) (ir.Expr, *problem)) *problem {
	f := b.l.schema.Field(name)
	if f == nil {
		return fail("the engine has no field %s", name)
	}
	b.notIPOnly = true
	return b.onField(f, test)
}

// fileText makes the handler of a keyword for text of files in any case. Like the keyword it leaves the sticky buffer, and modifiers
// behind it are about its text. Quotes may be left out where bare says so.
func fileText(buf *buffer, bare bool, more func(lit *ir.Lit)) handler {
	return func(b *builder, v string) *problem {
		if text := strings.TrimLeft(strings.TrimPrefix(v, "!"), " \t"); bare && !strings.HasPrefix(text, `"`) {
			v = v[:len(v)-len(text)] + `"` + text + `"`
		}
		lit, err := b.literal(v)
		if err != nil {
			return err
		}
		lit.NoCase = true
		more(lit)
		b.setSticky(nil)
		b.addTo(b.find(buf, nil, false), lit)
		b.last = lit
		return nil
	}
}

var (
	filename  = fileText(fileNameBuffer, true, func(*ir.Lit) {}) // anywhere in the name
	fileext   = fileText(fileNameBuffer, true, isExtension)
	filemagic = fileText(magicBuffer, false, func(*ir.Lit) {}) // anywhere in libmagic's description
)

// isExtension makes the text the end of a name behind a dot.
func isExtension(lit *ir.Lit) {
	lit.EndsWith = true
	lit.Bytes = append([]byte("."), lit.Bytes...)
}

// knownMagic refuses texts that no description of ours has: libmagic knows more types, and the rule would never match, or
// negated always.
func knownMagic(items []ir.Item) *problem {
	for _, it := range items {
		if lit, ok := it.(*ir.Lit); ok && !filefields.Describes(string(lit.Bytes)) {
			return &problem{keyword: "file.magic", why: "no type of file that is known here is described as " + strconv.Quote(string(lit.Bytes))}
		}
	}
	return nil
}

// orNot is the condition, or, negated, that x is there and does not fulfil it.
func orNot(t, x ir.Expr, neg bool) ir.Expr {
	if neg {
		return &ir.And{X: []ir.Expr{&ir.Exists{X: x}, &ir.Not{X: t}}}
	}
	return t
}

func filesize(b *builder, v string) *problem {
	if side, n, ok := strings.Cut(v, ","); ok {
		v = strings.TrimSpace(n)
		f := b.l.schema.Field("file.to_server")
		if f == nil {
			return fail("the engine has no field file.to_server")
		}
		switch strings.TrimSpace(side) {
		case "to_client":
			b.require(&ir.Not{X: &ir.Field{F: f}})
		case "to_server":
			b.require(&ir.Field{F: f})
		default:
			return fail("unknown side %q", side)
		}
	}
	c, err := parseCmp(v)
	if err != nil {
		return err
	}
	state := b.l.schema.Field("file.state")
	return b.fileField("file.size", func(x ir.Expr) (ir.Expr, *problem) {
		if state == nil || c.mask == 0 && (c.op == ir.TestGt || c.op == ir.TestGe) {
			return c.on(x), nil
		}
		// Of a file that was cut off it is known only that it is larger than what was seen.
		complete := &ir.Cmp{Op: ir.Eq, X: &ir.Field{F: state}, Y: ir.Str("CLOSED"), Pos: b.pos()}
		return &ir.And{X: []ir.Expr{c.on(x), complete}}, nil
	})
}

func filestore(b *builder, v string) *problem {
	if b.bypasses {
		return storesAndBypasses()
	}
	x := &ir.StoreFile{}
	if v != "" {
		if err := filestoreOption(v, x); err != nil {
			return err
		}
	}
	b.notIPOnly, b.filestore = true, true
	b.r.Effects = append(b.r.Effects, x)
	return nil
}

// fileDigest makes the handler of a list of digests, which stand in hex at the beginning of their lines. As in Suricata all else is passed
// over: what is behind a digest, and lines that begin with none of the size.
func fileDigest(field string, size int) handler {
	return func(b *builder, v string) *problem {
		v, neg := strings.CutPrefix(v, "!")
		text, err := b.l.readFile(unquote(strings.TrimSpace(v)))
		if err != nil {
			return err
		}
		var sums []string
		for line := range strings.Lines(string(text)) {
			if sum := line[:hexDigits(line)]; len(sum) == 2*size {
				sums = append(sums, strings.ToLower(sum))
			}
		}
		set := ir.NewStrSet(true, sums...)
		return b.fileField(field, func(x ir.Expr) (ir.Expr, *problem) {
			if x.Type() != dissect.TString {
				return nil, fail("%s is no text", field)
			}
			return orNot(&ir.In{X: x, Set: set}, x, neg), nil
		})
	}
}

// hexDigits counts the digits that a line begins with.
func hexDigits(line string) int {
	n := strings.IndexFunc(line, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) })
	if n < 0 {
		return len(line)
	}
	return n
}

// carriesFiles are the protocols whose messages carry files.
var carriesFiles = map[string]bool{"http": true, "http2": true, "doh2": true, "smtp": true, "pop3": true, "ftp-data": true, "nfs": true, "smb": true}

// checkFiles refuses to look for files in a protocol, or a direction, that has none.
func (b *builder) checkFiles(uses []use) *problem {
	ofFile := func(u use) bool { return u.spec == nil && strings.HasPrefix(u.ev.Name, "file") }
	switch {
	case b.spec == nil || !b.filestore && !slices.ContainsFunc(uses, ofFile):
	case !carriesFiles[b.spec.Owner().Name]:
		return fail("no files are taken out of %s", b.appName)
	case b.spec.Name == "smtp" && b.dir == toClient:
		return fail("mails go to the server, and flow says to_client: the rule never matches")
	}
	return nil
}
