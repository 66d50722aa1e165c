package lua

import (
	"net/netip"
	"strings"

	"github.com/gaissmai/bart"
	glua "github.com/yuin/gopher-lua"
	"golang.org/x/net/publicsuffix"
)

func netSection() section {
	return section{name: "Addresses and names", doc: "Addresses are strings in their canonical form.", funcs: []decl{
		{name: "ip", sig: "fun(text: string): string|nil", call: nidsIP, doc: "The canonical form of an address, nil if it is none.", example: "nids.ip(\"2001:DB8:0::1\") --> \"2001:db8::1\""},
		{name: "in_cidr", sig: "fun(ip: string, prefix: string): boolean", call: nidsInCIDR, doc: "Tells whether an address is within a prefix.", example: "nids.in_cidr(\"10.1.2.3\", \"10.0.0.0/8\") --> true"},
		{name: "is_private", sig: "fun(ip: string): boolean", call: nidsIsPrivate, doc: "Tells whether an address is of no global meaning: private, link-local, loopback, unique local, or unspecified.", example: "nids.is_private(\"192.168.1.1\") --> true"},
		{name: "is_multicast", sig: "fun(ip: string): boolean", call: nidsIsMulticast, doc: "Tells whether an address is multicast or broadcast.", example: "nids.is_multicast(\"239.1.1.1\") --> true"},
		{name: "set", sig: "fun(entries?: string[]): Set", call: nidsSet, doc: "A set of addresses, prefixes and names; a name stands for its subdomains too where it begins with a dot. Look-ups take about the same time for any size.", example: "local s = nids.set { \"10.0.0.0/8\", \".example.com\", \"printer\" }\ns:has(\"10.2.3.4\") --> true\ns:has(\"www.example.com\") --> true"},
		{name: "list", sig: "fun(name: string): Set", call: nidsList, doc: "The set that the rule files call by that name: HOME, or a list. Empty where there is none."},
		{name: "public_suffix", sig: "fun(name: string): string", call: nidsPublicSuffix, doc: "The part of a name below which anybody can register, by the public suffix list.", example: "nids.public_suffix(\"www.example.co.uk\") --> \"co.uk\""},
		{name: "registered_domain", sig: "fun(name: string): string|nil", call: nidsRegisteredDomain, doc: "The public suffix and one label more; nil for a suffix itself.", example: "nids.registered_domain(\"a.b.example.co.uk\") --> \"example.co.uk\""},
		{name: "subdomain", sig: "fun(name: string): string", call: nidsSubdomain, doc: "What stands before the registered domain.", example: "nids.subdomain(\"a.b.example.co.uk\") --> \"a.b\""},
	}}
}

func nidsIP(L *glua.LState) int {
	ip, err := netip.ParseAddr(L.CheckString(1))
	if err != nil {
		L.Push(glua.LNil)
		return 1
	}
	L.Push(glua.LString(ip.Unmap().String()))
	return 1
}

func nidsInCIDR(L *glua.LState) int {
	ip := checkAddr(L, 1)
	p, err := netip.ParsePrefix(L.CheckString(2))
	if err != nil {
		L.ArgError(2, "not a prefix: "+L.ToString(2)+" (write 10.0.0.0/8)")
	}
	L.Push(glua.LBool(p.Contains(ip)))
	return 1
}

func nidsIsPrivate(L *glua.LState) int {
	ip := checkAddr(L, 1)
	L.Push(glua.LBool(ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()))
	return 1
}

func nidsIsMulticast(L *glua.LState) int {
	ip := checkAddr(L, 1)
	L.Push(glua.LBool(ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255})))
	return 1
}

// addrSet is a set of prefixes, addresses and names.
type addrSet struct {
	nets  bart.Lite
	n     int
	names map[string]bool // with a leading dot: and all below
	bytes int64
}

// maxSet is how many entries a set may have.
const maxSet = 1e6

func (s *addrSet) memory() int64 { return int64(s.n)*96 + s.bytes }

func (s *addrSet) add(x string) {
	if p, err := netip.ParsePrefix(x); err == nil {
		s.nets.Insert(p.Masked())
	} else if ip, err := netip.ParseAddr(x); err == nil {
		ip = ip.Unmap()
		s.nets.Insert(netip.PrefixFrom(ip, ip.BitLen()))
	} else {
		x = strings.TrimSuffix(lower(x), ".")
		s.names[x] = true
		s.bytes += int64(len(x)) + 64
	}
	s.n++
}

func (s *addrSet) has(x string) bool {
	if ip, err := netip.ParseAddr(x); err == nil {
		return s.nets.Contains(ip.Unmap())
	}
	x = strings.TrimSuffix(lower(x), ".")
	if s.names[x] || s.names["."+x] {
		return true
	}
	for i := range len(x) {
		if x[i] == '.' && s.names[x[i:]] {
			return true
		}
	}
	return false
}

func nidsSet(L *glua.LState) int {
	s := &addrSet{names: map[string]bool{}}
	if L.Get(1) != glua.LNil {
		t := L.CheckTable(1)
		vmOf(L).meter.charge(t.Len() * 4)
		for i := 1; i <= t.Len(); i++ {
			x, ok := t.RawGetInt(i).(glua.LString)
			if !ok {
				L.ArgError(1, "a list of strings is wanted")
			}
			s.add(string(x))
		}
	}
	L.Push(object("Set", s))
	return 1
}

func nidsList(L *glua.LState) int {
	v, s := vmOf(L), &addrSet{names: map[string]bool{}}
	names := v.rt.listOf(L.CheckString(1))
	v.depends(listPrefix+L.CheckString(1), strings.Join(names, " "))
	for _, x := range names {
		s.add(x)
	}
	L.Push(object("Set", s))
	return 1
}

func setClass() *class {
	return &class{name: "Set", doc: "A set of addresses, prefixes and names, made by nids.set.", methods: []decl{
		{name: "has", sig: "fun(self: Set, value: string|nil): boolean", doc: "Tells whether an address or name is in the set; false for nil.", call: func(L *glua.LState) int {
			s := self[*addrSet](L, "Set")
			L.Push(glua.LBool(L.Get(2) != glua.LNil && s.has(L.CheckString(2))))
			return 1
		}},
		{name: "add", sig: "fun(self: Set, entry: string)", doc: "Adds an address, prefix or name.", call: func(L *glua.LState) int {
			s := self[*addrSet](L, "Set")
			if s.n >= maxSet {
				L.RaiseError("a set has at most %d entries", int(maxSet))
			}
			s.add(L.CheckString(2))
			return 0
		}},
		{name: "count", sig: "fun(self: Set): number", doc: "How many entries were added.", call: func(L *glua.LState) int { return num(L, float64(self[*addrSet](L, "Set").n)) }},
	}}
}

// host is a name as the public suffix list wants it.
func host(s string) string { return strings.TrimSuffix(lower(s), ".") }

func nidsPublicSuffix(L *glua.LState) int {
	suffix, _ := publicsuffix.PublicSuffix(host(L.CheckString(1)))
	L.Push(glua.LString(suffix))
	return 1
}

func nidsRegisteredDomain(L *glua.LState) int {
	d, err := publicsuffix.EffectiveTLDPlusOne(host(L.CheckString(1)))
	if err != nil {
		L.Push(glua.LNil)
		return 1
	}
	L.Push(glua.LString(d))
	return 1
}

func nidsSubdomain(L *glua.LState) int {
	name := host(L.CheckString(1))
	d, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil || len(d) >= len(name) {
		L.Push(glua.LString(""))
		return 1
	}
	L.Push(glua.LString(name[:len(name)-len(d)-1]))
	return 1
}
