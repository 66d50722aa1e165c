package match

import (
	"net/netip"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/lang/ir"
)

// bnode, inode, fnode and pnode compute a value of strings, integers, floats and addresses; ok
// false means absent.
type (
	bnode interface {
		bytes(m *Matcher) ([]byte, bool)
	}
	inode interface {
		int(m *Matcher) (int64, bool)
	}
	fnode interface {
		float(m *Matcher) (float64, bool)
	}
	pnode interface {
		ip(m *Matcher) (netip.Addr, bool)
	}
)

// value is a compiled expression of any type: the node of its class is set.
type value struct {
	b   bnode
	i   inode
	f   fnode
	p   pnode
	key string // equal keys mean equal values
	// elem: it depends on the index of a quantifier; volatile: on state that rules change.
	elem, volatile bool
	wide           bool // captured whole
	cost           int
}

type class uint8

const (
	classInt class = iota
	classFloat
	classBytes
	classIP
)

func classOf(t dissect.Type) class {
	switch t {
	case dissect.TFloat:
		return classFloat
	case dissect.TString, dissect.TBytes:
		return classBytes
	case dissect.TIP:
		return classIP
	}
	return classInt
}

// eval computes a value of any class.
func (v *value) eval(m *Matcher) (out ir.Value) {
	switch {
	case v.b != nil:
		out.B, out.OK = v.b.bytes(m)
	case v.i != nil:
		out.I, out.OK = v.i.int(m)
	case v.f != nil:
		out.F, out.OK = v.f.float(m)
	case v.p != nil:
		out.IP, out.OK = v.p.ip(m)
	}
	return out
}

// ---- fields

type bytesField struct {
	get func(*dissect.Env) []byte
}

func (n *bytesField) bytes(m *Matcher) ([]byte, bool) {
	b := n.get(m.e)
	return b, b != nil
}

type payloadField struct{}

func (payloadField) bytes(m *Matcher) ([]byte, bool) { return m.e.Data, m.e.Data != nil }

type intField struct {
	get      func(*dissect.Env) (int64, bool)
	ofPacket func(*packet.Packet) (int64, bool) // as in dissect.Field
}

func (n *intField) int(m *Matcher) (int64, bool) { return n.get(m.e) }

type floatField struct {
	get func(*dissect.Env) (float64, bool)
}

func (n *floatField) float(m *Matcher) (float64, bool) { return n.get(m.e) }

type ipField struct {
	get func(*dissect.Env) (netip.Addr, bool)
}

func (n *ipField) ip(m *Matcher) (netip.Addr, bool) { return n.get(m.e) }

// ---- elements: fields at the index of the quantifier of a level

type bytesElem struct {
	get   func(*dissect.Env, int) ([]byte, bool)
	level int
}

func (n *bytesElem) bytes(m *Matcher) ([]byte, bool) { return n.get(m.e, m.index[n.level]) }

type intElem struct {
	get   func(*dissect.Env, int) (int64, bool)
	level int
}

func (n *intElem) int(m *Matcher) (int64, bool) { return n.get(m.e, m.index[n.level]) }

type ipElem struct {
	get   func(*dissect.Env, int) (netip.Addr, bool)
	level int
}

func (n *ipElem) ip(m *Matcher) (netip.Addr, bool) { return n.get(m.e, m.index[n.level]) }

// ---- constants

type bytesConst []byte

func (n bytesConst) bytes(*Matcher) ([]byte, bool) { return n, true }

type intConst int64

func (n intConst) int(*Matcher) (int64, bool) { return int64(n), true }

type floatConst float64

func (n floatConst) float(*Matcher) (float64, bool) { return float64(n), true }

type ipConst netip.Addr

func (n ipConst) ip(*Matcher) (netip.Addr, bool) { return netip.Addr(n), true }

// ---- computed

type arith struct {
	op   ir.ArithOp
	x, y inode
}

func (n *arith) int(m *Matcher) (int64, bool) {
	x, ok := n.x.int(m)
	if !ok {
		return 0, false
	}
	y, ok := n.y.int(m)
	if !ok {
		return 0, false
	}
	return arithmetic(n.op, x, y)
}

func arithmetic(op ir.ArithOp, x, y int64) (int64, bool) {
	switch op {
	case ir.Add:
		return x + y, true
	case ir.Sub:
		return x - y, true
	case ir.Mul:
		return x * y, true
	case ir.Div:
		if y == 0 {
			return 0, false
		}
		return x / y, true
	case ir.Mod:
		if y == 0 {
			return 0, false
		}
		return x % y, true
	case ir.BitAnd:
		return x & y, true
	case ir.BitOr:
		return x | y, true
	case ir.BitXor:
		return x ^ y, true
	case ir.Shl:
		return x << (uint64(y) & 63), uint64(y) < 64
	case ir.Shr:
		return x >> (uint64(y) & 63), uint64(y) < 64
	}
	return 0, false
}

type floatArith struct {
	op   ir.ArithOp
	x, y fnode
}

func (n *floatArith) float(m *Matcher) (float64, bool) {
	x, ok := n.x.float(m)
	if !ok {
		return 0, false
	}
	y, ok := n.y.float(m)
	if !ok {
		return 0, false
	}
	switch n.op {
	case ir.Add:
		return x + y, true
	case ir.Sub:
		return x - y, true
	case ir.Mul:
		return x * y, true
	case ir.Div:
		return x / y, y != 0
	}
	return 0, false
}

type intAsFloat struct{ x inode }

func (n intAsFloat) float(m *Matcher) (float64, bool) {
	x, ok := n.x.int(m)
	return float64(x), ok
}

type length struct{ x bnode }

func (n *length) int(m *Matcher) (int64, bool) {
	b, ok := n.x.bytes(m)
	return int64(len(b)), ok
}

type count struct{ f *dissect.Field }

func (n *count) int(m *Matcher) (int64, bool) {
	i := 0
	for i < maxValues && hasValue(n.f, m.e, i) {
		i++
	}
	return int64(i), true
}

// hasValue tells whether the multi-valued field has a value i.
func hasValue(f *dissect.Field, e *dissect.Env, i int) bool {
	var ok bool
	switch {
	case f.BytesN != nil:
		_, ok = f.BytesN(e, i)
	case f.IntN != nil:
		_, ok = f.IntN(e, i)
	case f.IPN != nil:
		_, ok = f.IPN(e, i)
	}
	return ok
}

type call struct {
	fn   ir.Func
	args []*value
}

// eval calls the function; args live on the matcher's stack.
func (n *call) eval(m *Matcher) ir.Value {
	base := len(m.args)
	for _, a := range n.args {
		v := a.eval(m)
		m.args = append(m.args, v)
	}
	out := n.fn.Call(m, m.args[base:])
	m.args = m.args[:base]
	return out
}

func (n *call) bytes(m *Matcher) ([]byte, bool) { v := n.eval(m); return v.B, v.OK }
func (n *call) int(m *Matcher) (int64, bool)    { v := n.eval(m); return v.I, v.OK }
func (n *call) float(m *Matcher) (float64, bool) {
	v := n.eval(m)
	return v.F, v.OK
}
func (n *call) ip(m *Matcher) (netip.Addr, bool) { v := n.eval(m); return v.IP, v.OK }

type flowInt struct{ id uint32 }

func (n *flowInt) int(m *Matcher) (int64, bool) {
	f := m.e.Flow
	if f == nil || f.Vars == nil {
		return 0, false
	}
	v, ok := f.Vars.Ints[n.id]
	return v, ok
}

type reputation struct {
	x      pnode
	lookup func(netip.Addr) (int64, bool)
}

func (n *reputation) int(m *Matcher) (int64, bool) {
	a, ok := n.x.ip(m)
	if !ok {
		return 0, false
	}
	return n.lookup(a)
}

// ---- values that are kept for the event

type bytesMemo struct {
	x    bnode
	slot int
}

type bytesSlot struct {
	gen uint32
	ok  bool
	b   []byte
}

func (n *bytesMemo) bytes(m *Matcher) ([]byte, bool) {
	s := &m.bmemo[n.slot]
	if s.gen != m.gen {
		s.b, s.ok = n.x.bytes(m)
		s.gen = m.gen
	}
	return s.b, s.ok
}

// ---- source and destination by the direction of the event

// hostView is what headers test, taken from flow or packet once an event.
type hostView struct {
	src, dst         [16]byte
	srcPort, dstPort uint16
	proto            uint8
	version          uint8
	ports            bool
}

func (m *Matcher) view() *hostView {
	if m.viewGen == m.gen {
		return &m.hv
	}
	m.viewGen = m.gen
	h, e := &m.hv, m.e
	switch {
	case e.Flow != nil:
		k := &e.Flow.Key
		h.proto, h.version = k.Proto, k.IPVersion
		if e.Dir == dissect.ToServer {
			h.src, h.dst, h.srcPort, h.dstPort = k.Src, k.Dst, k.SrcPort, k.DstPort
		} else {
			h.src, h.dst, h.srcPort, h.dstPort = k.Dst, k.Src, k.DstPort, k.SrcPort
		}
		h.ports = h.proto == 6 || h.proto == 17 || h.proto == 132
	case e.Pkt != nil:
		*h = viewOf(e.Pkt)
	default:
		*h = hostView{}
	}
	return h
}

// viewOf is the view of a packet without a flow.
func viewOf(p *packet.Packet) hostView {
	return hostView{src: p.Src, dst: p.Dst, srcPort: p.SrcPort, dstPort: p.DstPort, proto: p.IPProto, version: p.IPVersion,
		ports: p.HasAny(packet.LayerTCP | packet.LayerUDP | packet.LayerSCTP)} // not of fragments and broken headers
}

type portView struct{ dst bool }

func (n portView) int(m *Matcher) (int64, bool) {
	h := m.view()
	if n.dst {
		return int64(h.dstPort), h.ports
	}
	return int64(h.srcPort), h.ports
}

type ipView struct{ dst bool }

func (n ipView) ip(m *Matcher) (netip.Addr, bool) {
	h := m.view()
	a := h.src
	if n.dst {
		a = h.dst
	}
	return netip.AddrFrom16(a).Unmap(), h.version != 0
}

type protoView struct{}

func (protoView) int(m *Matcher) (int64, bool) {
	h := m.view()
	return int64(h.proto), h.version != 0
}

// protoIs is a truth value: tcp, udp...
type protoIs struct{ a, b uint8 }

func (n protoIs) int(m *Matcher) (int64, bool) {
	p := m.view().proto
	return b2i(p == n.a || p == n.b), m.hv.version != 0
}

type dirIs struct{ dir dissect.Dir }

func (n dirIs) int(m *Matcher) (int64, bool) { return b2i(m.e.Dir == n.dir), true }

// versionIs is a truth value: ipv4, ipv6, or with v 0 either.
type versionIs struct{ v uint8 }

func (n versionIs) int(m *Matcher) (int64, bool) {
	v := m.view().version
	return b2i(v == n.v || n.v == 0 && v != 0), true
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// addr16 is the key form of an address.
func addr16(dst []byte, a netip.Addr) []byte {
	b := a.As16()
	return append(dst, b[:]...)
}
