package metrics

import (
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luanids/luanids/engine"
)

// reloads counts reloads by what came of them.
type reloads struct {
	ok, failed atomic.Uint64
	last       atomic.Int64 // of those that took effect, Unix nanoseconds
}

func (r *reloads) count(err error) {
	if err != nil {
		r.failed.Add(1)
		return
	}
	r.ok.Add(1)
	r.last.Store(time.Now().UnixNano())
}

// collector makes metrics of a snapshot at each scrape. It describes nothing beforehand: which outputs, protocols and
// scripts there are may change with a reload.
type collector struct{ s *Server }

// Describe implements prometheus.Collector.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	out := sender{ch}
	out.gauge("build_info", "always 1; what runs", 1, "version", c.s.opt.Version, "commit", c.s.opt.Commit, "goversion", runtime.Version())
	const reloads = "reloads of rules, scripts, feeds and settings, by what came of them"
	out.counter("reloads_total", reloads, c.s.reloads.ok.Load(), "result", "success")
	out.counter("reloads_total", reloads, c.s.reloads.failed.Load(), "result", "failure")
	snap, ok := c.s.snapshot()
	up := 0.0
	if ok {
		up = 1
	}
	out.gauge("up", "1 if the engine gave its figures, 0 if it is not running yet or stuck", up)
	if !ok {
		return
	}
	out.gauge("uptime_seconds", "how long the run goes on", snap.Uptime.Seconds())
	for _, n := range snap.Counters {
		out.engineCounter(n)
	}
	for _, n := range engine.Losses(snap.Counters) {
		out.counter("loss_total", "what was not seen or not told, by the counter that says so; see docs/operate.md", n.Value, "cause", n.Name)
	}
	out.figures(&snap)
}

// sender makes metrics.
type sender struct{ ch chan<- prometheus.Metric }

func (s sender) send(kind prometheus.ValueType, name, help string, v float64, labels []string) {
	var names, values []string
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, strings.ToValidUTF8(labels[i+1], "\uFFFD"))
	}
	m, err := prometheus.NewConstMetric(prometheus.NewDesc("luanids_"+name, help, names, nil), kind, v, values...)
	if err != nil {
		m = prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
	}
	s.ch <- m
}

func (s sender) counter(name, help string, v uint64, labels ...string) {
	s.send(prometheus.CounterValue, name, help, float64(v), labels)
}

func (s sender) gauge(name, help string, v float64, labels ...string) {
	s.send(prometheus.GaugeValue, name, help, v, labels)
}

// families are counters that become one metric with labels for the parts of their names that * stands for.
var families = []struct {
	prefix, suffix string // around the label's value
	metric, label  string
	extra          []string // further labels
	help           string
}{
	{"app_layer.flow.", "", "app_layer_flows_total", "protocol", nil, "flows by the protocol that was recognised; failed_*: none was"},
	{"app_layer.tx.", "", "app_layer_transactions_total", "protocol", nil, "messages by protocol"},
	{"app_layer.error.", ".parser", "app_layer_errors_total", "protocol", []string{"kind", "parser"}, appErrors},
	{"app_layer.error.", ".internal", "app_layer_errors_total", "protocol", []string{"kind", "internal"}, appErrors},
	{"output.", ".written", "output_alerts_total", "output", []string{"result", "written"}, outAlerts},
	{"output.", ".dropped", "output_alerts_total", "output", []string{"result", "dropped"}, outAlerts},
	{"output.", ".failed_writes", "output_alerts_total", "output", []string{"result", "failed"}, outAlerts},
	{"decoder.event.", "", "decoder_events_total", "event", nil, "packets by decoding event"},
	{"stream.", "", "stream_events_total", "event", nil, "packets by stream event"},
}

const (
	appErrors = "flows whose parser gave up (parser) or failed by a defect (internal)"
	outAlerts = "alerts by what became of them at an output: written, dropped because its queue was full, or failed"
)

// engineCounter makes a metric of a counter.
func (s sender) engineCounter(n engine.Counter) {
	for i := range families {
		f := &families[i]
		if part, ok := strings.CutPrefix(n.Name, f.prefix); ok {
			if part, ok = strings.CutSuffix(part, f.suffix); ok {
				s.counter(f.metric, f.help, n.Value, append([]string{f.label, part}, f.extra...)...)
				return
			}
		}
	}
	d, _ := engine.DescribeCounter(n.Name)
	name := metricName(n.Name)
	if d.Gauge {
		s.gauge(name, d.Doc, float64(n.Value))
		return
	}
	s.counter(strings.TrimSuffix(name, "_total")+"_total", d.Doc, n.Value)
}

// metricName makes a dotted name one that Prometheus takes.
func metricName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
}

// figures makes metrics of what a snapshot has besides counters.
func (s sender) figures(snap *engine.Snapshot) {
	for _, n := range snap.Alerts {
		s.counter("alerts_total", "alerts raised, by severity", n.Count, "severity", n.Name)
	}
	const rules = "rules that run (loaded), and those that were left out at the last load"
	s.gauge("rules", rules, float64(snap.Rules), "state", "loaded")
	s.gauge("rules", rules, float64(snap.RulesFailed), "state", "failed")
	s.gauge("rules", rules, float64(snap.RulesSkipped), "state", "skipped")
	s.gauge("last_load_timestamp_seconds", "when rules were loaded last", float64(snap.LastLoad.UnixNano())/1e9)
	s.gauge("detectors", "detectors that the scripts declare", float64(snap.Detectors))
	for _, m := range snap.Scripts {
		s.gauge("script", "numbers of the scripts: nids.metric, stores, memory, callbacks, errors", m.Value, "script", m.Script, "name", m.Name)
	}
	for _, q := range snap.Queues {
		s.gauge("output_queue_alerts", "alerts that wait for an output", float64(q.Alerts), "output", q.Output)
		s.gauge("output_queue_bytes", "bytes of alerts that wait for an output", float64(q.Bytes), "output", q.Output)
		s.gauge("output_queue_max_alerts", "alerts that may wait (outputs.queue.alerts)", float64(q.MaxAlerts), "output", q.Output)
	}
	for _, i := range snap.Interfaces {
		up := 0.0
		if i.Up {
			up = 1
		}
		s.gauge("interface_up", "1 if the interface is there and up", up, "interface", i.Name)
		s.counter("interface_packets_total", "packets that the kernel had for us", i.Packets, "interface", i.Name)
		s.counter("interface_drops_total", "packets that the kernel dropped because a ring was full", i.Dropped, "interface", i.Name)
		s.counter("interface_ring_freezes_total", "times that a ring was full", i.Freezes, "interface", i.Name)
	}
	if l := snap.Latency; l.Alerts > 0 {
		const help = "time from the arrival of a packet to the report of its alert, to within an eighth"
		s.gauge("alert_latency_seconds", help, l.P50.Seconds(), "quantile", "0.5")
		s.gauge("alert_latency_seconds", help, l.P99.Seconds(), "quantile", "0.99")
		s.gauge("alert_latency_seconds", help, l.Max.Seconds(), "quantile", "1")
	}
}
