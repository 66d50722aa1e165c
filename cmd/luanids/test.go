package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/output"
	"github.com/luanids/luanids/engine/ruletest"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/testrun"
	"github.com/luanids/luanids/lua/luatest"
	"github.com/luanids/luanids/rules"
)

type testFlags struct {
	vars          []string
	format        string
	verbose       bool
	requireTested bool
	table         bool
	scripts       []string
}

func newTest(e *env) *cobra.Command {
	f := &testFlags{}
	cmd := &cobra.Command{
		Use: "test [FILE|DIR]...", Short: "Run the tests of rules and scripts",
		Long: `Run the test blocks of .nids files and the tests of scripts (NAME_test.lua beside NAME.lua), on synthetic events
and on captures. Without arguments what ships is tested. Exit code 3 when a test fails or the rules have errors.

--table replays captures instead, and shows how often each detector alerts on each: attacks that must be found,
and everyday traffic on which detectors must stay silent.`,
		Example: "  luanids test rules/ scripts/\n  luanids test -v web.nids uploads_test.lua\n  luanids test --table captures/ -s mine.lua",
		RunE: func(cmd *cobra.Command, args []string) error {
			return runTests(cmd.Context(), e, f, args)
		},
	}
	fl := cmd.Flags()
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "show every case, not only those that fail")
	fl.StringVar(&f.format, "format", "text", "text or json")
	fl.StringArrayVar(&f.vars, "var", nil, "override a let of the rules: NAME=VALUE (repeatable)")
	fl.BoolVar(&f.requireTested, "require", false, "a rule without a test is a failure")
	fl.BoolVar(&f.table, "table", false, "count the alerts of scripts on captures: arguments are captures and folders of them")
	fl.StringArrayVarP(&f.scripts, "script", "s", nil, "scripts whose predicates the rules use; with --table, those that are counted: a file, a folder, default (repeatable)")
	return cmd
}

func runTests(ctx context.Context, e *env, f *testFlags, paths []string) error {
	if f.format != "text" && f.format != "json" {
		return usage(fmt.Errorf("--format %s: use text or json", f.format))
	}
	cfg := engine.DefaultConfig()
	schema, err := engine.NewSchema(&cfg.EVEOptions)
	if err != nil {
		return failed(err)
	}
	opt, err := ruleOptions(&flags{vars: f.vars}, &cfg)
	if err != nil {
		return err
	}
	if f.table {
		return testTable(ctx, e.stdout, f, paths, opt.Vars)
	}
	todo, err := sortTests(paths)
	if err != nil {
		return &failure{err, exitFindings}
	}
	load := lang.Options{Vars: opt.Vars}
	if todo.shipped {
		load.FS, todo.rules = rules.FS, []string{"."}
	}
	rep := &testrun.Report{}
	if len(todo.rules) > 0 {
		rt, err := predicates(schema, append(todo.plain, f.scripts...), load.Vars)
		if err != nil {
			return &failure{err, exitFindings}
		}
		defer rt.Close()
		if rep, err = ruletest.RunWith(ctx, schema, todo.rules, load, rt); err != nil {
			return &failure{err, exitFindings}
		}
	}
	results, err := testScripts(ctx, schema, todo, opt.Vars)
	if err != nil {
		return &failure{err, exitFindings}
	}
	bad := 0
	if f.format == "json" {
		for i := range results {
			if results[i].Err != nil {
				bad++
			}
		}
		err = testJSON(e.stdout, rep, results)
	} else {
		if len(todo.rules) > 0 {
			err = testText(e, rep, f)
		}
		bad = scriptReport(e, results, f.verbose)
	}
	if err != nil {
		return failed(err)
	}
	if err := testOutcome(rep, f); err != nil || bad == 0 {
		return err
	}
	return &failure{fmt.Errorf("%s of scripts failed", plural(bad, "test")), exitFindings}
}

func testOutcome(rep *testrun.Report, f *testFlags) error {
	switch {
	case rep.Diagnostics.Errors() > 0:
		return &failure{errors.New("the rules have errors; nothing was tested"), exitFindings}
	case rep.Failed > 0:
		return &failure{fmt.Errorf("%s failed", plural(rep.Failed, "case")), exitFindings}
	case f.requireTested && len(rep.Untested) > 0:
		return &failure{fmt.Errorf("%s without a test", plural(len(rep.Untested), "rule")), exitFindings}
	}
	return nil
}

// testText reports by rule, in the order of the files.
func testText(e *env, rep *testrun.Report, f *testFlags) error {
	if len(rep.Diagnostics) > 0 {
		if err := diag.Text(e.stderr, rep.Diagnostics, rep.Source, maxMessages); err != nil {
			return err
		}
	}
	for _, r := range byRule(rep) {
		word := "ok  "
		if r.Failed > 0 {
			word = "FAIL"
		}
		if f.verbose || r.Failed > 0 {
			fmt.Fprintf(e.stdout, "%s %s  %d/%d cases\n", word, r.Rule, len(r.Cases)-r.Failed, len(r.Cases))
		}
		for _, c := range r.Cases {
			if f.verbose || !c.OK() {
				fmt.Fprintf(e.stdout, "     %s\n", c)
			}
			if c.Why != "" {
				fmt.Fprintf(e.stdout, "       %s\n", output.Printable(c.Why))
			}
		}
	}
	if f.verbose || f.requireTested {
		for _, id := range rep.Untested {
			fmt.Fprintf(e.stdout, "none %s  has no test\n", id)
		}
	}
	_, err := fmt.Fprintf(e.stderr, "%s, %s, %d failed, %s without a test\n", plural(rep.Rules, "rule"),
		plural(len(rep.Results), "case"), rep.Failed, plural(len(rep.Untested), "rule"))
	return err
}

type ruleResult struct {
	Rule   string
	Failed int
	Cases  []*testrun.Result
}

func byRule(rep *testrun.Report) []*ruleResult {
	var out []*ruleResult
	at := map[string]*ruleResult{}
	for i := range rep.Results {
		c := &rep.Results[i]
		r := at[c.Rule]
		if r == nil {
			r = &ruleResult{Rule: c.Rule}
			at[c.Rule] = r
			out = append(out, r)
		}
		r.Cases = append(r.Cases, c)
		if !c.OK() {
			r.Failed++
		}
	}
	return out
}

func testJSON(w io.Writer, rep *testrun.Report, scripts []luatest.Result) error {
	type jsonCase struct {
		Rule   string `json:"rule"`
		File   string `json:"file"`
		Line   int    `json:"line"`
		Input  string `json:"input"`
		OK     bool   `json:"ok"`
		Wanted int    `json:"wanted"`
		Got    int    `json:"got"`
		Error  string `json:"error,omitempty"`
		Why    string `json:"why,omitempty"`
	}
	out := struct {
		Rules    int              `json:"rules"`
		Failed   int              `json:"failed"`
		Errors   []string         `json:"errors,omitempty"`
		Untested []string         `json:"untested,omitempty"`
		Cases    []jsonCase       `json:"cases"`
		Scripts  []jsonScriptTest `json:"scripts,omitempty"`
	}{rep.Rules, rep.Failed, nil, rep.Untested, []jsonCase{}, jsonScriptTests(scripts)}
	for _, r := range rep.Results {
		c := jsonCase{r.Rule, r.File, r.Line, r.Input, r.OK(), r.Want, r.Got, "", r.Why}
		if r.Err != nil {
			c.Error = r.Err.Error()
		}
		out.Cases = append(out.Cases, c)
	}
	for _, d := range rep.Diagnostics {
		if d.Severity == diag.Error {
			out.Errors = append(out.Errors, strings.TrimSpace(fmt.Sprintf("%s:%d:%d: %s", d.File, d.Range.Start.Line, d.Range.Start.Col, d.Summary)))
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}
