package engine

import (
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/intel"
)

// geoSource answers where addresses are, for the fields geo.* and for what is shown of alerts. It belongs to a
// schema, whose accessors read it; New gives it the databases. It is safe for any number of goroutines.
type geoSource struct {
	db    atomic.Pointer[intel.Geo]
	cache [geoCache]atomic.Pointer[located]
}

// geoCache is how many addresses are remembered; one that falls on another's place takes it. A look-up in the
// databases takes microseconds and allocates.
const geoCache = 4096

// located is an address with where it is, in the form that accessors give.
type located struct {
	db                       *intel.Geo
	ip                       netip.Addr
	place                    intel.Place
	country, name, city, org []byte // nil: not known
}

// use takes databases, nil for none.
func (g *geoSource) use(db *intel.Geo) { g.db.Store(db) }

// find gives what is known of an address, nil for nothing.
func (g *geoSource) find(ip netip.Addr) *located {
	db := g.db.Load()
	if db == nil || !ip.IsValid() {
		return nil
	}
	b := ip.As16()
	h := uint64(0)
	for _, c := range b {
		h = h*31 + uint64(c)
	}
	slot := &g.cache[fold(h, 0x9e3779b97f4a7c15)%geoCache]
	if l := slot.Load(); l != nil && l.ip == ip && l.db == db {
		return l
	}
	l := &located{db: db, ip: ip}
	if p, ok := db.Lookup(ip); ok {
		l.place = p
		l.country, l.name, l.city, l.org = present(p.Country), present(p.CountryName), present(p.City), present(p.Org)
	}
	slot.Store(l)
	return l
}

func present(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

// geoFields are the fields of where the ends of an event are. common are the fields of packets and flows: the addresses are
// those of src.ip and dst.ip.
func geoFields(g *geoSource, common []dissect.Field) (list []dissect.Field) {
	for _, side := range []struct{ name, doc, field string }{{"src", "source", "src.ip"}, {"dst", "destination", "dst.ip"}} {
		at := slices.IndexFunc(common, func(f dissect.Field) bool { return f.Name == side.field })
		if at < 0 {
			continue
		}
		ip := common[at].IP
		find := func(e *dissect.Env) *located {
			if a, ok := ip(e); ok {
				return g.find(a)
			}
			return nil
		}
		text := func(name, doc string, get func(*located) []byte) dissect.Field {
			return dissect.Field{Name: "geo." + side.name + "." + name, Type: dissect.TString, Doc: doc + " of the " + side.doc + ", by the GeoIP database (--geoip)",
				Bytes: func(e *dissect.Env) []byte {
					if l := find(e); l != nil {
						return get(l)
					}
					return nil
				}}
		}
		list = append(list,
			text("country", "country (ISO 3166-1 code: DE)", func(l *located) []byte { return l.country }),
			text("country_name", "country's name in English", func(l *located) []byte { return l.name }),
			text("city", "city's name in English", func(l *located) []byte { return l.city }),
			text("org", "organization that runs the network", func(l *located) []byte { return l.org }),
			dissect.Field{Name: "geo." + side.name + ".asn", Type: dissect.TInt, Doc: "number of the autonomous system of the " + side.doc + ", by the GeoIP database (--geoip)",
				Int: func(e *dissect.Env) (int64, bool) {
					if l := find(e); l != nil && l.place.ASN != 0 {
						return int64(l.place.ASN), true
					}
					return 0, false
				}})
	}
	return list
}

// geoOf gives the source of a schema.
func geoOf(s *dissect.Schema) *geoSource {
	g, _ := s.Attached.(*geoSource)
	return g
}

// useGeo gives a schema's fields the databases of the configuration.
func (e *Engine) useGeo() {
	e.order.geo = geoOf(e.schema)
	if e.order.geo == nil {
		return
	}
	e.order.geo.use(e.cfg.Geo)
	if e.cfg.Geo != nil || e.cfg.Program == nil {
		return
	}
	for _, f := range e.schema.Fields() {
		if needs := e.cfg.Program.Needs(); len(f.Name) > 4 && f.Name[:4] == "geo." && needs.Has(f.Name) {
			e.warn("rules look at %s, but there is no GeoIP database: they will not match; give one with --geoip", f.Name)
			return
		}
	}
}

// locate adds to an alert's evidence where its ends are.
func (o *ordered) locate(a *alert.Alert) {
	if o.geo == nil || o.geo.db.Load() == nil {
		return
	}
	list := slices.Clip(a.Evidence) // others may have the same
	for i, ip := range [...]netip.Addr{a.Src, a.Dst} {
		l := o.geo.find(ip)
		if l == nil {
			continue
		}
		side := [...]string{"geo.src.", "geo.dst."}[i]
		add := func(name string, v any, known bool) {
			if known && !slices.ContainsFunc(a.Evidence, func(e alert.Evidence) bool { return e.Name == side+name }) {
				list = append(list, alert.Evidence{Name: side + name, Value: v})
			}
		}
		add("country", l.place.Country, l.country != nil)
		add("country_name", l.place.CountryName, l.name != nil)
		add("city", l.place.City, l.city != nil)
		add("asn", int64(l.place.ASN), l.place.ASN != 0)
		add("org", l.place.Org, l.org != nil)
	}
	a.Evidence = list
}

// withGeo gives an EVE alert record with a member geo that tells where its ends are. What it gives is valid until the
// next call.
func (o *ordered) withGeo(line []byte, a *alert.Alert) []byte {
	if o.geo == nil || o.geo.db.Load() == nil || len(line) < 3 {
		return line
	}
	src, dst := o.geo.find(a.Src), o.geo.find(a.Dst)
	if (src == nil || !src.any()) && (dst == nil || !dst.any()) {
		return line
	}
	w := jsonw.Writer{B: o.geoBuf[:0]}
	w.Object()
	w.Members(line[1 : len(line)-len("}\n")])
	w.Open("geo")
	src.write(&w, "src")
	dst.write(&w, "dest")
	w.End()
	w.End()
	o.geoBuf = append(w.B, '\n')
	return o.geoBuf
}

func (l *located) any() bool {
	return l.country != nil || l.name != nil || l.city != nil || l.org != nil || l.place.ASN != 0
}

func (l *located) write(w *jsonw.Writer, side string) {
	if l == nil || !l.any() {
		return
	}
	w.Open(side)
	for _, m := range [...]struct {
		key   string
		value []byte
	}{{"country", l.country}, {"country_name", l.name}, {"city", l.city}, {"org", l.org}} {
		if m.value != nil {
			w.Key(m.key)
			w.Bytes(m.value)
		}
	}
	if l.place.ASN != 0 {
		w.Key("asn")
		w.Uint(uint64(l.place.ASN))
	}
	w.End()
}
