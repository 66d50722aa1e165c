package ruleset

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/luanids/luanids/lang"
)

// Scripts ask for lists of the rule files by name (nids.list) while they are loaded, which is before the rules are: their
// filters are compiled with them. So the declarations are looked for here; what is wrong with one is told by who
// compiles the rules.

var (
	listDecl    = regexp.MustCompile(`(?m)^[ \t]*list[ \t]+(\w+)[ \t]+(?:of[ \t]+\w+[ \t]+)?from[ \t]+"([^"\n]+)"`)
	includeDecl = regexp.MustCompile(`(?m)^[ \t]*include[ \t]+"([^"\n]+)"`)
)

const (
	maxListFiles = 10_000  // rule files that are looked through
	maxListBytes = 4 << 20 // of one of them
	maxEntries   = 100_000 // of a list, as a set of a script holds
)

// List gives the values of the list of that name in the .nids files among paths, and the file that they come from.
// ok is false where no file declares it.
func List(paths []string, name string) (values []string, file string, ok bool) {
	seen := map[string]bool{}
	var find func(path string) bool
	find = func(path string) bool {
		if seen[path] || len(seen) >= maxListFiles {
			return false
		}
		seen[path] = true
		if info, err := os.Stat(path); err != nil || info.Size() > maxListBytes {
			return false
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return false
		}
		for _, m := range listDecl.FindAllSubmatch(text, -1) {
			if string(m[1]) == name {
				file = beside(path, string(m[2]))
				return true
			}
		}
		return slices.ContainsFunc(includeDecl.FindAllSubmatch(text, -1), func(m [][]byte) bool { return find(beside(path, string(m[1]))) })
	}
	for _, p := range paths {
		files := []string{p}
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			files, _ = ruleFiles(p)
		}
		for _, f := range files {
			if strings.EqualFold(filepath.Ext(f), lang.Ext) && find(f) {
				return listValues(file), file, true
			}
		}
	}
	return nil, "", false
}

// beside makes a path in a rule file relative to it.
func beside(from, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(from), name)
}

// listValues reads a file of a value a line; # begins a comment. What cannot be read has none.
func listValues(file string) (values []string) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	for line := range bytes.Lines(text) {
		if i := bytes.IndexByte(line, '#'); i >= 0 && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			line = line[:i]
		}
		if line = bytes.TrimSpace(line); len(line) > 0 && len(values) < maxEntries {
			values = append(values, string(line))
		}
	}
	return values
}
