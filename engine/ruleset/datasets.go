package ruleset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/luanids/luanids/lang/suricata"
)

// Suricata declares data sets in its settings too: datasets.NAME.type and so on.
const datasets = "datasets."

// setOptions are what such a setting may say of a set. Sets are capped by number.
var setOptions = []string{"type", "load", "state", "save", "memcap", "hashsize"}

// OfDatasets tells whether a setting of Suricata is about data sets.
func OfDatasets(key string) bool {
	rest, ok := strings.CutPrefix(key, datasets)
	name, option, _ := strings.Cut(rest, ".")
	switch {
	case !ok:
		return false
	case name == "defaults":
		return option == "memcap" || option == "hashsize"
	case name == "rules":
		return option == "allow-absolute-filenames" || option == "allow-write"
	}
	return rest == "enabled" || slices.Contains(setOptions, option)
}

// Datasets are what settings say of data sets.
type Datasets struct {
	// Sets are those that settings declare, by name in small letters.
	Sets map[string]suricata.Set
	// Files is where those that rules declare are written.
	Files suricata.SetFiles
}

// DeclaredSets gives what overrides (KEY=VALUE) say of data sets. dir is the folder in which they are written, "" for none. Files of the
// sets that settings declare may be anywhere; relative names are looked for in dir, then in the current folder.
func DeclaredSets(overrides []string, dir string) (d Datasets, err error) {
	d.Files.Dir = dir
	for _, o := range overrides {
		key, value, _ := strings.Cut(o, "=")
		if !OfDatasets(key) {
			continue
		}
		name, option, _ := strings.Cut(strings.TrimPrefix(key, datasets), ".")
		switch key {
		case "datasets.rules.allow-absolute-filenames":
			d.Files.Absolute, err = truth(value)
		case "datasets.rules.allow-write":
			var may bool
			may, err = truth(value)
			d.Files.NoWrite = !may
		}
		if err != nil {
			return d, fmt.Errorf("%s: %w", key, err)
		}
		if name != "defaults" && name != "rules" && option != "" {
			d.declare(strings.ToLower(name), option, value)
		}
	}
	for name, s := range d.Sets {
		if s.Type == "" { // as Suricata has it
			delete(d.Sets, name)
		}
	}
	return d, nil
}

func (d *Datasets) declare(name, option, value string) {
	if d.Sets == nil {
		d.Sets = map[string]suricata.Set{}
	}
	s := d.Sets[name]
	switch option {
	case "type":
		s.Type = strings.ToLower(value)
	case "load":
		if s.Save == "" { // state counts
			s.File = d.find(value, true)
		}
	case "state":
		s.File = d.find(value, false)
		s.Save = s.File
	}
	d.Sets[name] = s
}

// find gives the path of a file that a setting names. One that is read may be in the current folder too.
func (d *Datasets) find(name string, there bool) string {
	if dir := d.Files.Dir; dir != "" && !filepath.IsAbs(name) {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil || !there {
			return path
		}
	}
	if path, err := filepath.Abs(name); err == nil {
		return path
	}
	return name
}

// truth reads a truth value as Suricata's file has it.
func truth(v string) (bool, error) {
	switch strings.ToLower(v) {
	case "yes", "true", "on", "1":
		return true, nil
	case "no", "false", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither yes nor no", v)
}

// declareSets gives data sets of .nids rules the type and files that settings name.
func (l *loader) declareSets() error {
	for _, set := range l.set.Program.Datasets() {
		s, ok := l.opt.Datasets.Sets[strings.ToLower(set.Name)]
		if !ok || set.Type != "" {
			continue
		}
		if err := s.Fill(set, l.depends); err != nil {
			return fmt.Errorf("rules: datasets.%s: %w", set.Name, err)
		}
	}
	if l.shared != nil {
		l.set.Unkept = l.shared.Unkept()
	}
	return nil
}
