package match

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// header is the part of a rule that flow and packet headers decide. Rules with equal headers
// share one, which is tested at most once an event.
type header struct {
	dirs   uint8      // bit 0: to server, bit 1: to client
	protos *[4]uint64 // set of IP protocols, nil: any
	conds  []cond     // ports, addresses, flow state; all must hold
	terms  []ir.Expr  // parallel, for explanations
	// stable: it holds for all packets of one direction of a flow or for none, as long as the flow's state and protocol
	// stay the same.
	stable bool
}

// stableFields are the fields that do not change from packet to packet of a direction, but
// with the flow's state and protocol.
var stableFields = map[string]bool{
	ir.FieldSrcIP: true, ir.FieldDstIP: true, ir.FieldSrcPort: true, ir.FieldDstPort: true,
	"client.ip": true, "server.ip": true, "client.port": true, "server.port": true,
	ir.FieldProto: true, ir.FieldTCP: true, ir.FieldUDP: true, ir.FieldICMP: true, ir.FieldSCTP: true, "icmpv4": true, "icmpv6": true,
	"ip": true, ir.FieldIPv4: true, ir.FieldIPv6: true, ir.FieldEstablished: true, ir.FieldApp: true, "flow.app": true,
}

func allStable(terms []ir.Expr) bool {
	for _, x := range terms {
		for _, f := range ir.Fields(x, nil) {
			if !stableFields[f.Name] {
				return false
			}
		}
	}
	return true
}

const bothDirs = 3

func (h *header) hasProto(p uint8) bool {
	return h.protos == nil || h.protos[p>>6]>>(p&63)&1 != 0
}

type hdrSlot struct {
	gen    uint32
	result bool
}

// header tests header n for the event at hand.
func (m *Matcher) header(n uint32) bool {
	s := &m.hmemo[n]
	if s.gen == m.gen {
		return s.result
	}
	s.gen = m.gen
	s.result = m.testHeader(&m.p.headers[n])
	return s.result
}

func (m *Matcher) testHeader(h *header) bool {
	if h.dirs>>m.e.Dir&1 == 0 {
		return false
	}
	if h.protos != nil && !h.hasProto(m.view().proto) {
		return false
	}
	for _, c := range h.conds {
		if !c.test(m) {
			return false
		}
	}
	return m.failed == failNone
}

// protoSet gives the IP protocols that a condition allows; ok false if it is about something else. Unless it is exact, the
// condition may fail for protocol 0 as well, which stands for none.
func protoSet(x ir.Expr) (set [4]uint64, exact, ok bool) {
	add := func(ps ...uint8) {
		for _, p := range ps {
			set[p>>6] |= 1 << (p & 63)
		}
	}
	switch x := x.(type) {
	case *ir.Field:
		switch x.F.Name {
		case ir.FieldTCP:
			add(6)
		case ir.FieldUDP:
			add(17)
		case ir.FieldICMP:
			add(1, 58)
		case "icmpv4":
			add(1)
		case "icmpv6":
			add(58)
		case ir.FieldSCTP:
			add(132)
		default:
			return set, false, false
		}
		return set, true, true
	case *ir.Cmp:
		f, isField := x.X.(*ir.Field)
		k, isConst := x.Y.(*ir.Const)
		if isField && isConst && f.F.Name == ir.FieldProto && k.V.I>>8 == 0 {
			for p := range 256 {
				n := int64(p)
				if x.Op == ir.Ne && (n != k.V.I || n == 0) || compareInt(x.Op, n, k.V.I) { // Ne holds where there is none
					add(uint8(p))
				}
			}
			return set, (set[0]&1 != 0) == (x.Op == ir.Ne && k.V.I != 0), true
		}
	case *ir.In:
		f, isField := x.X.(*ir.Field)
		s, isInts := x.Set.(*ir.IntSet)
		if isField && isInts && f.F.Name == ir.FieldProto {
			for p := range 256 {
				if s.Has(int64(p)) {
					add(uint8(p))
				}
			}
			return set, set[0]&1 == 0, true
		}
	case *ir.Or:
		exact = true
		for _, y := range x.X {
			s, all, ok := protoSet(y)
			if !ok {
				return set, false, false
			}
			exact = exact && all
			for i := range set {
				set[i] |= s[i]
			}
		}
		return set, exact, len(x.X) > 0
	case *ir.Not:
		if s, all, ok := protoSet(x.X); ok && all {
			for i := range s {
				s[i] = ^s[i]
			}
			return s, true, true
		}
	}
	return set, false, false
}

// dirSet gives the directions that a condition allows.
func dirSet(x ir.Expr) (uint8, bool) {
	switch x := x.(type) {
	case *ir.Field:
		switch x.F.Name {
		case ir.FieldToServer:
			return 1 << dissect.ToServer, true
		case ir.FieldToClient:
			return 1 << dissect.ToClient, true
		}
	case *ir.Not:
		if d, ok := dirSet(x.X); ok {
			return bothDirs &^ d, true
		}
	}
	return 0, false
}

// isHeader tells whether a condition is about flow or packet headers only, and cheap.
func isHeader(x ir.Expr, n *node) bool {
	if n.volatile || n.vars || n.payload || !onlyHeaderFields(x) {
		return false
	}
	return n.cost < 20 || n.cost < 200 && allStable([]ir.Expr{x})
}

// needsFlow tells whether it can hold for packets of a flow only.
func (h *header) needsFlow() bool {
	for _, x := range h.terms {
		if f, ok := x.(*ir.Field); ok && f.F.Name == ir.FieldEstablished {
			return true
		}
	}
	app, _ := h.appOf()
	return app != ""
}

// narrow tells whether few flows have such a header: it asks for a port.
func (h *header) narrow() bool {
	for _, x := range h.terms {
		switch x := x.(type) {
		case *ir.In:
			if s, ok := x.Set.(*ir.IntSet); ok && isPort(x.X) && fewPorts(s) {
				return true
			}
		case *ir.Cmp:
			if x.Op == ir.Eq && isPort(x.X) {
				return true
			}
		}
	}
	return false
}

func isPort(x ir.Expr) bool {
	f, ok := x.(*ir.Field)
	return ok && (f.F.Name == ir.FieldSrcPort || f.F.Name == ir.FieldDstPort)
}

// fewPorts tells whether a set holds at most a hundred ports.
func fewPorts(s *ir.IntSet) bool {
	n := int64(0)
	for _, r := range s.Ranges {
		n += r.Hi - r.Lo + 1
	}
	return n <= 100
}

func onlyHeaderFields(x ir.Expr) bool {
	switch x := x.(type) {
	case *ir.Field:
		return x.F.Event == "" && !x.F.Multi
	case *ir.Const:
		return true
	case *ir.Not:
		return onlyHeaderFields(x.X)
	case *ir.Cmp:
		return onlyHeaderFields(x.X) && onlyHeaderFields(x.Y)
	case *ir.In:
		return onlyHeaderFields(x.X)
	case *ir.Or:
		return allHeader(x.X)
	case *ir.And:
		return allHeader(x.X)
	}
	return false
}

func allHeader(xs []ir.Expr) bool {
	for _, x := range xs {
		if !onlyHeaderFields(x) {
			return false
		}
	}
	return true
}
