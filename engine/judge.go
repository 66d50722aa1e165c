package engine

import (
	"github.com/luanids/luanids/dissect"
)

// judge is a worker's view of the rules.
type judge struct {
	wants          []bool // by event: whether any rule is judged at it
	wantsPacket    bool
	wantsFlowStart bool
	wantsFlowEnd   bool
	wantsAnomaly   bool
	logged         []bool // by protocol: whether its records are written
}

func (w *worker) useProgram(schema *dissect.Schema) {
	w.rules = judge{wants: make([]bool, len(schema.Events)), logged: make([]bool, len(schema.Specs))}
	for i, s := range schema.Specs {
		w.rules.logged[i] = s.EVE != nil && w.cfg.EVEOptions.Protocol(s.Name)
	}
}

// match judges the rules of an event.
func (w *worker) match(id dissect.EventID, e *dissect.Env) {
	if !w.rules.wants[id] {
		return
	}
}
