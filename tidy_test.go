// Package luanids has no code of its own: its tests check the whole tree for what a program
// can check of CONTRIBUTING.md.
package luanids

import (
	"bufio"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	module   = "github.com/luanids/luanids/"
	maxLines = 500
)

func sources(t *testing.T, each func(path string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "build") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			each(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// layers says which folders a folder must not import: imports go one way.
var layers = map[string][]string{
	"capture":    {"cmd", "engine", "lang", "lua", "reassembly", "dissect", "intel"},
	"dissect":    {"cmd", "engine", "lang", "lua", "reassembly", "intel"},
	"reassembly": {"cmd", "engine", "lang", "lua", "intel"},
	"lang":       {"cmd", "engine", "lua", "reassembly", "intel"},
	"lua":        {"cmd", "engine"},
	"intel":      {"cmd", "engine", "lang", "lua"},
	"rules":      {"cmd", "engine"},
	"engine":     {"cmd"},
}

func TestImportsGoOneWay(t *testing.T) {
	n := 0
	sources(t, func(path string) {
		if strings.HasSuffix(path, "_test.go") {
			return // tests may look at anything
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Error(err)
			return
		}
		top, _, _ := strings.Cut(path, "/")
		for _, imp := range f.Imports {
			to, ok := strings.CutPrefix(strings.Trim(imp.Path.Value, `"`), module)
			if !ok {
				continue
			}
			n++
			to, _, _ = strings.Cut(to, "/")
			for _, bad := range layers[top] {
				if to == bad {
					t.Errorf("%s imports %s: %s must not know of %s", path, imp.Path.Value, top, bad)
				}
			}
		}
	})
	if n == 0 {
		t.Error("no import was looked at")
	}
}

func TestFilesAreShort(t *testing.T) {
	sources(t, func(path string) {
		f, err := os.Open(path)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		lines := 0
		for s := bufio.NewScanner(f); s.Scan(); {
			lines++
			if strings.HasPrefix(s.Text(), "func init()") {
				t.Errorf("%s:%d: no init(): lists are explicit here", path, lines)
			}
		}
		if lines > maxLines {
			t.Errorf("%s has %d lines; split it (at most %d)", path, lines, maxLines)
		}
	})
}
