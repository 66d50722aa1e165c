package output

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/luanids/luanids/engine/alert"
)

// recorder keeps the ids it was given. While gate is held it does not return.
type recorder struct {
	mu      sync.Mutex
	gate    sync.Mutex
	ids     []string
	batches int
	fail    error
}

func (r *recorder) Name() string { return "recorder" }
func (r *recorder) Alert(a *alert.Alert) error {
	r.gate.Lock()
	defer r.gate.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return r.fail
	}
	r.ids = append(r.ids, a.ID)
	return nil
}
func (r *recorder) Close() error { return nil }

type batchRecorder struct{ recorder }

func (r *batchRecorder) Alerts(list []alert.Alert) error {
	r.batches++
	for i := range list {
		if err := r.Alert(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

func send(q *Queue, from, to int) {
	for i := from; i < to; i++ {
		_ = q.Alert(&alert.Alert{ID: fmt.Sprint(i), EVE: []byte("not for sinks")})
	}
}

func inOrder(t *testing.T, ids []string) {
	t.Helper()
	for i, id := range ids {
		if id != fmt.Sprint(i) {
			t.Fatalf("alert %d is %s", i, id)
		}
	}
}

func TestBlockingQueueLosesNothing(t *testing.T) {
	r := &batchRecorder{}
	r.gate.Lock()
	q := NewQueue(r, QueueOptions{Block: true, Alerts: 10, Delay: time.Millisecond})
	done := make(chan struct{})
	go func() { send(q, 0, 1000); close(done) }()
	select {
	case <-done:
		t.Fatal("1000 alerts went into a queue of 10 whose output stands still")
	case <-time.After(50 * time.Millisecond):
	}
	r.gate.Unlock()
	<-done
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	inOrder(t, r.ids)
	if c := q.Counts(); len(r.ids) != 1000 || c != (Counts{Written: 1000}) {
		t.Errorf("%d alerts arrived, %+v", len(r.ids), c)
	}
	if r.batches >= 1000 {
		t.Errorf("%d batches: nothing was gathered", r.batches)
	}
}

func TestLiveQueueDropsAndNeverWaits(t *testing.T) {
	r := &recorder{}
	r.gate.Lock()
	q := NewQueue(r, QueueOptions{Alerts: 10})
	start := time.Now()
	send(q, 0, 1000)
	if took := time.Since(start); took > time.Second {
		t.Errorf("the engine was held up for %v", took)
	}
	r.gate.Unlock()
	err := q.Close()
	c := q.Counts()
	if c.Written+c.Dropped != 1000 || c.Written < 10 || c.Written > 20 || int(c.Written) != len(r.ids) {
		t.Errorf("%+v, %d arrived; want 10 to 20 written and the others dropped", c, len(r.ids))
	}
	if err == nil || !strings.Contains(err.Error(), "of 1000 alerts were not written") {
		t.Errorf("the end says %v", err)
	}
}

func TestQueueIsBoundedInBytes(t *testing.T) {
	r := &recorder{}
	r.gate.Lock()
	q := NewQueue(r, QueueOptions{Bytes: 1 << 20})
	big := strings.Repeat("x", 300<<10)
	for range 20 {
		_ = q.Alert(&alert.Alert{Evidence: []alert.Evidence{{Name: "a", Value: big}}})
	}
	r.gate.Unlock()
	_ = q.Close()
	if c := q.Counts(); c.Written > 8 || c.Dropped != 20-c.Written {
		t.Errorf("%+v: more than 1 MiB was queued (and as much under way)", c)
	}
}

func TestQueueSaysAFailureOnceAndCountsAll(t *testing.T) {
	r := &recorder{fail: errors.New("the disk is full")}
	var said []string
	q := NewQueue(r, QueueOptions{Block: true, Warn: func(f string, a ...any) { said = append(said, fmt.Sprintf(f, a...)) }})
	send(q, 0, 5)
	for q.Counts().Failed < 5 {
		time.Sleep(time.Millisecond)
	}
	r.mu.Lock()
	r.fail = nil // there is room again
	r.mu.Unlock()
	send(q, 0, 3)
	err := q.Close()
	if len(said) != 2 || !strings.Contains(said[0], "output recorder: the disk is full") || said[1] != "output recorder: works again; 5 alerts were lost meanwhile" {
		t.Errorf("said %q", said)
	}
	if c := q.Counts(); c != (Counts{Written: 3, Failed: 5}) {
		t.Errorf("%+v", c)
	}
	if err == nil || err.Error() != "5 of 8 alerts were not written: the disk is full" {
		t.Errorf("the end says %v", err)
	}
}

func TestQueueKeepsWhatSinksNeedOnly(t *testing.T) {
	var got *alert.Alert
	q := NewQueue(sinkFunc(func(a *alert.Alert) { b := *a; got = &b }), QueueOptions{Block: true})
	send(q, 0, 1)
	_ = q.Close()
	if got == nil || got.EVE != nil {
		t.Errorf("the sink got %+v", got)
	}
}

type sinkFunc func(*alert.Alert)

func (f sinkFunc) Name() string               { return "func" }
func (f sinkFunc) Alert(a *alert.Alert) error { f(a); return nil }
func (f sinkFunc) Close() error               { return nil }
