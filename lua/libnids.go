package lua

import (
	"net/netip"

	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// The states of a TcpStream, with libnids' numbers.
const (
	stateJustEst = iota + 1
	stateData
	stateClose
	stateReset
	stateTimedOut
	stateExiting
)

// libnids is what the libnids face of a script keeps.
type libnids struct {
	tcp     []*tcpHandler // one for each call of nids.register_tcp
	max     int           // connections of one handler
	params  map[string]any
	changed map[string]bool
	sums    []ChecksumRule // of nids.chksum_ctl
	inited  bool
}

// tcpHandler is a handler of nids.register_tcp with its connections: each handler collects by itself.
type tcpHandler struct {
	face        *libnids
	streams     map[uint64]*tcpStream // by Flow.Serial
	first, last *tcpStream            // by last use
	bytes       int64
	gone        discarded // connections that ended, or of which nothing is collected
}

// defaultStreams is how many connections are kept unless n_tcp_streams says otherwise.
const defaultStreams = 64 << 10

// tcpStream is a connection as libnids shows it. client and server are what these received.
type tcpStream struct {
	ud         *glua.LUserData
	serial     uint64
	key        dissect.FlowKey
	addr       *glua.LTable // of key, once it was asked for
	state      int
	halves     [2]half // by receiver: client, server
	env        *dissect.Env
	read       int // of the half being told: how much goes after the handler
	prev, next *tcpStream
	owner      *tcpHandler
}

// half is what one side received.
type half struct {
	ud       *glua.LUserData // once it was asked for
	collect  bool
	urgent   bool
	data     []byte // from offset on
	count    int    // bytes collected so far, those discarded too
	countNew int
	offset   int
	urgData  byte
	urgNew   int
	cut      bool // the cap was reached
}

func (v *vm) face() *libnids {
	if v.libnids == nil {
		v.libnids = &libnids{max: defaultStreams, params: map[string]any{}, changed: map[string]bool{}}
	}
	return v.libnids
}

func (n *libnids) memory() (sum int64) {
	for _, t := range n.tcp {
		sum += t.bytes + int64(len(t.streams))*400
	}
	return sum
}

// register declares a register_ function: one handler for several events.
func register(kind SubKind, subs ...[2]string) glua.LGFunction {
	return func(L *glua.LState) int {
		v := vmOf(L)
		v.atTop(L, "register")
		fn := L.CheckFunction(1)
		n := v.face()
		var t *tcpHandler
		if kind == SubTCP {
			t = &tcpHandler{face: n, streams: map[uint64]*tcpStream{}}
			n.tcp = append(n.tcp, t)
		}
		for _, s := range subs {
			v.subscribe(L, s[0], s[1], fn, kind)
			v.handlers[len(v.handlers)-1].tcp = t
		}
		return 0
	}
}

// deliverLibnids calls a handler of the libnids face.
func (v *vm) deliverLibnids(h *handler, e *dissect.Env) {
	switch h.kind {
	case SubTCP:
		v.tcpEvent(h, e)
	case SubUDP:
		if e.Flow == nil || e.Flow.Key.Proto != packet.ProtoUDP {
			return
		}
		from, to := &e.Flow.Key.Src, &e.Flow.Key.Dst
		fp, tp := e.Flow.Key.SrcPort, e.Flow.Key.DstPort
		if e.Dir == dissect.ToClient {
			from, to, fp, tp = to, from, tp, fp
		}
		v.L.Push(h.fn)
		v.L.Push(tuple4(from.Netip(), fp, to.Netip(), tp))
		v.L.Push(v.dataOf(e))
		v.L.Push(ipBytes(e.Pkt))
		v.call(3)
	case SubIP, SubIPFrags:
		if e.Pkt == nil || e.Pkt.IPVersion == 0 {
			return
		}
		v.L.Push(h.fn)
		v.L.Push(ipBytes(e.Pkt))
		v.call(1)
	}
}

// ipBytes gives a packet from its IP header on.
func ipBytes(p *packet.Packet) glua.LValue {
	if p == nil || int(p.IPOff) > len(p.Data) {
		return glua.LNil
	}
	end := len(p.Data)
	if n := int(p.IPOff) + int(p.IPLen); p.IPLen > 0 && n < end {
		end = n
	}
	return glua.LString(p.Data[p.IPOff:end])
}

func tuple4(src netip.Addr, sp uint16, dst netip.Addr, dp uint16) *glua.LTable {
	end := func(a netip.Addr, p uint16) *glua.LTable {
		t := newTable()
		t.RawSetInt(1, glua.LString(a.String()))
		t.RawSetInt(2, glua.LNumber(p))
		return t
	}
	t := newTable()
	t.RawSetInt(1, end(src, sp))
	t.RawSetInt(2, end(dst, dp))
	return t
}

// TCPEvent is what happened to a connection, for DeliverTCP.
type TCPEvent uint8

// The events.
const (
	TCPEstablished TCPEvent = iota + 1 // the handshake is complete
	TCPData                            // new bytes: Env.Data from Env.New on, sent in the direction Env.Dir
	TCPUrgent                          // an urgent byte: Env.Data
	TCPClosed                          // by FIN on both sides
	TCPReset
	TCPTimedOut
	TCPExiting // the run is over
)

// DeliverTCP tells a SubTCP subscription (that of stream.data) what happened to a connection, at the moment when it
// did. It stands for Deliver: without it a connection begins for the script with its first data, and ends with flow.end.
func (rt *Runtime) DeliverTCP(sub int, ev TCPEvent, s *Snapshot) {
	if sub < 0 || sub >= len(rt.subs) {
		return
	}
	x := &rt.subs[sub]
	rt.at(s.Env.Time)
	rt.vms[x.vm].deliverTCP(x.local, ev, &s.Env)
	if rt.nexts > 0 {
		rt.resumeNext()
	}
}

// DeliverTCP is Runtime.DeliverTCP for Parallel subscriptions; the event need not be copied.
func (w *Worker) DeliverTCP(sub int, ev TCPEvent, e *dissect.Env) {
	x := &w.rt.subs[sub]
	if v := w.vms[x.vm]; v != nil {
		w.rt.at(e.Time)
		v.deliverTCP(x.local, ev, e)
	}
}

func (v *vm) deliverTCP(local int, ev TCPEvent, e *dissect.Env) {
	h := &v.handlers[local]
	if v.stopped || h.kind != SubTCP || e.Flow == nil {
		return
	}
	t := v.stream(h, e)
	switch {
	case t == nil || ev == TCPEstablished:
	case ev == TCPData:
		v.tcpData(h, t, e)
	case ev == TCPUrgent:
		v.tcpUrgent(h, t, e)
	default:
		v.endStream(h, t, e, stateClose+int(ev)-int(TCPClosed))
	}
}

// tcpEvent is stream.data or flow.end.
func (v *vm) tcpEvent(h *handler, e *dissect.Env) {
	if e.Flow == nil || e.Flow.Key.Proto != packet.ProtoTCP {
		return
	}
	ended := h.event == dissect.EvFlowEnd
	if ended && h.tcp.streams[e.Flow.Serial] == nil && e.Flow.State == dissect.FlowNew {
		return
	}
	t := v.stream(h, e)
	if t == nil {
		return
	}
	if ended {
		v.endStream(h, t, e, endState(e))
		return
	}
	v.tcpData(h, t, e)
}

// endState tells how a connection ended.
func endState(e *dissect.Env) int {
	flags := e.Flow.TCPFlags[0] | e.Flow.TCPFlags[1]
	switch {
	case flags&packet.RST != 0:
		return stateReset
	case e.Flow.TCPFlags[0]&e.Flow.TCPFlags[1]&packet.FIN != 0:
		return stateClose
	case e.Time-e.Flow.Last < 10e9: // nobody waited for it: the run is over
		return stateExiting
	}
	return stateTimedOut
}

// stream gives the connection of an event, which begins with JUST_EST where it is new; nil where the handler
// wants nothing of it. As in libnids, that is said at JUST_EST: a connection of which nothing is collected then is not told
// again.
func (v *vm) stream(h *handler, e *dissect.Env) *tcpStream {
	n := h.tcp
	if n.first != nil && n.first.serial == e.Flow.Serial {
		return n.first
	}
	if t := n.streams[e.Flow.Serial]; t != nil {
		n.unlink(t)
		n.front(t)
		return t
	}
	if n.gone.has(e.Flow.Serial) {
		return nil
	}
	if len(n.streams) >= n.face.max {
		old := n.last
		v.tell(h, old, nil, stateTimedOut)
		n.drop(old)
	}
	t := &tcpStream{serial: e.Flow.Serial, owner: n, key: e.Flow.Key}
	t.ud = object("TcpStream", t)
	n.streams[t.serial] = t
	n.front(t)
	ok := v.tell(h, t, e, stateJustEst)
	if v.stopped {
		return nil
	}
	if c, s := &t.halves[0], &t.halves[1]; !ok || !c.collect && !s.collect && !c.urgent && !s.urgent {
		v.forget(h, t)
		return nil
	}
	return t
}

// forget drops a connection of which the handler hears no more.
func (v *vm) forget(h *handler, t *tcpStream) {
	h.tcp.gone.add(t.serial)
	h.tcp.drop(t)
	v.rt.gone.add(t.serial, h.sub)
}

// tell calls the handler with the stream in a state.
func (v *vm) tell(h *handler, t *tcpStream, e *dissect.Env, state int) bool {
	t.state, t.env = state, e
	v.L.Push(h.fn)
	v.L.Push(t.ud)
	ok := v.call(1)
	t.env = nil
	return ok
}

// receiver gives the half that an event's bytes go to.
func (t *tcpStream) receiver(e *dissect.Env) *half {
	if e.Dir == dissect.ToClient {
		return &t.halves[0]
	}
	return &t.halves[1]
}

// tcpData hands new bytes to the half that receives them, as libnids does: what the handler does not
// hold with discard goes afterwards.
func (v *vm) tcpData(h *handler, t *tcpStream, e *dissect.Env) {
	x := t.receiver(e)
	if !x.collect {
		return
	}
	fresh := e.Data[min(max(e.New, 0), len(e.Data)):]
	if len(x.data)+len(fresh) > v.limits.StringBytes {
		x.cut = true
		fresh = fresh[:max(v.limits.StringBytes-len(x.data), 0)]
	}
	if len(fresh) == 0 {
		return
	}
	x.data = append(x.data, fresh...)
	h.tcp.bytes += int64(len(fresh))
	x.count += len(fresh)
	x.countNew = len(fresh)
	t.read = len(x.data)
	v.tell(h, t, e, stateData)
	if v.stopped {
		return
	}
	if drop := min(max(t.read, 0), len(x.data)); drop > 0 {
		x.data = append(x.data[:0], x.data[drop:]...)
		x.offset += drop
		h.tcp.bytes -= int64(drop)
	}
	x.countNew = 0
}

// tcpUrgent tells an urgent byte.
func (v *vm) tcpUrgent(h *handler, t *tcpStream, e *dissect.Env) {
	x := t.receiver(e)
	if !x.urgent || len(e.Data) == 0 {
		return
	}
	x.urgData, x.urgNew = e.Data[0], 1
	t.read = 0 // nothing is new of what is collected
	v.tell(h, t, e, stateData)
	x.urgNew = 0
}

// endStream tells the end of a connection and forgets it.
func (v *vm) endStream(h *handler, t *tcpStream, e *dissect.Env, state int) {
	v.tell(h, t, e, state)
	if !v.stopped {
		v.forget(h, t)
	}
}

// exitLibnids ends the connections that are left, the oldest first.
func (v *vm) exitLibnids() {
	for i := 0; i < len(v.handlers) && !v.stopped; i++ {
		h := &v.handlers[i]
		if h.kind != SubTCP || h.event != dissect.EvStreamData {
			continue
		}
		for t := h.tcp.last; t != nil && !v.stopped; {
			prev := t.prev
			v.tell(h, t, nil, stateExiting)
			t = prev
		}
	}
}

func (n *tcpHandler) unlink(t *tcpStream) {
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		n.first = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	} else {
		n.last = t.prev
	}
	t.prev, t.next = nil, nil
}

func (n *tcpHandler) front(t *tcpStream) {
	t.next = n.first
	if n.first != nil {
		n.first.prev = t
	} else {
		n.last = t
	}
	n.first = t
}

func (n *tcpHandler) drop(t *tcpStream) {
	if t == nil || n.streams[t.serial] != t {
		return
	}
	n.unlink(t)
	delete(n.streams, t.serial)
	n.bytes -= int64(len(t.halves[0].data) + len(t.halves[1].data))
}

// memory implements sized, for streams that a script keeps.
func (t *tcpStream) memory() int64 {
	if t.owner.streams[t.serial] == t {
		return 0 // counted by libnids
	}
	return int64(cap(t.halves[0].data) + cap(t.halves[1].data))
}
