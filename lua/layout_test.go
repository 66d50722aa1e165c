package lua

import (
	"reflect"
	"testing"

	glua "github.com/yuin/gopher-lua"
)

func checkLayout(t *testing.T) {
	theirs, ours := reflect.TypeFor[glua.LTable](), reflect.TypeFor[tableLayout]()
	if theirs.Size() != ours.Size() || theirs.NumField() != ours.NumField() {
		t.Fatalf("%v and %v differ", theirs, ours)
	}
	for i := range ours.NumField() {
		a, b := theirs.Field(i), ours.Field(i)
		if a.Name != b.Name || a.Type != b.Type || a.Offset != b.Offset {
			t.Errorf("field %d: %v, %v", i, a, b)
		}
	}
}
