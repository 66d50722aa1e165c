package http

import (
	"bytes"
	"net/netip"
)

// Shortest and longest X-Forwarded-For value that is looked at, bytes (Suricata).
const (
	minXFF = 7
	maxXFF = 256
)

// XFF gives the address of the client behind a proxy, from a header such as "x-forwarded-for"
// (the name in lower case). A forward proxy puts the client first; a reverse proxy in front of
// the servers appends the address that it saw, so there the last one is to be believed.
func (t *Tx) XFF(header string, last bool) (netip.Addr, bool) {
	v := t.Request.Header(header)
	if len(v) < minXFF || len(v) >= maxXFF {
		return netip.Addr{}, false
	}
	if last {
		v = v[bytes.LastIndexAny(v, ", ")+1:]
	} else if i := bytes.IndexByte(v, ','); i >= 0 {
		v = v[:i]
	}
	v = trimSpace(v)
	if len(v) > 0 && v[0] == '[' { // [address]:port
		i := bytes.IndexByte(v, ']')
		if i < 0 {
			return netip.Addr{}, false
		}
		v = v[1:i]
	} else if bytes.Count(v, []byte(":")) == 1 { // address:port
		v = v[:bytes.IndexByte(v, ':')]
	}
	a, err := netip.ParseAddr(string(v))
	return a, err == nil
}
