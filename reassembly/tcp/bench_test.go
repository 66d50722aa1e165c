package tcp

import (
	"testing"
	"unsafe"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// counter is the cheapest handler.
type counter struct{ bytes, gaps uint64 }

func (k *counter) Data(c *Conn, dir dissect.Dir, off uint64, data []byte) {
	k.bytes += uint64(len(data))
}
func (k *counter) Gap(c *Conn, dir dissect.Dir, off uint64, n int)     { k.gaps += uint64(n) }
func (k *counter) End(c *Conn, dir dissect.Dir, why dissect.EndReason) {}
func (k *counter) Event(c *Conn, dir dissect.Dir, e Event)             {}

const mss = 1460

// driver sends a stream of full segments with timestamps, acknowledged every second one.
type driver struct {
	a         *Assembler
	c         Conn
	h         counter
	data, ack packet.Packet
}

func newDriver(cfg Config) *driver {
	d := &driver{a: New(cfg)}
	connect(d.a, &d.c, 1000, 5000, &d.h)
	d.data = packet.Packet{TCPFlags: packet.ACK | packet.PSH, Seq: 1001, AckNum: 5001, TCPWindow: 65535,
		Payload: make([]byte, mss)}
	d.ack = packet.Packet{TCPFlags: packet.ACK, Seq: 5001, AckNum: 1001, TCPWindow: 65535}
	return d
}

func (d *driver) inOrder() {
	for range 2 {
		d.a.Packet(&d.c, &d.data, dissect.ToServer, &d.h)
		d.data.Seq += mss
	}
	d.ack.AckNum = d.data.Seq
	d.a.Packet(&d.c, &d.ack, dissect.ToClient, &d.h)
}

// outOfOrder sends eight segments, the first of them last.
func (d *driver) outOfOrder() {
	first := d.data.Seq
	for i := range uint32(7) {
		d.data.Seq = first + (i+1)*mss
		d.a.Packet(&d.c, &d.data, dissect.ToServer, &d.h)
	}
	d.data.Seq = first
	d.a.Packet(&d.c, &d.data, dissect.ToServer, &d.h)
	d.data.Seq = first + 8*mss
	d.ack.AckNum = d.data.Seq
	d.a.Packet(&d.c, &d.ack, dissect.ToClient, &d.h)
}

func BenchmarkInOrder(b *testing.B) {
	d := newDriver(Config{})
	b.SetBytes(mss)
	b.ReportAllocs()
	for n := 0; n < b.N; n += 3 {
		d.inOrder()
	}
	if d.h.gaps != 0 || d.h.bytes == 0 {
		b.Fatal(d.h)
	}
}

func BenchmarkInOrderCompared(b *testing.B) {
	d := newDriver(Config{OverlapWindow: 1 << 16})
	b.SetBytes(mss)
	b.ReportAllocs()
	for n := 0; n < b.N; n += 3 {
		d.inOrder()
	}
}

func BenchmarkOutOfOrder(b *testing.B) {
	d := newDriver(Config{})
	b.SetBytes(mss)
	b.ReportAllocs()
	for n := 0; n < b.N; n += 9 {
		d.outOfOrder()
	}
	if d.h.gaps != 0 || d.h.bytes == 0 {
		b.Fatal(d.h)
	}
}

// BenchmarkBeyondDepth is the cost of packets that are not looked at any more.
func BenchmarkBeyondDepth(b *testing.B) {
	d := newDriver(Config{Depth: 1000})
	b.SetBytes(mss)
	b.ReportAllocs()
	for n := 0; n < b.N; n += 3 {
		d.inOrder()
	}
}

// BenchmarkManyHoles inserts single bytes between others, in a queue of up to 2000: what an
// attacker would send.
func BenchmarkManyHoles(b *testing.B) {
	const holes = 2000
	d := newDriver(Config{MaxSegments: holes})
	d.data.Payload = d.data.Payload[:1]
	b.ReportAllocs()
	for n := 0; n < b.N; n++ {
		k := n % holes
		if k == 0 {
			d.a.Close(&d.c, dissect.EndCapture, &d.h)
			d.c.Reset()
			connect(d.a, &d.c, 1000, 5000, &d.h)
		}
		d.data.Seq = 1003 + uint32(k*797%holes)*2 // 797 and 2000 have no common factor
		d.a.Packet(&d.c, &d.data, dissect.ToServer, &d.h)
	}
}

// BenchmarkSession is a short connection from SYN to FIN: per packet.
func BenchmarkSession(b *testing.B) {
	a := New(Config{})
	var c Conn
	var h counter
	ps := [...]packet.Packet{
		{TCPFlags: packet.SYN, Seq: 100, TCPWindow: 65535},
		{TCPFlags: packet.SYN | packet.ACK, Seq: 200, AckNum: 101, TCPWindow: 65535},
		{TCPFlags: packet.ACK, Seq: 101, AckNum: 201, TCPWindow: 65535},
		{TCPFlags: packet.ACK, Seq: 101, AckNum: 201, TCPWindow: 65535, Payload: make([]byte, 100)},
		{TCPFlags: packet.ACK, Seq: 201, AckNum: 201, TCPWindow: 65535, Payload: make([]byte, 1000)},
		{TCPFlags: packet.ACK | packet.FIN, Seq: 201, AckNum: 1201, TCPWindow: 65535},
		{TCPFlags: packet.ACK | packet.FIN, Seq: 1201, AckNum: 202, TCPWindow: 65535},
		{TCPFlags: packet.ACK, Seq: 202, AckNum: 1202, TCPWindow: 65535},
	}
	dirs := [...]dissect.Dir{0, 1, 0, 0, 1, 0, 1, 0}
	b.ReportAllocs()
	for n := 0; n < b.N; n += len(ps) {
		for i := range ps {
			a.Packet(&c, &ps[i], dirs[i], &h)
		}
		if c.State() != StateClosed {
			b.Fatal(c.State())
		}
		a.Close(&c, dissect.EndTimeout, &h)
		c.Reset()
	}
}

func TestAllocs(t *testing.T) {
	d := newDriver(Config{OverlapWindow: 4096})
	d.outOfOrder()
	for name, f := range map[string]func(){"in order": d.inOrder, "out of order": d.outOfOrder} {
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	if d.h.gaps != 0 || d.a.Stats.InvalidPackets != 0 {
		t.Errorf("%+v", d.a.Stats)
	}
}

func TestConnSize(t *testing.T) {
	if n := unsafe.Sizeof(Conn{}); n > 256 {
		t.Errorf("a Conn has %d bytes, more than 256", n)
	} else {
		t.Logf("a Conn has %d bytes", n)
	}
}
