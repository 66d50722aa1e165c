package eve

import (
	"net/netip"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/dissect/packet"
)

// xff says what records of one type do with the address of a client behind a proxy: Suricata's settings alert.xff.*, http.xff.*, files.xff.*.
type xff struct {
	on        bool
	overwrite bool   // it takes the place of the client's address, else it is the member xff, in alerts alert.xff
	forward   bool   // the first address of the header counts, as for a forward proxy, else the last
	header    string // in lower case
}

// forwarded is implemented by messages that tell whom a proxy sent them for.
type forwarded interface {
	XFF(header string, last bool) (netip.Addr, bool)
}

// xffs are those of the types that have it.
type xffs struct{ alert, http, files xff }

func xffsOf(o *Options) xffs { return xffs{xffOf(o, "alert"), xffOf(o, "http"), xffOf(o, "files")} }

// ofRecord gives what the record of a protocol's message heeds, nil for nothing.
func (x *xffs) ofRecord(spec *dissect.Spec) *xff {
	if spec.Name == "http" && x.http.on {
		return &x.http
	}
	return nil
}

// ofFile gives what the record of a file heeds, nil for nothing.
func (x *xffs) ofFile(e *dissect.Env) *xff {
	if x.files.on && e.Flow != nil && e.Flow.App != nil && e.Flow.App.Name == "http" {
		return &x.files
	}
	return nil
}

func xffOf(o *Options, kind string) xff {
	s := o.TypeSettings(kind + ".xff")
	if len(s) == 0 {
		s = o.TypeSettings("xff") // that of all types
	}
	x := xff{on: truth(s["enabled"]), overwrite: s["mode"] == "overwrite", forward: s["deployment"] == "forward", header: strings.ToLower(s["header"])}
	if x.header == "" {
		x.header = "x-forwarded-for"
	}
	return x
}

func truth(s string) bool { return s == "true" || s == "yes" || s == "1" || s == "on" }

// client gives the address of the client behind the proxy of e's message.
func (x *xff) client(e *dissect.Env) (netip.Addr, bool) {
	if x == nil || !x.on {
		return netip.Addr{}, false
	}
	m, ok := e.Tx.(forwarded)
	if !ok {
		return netip.Addr{}, false
	}
	return m.XFF(x.header, !x.forward)
}

// member writes the member xff.
func (x *xff) member(w *jsonw.Writer, e *dissect.Env) {
	if a, ok := x.client(e); ok && !x.overwrite {
		w.Key("xff")
		w.Str(a.String())
	}
}

// replaced is the address that takes the place of the client's in a record's header, zero for none.
func (x *xff) replaced(e *dissect.Env) packet.Addr {
	a, ok := x.client(e)
	switch {
	case !ok || !x.overwrite:
		return packet.Addr{}
	case a.Is4():
		b := a.As4()
		return packet.V4(b[:])
	}
	return a.As16()
}
