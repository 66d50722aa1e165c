package intel

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// geoFile makes a database with one network.
func geoFile(t *testing.T, kind, cidr string, record mmdbtype.Map) string {
	t.Helper()
	w, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, RecordSize: 24, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	_, n, err := net.ParseCIDR(cidr)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Insert(n, record); err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(t.TempDir(), kind+".mmdb")
	f, err := os.Create(p)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := w.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestGeo(t *testing.T) {
	city := geoFile(t, "GeoLite2-City", "203.0.113.0/24", mmdbtype.Map{
		"country":  mmdbtype.Map{"iso_code": mmdbtype.String("DE"), "names": mmdbtype.Map{"en": mmdbtype.String("Germany"), "de": mmdbtype.String("Deutschland")}},
		"city":     mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String("Berlin")}},
		"location": mmdbtype.Map{"latitude": mmdbtype.Float64(52.5), "longitude": mmdbtype.Float64(13.25)},
	})
	asn := geoFile(t, "GeoLite2-ASN", "203.0.113.0/25", mmdbtype.Map{
		"autonomous_system_number": mmdbtype.Uint32(64496), "autonomous_system_organization": mmdbtype.String("Example Net"),
	})
	g, err := OpenGeo(city, asn)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	full := Place{Country: "DE", CountryName: "Germany", City: "Berlin", Latitude: 52.5, Longitude: 13.25, ASN: 64496, Org: "Example Net"}
	half := full
	half.ASN, half.Org = 0, ""
	for ip, want := range map[string]Place{"203.0.113.5": full, "::ffff:203.0.113.5": full, "203.0.113.200": half, "198.51.100.1": {}, "2001:db8::1": {}} {
		got, ok := g.Lookup(netip.MustParseAddr(ip))
		if got != want || ok != (want != Place{}) {
			t.Errorf("%s: %+v, %v", ip, got, ok)
		}
	}
	var none *Geo
	if _, ok := none.Lookup(netip.MustParseAddr("203.0.113.5")); ok {
		t.Error("no database knows an address")
	}
}

func TestGeoFilesThatAreNone(t *testing.T) {
	text := filepath.Join(t.TempDir(), "x.mmdb")
	if err := os.WriteFile(text, []byte("this is no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{text, text + ".missing"} {
		if g, err := OpenGeo(p); err == nil {
			g.Close()
			t.Errorf("%s was opened", p)
		} else if !strings.Contains(err.Error(), p) {
			t.Errorf("%v does not name the file", err)
		}
	}
}
