// Package ruleset loads rules of every syntax that luanids reads, from files and folders, into
// one program.
package ruleset

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lang/suricata"
)

// Names that stand for rule sources instead of files.
const (
	Default = "default" // the rules that ship
	None    = "none"
)

// Options direct Load.
type Options struct {
	// Vars override lets of .nids files and variables of Suricata's.
	Vars map[string]string
	// Shipped are the rules that Default stands for.
	Shipped fs.FS
	// Classes are the classes of imported rules.
	Classes map[string]eve.Class
	// ThresholdConfig is a file in the form of Suricata's threshold.config, "" for none.
	ThresholdConfig string
	// Extra are hidden rules to compile along: the filters of scripts.
	Extra []*ir.Rule
	// Funcs are functions beside those of the language: predicates of scripts. FlowFlags are flow flags that
	// scripts set.
	Funcs     []*funcs.Decl
	FlowFlags []string
	// Without names features that are switched off, for the keyword requires.
	Without map[string]bool
	// Reputation gives addresses their scores, nil for none.
	Reputation *Reputation
	// Datasets are what settings say of data sets, see DeclaredSets.
	Datasets Datasets
	// Translate says that imported rules are to be printed as .nids, not to run: they may name reputation that is not configured.
	Translate bool
	// Previous is the program that the new one is to replace while an engine runs, nil for none.
	Previous *match.Program
	// Lean saves memory: see match.Options. The rules of the set then have no conditions either.
	Lean bool
	// Actions is the order of actions in which rules are judged, see match.Options.
	Actions []ir.Action
	// Lint asks for warnings that only a person who checks rules wants.
	Lint bool
}

// Set is what was loaded.
type Set struct {
	Program *match.Program // never nil
	Rules   []*ir.Rule
	// Sequences counts the sequences, which are not among Rules.
	Sequences int
	Files     []string // of rules, that were read
	// Watch are all files on disk that the rules depend on: those of Files, of lists, data sets and thresholds,
	// also where they could not be read.
	Watch []string
	// Diagnostics are what is wrong with the files: rules with errors are left out.
	Diagnostics diag.List
	// Sources are the texts of files that diagnostics point into.
	Sources map[string][]byte
	// Skipped counts the imported rules that could not be translated.
	Skipped int
	// Unkept are the data sets that rules want written (state, save), and for which there is no folder.
	Unkept []string
}

// Source gives the text of a file, for diag.Text.
func (s *Set) Source(file string) []byte { return s.Sources[file] }

// Load reads rules from files, folders, and the names above; without any it takes Default. The
// error is for what cannot be read at all; what is wrong with rules is in Set.Diagnostics.
func Load(schema *dissect.Schema, paths []string, opt Options) (*Set, error) {
	l := &loader{schema: schema, opt: opt, set: &Set{Sources: map[string][]byte{}}}
	if len(paths) == 0 {
		paths = []string{Default}
	}
	for _, p := range paths {
		if err := l.path(p); err != nil {
			return nil, err
		}
	}
	return l.finish()
}

type loader struct {
	schema *dissect.Schema
	opt    Options
	set    *Set
	nids   []string // files and folders for the .nids front end
	seqs   []*ir.Sequence
	shared *suricata.Shared // data sets that files have in common
	mu     sync.Mutex       // guards set.Watch while rules are imported
	lines  map[string][]int32
	// imported are the rules of Suricata's syntax, put among the others by importAll.
	imported []*ir.Rule
	imports  int // files that they are from
}

// categories gives the reputation that .nids rules ask for, nil for none.
func (l *loader) categories() func(string) *ir.RepTable {
	if l.opt.Reputation == nil {
		return nil
	}
	return l.opt.Reputation.Table
}

func (l *loader) path(p string) error {
	switch p {
	case None:
		return nil
	case Default:
		rs, list := lang.Load(l.schema, []string{"."}, lang.Options{FS: l.opt.Shipped, Vars: l.opt.Vars, Reputation: l.categories(), Funcs: l.opt.Funcs})
		l.addNids(rs, list, false)
		return nil
	}
	info, err := os.Stat(p)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	if !info.IsDir() {
		return l.file(p)
	}
	files, err := ruleFiles(p)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	if len(files) == 0 {
		return fmt.Errorf("rules: no rule files (%s) in %s", strings.Join(extensions(), ", "), p)
	}
	for _, f := range files {
		if err := l.file(f); err != nil {
			return err
		}
	}
	return nil
}

// readers are the front ends by extension.
var readers = map[string]func(l *loader, path string) error{
	lang.Ext: func(l *loader, path string) error { l.nids = append(l.nids, path); return nil },
	".rules": (*loader).suricata,
	".yaml":  (*loader).pynids,
	".yml":   (*loader).pynids,
}

func extensions() []string {
	var list []string
	for e := range readers {
		list = append(list, e)
	}
	sort.Strings(list)
	return list
}

func (l *loader) file(p string) error {
	read, ok := readers[strings.ToLower(filepath.Ext(p))]
	if !ok {
		return fmt.Errorf("rules: %s: unknown kind of rule file: use %s", p, strings.Join(extensions(), ", "))
	}
	return read(l, p)
}

// ruleFiles gives the rule files below a folder, sorted.
func ruleFiles(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && p != dir && lang.Hidden(p) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err == nil && !d.IsDir() && IsRuleFile(p) {
			files = append(files, p)
		}
		return err
	})
	sort.Strings(files)
	return files, err
}

func (l *loader) addNids(rs *lang.Ruleset, list diag.List, onDisk bool) {
	if onDisk {
		l.set.Watch = append(l.set.Watch, rs.Files...)
		for _, f := range rs.Lists {
			l.set.Watch = append(l.set.Watch, f.Path)
		}
	}
	l.set.Rules = append(l.set.Rules, rs.Rules...)
	l.seqs = append(l.seqs, rs.Sequences...)
	l.set.Files = append(l.set.Files, rs.Files...)
	l.set.Diagnostics = append(l.set.Diagnostics, list...)
	for name, text := range rs.Sources {
		l.set.Sources[name] = text
	}
}

// finish compiles all rules together.
func (l *loader) finish() (*Set, error) {
	if len(l.nids) > 0 {
		rs, list := lang.Load(l.schema, l.nids, lang.Options{Vars: l.opt.Vars, Reputation: l.categories(), Funcs: l.opt.Funcs,
			WarnUnused: l.opt.Lint, WarnCaptures: l.opt.Lint})
		if l.imports > 0 {
			list = slices.DeleteFunc(list, func(d diag.Diagnostic) bool { return d.Code == diag.CodeUnknownVar }) // the other files may have it
		}
		l.addNids(rs, list, true)
	}
	if err := l.importAll(); err != nil {
		return nil, err
	}
	if l.opt.Lint {
		l.lint()
	}
	all := append(slices.Clip(l.set.Rules), l.opt.Extra...)
	match.FlowFlags(l.schema, all, l.opt.FlowFlags)
	program, problems := match.Compile(l.schema, all, match.Options{Sequences: l.seqs, Previous: l.opt.Previous, Lean: l.opt.Lean, Actions: l.opt.Actions})
	l.set.Program, l.set.Sequences = program, len(l.seqs)
	if err := l.declareSets(); err != nil {
		return nil, err
	}
	slices.Sort(l.set.Watch)
	l.set.Watch = slices.Compact(l.set.Watch)
	said := map[[2]string]bool{} // what the front end warned of, with a better place
	for _, d := range l.set.Diagnostics {
		said[[2]string{d.Rule, d.Code}] = true
	}
	for _, p := range problems {
		// The front end warns of expensive scans; a cheap test of a number needs no literal.
		if !p.Error && (p.Code == "no-literal" || said[[2]string{p.Rule, p.Code}]) {
			continue
		}
		d := diag.Diagnostic{File: p.Pos.File, Severity: diag.Warning, Code: p.Code, Summary: p.Msg, Hint: p.Hint, Rule: p.Rule}
		if p.Error {
			d.Severity = diag.Error
		}
		d.Range = l.where(&p)
		l.set.Diagnostics = append(l.set.Diagnostics, d)
	}
	l.set.Diagnostics.Sort()
	return l.set, nil
}

// at gives a place its offset in the file, which diagnostics are sorted by.
func (l *loader) at(p ir.Pos) diag.Pos {
	at := diag.Pos{Line: int(p.Line), Col: int(p.Col)}
	if starts := l.linesOf(p.File); len(starts) > 0 {
		at.Offset = int(starts[min(max(at.Line, 1), len(starts))-1])
	}
	at.Offset += max(at.Col-1, 0)
	return at
}

// linesOf gives where the lines of a file begin; a large file is gone through once, however much is said of it.
func (l *loader) linesOf(file string) []int32 {
	if starts, ok := l.lines[file]; ok {
		return starts
	}
	text := l.set.Sources[file]
	starts := []int32{0}
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], '\n')
		if i < 0 {
			break
		}
		at += i + 1
		starts = append(starts, int32(at))
	}
	if l.lines == nil {
		l.lines = map[string][]int32{}
	}
	l.lines[file] = starts
	return starts
}
