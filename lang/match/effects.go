package match

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// localEffect is what a match does to its flow, in the worker.
type localEffect interface{ do(m *Matcher) }

type flowBitEffect struct {
	op ir.BitOp
	n  uint32
}

func (x *flowBitEffect) do(m *Matcher) {
	f := m.e.Flow
	if f == nil || f.Vars == nil && x.op == ir.BitUnset {
		return
	}
	v := m.flowVars()
	switch x.op {
	case ir.BitSet:
		v.SetBit(x.n, true)
	case ir.BitUnset:
		if v.Bit(x.n) {
			v.SetBit(x.n, false)
		}
	case ir.BitToggle:
		v.SetBit(x.n, !v.Bit(x.n))
	}
}

type flowIntEffect struct {
	op ir.IntOp
	n  uint32
	x  inode
}

func (x *flowIntEffect) do(m *Matcher) {
	k, ok := x.x.int(m)
	if !ok || m.e.Flow == nil {
		return
	}
	v := m.flowVars()
	if v.Ints == nil {
		v.Ints = map[uint32]int64{}
	}
	switch x.op {
	case ir.IntAssign:
		v.Ints[x.n] = k
	case ir.IntAdd:
		v.Ints[x.n] += k
	case ir.IntSub:
		v.Ints[x.n] -= k
	}
}

// storeEffect asks for files to be stored: the event's, or those of its message or flow. sid is the rule's number, 0 for none.
type storeEffect struct {
	sid   uint32
	scope string
	dirs  [2]bool
}

func (x storeEffect) do(m *Matcher) {
	tx := m.e.Tx
	if f := m.e.File; f != nil {
		if x.scope == "" {
			f.AskStore(x.sid)
			return
		}
		tx = f.Tx
	}
	if f := m.e.Flow; x.scope == "flow" && f != nil {
		for d, yes := range x.dirs {
			f.StoreFiles[d] = f.StoreFiles[d] || yes
		}
		return
	}
	if t, ok := tx.(dissect.Matchable); ok {
		t.RuleState().AskStore(x.sid, x.dirs)
	}
}

// certEffect asks for the session's certificates to be stored: as in Suricata the client's only of rules on what the client sends.
type certEffect struct{}

func (certEffect) do(m *Matcher) {
	if f := m.e.Flow; f != nil {
		f.StoreCerts[dissect.ToClient] = true
		f.StoreCerts[dissect.ToServer] = f.StoreCerts[dissect.ToServer] || m.e.Dir == dissect.ToServer
	}
}

// muteEffect keeps the message out of the log.
type muteEffect struct{}

func (muteEffect) do(m *Matcher) {
	if t, ok := m.e.Tx.(dissect.Muter); ok {
		t.Mute()
	}
}

// muteFlowEffect keeps the flow's messages out of the log from now on.
type muteFlowEffect struct{}

func (muteFlowEffect) do(m *Matcher) {
	if m.e.Flow != nil {
		m.e.Flow.NoLog = true
	}
}

// bypassEffect ends the work on the flow.
type bypassEffect struct{}

func (bypassEffect) do(m *Matcher) {
	if f := m.e.Flow; f != nil {
		f.Bypass = true
		m.setFlowBit(m.p.passBit)
	}
}

// untrackEffect keeps the packet out of flows.
type untrackEffect struct{}

func (untrackEffect) do(m *Matcher) {
	if m.e.Flow != nil {
		m.e.Flow.Untracked = true
	}
}

// flowVars gives the flow's variables; the event must have a flow.
func (m *Matcher) flowVars() *dissect.FlowVars {
	if m.e.Flow.Vars == nil {
		m.e.Flow.Vars = &dissect.FlowVars{}
	}
	return m.e.Flow.Vars
}

func (m *Matcher) setFlowBit(n uint32) {
	if m.e.Flow != nil {
		m.flowVars().SetBit(n, true)
	}
}

// matched does a rule's effects on the flow, and reports it.
func (m *Matcher) matched(r *Rule) {
	for _, x := range r.local {
		x.do(m)
	}
	m.out = append(m.out, Hit{r})
}

// effects compiles those effects of a rule that concern its flow.
func (b *builder) effects(r *Rule) {
	for _, e := range r.Effects {
		switch e := e.(type) {
		case *ir.SetFlowBit:
			r.local = append(r.local, &flowBitEffect{e.Op, b.c.flowBit(e.Name)})
		case *ir.SetFlowInt:
			v := b.c.value(e.X)
			if v.i == nil {
				b.c.errorf(r.Pos, "counter %s wants a number", e.Name)
				continue
			}
			r.local = append(r.local, &flowIntEffect{e.Op, b.c.flowInt(e.Name), v.i})
		case *ir.StoreFile:
			dirs := [2]bool{dissect.ToServer: e.Side != "to_client", dissect.ToClient: e.Side != "to_server"}
			r.local = append(r.local, storeEffect{r.SID, e.Scope, dirs})
		case *ir.StoreCerts:
			r.local = append(r.local, certEffect{})
		case *ir.NoLog:
			if e.Flow {
				r.local = append(r.local, muteFlowEffect{})
			} else {
				r.local = append(r.local, muteEffect{})
			}
		case *ir.Bypass:
			r.local = append(r.local, bypassEffect{})
		case *ir.Untracked:
			if r.On != "flow.start" {
				b.c.errorf(r.Pos, "untracked is for rules that are judged before a packet is part of its flow: add `on flow.start`")
				continue
			}
			r.local = append(r.local, untrackEffect{})
		case *ir.KeepGroup:
			b.capture(r, e)
		}
	}
}
