package lang

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/langtest"
)

// expectation matches "# error: words" and "# warning: words" at the end of a line; several are joined by " | ". Words may go
// on with " => " and the hint.
var expectation = regexp.MustCompile(`#\s*((?:error|warning): .*)$`)

// TestExpectations checks the files of testdata/check, which say at each line what must be said of it.
func TestExpectations(t *testing.T) {
	files, _ := filepath.Glob("testdata/check/*.nids")
	if len(files) == 0 {
		t.Fatal("no files")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			opts := Options{WarnUnused: bytes.HasPrefix(text, []byte("# unused")), WarnCaptures: true, Reputation: func(category string) *ir.RepTable {
				if category != "botnets" {
					return nil
				}
				return &ir.RepTable{Name: category, Lookup: func(netip.Addr) (int64, bool) { return 0, false }}
			}}
			rs, list := Load(langtest.Schema(), []string{file}, opts)
			got := map[int][]string{}
			for _, d := range list {
				if d.File != file {
					t.Errorf("about another file: %+v", d)
				}
				if d.Code == "" || d.Range.End.Offset < d.Range.Start.Offset {
					t.Errorf("incomplete: %+v", d)
				}
				got[d.Range.Start.Line] = append(got[d.Range.Start.Line], d.Severity.String()+": "+d.Summary+" => "+d.Hint)
			}
			for i, line := range strings.Split(string(text), "\n") {
				var want []string
				if m := expectation.FindStringSubmatch(line); m != nil {
					want = strings.Split(m[1], " | ")
				}
				compareLine(t, i+1, got[i+1], want)
			}
			var b bytes.Buffer
			if err := diag.Text(&b, list, rs.Source, -1); err != nil {
				t.Error(err)
			}
		})
	}
}

func compareLine(t *testing.T, line int, got, want []string) {
	t.Helper()
	for i := range got {
		if i >= len(want) || !strings.Contains(want[i], " => ") {
			got[i], _, _ = strings.Cut(got[i], " => ")
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("line %d:\n  said:   %s\n  wanted: %s", line, strings.Join(got, " | "), strings.Join(want, " | "))
	}
}
