package engine

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/output"
	"github.com/luanids/luanids/lua"
)

// pulse is when a stage last came round, by the wall clock. Live sources hand out batches also on an idle link, so a
// stage without a pulse is stuck.
type pulse struct{ at atomic.Int64 }

func (p *pulse) beat() { p.at.Store(time.Now().UnixNano()) }

func (p *pulse) age(started time.Time) time.Duration {
	if at := p.at.Load(); at > 0 {
		return time.Since(time.Unix(0, at))
	}
	return time.Since(started)
}

// HealthLimit is how long a stage of a live run may take for a batch before it counts as stuck.
const HealthLimit = 10 * time.Second

// Running tells whether Run or Watch goes on.
func (e *Engine) Running() bool {
	e.reloads.stage.Lock()
	defer e.reloads.stage.Unlock()
	return e.reloads.running && !e.reloads.over
}

// Health says what is wrong with a live run, nil for nothing: a stage that has not come round for longer than
// limit. It may be called from any goroutine, and takes no lock that a stuck stage could hold.
func (e *Engine) Health(limit time.Duration) error {
	if !e.Running() {
		return fmt.Errorf("no capture runs")
	}
	for i, w := range e.workers {
		if age := w.pulse.age(e.started); age > limit {
			return fmt.Errorf("worker %d has not finished a batch for %s", i, age.Round(time.Second))
		}
	}
	if age := e.order.responder.pulse.age(e.started); age > limit {
		return fmt.Errorf("the stage that writes has not come round for %s: is an output stuck?", age.Round(time.Second))
	}
	if c := e.live.capture; c != nil {
		down := ""
		for _, i := range c.Interfaces() {
			if i.Up {
				return nil
			}
			down = i.Name
		}
		if down != "" {
			return fmt.Errorf("no interface can be read; %s is gone or down", down)
		}
	}
	return nil
}

// Figures are what a Snapshot has besides its counters.
type Figures struct {
	// Alerts are the alerts that were raised, by severity, from info to critical.
	Alerts []SeverityCount
	// Rules are those that run, RulesFailed and RulesSkipped those that were left out at the last load.
	Rules, RulesFailed, RulesSkipped int
	// LastLoad is when rules were loaded last, at the start or by a reload.
	LastLoad time.Time
	// Detectors is how many detectors the scripts declare.
	Detectors int
	// Scripts are the numbers of the scripts: those that they keep, and their callbacks, errors and memory.
	Scripts []lua.Metric
	Queues  []QueueFigures
}

// QueueFigures is the queue before an output.
type QueueFigures struct {
	Output string
	output.Depth
}

// figures is called with all stages held up.
func (e *Engine) figures() (f Figures) {
	o := &e.order
	for i := range o.stats.severity {
		f.Alerts = append(f.Alerts, SeverityCount{alert.Severity(i).String(), o.stats.severity[i]})
	}
	f.Rules, f.RulesFailed, f.RulesSkipped = o.cfg.RulesLoaded, o.cfg.RulesFailed, o.cfg.RulesSkipped
	f.LastLoad = o.reloaded
	if o.scripts != nil {
		f.Detectors, f.Scripts = len(o.scripts.Detectors()), o.scripts.Metrics()
	}
	for _, s := range o.sinks {
		if q, ok := s.(*output.Queue); ok {
			f.Queues = append(f.Queues, QueueFigures{s.Name(), q.Depth()})
		}
	}
	return f
}

// Losses picks the counters that mean that something was not seen or not told.
func Losses(list []Counter) (lost []Counter) {
	for _, c := range list {
		if isLoss(c.Name) {
			lost = append(lost, c)
		}
	}
	return lost
}
