package engine

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/reassembly/tcp"
)

// tcpPacket runs a segment through its connection. The result is the flow that it belongs to,
// which is a new one where a connection reuses the addresses and ports of an old one.
func (w *worker) tcpPacket(f *flowtable.Flow, p *packet.Packet, dir dissect.Dir) *flowtable.Flow {
	if f.Kill != nil && w.ownReset(f, p) {
		return f
	}
	before := takeTotals(f, dir)
	w.count(f, p, dir)
	w.setEnv(f, dir)
	if w.sumBad(p) {
		w.stats.csumTCP++
		if w.setEnv(f, dir); len(p.Payload) > 0 {
			w.loneData(f, dir, p.Payload) // as in Suricata: of no stream, yet looked at
		}
		return f
	}
	urgent := f.Conn.UrgentBytes(f.ConnDir(dir))
	r := w.assembler(f).Packet(&f.Conn, p, f.ConnDir(dir), w)
	switch {
	case r.Has(tcp.NewSession):
		before.restore(f, dir) // the packet was not the old flow's
		f, dir, urgent = w.reuse(f, p), dissect.ToServer, 0
		w.count(f, p, dir)
		w.setEnv(f, dir)
		r = w.assembler(f).Packet(&f.Conn, p, f.ConnDir(dir), w)
	case r.Has(tcp.Reversed):
		w.swap(f)
		f.Conn.Swap()
		f.ConnFlipped = !f.ConnFlipped // both were turned
		dir = w.dir
		w.setEnv(f, dir)
		r = w.assembler(f).Packet(&f.Conn, p, f.ConnDir(dir), w)
	}
	dir = w.dir
	w.place.on = false
	if !r.Has(tcp.Valid) && len(p.Payload) > 0 {
		w.loneData(f, dir, p.Payload) // of no stream: what it says is judged by itself
	}
	f.TCPFlags[dir] |= p.TCPFlags
	f.Payload[dir] += uint64(len(p.Payload))
	f.State = tcpFlowState(f.Conn.State())
	if r.Has(tcp.NoSession) || f.Conn.Midstream() && !f.Midstream {
		w.midstream(f, p, r)
	}
	f.Midstream = f.Conn.Midstream()
	if f.AppUnacked && f.Conn.Acked(f.AppDir) >= f.AppUntil && f.AppDir != f.ConnDir(dir) && p.TCPFlags&packet.SYN == 0 { // a SYN/ACK may acknowledge data, yet does not count
		f.AppUnacked = false
	}
	if f.Waiting != nil && r.Has(tcp.Valid) {
		w.acknowledged(f, p, f.ConnDir(dir))
	}
	if f.Shown != nil && r.Has(tcp.Valid) && !r.Has(tcp.Delivered) {
		w.inspected(f, f.ConnDir(dir))
	}
	if w.cfg.Bypass.Streams {
		w.bypassStream(f)
	}
	if w.scripts != nil && w.scripts.face.tcp != nil {
		w.nidsState(f, p, dir, urgent)
	}
	return f
}

// reuse ends a finished flow and makes one for the connection that takes over its tuple.
func (w *worker) reuse(f *flowtable.Flow, p *packet.Packet) *flowtable.Flow {
	sh := w.shards[flowtable.ShardOf(f.Hash)]
	sh.Remove(f)
	w.stats.flows.Reused++
	w.endFlow(sh, f, flowtable.TCPReuse)
	w.keys.flowKey(p, &w.key)
	f = w.newFlow(sh, p)
	w.flow, w.dir = f, dissect.ToServer
	w.flowStart(f, dissect.ToServer)
	return f
}

func tcpFlowState(s tcp.State) dissect.FlowState {
	switch s {
	case tcp.StateNone, tcp.StateSynSent, tcp.StateSynRecv:
		return dissect.FlowNew
	case tcp.StateLastAck, tcp.StateTimeWait, tcp.StateClosed:
		return dissect.FlowClosed
	}
	return dissect.FlowEstablished
}

// Data implements tcp.Handler: in-order bytes of a stream.
func (w *worker) Data(c *tcp.Conn, dir dissect.Dir, off uint64, data []byte) {
	f := w.flow
	w.at(dir, off+uint64(len(data)))
	if w.rules.shows {
		w.show(f, dir, w.place.until, data)
	}
	dir = f.ConnDir(dir)
	w.ctx.Env.Dir = dir
	old := w.dir
	look := w.wantStream && !w.secret(f)
	if look {
		w.join(f, dir, off, data)
		// Rules on messages may ask for bytes of the stream beside.
		w.ctx.Env.Data, w.ctx.Env.DataOff = w.seen.Data, w.seen.DataOff
	}
	if !c.Unreceived(f.ConnDir(dir)) {
		w.streamData(f, dir, data)
	}
	w.ctx.Env.Data = nil
	if w.dir != old { // the content showed that the direction was the wrong way round
		dir = dir.Rev()
	}
	if look {
		w.inspect(f, dir, off, data)
	}
	if w.scripts != nil && w.scripts.face.tcp != nil {
		w.nidsData(f, dir, data)
	}
}

// secret tells whether the flow's payload is encrypted and nobody wants to see it all the same.
func (w *worker) secret(f *flowtable.Flow) bool {
	return f != nil && f.Encrypted && f.App != nil && !w.cfg.InspectEncrypted[f.App.Name] &&
		(w.scripts == nil || len(w.scripts.plain[dissect.EvStreamData]) == 0)
}

// Gap implements tcp.Handler: bytes that will not come.
func (w *worker) Gap(c *tcp.Conn, dir dissect.Dir, off uint64, n int) {
	f := w.flow
	w.at(dir, off+uint64(n))
	if w.rules.shows {
		w.showGap(f, dir, w.place.until, n)
	}
	dir = f.ConnDir(dir)
	f.Gaps[dir] = true
	w.windows.release(&f.Window[dir], flowtable.ShardOf(f.Hash))
	w.ctx.Env.Dir = dir
	switch {
	case c.Unreceived(f.ConnDir(dir)):
	case f.Parser != nil:
		f.Probe[dir].Known = true // what comes next need not begin a message
		f.Session.Gap(&w.ctx, f.App, f.Parser, dir, n)
		w.upgrade(f)
	case !f.AppFailed:
		f.Probe[dir].Done = true // its beginning is lost, or not contiguous
	}
}

// End implements tcp.Handler: a direction is finished.
func (w *worker) End(c *tcp.Conn, dir dissect.Dir, why dissect.EndReason) {
	f := w.flow
	w.at(dir, c.BytesDelivered(dir))
	dir = f.ConnDir(dir)
	if f.Parser == nil || why == dissect.EndDepth && f.Session.Ended(dir) {
		return
	}
	f.Session.End(&w.ctx, f.App, f.Parser, dir, why)
	f.HasUpgrade = false
}

// Event implements tcp.Handler: something is wrong with a connection.
func (w *worker) Event(c *tcp.Conn, dir dissect.Dir, e tcp.Event) {
	w.stats.anomalies[eve.StreamAnomaly]++
	w.place.on = false // it is about the packet
	w.stats.stream[e]++
	if e == tcp.EvReassemblyInsertMemcap {
		w.except(w.flow, exceptMemory)
	}
	w.anomaly(eve.StreamAnomaly, &w.env, streamNames[e], "")
}

// loneData judges stream rules on the payload of a datagram, or of a segment that is part of no stream.
func (w *worker) loneData(f *flowtable.Flow, dir dissect.Dir, data []byte) {
	if !w.wantStream {
		return
	}
	w.setEnv(f, dir)
	w.env.Data = data
	w.match(dissect.EvStreamData, &w.env)
}

// streamNames are the names of the stream events.
var streamNames = func() (names [tcp.EventCount]anomalyName) {
	for e := range names {
		full := tcp.Event(e).String()
		names[e] = anomalyName{full, full}
	}
	return
}()
