package suricata

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/filefields"
	"github.com/luanids/luanids/dissect/packetfields"
	"github.com/luanids/luanids/dissect/protocols"
	"github.com/luanids/luanids/lang/ir"
)

// testSchema is the engine's schema.
func testSchema(t testing.TB) *dissect.Schema {
	t.Helper()
	common := append(packetfields.Fields(), filefields.Fields()...)
	common = append(common, dissect.Field{Name: "anomaly.event", Type: dissect.TString, Event: "anomaly",
		Bytes: func(*dissect.Env) []byte { return nil }})
	s, err := dissect.NewSchema(protocols.All(func(string) map[string]string { return nil }), common)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// dumpRule writes a rule in one line a part.
func dumpRule(r *ir.Rule) string {
	var b strings.Builder
	if r.Action != ir.Alert {
		fmt.Fprintf(&b, "%s ", r.Action)
	}
	if r.On != "" {
		fmt.Fprintf(&b, "on %s ", r.On)
	}
	if r.Payload != ir.PayloadAuto {
		b.WriteString([]string{"", "packet: ", "stream: ", "either: "}[r.Payload])
	}
	if r.Scope != ir.ScopeAuto {
		b.WriteString([]string{"", "each: ", "once a direction: ", "once a flow: "}[r.Scope])
	}
	b.WriteString(dump(r.When))
	for _, e := range r.Effects {
		b.WriteString(" ! " + dumpEffect(e))
	}
	for _, th := range r.Thresholds {
		fmt.Fprintf(&b, " # %s %d in %s by %s", [...]string{"", "limit", "every", "both", "detection", "count"}[th.Kind], th.Count, th.Window, dumpAll(th.By))
	}
	if r.NoAlert {
		b.WriteString(" noalert")
	}
	return b.String()
}

func dumpAll(xs []ir.Expr) string {
	parts := make([]string, len(xs))
	for i, x := range xs {
		parts[i] = dump(x)
	}
	return strings.Join(parts, ", ")
}

func joined(op string, xs []ir.Expr) string {
	parts := make([]string, len(xs))
	for i, x := range xs {
		parts[i] = dump(x)
		switch x.(type) {
		case *ir.And, *ir.Or:
			parts[i] = "(" + parts[i] + ")"
		}
	}
	return strings.Join(parts, op)
}

var (
	cmpText  = map[ir.CmpOp]string{ir.Eq: "==", ir.Ne: "!=", ir.Lt: "<", ir.Le: "<=", ir.Gt: ">", ir.Ge: ">="}
	testText = map[ir.TestOp]string{ir.TestEq: "==", ir.TestNe: "!=", ir.TestLt: "<", ir.TestGt: ">", ir.TestLe: "<=", ir.TestGe: ">=",
		ir.TestAnd: "&", ir.TestXor: "^", ir.TestRange: "in", ir.TestNotIn: "not in", ir.TestInclude: "in="}
	arithText = map[ir.ArithOp]string{ir.Add: "+", ir.Sub: "-", ir.Div: "/", ir.BitAnd: "&"}
)

func dump(x ir.Expr) string {
	switch x := x.(type) {
	case nil:
		return "always"
	case *ir.And:
		return joined(" and ", x.X)
	case *ir.Or:
		return joined(" or ", x.X)
	case *ir.Not:
		return "not " + joined("", []ir.Expr{x.X})
	case *ir.Field:
		return x.F.Name
	case *ir.Elem:
		return "it"
	case *ir.Const:
		if x.T == dissect.TString {
			return strconv.Quote(string(x.V.B))
		}
		return strconv.FormatInt(x.V.I, 10)
	case *ir.Arith:
		return "(" + dump(x.X) + arithText[x.Op] + dump(x.Y) + ")"
	case *ir.Cmp:
		i := ""
		if x.NoCase {
			i = "~"
		}
		return dump(x.X) + i + cmpText[x.Op] + dump(x.Y)
	case *ir.StrTest:
		return dump(x.X) + " contains " + dump(x.Y)
	case *ir.In:
		return dump(x.X) + " in " + dumpSet(x.Set)
	case *ir.Exists:
		return "exists(" + dump(x.X) + ")"
	case *ir.Len:
		return "len(" + dump(x.X) + ")"
	case *ir.Quant:
		if x.All {
			return "all(" + x.F.Name + ": " + dump(x.Body) + ")"
		}
		return "any(" + x.F.Name + ": " + dump(x.Body) + ")"
	case *ir.Content:
		return dump(x.Buf) + dumpItems(x.Items)
	case *ir.Transform:
		s := dump(x.X)
		for _, t := range x.Steps {
			s += fmt.Sprintf(".t%d", t.Op)
		}
		return s
	case *ir.Call:
		return x.Fn.Name() + "(" + dumpAll(x.Args) + ")"
	case *ir.FlowBit:
		return "bit(" + strings.Join(x.Names, "|") + ")"
	case *ir.FlowInt:
		return "flowint(" + x.Name + ")"
	case *ir.HostBit:
		return "hostbit(" + x.Name + " by " + dumpAll(x.Key) + ")"
	case *ir.InDataset:
		return dump(x.X) + " in set " + x.Set.Name + fmt.Sprintf("[%d]", len(x.Set.Load))
	case *ir.Rep:
		return "rep(" + x.Table.Name + ", " + dump(x.X) + ")"
	}
	return fmt.Sprintf("?%T", x)
}

func dumpSet(s ir.Set) string {
	switch s := s.(type) {
	case *ir.IntSet:
		return fmt.Sprint(s.Ranges)
	case *ir.IPSet:
		if s.Name != "" {
			return s.Name
		}
		return fmt.Sprintf("ips%d", s.Len())
	case *ir.StrSet:
		return fmt.Sprintf("strs%d", s.Len())
	}
	return "?"
}

func dumpNum(n *ir.Num) string {
	if n.Var != "" {
		return n.Var
	}
	return strconv.FormatInt(n.N, 10)
}

func dumpItems(items []ir.Item) string {
	parts := make([]string, len(items))
	for i, it := range items {
		parts[i] = dumpItem(it)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func flagText(on bool, s string) string {
	if on {
		return s
	}
	return ""
}

func dumpConv(c *ir.Conv, off *ir.Num, relative bool) string {
	s := dumpNum(&c.Bytes) + "@" + dumpNum(off) + flagText(relative, "r") + flagText(c.Little, " little")
	if c.String {
		s += " string" + strconv.Itoa(c.Base)
	}
	if c.Bitmask != 0 {
		s += fmt.Sprintf(" mask %#x", c.Bitmask)
	}
	return s
}

func dumpItem(it ir.Item) string {
	switch it := it.(type) {
	case *ir.Lit:
		s := flagText(it.Neg, "!") + strconv.Quote(string(it.Bytes)) + flagText(it.NoCase, "i") + flagText(it.StartsWith, " start") + flagText(it.EndsWith, " end")
		for _, n := range []struct {
			name string
			n    *ir.Num
		}{{"offset", it.Offset}, {"depth", it.Depth}, {"distance", it.Distance}, {"within", it.Within}} {
			if n.n != nil {
				s += " " + n.name + " " + dumpNum(n.n)
			}
		}
		if it.Fast {
			s += " fast"
			if it.FastLen > 0 {
				s += fmt.Sprintf(" %d,%d", it.FastOff, it.FastLen)
			}
		}
		return s
	case *ir.Re:
		return flagText(it.Neg, "!") + "/" + it.Re.String() + "/" + flagText(it.Relative, "R")
	case *ir.IsDataAt:
		return flagText(it.Neg, "!") + "dataat " + dumpNum(&it.N) + flagText(it.Relative, "r")
	case *ir.ByteTest:
		return "test " + dumpConv(&it.Conv, &it.Offset, it.Relative) + " " + flagText(it.Neg, "!") + testText[it.Op] + " " + dumpNum(&it.Value)
	case *ir.ByteJump:
		s := "jump " + dumpConv(&it.Conv, &it.Offset, it.Relative) + flagText(it.Align, " align") + flagText(it.FromBeginning, " begin") + flagText(it.FromEnd, " end")
		if it.Multiplier != 0 {
			s += fmt.Sprintf(" *%d", it.Multiplier)
		}
		if it.Post != (ir.Num{}) {
			s += " post " + dumpNum(&it.Post)
		}
		return s
	case *ir.ByteExtract:
		return it.Name + "=" + dumpConv(&it.Conv, &it.Offset, it.Relative)
	case *ir.ByteMath:
		return it.Name + "=" + dumpConv(&it.Conv, &it.Offset, it.Relative) + string(it.Op) + dumpNum(&it.R)
	case *ir.Base64:
		return fmt.Sprintf("base64 %d@%d%s", it.Bytes, it.Offset, flagText(it.Relative, "r")) + dumpItems(it.Items)
	case *ir.SizeTest:
		s := "size " + testText[it.Op] + " " + dumpNum(&it.N)
		if it.Op == ir.TestRange || it.Op == ir.TestNotIn {
			s += ".." + dumpNum(&it.Hi)
		}
		return s
	case *ir.ASN1:
		return ir.ItemText(it)
	case *ir.Entropy:
		return fmt.Sprintf("entropy %d@%d %s %g %g", it.Bytes, it.Offset, testText[it.Op], it.Value, it.Hi)
	}
	return fmt.Sprintf("?%T", it)
}

func dumpEffect(e ir.Effect) string {
	ops := [...]string{"", "set", "unset", "toggle"}
	switch e := e.(type) {
	case *ir.SetFlowBit:
		return ops[e.Op] + " bit " + e.Name
	case *ir.SetFlowInt:
		return "flowint " + e.Name + [...]string{"", "=", "+=", "-="}[e.Op] + dump(e.X)
	case *ir.SetHostBit:
		return fmt.Sprintf("%s hostbit %s by %s for %ds", ops[e.Op], e.Name, dumpAll(e.Key), e.TTL/1e9)
	case *ir.AddDataset:
		return "add " + dump(e.X) + " to " + e.Set.Name
	case *ir.TagPackets:
		return fmt.Sprintf("tag %s %d %s", e.Host, e.Count, e.Measure)
	case *ir.NoLog:
		return "nolog"
	case *ir.StoreCerts:
		return "tlsstore"
	case *ir.StoreFile:
		return "store"
	}
	return fmt.Sprintf("?%T", e)
}
