package manager

import (
	"fmt"
	"hash/fnv"
	"net/netip"
	"strings"
	"time"

	"github.com/luanids/luanids/engine/alert"
)

// CorrelationRule is the rule id of correlation alerts.
const CorrelationRule = "CORRELATION-HOST"

// host is what was seen of one source within the window.
type host struct {
	parts []part
	last  int64
	// raised is how many rules the last correlation named, and when it was.
	raised   int
	raisedAt int64
}

// part is a rule that fired for the source.
type part struct {
	rule, message, id string
	severity          alert.Severity
	confidence        float64
	mitre, tags       []string
	dst               netip.Addr
	first, last       int64
	count             uint64
}

const (
	maxTargets = 16  // destinations that a correlation lists
	maxListed  = 20  // rules that its message lists
	unknown    = 0.5 // confidence of a rule that does not give one
)

// correlate remembers the alert and gives the correlation that it completes, nil for none.
func (m *Manager) correlate(a *alert.Alert) *alert.Alert {
	c := &m.cfg.Correlation
	actor, _ := a.Actor()
	if c.Threshold <= 0 || a.Severity < c.MinSeverity || a.Kind == alert.Correlation || !actor.IsValid() || actor.IsUnspecified() {
		return nil
	}
	h := m.hosts.put(actor.Unmap())
	h.last = max(h.last, a.Time)
	h.forget(a.Time - int64(c.Window))
	if !h.add(a, c.MaxRules) {
		return nil
	}
	n := len(h.parts)
	within := h.raised > 0 && a.Time < h.raisedAt+int64(c.Window)
	if n < c.Threshold || within && n < 2*h.raised {
		return nil
	}
	h.raised, h.raisedAt = n, a.Time
	return h.alert(a)
}

// forget drops the rules that have not fired since.
func (h *host) forget(since int64) {
	kept := h.parts[:0]
	for _, p := range h.parts {
		if p.last > since {
			kept = append(kept, p)
		}
	}
	clear(h.parts[len(kept):])
	h.parts = kept
}

// add notes the alert and tells whether its rule is new.
func (h *host) add(a *alert.Alert, limit int) bool {
	for i := range h.parts {
		if p := &h.parts[i]; p.rule == a.RuleID {
			p.last = max(p.last, a.Time)
			p.count++
			p.severity = max(p.severity, a.Severity)
			return false
		}
	}
	if len(h.parts) >= limit {
		return false
	}
	_, other := a.Actor()
	h.parts = append(h.parts, part{rule: a.RuleID, message: a.Message, id: a.ID, severity: a.Severity, confidence: a.Confidence,
		mitre: a.Mitre, tags: a.Tags, dst: other, first: a.Time, last: a.Time, count: 1})
	return true
}

// alert makes the correlation; a is what completed it.
func (h *host) alert(a *alert.Alert) *alert.Alert {
	var rules, ids, techniques, tags, tactics, targets unique
	worst, first, count, doubt := alert.Info, a.Time, uint64(0), 1.0
	for i := range h.parts {
		p := &h.parts[i]
		rules.add(p.rule)
		ids.add(p.id)
		techniques.add(p.mitre...)
		tags.add(p.tags...)
		for _, t := range p.mitre {
			tactics.add(Tactics(t)...)
		}
		if p.dst.IsValid() && len(targets.list) < maxTargets {
			targets.add(p.dst.String())
		}
		worst, first, count = max(worst, p.severity), min(first, p.first), count+p.count
		c := p.confidence
		if c <= 0 {
			c = unknown
		}
		doubt *= 1 - c
	}
	actor, other := a.Actor()
	x := &alert.Alert{
		Kind: alert.Correlation, RuleID: CorrelationRule, Time: a.Time,
		// Several signs together are worse than each alone.
		Severity: min(worst+1, alert.Critical), Confidence: alert.Round(min(1-doubt, 0.99)),
		Tags: tags.sorted(), Mitre: techniques.sorted(),
		Src: actor, Dst: other, Proto: a.Proto, PacketNum: a.PacketNum, FlowHash: a.FlowHash,
	}
	x.Message = fmt.Sprintf("%d rules fired for %s within %s: %s", len(h.parts), actor, span(a.Time-first), listed(rules.list))
	x.Evidence = []alert.Evidence{
		{Name: "host", Value: actor}, {Name: "rule_count", Value: int64(len(h.parts))}, {Name: "rules", Value: rules.list},
		{Name: "alert_ids", Value: ids.list}, {Name: "alert_count", Value: int64(count)},
		{Name: "tactics", Value: tactics.byTactic()}, {Name: "techniques", Value: x.Mitre}, {Name: "targets", Value: targets.list},
		{Name: "seconds", Value: seconds(time.Duration(a.Time - first))},
	}
	x.SetID(mark(a.ID))
	return x
}

// mark makes a number of the id of the alert that completed the correlation.
func mark(id string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	return h.Sum64()
}

func span(ns int64) string {
	d := time.Duration(max(ns, 0))
	if d >= time.Second {
		return d.Round(time.Second).String()
	}
	return d.Round(time.Millisecond).String()
}

func listed(rules []string) string {
	if len(rules) <= maxListed {
		return strings.Join(rules, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(rules[:maxListed], ", "), len(rules)-maxListed)
}
