package engine

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/flowtable"
)

// logFlow writes the records of a flow that ended.
func (w *worker) logFlow(f *flowtable.Flow, why flowtable.Reason) {
	w.stats.ends.add(f)
	if w.eve == nil {
		return
	}
	opt := w.eve.Options()
	if opt.Core[eve.FlowRecord] {
		end := eve.FlowEnd{Reason: why.String()}
		if p := w.cfg.Program; p != nil && p.Passed(f.Vars) && !f.Bypass {
			end.Action = "pass"
		}
		if f.Excepted != 0 {
			if a := w.exceptionAction(f); a != "" {
				end.Action = a
			}
			if opt.FlowPolicy {
				end.Exceptions = w.exceptionsOf(f)
			}
		}
		if f.Dropped {
			end.Action = "drop"
		}
		if f.Key.Proto == packet.ProtoTCP {
			end.TCP = w.tcpEnd(f)
		}
		w.line(w.eve.Flow(w.lines(), &f.Flow, w.now, end))
	}
	if opt.Core[eve.Netflow] {
		for d := range dissect.Dir(2) {
			if f.Packets[d] > 0 {
				w.line(w.eve.Netflow(w.lines(), &f.Flow, d, w.now))
			}
		}
	}
}
