package pynids

import (
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/luanids/luanids/lang/langtest"
)

const manual = "../../docs/from-pynids.md"

// TestDocsFields keeps the table of fields what the package's own table says.
func TestDocsFields(t *testing.T) {
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- fields: written by the tests, UPDATE=1 go test ./lang/pynids -run Docs -->\n", "<!-- end -->"
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the manual has no place for the fields")
	}
	want := head + begin + fieldTable() + end + tail
	switch {
	case os.Getenv("UPDATE") != "":
		if err := os.WriteFile(manual, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	case want != string(text):
		t.Error("docs/from-pynids.md is not up to date: UPDATE=1 go test ./lang/pynids -run Docs")
	}
}

// fieldTable lists the fields, those that mean the same on one line.
func fieldTable() string {
	same := map[string][]string{}
	for name, f := range fields {
		ours := strings.Join(append(f.expr[:len(f.expr):len(f.expr)], f.nums...), ", ")
		switch f.kind {
		case kindSuspect:
			ours = "an expression on " + ours
		case kindPart:
			ours = "exists(" + ours + ")"
		case kindProto:
			if ours == "ip.proto" {
				ours = "tcp, udp, icmpv4, ..."
			}
		}
		same[ours] = append(same[ours], name)
	}
	var lines []string
	for ours, names := range same {
		sort.Strings(names)
		lines = append(lines, fmt.Sprintf("| `%s` | `%s` |\n", strings.Join(names, "`, `"), ours))
	}
	sort.Strings(lines)
	return "| PyNIDS | .nids |\n|---|---|\n" + strings.Join(lines, "")
}

// TestDocsExamples loads the manual's rules.
func TestDocsExamples(t *testing.T) {
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1)
	if len(blocks) == 0 {
		t.Fatal("no examples")
	}
	for _, b := range blocks {
		rules, skipped, warnings, err := Load(langtest.Schema(), "manual.yaml", b[1])
		if err != nil || len(rules) == 0 || len(skipped)+len(warnings) > 0 {
			t.Errorf("%d rules, %v %v %v in\n%s", len(rules), skipped, warnings, err, b[1])
		}
	}
	inline := regexp.MustCompile("`(\\{field: [^`]*\\})`").FindAllSubmatch(text, -1)
	if len(inline) < 2 {
		t.Fatal("no tests in the text")
	}
	for _, m := range inline {
		if rules, skipped, _, err := Load(langtest.Schema(), "manual.yaml", fmt.Appendf(nil, "rules:\n  - {id: x, match: %s}\n", m[1])); len(rules) != 1 || err != nil {
			t.Errorf("%s: %v %v", m[1], skipped, err)
		}
	}
}

// TestFieldsExist wants each field to load with an operator that suits it.
func TestFieldsExist(t *testing.T) {
	for name := range fields {
		text := fmt.Sprintf("rules:\n  - {id: x, match: {field: %s, op: exists}}\n", name)
		rules, skipped, _, err := Load(langtest.Schema(), "x.yaml", []byte(text))
		if len(rules) != 1 || err != nil {
			t.Errorf("%s: %v %v", name, skipped, err)
		}
	}
}
