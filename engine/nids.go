package engine

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/lua"
	"github.com/luanids/luanids/reassembly/tcp"
)

// nidsFace is the libnids face of the scripts (nids.register_tcp and the like): the subscriptions by kind.
type nidsFace struct {
	tcp, udp, ip, frags []int
	wantsPacket         bool // udp, ip or frags
}

// add notes a subscription; false where it is none of libnids' kinds.
func (n *nidsFace) add(s *lua.Subscription) bool {
	switch s.Kind {
	case lua.SubTCP:
		if s.Event == dissect.EvStreamData { // its flow.end is told by tcpEnded
			n.tcp = append(n.tcp, s.ID)
		}
	case lua.SubUDP:
		n.udp = append(n.udp, s.ID)
	case lua.SubIP:
		n.ip = append(n.ip, s.ID)
	case lua.SubIPFrags:
		n.frags = append(n.frags, s.ID)
	default:
		return false
	}
	n.wantsPacket = len(n.udp)+len(n.ip)+len(n.frags) > 0
	return true
}

// streamsOnly tells that nobody looks at anything but streams and datagrams: a program of the libnids face, without rules and
// records. Fragments of other things need not be put together then.
func (e *Engine) streamsOnly() bool {
	if e.cfg.Scripts == nil || len(e.cfg.Disabled) < len(e.schema.Specs) {
		return false
	}
	for _, s := range e.cfg.Scripts.Subscriptions() {
		if s.Kind != lua.SubTCP && s.Kind != lua.SubUDP {
			return false
		}
	}
	return true
}

// isICMP tells whether a fragment is of ICMP, as far as its header says.
func isICMP(p *packet.Packet) bool {
	return p.IPProto == packet.ProtoICMP || p.IPProto == packet.ProtoICMPv6
}

// wantsPackets tells whether packets are wanted that belong to no flow.
func (n *nidsFace) wantsPackets() bool { return len(n.ip)+len(n.frags) > 0 }

// What a connection was told of, in flowtable.Flow.Told.
const (
	toldEstablished = 1 << iota
	toldEnd
)

// nidsPacket gives a packet to the handlers of IP packets and datagrams. What a tunnel carries is part of the packet that
// was captured; its connections are told like others.
func (w *worker) nidsPacket(p *packet.Packet) {
	n := &w.scripts.face
	if len(n.udp) > 0 && p.Layers&packet.LayerUDP != 0 && p.Layers&packet.LayerFragment == 0 && w.flow != nil && !w.sumBad(p) {
		w.setEnv(w.flow, w.dir)
		w.env.Data = p.Payload
		w.nids(n.udp, 0, dissect.EvStreamData, &w.env)
	}
	if p.IPVersion == 0 || p.TunnelDepth > 0 || p.IPCsumBad && w.checks(p) {
		return
	}
	w.setEnv(nil, w.dir)
	if len(n.ip) > 0 && p.Layers&packet.LayerFragment == 0 {
		w.nids(n.ip, 0, dissect.EvPacket, &w.env)
	}
	if len(n.frags) > 0 && !p.Reassembled {
		w.nids(n.frags, 0, dissect.EvPacket, &w.env)
	}
}

// checks tells whether checksums of packets from this source are checked.
func (w *worker) checks(p *packet.Packet) bool {
	if len(w.cfg.ChecksumRules) > 0 {
		src := p.Src.Netip()
		for _, r := range w.cfg.ChecksumRules {
			if r.Prefix.Contains(src) {
				return r.Check
			}
		}
	}
	return w.cfg.CheckChecksums
}

// sumBad tells whether the transport checksum is wrong, and counts.
func (w *worker) sumBad(p *packet.Packet) bool {
	return (w.cfg.CheckChecksums || len(w.cfg.ChecksumRules) > 0) && w.checks(p) && !p.TransportChecksumOK()
}

// nidsData gives the handlers of TCP new bytes of a stream.
func (w *worker) nidsData(f *flowtable.Flow, dir dissect.Dir, data []byte) {
	f.Told |= toldEstablished // with its first data at the latest, as for those picked up midstream
	e := dissect.Env{Dir: dir, Time: w.now, Pkt: w.pkt, Flow: &f.Flow, Data: data}
	w.nids(w.scripts.face.tcp, lua.TCPData, dissect.EvStreamData, &e)
}

// nidsState tells the handlers of TCP how the connection stands after a packet.
func (w *worker) nidsState(f *flowtable.Flow, p *packet.Packet, dir dissect.Dir, urgentBefore int) {
	c := &f.Conn
	if at := int(p.TCPUrgent) - 1; c.UrgentBytes(f.ConnDir(dir)) > urgentBefore && at >= 0 && at < len(p.Payload) {
		w.setEnv(f, dir)
		w.env.Data = p.Payload[at : at+1]
		w.nids(w.scripts.face.tcp, lua.TCPUrgent, dissect.EvStreamData, &w.env)
	}
	if c.Established() && f.Told == 0 {
		f.Told |= toldEstablished
		w.setEnv(f, dissect.ToServer)
		w.nids(w.scripts.face.tcp, lua.TCPEstablished, dissect.EvFlowStart, &w.env)
	}
	switch s := c.State(); {
	case s == tcp.StateClosed && c.ResetSeen():
		w.nidsEnd(f, lua.TCPReset)
	case s == tcp.StateClosed:
		w.nidsEnd(f, lua.TCPClosed)
	}
}

// nidsEnd tells the handlers of TCP the end of a connection, once.
func (w *worker) nidsEnd(f *flowtable.Flow, why lua.TCPEvent) {
	if f.Told != toldEstablished { // never established, or told already
		return
	}
	f.Told |= toldEnd
	w.setEnv(f, dissect.ToServer)
	w.nids(w.scripts.face.tcp, why, dissect.EvFlowEnd, &w.env)
}

// nidsFlowEnd tells the end of a connection whose flow ends for another reason than its packets.
func (w *worker) nidsFlowEnd(f *flowtable.Flow, why flowtable.Reason) {
	if why == flowtable.Shutdown {
		w.nidsEnd(f, lua.TCPExiting)
		return
	}
	w.nidsEnd(f, lua.TCPTimedOut)
}

// nids delivers an event to handlers of the libnids face, less those that do not want the flow's any more.
func (w *worker) nids(subs []int, ev lua.TCPEvent, id dissect.EventID, e *dissect.Env) {
	s := w.scripts
	var d *delivery
	for _, sub := range subs {
		switch {
		case e.Flow != nil && s.rt.Discarded(e.Flow.Serial, sub):
		case s.kinds[sub].Parallel && s.own != nil && ev != 0:
			s.own.DeliverTCP(sub, ev, e)
		case s.kinds[sub].Parallel && s.own != nil:
			s.own.Deliver(sub, id, e)
		default:
			if d == nil {
				d = newDelivery()
				d.tcp = ev
				if ev != 0 {
					d.snap = s.pool.TakeStream(id, e)
				} else { // of a datagram or packet
					d.snap = s.pool.Take(id, s.schema, e)
				}
			}
			d.subs = append(d.subs, sub)
		}
	}
	if d != nil {
		w.deliver(d)
	}
}
