package dns

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// writeMDNS is the EVE function of mDNS, whose records name the data by its type.
func writeMDNS(w *jsonw.Writer, e *dissect.Env) {
	m, ok := e.Tx.(*Message)
	if !ok {
		return
	}
	w.Open("mdns")
	w.Key("type")
	if m.Response {
		w.Str("response")
	} else {
		w.Str("request")
	}
	w.Key("id")
	w.Uint(uint64(m.ID))
	mdnsFlags(w, m)
	w.Key("opcode")
	w.Int(int64(m.Opcode()))
	w.Key("rcode")
	w.Uint(uint64(m.Flags & 15))
	if len(m.Queries) > 0 {
		w.OpenArray("queries")
		for i := range m.Queries {
			q := &m.Queries[i]
			w.Object()
			w.Key("rrname")
			w.Bytes(m.Bytes(q.Name))
			w.Key("rrtype")
			w.Bytes(lowerType(q.Type))
			if q.Truncated {
				w.Key("rrname_truncated")
				w.Bool(true)
			}
			w.End()
		}
		w.EndArray()
	}
	for s, key := range [...]string{"answers", "authorities", "additionals"} {
		open := false
		for i := range m.Records[s] {
			r := &m.Records[s][i]
			if r.Type == TypeOPT && r.rdata.n == 0 {
				continue
			}
			if !open {
				w.OpenArray(key)
				open = true
			}
			mdnsRecord(w, m, r)
		}
		if open {
			w.EndArray()
		}
	}
	w.End()
}

func mdnsFlags(w *jsonw.Writer, m *Message) {
	flags := [...]struct {
		name string
		bit  uint16
	}{{"aa", FlagAA}, {"tc", FlagTC}, {"rd", FlagRD}, {"ra", FlagRA}, {"z", FlagZ}, {"ad", FlagAD}, {"cd", FlagCD}}
	if m.Flags&(FlagAA|FlagTC|FlagRD|FlagRA|FlagZ|FlagAD|FlagCD) == 0 {
		return
	}
	w.OpenArray("flags")
	for _, f := range flags {
		if m.Flags&f.bit != 0 {
			w.Str(f.name)
		}
	}
	w.EndArray()
}

func lowerType(t uint16) []byte {
	return bytes.ToLower(appendEVEType(nil, t))
}

func mdnsRecord(w *jsonw.Writer, m *Message, r *Record) {
	w.Object()
	w.Key("rrname")
	w.Bytes(m.Bytes(r.Name))
	if r.Truncated {
		w.Key("rrname_truncated")
		w.Bool(true)
	}
	w.KeyBytes(lowerType(r.Type))
	switch r.Type {
	case TypeTXT:
		w.Array()
		for s, rest := nextString(m.Data(r)); s != nil; s, rest = nextString(rest) {
			w.Bytes(s)
		}
		w.EndArray()
	case TypeSOA, TypeSRV, TypeSSHFP:
		w.Object()
		writeStruct(w, m, r)
		w.End()
	case TypeOPT:
		w.Array()
		writeOptions(w, m, r)
		w.EndArray()
	default:
		if groups(r.Type) {
			writeRdata(w, m, r)
		} else {
			w.Bytes(m.Data(r))
		}
	}
	if r.HasTarget && r.TargetTruncated {
		w.Key("rdata_truncated")
		w.Bool(true)
	}
	w.End()
}
