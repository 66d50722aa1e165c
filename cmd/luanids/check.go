package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/config"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
)

// checkKind is a kind of file that luanids check knows.
type checkKind struct {
	// is tells whether a file is of this kind, by its path and up to checkHead first bytes.
	is func(path string, head []byte) bool
	// check checks all files of this kind that were named, together. The error is for what
	// cannot be read at all.
	check func(f *flags, paths []string) (checked, error)
}

// checked is what was found out about the files of a kind.
type checked struct {
	what   string // how much was checked, for people: 12 rules
	list   diag.List
	source diag.Source // gives the texts that list points into
}

// checkKinds lists what check knows; the first that says that a file is its own checks it.
func checkKinds() []checkKind {
	return []checkKind{
		{is: hasExt(lang.Ext, ".rules"), check: checkRules},
		{is: config.IsConfig, check: checkConfig},                                                     // before rules in YAML, which have less of a form
		{is: func(path string, _ []byte) bool { return ruleset.IsRuleFile(path) }, check: checkRules}, // YAML
		{is: hasExt(".lua"), check: checkScripts},
		{is: isFeed, check: checkFeeds},
		{is: isSuricataConf, check: checkSuricataConf},
	}
}

// checkHead is how many bytes of a file are read to tell its kind.
const checkHead = 4096

func hasExt(exts ...string) func(string, []byte) bool {
	return func(path string, _ []byte) bool {
		for _, e := range exts {
			if strings.EqualFold(filepath.Ext(path), e) {
				return true
			}
		}
		return false
	}
}

func newCheck(e *env) *cobra.Command {
	f := &flags{}
	var format string
	cmd := &cobra.Command{
		Use: "check [FILE|DIR]...", Short: "Check rules, scripts, feeds and configuration",
		Long: `Check files of every kind that luanids reads, Suricata's threshold.config, classification.config and reference.config too: errors, and warnings of what cannot work or is slow.
Of a folder all files of a known kind are checked. Exit code 3 when there are errors.`,
		RunE: func(_ *cobra.Command, args []string) error { return check(e, f, format, args) },
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringArrayVar(&f.vars, "var", nil, "override a let of the rules: NAME=VALUE (repeatable)")
	return cmd
}

func check(e *env, f *flags, format string, args []string) error {
	if format != "text" && format != "json" {
		return usage(fmt.Errorf("--format %s: use text or json", format))
	}
	defer pace(e).stop()
	kinds := checkKinds()
	files, err := sortByKind(kinds, args)
	if err != nil {
		return usage(err)
	}
	var what []string
	var list diag.List
	var sources []diag.Source
	f.checked = files
	for i := range kinds {
		if len(files[i]) == 0 {
			continue
		}
		c, err := kinds[i].check(f, files[i])
		if err != nil {
			return usage(err)
		}
		what, list = append(what, c.what), append(list, c.list...)
		if c.source != nil {
			sources = append(sources, c.source)
		}
	}
	list.Sort()
	source := func(file string) []byte {
		for _, s := range sources {
			if text := s(file); text != nil {
				return text
			}
		}
		return nil
	}
	if format == "json" {
		err = diag.JSON(e.stdout, list)
	} else {
		err = diag.Text(e.stdout, list, source, maxMessages)
		fmt.Fprintf(e.stderr, "%s, %s, %s\n", strings.Join(what, ", "), plural(list.Errors(), "error"), plural(list.Warnings(), "warning"))
	}
	if err != nil {
		return failed(err)
	}
	if list.Errors() > 0 {
		return &failure{errors.New("there are errors"), exitFindings}
	}
	return nil
}

// sortByKind gives the files of each kind. Without any, the rules that ship are checked.
func sortByKind(kinds []checkKind, args []string) ([][]string, error) {
	files := make([][]string, len(kinds))
	if len(args) == 0 {
		args = []string{ruleset.Default}
	}
	for _, arg := range args {
		if arg == ruleset.Default || arg == ruleset.None {
			files[0] = append(files[0], arg)
			continue
		}
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		list := []string{arg}
		if info.IsDir() {
			if list, err = filesBelow(arg); err != nil {
				return nil, err
			}
		}
		known := 0
		for _, file := range list {
			if k := kindOf(kinds, file); k >= 0 {
				files[k] = append(files[k], file)
				known++
			}
		}
		if known == 0 {
			return nil, fmt.Errorf("%s: nothing to check: neither rules nor scripts, feeds or configuration", arg)
		}
	}
	return files, nil
}

// kindOf gives the index of a file's kind, -1 for none. What cannot be opened is left to the
// check by extension, which says why.
func kindOf(kinds []checkKind, path string) int {
	var head []byte
	if file, err := os.Open(path); err == nil {
		head, _ = io.ReadAll(io.LimitReader(file, checkHead))
		file.Close()
	}
	for i := range kinds {
		if kinds[i].is(path, head) {
			return i
		}
	}
	return -1
}

// filesBelow gives the files of a folder and those below it, sorted.
func filesBelow(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && p != dir && lang.Hidden(p) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err == nil && !d.IsDir() {
			files = append(files, p)
		}
		return err
	})
	sort.Strings(files)
	return files, err
}

// checkOptions gives what rules are checked with.
func checkOptions(f *flags) (*dissect.Schema, ruleset.Options, error) {
	cfg := engine.DefaultConfig()
	schema, err := engine.NewSchema(&cfg.EVEOptions)
	if err != nil {
		return nil, ruleset.Options{}, err
	}
	opt, err := ruleOptions(f, &cfg)
	return schema, opt, err
}

// checkRules compiles rules of all syntaxes together.
func checkRules(f *flags, paths []string) (checked, error) {
	schema, opt, err := checkOptions(f)
	if err != nil {
		return checked{}, err
	}
	opt.Lint = true
	opt.Funcs, opt.FlowFlags = scriptFuncs(schema, slices.Concat(f.checked...))
	set, err := ruleset.Load(schema, paths, opt)
	if err != nil {
		return checked{}, err
	}
	list := set.Diagnostics
	if slices.ContainsFunc(slices.Concat(f.checked...), func(p string) bool { return hasExt(".lua")(p, nil) }) {
		// Scripts ask for lists and variables by name.
		list = slices.DeleteFunc(list, func(d diag.Diagnostic) bool { return d.Code == diag.CodeUnused || d.Code == diag.CodeUnknownVar })
	}
	what := plural(len(set.Rules), "rule")
	if set.Sequences > 0 {
		what += ", " + plural(set.Sequences, "sequence")
	}
	if set.Skipped > 0 {
		what += ", " + plural(set.Skipped, "rule") + " left out"
	}
	return checked{what: what, list: list, source: set.Source}, nil
}
