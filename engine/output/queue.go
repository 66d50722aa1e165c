package output

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/luanids/luanids/engine/alert"
)

// Sink is an output for alerts, as engine.AlertSink has it.
type Sink interface {
	Name() string
	Alert(a *alert.Alert) error
	Close() error
}

// Batcher is a Sink that writes several alerts at a time: all of them or, with an error, none.
type Batcher interface {
	Alerts(batch []alert.Alert) error
}

// Teller is a Sink that keeps its own counts, because it knows better than its queue what was
// written.
type Teller interface {
	Counts() Counts
}

// Counts tells what became of the alerts that an output was given.
type Counts struct {
	Written uint64 // acknowledged: see the output for what that means
	Dropped uint64 // left out because a queue or backlog was full
	Failed  uint64 // given up because of an error
}

// QueueOptions are the limits of a Queue. The zero value takes the defaults.
type QueueOptions struct {
	// Block makes a full queue hold up the engine instead of dropping: for replays, which can wait.
	Block bool
	// Alerts is how many alerts may wait. Default 8192.
	Alerts int
	// Bytes is how much the waiting alerts may hold, about. Default 32 MiB.
	Bytes int
	// Delay is how long alerts are gathered for a Batcher after the first; those that come while
	// the output writes are gathered anyway. Default 0.
	Delay time.Duration
	// Warn hears that the output fails, and that it works again.
	Warn func(format string, args ...any)
	// Failing is why the output could not be opened; it is tried again when there is something to write.
	Failing error
}

// maxBatch is how many alerts a Batcher gets at a time.
const maxBatch = 1000

// Queue stands before an output and writes to it from a goroutine of its own, so that a slow or
// dead output does not hold up the engine. What does not fit is dropped and counted, or, with
// Block, waited for.
type Queue struct {
	sink  Sink
	batch Batcher // nil: one by one
	opt   QueueOptions

	mu       sync.Mutex
	space    sync.Cond // the queue was emptied
	work     sync.Cond // there is something to write, or the end has come
	pending  []alert.Alert
	bytes    int
	closing  bool
	urgent   chan struct{} // a gathering writer should start at once
	finished chan struct{}

	written, dropped, failed atomic.Uint64
	trouble                  trouble // the writer's; read by Close when the writer has ended
}

// NewQueue puts a queue before a sink and starts its writer. Close ends it and closes the sink.
func NewQueue(s Sink, opt QueueOptions) *Queue {
	if opt.Alerts <= 0 {
		opt.Alerts = 8192
	}
	if opt.Bytes <= 0 {
		opt.Bytes = 32 << 20
	}
	if opt.Warn == nil {
		opt.Warn = func(string, ...any) {}
	}
	q := &Queue{sink: s, opt: opt, urgent: make(chan struct{}, 1), finished: make(chan struct{})}
	q.trouble = trouble{name: s.Name(), what: "alerts", warn: opt.Warn}
	if opt.Failing != nil {
		q.trouble.begin(opt.Failing)
	}
	q.batch, _ = s.(Batcher)
	q.space.L, q.work.L = &q.mu, &q.mu
	go q.run()
	return q
}

// Configure changes the limits while it runs. What waits stays.
func (q *Queue) Configure(alerts, bytes int, delay time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.opt.Alerts, q.opt.Bytes, q.opt.Delay = max(alerts, 1), max(bytes, 1), delay
	q.space.Broadcast()
}

// Name implements engine.AlertSink.
func (q *Queue) Name() string { return q.sink.Name() }

// Alert implements engine.AlertSink. It takes the alert or drops it; errors of the output come
// later and are counted.
func (q *Queue) Alert(a *alert.Alert) error {
	n := size(a)
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.fits(n) {
		q.hurry()
		if !q.opt.Block || q.closing {
			q.dropped.Add(1)
			return nil
		}
		q.space.Wait()
	}
	b := *a
	b.EVE, b.Captured, b.Rule = nil, nil, nil // of no use to sinks, and not small
	q.pending = append(q.pending, b)
	q.bytes += n
	if len(q.pending) == 1 {
		q.work.Signal()
	}
	return nil
}

// fits tells whether n more bytes have room; a single alert always has.
func (q *Queue) fits(n int) bool {
	return len(q.pending) == 0 || len(q.pending) < q.opt.Alerts && q.bytes+n <= q.opt.Bytes
}

// hurry ends the gathering of a batch.
func (q *Queue) hurry() {
	select {
	case q.urgent <- struct{}{}:
	default:
	}
}

// Close writes what waits and closes the output. Its error says if anything was lost, ever.
func (q *Queue) Close() error {
	q.mu.Lock()
	if q.closing {
		q.mu.Unlock()
		return nil
	}
	q.closing = true
	q.work.Broadcast()
	q.space.Broadcast()
	q.mu.Unlock()
	q.hurry()
	<-q.finished
	err := q.sink.Close()
	if err == nil {
		err = q.trouble.first
	}
	n := q.Counts()
	if lost := n.Failed + n.Dropped; lost > 0 {
		text := fmt.Sprintf("%d of %d alerts were not written", lost, lost+n.Written)
		if err == nil {
			return errors.New(text)
		}
		return fmt.Errorf("%s: %w", text, err)
	}
	return err
}

// Counts tells what became of the alerts so far. It may be called at any time.
func (q *Queue) Counts() Counts {
	c := Counts{Written: q.written.Load(), Dropped: q.dropped.Load(), Failed: q.failed.Load()}
	if t, ok := q.sink.(Teller); ok {
		own := t.Counts()
		c = Counts{own.Written, c.Dropped + own.Dropped, own.Failed}
	}
	return c
}

// Depth is how full a queue is.
type Depth struct {
	Alerts, Bytes       int // that wait
	MaxAlerts, MaxBytes int // that may wait
}

// Depth tells how full the queue is. It may be called at any time.
func (q *Queue) Depth() Depth {
	q.mu.Lock()
	defer q.mu.Unlock()
	return Depth{len(q.pending), q.bytes, q.opt.Alerts, q.opt.Bytes}
}

// Each calls c with the name and value of each counter.
func (q *Queue) Each(c func(name string, n uint64)) {
	n := q.Counts()
	c("written", n.Written)
	c("dropped", n.Dropped)
	c("failed_writes", n.Failed)
}

// run is the writer.
func (q *Queue) run() {
	defer close(q.finished)
	var spare []alert.Alert
	for {
		q.mu.Lock()
		for len(q.pending) == 0 && !q.closing {
			q.work.Wait()
		}
		if len(q.pending) == 0 {
			q.mu.Unlock()
			return
		}
		delay := q.opt.Delay
		gather := q.batch != nil && q.opt.Delay > 0 && !q.closing && len(q.pending) < q.opt.Alerts
		q.mu.Unlock()
		if gather {
			q.gather(delay)
		}
		q.mu.Lock()
		list := q.pending
		q.pending, q.bytes = spare[:0], 0
		q.space.Broadcast()
		q.mu.Unlock()
		q.write(list)
		clear(list)
		spare = list
	}
}

// gather waits for more alerts to come for the same batch.
func (q *Queue) gather(delay time.Duration) {
	t := time.NewTimer(delay)
	defer t.Stop()
	select {
	case <-t.C:
	case <-q.urgent:
	}
}

func (q *Queue) write(list []alert.Alert) {
	for q.batch != nil && len(list) > 0 {
		n := min(len(list), maxBatch)
		q.result(n, q.batch.Alerts(list[:n]))
		list = list[n:]
	}
	for i := range list {
		q.result(1, q.sink.Alert(&list[i]))
	}
}

func (q *Queue) result(n int, err error) {
	if err == nil {
		q.written.Add(uint64(n))
		q.trouble.worked()
		return
	}
	q.failed.Add(uint64(n))
	q.trouble.failed(n, err)
}

// size is about what an alert holds in memory, in bytes.
func size(a *alert.Alert) int {
	n := 512 + len(a.Message)
	for i := range a.Evidence {
		switch v := a.Evidence[i].Value.(type) {
		case string:
			n += len(v)
		case []byte:
			n += len(v)
		case []string:
			for _, s := range v {
				n += len(s) + 16
			}
		case []any:
			for _, x := range v {
				n += len(fmt.Sprint(x)) + 32
			}
		}
		n += 48
	}
	return n
}
