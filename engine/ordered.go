package engine

import (
	"fmt"
	"io"

	"github.com/luanids/luanids/engine/alert"
)

// ordered is the stage behind the workers: it sees what they made in packet order, whatever
// their number, and is the only one to write.
type ordered struct {
	eve      io.Writer // nil: no log
	sinks    []AlertSink
	judge    func(a *alert.Alert) bool // thresholds and the like; nil: all pass
	next     []int                     // by worker: the first record not yet taken
	failures map[string]uint64         // failed writes by output
	warn     func(format string, args ...any)
	stats    orderedStats
}

type orderedStats struct {
	records    uint64
	alerts     uint64
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
	if len(b.results) == 1 {
		r := &b.results[0]
		for i := range r.records {
			o.record(r, &r.records[i])
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
		o.record(r, &r.records[o.next[best]])
		o.next[best]++
	}
}

func (o *ordered) before(b *batch, i, j int) bool {
	x, y := &b.results[i].records[o.next[i]], &b.results[j].records[o.next[j]]
	return x.stamp < y.stamp || x.stamp == y.stamp && x.serial < y.serial
}

func (o *ordered) record(r *result, rec *record) {
	if rec.alert != nil {
		o.alert(rec.alert)
		return
	}
	o.stats.records++
	o.write(r.buf[rec.off:rec.end])
}

func (o *ordered) write(line []byte) {
	if o.eve == nil || len(line) == 0 {
		return
	}
	if _, err := o.eve.Write(line); err != nil {
		o.failed("eve", err)
	}
}

// failed counts a write that did not succeed, and says so the first time.
func (o *ordered) failed(output string, err error) {
	if o.failures == nil {
		o.failures = map[string]uint64{}
	}
	if o.failures[output] == 0 {
		o.warn("output %s: %v; what it loses from here on is counted", output, err)
	}
	o.failures[output]++
}

func (o *ordered) alert(a *alert.Alert) {
	if o.judge != nil && !o.judge(a) {
		o.stats.suppressed++
		return
	}
	if a.Quiet {
		return
	}
	o.stats.alerts++
	o.stats.severity[min(a.Severity, alert.Critical)]++
	o.write(a.EVE)
	for _, s := range o.sinks {
		if err := s.Alert(a); err != nil {
			o.failed(s.Name(), err)
		}
	}
}

// close flushes and closes all outputs.
func (o *ordered) close() error {
	var first error
	if c, ok := o.eve.(io.Closer); ok && o.eve != nil {
		if err := c.Close(); err != nil {
			first = fmt.Errorf("eve: %w", err)
		}
	}
	for _, s := range o.sinks {
		if err := s.Close(); err != nil && first == nil {
			first = fmt.Errorf("%s: %w", s.Name(), err)
		}
	}
	return first
}
