package lua

import (
	"regexp"

	"github.com/luanids/luanids/dissect"
)

// Needs is what the scripts ask of the engine, beside their subscriptions.
type Needs struct {
	// Bodies: some script reads contents that grow (Limits.KeepBodies). Filters have needs of their own,
	// which the Program that compiles them tells.
	Bodies bool
	// Windows: some handler of stream.data may read what came before the new bytes (ev.window).
	Windows bool
	// Fields are the fields that literal handlers read, as far as the text tells.
	Fields map[*dissect.Field]bool
}

// readsWindow finds scripts that may read ev.window, or all of an event.
var readsWindow = regexp.MustCompile(`\b(window|copy|expr|require)\b`)

// Needs gives what the scripts ask of the engine, as far as their text tells: what they read by names made at run
// time (ev:get) is not known before.
func (rt *Runtime) Needs() Needs {
	n := Needs{Fields: map[*dissect.Field]bool{}}
	for _, v := range rt.vms {
		for _, h := range v.prog.handlers {
			id, ok := rt.schema.EventByName(h.event)
			if !ok {
				continue
			}
			for _, r := range h.reads {
				if k := rt.tree.events[id].find(r.name); k != nil && k.field != nil {
					n.Fields[k.field] = true
				}
			}
		}
		for i := range v.handlers {
			n.Bodies = n.Bodies || v.handlers[i].event == dissect.EvFileData
			n.Windows = n.Windows || v.handlers[i].event == dissect.EvStreamData && v.handlers[i].kind == SubEvent && readsWindow.MatchString(v.prog.text)
		}
	}
	for f := range n.Fields {
		n.Bodies = n.Bodies || f.Grows
	}
	return n
}
