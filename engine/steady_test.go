package engine

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/capture"
)

// line is an engine with one worker that is fed frame by frame.
type line struct {
	e     *Engine
	b     *batch
	num   uint64
	now   int64
	bytes int
}

func newLine(t testing.TB, cfg Config) *line {
	cfg.Workers, cfg.CheckChecksums, cfg.EVE = 1, false, io.Discard
	cfg.TCP.Depth = 0 // no limit
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l := &line{e: e, b: newBatch(1), now: 1_700_000_000e9}
	l.end()
	return l
}

// feed sends a frame through the engine, a millisecond after the last.
func (l *line) feed(frames ...[]byte) {
	for _, f := range frames {
		l.num++
		l.now += 1e6
		l.bytes += len(f)
		raw := capture.Packet{Data: f, Time: l.now, Len: uint32(len(f)), Num: l.num, Link: capture.LinkEthernet}
		l.e.dispatch.frame(&raw, &l.e.workers[0].inline)
	}
}

// end closes the batch, as the pipeline does every few hundred packets.
func (l *line) end() {
	l.e.order.take(l.b)
	l.b.reset()
	w := l.e.workers[0]
	w.out, w.inline.batch = &l.b.results[0], l.b
}

// again moves a frame of the connection on to where its direction now stands.
func (c *tcpConn) again(f []byte, toServer bool) []byte {
	seq, ack := &c.seq, &c.ack
	if !toServer {
		seq, ack = ack, seq
	}
	binary.BigEndian.PutUint32(f[38:], *seq)
	binary.BigEndian.PutUint32(f[42:], *ack)
	*seq += uint32(len(f) - 54)
	return f
}

// exchange is a request and a response of a connection, and the acknowledgement of each.
type exchange struct {
	c      *tcpConn
	frames [4][]byte
}

func newExchange(l *line, request, response string) *exchange {
	x := &exchange{c: &tcpConn{host: 1, port: 2000}}
	x.c.open()
	l.feed(x.c.out...)
	for i, s := range []string{request, "", response, ""} {
		x.c.out = nil
		x.c.frame(i == 0 || i == 3, 0x18, s)
		x.frames[i] = x.c.out[0]
	}
	l.feed(x.frames[:]...)
	return x
}

func (x *exchange) next(l *line) {
	for i, f := range x.frames {
		l.feed(x.c.again(f, i == 0 || i == 3))
	}
}

// datagram makes a frame of UDP from or to a server.
func datagram(toServer bool, client, server uint16, payload string) []byte {
	b := make([]byte, 42, 42+len(payload))
	copy(b[12:], []byte{8, 0, 0x45, 0})
	binary.BigEndian.PutUint16(b[16:], uint16(28+len(payload)))
	b[22], b[23] = 64, 17
	src, dst, sp, dp := []byte{10, 0, 0, 9}, []byte{10, 1, 0, 1}, client, server
	if !toServer {
		src, dst, sp, dp = dst, src, dp, sp
	}
	copy(b[26:], src)
	copy(b[30:], dst)
	binary.BigEndian.PutUint16(b[34:], sp)
	binary.BigEndian.PutUint16(b[36:], dp)
	binary.BigEndian.PutUint16(b[38:], uint16(8+len(payload)))
	return append(b, payload...)
}

const (
	httpRequest  = "GET /index.html?a=b HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: test/1.0\r\nAccept: */*\r\nCookie: a=1; b=2\r\n\r\n"
	httpResponse = "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: image/png\r\nContent-Length: 500\r\n\r\n"
	dnsQuery     = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01"
	dnsAnswer    = "\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01" +
		"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x01\x02\x03"
)

// picture is a body; the type of a text would be made up anew by the library that tells it.
var picture = "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + strings.Repeat("\x00", 484)

// traffic is what a steady state consists of: setup prepares it on an engine and gives the step
// that is repeated.
var traffic = []struct {
	name       string
	candidates bool // for rules that ship
	setup      func(l *line) (step func())
}{
	{"bulk TCP", false, func(l *line) func() {
		x := newExchange(l, "nobody knows ", strings.Repeat("this protocol ", 100))
		return func() { x.next(l) }
	}},
	{"HTTP, kept alive", false, func(l *line) func() {
		x := newExchange(l, httpRequest, httpResponse+picture)
		return func() { x.next(l) }
	}},
	{"DNS, one flow", true, func(l *line) func() {
		q, a := datagram(true, 4000, 53, dnsQuery), datagram(false, 4000, 53, dnsAnswer)
		id := uint16(0)
		return func() {
			id++
			binary.BigEndian.PutUint16(q[42:], id)
			binary.BigEndian.PutUint16(a[42:], id)
			l.feed(q, a)
		}
	}},
	{"DNS, a flow each", true, func(l *line) func() {
		q, a := datagram(true, 0, 53, dnsQuery), datagram(false, 0, 53, dnsAnswer)
		port := uint16(0)
		return func() {
			port++
			binary.BigEndian.PutUint16(q[34:], port)
			binary.BigEndian.PutUint16(a[36:], port)
			l.now += 3e9 // time-outs end the flows again
			l.feed(q, a)
		}
	}},
	{"TCP, a connection each", true, func(l *line) func() {
		var conns [64][][]byte
		for i := range conns {
			c := &tcpConn{host: uint16(i), port: 3000}
			c.open()
			c.frame(true, 0x18, httpRequest)
			c.frame(false, 0x18, httpResponse+picture)
			c.frame(true, 0x11, "")
			c.frame(false, 0x11, "")
			c.frame(true, 0x10, "")
			conns[i] = c.out
		}
		n := 0
		return func() {
			l.now += 5e9
			l.feed(conns[n%len(conns)]...)
			n++
		}
	}},
	{"fragments", false, func(l *line) func() {
		whole := datagram(true, 4000, 9999, strings.Repeat("fragment", 100))
		first, second := bytes.Clone(whole[:14+20+400]), append(bytes.Clone(whole[:34]), whole[14+20+400:]...)
		binary.BigEndian.PutUint16(first[16:], 420)
		binary.BigEndian.PutUint16(first[20:], 0x2000)
		binary.BigEndian.PutUint16(second[16:], uint16(len(second)-14))
		binary.BigEndian.PutUint16(second[20:], 50)
		id := uint16(0)
		return func() {
			id++
			binary.BigEndian.PutUint16(first[18:], id)
			binary.BigEndian.PutUint16(second[18:], id)
			l.feed(first, second)
		}
	}},
	{"ping", false, func(l *line) func() {
		p := datagram(true, 0, 0, "ping")
		p[23], p[34], p[35] = 1, 8, 0
		return func() { l.feed(p) }
	}},
}

// TestSteadyStateAllocatesNothing is the second property of the architecture: whatever the packets
// are, once tables and pools have grown to what they need, another one allocates nothing.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	plain := DefaultConfig()
	allRecords(&plain)
	for i, tt := range slices.Concat(traffic, traffic) {
		cfg, name := plain, tt.name
		if i >= len(traffic) {
			cfg, name = everything(t), name+", rules"
			if tt.candidates {
				continue // rules with thresholds match it: that makes alerts for the ordered stage
			}
		}
		t.Run(name, func(t *testing.T) {
			l := newLine(t, cfg)
			step := tt.setup(l)
			for range 300 {
				step()
				l.end()
			}
			anomalies := func() uint64 {
				return counter(l.e, "detect.anomaly.applayer") + counter(l.e, "decoder.invalid") + counter(l.e, "detect.anomaly.stream")
			}
			before := anomalies() // a stream that nobody knows is one, once
			if a := testing.AllocsPerRun(200, func() { step(); l.end() }); a > 0 {
				t.Errorf("%v allocations a step", a)
			}
			if n := anomalies() - before; n > 0 || before > 1 {
				t.Errorf("%d anomalies: the packets are not what they should be", n)
			}
		})
	}
}
