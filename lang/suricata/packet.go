package suricata

import (
	"strconv"
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// bitTest is a test of flag bits: exactly these, or with a modifier + (these and any others),
// * (one of these), ! (not all of these). Bits of ignore do not count.
func bitTest(x ir.Expr, mod byte, want, ignore, all int64) ir.Expr {
	if ignore != 0 {
		x = &ir.Arith{Op: ir.BitAnd, X: x, Y: ir.Int(all &^ ignore), T: x.Type()}
	}
	masked := &ir.Arith{Op: ir.BitAnd, X: x, Y: ir.Int(want), T: x.Type()}
	switch mod {
	case '+':
		return &ir.Cmp{Op: ir.Eq, X: masked, Y: ir.Int(want)}
	case '*':
		return &ir.Cmp{Op: ir.Gt, X: masked, Y: ir.Int(0)}
	case '!':
		return &ir.And{X: []ir.Expr{&ir.Exists{X: x}, &ir.Cmp{Op: ir.Ne, X: masked, Y: ir.Int(want)}}}
	}
	return &ir.Cmp{Op: ir.Eq, X: x, Y: ir.Int(want)}
}

// bits reads letters for bits, with a modifier before or after them.
func readBits(s string, letters map[byte]int64) (bits int64, mod byte, err *problem) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+' || c == '*' || c == '!':
			mod = c
		case isSpace(c):
		default:
			if c >= 'a' && c <= 'z' {
				c -= 'a' - 'A'
			}
			bit, ok := letters[c]
			if !ok {
				return 0, 0, fail("unknown flag %q", s[i:i+1])
			}
			bits |= bit
		}
	}
	return bits, mod, nil
}

var tcpFlags = map[byte]int64{'F': 1, 'S': 2, 'R': 4, 'P': 8, 'A': 16, 'U': 32, 'E': 64, 'C': 128, '2': 64, '1': 128, '0': 0}

func flags(b *builder, v string) *problem {
	x, err := b.field("tcp.flags")
	if err != nil {
		return err
	}
	want, ignored, _ := strings.Cut(v, ",")
	bits, mod, err := readBits(want, tcpFlags)
	if err != nil {
		return err
	}
	ignore, _, err := readBits(ignored, tcpFlags)
	if err != nil {
		return err
	}
	return b.requirePacket(bitTest(x, mod, bits, ignore, 0xff))
}

func fragbits(b *builder, v string) *problem {
	x, err := b.field("ip.flags")
	if err != nil {
		return err
	}
	bits, mod, err := readBits(v, map[byte]int64{'M': 1, 'D': 2, 'R': 4})
	if err != nil {
		return err
	}
	return b.requirePacket(bitTest(x, mod, bits, 0, 7))
}

var protoNumbers = map[string]int64{
	"icmp": 1, "igmp": 2, "ggp": 3, "ipip": 4, "tcp": 6, "egp": 8, "igp": 9, "pup": 12, "udp": 17, "idp": 22, "ipv6": 41, "rsvp": 46,
	"gre": 47, "esp": 50, "ah": 51, "icmp6": 58, "ipv6-icmp": 58, "eigrp": 88, "ospf": 89, "pim": 103, "vrrp": 112, "l2tp": 115, "sctp": 132,
}

// ipProto leaves a rule IP-only, as in Suricata.
func ipProto(b *builder, v string) *problem {
	op := strings.TrimRight(v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789 ")
	name := strings.TrimSpace(v[len(op):])
	if n, ok := protoNumbers[strings.ToLower(name)]; ok {
		v = op + strconv.FormatInt(n, 10)
	}
	c, err := parseCmp(v)
	if err != nil {
		return err
	}
	b.noTCP, b.noUDP = b.noTCP || !c.holds(6), b.noUDP || !c.holds(17)
	b.require(c.on(b.l.common.proto))
	return nil
}

func ipopts(b *builder, v string) *problem {
	f := b.l.schema.Field("ip.opts")
	if f == nil {
		return fail("the engine has no field ip.opts")
	}
	b.needsPacket, b.notIPOnly = true, true
	if v == "any" {
		b.require(&ir.Exists{X: &ir.Field{F: f}})
		return nil
	}
	for _, known := range f.Values {
		if strings.EqualFold(known, v) {
			b.require(&ir.Quant{F: f, Body: &ir.Cmp{Op: ir.Eq, X: &ir.Elem{F: f}, Y: ir.Str(known)}})
			return nil
		}
	}
	return fail("unknown IP option %q", v)
}

func sameip(b *builder, v string) *problem {
	b.notIPOnly = true
	b.require(&ir.Cmp{Op: ir.Eq, X: b.l.common.srcIP, Y: b.l.common.dstIP})
	return nil
}

// vlanID reads "number", "number,any", "number,all", and "number,layer": 0 to 2 from the outermost tag, -1 to -3
// from the innermost.
func vlanID(b *builder, v string) *problem {
	f := b.l.schema.Field("vlan.id")
	if f == nil {
		return fail("the engine has no field vlan.id")
	}
	n, which, _ := strings.Cut(v, ",")
	c, err := parseCmp(n)
	if err != nil {
		return err
	}
	which = strings.TrimSpace(which)
	b.needsPacket, b.notIPOnly = true, true
	if which != "" && which != "any" && which != "all" {
		return b.vlanLayer(c, which)
	}
	b.require(&ir.Quant{All: which == "all", F: f, Body: c.on(&ir.Elem{F: f})})
	return nil
}

const maxVLANs = 3

func (b *builder) vlanLayer(c cmp, which string) *problem {
	layer, err := strconv.Atoi(which)
	if err != nil || layer < -maxVLANs || layer >= maxVLANs {
		return fail("the layer %s is not -3 to 2, any or all", which)
	}
	tag := func(n int) (ir.Expr, *problem) {
		x, err := b.field("vlan.layer" + strconv.Itoa(n))
		if err != nil {
			return nil, err
		}
		return c.on(x), nil
	}
	if layer >= 0 {
		x, err := tag(layer)
		if err == nil {
			b.require(x)
		}
		return err
	}
	layers, bad := b.field("vlan.layers")
	if bad != nil {
		return bad
	}
	var either []ir.Expr
	for n := -layer; n <= maxVLANs; n++ { // by the number of tags
		x, err := tag(n + layer)
		if err != nil {
			return err
		}
		either = append(either, &ir.And{X: []ir.Expr{&ir.Cmp{Op: ir.Eq, X: layers, Y: ir.Int(int64(n))}, x}})
	}
	b.require(orOf(either))
	return nil
}

// checksum makes the handler of the csum keywords: protocol, field of its sum, other conditions.
func checksum(proto, field string, others ...string) handler {
	return func(b *builder, v string) *problem {
		ok, err := b.field(field)
		if err != nil {
			return err
		}
		for _, name := range append([]string{proto}, others...) {
			x, err := b.field(name)
			if err != nil {
				return err
			}
			b.require(x)
		}
		switch strings.Trim(v, `"`) {
		case "valid":
			return b.requirePacket(ok)
		case "invalid":
			return b.requirePacket(&ir.Not{X: ok})
		}
		return fail("wants valid or invalid")
	}
}
