package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/manager"
	"github.com/luanids/luanids/engine/output"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lua"
)

// ordered is the stage behind the workers: it sees what they made in packet order, whatever
// their number, and is the only one to write.
type ordered struct {
	eve       io.Writer // nil: no log
	sinks     []AlertSink
	manager   *manager.Manager
	emit      func(*alert.Alert) // toSinks
	pcaps     *alertPcaps        // nil for none
	geo       *geoSource
	geoBuf    []byte
	state     *match.State // thresholds, host flags, sequences
	encoder   *eve.Encoder
	scripts   *lua.Runtime // nil for none
	responder *responder
	join      joiner // of files that come in parts
	certs     certFiles
	host      *ScriptHost // of scripts
	alertSubs []int       // handlers of the event alert, of alertsOf
	alertsOf  *lua.Runtime
	cfg       *Config // as of the last reload
	reloaded  time.Time
	tags      hostTags
	now       int64             // packet time, as far as it is known here
	stamp     uint64            // of the alert at hand
	next      []int             // by worker: the first record not yet taken
	failures  map[string]uint64 // failed writes by output
	warn      func(format string, args ...any)
	trace     Tracer // nil but for tools that explain a run
	stats     orderedStats
	busy      sync.Mutex // held while it works on a batch
	live      bool
	latency   latency
	flushed   uint64 // stats.lines when the log was last flushed
}

var newline = []byte{'\n'}

type orderedStats struct {
	lines      uint64 // EVE records
	late       uint64 // records of rings that came too late for their place
	alerts     uint64
	correlated uint64 // of them those that the EVE log does not have
	suppressed uint64
	severity   [alert.Critical + 1]uint64
}

// AlertSink is an output for alerts. It must keep nothing of the alert but what it copies.
type AlertSink interface {
	Name() string
	Alert(a *alert.Alert) error
	Close() error
}

// take merges the results of one batch and reports them.
func (o *ordered) take(b *batch) {
	if b.swap != nil {
		o.adopt(b.swap)
	}
	if len(b.results) == 1 {
		r := &b.results[0]
		for i := range r.records {
			o.record(&r.records[i])
		}
		return
	}
	if o.next == nil {
		o.next = make([]int, len(b.results))
	}
	clear(o.next)
	for {
		best := -1
		for i := range b.results {
			if o.next[i] < len(b.results[i].records) && (best < 0 || o.before(b, i, best)) {
				best = i
			}
		}
		if best < 0 {
			return
		}
		r := &b.results[best]
		o.record(&r.records[o.next[best]])
		o.next[best]++
	}
}

func (o *ordered) before(b *batch, i, j int) bool {
	x, y := &b.results[i].records[o.next[i]], &b.results[j].records[o.next[j]]
	return x.stamp < y.stamp || x.stamp == y.stamp && x.serial < y.serial
}

func (o *ordered) record(rec *record) {
	if rec.late {
		o.lateAlert(rec.line, rec.at, rec.alert, rec.stamp)
		recycle(rec.alert)
		return
	}
	if rec.alert != nil {
		o.stamp = rec.stamp
		o.alert(rec.alert)
		recycle(rec.alert)
		return
	}
	if rec.tagged != nil {
		if o.tags.take(rec.tagged, rec.stamp) {
			o.write(rec.line)
		}
		return
	}
	if rec.frame != nil {
		o.pcaps.packet(rec.hash, rec.frame, rec.joined)
		return
	}
	if rec.part != nil {
		o.join.take(o, rec, rec.line)
		return
	}
	if rec.certs != nil {
		o.storeCerts(rec.certs, rec.line)
		return
	}
	if rec.event != nil {
		o.event(rec.event)
		return
	}
	if rec.flag != nil {
		o.setHostFlag(rec.flag, o.now)
		return
	}
	if rec.tick != 0 {
		o.tick(rec.tick)
		return
	}
	o.write(rec.line)
}

func (o *ordered) write(line []byte) {
	if o.eve == nil || len(line) == 0 {
		return
	}
	o.stats.lines += uint64(bytes.Count(line, newline))
	if _, err := o.eve.Write(line); err != nil {
		o.failed("eve", err)
	}
}

// failed counts a write that did not succeed, and says so the first time.
func (o *ordered) failed(name string, err error) {
	if o.failures == nil {
		o.failures = map[string]uint64{}
	}
	lost := &output.LostError{Records: 1, Err: err}
	errors.As(err, &lost)
	if o.failures[name] == 0 {
		o.warn("output %s: %v; the engine runs on, and what is lost from here on is counted", name, lost.Err)
	}
	o.failures[name] += uint64(lost.Records)
}

// alert finishes what a worker began: asks thresholds and host state, and reports what is left.
func (o *ordered) alert(a *alert.Alert) {
	if a.Rule == nil { // of a script that runs in a worker
		o.report(a)
		return
	}
	verdict := o.state.Judge(a.Rule, a.Captured, a.Time)
	if o.trace != nil {
		outcome(o.trace, a, &verdict)
	}
	if verdict.Alert && !a.Quiet {
		if a.Reset != nil && verdict.Action == ir.Reject {
			o.responder.reject(a)
		}
		o.report(a)
		if a.Late {
			a.Reported = append(a.Reported, a.Rule)
		} else {
			o.tags.begin(a, o.stamp)
		}
	} else if verdict.Match && !a.Quiet {
		o.stats.suppressed++
	}
	for _, r := range verdict.Done {
		o.report(o.other(a, r))
		if a.Late {
			a.Reported = append(a.Reported, r)
		}
	}
}

// tick raises the alerts of sequences that are complete because something did not happen.
func (o *ordered) tick(now int64) {
	for i, r := range o.state.Tick(now) {
		a := &alert.Alert{Rule: r, Time: now}
		a.Fill(r.Rule)
		a.Src, a.Dst = o.state.Ends(i)
		a.SetID(fold(uint64(now), uint64(i)+1)) // a rule may come several times
		if o.trace != nil {
			o.trace.Outcome(a, r, Completed)
		}
		if o.eve != nil && o.encoder.Options().Core[eve.Alert] {
			a.EVE = o.encoder.Behavioral(a, nil)
		}
		o.report(a)
	}
	o.now = now
	o.manager.Tick(now, o.emit)
	o.pcaps.tick(now)
	o.join.tick(now)
	if o.scripts != nil {
		o.scripts.Tick(now)
	}
}

// other makes the alert of a sequence that a's match completed.
func (o *ordered) other(a *alert.Alert, r *match.Rule) *alert.Alert {
	b := *a
	b.Rule, b.Quiet = r, false
	b.Fill(r.Rule)
	b.SetID(fold(idNumber(a.ID), 1))
	if a.EVE != nil {
		b.EVE = o.encoder.Other(a.EVE, a.EVERule, r.Rule)
	}
	return &b
}

// eveCounts gives the counters of the EVE log's queue, nil if it has none.
func (o *ordered) eveCounts() func(c func(string, uint64)) {
	if q, ok := o.eve.(interface{ Each(func(string, uint64)) }); ok {
		return q.Each
	}
	return nil
}

// close flushes and closes all outputs.
func (o *ordered) close() error {
	var first error
	if c, ok := o.eve.(io.Closer); ok && o.eve != nil {
		switch err := c.Close(); {
		case err == nil:
		case o.eveCounts() != nil:
			first = fmt.Errorf("eve: %w", err)
		default:
			o.failed("eve", err)
		}
	}
	if n := o.failures["eve"]; n > 0 {
		first = fmt.Errorf("eve: %d of %d records were not written", n, o.stats.lines)
	}
	if err := o.pcaps.close(); err != nil && first == nil {
		first = err
	}
	for _, s := range o.sinks {
		if err := s.Close(); err != nil && first == nil {
			first = fmt.Errorf("%s: %w", s.Name(), err)
		}
	}
	return first
}
