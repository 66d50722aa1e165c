package engine

import (
	"sync"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/reassembly/tcp"
)

// worker owns a share of the flows: those in the shards whose number, modulo the number of
// workers, is its own. Nobody else touches what it holds.
type worker struct {
	id int
	// It has the shards base, base + of, ...: all of them, if it reads a ring of its own.
	base, of int
	busy     sync.Mutex  // held while it works on a batch
	swapped  uint64      // serial of the last swap that it took, with rings
	merged   bool        // what it makes is merged with what others make of other batches
	view                 // what a reload replaces
	keys     *dispatcher // for flow keys only
	shards   [flowtable.Shards]*flowtable.Shard
	// flowConfig is the shards' configuration; parts is among how many the caps of a run are divided.
	flowConfig *flowtable.Config
	parts      int
	pool       flowtable.Pool
	// streams are the assemblers, one a shard, so that their caps do not depend on the number of workers.
	streams [flowtable.Shards]*tcp.Assembler
	// budgets bound what sessions keep, one a shard for the same reason.
	budgets [flowtable.Shards]dissect.Budget
	apps    apps
	ctx     dissect.Ctx
	env     dissect.Env // of packet and flow events
	out     *result
	made    *madeStack // where there are several batches, what is made is in memory of these
	// What is being worked on, for the callbacks of reassembly and parsers.
	pkt      *packet.Packet
	flow     *flowtable.Flow
	dir      dissect.Dir
	stamp    uint64
	serial   uint64 // of the flow that ends, 0 while a packet is handled
	now      int64
	key      dissect.FlowKey
	scratch  [2][]byte
	windows  windows
	expired  []*flowtable.Flow
	stats    workerStats
	expected expectations
	files    fileStore
	certs    *TLSStore
	inline   inlineSink
	taping   bool           // there are captures of alerts
	frames   *capture.Batch // at hand
	place    streamPlace
	ended    eve.TCPEnd // of the flow that is being logged
	seen     seen
	guard    guard
	guessed  guessed
	// spare, bodies and waitingBytes are for records that wait, see acked.go.
	spare        []*waiting
	shownBytes   [flowtable.Shards]int
	bodies       [][]byte
	waitingBytes [flowtable.Shards]int
	alerts       []*alert.Alert // of the packet or flow end at hand
	dropped      *dissect.Flow  // a rule says to drop it; nil for none, mostly
	letBack      *dissect.Flow  // an exception policy passes a packet of it; nil for none
	responding
}

// workerStats counts what a worker saw; the counters of its parts are theirs.
type workerStats struct {
	flows         flowtable.Stats
	csumTCP       uint64
	csumUDP       uint64
	csumICMP      uint64
	csumIP        uint64
	icmpOrphans   uint64 // ICMP errors that quote no known flow
	files         uint64
	panics        uint64
	overflow      uint64 // alerts past PacketAlertMax
	expectDropped uint64
	intel         uint64 // hits of threat intelligence
	intelCapped   uint64 // those past maxFlowIndicators
	certsCut      uint64 // chains of certificates of which not all were stored
	untracked     uint64 // packets that a rule kept out of flows
	excepted      exceptions
	ends          flowEnds
	bypassClosed  uint64 // flows that ended of those that are only counted
	bypassed      [2]uint64
	anomalies     [3]uint64
	stream        [tcp.EventCount]uint64 // stream events by kind
	tx            [][2]uint64            // messages by protocol and transport
}

// process handles one batch.
func (w *worker) process(b *batch) {
	if b.swap != nil {
		w.adopt(b.swap)
	}
	w.out, w.frames = &b.results[w.base], &b.frames
	if w.made != nil {
		w.made.begin(w.out)
	}
	for i := range w.out.items {
		prefetch(w.out.items, i)
		it := &w.out.items[i]
		if it.pkt == nil {
			w.tick(it.stamp, it.now)
		} else {
			w.packet(it.pkt)
		}
	}
	if b.flush >= 0 {
		w.flush(b.flush, w.out.items)
		w.endScripts(b.flush)
	}
	w.respond()
}

// packet handles one packet. A panic below it is contained to the packet's flow.
func (w *worker) packet(p *packet.Packet) {
	if w.taping {
		w.tape(p)
	}
	if !p.WantsFlow && p.EventCount == 0 && !w.rules.tags && !w.logsARP(p) && !w.judges(p) {
		if p.IPCsumBad {
			w.stats.csumIP++
		}
		return // a fragment, or of a protocol that nobody looks into
	}
	w.pkt, w.flow, w.dir, w.stamp, w.serial, w.now = p, nil, dissect.ToServer, p.Stamp, 0, p.Time
	w.rules.seq, w.place.on, w.dropped = 0, false, nil
	w.guard.run(w, (*worker).handle)
	w.flushAlerts()
	if w.dropped != nil {
		w.takeOut()
	}
	if w.letBack != nil {
		w.letIn()
	}
	if w.rules.tags {
		w.tagged(p)
	}
}

// judges tells whether somebody may want to look at a packet without a flow.
func (w *worker) judges(p *packet.Packet) bool {
	r := &w.rules
	if !r.wantsPacket {
		return false
	}
	if w.scripts != nil || r.trace != nil || r.intel.db != nil || r.m == nil {
		return true
	}
	w.env = dissect.Env{Time: p.Time, Pkt: p, Data: p.Payload}
	return !r.m.Calm(&w.env)
}

func (w *worker) handle() {
	p := w.pkt
	w.setEnv(nil, dissect.ToServer)
	if p.WantsFlow {
		w.findFlow(p)
		if w.flow != nil {
			w.flowPacket(w.flow, p)
		}
	} else if w.logsARP(p) {
		w.line(w.eve.ARP(w.lines(), p))
	}
	if p.EventCount > 0 {
		w.decodeEvents(p)
	}
	if p.IPCsumBad {
		w.stats.csumIP++
	}
	if w.scripts != nil && w.scripts.face.wantsPacket {
		w.nidsPacket(p)
	}
	if w.rules.wantsPacket {
		w.setEnv(w.flow, w.dir)
		if !w.secret(w.flow) {
			w.env.Data = p.Payload
		}
		w.match(dissect.EvPacket, &w.env)
	}
	if w.rules.m != nil {
		w.packetVars(p)
	}
}

// logsARP tells whether a packet is ARP of which a record is wanted.
func (w *worker) logsARP(p *packet.Packet) bool {
	return p.Layers&packet.LayerARP != 0 && w.eve != nil && w.eve.Options().Core[eve.ARP]
}

// packetVars writes the record of what rules took out of the packet.
func (w *worker) packetVars(p *packet.Packet) {
	vars := w.rules.m.TakePacketVars()
	if len(vars) == 0 || w.eve == nil || !w.eve.Options().Protocols["metadata"] {
		return
	}
	var f *dissect.Flow
	if w.flow != nil {
		f = &w.flow.Flow
	}
	w.line(w.eve.PacketVars(w.lines(), p, f, w.dir, vars))
}

// setEnv points both environments at what is being handled.
func (w *worker) setEnv(f *flowtable.Flow, dir dissect.Dir) {
	var flow *dissect.Flow
	if f != nil {
		flow = &f.Flow
	}
	w.env = dissect.Env{Dir: dir, Time: w.now, Pkt: w.pkt, Flow: flow}
	w.ctx.Env.Dir, w.ctx.Env.Time, w.ctx.Env.Pkt, w.ctx.Env.Flow = dir, w.now, w.pkt, flow
	w.ctx.Env.Tx, w.ctx.Env.File = nil, nil
}

// findFlow sets w.flow and w.dir, and makes the flow if need be.
func (w *worker) findFlow(p *packet.Packet) {
	w.keys.flowKey(p, &w.key)
	sh := w.shards[flowtable.ShardOf(p.Hash)]
	f, dir := sh.Find(&w.key, p.Hash)
	if f != nil && !p.Quoted && sh.Expired(f, p.Time) {
		sh.Remove(f)
		w.stats.flows.TimedOut++
		w.endFlow(sh, f, flowtable.Timeout)
		f = nil
	}
	if f == nil {
		if p.Quoted {
			w.stats.icmpOrphans++
			return
		}
		f, dir = w.newFlow(sh, p), dissect.ToServer
		w.passesFirst(f, p)
	}
	w.flow, w.dir = f, dir
	if w.flowStart(f, dir); f.Untracked {
		w.untrack(sh, f, dir)
	}
}

// flowStart judges the rules of a flow's first packet, or of the first of each direction.
func (w *worker) flowStart(f *flowtable.Flow, dir dissect.Dir) {
	if !w.rules.wantsFlowStart || f.Seen[dir] || dir == dissect.ToClient && !w.rules.flowDirs {
		return
	}
	f.Seen[dir] = true
	w.setEnv(f, dir)
	w.match(dissect.EvFlowStart, &w.env)
}

func (w *worker) newFlow(sh *flowtable.Shard, p *packet.Packet) *flowtable.Flow {
	if sh.Full() {
		if v := sh.Victim(); v != nil {
			sh.Remove(v)
			w.stats.flows.Evicted++
			w.endFlow(sh, v, flowtable.Forced)
		}
	}
	f := sh.Insert(&w.key, p.Hash, p.Time)
	f.Serial = p.Stamp
	f.ID = flowID(p)
	f.File, f.Iface = p.File, p.Iface
	copy(f.VLANs[:], p.VLANs[:p.VLANCount])
	f.Conn.Owner = f
	f.Session.Budget = &w.budgets[flowtable.ShardOf(p.Hash)]
	if p.Has(packet.LayerEthernet) {
		f.HasEth = true
		copy(f.EthDst[:], p.Data[p.EthOff:])
		copy(f.EthSrc[:], p.Data[p.EthOff+6:])
	}
	w.intelFlow(f)
	return f
}

// flowID makes a number that is the same on every replay. It keeps to 51 bits, so that every
// JSON reader gets it exactly.
func flowID(p *packet.Packet) uint64 {
	return fold(p.Hash^uint64(p.Time), p.Num*0x9e3779b97f4a7c15+uint64(p.TunnelDepth)+1)&(1<<51-1) | 1
}

// flowPacket counts the packet and hands its payload on.
func (w *worker) flowPacket(f *flowtable.Flow, p *packet.Packet) {
	dir := w.dir
	if f.Bypass {
		w.bypassed(f, p, dir)
		return
	}
	if f.Key.Proto == packet.ProtoTCP && !p.Quoted {
		if f = w.tcpPacket(f, p, dir); f == nil {
			return
		}
		return
	}
	w.count(f, p, dir)
	w.setEnv(f, dir)
	if p.Quoted {
		return
	}
	if f.State == dissect.FlowNew && f.Packets[0] > 0 && f.Packets[1] > 0 {
		f.State = dissect.FlowEstablished
	}
	switch {
	case p.Layers&packet.LayerUDP != 0:
		if w.sumBad(p) {
			w.stats.csumUDP++
		}
		f.Payload[dir] += uint64(len(p.Payload))
		if len(p.Payload) > 0 {
			w.ctx.Env.Data, w.ctx.Env.DataOff = p.Payload, 0
			w.datagram(f, dir, p.Payload)
			w.ctx.Env.Data = nil
			dir = w.dir
			w.loneData(f, dir, p.Payload)
		}
	case p.Layers&(packet.LayerICMP|packet.LayerICMPv6) != 0:
		if w.sumBad(p) {
			w.stats.csumICMP++
		}
		if f.Packets[dir] == 1 {
			f.ICMPCode[dir] = p.ICMPCode
		}
	}
}

// count adds a packet to its flow's figures.
func (w *worker) count(f *flowtable.Flow, p *packet.Packet, dir dissect.Dir) {
	f.Last = max(f.Last, p.Time)
	f.Packets[dir]++
	f.Bytes[dir] += wireBytes(p)
	if w.cfg.Flow.Rate.Bytes > 0 && w.cfg.Flow.Rate.Measure(f, dir, p.Time, wireBytes(p)) {
		w.stats.flows.Elephants++
	}
	if w.cfg.EVEOptions.Ethernet && p.Has(packet.LayerEthernet) {
		w.keepMACs(f, p, dir)
	}
	if f.Packets[dir] == 1 {
		f.MinTTL[dir], f.MaxTTL[dir] = p.TTL, p.TTL
		return
	}
	f.MinTTL[dir] = min(f.MinTTL[dir], p.TTL)
	f.MaxTTL[dir] = max(f.MaxTTL[dir], p.TTL)
}

// totals are what count changes.
type totals struct {
	last           int64
	packets, bytes uint64
	minTTL, maxTTL uint8
}

func takeTotals(f *flowtable.Flow, dir dissect.Dir) totals {
	return totals{f.Last, f.Packets[dir], f.Bytes[dir], f.MinTTL[dir], f.MaxTTL[dir]}
}

func (t *totals) restore(f *flowtable.Flow, dir dissect.Dir) {
	f.Last, f.Packets[dir], f.Bytes[dir], f.MinTTL[dir], f.MaxTTL[dir] = t.last, t.packets, t.bytes, t.minTTL, t.maxTTL
}

// keepMACs remembers who was seen at both ends of the link.
func (w *worker) keepMACs(f *flowtable.Flow, p *packet.Packet, dir dissect.Dir) {
	if f.MACs == nil {
		f.MACs = new(dissect.MACs)
	}
	f.MACs.Add(dir, p.EthSrc())
	f.MACs.Add(dir.Rev(), p.EthDst())
}

// wireBytes is the length of a packet as it was sent, which a capture may have cut.
func wireBytes(p *packet.Packet) uint64 {
	if p.TunnelDepth == 0 && p.Via == packet.NoTunnel && !p.Reassembled {
		return uint64(max(int(p.Len), len(p.Data)))
	}
	n := uint64(len(p.Data))
	if p.Via == packet.TunnelERSPAN2 {
		n += erspan2Header // which Suricata counts with the packet within
	}
	return n
}

// erspan2Header is the length of an ERSPAN type II header.
const erspan2Header = 8

// tick ends the flows that are due. They are ended in the order of their first packets, so
// that the merged result does not depend on the number of workers.
func (w *worker) tick(stamp uint64, now int64) {
	w.rules.seq = 0
	if w.id == 0 { // sequences, scripts and the alert manager hear of time
		w.out.records = append(w.out.records, record{stamp: stamp, tick: now})
	}
	if w.scripts != nil && w.scripts.own != nil {
		w.stamp = stamp
		w.scripts.own.Tick(now)
	}
	w.expired = w.expired[:0]
	for i := w.base; i < flowtable.Shards; i += w.of {
		w.expired = w.shards[i].Tick(now, w.expired)
	}
	w.endAll(w.expired, stamp, now, flowtable.Timeout)
}

// flush ends all flows of a shard, at the end of the run.
func (w *worker) flush(shard int, items []item) {
	if shard%w.of != w.base || len(items) == 0 {
		return
	}
	last := items[len(items)-1]
	w.expired = w.shards[shard].Drain(w.expired[:0])
	w.endAll(w.expired, last.stamp, last.now, flowtable.Shutdown)
}

func (w *worker) endAll(flows []*flowtable.Flow, stamp uint64, now int64, why flowtable.Reason) {
	if len(flows) == 0 {
		return
	}
	flowtable.SortBySerial(flows)
	for _, f := range flows {
		w.pkt, w.flow, w.stamp, w.serial, w.now = nil, f, stamp, f.Serial, now
		w.rules.seq = 0 // ids of alerts must not depend on whose flows end here
		w.endFlow(w.shards[flowtable.ShardOf(f.Hash)], f, why)
	}
	w.serial = 0
}

// endFlow tells everyone that a flow, already out of the table, is over, and recycles it.
func (w *worker) endFlow(sh *flowtable.Shard, f *flowtable.Flow, why flowtable.Reason) {
	old, oldDir := w.flow, w.dir
	w.flow, w.dir = f, dissect.ToServer
	pkt := w.pkt
	w.pkt = nil
	w.guard.runEnd(w, f, why)
	w.flushAlerts()
	w.pkt, w.flow, w.dir = pkt, old, oldDir
	for d := range f.Window {
		w.windows.release(&f.Window[d], flowtable.ShardOf(f.Hash))
	}
	if f.Kill != nil {
		w.endKill(f)
	}
	sh.Release(f)
}

func (w *worker) finishFlow(f *flowtable.Flow, why flowtable.Reason) {
	if f.Bypass {
		w.stats.bypassClosed++
	}
	w.setEnv(f, dissect.ToServer)
	end := dissect.EndTimeout
	if why == flowtable.Shutdown {
		end = dissect.EndCapture
	}
	if f.Key.Proto == packet.ProtoTCP {
		w.assembler(f).Close(&f.Conn, end, w)
		if f.Told != 0 {
			w.nidsFlowEnd(f, why)
		}
	}
	if f.App == nil && f.Key.Proto == packet.ProtoUDP && f.Payload[0]+f.Payload[1] > 0 {
		f.AppFailed = true
	}
	w.setEnv(f, dissect.ToServer)
	w.endSession(f, end)
	w.apps.recycle(f)
	w.releaseAll(f)
	w.unshow(f)
	if w.rules.wantsFlowEnd {
		w.match(dissect.EvFlowEnd, &w.env)
	}
	w.logFlow(f, why)
}

// tcpEnd tells what a flow record says of its connection.
func (w *worker) tcpEnd(f *flowtable.Flow) *eve.TCPEnd {
	c := &f.Conn
	end := &w.ended
	*end = eve.TCPEnd{}
	if !c.Active() {
		return end // the flow has no session
	}
	end.State = c.State().String()
	for d := range dissect.Dir(2) {
		end.Gap[d] = c.HasGap(f.ConnDir(d))
		end.Urgent[d] = uint64(c.UrgentBytes(f.ConnDir(d)))
	}
	return end
}

// assembler gives the reassembler of a flow's shard.
func (w *worker) assembler(f *flowtable.Flow) *tcp.Assembler {
	return w.streams[flowtable.ShardOf(f.Hash)]
}
