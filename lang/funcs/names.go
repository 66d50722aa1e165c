package funcs

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/net/publicsuffix"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

var names = []*Decl{
	{Name: "domain", Kind: Transform, Step: ir.TDomain, Params: []Param{{Name: "x", Types: text}},
		Doc:      "the registered domain of a host name, by the public suffix list; absent if it has none",
		Examples: [][2]string{{`domain("a.b.example.co.uk")`, `"example.co.uk"`}}},
	{Name: "tld", Kind: Transform, Step: ir.TTLD, Params: []Param{{Name: "x", Types: text}},
		Doc: "the public suffix of a host name", Examples: [][2]string{{`tld("www.example.co.uk")`, `"co.uk"`}}},
	{Name: "subdomain", NS: 300, Returns: dissect.TString, Params: []Param{{Name: "x", Types: text}},
		Doc:      "what stands before the registered domain of a host name; empty if nothing does",
		Examples: [][2]string{{`subdomain("a.b.example.com")`, `"a.b"`}, {`subdomain("example.com")`, `""`}},
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value {
			d := Domain(a[0].B)
			if d == nil {
				return ir.Value{}
			}
			n := len(bytes.TrimSuffix(a[0].B, []byte("."))) - len(d)
			return ir.Value{B: bytes.TrimSuffix(a[0].B[:n], []byte(".")), OK: true}
		}},
	{Name: "labels", NS: 20, Returns: dissect.TInt, Params: []Param{{Name: "x", Types: text}},
		Doc: "number of labels of a host name", Examples: [][2]string{{`labels("www.example.com")`, `3`}},
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value {
			b := bytes.TrimSuffix(a[0].B, []byte("."))
			if len(b) == 0 {
				return intValue(0)
			}
			return intValue(bytes.Count(b, []byte(".")) + 1)
		}},
	{Name: "private", NS: 10, Returns: dissect.TBool, Params: []Param{{Name: "ip", Types: addr}},
		Doc:      "whether an address is private, link-local, loopback or unique-local (RFC 1918, 3927, 4193, 6598)",
		Examples: [][2]string{{`private(10.1.2.3)`, `true`}, {`private(8.8.8.8)`, `false`}},
		Call:     func(_ ir.Scratch, a []ir.Value) ir.Value { return boolValue(private(a[0].IP)) }},
	{Name: "multicast", NS: 10, Returns: dissect.TBool, Params: []Param{{Name: "ip", Types: addr}},
		Doc:      "whether an address is a multicast or the broadcast address",
		Examples: [][2]string{{`multicast(224.0.0.251)`, `true`}, {`multicast(255.255.255.255)`, `true`}, {`multicast(10.0.0.1)`, `false`}},
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value {
			return boolValue(a[0].IP.IsMulticast() || a[0].IP.Unmap() == netip.AddrFrom4([4]byte{255, 255, 255, 255}))
		}},
	{Name: "lower_ip", NS: 10, Returns: dissect.TIP, Params: []Param{{Name: "a", Types: addr}, {Name: "b", Types: addr}},
		Doc:      "the lower of two addresses; beside `higher_ip` it makes a key of two hosts, whichever of them sends",
		Examples: [][2]string{{`lower_ip(10.0.0.2, 10.0.0.1)`, `10.0.0.1`}},
		Call:     func(_ ir.Scratch, a []ir.Value) ir.Value { return ofTwo(a, a[1].IP.Less(a[0].IP)) }},
	{Name: "higher_ip", NS: 10, Returns: dissect.TIP, Params: []Param{{Name: "a", Types: addr}, {Name: "b", Types: addr}},
		Doc: "the higher of two addresses", Examples: [][2]string{{`higher_ip(10.0.0.2, 10.0.0.1)`, `10.0.0.2`}},
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value { return ofTwo(a, !a[1].IP.Less(a[0].IP)) }},
	{Name: "to_ip", NS: 60, Returns: dissect.TIP, Params: []Param{{Name: "x", Types: text}},
		Doc: "the address that a text spells; absent if it spells none", Examples: [][2]string{{`to_ip("10.0.0.1")`, `10.0.0.1`}},
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value {
			const longest = 45
			if len(a[0].B) > longest {
				return ir.Value{}
			}
			ip, err := netip.ParseAddr(view(a[0].B))
			return ir.Value{IP: ip.Unmap().WithZone(""), OK: err == nil}
		}},
}

// ofTwo gives the first or second of two addresses, absent where one of them is.
func ofTwo(a []ir.Value, second bool) ir.Value {
	switch {
	case !a[0].OK || !a[1].OK:
		return ir.Value{}
	case second:
		return a[1]
	}
	return a[0]
}

var numbers = []*Decl{
	{Name: "to_int", NS: 30, Returns: dissect.TInt, Params: []Param{{Name: "x", Types: text}, {Name: "base", Types: integer, Const: true, Optional: true}},
		Doc:      "the number that a text spells (base 10, or 2 to 36); absent if it spells none",
		Examples: [][2]string{{`to_int("42")`, `42`}, {`to_int("ff", 16)`, `255`}},
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value {
			base := 10
			if len(a) > 1 && a[1].I >= 2 && a[1].I <= 36 {
				base = int(a[1].I)
			}
			const longest = 64
			if len(a[0].B) > longest {
				return ir.Value{}
			}
			n, err := strconv.ParseInt(view(a[0].B), base, 64)
			return ir.Value{I: n, OK: err == nil}
		}},
	{Name: "abs", NS: 2, Returns: dissect.TInt, Params: []Param{{Name: "n", Types: integer}},
		Doc: "without its sign", Examples: [][2]string{{`abs(-5)`, `5`}},
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value { return ir.Value{I: max(a[0].I, -a[0].I), OK: true} }},
	{Name: "min", NS: 2, Returns: dissect.TInt, Params: []Param{{Name: "a", Types: integer}, {Name: "b", Types: integer}},
		Doc: "the smaller of two numbers", Examples: [][2]string{{`min(3, 5)`, `3`}},
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value { return ir.Value{I: min(a[0].I, a[1].I), OK: true} }},
	{Name: "max", NS: 2, Returns: dissect.TInt, Params: []Param{{Name: "a", Types: integer}, {Name: "b", Types: integer}},
		Doc: "the larger of two numbers", Examples: [][2]string{{`max(3, 5)`, `5`}},
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value { return ir.Value{I: max(a[0].I, a[1].I), OK: true} }},
	{Name: "hour", NS: 10, Hi: 23, Returns: dissect.TInt, Params: []Param{{Name: "t", Types: moment}},
		Doc:  "hour of the day of a time, 0 to 23, UTC",
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value { return intValue(time.Unix(0, a[0].I).UTC().Hour()) }},
	{Name: "epoch", NS: 1, Returns: dissect.TInt, Params: []Param{{Name: "t", Types: moment}},
		Doc:  "a time in whole seconds since 1970 (the Unix epoch), to compare with a date",
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value { return ir.Value{I: time.Unix(0, a[0].I).Unix(), OK: true} }},
	{Name: "weekday", NS: 10, Lo: 1, Hi: 7, Returns: dissect.TInt, Params: []Param{{Name: "t", Types: moment}},
		Doc: "day of the week of a time, Monday 1 to Sunday 7, UTC",
		Call: func(_ ir.Scratch, a []ir.Value) ir.Value {
			return intValue((int(time.Unix(0, a[0].I).UTC().Weekday())+6)%7 + 1)
		}},
}

// view is b as a string without a copy: for parsers that do not keep it.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func private(ip netip.Addr) bool {
	ip = ip.Unmap()
	if ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return true
	}
	b := ip.As16()
	return ip.Is4() && b[12] == 100 && b[13]&0xc0 == 64 // shared address space, 100.64.0.0/10
}

// MaxHost is the longest host name that Domain and TLD look at.
const MaxHost = 255

// Domain gives the registered domain of a host name, a part of b; nil if it has none.
func Domain(b []byte) []byte {
	host := bytes.TrimSuffix(b, []byte("."))
	suffix := TLD(b)
	if suffix == nil || len(suffix) >= len(host) {
		return nil
	}
	rest := host[:len(host)-len(suffix)-1]
	d := host[bytes.LastIndexByte(rest, '.')+1:]
	if len(d) == len(suffix)+1 || len(rest) == 0 {
		return nil
	}
	return d
}

// TLD gives the public suffix of a host name, a part of b; nil if it is no host name.
func TLD(b []byte) []byte {
	host := bytes.TrimSuffix(b, []byte("."))
	if len(host) == 0 || len(host) > MaxHost || host[0] == '.' {
		return nil
	}
	s := view(host)
	if hasUpper(host) {
		s = strings.ToLower(s) // the list is in lower case; names seldom are not
	}
	suffix, _ := publicsuffix.PublicSuffix(s)
	if len(suffix) == 0 || len(suffix) > len(host) {
		return nil
	}
	return host[len(host)-len(suffix):]
}

func hasUpper(b []byte) bool {
	for _, c := range b {
		if c >= 'A' && c <= 'Z' {
			return true
		}
	}
	return false
}
