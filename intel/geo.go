package intel

import (
	"fmt"
	"net/netip"
	"os"

	"github.com/oschwald/maxminddb-golang/v2"
)

// Place is where an address is and whose it is, as far as the databases tell.
type Place struct {
	Country     string // ISO 3166-1 code: DE
	CountryName string // in English
	City        string // in English
	Latitude    float64
	Longitude   float64
	ASN         uint32
	Org         string // of the autonomous system
}

// Geo answers from databases in MaxMind's format: city or country, and ASN, in any number of
// files. It is safe for any number of goroutines until it is closed.
type Geo struct{ dbs []*maxminddb.Reader }

// OpenGeo opens databases.
func OpenGeo(paths ...string) (*Geo, error) {
	g := &Geo{}
	for _, p := range paths {
		// In memory, not mapped: a file that is written over while it is mapped would end the process.
		data, err := os.ReadFile(p)
		if err != nil {
			g.Close()
			return nil, err
		}
		r, err := maxminddb.OpenBytes(data)
		if err != nil {
			g.Close()
			return nil, fmt.Errorf("%s: cannot be read as a GeoIP database (.mmdb): %w", p, err)
		}
		g.dbs = append(g.dbs, r)
	}
	return g, nil
}

// Close closes the databases.
func (g *Geo) Close() {
	for _, r := range g.dbs {
		_ = r.Close()
	}
	g.dbs = nil
}

// record is what the databases hold, as far as it is used.
type record struct {
	Country struct {
		Code  string `maxminddb:"iso_code"`
		Names struct {
			En string `maxminddb:"en"`
		} `maxminddb:"names"`
	} `maxminddb:"country"`
	City struct {
		Names struct {
			En string `maxminddb:"en"`
		} `maxminddb:"names"`
	} `maxminddb:"city"`
	Location struct {
		Latitude  float64 `maxminddb:"latitude"`
		Longitude float64 `maxminddb:"longitude"`
	} `maxminddb:"location"`
	ASN uint32 `maxminddb:"autonomous_system_number"`
	Org string `maxminddb:"autonomous_system_organization"`
}

// Lookup tells where an address is; ok is false when no database knows it.
func (g *Geo) Lookup(ip netip.Addr) (p Place, ok bool) {
	if g == nil || !ip.IsValid() {
		return p, false
	}
	ip = ip.Unmap()
	for _, r := range g.dbs {
		var x record
		res := r.Lookup(ip)
		if !res.Found() || res.Decode(&x) != nil {
			continue
		}
		ok = true
		if x.Country.Code != "" {
			p.Country, p.CountryName = x.Country.Code, x.Country.Names.En
			p.City, p.Latitude, p.Longitude = x.City.Names.En, x.Location.Latitude, x.Location.Longitude
		}
		if x.ASN != 0 {
			p.ASN, p.Org = x.ASN, x.Org
		}
	}
	return p, ok
}
