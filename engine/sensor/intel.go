package sensor

import (
	"github.com/luanids/luanids/engine/config"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/intel"
	"github.com/luanids/luanids/lang/diag"
)

// feedsOf gives the feeds of threat intelligence that settings name. Those that ship go with the rules that ship: who
// names rules, and no feeds, gets no alerts but of these rules.
func feedsOf(st *config.Settings) (list []string) {
	nobody := (&config.Settings{}).Origin("")
	if st.Origin("intel.feeds") == nobody && st.Origin("rules.files") != nobody {
		return nil
	}
	for _, f := range st.Intel.Feeds {
		if f != ruleset.None {
			list = append(list, f)
		}
	}
	return list
}

// loadIntel reads the feeds and the GeoIP databases.
func (s *Sensor) loadIntel(l, prev *loaded, want bool) error {
	feeds := feedsOf(l.settings)
	for _, f := range feeds {
		l.watch(f, nil)
	}
	for _, f := range l.settings.Intel.GeoIP {
		l.watch(f, nil)
	}
	if !want {
		l.intelLen, l.geo = prev.intelLen, prev.geo
		return nil
	}
	geo, err := openGeo(l.settings.Intel.GeoIP)
	if err != nil {
		return plain("the GeoIP databases", err)
	}
	db, problems := intel.Load(feeds)
	var bad diag.List
	for _, p := range problems {
		if p.Whole {
			at := diag.Pos{Line: p.Line}
			bad = append(bad, diag.Diagnostic{File: p.File, Range: diag.Range{Start: at, End: at}, Severity: diag.Error, Summary: p.Text})
			continue
		}
		l.warn("intel: %s", p)
	}
	if len(bad) > 0 {
		return &LoadError{What: "the feeds of threat intelligence", List: bad}
	}
	l.intel, l.intelLen, l.geo = db, db.Total(), geo
	return nil
}

// openGeo opens databases, nil for none.
func openGeo(paths []string) (*intel.Geo, error) {
	var list []string
	for _, p := range paths {
		if p != ruleset.None {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	return intel.OpenGeo(list...)
}
