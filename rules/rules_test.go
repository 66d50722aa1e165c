package rules

import (
	"bytes"
	"io/fs"
	"os"
	"testing"

	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/langtest"
	"github.com/luanids/luanids/lang/syntax"
	"github.com/luanids/luanids/lang/testrun"
)

// TestRules loads what ships without an error or a warning, and runs its tests.
func TestRules(t *testing.T) {
	rep, err := testrun.Run(langtest.Schema(), []string{"."}, testrun.Options{Load: lang.Options{FS: FS, WarnUnused: true}})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Diagnostics) > 0 {
		var b bytes.Buffer
		_ = diag.Text(&b, rep.Diagnostics, rep.Source, -1)
		t.Fatal(b.String())
	}
	for i := range rep.Results {
		if !rep.Results[i].OK() {
			t.Error(rep.Results[i].String())
		}
	}
	if len(rep.Untested) > 0 {
		t.Errorf("without tests: %v", rep.Untested)
	}
	t.Logf("%d rules, %d cases", rep.Rules, len(rep.Results))
}

// TestComplete wants of each rule what a reader of its alerts needs.
func TestComplete(t *testing.T) {
	rs, _ := lang.Load(langtest.Schema(), []string{"."}, lang.Options{FS: FS})
	for _, r := range rs.Rules {
		if r.NoAlert {
			continue
		}
		if r.Severity == 0 || r.Confidence < 0 || len(r.MITRE) == 0 || len(r.Tags) == 0 || len(r.Evidence) == 0 || r.Msg == "" {
			t.Errorf("%s lacks a severity, confidence, mitre, tags, evidence or title", r.ID)
		}
	}
	positive, negative := map[string]bool{}, map[string]bool{}
	for _, ts := range rs.Tests {
		for _, c := range ts.Cases {
			positive[ts.RuleID] = positive[ts.RuleID] || c.Alerts > 0
			negative[ts.RuleID] = negative[ts.RuleID] || c.Alerts == 0
		}
	}
	for _, r := range rs.Rules {
		if !r.NoAlert && (!positive[r.ID] || !negative[r.ID]) {
			t.Errorf("%s needs a positive and a negative test", r.ID)
		}
	}
}

// TestFormatted wants the files in canonical form.
func TestFormatted(t *testing.T) {
	files, err := fs.Glob(FS, "*.nids")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		src, _ := fs.ReadFile(FS, f)
		out, list := syntax.Format(src)
		if len(list) > 0 {
			t.Errorf("%s: %v", f, list)
		} else if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(f, out, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if !bytes.Equal(src, out) {
			t.Errorf("%s is not in canonical form: run luanids fmt", f)
		}
	}
}
