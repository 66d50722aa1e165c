package ipfrag

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"time"

	"github.com/luanids/luanids/dissect/aged"
	"github.com/luanids/luanids/dissect/packet"
)

// Config bounds the defragmenter. The comments name Suricata's settings.
type Config struct {
	MaxTrackers int           // defrag.trackers: datagrams that may be incomplete at a time
	MaxFrags    int           // defrag.max-frags: fragments kept, of all datagrams
	MemCap      int           // defrag.memcap: bytes
	Timeout     time.Duration // defrag.timeout: since the last fragment of a datagram
	HashSize    int           // defrag.hash-size
	// HostTimeout gives another time-out for datagrams to some hosts (defrag.host-config), 0 for Timeout; nil: for none. Those that wait longer are
	// not counted before somebody looks at them.
	HostTimeout func(dst packet.Addr) time.Duration
	// Policy gives the policy of the host that receives a datagram
	// (host-os-policy); nil: BSD for all.
	Policy func(dst packet.Addr) Policy
	// Events, where set, counts the events that Add gives to packets:
	// Decoder.Stats.Events.
	Events *packet.EventCounts
}

// DefaultConfig gives Suricata's defaults.
func DefaultConfig() Config {
	return Config{
		MaxTrackers: 65535, MaxFrags: 65535, MemCap: 32 << 20,
		Timeout: 60 * time.Second, HashSize: 65536,
	}
}

// Limits of one datagram.
const (
	// MaxDatagram is the most that fragments may add up to, past the IP header for IPv6 and
	// with it for IPv4.
	MaxDatagram = 65535
	// MaxDatagramFrags is how many fragments one datagram may have stored: enough for 64 kB
	// in the smallest pieces that any sane link makes.
	MaxDatagramFrags = 1024
	// MaxHeader is the longest IPv6 header with extension headers before the fragment header.
	MaxHeader = 1024
)

// Sizes that stand for what a tracker and a fragment take besides their data.
const (
	trackerCost = 512
	fragCost    = 64
)

// key identifies a datagram. Two families, VLANs or tunnels never mix.
type key struct {
	src, dst packet.Addr
	id       uint32
	tunnel   uint32
	vlans    [3]uint16
	nvlan    uint8
	proto    uint8 // IPv4 only: in IPv6 the identification is enough (RFC 8200 section 4.5)
	version  uint8
	depth    uint8
}

// frag is a stored fragment: its extent as sent, and its bytes from off on.
type frag struct {
	off, end int32
	data     []byte
}

// seg is a stretch of the datagram and the fragment that it is taken from.
type seg struct {
	start, end int32
	frag       int32
}

// tracker is a datagram being put together. segs are in order and do not overlap.
//
// A flood of lone fragments that nobody puts together is what costs most, and what it costs are cache misses: what is needed to
// give up a datagram is one line, and a short first fragment has its place in the tracker with all else, 320 bytes in all.
type tracker struct {
	aged.Links[tracker]          // by its last fragment
	chain               *tracker // of its hash bucket
	due                 int64    // when the next fragment is to be there
	frags               []frag
	hash                uint32
	seenLast            bool // a fragment without more fragments came
	policy              Policy
	key                 key
	end                 int32 // with seenLast: where the datagram ends
	max                 int32 // where the data seen so far ends
	hdr                 []byte
	segs                []seg
	// Where segs, frags, hdr and the bytes of the first fragment begin.
	seg0  [1]seg
	frag0 [1]frag
	hdr0  [40]byte
	data0 [56]byte
}

// clear makes t ready for another datagram, and keeps memory that is not too much.
func (t *tracker) clear() {
	t.hdr, t.frags, t.segs = t.hdr[:0], t.frags[:0], t.segs[:0]
	if cap(t.frags) > keepFrags || t.frags == nil {
		t.hdr, t.frags, t.segs = t.hdr0[:0], t.frag0[:0], t.seg0[:0]
	}
	t.seenLast, t.end, t.max = false, 0, 0
}

// Defrag puts datagrams together. It belongs to one goroutine.
type Defrag struct {
	Stats Stats

	cfg      Config
	buckets  []*tracker
	mask     uint32
	seed     uint64
	byUse    aged.List[tracker, *tracker]
	free     *tracker // chained by chain
	trackers int
	frags    int
	now      int64
	mem      memory
	spare    []seg
	out      [outBuffers][]byte
	nextOut  int
}

// outBuffers is how many datagrams are valid at the same time, see Add.
const outBuffers = 4

// New makes a defragmenter; zero settings take their default.
func New(c Config) *Defrag {
	def := DefaultConfig()
	setDefault(&c.MaxTrackers, def.MaxTrackers)
	setDefault(&c.MaxFrags, def.MaxFrags)
	setDefault(&c.MemCap, def.MemCap)
	setDefault(&c.HashSize, def.HashSize)
	if c.Timeout <= 0 {
		c.Timeout = def.Timeout
	}
	n := 1 << bits.Len(uint(min(c.HashSize, 1<<20)-1))
	return &Defrag{cfg: c, buckets: make([]*tracker, n), mask: uint32(n - 1), seed: rand.Uint64() | 1,
		mem: memory{limit: c.MemCap}}
}

func setDefault(v *int, d int) {
	if *v <= 0 {
		*v = d
	}
}

// Add takes a fragment (p has LayerFragment). When it completes a datagram, that is
// returned: the IP header of the first fragment, mended, and the payload. It is to be decoded
// with Decoder.DecodeDatagram, and stays valid until three more were returned; a datagram
// may itself turn out to be a fragment (of a tunnel, or of IPv6 twice fragmented) and be
// added again. Events are added to p.
func (d *Defrag) Add(p *packet.Packet) (datagram []byte, done bool) {
	d.Advance(p.Time)
	v6 := p.IPVersion == 6
	d.Stats.count(v6, &d.Stats.IPv4Fragments, &d.Stats.IPv6Fragments)
	data := p.IPPayload()
	off := int32(p.FragOff)
	end := off + int32(len(data))
	if d.tooLarge(p, end) {
		d.event(p, packet.EvIPv4FragTooLarge, packet.EvIPv6FragTooLarge)
		return nil, false
	}
	if len(data) == 0 {
		return nil, false
	}
	t := d.track(p)
	if off == 0 && len(t.hdr) == 0 && !t.setHeader(p) {
		d.ignore(p, t)
		return nil, false
	}
	t.max = max(t.max, end)
	if p.IPFlags&1 == 0 && !t.seenLast {
		// An end before data that came already is not believed; data past the end is left
		// out, as hosts do, so that it cannot keep the datagram from completion.
		t.seenLast, t.end = true, t.max
	}
	switch overlap, ok := d.insert(t, off, end, data); {
	case !ok:
		d.ignore(p, t)
		return nil, false
	case overlap:
		d.event(p, packet.EvIPv4FragOverlap, packet.EvIPv6FragOverlap)
	}
	if !t.complete() {
		return nil, false
	}
	defer d.remove(t)
	if t.length() > MaxDatagram {
		d.event(p, packet.EvIPv4FragTooLarge, packet.EvIPv6FragTooLarge)
		return nil, false
	}
	d.Stats.count(v6, &d.Stats.IPv4Reassembled, &d.Stats.IPv6Reassembled)
	return d.assemble(t), true
}

func (d *Defrag) tooLarge(p *packet.Packet, end int32) bool {
	if p.IPVersion == 6 {
		return end > MaxDatagram
	}
	return end+int32(p.IPHdrLen) > MaxDatagram
}

func (d *Defrag) event(p *packet.Packet, v4, v6 packet.Event) {
	e := v4
	if p.IPVersion == 6 {
		e = v6
	}
	p.AddEvent(e)
	if d.cfg.Events != nil {
		d.cfg.Events[e]++
	}
}

// ignore gives up a fragment for which there is no room.
func (d *Defrag) ignore(p *packet.Packet, t *tracker) {
	d.Stats.Ignored++
	d.event(p, packet.EvIPv4FragIgnored, packet.EvIPv6FragIgnored)
	if len(t.frags) == 0 {
		d.remove(t)
	}
}

// Advance lets packet time pass, and gives up datagrams that waited too long. Time never goes
// back.
func (d *Defrag) Advance(now int64) {
	d.now = max(d.now, now)
	for t := d.byUse.Oldest(); t != nil && t.late(d.now); t = d.byUse.Oldest() {
		d.expire(t)
		if t = d.byUse.Oldest(); t != nil { // the next to go, and to be used again then
			packet.PrefetchToWrite(t)
		}
	}
}

// late tells whether the next fragment did not come in time.
func (t *tracker) late(now int64) bool { return now >= t.due }

func (d *Defrag) expire(t *tracker) {
	d.Stats.count(t.key.version == 6, &d.Stats.IPv4Timeouts, &d.Stats.IPv6Timeouts)
	d.remove(t)
}

// nextDue gives when the next fragment of a datagram to a host is to be there.
func (d *Defrag) nextDue(dst packet.Addr) int64 {
	if d.cfg.HostTimeout != nil {
		if n := d.cfg.HostTimeout(dst); n > 0 {
			return d.now + int64(n)
		}
	}
	return d.now + int64(d.cfg.Timeout)
}

// track finds or begins the datagram that p belongs to.
func (d *Defrag) track(p *packet.Packet) *tracker {
	k := key{src: p.Src, dst: p.Dst, id: p.IPID, tunnel: p.TunnelID, nvlan: p.VLANCount,
		version: p.IPVersion, depth: p.TunnelDepth}
	copy(k.vlans[:], p.VLANs[:p.VLANCount])
	if p.IPVersion == 4 {
		k.proto = p.IPProto
	}
	h := k.hash(d.seed)
	for t := d.buckets[h&d.mask]; t != nil; t = t.chain {
		if t.hash == h && t.key == k {
			if t.late(d.now) { // of a host with a time-out of its own
				d.expire(t)
				break
			}
			d.byUse.Touch(t)
			t.due = d.nextDue(p.Dst)
			return t
		}
	}
	if d.trackers >= d.cfg.MaxTrackers {
		d.Stats.MaxTrackersHits++
		d.evict()
	}
	if d.free == nil {
		d.grow()
	}
	t := d.free
	d.free = t.chain
	t.key, t.hash = k, h
	t.policy = BSD
	if d.cfg.Policy != nil {
		t.policy = d.cfg.Policy(p.Dst)
	}
	t.chain = d.buckets[h&d.mask]
	d.buckets[h&d.mask] = t
	d.trackers++
	d.mem.used += trackerCost
	d.byUse.Add(t)
	t.due = d.nextDue(p.Dst)
	return t
}

// slab is how many trackers are made at a time.
const slab = 32

func (d *Defrag) grow() {
	list := make([]tracker, slab)
	for i := range list {
		t := &list[i]
		t.clear()
		t.chain, d.free = d.free, t
	}
}

// evict gives up the datagram that waited longest.
func (d *Defrag) evict() {
	if t := d.byUse.Oldest(); t != nil {
		d.Stats.Evicted++
		d.remove(t)
	}
}

// hash chooses the bucket. Senders count identifications up, in one byte order or the other:
// the low bits of both bytes that may be the fastest only move within neighbouring buckets, so
// that a flood of fragments meets few cache lines. All else is mixed with a secret.
func (k *key) hash(seed uint64) uint32 {
	le := binary.LittleEndian
	swapped := uint(8) // where the least byte of a counter in the other byte order is
	if k.version == 6 {
		swapped = 24
	}
	fast := uint32(0xf) | 0xf<<swapped
	h := mix(seed, le.Uint64(k.src[0:])^uint64(k.id&^fast)<<32)
	h = mix(h, le.Uint64(k.src[8:])^uint64(k.proto)<<8)
	h = mix(h, le.Uint64(k.dst[0:])^uint64(k.tunnel))
	h = mix(h, le.Uint64(k.dst[8:]))
	h = mix(h, uint64(k.vlans[0])|uint64(k.vlans[1])<<16|uint64(k.vlans[2])<<32|
		uint64(k.version)<<48|uint64(k.depth)<<56)
	return uint32(h^h>>32) + k.id&0xf + k.id>>swapped&0xf
}

func mix(h, v uint64) uint64 {
	hi, lo := bits.Mul64(h^v, 0x9e3779b97f4a7c15)
	return hi ^ lo + h
}

// remove forgets a datagram and keeps its memory for others.
func (d *Defrag) remove(t *tracker) {
	d.byUse.Remove(t)
	for at := &d.buckets[t.hash&d.mask]; *at != nil; at = &(*at).chain {
		if *at == t {
			*at = t.chain
			break
		}
	}
	for i := range t.frags {
		d.mem.put(t.frags[i].data)
		t.frags[i].data = nil
	}
	d.frags -= len(t.frags)
	d.mem.used -= trackerCost + fragCost*len(t.frags)
	d.trackers--
	t.clear()
	t.chain, d.free = d.free, t
}

// keepFrags is up to how many fragments a reused tracker keeps room for.
const keepFrags = 64
