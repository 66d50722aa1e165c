package engine

import (
	"strings"
	"time"
)

// outputLoss tells when an output begins to drop alerts or records, and when that is over. (What the kernel drops
// capture/live tells.)
type outputLoss struct {
	next    time.Time
	outputs map[string]*dropping
}

// dropping is one counter of drops.
type dropping struct {
	before, start uint64
	began, last   time.Time // began is zero while nothing is dropped
}

const (
	// outputLossEvery is how often the counters are looked at.
	outputLossEvery = time.Second
	// outputLossOver is how long nothing must have been dropped for a loss to be over.
	outputLossOver = 5 * time.Second
)

// look compares the counters of outputs with those of the last look.
func (l *outputLoss) look(e *Engine, now time.Time) {
	if now.Before(l.next) {
		return
	}
	l.next = now.Add(outputLossEvery)
	e.outputCounters(func(name string, n uint64) {
		if output, ok := strings.CutSuffix(name, ".dropped"); ok {
			l.count(output, n, now, e.warn)
		}
	})
}

func (l *outputLoss) count(output string, n uint64, now time.Time, warn func(string, ...any)) {
	if l.outputs == nil {
		l.outputs = map[string]*dropping{}
	}
	d := l.outputs[output]
	if d == nil {
		d = &dropping{}
		l.outputs[output] = d
	}
	more := n - d.before
	switch {
	case more > 0 && d.began.IsZero():
		d.start, d.began, d.last = d.before, now, now
		warn("output %s: alerts or records are lost: %d were dropped in the last second, because it does not take them as fast as they come (outputs.queue.*)", output, more)
	case more > 0:
		d.last = now
	case !d.began.IsZero() && now.Sub(d.last) >= outputLossOver:
		warn("output %s: nothing is lost any more: in %v it dropped %d", output, (d.last.Sub(d.began) + outputLossEvery).Round(time.Second), n-d.start)
		d.began = time.Time{}
	}
	d.before = n
}
