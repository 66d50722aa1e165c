package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTutorial runs docs/tutorial.md: each block "lua NAME" or "nids NAME" is written to that file, and of each block "console" the
// commands behind $ are run; the lines below a command must be in its output, in that order.
func TestTutorial(t *testing.T) {
	page, err := os.ReadFile("../../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	captures, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.Symlink(captures, "testdata"); err != nil {
		t.Fatal(err)
	}
	ran := 0
	blocks := strings.Split(string(page), "\n```")
	for i := 1; i < len(blocks); i += 2 {
		kind, body, _ := strings.Cut(blocks[i], "\n")
		if lang, name, ok := strings.Cut(kind, " "); ok && (lang == "lua" || lang == "nids") {
			if err := os.WriteFile(name, []byte(body+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if kind == "console" {
			command, want, _ := strings.Cut(body, "\n")
			runTutorial(t, command, strings.Split(want, "\n"))
			ran++
		}
	}
	if ran < 6 {
		t.Errorf("the page has %d commands only", ran)
	}
}

func runTutorial(t *testing.T, command string, want []string) {
	t.Helper()
	args, ok := strings.CutPrefix(command, "$ luanids ")
	if !ok {
		t.Fatalf("not a command: %s", command)
	}
	var out bytes.Buffer
	code := run(context.Background(), &env{args: strings.Fields(args), stdin: strings.NewReader(""), stdout: &out, stderr: &out, getenv: os.Getenv})
	if wanted := map[bool]int{true: exitFindings, false: exitOK}[strings.HasPrefix(args, "check")]; code != wanted {
		t.Errorf("%s: exit code %d, want %d\n%s", command, code, wanted, out.String())
	}
	rest := out.String()
	for _, line := range want {
		_, after, found := strings.Cut(rest, line)
		if !found {
			t.Errorf("%s: %q is not in (the rest of)\n%s", command, line, out.String())
			return
		}
		rest = after
	}
}
