package engine

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/flowtable"
)

// bypassed counts a packet of a flow that a rule said to bypass.
func (w *worker) bypassed(f *flowtable.Flow, p *packet.Packet, dir dissect.Dir) {
	w.count(f, p, dir)
	w.setEnv(f, dir)
	f.State = dissect.FlowBypassed
	w.stats.bypassed[0]++
	w.stats.bypassed[1] += wireBytes(p)
}

// untrack keeps the packet at hand out of its flow, and forgets a flow that has no other.
func (w *worker) untrack(sh *flowtable.Shard, f *flowtable.Flow, dir dissect.Dir) {
	w.stats.untracked++
	w.flow = nil
	f.Untracked, f.Seen[dir] = false, false // the next packet is judged as well
	if f.Packets[0]+f.Packets[1] == 0 {
		sh.Remove(f)
		sh.Release(f)
	}
}

func (e *Engine) bypassCounters(c func(string, uint64)) {
	var sum [2]uint64
	var closed uint64
	for _, w := range e.workers {
		sum[0] += w.stats.bypassed[0]
		sum[1] += w.stats.bypassed[1]
		closed += w.stats.bypassClosed
	}
	c("local_pkts", sum[0])
	c("local_bytes", sum[1])
	c("closed", closed)
}
