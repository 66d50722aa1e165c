package suricata

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// DefaultVars are the variables of Suricata's default configuration.
func DefaultVars() map[string]string {
	v := map[string]string{
		"HOME_NET":     "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]",
		"EXTERNAL_NET": "!$HOME_NET",
		"AIM_SERVERS":  "$EXTERNAL_NET",
		"DC_SERVERS":   "$HOME_NET",

		"HTTP_PORTS": "80", "SHELLCODE_PORTS": "!80", "ORACLE_PORTS": "1521", "SSH_PORTS": "22", "DNP3_PORTS": "20000",
		"MODBUS_PORTS": "502", "FILE_DATA_PORTS": "[$HTTP_PORTS,110,143]", "FTP_PORTS": "21", "GENEVE_PORTS": "6081",
		"VXLAN_PORTS": "4789", "TEREDO_PORTS": "3544", "SIP_PORTS": "[5060,5061]",
	}
	for _, name := range []string{"HTTP", "SMTP", "SQL", "DNS", "TELNET", "DNP3", "MODBUS", "ENIP", "SSH", "FTP", "SIP"} {
		v[name+"_SERVERS"] = "$HOME_NET"
	}
	v["DNP3_CLIENT"], v["MODBUS_CLIENT"], v["ENIP_CLIENT"] = "$HOME_NET", "$HOME_NET", "$HOME_NET"
	v["DNP3_SERVER"], v["MODBUS_SERVER"], v["ENIP_SERVER"] = "$HOME_NET", "$HOME_NET", "$HOME_NET"
	return v
}

// maxNesting caps the brackets and variables within each other.
const maxNesting = 16

// walk visits the elements of an address or port list with their signs: a ! before a list, or a variable, negates
// all within.
func (l *loader) walk(s string, neg bool, depth int, visit func(elem string, neg bool) *problem) *problem {
	s = strings.TrimSpace(s)
	for strings.HasPrefix(s, "!") {
		neg, s = !neg, strings.TrimSpace(s[1:])
	}
	switch {
	case depth > maxNesting:
		return fail("lists or variables are nested too deeply")
	case s == "":
		return fail("an element of the list is empty")
	case s[0] == '$':
		v, ok := l.vars[s[1:]]
		if !ok {
			return fail("the variable %s has no value: set it with --var %s=...%s", s, s[1:], didYouMean(s[1:], slices.Sorted(maps.Keys(l.vars))))
		}
		return l.walk(v, neg, depth+1, visit)
	case s[0] == '[':
		if s[len(s)-1] != ']' {
			return fail("] is missing in %s", s)
		}
		return l.elements(s[1:len(s)-1], neg, depth, visit)
	case strings.IndexByte(s, ',') >= 0 && depth > 0:
		return l.elements(s, neg, depth, visit) // a variable's value without brackets
	}
	return visit(s, neg)
}

func (l *loader) elements(s string, neg bool, depth int, visit func(string, bool) *problem) *problem {
	start, level := 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) {
			switch s[i] {
			case '[':
				level++
			case ']':
				level--
			}
			if s[i] != ',' || level > 0 {
				continue
			}
		}
		if err := l.walk(s[start:i], neg, depth+1, visit); err != nil {
			return err
		}
		start = i + 1
	}
	return nil
}

// addrSet is what an address list means: any address, those in the set, or those not in it.
type addrSet struct {
	set     *ir.IPSet
	any     bool
	except  bool // all but set
	negated bool // something in it is negated: such a rule is not IP-only for Suricata
	err     *problem
	ends
}

func (l *loader) addrList(s string) addrSet {
	if s == "any" {
		return addrSet{any: true}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.addrs[s]
	if !ok {
		a = l.parseAddrs(s)
		a.ends = ends{addrCond(l.common.srcIP, a), addrCond(l.common.dstIP, a)}
		l.addrs[s] = a
	}
	return a
}

func (l *loader) parseAddrs(s string) addrSet {
	name := strings.TrimLeft(s, "!$")
	if strings.ContainsAny(name, "[,!/:.$ ") {
		name = ""
	}
	// Negations in front of everything turn the whole around, whatever signs are within.
	rest, not := l.leading(s)
	var in, out []netip.Prefix
	err := l.walk(rest, false, 1, func(e string, neg bool) *problem {
		ps, err := prefixes(e)
		if neg {
			out = append(out, ps...)
		} else {
			in = append(in, ps...)
		}
		return err
	})
	if err != nil {
		return addrSet{err: err}
	}
	a := addrSet{negated: not || len(out) > 0, except: not}
	if len(in) == 0 {
		in, out, a.except = out, nil, !not
	}
	a.set = ir.NewIPSet(in, out)
	if strings.HasPrefix(s, "!") == a.except {
		a.set.Name = name
	}
	return a
}

// single tells whether s is a list of one element.
func single(s string) bool {
	if len(s) < 2 || s[0] != '[' || s[len(s)-1] != ']' {
		return false
	}
	depth := 0
	for i := 1; i < len(s)-1; i++ {
		switch s[i] {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if depth <= 0 {
				return false
			}
		}
		if depth < 0 {
			return false
		}
	}
	return true
}

// leading takes negations, variables and brackets around one element off the front of a list.
func (l *loader) leading(s string) (rest string, not bool) {
	for range maxNesting {
		s = strings.TrimSpace(s)
		if inner, ok := strings.CutPrefix(s, "!"); ok {
			s, not = inner, !not
			continue
		}
		if single(s) {
			s = s[1 : len(s)-1]
			continue
		}
		v, ok := l.vars[strings.TrimPrefix(s, "$")]
		if !ok || s[0] != '$' {
			break
		}
		s = v
	}
	return s, not
}

// prefixes reads an address, a network (also with a mask), or a range of addresses.
func prefixes(s string) ([]netip.Prefix, *problem) {
	if s == "any" {
		return []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 0), netip.PrefixFrom(netip.IPv6Unspecified(), 0)}, nil
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}, nil
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		return []netip.Prefix{p}, nil
	}
	if addr, mask, ok := strings.Cut(s, "/"); ok {
		a, err1 := netip.ParseAddr(addr)
		m, err2 := netip.ParseAddr(mask)
		if err1 == nil && err2 == nil && a.Is4() && m.Is4() {
			if bits, ok := maskBits(m.As4()); ok {
				return []netip.Prefix{netip.PrefixFrom(a, bits)}, nil
			}
		}
	}
	if from, to, ok := strings.Cut(s, "-"); ok {
		a, err1 := netip.ParseAddr(strings.TrimSpace(from))
		b, err2 := netip.ParseAddr(strings.TrimSpace(to))
		if err1 == nil && err2 == nil && a.BitLen() == b.BitLen() && !b.Less(a) {
			return rangePrefixes(a, b), nil
		}
	}
	return nil, fail("%s is no address, network or variable%s", s, listHint(s))
}

// listHint tells of brackets where several stand without.
func listHint(s string) string {
	if strings.Contains(s, ",") {
		return ": several stand in brackets, [" + s + "]"
	}
	return ""
}

func maskBits(m [4]byte) (int, bool) {
	v := uint32(m[0])<<24 | uint32(m[1])<<16 | uint32(m[2])<<8 | uint32(m[3])
	n := 0
	for v&(1<<31) != 0 {
		v <<= 1
		n++
	}
	return n, v == 0
}

// rangePrefixes gives the fewest prefixes that make up the addresses a to b.
func rangePrefixes(a, b netip.Addr) (out []netip.Prefix) {
	for a.IsValid() && !b.Less(a) {
		bits := a.BitLen()
		for bits > 0 {
			p := netip.PrefixFrom(a, bits-1).Masked()
			if p.Addr() != a || b.Less(ir.LastAddr(p)) {
				break
			}
			bits--
		}
		p := netip.PrefixFrom(a, bits)
		out = append(out, p)
		a = ir.LastAddr(p).Next()
	}
	return out
}

// portSet is what a list of ports means.
type portSet struct {
	set *ir.IntSet // nil: any
	ends
}

// portList reads a list of ports.
func (l *loader) portList(s string) (p portSet, err *problem) {
	if s == "any" {
		return p, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if p, ok := l.ports[s]; ok {
		return p, nil
	}
	var in, out []ir.Range
	err = l.walk(s, false, 0, func(e string, neg bool) *problem {
		r, err := portRange(e)
		if neg {
			out = append(out, r)
		} else {
			in = append(in, r)
		}
		return err
	})
	if err != nil {
		return p, err
	}
	if len(in) == 0 {
		in = []ir.Range{{Lo: 0, Hi: 65535}}
	}
	set := ir.NewIntSet(in...).Without(ir.NewIntSet(out...))
	if len(set.Ranges) == 1 && set.Ranges[0] == (ir.Range{Lo: 0, Hi: 65535}) {
		set = nil
	} else if len(set.Ranges) == 0 {
		return p, fail("no port is left in %s", s)
	}
	p = portSet{set, ends{portCond(l.common.srcPort, set), portCond(l.common.dstPort, set)}}
	l.ports[s] = p
	return p, nil
}

func portRange(s string) (ir.Range, *problem) {
	if s == "any" {
		return ir.Range{Lo: 0, Hi: 65535}, nil
	}
	from, to, isRange := strings.Cut(s, ":")
	if !isRange {
		to = from
	}
	r := ir.Range{Lo: 0, Hi: 65535}
	for _, x := range []struct {
		s string
		n *int64
	}{{from, &r.Lo}, {to, &r.Hi}} {
		if x.s = strings.TrimSpace(x.s); x.s == "" && isRange {
			continue
		}
		n, err := strconv.ParseUint(x.s, 10, 16)
		if err != nil {
			return r, fail("%s is no port%s", s, listHint(s))
		}
		*x.n = int64(n)
	}
	if r.Lo > r.Hi {
		return r, fail("the port range %s is the wrong way round", s)
	}
	return r, nil
}

// addrCond is the condition that an address is in a set; nil: always.
func addrCond(x ir.Expr, a addrSet) ir.Expr {
	switch {
	case a.any:
		return nil
	case a.except:
		return &ir.Not{X: &ir.In{X: x, Set: a.set}}
	}
	return &ir.In{X: x, Set: a.set}
}

func portCond(x ir.Expr, set *ir.IntSet) ir.Expr {
	switch {
	case set == nil:
		return nil
	case len(set.Ranges) == 1 && set.Ranges[0].Lo == set.Ranges[0].Hi:
		return &ir.Cmp{Op: ir.Eq, X: x, Y: ir.Int(set.Ranges[0].Lo)}
	}
	return &ir.In{X: x, Set: set}
}
