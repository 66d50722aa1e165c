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
	overrides := []string{"datasets.ua.type=string", "datasets.ua.load=ua.lst", "datasets.Seen.state=/var/seen.lst", "datasets.Seen.type=ipv4",
		"datasets.defaults.memcap=1mb", "datasets.rules.allow-write=no", "datasets.rules.allow-absolute-filenames=yes", "stream.inline=true",
		"datasets.x.colour=red", "datasets.untyped.load=x.lst", "datasets.kept.type=md5", "datasets.kept.state=kept.lst"}
	got, err := DeclaredSets(overrides, "")
	want := Datasets{Sets: map[string]suricata.Set{"ua": {Type: "string", File: abs("ua.lst")}, "seen": {Type: "ipv4", File: "/var/seen.lst", Save: "/var/seen.lst"},
		"kept": {Type: "md5", File: abs("kept.lst"), Save: abs("kept.lst")}}, Files: suricata.SetFiles{Absolute: true, NoWrite: true}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v %v, want %v", got, err, want)
	}
	got, err = DeclaredSets(overrides, "/data")
	if err != nil || got.Sets["kept"].Save != "/data/kept.lst" || got.Sets["ua"].File != abs("ua.lst") || got.Sets["seen"].Save != "/var/seen.lst" {
		t.Errorf("with a folder: %v %v", got, err)
	}
	if _, err = DeclaredSets([]string{"datasets.rules.allow-write=maybe"}, ""); err == nil {
		t.Error("a truth value that is none was taken")
	}
	for key, want := range map[string]bool{"datasets.x.colour": false, "datasets.defaults.hashsize": true, "datasets.enabled": true, "datasets.rules.allow": false, "dataset.x.type": false} {
		if OfDatasets(key) != want {
			t.Errorf("%s: is about data sets %v", key, !want)
		}
	}
}
