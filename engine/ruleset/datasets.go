package ruleset

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/luanids/luanids/lang/suricata"
)

// Suricata declares data sets in its settings too: datasets.NAME.type and so on.
const datasets = "datasets."

// setOptions are what such a setting may say of a set. Sets are capped by number, and are not written.
var setOptions = []string{"type", "load", "state", "save", "memcap", "hashsize"}

// OfDatasets tells whether a setting of Suricata is about data sets.
func OfDatasets(key string) bool {
	rest, ok := strings.CutPrefix(key, datasets)
	name, option, _ := strings.Cut(rest, ".")
	return ok && (name == "defaults" || name == "rules" || slices.Contains(setOptions, option))
}

// DeclaredSets gives the data sets that overrides (KEY=VALUE) declare, nil for none. Their files are named from the current folder.
func DeclaredSets(overrides []string) map[string]suricata.Set {
	var sets map[string]suricata.Set
	for _, o := range overrides {
		key, value, _ := strings.Cut(o, "=")
		if !OfDatasets(key) {
			continue
		}
		name, option, _ := strings.Cut(strings.TrimPrefix(key, datasets), ".")
		if name == "defaults" || name == "rules" {
			continue
		}
		if sets == nil {
			sets = map[string]suricata.Set{}
		}
		s := sets[name]
		switch option {
		case "type":
			s.Type = value
		case "load", "state":
			if file, err := filepath.Abs(value); err == nil {
				value = file
			}
			s.File, s.Grows = value, option == "state"
		}
		sets[name] = s
	}
	return sets
}
