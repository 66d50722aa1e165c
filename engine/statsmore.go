package engine

import (
	"unsafe"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/reassembly/tcp"
)

// flowEnds counts flows by the state in which they ended.
type flowEnds struct {
	state [dissect.FlowBypassed + 1]uint64
	tcp   [tcp.StateClosed + 1]uint64
	macs  [2]uint64 // most link-layer addresses of one side of a flow
}

func (s *flowEnds) add(f *flowtable.Flow) {
	s.state[f.State]++
	if f.Key.Proto == packet.ProtoTCP && f.Conn.Active() {
		s.tcp[f.Conn.State()]++
	}
	if m := f.MACs; m != nil {
		for side := range m {
			s.macs[side] = max(s.macs[side], uint64(len(m[side])))
		}
	}
}

// flowEnds adds up those of all workers.
func (e *Engine) flowEnds() (sum flowEnds) {
	for _, w := range e.workers {
		s := &w.stats.ends
		for i, n := range s.state {
			sum.state[i] += n
		}
		for i, n := range s.tcp {
			sum.tcp[i] += n
		}
		for side, n := range s.macs {
			sum.macs[side] = max(sum.macs[side], n)
		}
	}
	return sum
}

func (e *Engine) flowEndCounters(c func(string, uint64)) {
	sum := e.flowEnds()
	for i, n := range sum.state {
		name := dissect.FlowState(i).String()
		if dissect.FlowState(i) == dissect.FlowBypassed {
			name = "local_bypassed"
		}
		c("end.state."+name, n)
	}
	for i, n := range sum.tcp {
		c("end.tcp_state."+tcp.State(i).String(), n)
	}
}

// sizes gives the figures of Suricata's stats records about tables, as far as this engine has them in another form, by their
// full names. As with Counters, nobody may be at work.
func (e *Engine) sizes() (list []Counter) {
	set := func(name string, n uint64) { list = append(list, Counter{name, n}) }
	var active, table, sessions, connected, evicted, timedOut, ended, lost uint64
	var expected int
	for _, w := range e.workers {
		f := &w.stats.flows
		active, evicted, timedOut, ended = active+f.Active, evicted+f.Evicted, timedOut+f.TimedOut, ended+f.Total-f.Active
		expected += w.expected.count
		for _, s := range w.shards {
			if s != nil {
				table += uint64(s.TableMemory())
			}
		}
		for _, a := range w.streams {
			if a != nil {
				s := a.Snapshot()
				sessions, connected = sessions+s.Sessions, connected+uint64(max(s.ActiveSessions, 0))
			}
		}
	}
	set("flow.memuse", table+active*uint64(flowtable.FlowSize))
	set("flow.memcap", evicted) // the cap is one of flows here: each time, the longest silent of a few made room
	set("flow.get_used", evicted)
	set("flow.get_used_eval", evicted)
	set("flow.wrk.flows_evicted", evicted)
	set("flow.mgr.flows_timeout", timedOut)
	set("flow.mgr.flows_evicted", timedOut)
	set("flow.recycler.recycled", ended)
	set("tcp.ssn_from_cache", 0)
	set("tcp.ssn_from_pool", sessions) // they come with their flows, from the pool of these
	set("tcp.memuse", connected*uint64(unsafe.Sizeof(tcp.Conn{})))
	set("app_layer.expectations", uint64(expected))
	macs := e.flowEnds().macs
	set("decoder.max_mac_addrs_src", macs[dissect.ToServer])
	set("decoder.max_mac_addrs_dst", macs[dissect.ToClient])
	e.fragCounters(func(name string, n uint64) {
		switch name {
		case "ipv4.timeouts", "ipv6.timeouts":
			lost += n
		}
	})
	set("defrag.mgr.tracker_timeout", lost)
	set("http.byterange.memuse", uint64(e.order.join.kept))
	set("http.byterange.memcap", uint64(e.cfg.Parts.Memcap))
	return list
}
