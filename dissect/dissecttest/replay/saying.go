package replay

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
)

// Saying runs a protocol over a capture, and wants texts in what it said or in its records, and no anomalies but these. It gives all
// that was said.
func Saying(t *testing.T, path string, spec func() *dissect.Spec, want []string, anomalies ...string) string {
	t.Helper()
	flows, err := File(path, spec, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range flows {
		all.WriteString(f.Text())
		all.WriteString(strings.Join(f.Records, "\n"))
		all.WriteByte('\n')
	}
	text := all.String()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("no %s", w)
		}
	}
	for line := range strings.Lines(text) {
		if name, is := strings.CutPrefix(strings.TrimSpace(line), "anomaly "); is && !strings.Contains(" "+strings.Join(anomalies, " ")+" ", " "+name+" ") {
			t.Errorf("anomaly %s", name)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	return text
}
