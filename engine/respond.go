package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/luanids/luanids/capture/inject"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/alert"
)

// RespondConfig says whether and how connections are cut when a script (kill) or a rule (action
// reject) asks for it.
type RespondConfig struct {
	// Sender sends the resets; nil switches active response off.
	Sender inject.Sender
	// Off is why it is off, for who asks.
	Off string
	// Interface is where resets are sent, by the Ethernet addresses of the connection; "" sends them
	// by the host's routes. The engine leaves it to who opens Sender.
	Interface string
	// Exempt are addresses no connection of which is cut.
	Exempt []netip.Prefix
	// Rate is how many connections are cut a second in the long run, and Burst at once. What is
	// over is refused and counted.
	Rate, Burst int
}

// DefaultRespond has active response off, and its limits.
func DefaultRespond() RespondConfig {
	return RespondConfig{Rate: 10, Burst: 50, Off: "connections can be cut in a live capture only"}
}

// Why a connection is not cut.
var (
	errNotTCP    = errors.New("only TCP connections can be cut")
	errTunnelled = errors.New("the connection is within a tunnel, where a reset would not get")
	errLimit     = errors.New("too many connections were cut just now: see respond.rate and respond.burst")
)

// recentCuts is how many connections are remembered as cut, so that asking again is free.
const recentCuts = 4096

// responder decides what is cut. It is asked from the ordered stage and from workers; the
// worker that owns the connection sends, since it alone knows the sequence numbers of the moment.
type responder struct {
	cfg   *RespondConfig
	warn  func(format string, args ...any)
	clock func() time.Time
	// cookie is the window of our resets, by which a capture that sees them knows them.
	cookie uint16
	boxes  []mailbox // by worker

	mu     sync.Mutex
	exempt []netip.Prefix
	rate   int
	burst  int
	tokens float64
	last   time.Time
	cut    map[uint64]struct{} // ids of flows
	ring   []uint64            // the same in order, to forget the oldest
	oldest int

	counts respondCounts
	pulse  pulse // of the ordered stage
}

// respondCounts are the counters respond.*.
type respondCounts struct {
	asked, connections, exempt, limited, ignored, impossible, gone, packets, failed, own atomic.Uint64
}

// Each calls c with the name and value of each counter.
func (n *respondCounts) each(c func(string, uint64)) {
	c("asked", n.asked.Load())
	c("connections", n.connections.Load())
	c("exempt", n.exempt.Load())
	c("rate_limited", n.limited.Load())
	c("ignored", n.ignored.Load())
	c("impossible", n.impossible.Load())
	c("gone", n.gone.Load())
	c("packets", n.packets.Load())
	c("failed_packets", n.failed.Load())
	c("own_packets", n.own.Load())
}

func newResponder(cfg *RespondConfig, workers int, warn func(string, ...any)) *responder {
	r := &responder{cfg: cfg, warn: warn, clock: time.Now, boxes: make([]mailbox, workers),
		cookie: uint16(rand.UintN(1<<16-1)) + 1, tokens: float64(cfg.Burst)}
	r.limit(cfg)
	if cfg.Sender != nil {
		r.cut, r.ring = map[uint64]struct{}{}, make([]uint64, recentCuts)
	}
	return r
}

// limit sets who is exempt and how often connections may be cut.
func (r *responder) limit(cfg *RespondConfig) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exempt, r.rate, r.burst = cfg.Exempt, cfg.Rate, cfg.Burst
}

// on tells whether anything can be cut at all.
func (r *responder) on() bool { return r != nil && r.cfg.Sender != nil }

// ask has the connection cut, or says why it is not. why is who asked, for the log.
func (r *responder) ask(key *dissect.FlowKey, id uint64, why string) error {
	r.counts.asked.Add(1)
	if !r.on() {
		r.counts.ignored.Add(1)
		return errors.New(r.cfg.Off)
	}
	if err := possible(key); err != nil {
		r.counts.impossible.Add(1)
		return err
	}
	src, dst := key.Src.Netip().Unmap(), key.Dst.Netip().Unmap()
	r.mu.Lock()
	exempt := r.exempt
	r.mu.Unlock()
	for _, p := range exempt {
		for _, a := range [2]netip.Addr{src, dst} {
			if p.Contains(a) {
				r.counts.exempt.Add(1)
				r.warn("response: %s -> %s is left alone (%s): %s is exempt (respond.exempt %s)",
					netip.AddrPortFrom(src, key.SrcPort), netip.AddrPortFrom(dst, key.DstPort), why, a, p)
				return fmt.Errorf("%s is exempt (respond.exempt %s)", a, p)
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, done := r.cut[id]; done {
		return nil
	}
	if !r.take() {
		r.counts.limited.Add(1)
		return errLimit
	}
	r.remember(id)
	r.counts.connections.Add(1)
	r.warn("response: cutting %s -> %s (%s)", netip.AddrPortFrom(src, key.SrcPort), netip.AddrPortFrom(dst, key.DstPort), why)
	k := &killRequest{key: *key, id: id}
	k.left.Store(int32(len(r.boxes)))
	for i := range r.boxes {
		r.boxes[i].put(k)
	}
	return nil
}

func possible(key *dissect.FlowKey) error {
	switch {
	case key.Proto != packet.ProtoTCP:
		return errNotTCP
	case key.Tunnel != 0 && key.Tunnel != uint32(packet.TunnelDefrag):
		return errTunnelled
	}
	return nil
}

// take takes a token from the bucket, if there is one.
func (r *responder) take() bool {
	now := r.clock()
	if !r.last.IsZero() {
		r.tokens = min(float64(r.burst), r.tokens+now.Sub(r.last).Seconds()*float64(r.rate))
	}
	r.last = now
	if r.tokens < 1 {
		return false
	}
	r.tokens--
	return true
}

func (r *responder) remember(id uint64) {
	delete(r.cut, r.ring[r.oldest])
	r.cut[id], r.ring[r.oldest] = struct{}{}, id
	r.oldest = (r.oldest + 1) % len(r.ring)
}

// askEnv is ask for an event, as scripts have it.
func (r *responder) askEnv(e *dissect.Env, why string) error {
	if e.Flow == nil {
		return errNotTCP
	}
	return r.ask(&e.Flow.Key, e.Flow.ID, why)
}

// reject answers an alert of a rule with action reject. What came of it is evidence.
func (r *responder) reject(a *alert.Alert) {
	err := r.ask(a.Reset, a.FlowID, "rule "+a.RuleID)
	if !r.on() {
		return
	}
	what := "reset"
	if err != nil {
		what = "none: " + err.Error()
	}
	a.Evidence = append(a.Evidence, alert.Evidence{Name: "response", Value: what})
}

// Kill implements lua.KillHost.
func (h *ScriptHost) Kill(e *dissect.Env, script string) error {
	if h.o == nil {
		return errors.New("no capture runs")
	}
	return h.o.responder.askEnv(e, "script "+script)
}

// Kill implements lua.KillHost.
func (h *workerHost) Kill(e *dissect.Env, script string) error {
	return h.w.responder.askEnv(e, "script "+script)
}

// killRequest asks the owner of a flow to cut it. All workers get it, since with rings only the kernel knows whose a
// flow is.
type killRequest struct {
	key   dissect.FlowKey
	id    uint64
	found atomic.Bool
	left  atomic.Int32 // workers that have not looked
}

// mailbox holds requests for a worker. Looking whether there are any costs one load.
type mailbox struct {
	full atomic.Bool
	mu   sync.Mutex
	list []*killRequest
}

func (m *mailbox) put(k *killRequest) {
	m.mu.Lock()
	m.list = append(m.list, k)
	m.full.Store(true)
	m.mu.Unlock()
}

func (m *mailbox) takeAll() []*killRequest {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.list
	m.list = nil
	m.full.Store(false)
	return list
}
