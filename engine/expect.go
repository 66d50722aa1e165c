package engine

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine/flowtable"
)

// expectations are the flows that parsers announced (FTP data connections). They are found by
// the announced end point's shard, which need not be that of the flow that announced it.
type expectations struct {
	list []expectation
}

type expectation struct {
	dissect.Expectation
	until  int64
	parent uint64
}

const (
	maxExpectations = 1024
	expectFor       = int64(30e9)
)

func (x *expectations) add(w *worker, e *dissect.Env, ex dissect.Expectation) {
	x.expire(e.Time)
	if len(x.list) >= maxExpectations {
		w.stats.expectDropped++
		return
	}
	parent := uint64(0)
	if e.Flow != nil {
		parent = e.Flow.ID
	}
	x.list = append(x.list, expectation{ex, e.Time + expectFor, parent})
}

func (x *expectations) expire(now int64) {
	keep := x.list[:0]
	for _, e := range x.list {
		if e.until >= now {
			keep = append(keep, e)
		}
	}
	x.list = keep
}

// claim gives a new flow the protocol that was announced for it.
func (x *expectations) claim(w *worker, f *flowtable.Flow) {
	if len(x.list) == 0 {
		return
	}
	x.expire(f.Start)
	for i := range x.list {
		e := &x.list[i]
		if !e.covers(&f.Key) {
			continue
		}
		if spec := w.apps.all[e.App]; spec != nil {
			w.assign(f, spec)
			f.ParentID = e.parent
			if p, ok := f.Parser.(dissect.Expecter); ok {
				p.Expected(e.Data)
			}
		}
		x.list = append(x.list[:i], x.list[i+1:]...)
		return
	}
}

func (e *expectation) covers(k *dissect.FlowKey) bool {
	var any0 dissect.FlowKey
	return e.Key.Proto == k.Proto &&
		(e.Key.Src == any0.Src || e.Key.Src == k.Src) && (e.Key.Dst == any0.Dst || e.Key.Dst == k.Dst) &&
		(e.Key.SrcPort == 0 || e.Key.SrcPort == k.SrcPort) && (e.Key.DstPort == 0 || e.Key.DstPort == k.DstPort)
}
