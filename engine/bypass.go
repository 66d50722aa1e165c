package engine

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/flowtable"
)

// Bypass says which flows are only counted from some point on, beside those that rules name.
type Bypass struct {
	// Streams ends the work on connections of which a direction has reached its depth (stream.bypass), and lets Encrypted do its work.
	Streams bool
	// Encrypted lists protocols whose connections it ends once they are encrypted (encryption-handling: bypass).
	Encrypted map[string]bool
}

// bypassStream ends the work on a connection of which nothing more is looked at.
func (w *worker) bypassStream(f *flowtable.Flow) {
	if f.Conn.DepthReached(dissect.ToServer) || f.Conn.DepthReached(dissect.ToClient) ||
		f.Encrypted && f.App != nil && w.cfg.Bypass.Encrypted[f.App.Name] {
		f.Bypass, f.State = true, dissect.FlowBypassed
	}
}

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
