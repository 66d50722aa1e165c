package suricata

import (
	"encoding/hex"
	"os"
	"path/filepath"
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

// filename is text anywhere in the name, in any case.
func filename(b *builder, v string) *problem {
	lit, err := b.literal(v)
	if err != nil {
		return err
	}
	lit.NoCase = true
	c := b.find(fileNameBuffer, nil, false)
	c.items = append(c.items, lit)
	return nil
}

// fileext is the end of the name behind a dot, in any case.
func fileext(b *builder, v string) *problem {
	lit, err := b.literal(v)
	if err != nil {
		return err
	}
	lit.NoCase, lit.EndsWith = true, true
	lit.Bytes = append([]byte("."), lit.Bytes...)
	c := b.find(fileNameBuffer, nil, false)
	c.items = append(c.items, lit)
	return nil
}

// filemagic is text anywhere in libmagic's description, in any case.
func filemagic(b *builder, v string) *problem {
	lit, err := b.literal(v)
	if err != nil {
		return err
	}
	lit.NoCase = true
	b.addTo(b.find(magicBuffer, nil, false), lit)
	return nil
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

// fileDigest makes the handler of a list of digests, one a line in hex (other words on the line are ignored).
func fileDigest(field string, size int) handler {
	return func(b *builder, v string) *problem {
		v, neg := strings.CutPrefix(v, "!")
		text, err := b.l.readFile(unquote(strings.TrimSpace(v)))
		if err != nil {
			return err
		}
		var sums []string
		for _, line := range strings.Split(string(text), "\n") {
			f := strings.Fields(line)
			if len(f) == 0 || strings.HasPrefix(f[0], "#") {
				continue
			}
			if sum, err := hex.DecodeString(f[0]); err != nil || len(sum) != size {
				return fail("%q in the list is no digest of %d bytes", f[0], size)
			}
			sums = append(sums, strings.ToLower(f[0]))
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
