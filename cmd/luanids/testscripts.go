package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/engine/scripttest"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lua"
	"github.com/luanids/luanids/lua/luatest"
	"github.com/luanids/luanids/scripts"
)

// testPaths is what luanids test is to run, by kind.
type testPaths struct {
	rules   []string            // files and folders with rules
	scripts map[string][]string // names of tests of scripts, by folder
	plain   []string            // scripts that are no tests: rules may use their predicates
	shipped bool                // the scripts that ship
}

// sortTests tells rules from tests of scripts. Without arguments all that ships is tested.
func sortTests(args []string) (testPaths, error) {
	t := testPaths{scripts: map[string][]string{}}
	if len(args) == 0 || len(args) == 1 && args[0] == ruleset.Default {
		t.shipped = true
		return t, nil
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return t, fmt.Errorf("%s: %w", arg, cause(err))
		}
		switch {
		case info.IsDir():
			if err := t.folder(arg); err != nil {
				return t, err
			}
		case strings.HasSuffix(arg, luatest.Suffix):
			t.script(arg)
		case filepath.Ext(arg) == ".lua":
			test := strings.TrimSuffix(arg, ".lua") + luatest.Suffix
			if _, err := os.Stat(test); err != nil {
				return t, fmt.Errorf("%s has no test: there is no %s (luanids new detector writes one)", arg, test)
			}
			t.script(test)
			t.plain = append(t.plain, arg)
		default:
			t.rules = append(t.rules, arg)
		}
	}
	return t, nil
}

func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func (t *testPaths) script(path string) {
	dir, name := filepath.Split(path)
	dir = filepath.Clean(dir)
	if !slices.Contains(t.scripts[dir], name) {
		t.scripts[dir] = append(t.scripts[dir], name)
	}
}

// folder finds what a folder and those below it have.
func (t *testPaths) folder(dir string) error {
	files, err := filesBelow(dir)
	if err != nil {
		return err
	}
	rules, tests := false, 0
	for _, f := range files {
		rules = rules || filepath.Ext(f) == lang.Ext
		if strings.HasSuffix(f, luatest.Suffix) {
			t.script(f)
			tests++
		} else if filepath.Ext(f) == ".lua" {
			t.plain = append(t.plain, f)
		}
	}
	if rules {
		t.rules = append(t.rules, dir)
	}
	if !rules && tests == 0 {
		return fmt.Errorf("%s: nothing to test: neither rules (*%s) nor tests of scripts (*%s)", dir, lang.Ext, luatest.Suffix)
	}
	return nil
}

// predicates loads the scripts among names that give predicates to rules. What else they do is no part of a test of rules.
func predicates(schema *dissect.Schema, names []string, vars map[string]string) (*lua.Runtime, error) {
	sources, modules, err := scripttest.Sources(names)
	if err != nil {
		return nil, err
	}
	given := sources[:0]
	for _, s := range sources {
		if strings.Contains(s.Text, "predicate") {
			given = append(given, s)
		}
	}
	rt, problems := lua.Load(schema, given, lua.Options{Vars: vars, Modules: modules})
	for _, p := range problems {
		if !p.Warning {
			rt.Close()
			return nil, errors.New(p.String())
		}
	}
	return rt, nil
}

// testScripts runs the tests of scripts. A file that cannot be run at all is a failed test.
func testScripts(ctx context.Context, schema *dissect.Schema, t testPaths, vars map[string]string) ([]luatest.Result, error) {
	load := lua.Options{Vars: vars}
	if t.shipped {
		return luatest.Run(schema, scripts.FS, nil, luatest.Options{Load: load})
	}
	var out []luatest.Result
	dirs := make([]string, 0, len(t.scripts))
	for dir := range t.scripts {
		dirs = append(dirs, dir)
	}
	slices.Sort(dirs)
	for _, dir := range dirs {
		for _, name := range t.scripts[dir] {
			list, err := scripttest.Run(ctx, schema, dir, []string{name}, load)
			if err != nil {
				list = append(list, luatest.Result{File: name, Name: "the file", Err: err})
			} else if len(list) == 0 {
				list = append(list, luatest.Result{File: name, Name: "the file", Err: errors.New("has no test: test(\"what it does\", function(t) ... end)")})
			}
			for i := range list {
				list[i].File = filepath.Join(dir, list[i].File)
			}
			out = append(out, list...)
		}
	}
	return out, ctx.Err()
}

// scriptReport shows the results of tests of scripts, and counts those that failed.
func scriptReport(e *env, results []luatest.Result, verbose bool) (failed int) {
	skipped := 0
	for i := range results {
		r := &results[i]
		if r.Err != nil {
			failed++
		}
		if r.Skipped != "" {
			skipped++
		}
		if verbose || r.Err != nil {
			fmt.Fprintln(e.stdout, r)
		}
	}
	more := ""
	if skipped > 0 {
		more = fmt.Sprintf(", %d skipped", skipped)
	}
	if len(results) > 0 {
		fmt.Fprintf(e.stderr, "%s of scripts, %d failed%s\n", plural(len(results), "test"), failed, more)
	}
	return failed
}

// jsonScriptTest is a test of a script for machines.
type jsonScriptTest struct {
	File    string `json:"file"`
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Skipped string `json:"skipped,omitempty"`
	Error   string `json:"error,omitempty"`
}

func jsonScriptTests(results []luatest.Result) (out []jsonScriptTest) {
	for _, r := range results {
		x := jsonScriptTest{File: r.File, Name: r.Name, OK: r.Err == nil, Skipped: r.Skipped}
		if r.Err != nil {
			x.Error = r.Err.Error()
		}
		out = append(out, x)
	}
	return out
}

// testTable writes how often each detector alerts on captures.
func testTable(ctx context.Context, w io.Writer, f *testFlags, captures []string, vars map[string]string) error {
	names := f.scripts
	if len(names) == 0 {
		names = []string{ruleset.Default}
	}
	sources, modules, err := scripttest.Sources(names)
	if err != nil {
		return usage(err)
	}
	var files []string
	for _, c := range captures {
		list := []string{c}
		if info, err := os.Stat(c); err == nil && info.IsDir() {
			if list, err = filesBelow(c); err != nil {
				return usage(err)
			}
		}
		files = append(files, list...)
	}
	table, err := scripttest.MakeTable(ctx, sources, lua.Options{Vars: vars, Modules: modules}, files)
	if err != nil {
		return usage(err)
	}
	if len(table.Rows) == 0 {
		return usage(errors.New("--table: name captures, or folders of captures"))
	}
	_, err = io.WriteString(w, table.Markdown())
	return err
}
