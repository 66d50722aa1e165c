package flowtable

import (
	"time"

	"github.com/luanids/luanids/dissect"
)

// RateConfig says which flows are elephants: those that send Bytes (of frames, on the wire) within Interval in one direction.
type RateConfig struct {
	Bytes    uint64        // 0: flows are not measured
	Interval time.Duration // whole seconds, 1 to MaxRateInterval
}

// MaxRateInterval is the longest interval over which rates are measured, as in Suricata.
const MaxRateInterval = 65535 * time.Second

// DefaultRateInterval is the interval when none is set.
const DefaultRateInterval = 10 * time.Second

// rateSlots is into how many parts an interval is cut at most: what a flow sent is forgotten part by part. Up to so many seconds the
// parts are seconds, as in Suricata.
const rateSlots = 32

// Rates is what a flow sent lately, by direction.
type Rates [2]rate

type rate struct {
	slots [rateSlots]uint64
	sum   uint64
	last  int64 // number of the part that was added to last, since 1970
}

// Measure adds the bytes of a packet to what the flow sent, and tells whether they make it an elephant: the first time that either
// direction is one.
func (c *RateConfig) Measure(f *Flow, dir dissect.Dir, at int64, bytes uint64) bool {
	if f.Elephant[dir] {
		return false
	}
	if f.Rates == nil {
		f.Rates = new(Rates)
	}
	n := max(min(int64(c.Interval/time.Second), rateSlots), 1)
	r := &f.Rates[dir]
	if r.add(at/max(int64(c.Interval)/n, 1), n, bytes); r.sum < c.Bytes {
		return false
	}
	f.Elephant[dir] = true
	return !f.Elephant[dir.Rev()]
}

// add counts bytes in a part of time, and forgets what is n parts ago. Packets that come late count as of now.
func (r *rate) add(part, n int64, bytes uint64) {
	if part > r.last {
		for i := max(r.last+1, part-n+1); i <= part; i++ {
			r.sum -= r.slots[i%n]
			r.slots[i%n] = 0
		}
		r.last = part
	}
	r.slots[r.last%n] += bytes
	r.sum += bytes
}
