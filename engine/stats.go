package engine

import (
	"strings"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/reassembly/tcp"
)

// Counter is one figure of the engine, by Suricata's dotted name where it has one.
type Counter struct {
	Name  string
	Value uint64
}

// Counters gives all counters, in a fixed order. It may be called when Run is over.
func (e *Engine) Counters() []Counter {
	var list []Counter
	add := func(prefix string) func(string, uint64) {
		return func(name string, n uint64) { list = append(list, Counter{prefix + name, n}) }
	}
	if e.source != nil {
		s := e.source.Stats()
		c := add("capture.")
		c("packets", s.Packets)
		c("bytes", s.Bytes)
		c("filtered", s.Filtered)
		c("skipped", s.Skipped)
		if e.live.capture != nil {
			c("kernel_packets", s.Kernel)
			c("kernel_ifdrops", s.CardLost)
			c("ring_freezes", s.Freezes)
			c("late_records", e.order.stats.late)
		}
		c("kernel_drops", s.Dropped)
		c("truncated_files", uint64(e.broken))
	}
	e.decoderCounters(add("decoder."))
	e.fragCounters(add("defrag."))
	e.flowCounters(add("flow."))
	e.bypassCounters(add("flow_bypassed."))
	e.tcpCounters(add("tcp."))
	e.streamCounters(add("stream."))
	e.appCounters(add("app_layer."))
	e.pressureCounters(add("memcap."))
	e.fileStoreCounters(add("file_store."))
	e.tlsStoreCounters(add("tls_store."))
	e.partCounters(add("file_parts."))
	e.detectCounters(add("detect."))
	e.setCounters(add("datasets."))
	e.exceptionCounters(add("exception_policy."))
	e.order.manager.Each(add("manager."))
	e.order.responder.counts.each(add("respond."))
	e.outputCounters(add("output."))
	return list
}

func (e *Engine) flowCounters(c func(string, uint64)) {
	var s flowtable.Stats
	var orphans, untracked uint64
	for _, w := range e.workers {
		f := &w.stats.flows
		s.Total += f.Total
		s.TCP += f.TCP
		s.UDP += f.UDP
		s.ICMP4 += f.ICMP4
		s.ICMP6 += f.ICMP6
		s.Active += f.Active
		s.TimedOut += f.TimedOut
		s.Evicted += f.Evicted
		s.Reused += f.Reused
		s.Elephants += f.Elephants
		orphans += w.stats.icmpOrphans
		untracked += w.stats.untracked
	}
	c("total", s.Total)
	c("active", s.Active)
	c("tcp", s.TCP)
	c("udp", s.UDP)
	c("icmpv4", s.ICMP4)
	c("icmpv6", s.ICMP6)
	c("tcp_reuse", s.Reused)
	c("elephant", s.Elephants)
	c("timed_out", s.TimedOut)
	c("evicted", s.Evicted)
	c("icmp_without_flow", orphans)
	c("untracked", untracked)
	e.flowEndCounters(c)
}

func (e *Engine) tcpCounters(c func(string, uint64)) {
	var sum []Counter
	var bad, badUDP, badICMP, badIP uint64
	for _, w := range e.workers {
		for _, a := range w.streams {
			if a != nil {
				s := a.Snapshot()
				sum = addEach(sum, s.Each)
			}
		}
		bad += w.stats.csumTCP
		badUDP += w.stats.csumUDP
		badICMP += w.stats.csumICMP
		badIP += w.stats.csumIP
	}
	for _, s := range sum {
		c(s.Name, s.Value)
	}
	c("invalid_checksum", bad)
	c("invalid_checksum_udp", badUDP)
	c("invalid_checksum_icmp", badICMP)
	c("invalid_checksum_ipv4", badIP)
}

func (e *Engine) streamCounters(c func(string, uint64)) {
	for ev := tcp.Event(1); ev < tcp.EventCount; ev++ {
		var n uint64
		for _, w := range e.workers {
			n += w.stats.stream[ev]
		}
		c(ev.Name(), n)
	}
}

// addEach adds the counters that each names to sum; the order is always the same.
func addEach(sum []Counter, each func(func(string, uint64))) []Counter {
	i := 0
	each(func(name string, n uint64) {
		if i == len(sum) {
			sum = append(sum, Counter{Name: name})
		}
		sum[i].Value += n
		i++
	})
	return sum
}

func (e *Engine) appCounters(c func(string, uint64)) {
	sum := func(prefix, suffix string, get func(w *worker, i, transport int) uint64) {
		for _, s := range e.schema.Specs {
			for i, name := range statsNames(s) {
				var n uint64
				for _, w := range e.workers {
					n += get(w, s.Index(), i)
				}
				c(prefix+name+suffix, n)
			}
		}
	}
	sum("flow.", "", func(w *worker, i, t int) uint64 { return w.apps.detected[i][t] })
	sum("tx.", "", func(w *worker, i, t int) uint64 { return w.stats.tx[i][t] })
	sum("error.", ".parser", func(w *worker, i, t int) uint64 { return w.apps.failures[i][t] })
	e.parserExceptionCounters(sum)
	sum("error.", ".internal", func(w *worker, i, t int) uint64 { return w.apps.panics[i][t] })
	var failed [2]uint64
	var dropped uint64
	for _, w := range e.workers {
		failed[0] += w.apps.failed[0]
		failed[1] += w.apps.failed[1]
		dropped += w.stats.expectDropped
	}
	var overflows, refused uint64
	for _, w := range e.workers {
		for i := range w.budgets {
			overflows += w.budgets[i].Overflows
			refused += w.budgets[i].Refused
		}
	}
	c("pending_overflow", overflows)
	c("memcap_refused_bytes", refused)
	c("flow.failed_tcp", failed[0])
	c("flow.failed_udp", failed[1])
	c("expectations_dropped", dropped)
	e.capCounters(c)
}

// statsNames names a protocol in counters: one name, or one for each of TCP and UDP.
func statsNames(s *dissect.Spec) []string {
	if s.TCP != nil && s.UDP != nil {
		return []string{s.Name + "_tcp", s.Name + "_udp"}
	}
	return []string{s.Name}
}

func (e *Engine) detectCounters(c func(string, uint64)) {
	var overflow uint64
	var panics, files, refused, hits, hidden uint64
	var anomalies [3]uint64
	for _, w := range e.workers {
		panics += w.stats.panics
		refused += w.windows.refused
		hits += w.stats.intel
		hidden += w.stats.intelCapped
		overflow += w.stats.overflow
		files += w.stats.files
		for i, n := range w.stats.anomalies {
			anomalies[i] += n
		}
	}
	c("alert", e.order.stats.alerts-e.order.stats.correlated)
	c("alert_queue_overflow", overflow)
	c("alerts_suppressed", e.order.stats.suppressed)
	c("anomaly.decode", anomalies[0])
	c("anomaly.stream", anomalies[1])
	c("anomaly.applayer", anomalies[2])
	c("window_refused", refused)
	c("threat_intel_hits", hits)
	c("threat_intel_capped", hidden)
	c("internal_errors", panics)
	c("files", files)
}

func (e *Engine) outputCounters(c func(string, uint64)) {
	for name, n := range e.order.failures {
		c(name+".failed_writes", n)
	}
	if p := e.order.pcaps; p != nil {
		p.files.Each(func(name string, n uint64) { c("pcap."+name, n) })
	}
	if each := e.order.eveCounts(); each != nil {
		each(func(name string, n uint64) { c("eve."+name, n) })
	}
	for _, s := range e.order.sinks {
		// A queue counts what became of its alerts.
		if q, ok := s.(interface{ Each(func(string, uint64)) }); ok {
			q.Each(func(name string, n uint64) { c(s.Name()+"."+name, n) })
		}
	}
}

// writeStats writes the counters as two records: Suricata's, and those that are only ours.
func (e *Engine) writeStats() {
	now := e.dispatch.now
	if e.live.capture != nil {
		now = time.Now().UnixNano()
	}
	e.writeCounters(e.Counters(), e.sizes(), now)
}

func (e *Engine) writeCounters(list, sizes []Counter, now int64) {
	var theirs, ours node
	opt := &e.order.cfg.EVEOptions
	if e.live.capture != nil {
		list = append(list, e.live.stats.deltas(list)...)
	}
	for _, c := range list {
		if eve.InStats(strings.TrimSuffix(c.Name, deltaSuffix)) {
			if name, ok := opt.StatsName(c.Name); ok {
				theirs.set(name, c.Value)
			}
		} else {
			ours.set(c.Name, c.Value)
		}
	}
	for _, name := range eve.NeverHappens {
		theirs.set(name, 0)
	}
	for _, c := range sizes {
		theirs.set(c.Name, c.Value)
	}
	theirs.child("detect").raw = e.engines
	if opt.StatsDeltas() {
		if e.told == nil {
			e.told = map[string]uint64{}
		}
		theirs.deltas("", e.told)
	}
	if !opt.StatsZeros() {
		theirs.hideZeros()
	}
	x := eve.NewEncoder(&e.cfg.EVEOptions)
	e.order.write(x.Counters(nil, "stats", now, func(w *jsonw.Writer) {
		w.Key("uptime")
		w.Int(int64(e.uptime().Seconds()))
		theirs.write(w)
	}))
	e.order.write(x.Counters(nil, "luanids", now, ours.write))
}

// engines tells how many rules were loaded, as Suricata's stats.detect.engines does.
func (e *Engine) engines(w *jsonw.Writer) {
	w.OpenArray("engines")
	w.Object()
	w.Key("id")
	w.Int(0)
	w.Key("last_reload")
	(&eve.Encoder{}).Time(w, e.order.reloaded.UnixNano())
	w.Key("rules_loaded")
	w.Int(int64(e.order.cfg.RulesLoaded))
	w.Key("rules_failed")
	w.Int(int64(e.order.cfg.RulesFailed))
	w.Key("rules_skipped")
	w.Int(int64(e.order.cfg.RulesSkipped))
	w.End()
	w.EndArray()
}
