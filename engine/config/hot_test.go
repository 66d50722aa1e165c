package config

import (
	"reflect"
	"testing"

	"github.com/luanids/luanids/engine"
)

// TestHotSettings: of the engine's settings a reload takes those that are not said to need a restart, and no others.
func TestHotSettings(t *testing.T) {
	looked := 0
	var walk func(get func(*engine.Config) reflect.Value)
	walk = func(get func(*engine.Config) reflect.Value) {
		s := Default()
		v := get(&s.Engine)
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					walk(func(c *engine.Config) reflect.Value { return get(c).Field(i) })
				}
			}
			return
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Int, reflect.Int64:
			v.SetInt(v.Int() + 1e9)
		case reflect.Uint8:
			v.SetUint(v.Uint() + 1)
		case reflect.Uint16, reflect.Uint64:
			v.SetUint(v.Uint() + 7)
		case reflect.String:
			v.SetString("changed")
		default:
			return
		}
		changes := Diff(Default(), s)
		if len(changes) == 0 {
			return
		}
		looked++
		taken := Default()
		taken.Engine.TakeHot(&s.Engine)
		left := map[string]bool{}
		for _, c := range Diff(taken, s) {
			left[c.Key] = true
		}
		for _, c := range changes {
			if left[c.Key] != c.Restart {
				t.Errorf("%s: needs a restart %v, but a reload takes it: %v", c.Key, c.Restart, !left[c.Key])
			}
		}
	}
	walk(func(c *engine.Config) reflect.Value { return reflect.ValueOf(c).Elem() })
	if looked < 100 {
		t.Errorf("only %d settings were looked at", looked)
	}
}

// TestHotNames: the lists name settings that there are.
func TestHotNames(t *testing.T) {
	before := map[string]bool{}
	for _, k := range Keys() {
		before[k.Name] = true
	}
	for _, name := range cold {
		if !before[name] {
			t.Errorf("there is no setting %s", name)
		}
	}
	for name, want := range map[string]bool{"workers": true, "stream.depth": false, "stream.inline": true, "flow.max_flows": true, "flow.timeouts.tcp.new": false,
		"outputs.eve.path": true, "outputs.eve.types": false, "outputs.eve.options.**": true, "alert_manager.dedup.window": false, "reload.watch": true,
		"app_layer.options.**": false, "detectors.*.*": false, "metrics.address": true, "suppression": false} {
		for _, k := range Keys() {
			if k.Name == name && k.Restart != want {
				t.Errorf("%s: needs a restart %v", name, k.Restart)
			}
		}
	}
}
