package sensor

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/lang/match"
)

// setFolders gives the folders in which data sets of a program are written.
func setFolders(p *match.Program) (dirs []string) {
	if p == nil {
		return nil
	}
	for _, d := range p.Datasets() {
		if d.Save == "" {
			continue
		}
		if dir := filepath.Dir(d.Save); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// openSets makes the folders of data sets that are to be written, and looks whether files can be made there: at the end it would be too late.
func openSets(p *match.Program, dataDir string) error {
	dirs := setFolders(p)
	if dataDir != "" && !slices.Contains(dirs, dataDir) { // for rules that a reload brings, when nobody may make folders any more
		dirs = append(dirs, dataDir)
	}
	for _, dir := range dirs {
		if err := engine.PrepareFolder(dir, ""); err != nil {
			return fmt.Errorf("data sets that rules want kept: %w", err)
		}
	}
	return nil
}

// SetFolders gives the folders in which data sets are written at the end of the run.
func (s *Sensor) SetFolders() []string { return setFolders(s.engine.Program()) }
