package unparse_test

import (
	"os"
	"strings"
	"testing"

	"github.com/luanids/luanids/lang/langtest"
	"github.com/luanids/luanids/lang/suricata"
)

// FuzzRoundTrip wants a rule that loads to come back from what is written of it.
func FuzzRoundTrip(f *testing.F) {
	every, err := os.ReadFile("testdata/every.rules")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(every)) {
		if !strings.HasPrefix(line, "#") {
			f.Add(line)
		}
	}
	opt := suricata.Options{Reputation: reputation, Workers: 1, ReadFile: func(string) ([]byte, error) { return nil, os.ErrNotExist }}
	f.Fuzz(func(t *testing.T, rule string) {
		rules, _ := suricata.Load(schema(), "fuzz.rules", []byte(rule), opt)
		if len(rules) == 0 {
			return
		}
		got, text := again(t, rules)
		for _, r := range rules {
			if x := got[r.ID]; x == nil {
				t.Errorf("%s is not there:\n%s", r.ID, text)
			} else if d := langtest.Differences(r, x); len(d) > 0 {
				t.Errorf("%s\n%s", strings.Join(d, "\n"), x.Text)
			}
		}
	})
}
