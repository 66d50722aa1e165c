package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/capture/inject"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/alert"
)

// catcher is a sender that keeps what is sent.
type catcher struct {
	mu   sync.Mutex
	sent []packet.Packet
	raw  [][]byte
	link []inject.Link
	err  error
}

func (c *catcher) Send(ip []byte, l *inject.Link) error {
	if c.err != nil {
		return c.err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	b := slices.Clone(ip)
	var p packet.Packet
	d := packet.NewDecoder(packet.DefaultConfig())
	d.Decode(&p, &capture.Packet{Data: b, Len: uint32(len(b)), Link: capture.LinkRaw})
	c.sent, c.raw, c.link = append(c.sent, p), append(c.raw, b), append(c.link, *l)
	return nil
}
func (c *catcher) String() string { return "into a list" }
func (c *catcher) Close() error   { return nil }

// numbers are the sequence numbers of resets to a port, without repetition.
func (c *catcher) numbers(port uint16) (list []uint32) {
	for _, p := range c.sent {
		if p.DstPort == port && !slices.Contains(list, p.Seq) {
			list = append(list, p.Seq)
		}
	}
	slices.Sort(list)
	return list
}

// slowly is a source of single frames, each in a batch of its own, which waits for the engine between them
// and calls before with the number of the frame.
type slowly struct {
	list   [][]byte
	at     int
	idle   int // empty batches at the end
	before func(n int)
}

func (s *slowly) ReadBatch(b *capture.Batch) error {
	b.Reset()
	time.Sleep(5 * time.Millisecond)
	if s.before != nil {
		s.before(s.at + 1)
	}
	s.at++
	if s.at > len(s.list)+s.idle {
		return io.EOF
	}
	b.Now = 1_700_000_000e9 + int64(s.at)*1e6
	if s.at <= len(s.list) {
		f := s.list[s.at-1]
		b.Add(&capture.Packet{Data: f, Time: b.Now, Len: uint32(len(f)), Num: uint64(s.at), Link: capture.LinkEthernet})
	}
	return nil
}
func (s *slowly) Stats() capture.Stats { return capture.Stats{Packets: uint64(s.at)} }
func (s *slowly) Close() error         { return nil }

const rejectRule = `reject tcp any any -> any any (msg:"no"; content:"EVIL"; sid:7; rev:1;)`

// respondRun runs frames through an engine whose resets are caught.
func respondRun(t *testing.T, workers int, change func(*Config), src capture.Source) (*Engine, *catcher, []*alert.Alert, []string) {
	t.Helper()
	cfg := withRules(t, rejectRule, nil)
	got, c := &collector{}, &catcher{}
	var mu sync.Mutex
	var log []string
	cfg.Workers, cfg.Sinks = workers, []AlertSink{got}
	cfg.Warn = func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		log = append(log, fmt.Sprintf(format, args...))
	}
	cfg.Respond.Sender = c
	if change != nil {
		change(&cfg)
	}
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(context.Background(), src); err != nil {
		t.Fatal(err)
	}
	return e, c, got.alerts, log
}

// evil is a connection in which the client says a bad word and the server goes on to send.
func evil() *tcpConn {
	c := &tcpConn{host: 1, port: 2000, seq: 0xfffffff0, ack: 5000}
	c.open()
	c.frame(true, pushFlag, "an EVIL request")
	c.frame(false, ackFlag, "")
	for range 4 {
		c.frame(false, pushFlag, strings.Repeat("x", 1000))
	}
	return c
}

func TestRejectCutsBothEnds(t *testing.T) {
	for _, workers := range []int{1, 2} {
		conn := evil()
		e, c, alerts, log := respondRun(t, workers, nil, &slowly{list: conn.out, idle: 10})
		if len(alerts) != 1 || len(alerts[0].Evidence) == 0 || alerts[0].Evidence[0].Value != "reset" {
			t.Fatalf("%d workers: alerts %+v", workers, alerts)
		}
		// The client's side stands still: the number is exact. The server's goes on: the last one is exact too.
		if to := c.numbers(7777); !slices.Contains(to, conn.seq) {
			t.Errorf("%d workers: to the server %v, without %d", workers, to, conn.seq)
		}
		if to := c.numbers(2000); !slices.Contains(to, conn.ack) {
			t.Errorf("%d workers: to the client %v, without %d", workers, to, conn.ack)
		}
		for i, p := range c.sent {
			if p.TCPFlags != packet.RST|packet.ACK || !p.TransportChecksumOK() || p.TCPWindow != e.order.responder.cookie {
				t.Fatalf("%d workers: packet %d: flags %x, window %x", workers, i, p.TCPFlags, p.TCPWindow)
			}
		}
		if n := len(c.sent); n > maxVolleys*2*(3+ahead) {
			t.Errorf("%d workers: %d packets", workers, n)
		}
		if counter(e, "respond.connections") != 1 || counter(e, "respond.packets") != uint64(len(c.sent)) {
			t.Errorf("%d workers: %d connections, %d packets of %d", workers, counter(e, "respond.connections"), counter(e, "respond.packets"), len(c.sent))
		}
		if n := counter(e, "respond.gone"); n != 0 {
			t.Errorf("%d workers: %d connections gone", workers, n)
		}
		if want := "response: cutting 10.0.0.1:2000 -> 10.1.0.1:7777 (rule 7)"; !slices.Contains(log, want) {
			t.Errorf("%d workers: log %q", workers, log)
		}
	}
}

// TestOwnResetsAreNotTheEnds feeds the engine the resets that it sent, as a capture of the same link does.
func TestOwnResetsAreNotTheEnds(t *testing.T) {
	conn := evil()
	src := &slowly{list: conn.out, idle: 20}
	var c *catcher
	fed := 0
	src.before = func(n int) {
		if c == nil || n < 6 {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for ; fed < len(c.raw); fed++ {
			src.list = slices.Insert(src.list, min(src.at, len(src.list)), append(make([]byte, 12, 100), append([]byte{8, 0}, c.raw[fed]...)...))
		}
	}
	e, _, _, _ := respondRun(t, 1, func(cfg *Config) { c = cfg.Respond.Sender.(*catcher) }, src)
	if fed == 0 || counter(e, "respond.own_packets") == 0 {
		t.Fatalf("%d resets fed back, %d known", fed, counter(e, "respond.own_packets"))
	}
	for _, name := range []string{"stream.suspected_rst_inject", "stream.rst_invalid_ack", "tcp.rst", "tcp.rst_ignored"} {
		if n := counter(e, name); n != 0 {
			t.Errorf("%s is %d", name, n)
		}
	}
}

func TestExemptAddressesAreLeftAlone(t *testing.T) {
	for _, exempt := range []string{"10.0.0.0/16", "10.1.0.1/32"} {
		e, c, alerts, log := respondRun(t, 1, func(cfg *Config) { cfg.Respond.Exempt = []netip.Prefix{netip.MustParsePrefix(exempt)} },
			&slowly{list: evil().out, idle: 3})
		if len(c.sent) != 0 || counter(e, "respond.exempt") != 1 || counter(e, "respond.connections") != 0 {
			t.Errorf("%s: %d packets, %d exempt", exempt, len(c.sent), counter(e, "respond.exempt"))
		}
		if len(alerts) != 1 || !strings.Contains(fmt.Sprint(alerts[0].Evidence), "is exempt") || !strings.Contains(strings.Join(log, "\n"), exempt) {
			t.Errorf("%s: alerts %+v, log %q", exempt, alerts, log)
		}
	}
}

func TestResponsesAreLimited(t *testing.T) {
	var list [][]byte
	for i := range uint16(20) {
		c := &tcpConn{host: i, port: 2000}
		c.open()
		c.frame(true, pushFlag, "EVIL")
		list = append(list, c.out...)
	}
	e, _, alerts, _ := respondRun(t, 1, func(cfg *Config) { cfg.Respond.Rate, cfg.Respond.Burst = 1, 5 }, &frames{list: list})
	if n := counter(e, "respond.connections"); n != 5 || counter(e, "respond.rate_limited") != 15 || len(alerts) != 20 {
		t.Errorf("%d cut, %d refused, %d alerts", n, counter(e, "respond.rate_limited"), len(alerts))
	}
}

func TestBucketFillsAgain(t *testing.T) {
	now := time.Unix(1000, 0)
	r := newResponder(&RespondConfig{Sender: &catcher{}, Rate: 2, Burst: 3}, 1, func(string, ...any) {})
	r.clock = func() time.Time { return now }
	ask := func(id uint64) error { return r.ask(&dissect.FlowKey{Proto: 6, IPVersion: 4}, id, "test") }
	got := ""
	for id := range uint64(5) {
		got += map[bool]string{true: "y", false: "n"}[ask(id+1) == nil]
	}
	now = now.Add(time.Second)
	for id := range uint64(3) {
		got += map[bool]string{true: "y", false: "n"}[ask(100+id) == nil]
	}
	if got != "yyynnyyn" {
		t.Errorf("answers %s", got)
	}
	if err := ask(1); err != nil {
		t.Errorf("what was cut before costs nothing, but: %v", err)
	}
	if err := r.ask(&dissect.FlowKey{Proto: 17}, 9, "test"); !errors.Is(err, errNotTCP) {
		t.Errorf("UDP: %v", err)
	}
	if err := r.ask(&dissect.FlowKey{Proto: 6, Tunnel: 77<<8 | uint32(packet.TunnelVXLAN)}, 9, "test"); !errors.Is(err, errTunnelled) {
		t.Errorf("VXLAN: %v", err)
	}
}

func TestReplaysCutNothing(t *testing.T) {
	e, _, alerts, _ := respondRun(t, 1, func(cfg *Config) { cfg.Respond.Sender = nil }, &frames{list: evil().out})
	if counter(e, "respond.ignored") != 1 || len(alerts) != 1 || len(alerts[0].Evidence) != 0 {
		t.Errorf("ignored %d, alerts %+v", counter(e, "respond.ignored"), alerts)
	}
}

func TestFailedResetsAreCounted(t *testing.T) {
	e, _, _, log := respondRun(t, 1, func(cfg *Config) { cfg.Respond.Sender.(*catcher).err = errors.New("network is unreachable") },
		&slowly{list: evil().out, idle: 5})
	said := 0
	for _, l := range log {
		if strings.Contains(l, "could not be sent into a list: network is unreachable") {
			said++
		}
	}
	if counter(e, "respond.failed_packets") < 2 || counter(e, "respond.packets") != 0 || said != 1 {
		t.Errorf("%d failed, said %d times: %q", counter(e, "respond.failed_packets"), said, log)
	}
}

func TestConnectionsThatAreOverAreCounted(t *testing.T) {
	for _, workers := range []int{1, 3} {
		src := &slowly{list: [][]byte{evil().out[0]}, idle: 3}
		cfg := DefaultConfig()
		cfg.Workers, cfg.Respond.Sender = workers, &catcher{}
		e, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		src.before = func(n int) {
			if n == 2 {
				if err := e.order.responder.ask(&dissect.FlowKey{Proto: 6, IPVersion: 4}, 77, "test"); err != nil {
					t.Error(err)
				}
			}
		}
		if err := e.Run(context.Background(), src); err != nil {
			t.Fatal(err)
		}
		if n := counter(e, "respond.gone"); n != 1 {
			t.Errorf("%d workers: %d gone, want 1", workers, n)
		}
	}
}
