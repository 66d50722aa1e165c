package lua

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// meter counts what a callback executes. It is the context of the VM: the interpreter asks Done
// before each instruction, which is what makes the count exact, and the same on every replay.
type meter struct {
	vm *vm
	// left is what may be executed until the next look at the whole.
	left int64
	// rest is what the callback may execute after that.
	rest int64
	// fail is why the callback is over; nil while it may go on.
	fail error
	// pressure is set by the watchdog when the heap grows while the callback runs.
	pressure atomic.Bool
	// untilWalk is what may be executed until the script's memory is measured again.
	untilWalk int64
	// swept says that the last measurement was between callbacks, when tables can be compacted.
	swept bool
	gauge gauge
	// running counts the starts and ends of callbacks: odd while one runs. For the watchdog.
	running atomic.Uint64
}

const (
	// meterStep is how many instructions are executed between two looks at the whole.
	meterStep = 1 << 10
	// walkEvery is how many instructions are executed, at least, between two measurements of memory.
	walkEvery = 250e3
)

// maxShed is how often stores are halved before a script is stopped.
const maxShed = 8

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

var errMemory = errors.New("memory limit exceeded")

// Done implements context.Context.
func (m *meter) Done() <-chan struct{} {
	m.left--
	if m.left >= 0 && !m.pressure.Load() {
		return nil
	}
	return m.look()
}

// look is taken every meterStep instructions, and when the watchdog asks for it.
func (m *meter) look() <-chan struct{} {
	switch {
	case m.fail != nil:
	case m.left < 0:
		m.account()
	default: // the watchdog asks; the step goes on where it was
		m.underPressure()
	}
	if m.fail != nil {
		m.left = -1
		return closed
	}
	return nil
}

// account moves the next step from rest to left, and fails where there is none, or too much memory is used.
func (m *meter) account() {
	used := meterStep - m.left // left may be far below 0: a native function has charged a lot
	m.untilWalk -= used
	m.rest -= used
	if m.rest <= 0 {
		m.fail = fmt.Errorf("time budget exceeded: more than %d instructions in one callback (an endless loop?)", m.vm.budget)
		return
	}
	m.left = meterStep
	if spent := m.gauge.spent(used, m.vm.limits.Memory); m.untilWalk <= 0 || spent && m.overLimit() {
		m.swept = false
		m.tooMuch()
	}
}

// underPressure stops the script if it is why the heap grows.
func (m *meter) underPressure() {
	if m.overLimit() {
		m.swept = false
		if m.tooMuch() {
			return
		}
	}
	if m.vm.rt.watch.confirm(m.vm) {
		m.fail = fmt.Errorf("%w: the heap grows without end while the script runs", errMemory)
	}
}

// charge counts the work of a native function.
func (m *meter) charge(n int) {
	m.left -= int64(n)
}

// begin starts a callback that may execute n instructions.
func (m *meter) begin(n int64) {
	m.vm.budget = n
	m.left, m.rest, m.fail = meterStep, n, nil
	m.running.Add(1)
	m.vm.rt.watch.callback()
}

// end ends a callback.
func (m *meter) end() {
	m.running.Add(1)
	m.untilWalk -= meterStep - m.left
	if m.fail != nil {
		return
	}
	spent := m.gauge.spent(meterStep-m.left, m.vm.limits.Memory)
	if m.untilWalk <= 0 || !m.swept || m.vm.owes || spent && m.overLimit() {
		m.swept = true
		m.tooMuch()
	}
}

// overLimit looks at the script's memory between the measurements that are due, when the process has allocated much. It changes
// nothing: what a script within its limit holds, and what its stores have to drop, is decided at the same
// instructions in every run, whatever else the process does.
func (m *meter) overLimit() bool {
	held := m.vm.held()
	m.gauge.measured(m.vm.memory, held, m.vm.limits.Memory)
	return held > m.vm.limits.Memory
}

// tooMuch measures the script's memory, and fails where it is past the limit.
func (m *meter) tooMuch() bool {
	v := m.vm
	before := v.memory
	v.measure()
	m.gauge.measured(before, v.memory, v.limits.Memory)
	if v.memory > v.limits.Memory {
		for _, s := range v.stores {
			s.markAll()
		}
		v.measure()
	}
	for round := 0; v.memory > v.limits.Memory; round++ {
		if round == maxShed || !v.shed() {
			break
		}
		v.measure()
	}
	if v.memory > v.limits.Memory {
		m.fail = fmt.Errorf("%w: the script holds %d MB, more than %d MB", errMemory, v.memory>>20, v.limits.Memory>>20)
		return true
	}
	v.owes = false
	v.rt.balance(v)
	return false
}

// balance keeps all scripts together within their limit: the largest store of the largest script is halved. If that is not
// v, whose callback this is, the script does so at the end of its own next one.
func (rt *Runtime) balance(v *vm) {
	for range maxShed {
		sum, largest := int64(0), v
		for _, x := range rt.vms {
			if x.stopped {
				continue
			}
			sum += x.memory
			if x.memory > largest.memory {
				largest = x
			}
		}
		if sum <= rt.opt.Limits.Total {
			return
		}
		if largest != v {
			largest.owes = true
			return
		}
		if !v.shed() {
			return
		}
		v.measure()
	}
}

// Err implements context.Context.
func (m *meter) Err() error { return m.fail }

// Deadline implements context.Context.
func (m *meter) Deadline() (time.Time, bool) { return time.Time{}, false }

// Value implements context.Context.
func (m *meter) Value(any) any { return nil }
