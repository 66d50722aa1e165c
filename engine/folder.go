package engine

import (
	"errors"
	"os"
	"path/filepath"
)

// PrepareFolder makes a folder that files are to be written to, looks whether they can be, and removes what an earlier run left incomplete:
// the files of the given pattern, "" for none. At the start, since later nobody is there to read of it.
func PrepareFolder(dir, left string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	probe, err := os.CreateTemp(dir, ".luanids-*")
	if err != nil {
		return err
	}
	all := []error{probe.Close(), os.Remove(probe.Name())}
	if left != "" {
		old, err := filepath.Glob(filepath.Join(dir, left))
		all = append(all, err)
		for _, name := range old {
			all = append(all, os.Remove(name))
		}
	}
	return errors.Join(all...)
}
