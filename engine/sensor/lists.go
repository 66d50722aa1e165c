package sensor

import (
	"slices"

	"github.com/luanids/luanids/engine/ruleset"
)

// askedLists are the lists of the rule files that scripts asked for, by name: a change of their files concerns the scripts too.
type askedLists map[string]askedList

type askedList struct {
	file   string
	values []string
}

// from gives lists to scripts, and notes which.
func (a askedLists) from(paths []string) func(name string) ([]string, bool) {
	return func(name string) ([]string, bool) {
		values, file, ok := ruleset.List(paths, name)
		a[name] = askedList{file, values}
		return values, ok
	}
}

// same tells whether the lists are what they were.
func (a askedLists) same(paths []string) bool {
	for name, was := range a {
		values, file, _ := ruleset.List(paths, name)
		if file != was.file || !slices.Equal(values, was.values) {
			return false
		}
	}
	return true
}

// concerns tells whether a list comes from a file.
func (a askedLists) concerns(file string) bool {
	for _, x := range a {
		if x.file == file {
			return true
		}
	}
	return false
}
