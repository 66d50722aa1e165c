package engine

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestPrepareFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := PrepareFolder(dir, "part-*"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"part-1", "part-2", "whole"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := PrepareFolder(dir, "part-*"); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	hidden, err2 := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || err2 != nil || !slices.Equal(left, []string{filepath.Join(dir, "whole")}) || len(hidden) != 0 {
		t.Errorf("left: %q, %q (%v, %v), want the whole file alone", left, hidden, err, err2)
	}
	if err := PrepareFolder(filepath.Join(dir, "whole"), ""); err == nil {
		t.Error("a file was taken for a folder")
	}
}
