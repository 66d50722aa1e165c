package engine

import (
	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/flowtable"
)

// batch is a run of captured frames on its way through the engine, with what was made of them.
// It owns all bytes that its packets point to, until the ordered stage is done with it.
type batch struct {
	frames capture.Batch
	pkts   []*packet.Packet // decoded packets; reused
	used   int
	side   []byte // datagrams put together from fragments
	// flush asks the workers to end the flows of one shard, -1 for none.
	flush   int
	results []result
	swap    *swap // to be taken before anything of the batch; nil, as a rule
}

// item is one thing for a worker, in order: a packet of its flows, or a step of time.
type item struct {
	pkt   *packet.Packet // nil for a tick
	stamp uint64
	now   int64
}

// result is what one worker is to do with a batch, and what it made of it, in order.
type result struct {
	items []item
	made
	alone bool // there is no other batch
}

// record is one output of a worker. Records of all workers are merged by stamp, then serial.
type record struct {
	stamp  uint64
	serial uint64 // orders what ends at the same tick: the flow's first packet
	line   []byte // EVE lines, without alert or with late; bytes of part
	joined bool   // frame brought a datagram of fragments, which came before it, to its end
	late   bool   // the line is the alert's, to be written if that was reported; at: see eve.Encoder.Late
	at     [2]int
	alert  *alert.Alert
	event  *delivery       // for scripts
	flag   *hostFlag       // that a script sets
	tagged *taggedPacket   // to be logged if a tag of a host says so
	tick   int64           // time went on to here; nothing else is set then
	frame  *capture.Packet // a packet of the flow with this hash, for captures of alerts
	hash   uint64
	part   *filePart   // bytes of a part of a file, or its end
	certs  *shownCerts // line are certificates to be stored
}

// isLine tells whether the record is EVE lines.
func (r *record) isLine() bool {
	return r.alert == nil && r.flag == nil && r.event == nil && r.tagged == nil && r.tick == 0 && r.frame == nil && r.part == nil && r.certs == nil
}

// endsAt tells whether the byte is the last of the record's lines.
func (r *record) endsAt(b *byte) bool { return len(r.line) > 0 && &r.line[len(r.line)-1] == b }

// What a batch keeps for reuse: several times what a usual one needs. A burst, such as the end
// of many flows at once, gets memory of its own.
const (
	keepResult  = 256 << 10 // bytes of lines
	keepInline  = 1 << 20   // the same, where there is one batch only
	keepRecords = 4 << 10
	keepSide    = 512 << 10 // bytes of datagrams
)

func newBatch(workers int) *batch { return &batch{flush: -1, results: make([]result, workers)} }

func (b *batch) reset() {
	b.frames.Reset()
	b.used, b.side, b.flush, b.swap = 0, b.side[:0], -1, nil
	if cap(b.side) > keepSide {
		b.side = nil
	}
	for i := range b.results {
		b.results[i].reset()
	}
}

func (r *result) reset() {
	r.items = r.items[:0]
	clear(r.records) // let go of alerts
	r.records = r.records[:0]
	if cap(r.records) > keepRecords {
		r.records = nil
	}
	if cap(r.buf) > keepInline || cap(r.buf) > keepResult && !r.alone {
		r.buf = nil
	}
	r.buf = r.buf[:0]
}

// slotsAhead is how many packets ahead the memory to decode one into is fetched, from the core that worked on what was there before.
const slotsAhead = 2

// slot implements sink.
func (b *batch) slot() *packet.Packet {
	if b.used == len(b.pkts) {
		slab := make([]packet.Packet, 64)
		for i := range slab {
			b.pkts = append(b.pkts, &slab[i])
		}
	}
	b.used++
	if k := b.used + slotsAhead; k < len(b.pkts) {
		b.pkts[k].PrefetchToWrite()
	}
	return b.pkts[b.used-1]
}

// packet implements sink.
func (b *batch) packet(p *packet.Packet) {
	r := &b.results[flowtable.ShardOf(p.Hash)%len(b.results)]
	r.items = append(r.items, item{pkt: p, stamp: p.Stamp})
}

// tick implements sink.
func (b *batch) tick(stamp uint64, now int64) {
	for i := range b.results {
		b.results[i].items = append(b.results[i].items, item{stamp: stamp, now: now})
	}
}

// keep implements sink.
func (b *batch) keep(d []byte) []byte {
	if len(b.side)+len(d) > cap(b.side) { // packets point into the old memory, which stays as it is
		b.side = make([]byte, 0, max(2*cap(b.side), len(d), 4<<10))
	}
	at := len(b.side)
	b.side = append(b.side, d...)
	return b.side[at:len(b.side):len(b.side)]
}
