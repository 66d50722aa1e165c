package live

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/luanids/luanids/capture"
)

// port is one interface as one goroutine reads it: a ring, or libpcap.
type port interface {
	// peek gives the next packet without waiting, nil if there is none. It is valid until advance.
	peek() *capture.Packet
	advance()
	// fd is what poll waits for.
	fd() int
	// trouble takes the error that ended a poll off the socket.
	trouble() error
	// stats gives what was counted since it was last asked. Others may ask than the one who reads, one at a time.
	stats() (portStats, error)
	close()
}

type portStats struct{ packets, drops, freezes, filtered uint64 }

func (s *portStats) add(o portStats) {
	s.packets += o.packets
	s.drops += o.drops
	s.freezes += o.freezes
	s.filtered += o.filtered
}

// Capture is a set of interfaces that are watched.
type Capture struct {
	opt     Options
	links   []*link
	sources []*Source
	socks   sockets
	through string // "AF_PACKET" or "libpcap"
	stopped atomic.Int64
	quit    chan struct{}
	ended   sync.WaitGroup
	closing sync.Once
}

// link is one interface.
type link struct {
	name  string
	index int // the kernel's number, 0 for any; the monitor's
	up    bool
	mu    sync.Mutex // guards ports and total
	ports []port     // by ring; nil: gone
	total portStats
	watch lossWatch
	since time.Time // that it is gone
	card  cardCount // guarded by mu
}

// slot is a place for one interface in a source.
type slot struct {
	port  port                 // the reader's
	next  atomic.Pointer[port] // put there by the monitor, taken by the reader when it has no port
	leave atomic.Bool          // the interface is gone: read what is left, and close
	link  *link
	ring  int
}

// Open begins to watch interfaces. The packets wait in the rings until they are read.
func Open(o Options) (*Capture, error) {
	if o.Warn == nil {
		o.Warn = func(string, ...any) {}
	}
	if o.Rings < 1 || !o.Fanout {
		o.Rings = 1
	}
	if err := o.Check(); err != nil {
		return nil, err
	}
	c := &Capture{opt: o, quit: make(chan struct{}), through: "AF_PACKET"}
	if o.Method == MethodPcap {
		c.through, c.opt.Rings = "libpcap", 1
	}
	seen := map[string]bool{}
	for _, name := range o.Interfaces {
		if seen[name] {
			continue
		}
		seen[name] = true
		c.links = append(c.links, &link{name: name})
	}
	if seen[Any] && len(seen) > 1 {
		return nil, fmt.Errorf("-i any together with other interfaces would see their packets twice: name either")
	}
	opened, err := c.openAll()
	if err != nil {
		c.abandon(opened)
		return nil, err
	}
	for i := range c.opt.Rings {
		c.sources = append(c.sources, newSource(c, i))
	}
	for i, l := range c.links {
		c.hand(l, opened[i])
	}
	c.ended.Add(1)
	go c.monitor()
	return c, nil
}

// openAll opens all interfaces, through libpcap if there are no rings. An interface that is down gives none.
func (c *Capture) openAll() ([][]port, error) {
	opened := make([][]port, len(c.links))
	for i := 0; i < len(c.links); i++ {
		l := c.links[i]
		ports, err := c.openLink(l)
		if isNoRings(err) && c.through != "libpcap" && c.opt.Method != MethodRings {
			c.abandon(opened[:i])
			c.opt.Warn("%v; packets are read through libpcap, by one goroutine", err)
			c.through, c.opt.Rings = "libpcap", 1
			clear(opened)
			i = -1
			continue
		}
		if err != nil {
			return opened, err
		}
		opened[i] = ports
		if ports == nil {
			l.since = time.Now()
			c.opt.Warn("-i %s: the interface is down; it is watched as soon as it is up (ip link set %s up)", l.name, l.name)
		}
	}
	return opened, nil
}

func (c *Capture) abandon(opened [][]port) {
	for _, list := range opened {
		for _, p := range list {
			p.close()
		}
	}
	var all sync.WaitGroup
	c.socks.close(&all)
	all.Wait()
}

// hand gives the ports of a link to the sources.
func (c *Capture) hand(l *link, ports []port) {
	if ports == nil {
		return
	}
	l.mu.Lock()
	l.ports = make([]port, len(ports))
	copy(l.ports, ports)
	l.up = true
	l.mu.Unlock()
	if c.opt.Opened != nil {
		for _, p := range ports {
			c.opt.Opened(p.fd())
		}
	}
	for i, s := range c.sources {
		for j := range s.slots {
			if s.slots[j].link == l {
				s.slots[j].next.Store(&ports[i])
			}
		}
	}
}

// Rings is how many goroutines read: one for each Source.
func (c *Capture) Rings() int { return len(c.sources) }

// Source gives the packets of one ring of every interface.
func (c *Capture) Source(ring int) *Source { return c.sources[ring] }

// Lag is how much later than it arrived a packet may be handed over.
func (c *Capture) Lag() time.Duration { return c.opt.Lag() }

// Through tells by which means packets are read: AF_PACKET or libpcap.
func (c *Capture) Through() string { return c.through }

// Stop makes the sources end: once they have given what had come before, they return io.EOF.
func (c *Capture) Stop() { c.stopped.CompareAndSwap(0, time.Now().UnixNano()) }

// Close frees everything. The sources must not be in use any more.
func (c *Capture) Close() error {
	c.closing.Do(func() {
		c.Stop()
		close(c.quit)
		c.ended.Wait()
		// The kernel takes its time for each socket: all at once.
		var all sync.WaitGroup
		for _, s := range c.sources {
			for _, p := range s.takePorts() {
				all.Go(p.close)
			}
		}
		c.socks.close(&all)
		all.Wait()
	})
	return nil
}

// InterfaceStats are the figures of one interface since the start.
type InterfaceStats struct {
	Name     string
	Up       bool
	Packets  uint64 // that the kernel had for us, with those that it dropped
	Dropped  uint64 // by the kernel, because a ring was full
	Freezes  uint64 // times that a ring was full
	Card     uint64 // packets that the network card lost before the kernel had them
	Filtered uint64 // not wanted by a filter that is not in the kernel
}

// Interfaces gives the figures of each interface, in the order in which they were named. It may be called
// from any goroutine.
func (c *Capture) Interfaces() []InterfaceStats {
	out := make([]InterfaceStats, len(c.links))
	for i, l := range c.links {
		t, up := l.stats()
		l.mu.Lock()
		card := l.card.total
		l.mu.Unlock()
		out[i] = InterfaceStats{Name: l.name, Up: up, Card: card, Packets: t.packets, Dropped: t.drops, Freezes: t.freezes, Filtered: t.filtered}
	}
	return out
}

// stats brings the link's figures up to date.
func (l *link) stats() (portStats, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.ports {
		if p == nil {
			continue
		}
		if s, err := p.stats(); err == nil {
			l.total.add(s)
		}
	}
	return l.total, l.up
}

// retire keeps the figures of a port that is about to be closed.
func (l *link) retire(ring int, p port) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, err := p.stats(); err == nil {
		l.total.add(s)
	}
	if ring < len(l.ports) && l.ports[ring] == p {
		l.ports[ring] = nil
	}
}

// Probe says what is wrong with names of interfaces, or with privileges, without opening anything.
func Probe(names []string) error {
	c := &Capture{}
	for _, n := range names {
		if err := c.probe(n); err != nil {
			return err
		}
	}
	return nil
}
