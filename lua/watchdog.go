package lua

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// watchdog looks every few milliseconds whether the heap grows while one callback runs, and asks that
// script's meter to measure its memory. The measurement decides: the watchdog only brings it
// forward, for scripts that fill memory with few instructions. It sleeps while no callback runs: the next one wakes it.
type watchdog struct {
	mu    sync.Mutex
	vms   map[*vm]*watched
	stop  chan struct{}
	once  sync.Once
	awake atomic.Bool
	wake  chan struct{}
}

// watched is what is known of a callback that was running at an earlier look.
type watched struct {
	running uint64 // meter.running at that time
	heap    uint64 // bytes in use at that time
	last    uint64 // meter.running at the last look
}

const (
	watchEvery = 10 * time.Millisecond
	// idleLooks is after how many looks that found nothing new the watchdog sleeps.
	idleLooks = 3
	// heapFactor is how many times its limit the heap may grow during one callback of a script
	// whose own measurement finds nothing.
	heapFactor = 8
)

func newWatchdog() *watchdog {
	return &watchdog{vms: map[*vm]*watched{}, stop: make(chan struct{}), wake: make(chan struct{}, 1)}
}

func (w *watchdog) add(v *vm) {
	w.mu.Lock()
	w.vms[v] = &watched{}
	w.mu.Unlock()
}

func (w *watchdog) close() { w.once.Do(func() { close(w.stop) }) }

// callback is called when a callback has begun, by its meter.
func (w *watchdog) callback() {
	if !w.awake.Load() && w.awake.CompareAndSwap(false, true) {
		select {
		case w.wake <- struct{}{}:
		default: // it is on its way
		}
	}
}

func (w *watchdog) run() {
	for {
		select {
		case <-w.stop:
			return
		case <-w.wake:
			w.patrol()
		}
	}
}

// patrol looks until nothing has run for a while.
func (w *watchdog) patrol() {
	t := time.NewTicker(watchEvery)
	defer t.Stop()
	for idle := 0; idle < idleLooks || !w.rest(); {
		select {
		case <-w.stop:
			return
		case <-t.C:
			if idle++; w.look() {
				idle = 0
			}
		}
	}
}

// rest goes to sleep, unless a callback runs that has begun before it could know. A callback that begins after awake was
// cleared wakes the watchdog by itself.
func (w *watchdog) rest() bool {
	w.awake.Store(false)
	w.mu.Lock()
	defer w.mu.Unlock()
	for v := range w.vms {
		if v.meter.running.Load()&1 == 1 && w.awake.CompareAndSwap(false, true) {
			return false
		}
	}
	return true
}

// look looks at what runs; it tells whether anything has run since the last look.
func (w *watchdog) look() (ran bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	heap := uint64(0)
	for v, s := range w.vms {
		n := v.meter.running.Load()
		ran = ran || n != s.last || n&1 == 1
		s.last = n
		if n&1 == 0 {
			s.running = 0
			continue
		}
		if heap == 0 {
			heap = heapInUse()
		}
		if s.running != n {
			s.running, s.heap = n, heap
			continue
		}
		if heap > s.heap+uint64(v.limits.Memory)/2 {
			v.meter.pressure.Store(true)
		}
	}
	return ran
}

// confirm is asked by a script under pressure whose values are within the limit. It tells whether the
// heap has grown so much that the script must go nevertheless, and lifts the pressure otherwise.
func (w *watchdog) confirm(v *vm) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.vms[v]
	if s == nil {
		return false
	}
	runtime.GC()
	heap := heapInUse()
	if s.heap > 0 && heap > s.heap+heapFactor*uint64(v.limits.Memory) {
		return true
	}
	s.heap = heap
	v.meter.pressure.Store(false)
	return false
}

func heapInUse() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
