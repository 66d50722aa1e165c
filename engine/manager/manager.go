// Package manager decides which alerts people get to see: it suppresses what is known to be
// harmless, folds alerts that are alike, bounds the alerts of one rule, and raises an alert of its own when
// several rules fire for one source.
//
// It runs in the ordered stage, between the judging of alerts and the outputs. It knows only
// packet time and the order of alerts, so that its results depend neither on speed nor on workers. All
// its tables are bounded; what they forget is counted.
package manager

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/luanids/luanids/engine/alert"
)

// Manager is the alert manager. Process, Tick, Flush and Configure are for one goroutine; counters and
// suppressions may be read from any.
type Manager struct {
	cfg      Config
	suppress atomic.Pointer[suppressor]
	windows  *table[key, window] // oldest first
	carried  *table[key, uint64] // folded in a window that has ended, not yet told
	rates    *table[string, rate]
	hosts    *table[netip.Addr, host]
	counts   counts
	now      atomic.Int64 // packet time, as far as it is known here
}

type counts struct {
	suppressed, folded, rateCapped, correlated, belowSeverity, passed, forgotten atomic.Uint64
}

// key is what alike alerts share; fields that do not matter are zero.
type key struct {
	rule, message, proto string
	src, dst             netip.Addr
	ports                [3]uint16 // server, source, destination
	flow                 uint64
}

// window is the time after a reported alert.
type window struct {
	until  int64
	folded uint64
	last   *alert.Alert // the last that was folded, once there are enough to be reported
}

// rate counts the alerts of a rule.
type rate struct {
	until  int64
	passed int
	capped uint64 // since the last that passed
}

// New makes a manager.
func New(cfg Config) (*Manager, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	m := &Manager{
		cfg:     cfg,
		windows: newTable[key, window](cfg.Dedup.MaxKeys), carried: newTable[key, uint64](cfg.Dedup.MaxKeys),
		rates: newTable[string, rate](cfg.Rate.MaxRules), hosts: newTable[netip.Addr, host](cfg.Correlation.MaxHosts),
	}
	m.suppress.Store(newSuppressor(cfg.Suppressions, nil))
	return m, nil
}

// Configure takes another configuration and keeps all state; suppressions that are still there keep
// their hits. A configuration that is wrong changes nothing.
func (m *Manager) Configure(cfg Config) error {
	if err := cfg.Check(); err != nil {
		return err
	}
	m.suppress.Store(newSuppressor(cfg.Suppressions, m.suppress.Load()))
	m.windows.max, m.carried.max = max(cfg.Dedup.MaxKeys, 1), max(cfg.Dedup.MaxKeys, 1)
	m.rates.max, m.hosts.max = max(cfg.Rate.MaxRules, 1), max(cfg.Correlation.MaxHosts, 1)
	m.cfg = cfg
	return nil
}

// Process takes an alert in the order of packets and calls emit for each that is to be reported: the
// alert itself with Folded set, if it passes, and a correlation that it completes. It returns what became of the alert,
// and by which entry if it was suppressed.
func (m *Manager) Process(a *alert.Alert, emit func(*alert.Alert)) (Fate, *Suppression) {
	if a.Time > m.now.Load() {
		m.now.Store(a.Time)
	}
	if by := m.suppress.Load().find(a); by != nil {
		m.counts.suppressed.Add(1)
		return Suppressed, by
	}
	whole := m.correlate(a)
	fate := m.decide(a)
	if fate == Passed {
		m.counts.passed.Add(1)
		emit(a)
	}
	if whole != nil && whole.Severity >= m.cfg.MinSeverity && m.suppress.Load().find(whole) == nil {
		m.counts.correlated.Add(1)
		emit(whole)
	}
	return fate, nil
}

// decide tells the fate of an alert that is not suppressed.
func (m *Manager) decide(a *alert.Alert) Fate {
	if a.Severity < m.cfg.MinSeverity {
		m.counts.belowSeverity.Add(1)
		return BelowSeverity
	}
	if m.cfg.Dedup.Window <= 0 {
		if !m.underCap(a) {
			return RateCapped
		}
		return Passed
	}
	k := m.key(a)
	w := m.windows.get(k)
	if w != nil && a.Time < w.until {
		w.folded++
		m.counts.folded.Add(1)
		if m.cfg.Dedup.Report > 0 && w.folded >= uint64(m.cfg.Dedup.Report) {
			w.last = spare(w.last, a)
		}
		return Folded
	}
	if !m.underCap(a) {
		return RateCapped
	}
	if w != nil {
		a.Folded += w.folded
	}
	if c := m.carried.get(k); c != nil {
		a.Folded += *c
		m.carried.remove(k)
	}
	*m.windows.put(k) = window{until: a.Time + int64(m.cfg.Dedup.Window)}
	return Passed
}

// underCap tells whether the alert's rule may give another one.
func (m *Manager) underCap(a *alert.Alert) bool {
	if m.cfg.Rate.Alerts <= 0 {
		return true
	}
	r := m.rates.get(a.RuleID)
	if r == nil || a.Time >= r.until {
		var capped uint64
		if r != nil {
			capped = r.capped
		}
		r = m.rates.put(a.RuleID)
		*r = rate{until: a.Time + int64(m.cfg.Rate.Per), capped: capped}
	}
	if r.passed >= m.cfg.Rate.Alerts {
		r.capped++
		m.counts.rateCapped.Add(1)
		return false
	}
	r.passed++
	a.Folded += r.capped
	r.capped = 0
	return true
}

func (m *Manager) key(a *alert.Alert) key {
	var k key
	f := m.cfg.Dedup.Key
	if f&KeyRule != 0 {
		k.rule = a.RuleID
	}
	if f&KeyMessage != 0 || f&KeyRule != 0 && a.Kind == alert.ThreatIntel {
		k.message = a.Message // an indicator is as good as a rule of its own
	}
	if f&KeyProto != 0 {
		k.proto = a.Proto
	}
	if f&KeySrc != 0 {
		k.src = a.Src
	}
	if f&KeyDst != 0 {
		k.dst = a.Dst
	}
	if f&KeyPort != 0 && a.Kind != alert.ThreatIntel { // a known host is known on all ports
		// What a server said comes from its port; the other one differs with each connection.
		k.ports[0] = a.DstPort
		if a.Direction == "to_client" {
			k.ports[0] = a.SrcPort
		}
	}
	if f&KeySrcPort != 0 {
		k.ports[1] = a.SrcPort
	}
	if f&KeyDstPort != 0 {
		k.ports[2] = a.DstPort
	}
	if f&KeyFlow != 0 {
		k.flow = a.FlowID
	}
	return k
}

// spare makes a copy to keep, in the memory of the last one, without what is large and no longer needed: its EVE record was written.
func spare(b, a *alert.Alert) *alert.Alert {
	if b == nil {
		b = new(alert.Alert)
	}
	*b = *a
	b.EVE, b.Captured, b.Reported, b.Rule, b.Records = nil, nil, nil, nil, 0
	return b
}

// Tick ends the windows that are over. It is called with packet time, about once a second.
func (m *Manager) Tick(now int64, emit func(*alert.Alert)) {
	m.now.Store(max(now, m.now.Load()))
	for {
		k, w, ok := m.windows.oldest()
		if !ok || w.until > now {
			break
		}
		m.end(k, w, emit)
	}
	for {
		k, r, ok := m.rates.oldest()
		if !ok || r.until > now || r.capped > 0 {
			break
		}
		m.rates.remove(k)
	}
	for {
		k, h, ok := m.hosts.oldest()
		if !ok || h.last+int64(m.cfg.Correlation.Window) > now {
			break
		}
		m.hosts.remove(k)
	}
	m.counts.forgotten.Store(m.windows.evicted + m.carried.evicted + m.rates.evicted + m.hosts.evicted)
}

// end ends a window: what was folded in it is reported now if it is much, later if it is not.
func (m *Manager) end(k key, w *window, emit func(*alert.Alert)) {
	ended := *w
	m.windows.remove(k)
	switch {
	case ended.last != nil:
		ended.last.Folded = ended.folded - 1
		m.counts.passed.Add(1)
		m.counts.folded.Add(^uint64(0)) // it is not left out after all
		emit(ended.last)
	case ended.folded > 0:
		*m.carried.put(k) += ended.folded
	}
}

// Flush ends all windows, at the end of a run.
func (m *Manager) Flush(emit func(*alert.Alert)) {
	for {
		k, w, ok := m.windows.oldest()
		if !ok {
			return
		}
		m.end(k, w, emit)
	}
}

// Each calls c with the name and value of each counter.
func (m *Manager) Each(c func(name string, n uint64)) {
	c("passed", m.counts.passed.Load())
	c("suppressed", m.counts.suppressed.Load())
	c("deduplicated", m.counts.folded.Load())
	c("rate_capped", m.counts.rateCapped.Load())
	c("below_severity", m.counts.belowSeverity.Load())
	c("correlations", m.counts.correlated.Load())
	c("state_evicted", m.counts.forgotten.Load())
}

// Suppressions tells how often each suppression has matched, in the order of the configuration.
//
// Those that a reload took away after they had matched come last.
func (m *Manager) Suppressions() []SuppressionHits { return m.suppress.Load().hits(m.now.Load()) }

func seconds(d time.Duration) float64 { return float64(d/time.Millisecond) / 1000 }
