package lua

import "sync/atomic"

// discards tells those who make events which streams handlers do not want any more. It is a help, no truth: an entry may be
// displaced by another, and then the handler's own list (handler.gone) has the word. So what scripts see does not depend
// on when a worker hears of it.
type discards struct {
	slots atomic.Pointer[[discardSlots]atomic.Uint64]
}

const discardSlots = 1 << 16

// discardKey packs the numbers of flow and subscription, 0 for those that do not fit.
func discardKey(serial uint64, sub int) uint64 {
	if serial >= 1<<48 || sub < 0 || sub >= 1<<16-1 {
		return 0
	}
	return serial<<16 | uint64(sub+1)
}

func (d *discards) add(serial uint64, sub int) {
	t := d.slots.Load()
	if t == nil {
		d.slots.CompareAndSwap(nil, new([discardSlots]atomic.Uint64))
		t = d.slots.Load()
	}
	if k := discardKey(serial, sub); k != 0 {
		t[slotOf(k)].Store(k)
	}
}

func slotOf(k uint64) uint64 { return k * 0x9e3779b97f4a7c15 >> 48 }

// Discarded tells whether the handler of a subscription is known not to want more events of the flow. Any goroutine may
// ask; false may be out of date.
func (rt *Runtime) Discarded(serial uint64, sub int) bool {
	t := rt.gone.slots.Load()
	if t == nil {
		return false
	}
	k := discardKey(serial, sub)
	return k != 0 && t[slotOf(k)].Load() == k
}
