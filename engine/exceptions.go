package engine

import (
	"fmt"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/reassembly/tcp"
)

// Policy is what becomes of a flow or packet where something went wrong that keeps it from being looked at fully: Suricata's exception policies.
// An engine that drops nothing has nobody to keep out; what is left is whether rules are judged.
type Policy uint8

// The policies, as Suricata's settings name them.
const (
	PolicyUnset      Policy = iota // that of Exceptions.Default
	PolicyIgnore                   // nothing happens
	PolicyAuto                     // the same: it means something inline only
	PolicyPassPacket               // no rules are judged on the rest of the packet
	PolicyPassFlow                 // no rules are judged on the flow from here on; it is parsed and logged
	PolicyBypass                   // the same, and the flow is only counted
	PolicyDropPacket               // as pass-packet
	PolicyDropFlow                 // as pass-flow, and the flow's record says drop
	PolicyReject                   // records tell of it
	policyCount
)

var policyNames = [policyCount]string{"", "ignore", "auto", "pass-packet", "pass-flow", "bypass", "drop-packet", "drop-flow", "reject"}

// String gives the name that settings use.
func (p Policy) String() string { return policyNames[p] }

// inRecords gives the name that records use.
func (p Policy) inRecords() string { return strings.ReplaceAll(p.String(), "-", "_") }

// ParsePolicy reads a name.
func ParsePolicy(name string) (Policy, error) {
	for p := PolicyIgnore; p < policyCount; p++ {
		if policyNames[p] == name {
			return p, nil
		}
	}
	return 0, fmt.Errorf("%q is no exception policy: use %s", name, strings.Join(policyNames[1:], ", "))
}

// Exceptions are the policies by what went wrong; what is unset has the Default's.
type Exceptions struct {
	Default Policy // exception-policy
	// Midstream is about flows whose handshake was not seen (stream.midstream-policy).
	Midstream Policy
	// SegmentMemory is about segments that the memory cap of reassembly kept out (stream.reassembly.memcap-policy).
	SegmentMemory Policy
	// ParserError is about parsers that gave a flow up (app-layer.error-policy).
	ParserError Policy
	// PerProto counts the last by protocol too (stats.exception-policy.per-app-proto-errors).
	PerProto bool
}

// Check refuses what Suricata refuses to start with.
func (x *Exceptions) Check(midstream bool) error {
	switch p := x.Midstream; {
	case p == PolicyDropFlow, p == PolicyDropPacket, p == PolicyPassPacket:
		return fmt.Errorf("exceptions.midstream: %s is for devices that drop packets, or for single ones: use ignore, pass-flow, bypass or reject", p)
	case midstream && p > PolicyAuto && p != PolicyPassFlow:
		return fmt.Errorf("exceptions.midstream: with stream.midstream it is ignore or pass-flow, found %s", p)
	}
	return nil
}

// What went wrong: bits of Flow.Excepted.
const (
	exceptMemory    = 2 // as Suricata numbers them, and orders them in records
	exceptMidstream = 4
	exceptParser    = 5
	exceptCount     = 6
)

var exceptTargets = [exceptCount]string{exceptMemory: "stream_reassembly_memcap", exceptMidstream: "stream_midstream", exceptParser: "app_layer_error"}

// exceptCounters are the names of the counters, each with a part for what was done.
var exceptCounters = [exceptCount]string{exceptMemory: "tcp.reassembly", exceptMidstream: "tcp.midstream", exceptParser: "app_layer.error"}

// of gives the policy for a case.
func (x *Exceptions) of(what int) Policy {
	p := PolicyUnset
	switch what {
	case exceptMemory:
		p = x.SegmentMemory
	case exceptMidstream:
		p = x.Midstream
	case exceptParser:
		p = x.ParserError
	}
	if p == PolicyUnset {
		if p = x.Default; p == PolicyDropFlow || p == PolicyDropPacket {
			p = PolicyIgnore // they mean something inline only
		}
	}
	if p == PolicyUnset || p == PolicyAuto {
		return PolicyIgnore
	}
	return p
}

// may tells whether a policy can be applied to a case; others have no counter.
func (x *Exceptions) may(what int, p Policy, midstream bool) bool {
	switch {
	case p == PolicyPassFlow:
		return true
	case what == exceptMidstream:
		return !midstream && (p == PolicyBypass || p == PolicyReject)
	}
	return p == PolicyPassPacket || p == PolicyBypass || p == PolicyReject
}

// exceptions counts what a worker did; apps has the parsers' errors by protocol and transport.
type exceptions struct {
	done [exceptCount][policyCount]uint64
	apps [][2]uint64
}

// except applies the policy for a case to a flow.
func (w *worker) except(f *flowtable.Flow, what int) {
	if f == nil {
		return
	}
	x := &w.cfg.Exceptions
	f.Excepted |= 1 << what
	p := x.of(what)
	if p == PolicyIgnore {
		return
	}
	w.stats.excepted.done[what][p]++
	if what == exceptParser && x.PerProto && f.App != nil {
		if s := &w.stats.excepted; s.apps == nil {
			s.apps = make([][2]uint64, len(w.stats.tx))
		}
		w.stats.excepted.apps[f.App.Index()][transport(f, f.App)]++
	}
	if w.pkt == nil {
		return // the flow is ending
	}
	switch p {
	case PolicyPassFlow:
		w.unjudged(f)
	case PolicyBypass:
		w.unjudged(f)
		f.Bypass, f.State = true, dissect.FlowBypassed
	case PolicyDropFlow:
		w.unjudged(f)
		f.Dropped = true
	case PolicyPassPacket, PolicyDropPacket:
		if p := w.cfg.Program; p != nil && !p.Passed(f.Vars) {
			p.TakeOut(&f.Flow)
			w.letBack = &f.Flow
		}
	}
}

func (w *worker) unjudged(f *flowtable.Flow) {
	if p := w.cfg.Program; p != nil {
		p.TakeOut(&f.Flow)
	}
}

// letIn has rules judged again on a flow of which only a packet was to be passed.
func (w *worker) letIn() {
	w.cfg.Program.LetIn(w.letBack)
	w.letBack = nil
}

// midstream applies the policy for packets of connections whose handshake was not seen, whether they are picked up or not.
func (w *worker) midstream(f *flowtable.Flow, p *packet.Packet, r tcp.Result) {
	if r.Has(tcp.NoSession) && !unshaken(p) {
		return
	}
	w.except(f, exceptMidstream)
}

// unshaken tells whether a packet can only belong to a connection that began before it.
func unshaken(p *packet.Packet) bool {
	const syn, ack, fin, rst = packet.SYN, packet.ACK, packet.FIN, packet.RST
	return p.TCPFlags&rst == 0 && p.TCPFlags&(ack|fin) != 0 && p.TCPFlags&(syn|fin) != syn|fin
}

// passesFirst keeps rules off the first packet of a flow that the policy for such flows lets pass: some are judged before the packet reaches its
// connection.
func (w *worker) passesFirst(f *flowtable.Flow, p *packet.Packet) {
	if f.Key.Proto != packet.ProtoTCP || p.Quoted || !unshaken(p) {
		return
	}
	switch w.cfg.Exceptions.of(exceptMidstream) {
	case PolicyPassFlow, PolicyBypass:
		w.unjudged(f)
	}
}

// exceptionsOf lists for the flow's record what was done.
func (w *worker) exceptionsOf(f *flowtable.Flow) (list []eve.Exception) {
	for what, target := range exceptTargets {
		if f.Excepted&(1<<what) != 0 {
			list = append(list, eve.Exception{Target: target, Policy: w.cfg.Exceptions.of(what).inRecords()})
		}
	}
	return list
}

// exceptionAction gives what the flow's record says was done with it, "" for nothing.
func (w *worker) exceptionAction(f *flowtable.Flow) string {
	for what := range exceptTargets {
		if f.Excepted&(1<<what) == 0 {
			continue
		}
		switch w.cfg.Exceptions.of(what) {
		case PolicyPassFlow, PolicyBypass:
			return "pass"
		}
	}
	return ""
}

// exceptionCounters tells how often each policy was applied, where there is one.
func (e *Engine) exceptionCounters(c func(string, uint64)) {
	cfg := e.order.cfg
	x := &cfg.Exceptions
	for what, name := range exceptCounters {
		if name == "" || x.of(what) == PolicyIgnore {
			continue
		}
		for p := PolicyPassPacket; p < policyCount; p++ {
			if !x.may(what, p, cfg.TCP.Midstream) && p != x.of(what) {
				continue
			}
			var n uint64
			for _, w := range e.workers {
				n += w.stats.excepted.done[what][p]
			}
			c(name+"."+p.inRecords(), n)
		}
	}
}

// parserExceptionCounters does so by protocol.
func (e *Engine) parserExceptionCounters(sum func(prefix, suffix string, get func(w *worker, i, transport int) uint64)) {
	x := &e.order.cfg.Exceptions
	if p := x.of(exceptParser); x.PerProto && p != PolicyIgnore {
		sum("error.", ".exception_policy."+p.inRecords(), func(w *worker, i, t int) uint64 {
			if w.stats.excepted.apps == nil {
				return 0
			}
			return w.stats.excepted.apps[i][t]
		})
	}
}
