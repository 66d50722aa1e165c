package eve

import (
	"net/netip"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/dissect/packet"
)

// xff says what alerts do with the address of a client behind a proxy: Suricata's settings alert.xff.*.
type xff struct {
	on        bool
	overwrite bool   // it takes the place of the client's address, else it is the member alert.xff
	forward   bool   // the first address of the header counts, as for a forward proxy, else the last
	header    string // in lower case
}

// forwarded is implemented by messages that tell whom a proxy sent them for.
type forwarded interface {
	XFF(header string, last bool) (netip.Addr, bool)
}

func xffOf(o *Options) xff {
	s := o.TypeSettings("alert.xff")
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
	if !x.on {
		return netip.Addr{}, false
	}
	m, ok := e.Tx.(forwarded)
	if !ok {
		return netip.Addr{}, false
	}
	return m.XFF(x.header, !x.forward)
}

// member writes alert.xff.
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
