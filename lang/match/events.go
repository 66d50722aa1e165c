package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// when derives the events at which a rule is judged from the fields that it names:
//
//   - fields of a protocol: the event of the highest phase among them (for a growing field under a negation, the event at
//     which it is complete);
//   - else fields of a core event (file, anomaly, flow.end): that event, as the message, if any, hangs on it;
//   - else payload: stream.data, or packets if the rule says so or names fields that only packets have;
//   - else packets, or the first packet of each direction for rules of that scope.
func (c *compiler) when(r *ir.Rule, rs *ruleState) ([]dissect.EventID, *Problem) {
	rs.asked = r.On == "" && c.asks(rs.fields)
	if r.On != "" {
		return c.pinned(r, rs)
	}
	best, why, prob := c.highest(r, rs)
	if prob != nil {
		return nil, prob
	}
	if core := c.coreEvent(rs); core != dissect.EvNone {
		if core == dissect.EvFlowEnd && why != nil {
			return nil, problem(r, "no-common-event", fmt.Sprintf("%s is of a message, which is gone at flow.end", why.Name))
		}
		return []dissect.EventID{core}, nil
	}
	if why != nil {
		return []dissect.EventID{best}, nil
	}
	payload, packet := false, false
	for _, f := range rs.fields {
		payload = payload || f.Name == ir.FieldPayload
		packet = packet || f.Event == "packet"
	}
	switch {
	case payload && r.Payload == ir.PayloadEither:
		return []dissect.EventID{dissect.EvPacket, dissect.EvStreamData}, nil
	case payload && (r.Payload == ir.PayloadPacket || r.Payload == ir.PayloadAuto && packet):
		return []dissect.EventID{dissect.EvPacket}, nil
	case payload:
		return []dissect.EventID{dissect.EvStreamData}, nil
	case r.Scope == ir.ScopeFlowDir:
		return []dissect.EventID{dissect.EvFlowStart, dissect.EvPacket}, nil
	}
	return []dissect.EventID{dissect.EvPacket}, nil
}

func problem(r *ir.Rule, code, msg string) *Problem {
	return &Problem{Pos: r.Pos, Rule: r.ID, Code: code, Msg: msg, Error: true}
}

func (p *Problem) hinted(hint string) *Problem {
	p.Hint = hint
	return p
}

// fieldSet is the set of the fields that a rule names; they are few.
type fieldSet []*dissect.Field

func (s *fieldSet) add(f *dissect.Field) {
	if !slices.Contains(*s, f) {
		*s = append(*s, f)
	}
}

// fieldFacts are what is often asked of a field: the events at which it is known and complete, false if the schema has none.
type fieldFacts struct {
	event, done, answer       dissect.EventID
	hasEvent, ended, answered bool
}

func (c *compiler) factsOf(f *dissect.Field) fieldFacts {
	x, ok := c.facts[f]
	if !ok {
		x.event, x.hasEvent = c.p.schema.EventByName(f.Event)
		x.done, x.ended = c.p.schema.EventByName(f.Done)
		x.answer, x.answered = c.p.schema.EventByName(f.Answer)
		c.facts[f] = x
	}
	return x
}

// eventOf is the event that a field waits for in this rule.
func (c *compiler) eventOf(f *dissect.Field, rs *ruleState) (dissect.EventID, bool) {
	x := c.factsOf(f)
	if f.Grows && rs.uses.late[f] && f.Done != "" {
		return x.done, x.ended
	}
	if rs.asked && x.answered {
		return x.answer, true
	}
	return x.event, x.hasEvent
}

// asks tells whether fields name a question beside what is about its answer: an event between that of all messages, at which the
// latter are known, and that of the answer.
func (c *compiler) asks(fields fieldSet) bool {
	events := c.p.schema.Events
	for _, f := range fields {
		x := c.factsOf(f)
		if !x.answered {
			continue
		}
		all, answer := events[x.event], events[x.answer]
		for _, g := range fields {
			y := c.factsOf(g)
			if !y.hasEvent || y.answered {
				continue
			}
			if ev := events[y.event]; ev.Spec == answer.Spec && ev.Phase > all.Phase && ev.Phase < answer.Phase {
				return true
			}
		}
	}
	return false
}

// highest finds the protocol's event of the highest phase among the fields; why is a field that asks for it.
func (c *compiler) highest(r *ir.Rule, rs *ruleState) (best dissect.EventID, why *dissect.Field, prob *Problem) {
	var info dissect.EventInfo
	for _, f := range sortedFields(rs.fields) {
		id, ok := c.eventOf(f, rs)
		if !ok {
			continue
		}
		ev := c.p.schema.Events[id]
		if ev.Spec == nil {
			continue
		}
		switch {
		case why == nil:
		case ev.Spec.CarriedBy(info.Spec): // known at its events, which come with their carrier
		case info.Spec.CarriedBy(ev.Spec):
			continue
		case ev.Spec != info.Spec:
			return 0, nil, problem(r, "no-common-event", fmt.Sprintf(
				"%s is of %s and %s of %s: no event has both", why.Name, info.Spec.Name, f.Name, ev.Spec.Name)).hinted(
				"alternatives (or) of several protocols are judged each at its own messages; what must hold of both is a sequence, or two rules and a flow flag")
		case ev.ID != info.ID && ev.Phase == info.Phase:
			return 0, nil, problem(r, "no-common-event", fmt.Sprintf(
				"%s is known at %s and %s at %s: no event has both", why.Name, info.Name, f.Name, ev.Name))
		case ev.Phase < info.Phase || ev.ID == info.ID:
			continue
		}
		best, why, info = id, f, ev
	}
	return best, why, nil
}

// coreEvent gives the core event that one of the fields belongs to, EvNone if none does.
func (c *compiler) coreEvent(rs *ruleState) dissect.EventID {
	best := dissect.EvNone
	for _, f := range rs.fields {
		id, ok := c.eventOf(f, rs)
		if !ok || c.p.schema.Events[id].Spec != nil {
			continue
		}
		switch id {
		case dissect.EvFile:
			best = id
		case dissect.EvFileData:
			if best != dissect.EvFile {
				best = id
			}
		case dissect.EvAnomaly, dissect.EvFlowEnd:
			if best == dissect.EvNone || best == dissect.EvPacket {
				best = id
			}
		}
	}
	return best
}

// pinned checks that what the rule names is known at the event that it is pinned to.
func (c *compiler) pinned(r *ir.Rule, rs *ruleState) ([]dissect.EventID, *Problem) {
	id, ok := c.p.schema.EventByName(r.On)
	if !ok {
		return nil, problem(r, "unknown-event", "unknown event "+r.On)
	}
	at := c.p.schema.Events[id]
	for _, f := range sortedFields(rs.fields) {
		fid, ok := c.eventOf(f, rs)
		if !ok || fid == id {
			continue
		}
		ev := c.p.schema.Events[fid]
		if ev.Spec == nil {
			if fid != dissect.EvPacket {
				return nil, problem(r, "no-common-event", fmt.Sprintf("%s is known at %s only, not at %s", f.Name, ev.Name, r.On))
			}
			continue
		}
		if at.Spec == nil {
			if id == dissect.EvFile || id == dissect.EvFileData || id == dissect.EvAnomaly {
				continue
			}
			return nil, problem(r, "no-common-event", fmt.Sprintf("%s is of a message, and is not known at %s", f.Name, r.On))
		}
		if ev.Spec != at.Spec || ev.Phase >= at.Phase {
			return nil, problem(r, "no-common-event", fmt.Sprintf("%s is known from %s on, not at %s", f.Name, ev.Name, r.On))
		}
	}
	return []dissect.EventID{id}, nil
}

// sortedFields gives the set in the order of the names.
func sortedFields(set fieldSet) []*dissect.Field {
	slices.SortFunc(set, func(a, b *dissect.Field) int { return strings.Compare(a.Name, b.Name) })
	return set
}

// repeating lists the events that come several times for one message: those that say so, and those at which a field
// grows.
func repeating(s *dissect.Schema) []bool {
	out := make([]bool, len(s.Events))
	out[dissect.EvFileData] = true
	for _, f := range s.Fields() {
		if id, ok := s.EventByName(f.Event); ok && f.Grows {
			out[id] = true
		}
	}
	for i := range s.Events {
		out[i] = out[i] || s.Events[i].Repeats
	}
	return out
}
