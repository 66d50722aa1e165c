package lang

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/check"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// Ext is the extension of rule files.
const Ext = ".nids"

// Options say how rules are loaded. The zero value will do.
type Options struct {
	// FS is where files are read from; nil: the file system of the machine.
	FS fs.FS
	// Vars override lets, by name: values as a let has them, or in Suricata's form
	// [10.0.0.0/8,!10.1.0.0/16].
	Vars map[string]string
	// Workers is how many goroutines parse and check; 0: one a core.
	Workers int
	// WarnUnused asks for warnings of lets and lists that nothing uses.
	WarnUnused bool
	// WarnCaptures asks for warnings of captures of tests that cannot be read.
	WarnCaptures bool
	// Files gives the texts of files that differ from what is stored (in an editor).
	Files map[string][]byte
	// Reputation gives the scores of a category of IP reputation, nil for an unknown one; nil: there is none.
	Reputation func(category string) *ir.RepTable
	// Funcs are functions beside those of the language: predicates of scripts.
	Funcs []*funcs.Decl
	// Known are ids of rules from elsewhere that sequences and tests may refer to.
	Known []string
}

// Ruleset is what rule files say.
type Ruleset struct {
	Rules     []*ir.Rule
	Sequences []*ir.Sequence
	Tests     []*check.Test
	// Lists are the files that list declarations read, for reloading when one changes.
	Lists []ListFile
	// Files are the rule files that were read, includes too.
	Files []string
	// Sources are their texts, for rendering diagnostics.
	Sources map[string][]byte
}

// ListFile is a file of values.
type ListFile struct {
	Path    string
	Entries int
	ModTime time.Time
}

// Source gives a file's text to diag.Text.
func (r *Ruleset) Source(file string) []byte { return r.Sources[file] }

// Load reads rule files, and folders of them (.nids, recursively, in the order of their names). Rules with
// errors are left out; what is wrong is in the list, sorted by place. The Ruleset is never nil.
func Load(schema *dissect.Schema, paths []string, opts Options) (*Ruleset, diag.List) {
	l := newLoader(schema, opts)
	for _, p := range paths {
		l.path(p)
	}
	return l.finish()
}

// Check loads one text as if it were a file of that name.
func Check(schema *dissect.Schema, name string, text []byte, opts Options) (*Ruleset, diag.List) {
	files := map[string][]byte{name: text}
	for k, v := range opts.Files {
		if k != name {
			files[k] = v
		}
	}
	opts.Files = files
	return Load(schema, []string{name}, opts)
}

// loader gathers pieces of files, then checks them.
type loader struct {
	opts   Options
	scope  *check.Scope
	out    *Ruleset
	list   diag.List
	seen   map[string]bool
	stack  []string // of includes
	pieces []piece

	unread  bool     // a rule file could not be read
	garbled []string // declarations that could not be parsed, but for those in pieces
}

// piece is a run of declarations of a file that is parsed and checked by itself.
type piece struct {
	check.Piece
	at    diag.Pos
	rules []*ir.Rule
	seqs  []*ir.Sequence
	tests []*check.Test
	ids   []idAt
	list  diag.List
	// garbled says that something in it could not be parsed.
	garbled bool
}

// idAt is where a rule's id stands.
type idAt struct {
	id string
	at diag.Range
	ok bool
}

func newLoader(schema *dissect.Schema, opts Options) *loader {
	l := &loader{opts: opts, scope: check.NewScope(schema), seen: map[string]bool{},
		out: &Ruleset{Sources: map[string][]byte{}}}
	l.scope.Reputation, l.scope.Funcs = opts.Reputation, opts.Funcs
	if opts.WarnCaptures {
		l.scope.Capture = l.capture
	}
	for name, text := range opts.Vars {
		l.override(name, text)
	}
	return l
}

// override gives a --var its value.
func (l *loader) override(name, text string) {
	src := VarSyntax(text)
	x, list := syntax.ParseExpr(src)
	for _, d := range list {
		d.File = "--var " + name
		l.list = append(l.list, d)
	}
	if len(list) == 0 {
		l.scope.Override(name, src, x)
		l.out.Sources["--var "+name] = []byte(src)
	}
}

// VarSyntax turns the value of a --var into the language's form: Suricata's lists in brackets
// become sets, $NAME a name, and several values with commas a set.
func VarSyntax(s string) string {
	s = strings.TrimSpace(s)
	if s == "any" {
		return check.Any
	}
	if strings.HasPrefix(s, `"`) || strings.HasPrefix(s, "/") || strings.HasPrefix(s, "{") {
		return s
	}
	if strings.HasPrefix(s, "[") || strings.HasPrefix(s, "!") || strings.HasPrefix(s, "$") {
		s = strings.NewReplacer("[", "{", "]", "}", "$", "").Replace(s)
	}
	if !strings.HasPrefix(s, "{") && (strings.Contains(s, ",") || strings.HasPrefix(s, "!")) {
		s = "{" + s + "}"
	}
	return s
}

// read gives a file's text.
func (l *loader) read(name string) ([]byte, error) {
	if b, ok := l.opts.Files[name]; ok {
		return b, nil
	}
	if l.opts.FS != nil {
		return fs.ReadFile(l.opts.FS, filepath.ToSlash(name))
	}
	return readFile(name)
}

// Limits of a file that rules name: large lists are files, and what has no end (a device) is not read for long.
const (
	maxFile   = 1 << 30  // bytes of a regular file
	maxStream = 64 << 20 // bytes of a pipe or device
)

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	limit := int64(maxStream)
	if info.Mode().IsRegular() {
		if limit = maxFile; info.Size() <= limit {
			return os.ReadFile(name)
		}
		return nil, fmt.Errorf("larger than %d MiB", limit>>20)
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, fmt.Errorf("larger than %d MiB", limit>>20)
	}
	return b, err
}

// path loads a file or a folder.
func (l *loader) path(p string) {
	if _, ok := l.opts.Files[p]; ok {
		l.file(p, nil, diag.Range{})
		return
	}
	fsys, root := l.opts.FS, p
	if fsys == nil {
		fsys, root = os.DirFS(p), "."
	}
	info, err := fs.Stat(fsys, root)
	if err != nil || !info.IsDir() {
		l.file(p, nil, diag.Range{})
		return
	}
	var files []string
	err = fs.WalkDir(fsys, root, func(name string, d fs.DirEntry, err error) error {
		if err == nil && name != root && Hidden(name) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err == nil && !d.IsDir() && path.Ext(name) == Ext {
			if l.opts.FS == nil {
				name = filepath.Join(p, filepath.FromSlash(name))
			}
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		l.add(p, diag.CannotRead(diag.Range{}, p, err))
	}
	slices.Sort(files)
	for _, f := range files {
		l.file(f, nil, diag.Range{})
	}
}

// Hidden tells whether a file or folder is none that a folder of rules is meant to have: locks and backups of editors, .git.
func Hidden(name string) bool {
	base := filepath.Base(name)
	return len(base) > 1 && base[0] == '.' && base != ".."
}

func (l *loader) add(file string, d diag.Diagnostic) {
	d.File = file
	l.list = append(l.list, d)
}

// file reads a file and cuts it into pieces; from and at are the include that asks for it.
func (l *loader) file(name string, from *string, at diag.Range) {
	where := name
	if from != nil {
		where = *from
	}
	if i := slices.Index(l.stack, name); i >= 0 {
		l.add(where, diag.IncludeCycle(at, name, l.stack[i:]))
		return
	}
	if l.seen[name] {
		return // a file counts once
	}
	l.seen[name] = true
	text, err := l.read(name)
	if err != nil {
		l.unread = true
		l.add(where, diag.CannotRead(at, name, plainError(err)))
		return
	}
	text = bytes.TrimPrefix(text, byteOrderMark)
	l.out.Files = append(l.out.Files, name)
	l.out.Sources[name] = text
	if i := bytes.IndexByte(text, 0); i >= 0 {
		l.add(name, diag.NotText(placeOf(text, i), bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff"))))
		return
	}
	if !utf8.Valid(text) {
		l.add(name, diag.NotUTF8(placeOf(text, firstInvalid(text))))
	}
	l.stack = append(l.stack, name)
	l.cut(name, string(text))
	l.stack = l.stack[:len(l.stack)-1]
}

// byteOrderMark begins files that some editors write.
var byteOrderMark = []byte("\xef\xbb\xbf")

// placeOf gives the place of a byte of a text.
func placeOf(text []byte, at int) diag.Range {
	start := bytes.LastIndexByte(text[:at], '\n') + 1
	p := diag.Pos{Offset: at, Line: bytes.Count(text[:at], []byte("\n")) + 1, Col: utf8.RuneCount(text[start:at]) + 1}
	return diag.Range{Start: p, End: p}
}

// firstInvalid finds the first byte that is not UTF-8, in a text that has one.
func firstInvalid(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(text)
}

// plainError strips the operation and the path, which the message has already.
func plainError(err error) error {
	var p *fs.PathError
	if ok := asPathError(err, &p); ok {
		return p.Err
	}
	return err
}

// finish checks everything that was gathered.
func (l *loader) finish() (*Ruleset, diag.List) {
	l.list = append(l.list, l.scope.Finish()...)
	ids, sequences := map[string]bool{}, map[string]bool{}
	for _, id := range l.opts.Known {
		ids[id] = true
	}
	for i := range l.pieces {
		declaredIDs(l.pieces[i].Text, func(id string, sequence bool) {
			ids[id] = true
			if sequence {
				sequences[id] = true
			}
		})
	}
	l.scope.SequenceID = func(id string) bool { return sequences[id] }
	l.scope.RuleID = func(id string) bool { return ids[id] }
	l.scope.RuleIDs = sync.OnceValue(func() []string {
		var out []string
		for id := range ids {
			out = append(out, id)
		}
		slices.Sort(out)
		return out
	})
	l.run()
	l.collect()
	if l.opts.WarnUnused {
		l.list = append(l.list, l.unused()...)
		for name := range l.opts.Vars {
			if l.scope.Overrides(name) {
				l.list = append(l.list, diag.UnknownVar(name, diag.Nearest(name, l.scope.LetNames())))
			}
		}
	}
	l.list.Sort()
	return l.out, l.list
}

// run parses and checks the pieces, several at a time.
func (l *loader) run() {
	n := l.opts.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(n, len(l.pieces)) {
		wg.Go(func() {
			for i := range next {
				l.pieces[i].check(l.scope)
			}
		})
	}
	for i := range l.pieces {
		next <- i
	}
	close(next)
	wg.Wait()
}

// check parses the piece and lowers what it declares. Lets and the like were taken before.
func (p *piece) check(scope *check.Scope) {
	f, list := syntax.Parse(p.Text, p.at)
	p.garbled = len(list) > 0
	for _, d := range list {
		d.File = p.File
		p.list = append(p.list, d)
	}
	for _, d := range f.Decls {
		var found diag.List
		switch d := d.(type) {
		case *syntax.Rule:
			var r *ir.Rule
			r, found = scope.Rule(p.Piece, d)
			p.ids = append(p.ids, idAt{d.ID.Text, d.ID.Range(), r != nil})
			if r != nil && !disabled(d.Body) {
				p.rules = append(p.rules, r)
			}
		case *syntax.Sequence:
			var q *ir.Sequence
			q, found = scope.Sequence(p.Piece, d)
			p.ids = append(p.ids, idAt{d.ID.Text, d.ID.Range(), q != nil})
			if q != nil && !disabled(d.Body) {
				p.seqs = append(p.seqs, q)
			}
		case *syntax.Test:
			var t *check.Test
			t, found = scope.Test(p.Piece, d)
			p.tests = append(p.tests, t)
		}
		p.list = append(p.list, found...)
	}
}

// disabled tells whether a body has the statement disabled: it is checked, but not loaded.
func disabled(body []syntax.Stmt) bool {
	for _, s := range body {
		if f, ok := s.(*syntax.Flag); ok && f.Keyword == "disabled" {
			return true
		}
	}
	return false
}

// collect joins what the pieces gave, in the order of the files, and reports ids that repeat.
func (l *loader) collect() {
	first := map[string]string{}
	for i := range l.pieces {
		p := &l.pieces[i]
		l.list = append(l.list, p.list...)
		twice := map[int]bool{} // lines of ids that others have
		for _, id := range p.ids {
			if where, dup := first[id.id]; dup {
				l.add(p.File, diag.DuplicateID(id.at, id.id, where))
				twice[id.at.Start.Line] = true
				continue
			}
			first[id.id] = fmt.Sprintf("%s:%d", p.File, id.at.Start.Line)
		}
		if len(twice) > 0 {
			p.rules = slices.DeleteFunc(p.rules, func(r *ir.Rule) bool { return twice[int(r.Pos.Line)] })
			p.seqs = slices.DeleteFunc(p.seqs, func(s *ir.Sequence) bool { return twice[int(s.Pos.Line)] })
		}
		l.out.Rules = append(l.out.Rules, p.rules...)
		l.out.Sequences = append(l.out.Sequences, p.seqs...)
		l.out.Tests = append(l.out.Tests, p.tests...)
	}
}
