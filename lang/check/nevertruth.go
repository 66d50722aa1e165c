package check

import (
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
)

// exclusive lists truth values of which one holds at a time.
var exclusive = [][]string{
	{"tcp", "udp", "sctp", "icmp", "icmpv4", "icmpv6", "igmp"},
	{"ipv4", "ipv6"},
	{"to_server", "to_client"},
}

// hold notes that a truth value holds, or not.
func (k *claims) hold(name string, a atom) {
	if k.truth == nil {
		k.truth = map[string]atom{}
	}
	if a.neg {
		if old, ok := k.truth[name]; ok {
			k.contradict(a, old)
			return
		}
		k.truth["!"+name] = a
		return
	}
	if old, ok := k.truth["!"+name]; ok {
		k.contradict(a, old)
		return
	}
	for _, group := range exclusive {
		if !slices.Contains(group, name) {
			continue
		}
		for _, other := range group {
			if old, ok := k.truth[other]; ok && other != name && !bothICMP(other, name) {
				k.contradict(a, old)
				return
			}
		}
	}
	k.truth[name] = a
	if k.proto != nil && !carried(k.proto, name) {
		k.contradict(a, k.why)
	}
}

func bothICMP(a, b string) bool {
	return strings.HasPrefix(a, "icmp") && strings.HasPrefix(b, "icmp") && (a == "icmp" || b == "icmp")
}

// carried tells whether a protocol's messages may come over a transport protocol.
func carried(s *dissect.Spec, transport string) bool {
	switch transport {
	case "tcp":
		return s.TCP != nil || s.UDP == nil
	case "udp":
		return s.UDP != nil || s.TCP == nil
	case "icmp", "icmpv4", "icmpv6", "igmp":
		return s.TCP == nil && s.UDP == nil
	}
	return true
}

// headers are fields by the first part of their name that only packets of one transport protocol have.
var headers = []string{"tcp", "udp", "icmpv4", "icmpv6", "sctp"}

// implies notes what follows from a field that is there: the protocol of the message, or of the packet.
func (k *claims) implies(f *dissect.Field, a atom) {
	if p := k.protocol(f); p != nil {
		k.message(f, p, a)
		return
	}
	if head, _, ok := strings.Cut(f.Name, "."); ok && slices.Contains(headers, head) {
		if _, known := k.truth[head]; !known {
			k.hold(head, a)
		}
	}
}

// message notes that the rule is about a message of a protocol.
func (k *claims) message(f *dissect.Field, p *dissect.Spec, a atom) {
	if k.proto != nil && k.proto != p && !p.CarriedBy(k.proto) && !k.proto.CarriedBy(p) {
		if k.alt {
			k.contradict(a, k.why)
			return
		}
		k.report(diag.TwoProtocols(a.at, k.src.of(a.at), p.Name, k.src.of(k.why.at), k.proto.Name))
		k.dead = true
	}
	if k.proto == nil || k.proto != p {
		for _, t := range []string{"tcp", "udp", "icmp", "icmpv4", "icmpv6"} {
			if old, ok := k.truth[t]; ok && !carried(p, t) {
				k.contradict(a, old)
				return
			}
		}
	}
	k.proto, k.why = p, a
}

// protocol gives the protocol whose message carries a field.
func (c *checker) protocol(f *dissect.Field) *dissect.Spec {
	return c.eventSpec(f.Event)
}

func interval(op ir.CmpOp, n int64) *ir.IntSet {
	r := ir.Range{Lo: -maxInt, Hi: maxInt}
	switch op {
	case ir.Eq:
		r.Lo, r.Hi = n, n
	case ir.Lt:
		r.Hi = n - 1
	case ir.Le:
		r.Hi = n
	case ir.Gt:
		r.Lo = n + 1
	case ir.Ge:
		r.Lo = n
	}
	return ir.NewIntSet(r)
}
