package engine

import (
	"net/netip"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lua"
)

// hostFlag is a flag of an address that a script in a worker sets: the ordered stage keeps it.
type hostFlag struct {
	ip   netip.Addr
	name string
	ttl  int64 // 0 clears
}

func (o *ordered) setHostFlag(f *hostFlag, now int64) {
	o.state.SetAddrFlag(f.name, f.ip, f.ttl > 0, now, f.ttl)
}

// SetFlowFlag implements lua.FlagHost. Rules that test the flag are judged in this stage: see match.FlowFlags.
func (h *ScriptHost) SetFlowFlag(e *dissect.Env, name string, on bool) {
	if h.o != nil && e.Flow != nil {
		h.o.state.SetFlowFlag(name, e.Flow.ID, on, h.o.now)
	}
}

// FlowFlag implements lua.FlagHost: what a script set, or rules had set by the time of the event.
func (h *ScriptHost) FlowFlag(e *dissect.Env, name string) bool {
	if h.o == nil || e.Flow == nil {
		return false
	}
	return h.o.state.FlowFlag(name, e.Flow.ID, h.o.now) || ruleFlag(h.o.cfg, e, name)
}

// SetHostFlag implements lua.FlagHost.
func (h *ScriptHost) SetHostFlag(ip netip.Addr, name string, ttl int64) {
	if h.o != nil {
		h.o.setHostFlag(&hostFlag{ip, name, ttl}, h.o.now)
	}
}

// HostFlag implements lua.FlagHost.
func (h *ScriptHost) HostFlag(ip netip.Addr, name string) bool {
	return h.o != nil && h.o.state.AddrFlag(name, ip, h.o.now)
}

// SetFlowFlag implements lua.FlagHost: in a worker the flow itself has the flags.
func (h *workerHost) SetFlowFlag(e *dissect.Env, name string, on bool) {
	p := h.w.cfg.Program
	if p == nil || e.Flow == nil {
		return
	}
	if n, ok := p.FlowBit(name); ok { // else no rule asks
		if e.Flow.Vars == nil {
			e.Flow.Vars = &dissect.FlowVars{}
		}
		e.Flow.Vars.SetBit(n, on)
	}
}

// FlowFlag implements lua.FlagHost.
func (h *workerHost) FlowFlag(e *dissect.Env, name string) bool { return ruleFlag(h.w.cfg, e, name) }

// SetHostFlag implements lua.FlagHost.
func (h *workerHost) SetHostFlag(ip netip.Addr, name string, ttl int64) {
	w := h.w
	w.out.records = append(w.out.records, record{stamp: w.stamp, serial: w.serial, flag: &hostFlag{ip, name, ttl}})
}

// HostFlag implements lua.FlagHost; the API does not ask in a worker.
func (h *workerHost) HostFlag(netip.Addr, string) bool { return false }

// ruleFlag tells whether rules have set a flag of the event's flow.
func ruleFlag(cfg *Config, e *dissect.Env, name string) bool {
	if cfg == nil || cfg.Program == nil || e.Flow == nil {
		return false
	}
	n, ok := cfg.Program.FlowBit(name)
	return ok && e.Flow.Vars.Bit(n)
}

// ask asks a predicate of a script for a rule.
func (s *scripting) ask(n int, args []ir.Value) bool {
	s.args = s.args[:0]
	for i := range args {
		s.args = append(s.args, lua.Arg{Bytes: args[i].B, Int: args[i].I, Float: args[i].F, IP: args[i].IP})
	}
	return s.own.Predicate(n, s.args)
}

// tellScripts gives an alert to the handlers of the event alert.
func (o *ordered) tellScripts(a *alert.Alert) {
	if o.scripts == nil {
		return
	}
	if o.alertsOf != o.scripts {
		o.alertsOf, o.alertSubs = o.scripts, o.alertSubs[:0]
		for _, s := range o.scripts.Subscriptions() {
			if s.Event == dissect.EvAlert {
				o.alertSubs = append(o.alertSubs, s.ID)
			}
		}
	}
	if len(o.alertSubs) == 0 {
		return
	}
	x := lua.AlertInfo{ID: a.RuleID, Title: a.Message, Severity: a.Severity.String(), Kind: a.Kind.String(), Time: a.Time, Src: a.Src, Dst: a.Dst,
		SrcPort: a.SrcPort, DstPort: a.DstPort, Proto: a.Proto, App: a.App, Tags: a.Tags, MITRE: a.Mitre, FlowID: a.FlowID}
	for _, e := range a.Evidence {
		v := e.Value
		if ip, ok := v.(netip.Addr); ok {
			v = ip.String()
		}
		x.Evidence = append(x.Evidence, lua.KV{Key: e.Name, Value: v})
	}
	for _, sub := range o.alertSubs {
		o.scripts.DeliverAlert(sub, &x)
	}
}
