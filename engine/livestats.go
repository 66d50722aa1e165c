package engine

import (
	"math/bits"
	"strings"
	"time"

	"github.com/luanids/luanids/capture/live"
	"github.com/luanids/luanids/engine/alert"
)

// liveStats is what a run on interfaces keeps to write statistics by the clock. It is the ordered stage's.
type liveStats struct {
	next    time.Time // of the next record
	last    time.Time // of the last
	before  []Counter // as of the last record
	flushed time.Time
	drops   outputLoss
}

// DefaultStatsInterval is Suricata's.
const DefaultStatsInterval = 8 * time.Second

// flushEvery is how long EVE records of a busy link may stay in the buffer.
const flushEvery = 20 * time.Millisecond

func (s *liveStats) begin(e *Engine) {
	s.last = e.started
	s.next = time.Now().Add(e.statsInterval())
}

func (e *Engine) statsInterval() time.Duration {
	if n := e.order.cfg.StatsInterval; n > 0 {
		return n
	}
	return DefaultStatsInterval
}

// liveDue does what the clock asks of the ordered stage, on its goroutine: EVE records leave their buffer (at once if rest says
// that no more are at hand), and statistics are written.
func (e *Engine) liveDue(rest bool) {
	e.order.responder.pulse.beat()
	if e.live.capture == nil {
		return
	}
	s := &e.live.stats
	now := time.Now()
	if rest || now.Sub(s.flushed) >= flushEvery {
		s.flushed = now
		e.order.flush()
	}
	s.drops.look(e, now)
	if now.Before(s.next) {
		return
	}
	s.next = s.next.Add(e.statsInterval())
	if s.next.Before(now) { // the machine slept
		s.next = now.Add(e.statsInterval())
	}
	if e.cfg.EVE == nil || !e.order.cfg.EVEOptions.WritesStats() {
		return
	}
	snap := e.Snapshot()
	e.order.busy.Lock()
	defer e.order.busy.Unlock()
	e.writeCounters(snap.Counters, snap.sizes, now.UnixNano())
}

// flush writes out the EVE records that are buffered.
func (o *ordered) flush() {
	f, ok := o.eve.(interface{ Flush() error })
	if !ok || o.stats.lines == o.flushed {
		return
	}
	o.flushed = o.stats.lines
	if err := f.Flush(); err != nil {
		o.failed("eve", err)
	}
}

// deltaSuffix marks a figure of the time since the last record.
const deltaSuffix = "_delta"

// deltas gives what the counters of loss, and of full rings, grew by since the last record, as name_delta (Suricata's stats.deltas),
// and how long ago that was. Averages hide bursts.
func (s *liveStats) deltas(now []Counter) (list []Counter) {
	old := make(map[string]uint64, len(s.before))
	for _, c := range s.before {
		old[c.Name] = c.Value
	}
	for _, c := range now {
		if isLoss(c.Name) || c.Name == "capture.ring_freezes" {
			list = append(list, Counter{c.Name + deltaSuffix, c.Value - min(old[c.Name], c.Value)})
		}
	}
	s.before = now
	return list
}

// isLoss tells whether a counter means that something was not seen or not told.
func isLoss(name string) bool {
	if _, ok := lossNames[name]; ok {
		return true
	}
	return strings.HasPrefix(name, "output.") && (strings.HasSuffix(name, ".dropped") || strings.HasSuffix(name, ".failed_writes"))
}

// Snapshot is the state of a run at one moment.
type Snapshot struct {
	At       time.Time
	Uptime   time.Duration
	Counters []Counter // as Engine.Counters gives them
	sizes    []Counter // as Engine.sizes does
	// Interfaces are those that are watched, nil in a replay.
	Interfaces []live.InterfaceStats
	Latency    Latency
	Figures
}

// Snapshot takes the counters of a run while it goes on. It may be called from any goroutine, but those that the engine calls
// (sinks, Warn). Every worker is held up between two batches for it, about as long as it takes to add the counters.
func (e *Engine) Snapshot() Snapshot {
	e.live.snap.Lock()
	defer e.live.snap.Unlock()
	for _, w := range e.workers {
		w.busy.Lock()
		defer w.busy.Unlock()
	}
	e.reading.Lock()
	defer e.reading.Unlock()
	e.dispatching.Lock()
	defer e.dispatching.Unlock()
	e.order.busy.Lock()
	defer e.order.busy.Unlock()
	s := Snapshot{At: time.Now(), Counters: e.Counters(), sizes: e.sizes(), Latency: e.order.latency.figures()}
	s.Uptime, s.Figures = s.At.Sub(e.started), e.figures()
	if c := e.live.capture; c != nil {
		s.Interfaces = c.Interfaces()
	}
	return s
}

// decoderCounters adds up what those who decode have counted.
func (e *Engine) decoderCounters(c func(string, uint64)) {
	sum := e.outer.Stats
	sum.Add(&e.dispatch.dec.Stats)
	for _, d := range e.rings {
		sum.Add(&d.dec.Stats)
	}
	sum.Each(c)
}

func (e *Engine) fragCounters(c func(string, uint64)) {
	if len(e.rings) == 0 {
		frag := e.dispatch.frag.Snapshot()
		frag.Each(c)
		return
	}
	var sum []Counter
	for _, d := range e.rings {
		frag := d.frag.Snapshot()
		sum = addEach(sum, frag.Each)
	}
	for _, s := range sum {
		c(s.Name, s.Value)
	}
}

// Latency tells how long it took from the arrival of a packet to the report of the alerts that it raised (live), to
// within an eighth.
type Latency struct {
	Alerts        uint64
	P50, P99, Max time.Duration
}

// latency counts alerts by the time that they took, in microseconds: eight steps for each power of two.
type latency struct {
	steps [8 * 40]uint64
	max   time.Duration
}

func (l *latency) note(d time.Duration) {
	d = max(d, 0)
	l.max = max(l.max, d)
	l.steps[min(latencyStep(uint64(d/time.Microsecond)), len(l.steps)-1)]++
}

func latencyStep(us uint64) int {
	if us < 8 {
		return int(us)
	}
	n := bits.Len64(us) - 4
	return 8*n + int(us>>n)
}

// stepTime is the highest time of a step.
func stepTime(i int) time.Duration {
	if i < 16 {
		return time.Duration(i) * time.Microsecond
	}
	n := i/8 - 1
	return time.Duration(uint64(i-8*n+1)<<n-1) * time.Microsecond
}

func (l *latency) figures() Latency {
	f := Latency{Max: l.max}
	for _, n := range l.steps {
		f.Alerts += n
	}
	f.P50, f.P99 = l.quantile(f.Alerts/2), l.quantile(f.Alerts-f.Alerts/100)
	return f
}

func (l *latency) quantile(rank uint64) time.Duration {
	seen := uint64(0)
	for i, n := range l.steps {
		if seen += n; seen >= rank && n > 0 {
			return min(stepTime(i), l.max)
		}
	}
	return l.max
}

// noteLatency counts how late an alert on a packet is. Alerts at the end of something have no packet to be late for.
func (o *ordered) noteLatency(a *alert.Alert) {
	if o.live && a.PacketNum > 0 {
		o.latency.note(time.Since(time.Unix(0, a.Time)))
	}
}

// uptime is how long the run goes on, or went on.
func (e *Engine) uptime() time.Duration {
	if e.took > 0 {
		return e.took
	}
	return time.Since(e.started)
}
