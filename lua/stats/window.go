package stats

// Counter counts over a sliding window, in steps of a part of it.
type Counter struct {
	step  int64
	slots []float64
	at    int64 // number of the step of the newest slot
	sum   float64
}

// Bounds of the steps of a Counter.
const (
	defaultSteps = 12
	maxSteps     = 1440
)

// NewCounter makes a counter over window (nanoseconds) in so many steps; 0: 12.
func NewCounter(window int64, steps int) *Counter {
	if steps <= 0 {
		steps = defaultSteps
	}
	steps = min(steps, maxSteps)
	return &Counter{step: max(window/int64(steps), 1), slots: make([]float64, steps)}
}

// Add counts n at time t, and gives the sum over the window. What is older than the window is not counted.
func (c *Counter) Add(t int64, n float64) float64 {
	c.advance(t)
	back := c.at - t/c.step
	if back >= 0 && back < int64(len(c.slots)) {
		c.slots[(t/c.step)%int64(len(c.slots))] += n
		c.sum += n
	}
	return c.sum
}

// Sum gives the sum over the window that ends at t.
func (c *Counter) Sum(t int64) float64 {
	c.advance(t)
	return c.sum
}

// Clear starts anew.
func (c *Counter) Clear() {
	clear(c.slots)
	c.sum = 0
}

// Memory is what the counter takes, bytes.
func (c *Counter) Memory() int { return 64 + 8*len(c.slots) }

func (c *Counter) advance(t int64) {
	now := t / c.step
	if now <= c.at {
		return
	}
	if now-c.at >= int64(len(c.slots)) {
		c.Clear()
	} else {
		for i := c.at + 1; i <= now; i++ {
			s := &c.slots[i%int64(len(c.slots))]
			c.sum -= *s
			*s = 0
		}
		if c.sum < 0 {
			c.sum = 0
		}
	}
	c.at = now
}

// Distinct counts different values over a sliding window, exactly, up to a cap.
type Distinct struct {
	window int64
	max    int
	last   map[string]int64 // when a value was seen last
	queue  []seen
	head   int
	bytes  int
}

type seen struct {
	key string
	at  int64
}

// MaxDistinct is the largest cap of a Distinct.
const MaxDistinct = 1 << 16

// NewDistinct makes a counter over window (nanoseconds; 0: for ever) of at most n values; 0: 1024.
func NewDistinct(window int64, n int) *Distinct {
	if n <= 0 {
		n = 1024
	}
	return &Distinct{window: window, max: min(n, MaxDistinct), last: map[string]int64{}}
}

// Add notes a value at time t, and gives how many there are; fresh tells whether it was not there
// before. At the cap new values are not taken: the count says "at least".
func (d *Distinct) Add(t int64, key []byte) (n int, fresh bool) {
	d.expire(t)
	at, ok := d.last[string(key)]
	switch {
	case ok && t-at <= d.window/16: // once in a while is enough; this bounds the queue
	case ok:
		d.touch(string(key), t)
	case len(d.last) < d.max:
		fresh = true
		d.bytes += len(key)
		d.touch(string(key), t)
	}
	return len(d.last), fresh
}

func (d *Distinct) touch(key string, t int64) {
	d.last[key] = t
	if d.window == 0 {
		return
	}
	d.queue = append(d.queue, seen{key, t})
}

// Count gives how many values there are in the window that ends at t.
func (d *Distinct) Count(t int64) int {
	d.expire(t)
	return len(d.last)
}

// Has tells whether a value is there.
func (d *Distinct) Has(t int64, key []byte) bool {
	d.expire(t)
	_, ok := d.last[string(key)]
	return ok
}

// Clear starts anew.
func (d *Distinct) Clear() {
	clear(d.last)
	d.queue, d.head, d.bytes = d.queue[:0], 0, 0
}

// Memory is what the counter takes, bytes.
func (d *Distinct) Memory() int { return 96 + d.bytes + 64*len(d.last) + 24*cap(d.queue) }

func (d *Distinct) expire(t int64) {
	if d.window == 0 {
		return
	}
	for d.head < len(d.queue) && d.queue[d.head].at <= t-d.window {
		q := d.queue[d.head]
		d.head++
		if at, ok := d.last[q.key]; ok && at == q.at {
			d.bytes -= len(q.key)
			delete(d.last, q.key)
		}
	}
	if d.head > 64 && d.head > len(d.queue)/2 {
		d.queue = append(d.queue[:0], d.queue[d.head:]...)
		d.head = 0
	}
}

// Values calls f for every value, in the order in which they were seen last.
func (d *Distinct) Values(f func(key string)) {
	if d.window == 0 {
		for _, k := range sortedKeys(d.last) {
			f(k)
		}
		return
	}
	for _, q := range d.queue[d.head:] {
		if d.last[q.key] == q.at {
			f(q.key)
		}
	}
}
