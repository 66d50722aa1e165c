package match

import (
	"encoding/binary"
	"net/netip"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// Scripts of the ordered stage set flags of flows whose worker is far ahead by then. So that rules see such a flag at
// the same place whatever the number of workers, those that test it are judged there too: the flag is kept like one
// of a host, under the flow's id. FlowFlags has the rules ask so.

// scriptFlag is what a flow flag that scripts set is called among the flags of hosts.
func scriptFlag(name string) string { return "\x00flow\x00" + name }

// FlowFlags changes the rules that test one of the flow flags that scripts set.
func FlowFlags(schema *dissect.Schema, rules []*ir.Rule, names []string) {
	id := schema.Field("flow.id")
	if id == nil || len(names) == 0 {
		return
	}
	set := map[string]bool{}
	for _, n := range names {
		set[n] = true
	}
	for _, r := range rules {
		r.When = withScriptFlags(r.When, set, id)
	}
}

func withScriptFlags(x ir.Expr, set map[string]bool, id *dissect.Field) ir.Expr {
	switch x := x.(type) {
	case *ir.FlowBit:
		either := []ir.Expr{x}
		for _, n := range x.Names {
			if set[n] {
				either = append(either, &ir.HostBit{Name: scriptFlag(n), Key: []ir.Expr{&ir.Field{F: id, Pos: x.Pos}}, Pos: x.Pos})
			}
		}
		if len(either) > 1 {
			return &ir.Or{X: either}
		}
	case *ir.Not:
		return &ir.Not{X: withScriptFlags(x.X, set, id)}
	case *ir.And:
		return &ir.And{X: allWithScriptFlags(x.X, set, id)}
	case *ir.Or:
		return &ir.Or{X: allWithScriptFlags(x.X, set, id)}
	case *ir.Quant:
		return &ir.Quant{All: x.All, F: x.F, Body: withScriptFlags(x.Body, set, id), Pos: x.Pos}
	}
	return x
}

func allWithScriptFlags(xs []ir.Expr, set map[string]bool, id *dissect.Field) []ir.Expr {
	out := make([]ir.Expr, len(xs))
	for i, x := range xs {
		out[i] = withScriptFlags(x, set, id)
	}
	return out
}

// flagTTL is how long a flag of a flow is remembered after it was set, nanoseconds: flows seldom last longer.
const flagTTL = int64(24 * 3600e9)

// SetFlowFlag sets or clears a flag of a flow, for scripts.
func (st *State) SetFlowFlag(name string, flow uint64, on bool, now int64) {
	st.HostFlag(scriptFlag(name), intKey(flow), on, now, flagTTL)
}

// FlowFlag tells whether a script has set a flag of a flow.
func (st *State) FlowFlag(name string, flow uint64, now int64) bool {
	return st.hasFlag(scriptFlag(name), intKey(flow), now)
}

// SetAddrFlag sets or clears a flag of an address for ttl nanoseconds, as `set host.flag(name, src.ip)` does.
func (st *State) SetAddrFlag(name string, ip netip.Addr, on bool, now, ttl int64) {
	st.HostFlag(name, addrKey(ip), on, now, ttl)
}

// AddrFlag tells whether a flag of an address is set.
func (st *State) AddrFlag(name string, ip netip.Addr, now int64) bool {
	return st.hasFlag(name, addrKey(ip), now)
}

func (st *State) hasFlag(name string, key []byte, now int64) bool {
	k := append(append([]byte("b"), name...), 0)
	_, ok := st.hosts.get(append(k, key...), now)
	return ok
}

// intKey and addrKey are keys of one captured value, as State.key makes them.
func intKey(n uint64) []byte { return binary.LittleEndian.AppendUint64([]byte{1, 8}, n) }

func addrKey(ip netip.Addr) []byte {
	b := ip.As16()
	return append([]byte{1, 16}, b[:]...)
}

// FlowBit gives the number of a flow flag that rules name.
func (p *Program) FlowBit(name string) (uint32, bool) {
	n, ok := p.flowBits[name]
	return uint32(n), ok
}
