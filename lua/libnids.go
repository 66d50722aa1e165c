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

// libnids is what the libnids face of a script keeps: the connections of its TCP handlers.
type libnids struct {
	streams     map[uint64]*tcpStream // by Flow.Serial
	first, last *tcpStream            // by last use
	max         int
	bytes       int64
	params      map[string]any
	changed     map[string]bool
	inited      bool
}

// defaultStreams is how many connections are kept unless n_tcp_streams says otherwise.
const defaultStreams = 64 << 10

// tcpStream is a connection as libnids shows it. client and server are what these received.
type tcpStream struct {
	ud         *glua.LUserData
	serial     uint64
	addr       *glua.LTable
	state      int
	halves     [2]half // by receiver: client, server
	env        *dissect.Env
	read       int // of the half being told: how much goes after the handler
	prev, next *tcpStream
	owner      *libnids
}

// half is what one side received.
type half struct {
	ud       *glua.LUserData
	collect  bool
	urgent   bool
	data     []byte // from offset on
	count    int    // bytes collected so far, those discarded too
	countNew int
	offset   int
	cut      bool // the cap was reached
}

func (v *vm) face() *libnids {
	if v.libnids == nil {
		v.libnids = &libnids{streams: map[uint64]*tcpStream{}, max: defaultStreams, params: map[string]any{}, changed: map[string]bool{}}
	}
	return v.libnids
}

func (n *libnids) memory() int64 { return n.bytes + int64(len(n.streams))*400 }

// register declares a register_ function: one handler for several events.
func register(kind SubKind, subs ...[2]string) glua.LGFunction {
	return func(L *glua.LState) int {
		v := vmOf(L)
		v.atTop(L, "register")
		fn := L.CheckFunction(1)
		v.face()
		for _, s := range subs {
			v.subscribe(L, s[0], s[1], fn, kind)
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
		if e.Flow == nil {
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

// TCPEvent is a change of a connection, for DeliverTCP.
type TCPEvent uint8

// The changes.
const (
	TCPEstablished TCPEvent = iota + 1 // the handshake is complete
	TCPClosed                          // by FIN on both sides
	TCPReset
	TCPTimedOut
)

// DeliverTCP tells a SubTCP subscription that a connection changed, at the moment when it did. Without these
// calls a connection begins for the script with its first data, and ends with flow.end.
func (rt *Runtime) DeliverTCP(sub int, ev TCPEvent, s *Snapshot) {
	if sub < 0 || sub >= len(rt.subs) || s.Env.Flow == nil {
		return
	}
	x := &rt.subs[sub]
	v := rt.vms[x.vm]
	if v.stopped || x.Kind != SubTCP {
		return
	}
	rt.now = max(rt.now, s.Env.Time)
	h := &v.handlers[x.local]
	t := v.stream(h, &s.Env)
	if t == nil || ev == TCPEstablished {
		return
	}
	v.endStream(h, t, &s.Env, stateClose+int(ev)-int(TCPClosed))
}

// tcpEvent is stream.data or flow.end.
func (v *vm) tcpEvent(h *handler, e *dissect.Env) {
	if e.Flow == nil {
		return
	}
	ended := h.event == dissect.EvFlowEnd
	if ended && (v.face().streams[e.Flow.Serial] == nil && e.Flow.State == dissect.FlowNew) {
		return
	}
	if ended && v.face().streams[e.Flow.Serial] == nil && h.gone.has(e.Flow.Serial) {
		return // told already
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

// stream gives the connection of an event, which begins with JUST_EST where it is new.
func (v *vm) stream(h *handler, e *dissect.Env) *tcpStream {
	n := v.face()
	if t := n.streams[e.Flow.Serial]; t != nil {
		n.unlink(t)
		n.front(t)
		return t
	}
	if h.gone.has(e.Flow.Serial) {
		return nil
	}
	if len(n.streams) >= n.max {
		n.drop(n.last)
	}
	k := &e.Flow.Key
	t := &tcpStream{serial: e.Flow.Serial, owner: n, addr: tuple4(k.Src.Netip(), k.SrcPort, k.Dst.Netip(), k.DstPort)}
	t.ud = object("TcpStream", t)
	for i := range t.halves {
		t.halves[i].ud = object("HalfStream", &t.halves[i])
	}
	n.streams[t.serial] = t
	n.front(t)
	if !v.tell(h, t, e, stateJustEst) || v.stopped {
		return nil
	}
	return t
}

// tell calls the handlers of register_tcp with the stream in a state.
func (v *vm) tell(h *handler, t *tcpStream, e *dissect.Env, state int) bool {
	t.state, t.env = state, e
	v.L.Push(h.fn)
	v.L.Push(t.ud)
	ok := v.call(1)
	t.env = nil
	return ok
}

// tcpData hands new bytes to the half that receives them, as libnids does: what the handler does not
// hold with discard goes afterwards.
func (v *vm) tcpData(h *handler, t *tcpStream, e *dissect.Env) {
	x := &t.halves[1]
	if e.Dir == dissect.ToClient {
		x = &t.halves[0]
	}
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
	v.libnids.bytes += int64(len(fresh))
	x.count += len(fresh)
	x.countNew = len(fresh)
	t.read = len(x.data)
	v.tell(h, t, e, stateData)
	if v.libnids == nil { // stopped
		return
	}
	if drop := min(max(t.read, 0), len(x.data)); drop > 0 {
		x.data = append(x.data[:0], x.data[drop:]...)
		x.offset += drop
		v.libnids.bytes -= int64(drop)
	}
	x.countNew = 0
}

// endStream tells the end of a connection and forgets it.
func (v *vm) endStream(h *handler, t *tcpStream, e *dissect.Env, state int) {
	v.tell(h, t, e, state)
	h.gone.add(t.serial)
	for i := range v.handlers { // its flow.end is no news either
		if v.handlers[i].fn == h.fn && v.handlers[i].kind == SubTCP {
			v.handlers[i].gone.add(t.serial)
		}
	}
	if v.libnids != nil {
		v.libnids.drop(t)
	}
}

// exitLibnids ends the connections that are left, the oldest first.
func (v *vm) exitLibnids() {
	if v.libnids == nil {
		return
	}
	for t := v.libnids.last; t != nil && !v.stopped; {
		prev := t.prev
		for i := range v.handlers {
			if h := &v.handlers[i]; h.kind == SubTCP && h.event == dissect.EvStreamData {
				v.tell(h, t, nil, stateExiting)
			}
		}
		t = prev
	}
}

func (n *libnids) unlink(t *tcpStream) {
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

func (n *libnids) front(t *tcpStream) {
	t.next = n.first
	if n.first != nil {
		n.first.prev = t
	} else {
		n.last = t
	}
	n.first = t
}

func (n *libnids) drop(t *tcpStream) {
	if n.streams[t.serial] != t {
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
