package engine

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/flowtable"
)

// expectations are the flows that parsers announced (FTP data connections), by the shard of the flow that announced
// them: the dispatcher puts the announced flow into the same, see pins.
type expectations struct {
	lists [flowtable.Shards][]expectation
	count int
}

type expectation struct {
	dissect.Expectation
	until  int64
	parent uint64
}

const (
	maxExpectations = 64 // of a shard
	expectFor       = int64(30e9)
)

func (x *expectations) add(w *worker, e *dissect.Env, ex dissect.Expectation) {
	if w.flow == nil || e.Flow == nil {
		return
	}
	shard := flowtable.ShardOf(w.flow.Hash)
	x.expire(shard, e.Time)
	if len(x.lists[shard]) >= maxExpectations {
		w.stats.expectDropped++
		return
	}
	x.lists[shard] = append(x.lists[shard], expectation{ex, e.Time + expectFor, e.Flow.ID})
	x.count++
}

func (x *expectations) expire(shard int, now int64) {
	list := x.lists[shard]
	keep := list[:0]
	for _, e := range list {
		if e.until >= now {
			keep = append(keep, e)
		}
	}
	x.count -= len(list) - len(keep)
	x.lists[shard] = keep
}

// claim gives a flow the protocol that was announced for it. It is asked when the flow's first bytes come: a client
// may open a data connection before it says what for.
func (x *expectations) claim(w *worker, f *flowtable.Flow) bool {
	if x.count == 0 || f.Probe[0].Done || f.Probe[1].Done {
		return false
	}
	shard := flowtable.ShardOf(f.Hash)
	x.expire(shard, w.now)
	for i := range x.lists[shard] {
		e := &x.lists[shard][i]
		if !e.covers(&f.Key) {
			continue
		}
		spec := w.apps.all[e.App]
		if spec == nil {
			return false
		}
		w.assign(f, spec)
		f.ParentID = e.parent
		for d := range f.Probe {
			f.Probe[d].Known, f.AppBy[d] = true, spec
		}
		if p, ok := f.Parser.(dissect.Expecter); ok {
			p.Expected(e.Data)
		}
		x.lists[shard] = append(x.lists[shard][:i], x.lists[shard][i+1:]...)
		x.count--
		return true
	}
	return false
}

func (e *expectation) covers(k *dissect.FlowKey) bool {
	var unset packet.Addr
	return e.Key.Proto == k.Proto &&
		(e.Key.Src == unset || e.Key.Src == k.Src) && (e.Key.Dst == unset || e.Key.Dst == k.Dst) &&
		(e.Key.SrcPort == 0 || e.Key.SrcPort == k.SrcPort) && (e.Key.DstPort == 0 || e.Key.DstPort == k.DstPort)
}
