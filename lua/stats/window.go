package stats

import "slices"

// Counter counts over a sliding window, in steps of a part of it.
type Counter struct {
	step int64
	n    int32 // steps of the window
	// few are the steps that are not 0, in order; as long as they are few: most counters count one burst.
	few   []bin
	slots []float64 // by step modulo n, once they are more
	at    int64     // number of the step of the newest slot
	sum   float64
}

type bin struct {
	step int64
	n    float64
}

// Bounds of the steps of a Counter.
const (
	defaultSteps = 12
	maxSteps     = 1440
	// fewBins is how many steps are kept one by one.
	fewBins = 4
)

// NewCounter makes a counter over window (nanoseconds) in so many steps; 0: 12.
func NewCounter(window int64, steps int) *Counter {
	if steps <= 0 {
		steps = defaultSteps
	}
	steps = min(steps, maxSteps)
	return &Counter{step: max(window/int64(steps), 1), n: int32(steps)}
}

// Add counts n at time t, and gives the sum over the window. What is older than the window is not counted.
func (c *Counter) Add(t int64, n float64) float64 {
	c.advance(t)
	if k := t / c.step; k <= c.at && k > c.at-int64(c.n) {
		c.put(k, n)
		c.sum += n
	}
	return c.sum
}

// put adds n to a step.
func (c *Counter) put(k int64, n float64) {
	if c.slots != nil {
		c.slots[c.slot(k)] += n
		return
	}
	i := len(c.few)
	for i > 0 && c.few[i-1].step > k {
		i--
	}
	switch {
	case i > 0 && c.few[i-1].step == k:
		c.few[i-1].n += n
	case len(c.few) < fewBins:
		c.few = append(c.few, bin{})
		copy(c.few[i+1:], c.few[i:])
		c.few[i] = bin{k, n}
	default:
		c.slots = make([]float64, c.n)
		for _, b := range c.few {
			c.slots[c.slot(b.step)] = b.n
		}
		c.slots[c.slot(k)] += n
		c.few = nil
	}
}

// Sum gives the sum over the window that ends at t.
func (c *Counter) Sum(t int64) float64 {
	c.advance(t)
	return c.sum
}

// Around gives the largest sum of n steps in a row of which one is that of time t.
func (c *Counter) Around(t int64, n int) float64 {
	k, best := t/c.step, 0.0
	for from := k - int64(n) + 1; from <= k; from++ {
		sum := 0.0
		for i := from; i < from+int64(n); i++ {
			sum += c.count(i)
		}
		best = max(best, sum)
	}
	return best
}

// slot is where a step is kept; steps before the epoch are negative.
func (c *Counter) slot(k int64) int64 {
	n := int64(c.n)
	return (k%n + n) % n
}

// count gives the count of one step.
func (c *Counter) count(k int64) float64 {
	if k > c.at || k <= c.at-int64(c.n) {
		return 0
	}
	if c.slots != nil {
		return c.slots[c.slot(k)]
	}
	for i := range c.few {
		if c.few[i].step == k {
			return c.few[i].n
		}
	}
	return 0
}

// Clear starts anew.
func (c *Counter) Clear() {
	c.few, c.slots, c.sum = nil, nil, 0
}

// Memory is what the counter takes, bytes.
func (c *Counter) Memory() int { return 96 + 16*cap(c.few) + 8*len(c.slots) }

func (c *Counter) advance(t int64) {
	now := t / c.step
	if now <= c.at {
		return
	}
	if now-c.at >= int64(c.n) {
		c.Clear()
	} else {
		c.forget(now)
	}
	c.at = now
}

// forget drops the steps that the window leaves when now is its newest.
func (c *Counter) forget(now int64) {
	gone := 0
	for gone < len(c.few) && c.few[gone].step <= now-int64(c.n) {
		c.sum -= c.few[gone].n
		gone++
	}
	c.few = append(c.few[:0], c.few[gone:]...)
	if c.slots != nil {
		for i := c.at + 1; i <= now; i++ {
			s := &c.slots[c.slot(i)]
			c.sum -= *s
			*s = 0
		}
	}
	c.sum = max(c.sum, 0)
}

// Distinct counts different values over a sliding window, exactly, up to a cap.
type Distinct struct {
	window int64
	// queue has the values as they were seen, from head on. While they are few it is all there is, and a value is in
	// it once; then last tells when a value was seen last, and what is in queue with another time is over.
	queue []seen
	last  map[string]int64
	bytes int
	max   int32
	head  int32
}

type seen struct {
	key string
	at  int64
}

const (
	// MaxDistinct is the largest cap of a Distinct.
	MaxDistinct = 1 << 16
	// fewValues is how many values are looked for one by one.
	fewValues = 8
)

// NewDistinct makes a counter over window (nanoseconds; 0: for ever) of at most n values; 0: 1024.
func NewDistinct(window int64, n int) *Distinct {
	if n <= 0 {
		n = 1024
	}
	return &Distinct{window: window, max: int32(min(n, MaxDistinct))}
}

// Add notes a value at time t, and gives how many there are; fresh tells whether it was not there
// before. At the cap new values are not taken: the count says "at least".
func (d *Distinct) Add(t int64, key []byte) (n int, fresh bool) {
	d.expire(t)
	at, ok := d.seen(key)
	switch {
	case ok && t-at <= d.window/16: // once in a while is enough; this bounds the queue
	case ok:
		d.touch(string(key), t, false)
	case d.len() < int(d.max):
		fresh = true
		d.bytes += len(key)
		d.touch(string(key), t, true)
	}
	return d.len(), fresh
}

func (d *Distinct) len() int {
	if d.last != nil {
		return len(d.last)
	}
	return len(d.queue)
}

// seen tells when a value was seen last.
func (d *Distinct) seen(key []byte) (at int64, ok bool) {
	if d.last != nil {
		at, ok = d.last[string(key)]
		return at, ok
	}
	for i := range d.queue {
		if d.queue[i].key == string(key) {
			return d.queue[i].at, true
		}
	}
	return 0, false
}

// touch notes when a value was seen.
func (d *Distinct) touch(key string, t int64, fresh bool) {
	if d.last == nil && fresh && len(d.queue) >= fewValues {
		d.last = make(map[string]int64, 2*fewValues)
		for _, q := range d.queue {
			d.last[q.key] = q.at
		}
		if d.window == 0 {
			d.queue = nil
		}
	}
	switch {
	case d.last != nil:
		d.last[key] = t
		if d.window == 0 {
			return
		}
	case !fresh:
		i := 0
		for d.queue[i].key != key {
			i++
		}
		d.queue = append(d.queue[:i], d.queue[i+1:]...)
	}
	d.queue = append(d.queue, seen{key, t})
}

// Count gives how many values there are in the window that ends at t.
func (d *Distinct) Count(t int64) int {
	d.expire(t)
	return d.len()
}

// Has tells whether a value is there.
func (d *Distinct) Has(t int64, key []byte) bool {
	d.expire(t)
	_, ok := d.seen(key)
	return ok
}

// Clear starts anew.
func (d *Distinct) Clear() { d.queue, d.last, d.head, d.bytes = nil, nil, 0, 0 }

// Memory is what the counter takes, bytes.
func (d *Distinct) Memory() int {
	n := 64 + d.bytes + 24*cap(d.queue)
	if d.last != nil {
		return n + 64 + 48*len(d.last)
	}
	return n + 8*len(d.queue)
}

func (d *Distinct) expire(t int64) {
	if d.window == 0 {
		return
	}
	for int(d.head) < len(d.queue) && d.queue[d.head].at <= t-d.window {
		q := d.queue[d.head]
		d.head++
		if d.last == nil {
			d.bytes -= len(q.key)
		} else if at, ok := d.last[q.key]; ok && at == q.at {
			d.bytes -= len(q.key)
			delete(d.last, q.key)
		}
	}
	switch {
	case d.last == nil:
		d.drop()
	case len(d.last) == 0:
		d.Clear()
	case d.head > 64 && int(d.head) > len(d.queue)/2:
		d.drop()
	}
}

// drop gives up what is before head.
func (d *Distinct) drop() {
	if d.head > 0 {
		d.queue = slices.Delete(d.queue, 0, int(d.head))
		d.head = 0
	}
}

// Values calls f for every value, in the order in which they were seen last.
func (d *Distinct) Values(f func(key string)) {
	switch {
	case d.window == 0 && d.last != nil:
		for _, k := range sortedKeys(d.last) {
			f(k)
		}
	case d.window == 0:
		keys := make([]string, 0, len(d.queue))
		for _, q := range d.queue {
			keys = append(keys, q.key)
		}
		slices.Sort(keys)
		for _, k := range keys {
			f(k)
		}
	default:
		for _, q := range d.queue[d.head:] {
			if d.last == nil || d.last[q.key] == q.at {
				f(q.key)
			}
		}
	}
}
