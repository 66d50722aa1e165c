package ruleset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/luanids/luanids/lang/langtest"
)

// TestStateThatNothingSets wants a warning of a flag or counter that no rule sets, a hint where it is misspelled, and none for those
// that a script sets, that must not be set, or of which another is.
func TestStateThatNothingSets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.nids")
	text := `rule F-1 { when http.uri contains "login" set flow.flag("login") noalert }
rule F-2 { when flow.flag("logn") and http.stat_code == 200 }
rule F-3 { when host.counter("abcdef", src.ip) > 3 and http.stat_code == 200 }
rule F-4 { when not flow.flag("abc") and http.stat_code == 200 }
rule F-5 { when flow.flag("nothing", "login") and http.stat_code == 200 }
rule F-6 { when flow.flag("by.script") and http.stat_code == 200 }
rule F-7 { when http.uri contains "abc" nocase and dst.port in {80, 81} }
rule F-8 { when http.uri contains "abc" nocase and dst.port in {80, 81} }
rule F-9 { when http.uri contains "abc" and dst.port in {80, 81} }
rule F-10 { when http.uri contains "abc" and dst.port in {80, 81} threshold 5 in 60s }
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, lint := range []bool{true, false} {
		set, err := Load(langtest.Schema(), []string{file}, Options{Lint: lint, FlowFlags: []string{"by.script"}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range set.Diagnostics {
			got = append(got, d.Rule+" "+d.Summary+": "+d.Hint)
		}
		want := ""
		if lint {
			want = `F-2 no rule here sets flow.flag("logn"): did you mean login?` + "\n" + `F-3 no rule here sets host.counter("abcdef"): ` +
				`another rule sets it with: set host.counter("abcdef", src.ip) += 1; or a script does` +
				"\nF-8 this says the same as rule F-7, at " + file + ":7: "
		}
		if s := strings.Join(got, "\n"); s != want {
			t.Errorf("lint %v:\n%s\nwanted\n%s", lint, s, want)
		}
	}
}
