package engine

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/intel"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lua"
)

// geoDB makes a database in MaxMind's format.
func geoDB(t testing.TB) *intel.Geo {
	t.Helper()
	w, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "GeoLite2-City", IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	add := func(cidr, code, name, city string, asn uint32, org string) {
		_, n, err := net.ParseCIDR(cidr)
		if err != nil {
			t.Fatal(err)
		}
		names := func(s string) mmdbtype.Map {
			return mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String(s)}}
		}
		country := names(name)
		country["iso_code"] = mmdbtype.String(code)
		rec := mmdbtype.Map{"country": country, "autonomous_system_number": mmdbtype.Uint32(asn), "autonomous_system_organization": mmdbtype.String(org)}
		if city != "" {
			rec["city"] = names(city)
		}
		if err := w.Insert(n, rec); err != nil {
			t.Fatal(err)
		}
	}
	add("203.0.113.0/24", "DE", "Germany", "Berlin", 64500, "Example Networks")
	add("10.10.0.0/16", "FR", "France", "", 64501, "Example Site")
	path := filepath.Join(t.TempDir(), "city.mmdb")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := intel.OpenGeo(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

const geoRules = `
rule GEO-IN "From Germany to our site" {
  when http.method == "GET" and geo.src.country == "DE" and geo.dst.asn == 64501 and geo.src.city == "Berlin" and geo.src.org contains "Networks"
  severity high
}
rule GEO-NO "Never" {
  when http.method == "GET" and geo.src.country in {"US", "FR"}
}
`

// geoConfig has rules on places.
func geoConfig(t *testing.T, db *intel.Geo) Config {
	t.Helper()
	cfg := DefaultConfig()
	schema, err := NewSchema(&cfg.EVEOptions)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Schema, cfg.Program, cfg.Geo = schema, compiled(t, schema, geoRules), db
	return cfg
}

// compiled compiles rules.
func compiled(t testing.TB, schema *dissect.Schema, rules string) *match.Program {
	t.Helper()
	rs, list := lang.Check(schema, "test.nids", []byte(rules), lang.Options{})
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	program, problems := match.Compile(schema, rs.Rules, match.Options{Sequences: rs.Sequences, NoWarnings: true})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return program
}

func TestGeo(t *testing.T) {
	file := filepath.Join("..", "testdata", "captures", "web_attacks.pcap.gz")
	cfg := geoConfig(t, geoDB(t))
	var first []string
	for _, workers := range []int{1, 2, 8} {
		cfg.Workers = workers
		var ids []string
		for _, a := range alertsOf(t, cfg, file) {
			ids = append(ids, a.ID)
			if a.RuleID != "GEO-IN" || evidenceOf(a, "geo.src.country") != "DE" || evidenceOf(a, "geo.src.asn") != int64(64500) ||
				evidenceOf(a, "geo.dst.country_name") != "France" || evidenceOf(a, "geo.dst.city") != nil {
				t.Fatalf("%+v", a)
			}
		}
		if first == nil {
			first = ids
		}
		if len(ids) < 10 || !slices.Equal(ids, first) {
			t.Errorf("%d workers: %d alerts, want those of one worker, %d", workers, len(ids), len(first))
		}
	}
	_, records := replay(t, cfg, file)
	want := `"geo":{"src":{"country":"DE","country_name":"Germany","city":"Berlin","org":"Example Networks","asn":64500},"dest":{"country":"FR","country_name":"France","org":"Example Site","asn":64501}}}` + "\n"
	if n := strings.Count(records, want); n != len(first) {
		t.Errorf("%d records tell where the ends are, want %d", n, len(first))
	}
}

// TestGeoWithout: without a database the fields are absent, a rule that asks them is said, records are as ever.
func TestGeoWithout(t *testing.T) {
	cfg := geoConfig(t, nil)
	var warnings []string
	cfg.Warn = func(f string, a ...any) { warnings = append(warnings, f) }
	file := filepath.Join("..", "testdata", "captures", "web_attacks.pcap.gz")
	if list := alertsOf(t, cfg, file); len(list) != 0 {
		t.Errorf("%d alerts", len(list))
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "no GeoIP database") {
		t.Errorf("warnings: %q", warnings)
	}
	if _, records := replay(t, cfg, file); strings.Contains(records, `"geo"`) {
		t.Error("records tell of places")
	}
}

// TestGeoInScripts: scripts read the fields as any others, also in the ordered stage.
func TestGeoInScripts(t *testing.T) {
	cfg := DefaultConfig()
	schema, err := NewSchema(&cfg.EVEOptions)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	host := NewScriptHost(func(f string, a ...any) { said = append(said, fmt.Sprintf(f, a...)) })
	rt, problems := lua.Load(schema, []lua.Source{{Name: "geo.lua", Text: `
local done = false
nids.on("http.request", 'geo.src.country == "DE"', function(ev)
  if not done then nids.log(ev.geo.src.city .. " " .. ev.geo.dst.asn .. " " .. tostring(ev.geo.dst.city)) end
  done = true
end)`}}, lua.Options{Host: host})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	defer rt.Close()
	filters, err := rt.FilterRules()
	if err != nil {
		t.Fatal(err)
	}
	program, found := match.Compile(schema, []*ir.Rule{filters[0].Rule}, match.Options{NoWarnings: true})
	if len(found) > 0 {
		t.Fatal(found)
	}
	cfg.Schema, cfg.Program, cfg.Scripts, cfg.ScriptHost, cfg.Geo = schema, program, rt, host, geoDB(t)
	alertsOf(t, cfg, webAttacks)
	if len(said) != 1 || !strings.HasSuffix(said[0], "Berlin 64501 nil") {
		t.Errorf("the script said %q", said)
	}
}

// TestGeoFind: an address that was asked before costs no allocation.
func TestGeoFind(t *testing.T) {
	cfg := geoConfig(t, geoDB(t))
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	f := e.schema.Field("geo.src.country")
	p := &packet.Packet{Src: packet.FromNetip(netip.MustParseAddr("203.0.113.5")), Layers: packet.LayerIPv4}
	env := &dissect.Env{Pkt: p}
	if got := string(f.Bytes(env)); got != "DE" {
		t.Fatalf("country %q", got)
	}
	if n := testing.AllocsPerRun(100, func() { f.Bytes(env) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	p.Src = packet.FromNetip(netip.MustParseAddr("198.51.100.9"))
	if got := f.Bytes(env); got != nil {
		t.Errorf("country of an unknown address: %q", got)
	}
}
