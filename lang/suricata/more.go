package suricata

import (
	"strings"

	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
)

// didYouMean is the end of a message about an unknown word, "" when nothing is near.
func didYouMean(word string, known []string) string {
	if near := diag.Nearest(word, known); len(near) > 0 {
		return "; did you mean " + near[0] + "?"
	}
	return ""
}

// names lists the keywords that there are, for suggestions.
func (l *loader) names() []string {
	var list []string
	for name := range l.keywords {
		list = append(list, name)
	}
	for name := range stickyBuffers {
		list = append(list, name)
	}
	for name := range oldBuffers {
		list = append(list, name)
	}
	return list
}

// protocols lists what may stand in a header for the protocol.
func (l *loader) protocols() []string {
	list := []string{"tcp", "tcp-pkt", "tcp-stream", "udp", "icmp", "icmpv4", "icmpv6", "sctp", "ip", "ipv4", "ipv6", "pkthdr"}
	for _, s := range l.schema.Specs {
		list = append(list, s.Name)
	}
	return list
}

// geoip asks in which country an address is: "src,RU", "both,CN,RU", "!US" for either address.
func geoip(b *builder, v string) *problem {
	p := list(strings.Trim(v, `"`))
	where := "any"
	switch strings.ToLower(p[0]) {
	case "src", "dst", "both", "any":
		where, p = strings.ToLower(p[0]), p[1:]
	}
	var countries []string
	neg := false
	for i, c := range p {
		code, not := strings.CutPrefix(c, "!")
		if not && i > 0 {
			return fail("a ! stands before the first country, and is about all of them")
		}
		neg = neg || not
		if len(code) != 2 {
			return fail("%q is no country: two letters are wanted (ISO 3166-1)", code)
		}
		countries = append(countries, strings.ToUpper(code))
	}
	if len(countries) == 0 {
		return fail("wants src, dst, both or any, and countries: geoip:src,DE,FR")
	}
	set := ir.NewStrSet(false, countries...)
	in := func(side string) (ir.Expr, *problem) {
		x, err := b.field("geo." + side + ".country")
		if err != nil {
			return nil, err
		}
		return orNot(&ir.In{X: x, Set: set}, x, neg), nil
	}
	src, err := in("src")
	if err != nil {
		return err
	}
	dst, err := in("dst")
	if err != nil {
		return err
	}
	b.notIPOnly = true
	switch where {
	case "src":
		b.require(src)
	case "dst":
		b.require(dst)
	case "both":
		b.require(&ir.And{X: []ir.Expr{src, dst}})
	default:
		b.require(&ir.Or{X: []ir.Expr{src, dst}})
	}
	return nil
}

// l3Proto asks for the version of IP.
func l3Proto(b *builder, v string) *problem {
	switch strings.ToLower(v) {
	case "ipv4", "ip4", "ip":
		b.require(b.l.common.ip4)
	case "ipv6", "ip6":
		b.require(b.l.common.ip6)
	default:
		return fail("wants ipv4 or ipv6")
	}
	return nil
}
