package suricata

import (
	"strings"
	"time"

	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/ir"
)

func threshold(b *builder, v string) *problem { return b.threshold(v, 0) }

func detectionFilter(b *builder, v string) *problem { return b.threshold(v, ir.ThDetection) }

var thresholdKinds = map[string]ir.ThresholdKind{"limit": ir.ThLimit, "threshold": ir.ThEvery, "both": ir.ThBoth,
	"backoff": ir.ThBackoff}

func (b *builder) threshold(v string, kind ir.ThresholdKind) *problem {
	th := ir.Threshold{Kind: kind, Pos: b.pos()}
	track := ""
	for _, o := range list(v) {
		f := strings.Fields(o)
		if len(f) != 2 {
			return fail("unknown option %q", o)
		}
		n, isNum := u32(f[1])
		switch {
		case f[0] == "unique_on":
			return fail("unique_on is of Suricata 9, these rules are of version 8: write a .nids rule with threshold after N distinct dst.port in TIME by src.ip")
		case f[0] == "type" && kind == 0:
			if th.Kind = thresholdKinds[f[1]]; th.Kind == 0 {
				return fail("the type %s is not supported", f[1])
			}
		case f[0] == "track":
			track = f[1]
		case f[0] == "count" && isNum && n > 0:
			th.Count = int(n)
		case f[0] == "multiplier" && isNum && n > 1:
			th.Multiplier = int(n)
		case f[0] == "seconds" && isNum && n > 0:
			th.Window = time.Duration(n) * time.Second
		default:
			return fail("unknown option %q", o)
		}
	}
	var ok bool
	th.By, ok = b.l.common.track(track)
	if backoff := th.Kind == ir.ThBackoff; backoff != (th.Multiplier > 0) || backoff && th.Window > 0 {
		return fail("the type backoff, and no other, wants multiplier and no seconds")
	}
	if !ok && track != "" {
		return fail("track %s: wants by_src, by_dst, by_both, by_rule or by_flow", track)
	}
	if !ok || th.Kind == 0 || th.Count == 0 || th.Window == 0 && th.Kind != ir.ThBackoff {
		return fail("wants type, track, count and seconds")
	}
	if th.Kind == ir.ThBackoff && track != "by_flow" {
		return fail("the type backoff is tracked by_flow only")
	}
	th.Fixed = th.Kind != ir.ThBackoff // which has no window
	b.r.Thresholds = append(b.r.Thresholds, th)
	return nil
}

// pair is a key of two hosts, whichever of them sends.
func (c *common) pair() []ir.Expr {
	of := func(name string) ir.Expr {
		return &ir.Call{Fn: funcs.Lookup(name).Func(), Args: []ir.Expr{c.srcIP, c.dstIP}}
	}
	return []ir.Expr{of("lower_ip"), of("higher_ip")}
}

// track gives the key that a threshold counts by.
func (c *common) track(s string) (by []ir.Expr, ok bool) {
	switch s {
	case "by_src":
		return []ir.Expr{c.srcIP}, true
	case "by_dst":
		return []ir.Expr{c.dstIP}, true
	case "by_both":
		return c.pair(), true
	case "by_flow":
		return []ir.Expr{c.flowID}, c.flowID != nil
	case "by_rule":
		return nil, true
	}
	return nil, false
}

// tagCount is Suricata's default number of packets of the keyword tag.
const tagCount = 256

func tag(b *builder, v string) *problem {
	p := list(v)
	if len(p) > 4 {
		return fail("wants session or host, and behind it a number, what is counted, and src or dst: tag:host,60,seconds,src")
	}
	t := &ir.TagPackets{Count: tagCount, Measure: "packets"}
	switch p[0] {
	case "session":
	case "host":
		t.Host = "dst"
	default:
		return fail("wants session or host")
	}
	if len(p) > 1 {
		n, ok := u32(p[1])
		if !ok {
			return fail("%q is no number", p[1])
		}
		t.Count = int64(n)
	}
	if len(p) > 2 {
		switch p[2] {
		case "packets", "bytes", "seconds":
			t.Measure = p[2]
		default:
			return fail("unknown measure %q", p[2])
		}
	}
	if len(p) > 3 {
		if p[3] != "src" && p[3] != "dst" {
			return fail("unknown option %q", p[3])
		}
		if t.Host != "" { // a session has both
			t.Host = p[3]
		}
	}
	b.r.Effects = append(b.r.Effects, t)
	return nil
}
