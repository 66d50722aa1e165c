package tcp

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// checker tests what holds for every stream: offsets without a break, and an end at the end.
type checker struct {
	off   [2]uint64
	gaps  [2]uint64
	ends  [2]int
	fault string
	want  func(dir dissect.Dir, off uint64) byte // nil: any content
}

func (k *checker) failf(f string, args ...any) {
	if k.fault == "" {
		k.fault = fmt.Sprintf(f, args...)
	}
}

func (k *checker) next(dir dissect.Dir, off uint64, n int) {
	if off != k.off[dir] {
		k.failf("offset %d, want %d", off, k.off[dir])
	}
	if n <= 0 {
		k.failf("%d bytes", n)
	}
	if k.ends[dir] > 0 {
		k.failf("data after the end")
	}
	k.off[dir] += uint64(n)
}

func (k *checker) Data(c *Conn, dir dissect.Dir, off uint64, data []byte) {
	k.next(dir, off, len(data))
	if k.want == nil {
		return
	}
	for i, b := range data {
		if w := k.want(dir, off+uint64(i)); b != w {
			k.failf("direction %v offset %d: byte %#x, want %#x", dir, off+uint64(i), b, w)
			return
		}
	}
}

func (k *checker) Gap(c *Conn, dir dissect.Dir, off uint64, n int) {
	k.next(dir, off, n)
	k.gaps[dir] += uint64(n)
}

func (k *checker) End(c *Conn, dir dissect.Dir, why dissect.EndReason) {
	if k.ends[dir]++; k.ends[dir] > 1 {
		k.failf("End twice")
	}
}
func (k *checker) Event(c *Conn, dir dissect.Dir, e Event) {}

// receiver is a model of an end host: it knows which bytes it has.
type receiver struct {
	have []bool
	next int
}

func (r *receiver) take(from, n int) {
	for i := range n {
		r.have[from+i] = true
	}
	for r.next < len(r.have) && r.have[r.next] {
		r.next++
	}
}

// TestModel sends streams in random pieces, out of order, twice, and overlapping. Whatever
// the order, the streams must come out as they are; when packets are not captured, all that
// is delivered must be right and the rest be gaps.
func TestModel(t *testing.T) {
	for seed := range uint64(400) {
		lossy := seed%4 == 3
		cfg := Config{Policy: func(packet.Addr) Policy { return Policy(seed % uint64(policyCount)) }}
		if seed%5 == 0 {
			cfg.OverlapWindow = 4096
		}
		if msg := runModel(seed, cfg, lossy); msg != "" {
			t.Fatalf("seed %d, lossy %v: %s", seed, lossy, msg)
		}
	}
}

func runModel(seed uint64, cfg Config, lossy bool) string {
	rnd := rand.New(rand.NewPCG(seed, 1))
	const size = 6000
	stream := [2][]byte{make([]byte, size), make([]byte, size)}
	for d := range stream {
		for i := range stream[d] {
			stream[d][i] = byte(rnd.Uint32())
		}
	}
	isn := [2]uint32{-uint32(rnd.IntN(size)), -uint32(rnd.IntN(2 * size))}
	k := &checker{want: func(dir dissect.Dir, off uint64) byte { return stream[dir][off] }}
	a := New(cfg)
	var c Conn
	connect(a, &c, isn[0], isn[1], k)
	recv := [2]receiver{{have: make([]bool, size)}, {have: make([]bool, size)}}
	send := func(d, from, n int, captured bool) {
		p := packet.Packet{TCPFlags: packet.ACK, TCPWindow: 60000, Seq: isn[d] + 1 + uint32(from),
			AckNum: isn[d^1] + 1 + uint32(recv[d^1].next), Payload: stream[d][from : from+n]}
		if captured {
			a.Packet(&c, &p, dissect.Dir(d), k)
		}
		recv[d].take(from, n)
	}
	for recv[0].next < size || recv[1].next < size {
		d := rnd.IntN(2)
		if recv[d].next == size {
			d ^= 1
		}
		// Somewhere in the window, often at its start, sometimes before it.
		from := recv[d].next + rnd.IntN(1500) - 200
		if rnd.IntN(3) == 0 {
			from = recv[d].next
		}
		from = max(0, min(from, size-1))
		send(d, from, 1+rnd.IntN(min(400, size-from)), !lossy || rnd.IntN(10) > 0)
	}
	for d := range 2 {
		p := packet.Packet{TCPFlags: packet.ACK | packet.FIN, TCPWindow: 60000, Seq: isn[d] + 1 + size,
			AckNum: isn[d^1] + 1 + size + uint32(d)}
		a.Packet(&c, &p, dissect.Dir(d), k)
	}
	p := packet.Packet{TCPFlags: packet.ACK, TCPWindow: 60000, Seq: isn[0] + 2 + size, AckNum: isn[1] + 2 + size}
	r := a.Packet(&c, &p, dissect.ToServer, k)
	switch {
	case k.fault != "":
		return k.fault
	case !r.Has(Closed) || c.State() != StateClosed || k.ends != [2]int{1, 1}:
		return fmt.Sprintf("not closed: %v, ends %v", c.State(), k.ends)
	case k.off != [2]uint64{size, size}:
		return fmt.Sprintf("%v bytes, want %d", k.off, size)
	case !lossy && k.gaps != [2]uint64{}:
		return fmt.Sprintf("gaps: %v", k.gaps)
	case a.Stats.OverlapDiffData != 0:
		return "same data was said to differ"
	}
	a.Close(&c, dissect.EndCapture, k)
	if poolUse(a) != a.MemUse() {
		return fmt.Sprintf("%d bytes in use, %d pooled", a.MemUse(), poolUse(a))
	}
	return k.fault
}

// positions checks that each 8 bytes of the stream are their own offset.
type positions struct {
	checker
	n int
}

func (p *positions) Data(c *Conn, dir dissect.Dir, off uint64, data []byte) {
	p.next(dir, off, len(data))
	if got := binary.BigEndian.Uint64(data); got != off {
		p.failf("offset %d has the bytes of %d", off, got)
	}
	p.n++
}

// TestFiveGigabytes sends more than 2^32 bytes through one connection, with packets swapped
// now and then, and acknowledgements that lag.
func TestFiveGigabytes(t *testing.T) {
	const size, total = 60000, 5 << 30
	var h positions
	a := New(Config{})
	var c Conn
	connect(a, &c, 0xfffff000, 77, &h)
	buf := [2][]byte{make([]byte, size), make([]byte, size)}
	data := func(i int, off uint64) *packet.Packet {
		binary.BigEndian.PutUint64(buf[i], off)
		return &packet.Packet{TCPFlags: packet.ACK, Seq: 0xfffff001 + uint32(off), AckNum: 78, TCPWindow: 65535,
			Payload: buf[i]}
	}
	off, packets := uint64(0), 0
	for ; off < total; packets++ {
		if packets%100 == 7 {
			a.Packet(&c, data(1, off+size), dissect.ToServer, &h)
			a.Packet(&c, data(0, off), dissect.ToServer, &h)
			off += 2 * size
		} else {
			a.Packet(&c, data(0, off), dissect.ToServer, &h)
			off += size
		}
		ack := packet.Packet{TCPFlags: packet.ACK, Seq: 78, AckNum: 0xfffff001 + uint32(off), TCPWindow: 65535}
		a.Packet(&c, &ack, dissect.ToClient, &h)
	}
	if h.fault != "" || h.off[0] != off || c.BytesDelivered(dissect.ToServer) != off {
		t.Fatalf("%s; %d bytes of %d", h.fault, h.off[0], off)
	}
	if a.Stats.InvalidPackets+a.Stats.OutOfWindow+a.Stats.Retransmissions+a.Stats.ReassemblyGap != 0 {
		t.Errorf("%+v", a.Stats)
	}
}

// TestMemcap fills the buffers of many connections: the cap must hold.
func TestMemcap(t *testing.T) {
	a := New(Config{Memcap: 100 << 10})
	var h checker
	conns := make([]Conn, 100)
	for i := range conns {
		connect(a, &conns[i], 1, 1, &h)
	}
	p := packet.Packet{TCPFlags: packet.ACK, AckNum: 2, TCPWindow: 65535, Payload: make([]byte, 1400)}
	for n := range 50 {
		for i := range conns {
			p.Seq = 100 + uint32(n)*3000
			p.Payload = p.Payload[:1+(n*97+i*31)%1400]
			a.Packet(&conns[i], &p, dissect.ToServer, &h)
			p.Payload = p.Payload[:cap(p.Payload)]
			if a.MemUse() > 100<<10 {
				t.Fatalf("memory use %d", a.MemUse())
			}
		}
	}
	if a.Stats.SegmentMemcapDrop == 0 {
		t.Error("no drop was counted")
	}
	for i := range conns {
		a.Close(&conns[i], dissect.EndCapture, &checker{off: [2]uint64{}})
	}
	if poolUse(a) != a.MemUse() {
		t.Errorf("%d bytes in use, %d pooled", a.MemUse(), poolUse(a))
	}
	if a.Stats.ActiveSessions != 0 || a.Stats.Sessions != 100 {
		t.Errorf("sessions %d, active %d", a.Stats.Sessions, a.Stats.ActiveSessions)
	}
}

// TestSwap exchanges the directions in the middle of a connection.
func TestSwap(t *testing.T) {
	s := newScript(t, DefaultConfig(), 1, 1)
	s.run("C S\nS SA\nC A\nC A \"abc\"\n= > \"abc\"\nC FA\nstate close_wait")
	s.c.Swap()
	s.swapped = true
	s.off[0], s.off[1] = s.off[1], s.off[0]
	s.run("state fin_wait1\nS A\n= < end fin\nstate fin_wait2\nS A \"defg\"\n= > \"defg\"\nS FA\nstate time_wait\nC A\n= > end fin\nstate closed")
}

// stopper stops a direction from within a call.
type stopper struct{ checker }

func (s *stopper) Data(c *Conn, dir dissect.Dir, off uint64, data []byte) {
	s.checker.Data(c, dir, off, data)
	c.Stop(dir)
}

func TestStop(t *testing.T) {
	a, h := New(Config{}), &stopper{}
	var c Conn
	connect(a, &c, 0, 0, h)
	send := func(seq uint32, n int) {
		a.Packet(&c, &packet.Packet{TCPFlags: packet.ACK, Seq: seq, AckNum: 1, TCPWindow: 999, Payload: make([]byte, n)},
			dissect.ToServer, h)
	}
	send(11, 10) // waits
	send(1, 10)
	send(21, 10)
	send(41, 10)
	if h.off[0] != 10 || !c.Stopped(dissect.ToServer) || c.BytesDelivered(dissect.ToServer) != 50 {
		t.Errorf("%d bytes delivered, position %d", h.off[0], c.BytesDelivered(dissect.ToServer))
	}
	a.Close(&c, dissect.EndTimeout, h)
	if h.ends != [2]int{1, 1} || h.fault != "" || poolUse(a) != a.MemUse() {
		t.Errorf("ends %v, %s", h.ends, h.fault)
	}
}

func TestUnlimited(t *testing.T) {
	a, h := New(Config{Depth: 10}), &checker{}
	var c Conn
	connect(a, &c, 0, 0, h)
	c.SetUnlimited()
	for i := range uint32(5) {
		a.Packet(&c, &packet.Packet{TCPFlags: packet.ACK, Seq: 1 + 8*i, AckNum: 1, TCPWindow: 999, Payload: make([]byte, 8)},
			dissect.ToServer, h)
	}
	if h.off[0] != 40 || c.DepthReached(dissect.ToServer) {
		t.Errorf("%d bytes delivered, want 40", h.off[0])
	}
}

// FuzzPackets makes packets of the input, 8 bytes each.
func FuzzPackets(f *testing.F) {
	f.Add([]byte{0, 2, 0, 0, 0, 0, 0, 0, 1, 18, 0, 0, 1, 0, 0, 0, 0, 16, 1, 0, 1, 0, 5, 0, 0, 16, 9, 0, 1, 0, 9, 0,
		1, 16, 1, 0, 20, 0, 0, 0, 0, 17, 14, 0, 1, 0, 0, 0, 1, 16, 1, 0, 15, 0, 0, 0}, byte(0))
	f.Add([]byte{0, 16, 0, 0, 0, 0, 7, 0, 1, 16, 0, 0, 7, 0, 9, 0, 0, 4, 7, 0, 0, 0, 0, 0, 0, 48, 7, 0, 0, 0, 9, 3}, byte(1))
	f.Add([]byte{0, 2, 0, 0, 0, 0, 9, 64, 1, 2, 0, 0, 0, 0, 9, 64, 1, 18, 0, 0, 10, 0, 9, 64, 0, 18, 0, 0, 10, 0, 9, 64}, byte(6))
	f.Fuzz(func(t *testing.T, in []byte, mode byte) {
		cfg := Config{Midstream: mode&1 != 0, AsyncOneside: mode&2 != 0, Memcap: 8 << 10, MaxSegments: 4,
			Urgent: Urgent(mode >> 6), OOBLimit: 3, Policy: func(packet.Addr) Policy { return Policy(mode>>2&15) % policyCount }}
		if mode&4 != 0 {
			cfg.Depth = 300
		}
		if mode&8 != 0 {
			cfg.OverlapWindow = 64
		}
		a, k := New(cfg), &checker{}
		var c Conn
		payload := make([]byte, 1024)
		for ; len(in) >= 8; in = in[8:] {
			dir := dissect.Dir(in[0] & 1)
			p := packet.Packet{TCPFlags: in[1], TCPWindow: 500, Time: int64(in[0]) * 1e6}
			// Numbers near 2^32, so that they wrap.
			p.Seq = uint32(int32(int16(binary.LittleEndian.Uint16(in[2:]))))
			p.AckNum = uint32(int32(int16(binary.LittleEndian.Uint16(in[4:]))))
			p.Payload = payload[:int(in[6])<<(in[0]>>7)]
			p.TCPUrgent = uint16(in[7] & 15)
			if in[7]&64 != 0 {
				p.TCPOpt = packet.TCPOptions{HasTimestamp: true, TSVal: uint32(in[7] & 7), HasWScale: true, WScale: in[0] >> 4}
			}
			r := a.Packet(&c, &p, dir, k)
			if r.Has(Reversed) {
				a.Packet(&c, &p, dir^1, k)
			}
			if r.Has(NewSession) {
				a.Close(&c, dissect.EndTimeout, k)
				c.Reset()
				*k = checker{}
			}
			if a.MemUse() > cfg.Memcap {
				t.Fatalf("memory use %d", a.MemUse())
			}
		}
		active := c.Active()
		a.Close(&c, dissect.EndCapture, k)
		if k.fault != "" || active && k.ends != [2]int{1, 1} {
			t.Fatalf("%s; ends %v", k.fault, k.ends)
		}
		if poolUse(a) != a.MemUse() || a.Stats.ActiveSessions != 0 {
			t.Fatalf("%d bytes in use, %d pooled; %d sessions", a.MemUse(), poolUse(a), a.Stats.ActiveSessions)
		}
	})
}
