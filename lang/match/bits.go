package match

import "github.com/luanids/luanids/dissect"

// FlowBitNames gives the names of the flow flags by their number; "" for those that only the
// compiler uses.
func (p *Program) FlowBitNames() []string { return byNumber(p.flowBits) }

// FlowIntNames gives the names of the flow counters by their number; "" for those that only the compiler uses.
func (p *Program) FlowIntNames() []string { return byNumber(p.flowInts) }

// byNumber lists names by their number, without those that only the compiler uses.
func byNumber(numbers map[string]uint32) []string {
	names := make([]string, len(numbers))
	for name, n := range numbers {
		if int(n) < len(names) && name != "" && name[0] != 0 {
			names[n] = name
		}
	}
	return names
}

// HasSequences tells whether State.Tick must be called as time goes on.
func (p *Program) HasSequences() bool { return len(p.sequences) > 0 }

// Passed tells whether a pass rule took the flow with these variables out of judgement.
func (p *Program) Passed(v *dissect.FlowVars) bool { return v.Bit(p.passBit) }
