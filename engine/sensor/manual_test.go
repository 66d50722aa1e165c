package sensor

import (
	"os"
	"strings"
	"testing"
)

// TestManualIsRun: every piece of Go in docs/library.md stands in the examples, which are run.
func TestManualIsRun(t *testing.T) {
	manual, err := os.ReadFile("../../docs/library.md")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, part := range strings.Split(string(manual), "```go\n")[1:] {
		block, _, ok := strings.Cut(part, "```")
		if n++; !ok || !strings.Contains(flat(string(examples)), flat(block)) {
			t.Errorf("not in example_test.go:\n%s", block)
		}
	}
	if n < 5 {
		t.Errorf("only %d pieces", n)
	}
}

// flat takes out indentation.
func flat(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimLeft(line, "\t "))
	}
	return b.String()
}
