package ruleset

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/luanids/luanids/lang/suricata"
)

func TestDeclaredSets(t *testing.T) {
	abs := func(name string) string {
		p, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	got := DeclaredSets([]string{"datasets.ua.type=string", "datasets.ua.load=ua.lst", "datasets.seen.state=/var/seen.lst",
		"datasets.seen.type=ipv4", "datasets.defaults.memcap=1mb", "datasets.rules.allow-write=true", "stream.inline=true", "datasets.x.colour=red"})
	want := map[string]suricata.Set{"ua": {Type: "string", File: abs("ua.lst")}, "seen": {Type: "ipv4", File: "/var/seen.lst", Grows: true}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if OfDatasets("datasets.x.colour") || !OfDatasets("datasets.defaults.hashsize") {
		t.Error("which settings are about data sets")
	}
}
