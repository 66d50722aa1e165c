package engine

import (
	"fmt"
	"time"

	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/manager"
)

// The alert manager stands at the end of the ordered stage, before the sinks. The EVE log is not behind
// it: its readers fold and suppress for themselves, as they do with Suricata's, and the count of its
// records must not depend on how people like their alerts. What the manager raises itself
// (correlations) is in the log only if asked for: a reader that counts the alerts of rules must not find others.

// managerConfig is the manager's configuration with the engine's least severity.
func (c *Config) managerConfig() manager.Config {
	m := c.Manager
	m.MinSeverity = max(m.MinSeverity, c.MinSeverity)
	return m
}

// useManager makes the manager of the ordered stage.
func (o *ordered) useManager(c *Config) error {
	m, err := manager.New(c.managerConfig())
	if err != nil {
		return err
	}
	o.manager, o.emit = m, o.toSinks
	return nil
}

// report takes an alert that all conditions of its rule have passed.
func (o *ordered) report(a *alert.Alert) {
	o.countAlert(a)
	o.noteLatency(a)
	o.write(o.withGeo(a.EVE, a))
	a = attributed(a)
	if fate, by := o.manager.Process(a, o.emit); fate != manager.Passed && o.trace != nil && a.Rule != nil {
		o.trace.HeldBack(a, a.Rule, fate, by)
	}
	o.tellScripts(a)
}

func (o *ordered) countAlert(a *alert.Alert) {
	o.stats.alerts++
	o.stats.severity[min(a.Severity, alert.Critical)]++
}

// toSinks takes what the manager lets pass or raises.
func (o *ordered) toSinks(a *alert.Alert) {
	if a.Kind == alert.Correlation {
		o.countAlert(a)
		if !o.encoder.Options().Alerts.Correlations {
			o.stats.correlated++
		} else if o.eve != nil && o.encoder.Options().Core[eve.Alert] {
			o.write(o.withGeo(o.encoder.Behavioral(a, nil), a))
		}
	}
	o.locate(a)
	o.pcaps.reported(a)
	for _, s := range o.sinks {
		if err := s.Alert(a); err != nil {
			o.failed(s.Name(), err)
		}
	}
}

// idNumber makes a number of an alert's id, for the ids of what follows from it.
func idNumber(id string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return h
}

// Suppressions tells how often each suppression of the configuration has matched.
func (e *Engine) Suppressions() []manager.SuppressionHits { return e.order.manager.Suppressions() }

// heldBack are the counters of the manager that a summary tells, and how people call them.
var heldBack = map[string]string{
	"deduplicated":   "folded into others like them",
	"suppressed":     "suppressed",
	"rate_capped":    "over the rate of their rule",
	"below_severity": "below the least severity",
}

// managed tells what the manager did, for the summary: what was reported, and what was not and why.
func (s *Summary) managed(m *manager.Manager) {
	m.Each(func(name string, n uint64) {
		if name == "passed" || name == "correlations" {
			s.Reported += n
		}
		if text, ok := heldBack[name]; ok && n > 0 {
			s.HeldBack = append(s.HeldBack, Counter{text, n})
		}
		if name == "state_evicted" && n > 0 {
			s.Lost = append(s.Lost, Counter{"states of the alert manager forgotten at a cap (see alert_manager)", n})
		}
	})
	for _, h := range m.Suppressions() {
		text := h.String()
		if h.Reason != "" {
			text += fmt.Sprintf(" (%s)", h.Reason)
		}
		switch {
		case h.Removed:
			text += ", removed by a reload"
		case h.Expired:
			text += ", expired " + h.Expires.Format(time.RFC3339)
		}
		s.Suppressions = append(s.Suppressions, Counter{text, h.Hits})
	}
}
