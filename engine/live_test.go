package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/capture/live"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/alert"
)

// fakeRings deals packets to rings as a kernel does: by the hosts that talk.
type fakeRings struct {
	rings []*fakeRing
	stop  atomic.Bool
}

type fakeRing struct {
	of    *fakeRings
	list  []capture.Packet
	at    int
	every int           // packets of a batch
	pause time.Duration // after each
	hold  bool          // wait for Stop at the end
	stats capture.Stats
	quiet atomic.Int64
}

func (f *fakeRings) Rings() int         { return len(f.rings) }
func (f *fakeRings) Ring(i int) ring    { return f.rings[i] }
func (f *fakeRings) Lag() time.Duration { return 10 * time.Millisecond }
func (f *fakeRings) Stop()              { f.stop.Store(true) }
func (f *fakeRings) Interfaces() []live.InterfaceStats {
	return []live.InterfaceStats{{Name: "fake0", Up: true, Packets: 7, Dropped: f.rings[0].stats.Dropped}}
}

func (r *fakeRing) ReadBatch(b *capture.Batch) error {
	b.Reset()
	time.Sleep(r.pause)
	for n := 0; r.at < len(r.list) && n < r.every && b.Add(&r.list[r.at]); n++ {
		r.at++
	}
	if len(b.Packets) > 0 {
		return nil
	}
	if !r.hold || r.of.stop.Load() {
		return io.EOF
	}
	r.quiet.Store(1)
	time.Sleep(5 * time.Millisecond)
	r.quiet.Store(0)
	b.Now = time.Now().Add(-10 * time.Millisecond).UnixNano()
	return nil
}

func (r *fakeRing) Stats() capture.Stats { return r.stats }
func (r *fakeRing) Close() error         { return nil }
func (r *fakeRing) Quiet() int64         { return r.quiet.Load() }

// deal reads captures and deals their packets to n rings.
func deal(t *testing.T, n int, files ...string) *fakeRings {
	t.Helper()
	src, err := capture.Open(files, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	f := &fakeRings{}
	for i := range n {
		f.rings = append(f.rings, &fakeRing{of: f, every: 3 + 40*i})
	}
	dec := packet.NewDecoder(packet.DefaultConfig())
	var b capture.Batch
	var p packet.Packet
	for {
		switch err := src.ReadBatch(&b); {
		case errors.Is(err, io.EOF):
			return f
		case err != nil:
			t.Fatal(err)
		}
		for _, k := range b.Packets {
			k.Data = bytes.Clone(k.Data)
			dec.Decode(&p, &k)
			h := uint64(0)
			for i := range p.Src {
				h += uint64(p.Src[i]) * uint64(p.Dst[i])
				h += uint64(p.Src[i]+p.Dst[i]) * 7
			}
			r := f.rings[h%uint64(n)]
			r.list = append(r.list, k)
		}
	}
}

// who is what alerts of different runs are compared by.
func who(list []*alert.Alert) string {
	var b strings.Builder
	for _, a := range list {
		fmt.Fprintf(&b, "%s %v %d %v %d %d\n", a.RuleID, a.Src, a.SrcPort, a.Dst, a.DstPort, a.Time)
	}
	return b.String()
}

// Rings that are merged give the alerts of a replay in its order: rules, host state and sequences see packets in order of time,
// and flows end in the same order.
func TestRingsGiveTheAlertsOfAReplay(t *testing.T) {
	files := slices.DeleteFunc(captures(t), func(f string) bool { return strings.Contains(f, "cooked") })
	replayed, err := Replay(context.Background(), everything(t), files...)
	if err != nil || len(replayed) < 100 {
		t.Fatal(len(replayed), err)
	}
	for _, n := range []int{2, 3} {
		var got collector
		cfg := everything(t)
		cfg.Workers, cfg.Rings, cfg.Sinks = n, true, []AlertSink{&got}
		var eve bytes.Buffer
		cfg.EVE = &eve
		e, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		e.live.patience = time.Minute
		if err := e.watch(context.Background(), deal(t, n, files...)); err != nil {
			t.Fatal(err)
		}
		if a, b := who(replayed), who(got.alerts); a != b {
			t.Errorf("%d rings: %s", n, difference(a, b))
		}
		if late, pkts := counter(e, "capture.late_records"), counter(e, "decoder.pkts"); late != 0 || pkts < 10000 {
			t.Errorf("%d rings: %d records came late; %d packets", n, late, pkts)
		}
		if e.Summary().Flows < 100 || !strings.Contains(eve.String(), `"event_type":"stats"`) {
			t.Errorf("%d rings: %+v", n, e.Summary())
		}
	}
}

// A ring that is quiet, or slow, holds up the alerts of another for a moment only.
func TestNobodyWaitsForASlowRing(t *testing.T) {
	all := deal(t, 1, "../testdata/captures/web_attacks.pcap.gz")
	for name, other := range map[string]*fakeRing{
		"quiet": {hold: true, every: 1},
		"slow":  {hold: true, every: 1, pause: 300 * time.Millisecond},
	} {
		f := &fakeRings{rings: []*fakeRing{{list: all.rings[0].list, every: 50, hold: true}, other}}
		for _, r := range f.rings {
			r.of = f
		}
		first := make(chan time.Time, 1000)
		cfg := everything(t)
		cfg.Workers, cfg.Rings, cfg.Sinks = 2, true, []AlertSink{tellTime(first)}
		e, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		begun, over := time.Now(), make(chan error)
		go func() { over <- e.watch(ctx, f) }()
		select {
		case at := <-first:
			if d := at.Sub(begun); d > 200*time.Millisecond {
				t.Errorf("%s: the first alert took %v", name, d)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s: no alert", name)
		}
		// Figures while it runs, also several at a time.
		for range 3 {
			if s := e.Snapshot(); len(s.Interfaces) != 1 || s.Uptime <= 0 || len(s.Counters) < 100 {
				t.Errorf("%s: %+v", name, s)
			}
		}
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
	}
}

// A reload reaches all rings, also quiet ones, and holds nobody up.
func TestReloadOfRings(t *testing.T) {
	f := deal(t, 3, "../testdata/captures/web_attacks.pcap.gz")
	for _, r := range f.rings {
		r.hold = true
	}
	first := make(chan time.Time, 1000)
	cfg := everything(t)
	cfg.Workers, cfg.Rings, cfg.Sinks = 3, true, []AlertSink{tellTime(first)}
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error)
	go func() { over <- e.watch(ctx, f) }()
	<-first
	for _, least := range []alert.Severity{alert.Critical, alert.Low, alert.High} {
		begun := time.Now()
		if err := e.Apply(&Change{MinSeverity: &least}); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begun); d > time.Second {
			t.Errorf("a reload took %v", d)
		}
		if s := e.Snapshot(); len(s.Counters) == 0 {
			t.Error("no figures after a reload")
		}
	}
	for _, w := range e.workers {
		if w.swapped != 3 || w.cfg.MinSeverity != alert.High {
			t.Errorf("worker %d took %d reloads, its least severity is %v", w.id, w.swapped, w.cfg.MinSeverity)
		}
	}
	stop()
	if err := <-over; err != nil {
		t.Error(err)
	}
	if err := e.Apply(&Change{}); !errors.Is(err, ErrOver) {
		t.Errorf("a reload after the end: %v", err)
	}
}

type tellTime chan time.Time

func (c tellTime) Name() string { return "clock" }
func (c tellTime) Close() error { return nil }
func (c tellTime) Alert(*alert.Alert) error {
	select {
	case c <- time.Now():
	default:
	}
	return nil
}

// Statistics come by the clock on an idle link, with what was lost since the last.
func TestStatsByTheClock(t *testing.T) {
	for _, workers := range []int{1, 2} {
		f := &fakeRings{}
		for range workers {
			f.rings = append(f.rings, &fakeRing{of: f, hold: true, every: 1})
		}
		f.rings[0].stats = capture.Stats{Packets: 5, Kernel: 7, Dropped: 2, Freezes: 1}
		cfg := DefaultConfig()
		allRecords(&cfg)
		var log bytes.Buffer
		cfg.Workers, cfg.Rings, cfg.EVE, cfg.StatsInterval = workers, true, &log, 50*time.Millisecond
		e, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(context.Background(), 180*time.Millisecond)
		if err := e.watch(ctx, f); err != nil {
			t.Fatal(err)
		}
		stop()
		text := log.String()
		if n := strings.Count(text, `"event_type":"stats"`); n < 3 || n > 6 {
			t.Errorf("%d workers: %d records in 180 ms", workers, n)
		}
		for want, times := range map[string]int{`"kernel_packets":7,`: -1, `"kernel_drops":2,`: -1, `"kernel_drops_delta":2`: 1, `"kernel_ifdrops":0,`: -1, `"ring_freezes":1`: -1, `"ring_freezes_delta":1`: 1} {
			if n := strings.Count(text, want); times > 0 && n != times || n == 0 {
				t.Errorf("%d workers: %d times %s in\n%s", workers, n, want, text[:min(len(text), 2000)])
			}
		}
	}
}

// The beginning and the end of what an output drops are told, once each.
func TestOutputLossIsTold(t *testing.T) {
	var l outputLoss
	var said []string
	warn := func(f string, a ...any) { said = append(said, fmt.Sprintf(f, a...)) }
	at := time.Unix(1000, 0)
	for _, n := range []uint64{0, 0, 5, 9, 9, 9, 12, 12, 12, 12, 12, 12, 12, 12, 12, 20} {
		l.count("json", n, at, warn)
		l.count("eve", 0, at, warn)
		at = at.Add(time.Second)
	}
	want := []string{"output json: alerts or records are lost: 5 were dropped in the last second", "output json: nothing is lost any more: in 5s it dropped 12", "output json: alerts or records are lost: 8 were"}
	if len(said) != len(want) {
		t.Fatalf("%q", said)
	}
	for i := range want {
		if !strings.HasPrefix(said[i], want[i]) {
			t.Errorf("%q, want %q", said[i], want[i])
		}
	}
}

func TestLatencySteps(t *testing.T) {
	var l latency
	for i := range 1000 {
		l.note(time.Duration(i+1) * time.Millisecond)
	}
	f := l.figures()
	near := func(d, want time.Duration) bool { return d >= want*7/8 && d <= want*9/8 }
	if f.Alerts != 1000 || !near(f.P50, 500*time.Millisecond) || !near(f.P99, 990*time.Millisecond) || f.Max != time.Second {
		t.Errorf("%+v", f)
	}
	for us := uint64(0); us < 1<<20; us += 1 + us/13 {
		if i := latencyStep(us); stepTime(i) < time.Duration(us)*time.Microsecond || i > 0 && stepTime(i-1) >= time.Duration(us)*time.Microsecond {
			t.Fatalf("%d µs is in step %d, up to %v", us, i, stepTime(i))
		}
	}
}
