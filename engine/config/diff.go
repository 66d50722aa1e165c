package config

import (
	"slices"
	"strings"
)

// Change is a setting that differs between two Settings.
type Change struct {
	Key      string
	Old, New string // as YAML; empty: not set
	Origin   Origin // of the new value
	// Restart says that a running luanids cannot apply it.
	Restart bool
}

// Diff names the settings that differ, in the order of the file.
func Diff(old, new *Settings) []Change {
	var list []Change
	for _, k := range Keys() {
		seen := map[string]bool{}
		instances := append(k.instances(old), k.instances(new)...)
		if k.names != nil {
			slices.SortStableFunc(instances, func(a, b instance) int { return strings.Compare(a.name, b.name) })
		}
		was, is := has(k, old), has(k, new)
		for _, in := range instances {
			if seen[in.name] {
				continue
			}
			seen[in.name] = true
			c := Change{Key: in.name, Restart: k.Restart, Origin: new.Origin(in.name)}
			if was(in.name) {
				c.Old = k.get(old, in.wild).String()
			}
			if is(in.name) {
				c.New = k.get(new, in.wild).String()
			}
			if c.Old != c.New {
				list = append(list, c)
			}
		}
	}
	return list
}

// has tells which instances of a key are set.
func has(k *Key, s *Settings) func(string) bool {
	if k.names == nil {
		return func(string) bool { return true }
	}
	set := map[string]bool{}
	for _, in := range k.instances(s) {
		set[in.name] = true
	}
	return func(name string) bool { return set[name] }
}
