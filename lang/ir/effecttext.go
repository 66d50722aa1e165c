package ir

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/luanids/luanids/lang/regex"
)

// Text writes the threshold as rules do.
func (t *Threshold) Text() string {
	var b strings.Builder
	b.WriteString("threshold ")
	if word := map[ThresholdKind]string{ThLimit: "limit ", ThEvery: "every ", ThBoth: "both ", ThDetection: "after ", ThBackoff: "backoff "}[t.Kind]; word != "" {
		b.WriteString(word)
	}
	b.WriteString(strconv.Itoa(t.Count))
	if t.Distinct != nil {
		b.WriteString(" distinct " + Text(t.Distinct))
	}
	if t.Kind == ThBackoff {
		fmt.Fprintf(&b, " times %d", t.Multiplier)
	} else {
		b.WriteString(" in ")
		if t.Fixed {
			b.WriteString("fixed ")
		}
		b.WriteString(DurationText(int64(t.Window)))
	}
	by := " by "
	for _, x := range t.By {
		b.WriteString(by + Text(x))
		by = ", "
	}
	return b.String()
}

// EffectText writes an effect as rules do.
func EffectText(e Effect) string {
	var b strings.Builder
	verb := map[BitOp]string{BitSet: "set ", BitUnset: "unset ", BitToggle: "toggle "}
	sign := map[IntOp]string{IntAssign: " = ", IntAdd: " += ", IntSub: " -= "}
	ttl := func(ns int64) {
		if ns > 0 {
			b.WriteString(" for " + DurationText(ns))
		}
	}
	switch e := e.(type) {
	case *SetFlowBit:
		b.WriteString(verb[e.Op] + "flow.flag(" + strconv.Quote(e.Name) + ")")
	case *SetFlowInt:
		b.WriteString("set flow.counter(" + strconv.Quote(e.Name) + ")" + sign[e.Op] + Text(e.X))
	case *SetHostBit:
		b.WriteString(verb[e.Op])
		writeKeyed(&b, "host.flag", e.Name, e.Key)
		ttl(e.TTL)
	case *SetHostInt:
		b.WriteString("set ")
		writeKeyed(&b, "host.counter", e.Name, e.Key)
		b.WriteString(sign[e.Op] + Text(e.X))
		ttl(e.TTL)
	case *AddDataset:
		b.WriteString("set ")
		writeKeyed(&b, "dataset", e.Set.Name, []Expr{e.X})
	case *RemoveDataset:
		b.WriteString("unset ")
		writeKeyed(&b, "dataset", e.Set.Name, []Expr{e.X})
	case *KeepGroup:
		fmt.Fprintf(&b, "set %s.var(%q) = capture(%s, ", map[bool]string{true: "packet", false: "flow"}[e.Packet], e.Name, Text(e.Buf))
		fmt.Fprintf(&b, "%s, %d)", regex.Quote(e.Re.String(), e.Re.Flags().String()), e.Group)
	case *TagPackets:
		of, limit := e.Host, strconv.FormatInt(e.Count, 10)+" packets"
		if of == "" {
			of = "session"
		}
		switch e.Measure {
		case "seconds":
			limit = DurationText(e.Count * int64(time.Second))
		case "bytes":
			limit = SizeText(e.Count)
		}
		b.WriteString("tag " + of + " for " + limit)
	case *StoreFile:
		b.WriteString("filestore")
		for _, part := range [...]string{e.Scope, e.Side} {
			if part != "" {
				b.WriteString("_" + part)
			}
		}
	case *StoreCerts:
		b.WriteString("tlsstore")
	case *NoLog:
		b.WriteString(map[bool]string{true: "nolog_flow", false: "nolog"}[e.Flow])
	case *Bypass:
		b.WriteString("bypass")
	case *Untracked:
		b.WriteString("untracked")
	}
	return b.String()
}
