package match

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// TakesOut tells whether a match of r takes its flow out of judgement from the next packet on: r says to drop or reject, and is
// not about single packets. That is how Suricata does it, which would not see what follows.
func (r *Rule) TakesOut() bool {
	if r.Action != ir.Drop && r.Action != ir.Reject || r.Ordered || !r.passFlow {
		return false
	}
	for _, ev := range r.Events {
		if ev != dissect.EvPacket {
			return true
		}
	}
	return r.ofApp
}

// OfApp tells whether the rule asks for the flow's protocol.
func (r *Rule) OfApp() bool { return r.ofApp }

// ofApp tells whether a rule asks for the flow's protocol.
func ofApp(rs *ruleState) bool {
	for _, f := range rs.fields {
		if f.Name == ir.FieldApp || f.Name == "flow.app" {
			return true
		}
	}
	return false
}

// LetIn has rules judged again on a flow that TakeOut took out.
func (p *Program) LetIn(f *dissect.Flow) { f.Vars.SetBit(p.passBit, false) }

// TakeOut takes a flow out of judgement.
func (p *Program) TakeOut(f *dissect.Flow) {
	if f.Vars == nil {
		f.Vars = new(dissect.FlowVars)
	}
	f.Vars.SetBit(p.passBit, true)
}
