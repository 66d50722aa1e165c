package ruleset

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/luanids/luanids/lang/langtest"
)

// TestWhereProblemsAre wants what the compiler finds to be shown at the field or direction that it is about, else at the rule.
func TestWhereProblemsAre(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.nids")
	for text, want := range map[string]string{
		"rule A \"\u00e9\" { when to_client and http.uri contains \"abc\" }\n":                                      "1:19-1:28",
		"rule A {\n  on http.request\n  when http.uri contains \"abc\"\n    and http.stat_code == 200\n}\n":         "4:9-4:23",
		"rule A { when http.request and tls.sni contains \"http.stat_code\" }\n":                                    "1:15-1:65",
		"rule A { on flow.end when http.uri contains \"abc\" }\n":                                                   "1:27-1:35",
		"sequence A by http.host within 5m { a: http.request b: tls.client_hello }\nrule B { when http.request }\n": "1:53-1:53",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		set, err := Load(langtest.Schema(), []string{file}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(set.Diagnostics) != 1 {
			t.Errorf("%s: %+v", text, set.Diagnostics)
			continue
		}
		r := set.Diagnostics[0].Range
		if got := fmt.Sprintf("%d:%d-%d:%d", r.Start.Line, r.Start.Col, r.End.Line, r.End.Col); got != want {
			t.Errorf("%s: at %s, wanted %s: %s", text, got, want, set.Diagnostics[0].Summary)
		}
	}
}
