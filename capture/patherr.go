package capture

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// pathError is a worded error about a path; errors.Is finds what it wraps.
type pathError struct {
	text string
	err  error
}

func (e *pathError) Error() string { return e.text }
func (e *pathError) Unwrap() error { return e.err }

func wordError(err error, format string, args ...any) error {
	return &pathError{fmt.Sprintf(format, args...), err}
}

// openError words an error about a path that cannot be opened, with what can be done.
func openError(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if near := similar(path); near != "" {
			return wordError(err, "%s: no such file; did you mean %s?", path, near)
		}
		dir := filepath.Dir(path)
		if _, e := os.Stat(dir); errors.Is(e, fs.ErrNotExist) {
			return wordError(err, "%s: no such file, and no folder %s", path, dir)
		}
		return wordError(err, "%s: no such file", path)
	case errors.Is(err, fs.ErrPermission):
		mode := ""
		if st, e := os.Stat(path); e == nil {
			mode = " (mode " + st.Mode().String() + ")"
		}
		return wordError(err, "%s: no permission to read it%s; give this user read access, or run as one who has it", path, mode)
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("%s: cannot be opened: %w", path, err)
}

// similar finds the name beside path that is most like it, or gives "".
func similar(path string) string {
	dir, name := filepath.Split(path)
	list, err := os.ReadDir(filepath.Clean(dir + "."))
	if err != nil || len(list) > 1<<14 {
		return ""
	}
	best, bestDist := "", max(2, len(name)/3)+1
	for _, d := range list {
		if dist := distance(name, d.Name()); dist < bestDist {
			best, bestDist = dir+d.Name(), dist
		}
	}
	return best
}

// distance is the Levenshtein distance of two names, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diag
			if a[i] != b[j] {
				cost++
			}
			diag = row[j+1]
			row[j+1] = min(cost, diag+1, row[j]+1)
		}
	}
	return row[len(b)]
}
