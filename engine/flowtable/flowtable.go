// Package flowtable finds the flow of a packet, makes new ones, and ends them by time-out,
// eviction or the end of the run.
//
// The table is cut into a fixed number of shards by flow hash. A worker owns whole shards, and
// every cap is per shard, so that what is evicted does not depend on how many workers there are.
package flowtable

import (
	"slices"
	"unsafe"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/reassembly/tcp"
)

// Shards is the number of shards of the whole engine; also the most workers there can be.
const Shards = 64

// ShardOf gives the shard that a flow hash belongs to. It takes the high bits: the low ones
// choose the bucket.
func ShardOf(hash uint64) int { return int(hash >> 58) }

// Reason says why a flow ended.
type Reason uint8

// The reasons, with the names of EVE's flow.reason.
const (
	Timeout  Reason = iota // no packet for as long as its state allows
	Forced                 // evicted because the table was full, or replaced by a new session
	Shutdown               // the run is over
	TCPReuse               // a new connection took over the addresses and ports
)

// String gives the name in flow records.
func (r Reason) String() string {
	return [...]string{"timeout", "forced", "shutdown", "tcp_reuse"}[r&3]
}

// Flow is a flow with all that the engine keeps for it.
type Flow struct {
	dissect.Flow
	Conn tcp.Conn
	// ConnFlipped says that Conn has the directions the other way round: the content showed who
	// is the server when the connection was under way.
	ConnFlipped bool
	// Session feeds the parser.
	Session dissect.Session
	// Probe is the state of recognition, by direction.
	Probe [2]Probe
	// Window is the stream content kept for rules whose match straddles segments, by direction.
	Window [2]Window
	// Hash is the flow hash; it decides bucket and shard.
	Hash uint64
	// Upgrade is the protocol that takes over after the current call of the parser, with
	// HasUpgrade ("" asks for recognition).
	Upgrade    string
	HasUpgrade bool
	// EndedBy is the direction ends that were delivered to the parser.
	EndSeen [2]bool
	// Seen says which directions rules that look at addresses alone were judged for.
	Seen [2]bool
	// AppDir and AppUntil are the bytes that App was recognised by, with AppUnacked: the connection's
	// direction, and the offset behind them.
	AppDir   dissect.Dir
	AppUntil uint64
	// Tags ask for the packets to come to be logged, nil for none; see engine/tag.go.
	Tags any
	// Shown are the bytes of the stream that alerts show, see engine/shown.go.
	Shown any
	// Waiting are records that wait for an acknowledgement, nil for none; see engine/acked.go.
	Waiting any
	// Kill is set while the connection is being cut, nil otherwise; see engine/respondflow.go.
	Kill any
	// Indicators are hashes of the indicators of threat intelligence already reported of the flow.
	Indicators []uint64
	// Rates are what the flow sent lately, nil unless that is measured; see rate.go.
	Rates *Rates
	// Told is what scripts with libnids' face were told of the connection, see engine/nids.go.
	Told uint8
	// Anomalies is the set of stream events already reported of the flow.
	Anomalies uint64
	next      *Flow // in the bucket, or in the free list
	// The timing wheel's slot is a list, so that a flow leaves it at once.
	wheelNext, wheelPrev *Flow
	slot                 int16 // -1: in none
}

// ConnDir turns a direction of the flow into the connection's, and back.
func (f *Flow) ConnDir(dir dissect.Dir) dissect.Dir {
	if f.ConnFlipped {
		return dir.Rev()
	}
	return dir
}

// Probe is how far recognition has come in one direction.
type Probe struct {
	Asked   uint64 // set of protocols (by index) that said No
	Done    bool   // nobody will say Yes any more
	Known   bool   // it was seen what this direction speaks, or that it cannot be told
	Dropped int    // bytes that were given up while undecided
}

// Window is the tail of a stream that was already inspected.
type Window struct {
	Buf   []byte // nil: none is kept
	End   uint64 // stream offset behind the last byte of Buf
	Carry []uint32
}

// Timeouts are how long a flow of one kind may stay without a packet, by state, nanoseconds.
type Timeouts struct{ New, Established, Closed int64 }

// Config bounds the table.
type Config struct {
	// MaxFlows caps the flows of all shards together.
	MaxFlows int
	// TCP, UDP, ICMP and Default are the time-outs.
	TCP, UDP, ICMP, Default Timeouts
	// Rate says which flows are elephants.
	Rate RateConfig
}

const second = int64(1e9)

// DefaultConfig has Suricata's time-outs.
func DefaultConfig() Config {
	return Config{
		MaxFlows: 1 << 19,
		TCP:      Timeouts{60 * second, 600 * second, 60 * second},
		UDP:      Timeouts{30 * second, 300 * second, 0},
		ICMP:     Timeouts{30 * second, 300 * second, 0},
		Default:  Timeouts{30 * second, 300 * second, 0},
		Rate:     RateConfig{Interval: DefaultRateInterval},
	}
}

// bypassTimeout is for flows that are only counted, as in Suricata.
const bypassTimeout = 100 * second

func (c *Config) timeout(f *Flow) int64 {
	t := &c.Default
	switch f.Key.Proto {
	case packet.ProtoTCP:
		t = &c.TCP
	case packet.ProtoUDP:
		t = &c.UDP
	case packet.ProtoICMP, packet.ProtoICMPv6:
		t = &c.ICMP
	}
	switch f.State {
	case dissect.FlowEstablished:
		return t.Established
	case dissect.FlowClosed:
		return t.Closed
	case dissect.FlowBypassed:
		return min(t.Established, bypassTimeout)
	}
	return t.New
}

// Stats counts what the shards of one worker did.
type Stats struct {
	Total, TCP, UDP, ICMP4, ICMP6, Other uint64 // flows made
	Active                               uint64
	TimedOut, Evicted, Reused            uint64
	Elephants                            uint64 // see Rate
	Peak                                 uint64
}

// Shard is one part of the table. It is used by one goroutine.
type Shard struct {
	cfg     *Config
	stats   *Stats
	pool    *Pool
	buckets []*Flow
	count   int
	max     int
	hand    int   // bucket where the next eviction begins to look
	tick    int64 // last second that was processed
	// used is the set of slots that may hold flows: most are empty, and packet time may leap.
	used  [wheelSlots / 64]uint64
	wheel [wheelSlots]*Flow // first flow of each slot
}

// wheelSlots is the timing wheel's size in seconds; longer time-outs go round more than once.
const wheelSlots = 1024

// NewShard makes an empty shard that takes its flows from pool.
func NewShard(cfg *Config, stats *Stats, pool *Pool) *Shard {
	return &Shard{cfg: cfg, stats: stats, pool: pool, buckets: make([]*Flow, 16), max: max(cfg.MaxFlows/Shards, 16)}
}

// Pool hands out flow structs and takes them back; one a worker.
type Pool struct{ free *Flow }

// FlowSize is the memory of a flow struct, bytes; what it refers to is not in it.
const FlowSize = int(unsafe.Sizeof(Flow{}))

// TableMemory is the memory of the shard's table without its flows, bytes.
func (s *Shard) TableMemory() int { return cap(s.buckets) * int(unsafe.Sizeof((*Flow)(nil))) }

const slab = 64

func (p *Pool) get() *Flow {
	if p.free == nil {
		s := make([]Flow, slab)
		for i := range s {
			s[i].next, p.free = p.free, &s[i]
		}
	}
	f := p.free
	p.free, f.next = f.next, nil
	return f
}

// put recycles a flow: memory of buffers is kept, everything else is zeroed.
func (p *Pool) put(f *Flow) {
	f.Session.Reset()
	f.Conn.Reset()
	sess, conn, w, vars := f.Session, f.Conn, f.Window, f.Vars
	for d := range w {
		w[d] = Window{Carry: w[d].Carry[:0]}
	}
	if vars != nil {
		clear(vars.Bits)
		clear(vars.Ints)
		clear(vars.Strs)
	}
	macs := f.MACs
	if macs != nil {
		macs[0], macs[1] = macs[0][:0], macs[1][:0]
	}
	rates := f.Rates
	if rates != nil {
		*rates = Rates{}
	}
	*f = Flow{Session: sess, Conn: conn, Window: w, next: p.free}
	f.Vars, f.MACs, f.Rates = vars, macs, rates
	p.free = f
}

// Find looks a packet's flow up. dir tells the packet's direction in it.
func (s *Shard) Find(key *dissect.FlowKey, hash uint64) (f *Flow, dir dissect.Dir) {
	for f = s.buckets[hash&uint64(len(s.buckets)-1)]; f != nil; f = f.next {
		if f.Hash != hash {
			continue
		}
		if f.Key == *key {
			return f, dissect.ToServer
		}
		if reversed(&f.Key, key) {
			return f, dissect.ToClient
		}
	}
	return nil, dissect.ToServer
}

func reversed(a, b *dissect.FlowKey) bool {
	return a.SrcPort == b.DstPort && a.DstPort == b.SrcPort && a.Src == b.Dst && a.Dst == b.Src &&
		a.Proto == b.Proto && a.IPVersion == b.IPVersion && a.VLANs == b.VLANs && a.Tunnel == b.Tunnel
}

// Expired tells whether f has been silent for too long at time now.
func (s *Shard) Expired(f *Flow, now int64) bool { return f.Last+s.cfg.timeout(f) < now }

// Full tells whether a flow must be evicted before a new one is made.
func (s *Shard) Full() bool { return s.count >= s.max }

// Insert makes the flow of key. The caller evicts first when Full.
func (s *Shard) Insert(key *dissect.FlowKey, hash uint64, now int64) *Flow {
	if s.count >= len(s.buckets) {
		s.grow()
	}
	f := s.pool.get()
	f.Key, f.Hash, f.Start, f.Last = *key, hash, now, now
	b := &s.buckets[hash&uint64(len(s.buckets)-1)]
	f.next, *b = *b, f
	s.count++
	s.schedule(f, f.Last+s.cfg.timeout(f))
	s.countNew(f)
	return f
}

func (s *Shard) countNew(f *Flow) {
	st := s.stats
	st.Total++
	st.Active++
	st.Peak = max(st.Peak, st.Active)
	switch f.Key.Proto {
	case packet.ProtoTCP:
		st.TCP++
	case packet.ProtoUDP:
		st.UDP++
	case packet.ProtoICMP:
		st.ICMP4++
	case packet.ProtoICMPv6:
		st.ICMP6++
	default:
		st.Other++
	}
}

func (s *Shard) grow() {
	old := s.buckets
	s.buckets = make([]*Flow, 2*len(old))
	mask := uint64(len(s.buckets) - 1)
	for _, f := range old {
		for f != nil {
			next := f.next
			b := &s.buckets[f.Hash&mask]
			f.next, *b = *b, f
			f = next
		}
	}
}

// Victim chooses a flow to evict from a full shard: the longest silent of those met first by a
// hand that goes round the buckets.
func (s *Shard) Victim() *Flow {
	var v *Flow
	seen := 0
	for range s.buckets {
		s.hand = (s.hand + 1) & (len(s.buckets) - 1)
		for f := s.buckets[s.hand]; f != nil; f = f.next {
			seen++
			if v == nil || f.Last < v.Last {
				v = f
			}
		}
		if seen >= 16 {
			break
		}
	}
	return v
}

// Remove takes a flow out of the table. The flow stays valid until Release.
func (s *Shard) Remove(f *Flow) {
	for b := &s.buckets[f.Hash&uint64(len(s.buckets)-1)]; *b != nil; b = &(*b).next {
		if *b == f {
			*b = f.next
			f.next = nil
			s.count--
			s.stats.Active--
			break
		}
	}
	s.unschedule(f)
}

// Release recycles a flow that was removed.
func (s *Shard) Release(f *Flow) { s.pool.put(f) }

// schedule puts f into the slot of the second after time at.
func (s *Shard) schedule(f *Flow, at int64) {
	sec := min(max(at/second+1, s.tick+1), s.tick+wheelSlots-1)
	f.slot = int16(sec % wheelSlots)
	head := &s.wheel[f.slot]
	f.wheelPrev, f.wheelNext = nil, *head
	if *head != nil {
		(*head).wheelPrev = f
	}
	*head = f
	s.used[f.slot/64] |= 1 << (f.slot % 64)
}

func (s *Shard) unschedule(f *Flow) {
	if f.slot < 0 {
		return
	}
	if f.wheelPrev != nil {
		f.wheelPrev.wheelNext = f.wheelNext
	} else {
		s.wheel[f.slot] = f.wheelNext
	}
	if f.wheelNext != nil {
		f.wheelNext.wheelPrev = f.wheelPrev
	}
	f.wheelNext, f.wheelPrev, f.slot = nil, nil, -1
}

// Tick appends to out the flows that are expired at time now, removed from the table, in no
// particular order. It is called when packet time reaches another second, and before the
// first packet.
func (s *Shard) Tick(now int64, out []*Flow) []*Flow {
	sec := now / second
	if sec-s.tick > wheelSlots {
		s.tick = sec - wheelSlots
	}
	for s.tick < sec {
		if s.tick++; s.tick%64 == 0 && s.used[s.tick%wheelSlots/64] == 0 {
			s.tick = min(s.tick+63, sec) // a word of empty slots
			continue
		}
		slot := int(s.tick % wheelSlots)
		if s.used[slot/64]&(1<<(slot%64)) != 0 {
			out = s.turn(slot, now, out)
		}
	}
	return out
}

func (s *Shard) turn(slot int, now int64, out []*Flow) []*Flow {
	f := s.wheel[slot]
	s.wheel[slot] = nil
	s.used[slot/64] &^= 1 << (slot % 64)
	for f != nil {
		next := f.wheelNext
		f.slot = -1
		f.wheelNext, f.wheelPrev = nil, nil
		if at := f.Last + s.cfg.timeout(f); at < now {
			s.Remove(f)
			s.stats.TimedOut++
			out = append(out, f)
		} else {
			s.schedule(f, at)
		}
		f = next
	}
	return out
}

// Drain removes and gives all flows, for the end of a run.
func (s *Shard) Drain(out []*Flow) []*Flow {
	for i := range s.buckets {
		for f := s.buckets[i]; f != nil; {
			next := f.next
			f.next, f.wheelNext, f.wheelPrev, f.slot = nil, nil, nil, -1
			out = append(out, f)
			f = next
		}
		s.buckets[i] = nil
	}
	s.stats.Active -= uint64(s.count)
	s.count = 0
	clear(s.wheel[:])
	clear(s.used[:])
	return out
}

// SortBySerial orders flows by their first packet.
func SortBySerial(flows []*Flow) {
	slices.SortFunc(flows, func(a, b *Flow) int {
		switch {
		case a.Serial < b.Serial:
			return -1
		case a.Serial > b.Serial:
			return 1
		}
		return 0
	})
}

// Len is the number of flows in the shard.
func (s *Shard) Len() int { return s.count }
