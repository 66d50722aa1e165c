package ipfrag

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect/packet"
)

// piece is a fragment to send: where it begins, whether more follow, and its bytes.
type piece struct {
	off  int
	more bool
	data []byte
}

func fill(off, n int, c byte, more bool) piece {
	return piece{off, more, bytes.Repeat([]byte{c}, n)}
}

// frame4 makes a raw IPv4 packet of a fragment.
func frame4(id uint16, f piece) []byte {
	b := make([]byte, 20, 20+len(f.data))
	b[0], b[8], b[9] = 0x45, 64, 250
	binary.BigEndian.PutUint16(b[2:], uint16(20+len(f.data)))
	binary.BigEndian.PutUint16(b[4:], id)
	w := uint16(f.off / 8)
	if f.more {
		w |= 0x2000
	}
	binary.BigEndian.PutUint16(b[6:], w)
	copy(b[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	binary.BigEndian.PutUint16(b[10:], packet.Checksum(b))
	return append(b, f.data...)
}

// frame6 makes a raw IPv6 packet of a fragment, with a destination options header before the
// fragment header.
func frame6(id uint32, f piece) []byte {
	b := make([]byte, 56, 56+len(f.data))
	b[0], b[6], b[7] = 0x60, packet.ProtoDstOpts, 64
	binary.BigEndian.PutUint16(b[4:], uint16(16+len(f.data)))
	b[8], b[23], b[24], b[39] = 0x20, 1, 0x20, 2
	copy(b[40:], []byte{packet.ProtoFragment, 0, 5, 2, 0, 0, 0, 0})
	b[48] = 250
	w := uint16(f.off)
	if f.more {
		w |= 1
	}
	binary.BigEndian.PutUint16(b[50:], w)
	binary.BigEndian.PutUint32(b[52:], id)
	return append(b, f.data...)
}

type bench struct {
	dec *packet.Decoder
	d   *Defrag
	p   packet.Packet
	now int64
}

func newBench(c Config) *bench {
	return &bench{dec: packet.NewDecoder(packet.DefaultConfig()), d: New(c)}
}

func (b *bench) add(t testing.TB, frame []byte) ([]byte, bool) {
	t.Helper()
	raw := capture.Packet{Data: frame, Link: capture.LinkRaw, Time: b.now}
	b.dec.Decode(&b.p, &raw)
	if !b.p.Has(packet.LayerFragment) {
		t.Fatalf("not a fragment: %v", b.p.EventList())
	}
	return b.d.Add(&b.p)
}

// novak is the pattern of "Target-based fragmentation reassembly" (Novak 2005), which makes
// every kind of overlap that policies tell apart.
var novak = []piece{
	fill(0, 24, 'A', true), fill(32, 16, 'B', true), fill(48, 24, 'C', true), fill(80, 8, 'D', true),
	fill(104, 16, 'E', true), fill(120, 24, 'F', true), fill(144, 16, 'G', true), fill(160, 16, 'H', true),
	fill(176, 8, 'I', true), fill(8, 32, 'J', true), fill(48, 24, 'K', true), fill(72, 24, 'L', true),
	fill(96, 24, 'M', true), fill(128, 8, 'N', true), fill(152, 8, 'O', true), fill(160, 8, 'P', true),
	fill(176, 16, 'Q', false),
}

// shankarPaxson is the smaller pattern of "Active mapping" (2003), in units of eight bytes.
var shankarPaxson = []piece{
	fill(0, 24, '1', true), fill(32, 16, '2', true), fill(48, 24, '3', true),
	fill(8, 32, '4', true), fill(48, 24, '5', true), fill(72, 24, '6', false),
}

func TestPolicies(t *testing.T) {
	for _, c := range []struct {
		policy        Policy
		novak, paxson string // one letter for eight bytes
	}{
		{BSD, "AAAJJBCCCLLLMMMFFFGGHHIQ", "111442333666"},
		{BSDRight, "AJJJBBKKKLDLMEEFNFGOPHQQ", "144422555666"},
		{Linux, "AAAJJBKKKLLLMMMFFFGGPHQQ", "111442555666"},
		{First, "AAAJBBCCCLDLMEEFFFGGHHIQ", "111422333666"},
		{Last, "AJJJJBKKKLLLMMMFNFGOPHQQ", "144442555666"},
		{Windows, "AAAJBBCCCLLLMEEFFFGGHHIQ", "111422333666"},
		{Solaris, "AAAJBBCCCLLLMMMFFFGGHHIQ", "111422333666"},
	} {
		for _, pat := range []struct {
			name   string
			pieces []piece
			want   string
		}{{"novak", novak, c.novak}, {"shankar-paxson", shankarPaxson, c.paxson}} {
			for _, v6 := range []bool{false, true} {
				b := newBench(Config{Policy: func(packet.Addr) Policy { return c.policy }})
				got, overlaps := run(t, b, pat.pieces, v6)
				if got != pat.want {
					t.Errorf("%v %s v6=%v:\n got %s\nwant %s", c.policy, pat.name, v6, got, pat.want)
				}
				if overlaps == 0 {
					t.Errorf("%v %s v6=%v: no overlap event", c.policy, pat.name, v6)
				}
			}
		}
	}
}

// run sends pieces and gives the datagram with one letter for eight bytes.
func run(t *testing.T, b *bench, pieces []piece, v6 bool) (string, int) {
	t.Helper()
	overlaps := 0
	for i, f := range pieces {
		frame, hdr, ev := frame4(7, f), 20, packet.EvIPv4FragOverlap
		if v6 {
			frame, hdr, ev = frame6(7, f), 48, packet.EvIPv6FragOverlap
		}
		dg, done := b.add(t, frame)
		for _, e := range b.p.EventList() {
			if e == ev {
				overlaps++
			}
		}
		if done != (i == len(pieces)-1) {
			t.Fatalf("piece %d: done=%v", i, done)
		}
		if done {
			var out strings.Builder
			for i := hdr; i < len(dg); i += 8 {
				if c := dg[i]; bytes.Count(dg[i:i+8], []byte{c}) != 8 {
					t.Errorf("mixed block %q", dg[i:i+8])
				}
				out.WriteByte(dg[i])
			}
			return out.String(), overlaps
		}
	}
	return "", overlaps
}

func TestDatagramDecodes(t *testing.T) {
	udp := append([]byte{0, 53, 0, 99, 0, 40, 0, 0}, bytes.Repeat([]byte{'x'}, 32)...)
	for _, v6 := range []bool{false, true} {
		b := newBench(Config{})
		mk := func(off, end int, more bool) []byte {
			f := piece{off, more, udp[off:end]}
			if v6 {
				fr := frame6(1, f)
				fr[48] = packet.ProtoUDP
				return fr
			}
			fr := frame4(1, f)
			fr[9] = packet.ProtoUDP
			return fr
		}
		b.add(t, mk(16, 40, false))
		dg, done := b.add(t, mk(0, 16, true))
		if !done {
			t.Fatal("not complete")
		}
		var p packet.Packet
		if !b.dec.DecodeDatagram(&p, &b.p, dg) || !p.Has(packet.LayerUDP) || p.EventCount != 0 {
			t.Fatalf("v6=%v: layers %x, events %v", v6, p.Layers, p.EventList())
		}
		if p.SrcPort != 53 || string(p.Payload) != strings.Repeat("x", 32) || p.IPCsumBad || p.Via != packet.TunnelDefrag {
			t.Errorf("v6=%v: ports %d %d, payload %q, bad checksum %v", v6, p.SrcPort, p.DstPort, p.Payload, p.IPCsumBad)
		}
		if b.d.mem.used != 0 || b.d.trackers != 0 || b.d.frags != 0 {
			t.Errorf("left over: %d bytes, %d trackers, %d fragments", b.d.mem.used, b.d.trackers, b.d.frags)
		}
	}
}

func TestKeysDoNotMix(t *testing.T) {
	b := newBench(Config{})
	b.add(t, frame4(1, fill(0, 8, 'A', true)))
	other := frame4(1, fill(8, 8, 'B', false))
	other[15]++ // source address
	if _, done := b.add(t, other); done {
		t.Error("fragments of two sources were put together")
	}
	proto := frame4(1, fill(8, 8, 'B', false))
	proto[9] = 17
	if _, done := b.add(t, proto); done {
		t.Error("fragments of two protocols were put together")
	}
	if _, done := b.add(t, frame4(2, fill(8, 8, 'B', false))); done {
		t.Error("fragments of two identifications were put together")
	}
	raw := capture.Packet{Data: frame4(1, fill(8, 8, 'B', false)), Link: capture.LinkRaw, VLAN: 5, HasVLAN: true}
	b.dec.Decode(&b.p, &raw)
	if _, done := b.d.Add(&b.p); done {
		t.Error("fragments of two VLANs were put together")
	}
	if _, done := b.add(t, frame4(1, fill(8, 8, 'B', false))); !done {
		t.Error("the right fragment did not complete the datagram")
	}
}

func TestTimeout(t *testing.T) {
	b := newBench(Config{Timeout: 10 * time.Second})
	b.now = int64(100 * time.Second)
	b.add(t, frame4(1, fill(0, 8, 'A', true)))
	b.now += int64(9 * time.Second)
	b.add(t, frame4(1, fill(8, 8, 'B', true))) // the clock begins anew
	b.now += int64(9 * time.Second)
	if b.d.Advance(b.now); b.d.trackers != 1 {
		t.Fatal("given up too early")
	}
	b.now += int64(time.Second)
	if _, done := b.add(t, frame4(1, fill(16, 8, 'C', false))); done {
		t.Error("completed after the time-out")
	}
	if b.d.Stats.IPv4Timeouts != 1 {
		t.Errorf("timeouts = %d, want 1", b.d.Stats.IPv4Timeouts)
	}
	b.now -= int64(time.Hour) // a capture whose clock went back
	if b.d.Advance(b.now); b.d.trackers != 1 {
		t.Error("time went back")
	}
}

// TestHostTimeout: hosts may have time-outs of their own, shorter and longer than that of the others.
func TestHostTimeout(t *testing.T) {
	for _, c := range []struct {
		host time.Duration // 0: that of all
		step time.Duration
		done bool
	}{{0, 9 * time.Second, true}, {0, 10 * time.Second, false}, {3 * time.Second, 2 * time.Second, true}, {3 * time.Second, 3 * time.Second, false},
		{20 * time.Second, 19 * time.Second, true}, {20 * time.Second, 20 * time.Second, false}} {
		b := newBench(Config{Timeout: 10 * time.Second, HostTimeout: func(packet.Addr) time.Duration { return c.host }})
		b.now = int64(100 * time.Second)
		b.add(t, frame4(1, fill(0, 8, 'A', true)))
		b.now += int64(c.step)
		if _, done := b.add(t, frame4(1, fill(8, 8, 'B', false))); done != c.done {
			t.Errorf("a host with %v, fragments %v apart: complete %v", c.host, c.step, done)
		}
		if n := b.d.Stats.IPv4Timeouts; (n == 0) != c.done {
			t.Errorf("a host with %v, fragments %v apart: %d time-outs", c.host, c.step, n)
		}
	}
}

func TestTooLarge(t *testing.T) {
	b := newBench(Config{})
	b.add(t, frame4(1, fill(65512, 8, 'A', false)))
	if n := b.p.EventCount; n != 1 || b.p.Events[0] != packet.EvIPv4FragTooLarge {
		t.Errorf("events %v", b.p.EventList())
	}
	b.add(t, frame6(1, fill(65528, 8, 'A', false)))
	if n := b.p.EventCount; n != 1 || b.p.Events[0] != packet.EvIPv6FragTooLarge {
		t.Errorf("IPv6: events %v", b.p.EventList())
	}
	if b.d.trackers != 0 {
		t.Error("oversized fragments are tracked")
	}
}

// TestTeardrop sends a second fragment that ends within the first, which made old stacks
// compute a negative length.
func TestTeardrop(t *testing.T) {
	b := newBench(Config{})
	b.add(t, frame4(1, fill(0, 40, 'A', true)))
	dg, done := b.add(t, frame4(1, fill(24, 4, 'B', false)))
	if !done || len(dg) != 60 || strings.Trim(string(dg[20:]), "A") != "" {
		t.Errorf("done=%v, datagram %q", done, dg)
	}
}

// TestDataPastEnd checks that data past the end, which hosts drop, does not keep a datagram
// from completion.
func TestDataPastEnd(t *testing.T) {
	b := newBench(Config{})
	b.add(t, frame4(1, fill(8, 8, 'B', false)))
	b.add(t, frame4(1, fill(32, 8, 'X', true)))
	dg, done := b.add(t, frame4(1, fill(0, 8, 'A', true)))
	if !done || string(dg[20:]) != "AAAAAAAABBBBBBBB" {
		t.Errorf("done=%v, datagram %q", done, dg)
	}
}

func TestCaps(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
		hits func(*Stats) uint64
	}{
		{"trackers", Config{MaxTrackers: 10}, func(s *Stats) uint64 { return s.MaxTrackersHits }},
		{"fragments", Config{MaxFrags: 10}, func(s *Stats) uint64 { return s.MaxFragsHits }},
		{"memory", Config{MemCap: 10 * (trackerCost + fragCost + 256)}, func(s *Stats) uint64 { return s.MemCapHits }},
	} {
		b := newBench(c.cfg)
		for i := range 1000 {
			b.add(t, frame4(uint16(i), fill(0, 8, 'A', true)))
			if b.d.mem.used+b.d.mem.spare > b.d.cfg.MemCap {
				t.Fatalf("%s: %d bytes with a cap of %d", c.name, b.d.mem.used+b.d.mem.spare, b.d.cfg.MemCap)
			}
		}
		if b.d.trackers > 10 || c.hits(&b.d.Stats) == 0 || b.d.Stats.Evicted < 900 {
			t.Errorf("%s: %d trackers, stats %+v", c.name, b.d.trackers, b.d.Stats)
		}
		// The newest must have survived.
		if _, done := b.add(t, frame4(999, fill(8, 8, 'B', false))); !done {
			t.Errorf("%s: the newest datagram was given up", c.name)
		}
	}
}

func TestFragsOfOneDatagram(t *testing.T) {
	var counts packet.EventCounts
	b := newBench(Config{Events: &counts})
	for i := range MaxDatagramFrags + 5 {
		b.add(t, frame4(1, fill(16*i, 8, 'A', true)))
	}
	if b.d.frags != MaxDatagramFrags || b.d.Stats.Ignored != 5 || counts[packet.EvIPv4FragIgnored] != 5 {
		t.Errorf("%d fragments, %d ignored, %d events", b.d.frags, b.d.Stats.Ignored, counts[packet.EvIPv4FragIgnored])
	}
}

func TestNoAllocs(t *testing.T) {
	b := newBench(Config{})
	var frames [][]byte
	for id := range 8 {
		for i := range 4 {
			frames = append(frames, frame4(uint16(id), fill(i*1000, 1000, byte(i), i < 3)))
		}
	}
	send := func() {
		for i := range frames {
			b.add(t, frames[(i%8)*4+i/8]) // interleaved
		}
	}
	send()
	if n := testing.AllocsPerRun(100, send); n != 0 {
		t.Errorf("%v allocations a round", n)
	}
	if b.d.Stats.IPv4Reassembled == 0 {
		t.Error("nothing reassembled")
	}
}

func BenchmarkAdd(b *testing.B) {
	t := newBench(Config{})
	f := [][]byte{frame4(1, fill(0, 1480, 'A', true)), frame4(1, fill(1480, 1480, 'B', true)), frame4(1, fill(2960, 1040, 'C', false))}
	b.SetBytes(4000)
	b.ReportAllocs()
	for b.Loop() {
		for _, x := range f {
			t.add(b, x)
		}
	}
	if t.d.Stats.IPv4Reassembled == 0 {
		b.Fatal("nothing reassembled")
	}
}

// FuzzDefrag compares the segments with a model that keeps an owner for every byte.
func FuzzDefrag(f *testing.F) {
	f.Add(uint8(0), []byte{0, 24, 1, 4, 16, 1, 1, 32, 1, 6, 24, 0})
	f.Add(uint8(5), []byte{9, 200, 1, 8, 250, 1, 0, 255, 1, 0, 3, 0, 31, 9, 0})
	f.Fuzz(func(t *testing.T, policy uint8, in []byte) {
		pol := Policy(policy % 7)
		b := newBench(Config{MaxFrags: 200, Policy: func(packet.Addr) Policy { return pol }})
		m := model{policy: pol}
		for i := 0; i+3 <= len(in) && i < 300; i += 3 {
			p := piece{int(in[i]) * 8, in[i+2]&1 != 0, bytes.Repeat([]byte{byte(i)}, int(in[i+1]))}
			if p.off == 0 && !p.more || len(p.data) == 0 {
				continue // not a fragment
			}
			dg, done := b.add(t, frame4(3, p))
			m.add(p)
			want, wantDone := m.done()
			if done != wantDone || done && !bytes.Equal(dg[20:], want) {
				t.Fatalf("piece %d: done=%v want %v\n got %x\nwant %x", i/3, done, wantDone, dg, want)
			}
			if done {
				m = model{policy: pol}
			}
		}
		b.d.Advance(1 << 62)
		if b.d.mem.used != 0 || b.d.trackers != 0 || b.d.frags != 0 || b.d.byUse.Oldest() != nil {
			t.Fatalf("left over: %d bytes, %d trackers, %d fragments", b.d.mem.used, b.d.trackers, b.d.frags)
		}
	})
}

// model is the slow and plain form of what Defrag does.
type model struct {
	policy   Policy
	pieces   []piece
	owner    [4096]int // index into pieces + 1
	max, end int
	last     bool
}

func (m *model) add(p piece) {
	m.pieces = append(m.pieces, p)
	end := p.off + len(p.data)
	m.max = max(m.max, end)
	if !p.more && !m.last {
		m.last, m.end = true, m.max
	}
	for i := p.off; i < end; i++ {
		if m.owner[i] != 0 {
			o := m.pieces[m.owner[i]-1]
			if !m.policy.takes(int32(p.off), int32(end), int32(o.off), int32(o.off+len(o.data))) {
				continue
			}
		}
		m.owner[i] = len(m.pieces)
	}
}

func (m *model) done() ([]byte, bool) {
	if !m.last {
		return nil, false
	}
	var out []byte
	for i := range m.end {
		if m.owner[i] == 0 {
			return nil, false
		}
		p := m.pieces[m.owner[i]-1]
		out = append(out, p.data[i-p.off])
	}
	return out, true
}
