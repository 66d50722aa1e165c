package live

import (
	"errors"
	"fmt"
	"time"
)

const (
	// lookEvery is how often the interfaces are looked after.
	lookEvery = 250 * time.Millisecond
	// lossEvery is over which time loss is measured.
	lossEvery = time.Second
)

// monitor looks after interfaces that vanish and come back, and after loss.
func (c *Capture) monitor() {
	defer c.ended.Done()
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	last := time.Now()
	c.lookAtCards()
	for {
		select {
		case <-c.quit:
			return
		case <-t.C:
		}
		if c.stopped.Load() > 0 {
			continue
		}
		for _, l := range c.links {
			c.look(l)
		}
		if now := time.Now(); now.Sub(last) >= lossEvery {
			c.lookAtCards()
			for _, l := range c.links {
				s, _ := l.stats()
				l.watch.look(l.name, s, now, c.opt.Warn)
			}
			last = now
		}
	}
}

// cardCount is what a network card lost since it is watched. The kernel counts from the card's start, and anew for one that
// comes back.
type cardCount struct {
	index int // of the interface that last is of
	last  uint64
	total uint64
}

func (n *cardCount) set(index int, lost uint64) {
	if index == n.index && lost >= n.last {
		n.total += lost - n.last
	}
	n.index, n.last = index, lost
}

// lookAtCards brings the counts of network cards up to date. It is called once at the start, too.
func (c *Capture) lookAtCards() {
	lost, err := cardLoss()
	if err != nil {
		return
	}
	for _, l := range c.links {
		if n, ok := lost[l.index]; ok && l.index != 0 {
			l.mu.Lock()
			l.card.set(l.index, n)
			l.mu.Unlock()
		}
	}
}

// look compares what is known of a link with what is.
func (c *Capture) look(l *link) {
	if l.name == Any {
		return
	}
	index, up, err := linkState(l.name)
	if err != nil && !errors.Is(err, errGone) {
		return // nobody can tell now
	}
	if l.up && (index != l.index || !up) {
		c.lost(l, index)
	}
	if !l.up && up {
		c.back(l, index)
	}
}

// lost notes that a link went down, or away with its sockets.
func (c *Capture) lost(l *link, index int) {
	l.mu.Lock()
	l.up = false
	l.mu.Unlock()
	l.since = time.Now()
	if index == l.index { // the sockets stay, and work again when it is up
		c.opt.Warn("-i %s: the interface is down; waiting for it", l.name)
		return
	}
	l.index = 0
	c.opt.Warn("-i %s: the interface is gone; waiting for it to come back", l.name)
	for _, s := range c.sources {
		for j := range s.slots {
			if s.slots[j].link == l {
				s.slots[j].leave.Store(true)
			}
		}
	}
}

// back takes a link up again. It is tried again at the next look if that fails.
func (c *Capture) back(l *link, index int) {
	if index == l.index && l.index != 0 {
		l.mu.Lock()
		l.up = true
		l.mu.Unlock()
		c.told(l)
		return
	}
	if !l.free() {
		return // the readers have not let go of the old rings
	}
	ports, err := c.openLink(l)
	var denied *PermissionError
	if errors.As(err, &denied) { // it was permitted at the start
		err = errors.New("that takes privileges, which were given up: restart luanids, or have it stay root (--user root)")
	}
	if err != nil {
		if text := err.Error(); text != l.watch.failed {
			l.watch.failed = text
			c.opt.Warn("-i %s: the interface is back, but can't be watched: %v; trying again", l.name, err)
		}
		return
	}
	if ports == nil {
		return
	}
	l.watch.failed = ""
	c.hand(l, ports)
	c.told(l)
}

func (c *Capture) told(l *link) {
	c.opt.Warn("-i %s: watched again, after %v without it", l.name, time.Since(l.since).Round(100*time.Millisecond))
}

// free tells whether all old ports of a link are closed.
func (l *link) free() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.ports {
		if p != nil {
			return false
		}
	}
	return true
}

// lossWatch tells when loss begins and when it is over.
type lossWatch struct {
	before  portStats // at the last look
	start   portStats // before the loss began
	began   time.Time // zero: no loss
	clean   int       // looks without loss since
	worst   float64   // share of an interval
	failed  string    // the last error of taking the link up again
	lastBad time.Time
}

// cleanLooks is how many intervals without loss end it: traffic comes in bursts.
const cleanLooks = 5

// look takes the totals of now.
func (w *lossWatch) look(name string, s portStats, now time.Time, warn func(string, ...any)) {
	drops, packets := s.drops-w.before.drops, s.packets-w.before.packets
	before := w.before
	w.before = s
	if drops > 0 {
		share := 100 * float64(drops) / float64(max(packets, drops))
		if w.began.IsZero() {
			w.start, w.began, w.worst = before, now, 0
			warn("-i %s: packets are lost: the kernel dropped %d of %d (%.1f%%) in the last second, because they came faster than they were worked on", name, drops, packets, share)
		}
		w.worst, w.clean, w.lastBad = max(w.worst, share), 0, now
		return
	}
	if w.began.IsZero() {
		return
	}
	if w.clean++; w.clean < cleanLooks {
		return
	}
	warn("-i %s: no packets are lost any more: %s", name, w.total(s))
	w.began = time.Time{}
}

// total tells a loss as a whole.
func (w *lossWatch) total(s portStats) string {
	drops, packets := s.drops-w.start.drops, s.packets-w.start.packets
	took := w.lastBad.Sub(w.began) + lossEvery
	return fmt.Sprintf("in %v the kernel dropped %d of %d packets (%.1f%%, at worst %.1f%% of a second), in %d stretches with a full ring",
		took.Round(time.Second), drops, packets, 100*float64(drops)/float64(max(packets, drops, 1)), w.worst, s.freezes-w.start.freezes)
}
