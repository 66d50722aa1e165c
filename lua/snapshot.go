package lua

import (
	"bytes"
	"net/netip"
	"sync"
	"unsafe"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// Snapshot is an event that outlives its packet: what handlers in the ordered stage get. It is
// made in a worker and read in the ordered stage, and then goes back to its Pool.
type Snapshot struct {
	// Env is the event. All that it points to is the snapshot's own.
	Env dissect.Env

	pool  *Pool
	pkt   packet.Packet
	flow  dissect.Flow
	vars  dissect.FlowVars
	file  dissect.File
	data  []byte // Env.Data
	frame []byte // of the packet
	// values of a message whose protocol cannot clone it, by slot of the field; nil otherwise.
	values  []value
	spec    *dissect.Spec
	generic bool
	arena   []byte
}

// value is a field's value or values in a generic snapshot.
type value struct {
	ok   bool
	num  int64
	flt  float64
	ip   netip.Addr
	text [2]int // of the arena
	list []value
}

// Pool keeps snapshots for reuse. Any goroutine may use it.
type Pool struct {
	p sync.Pool
	// KeepFrames says that the bytes of packets live at least as long as the snapshots: they are not copied.
	KeepFrames bool
}

// NewPool makes a pool.
func NewPool() *Pool {
	p := &Pool{}
	p.p.New = func() any { return &Snapshot{pool: p} }
	return p
}

// Bounds of what a generic snapshot keeps of a message.
const (
	maxListValues = 256
	maxArena      = 1 << 20
	keepArena     = 64 << 10
)

// Take copies the event ev, as e shows it, out of reach of the worker.
func (p *Pool) Take(ev dissect.EventID, schema *dissect.Schema, e *dissect.Env) *Snapshot {
	s := p.p.Get().(*Snapshot)
	s.Env = dissect.Env{Event: ev, Dir: e.Dir, Time: e.Time, Name: e.Name, New: e.New, DataOff: e.DataOff}
	if e.Pkt != nil {
		s.packet(e.Pkt)
	}
	if e.Flow != nil {
		s.takeFlow(e.Flow)
	}
	if len(e.Data) > 0 {
		s.takeData(e)
	}
	if e.Tx != nil {
		s.message(ev, schema, e)
	}
	if e.Carrier != nil && e.Flow != nil && e.Flow.App != nil && e.Flow.App.Clone != nil {
		s.Env.Carrier = e.Flow.App.Clone(e.Carrier)
	}
	if e.File != nil {
		s.takeFile(e)
	}
	if e.Frame != nil {
		frame := *e.Frame
		frame.Data = bytes.Clone(frame.Data)
		s.Env.Frame = &frame
	}
	return s
}

// TakeSnapshot is Pool.Take, for readers of the engine.
func TakeSnapshot(p *Pool, schema *dissect.Schema, ev dissect.EventID, e *dissect.Env) *Snapshot {
	return p.Take(ev, schema, e)
}

// Release gives the snapshot back to its pool.
func (s *Snapshot) Release() {
	s.Env = dissect.Env{}
	s.flow.App, s.flow.AppOrig, s.flow.Vars = nil, nil, nil
	s.file.Tx, s.generic = nil, false
	if cap(s.arena) > keepArena {
		s.arena = nil
	}
	if cap(s.data) > keepArena {
		s.data = nil
	}
	if cap(s.frame) > keepArena {
		s.frame = nil
	}
	s.pool.p.Put(s)
}

// packet copies the packet with its bytes. Slices into the frame stay slices into its copy.
func (s *Snapshot) packet(p *packet.Packet) {
	s.pkt = *p
	s.Env.Pkt = &s.pkt
	if s.pool != nil && s.pool.KeepFrames {
		return
	}
	s.frame = append(s.frame[:0], p.Data...)
	s.pkt.Data = s.frame
	s.pkt.Payload = s.within(p.Data, p.Payload)
	s.pkt.Inner = s.within(p.Data, p.Inner)
	s.pkt.LinkHeader = bytes.Clone(p.LinkHeader)
}

// within gives the part of the copied frame that part is of the original.
func (s *Snapshot) within(frame, part []byte) []byte {
	if part == nil || len(frame) == 0 {
		return nil
	}
	if inside(frame, part) {
		off := offsetIn(frame, part)
		return s.frame[off : off+uintptr(len(part))]
	}
	return bytes.Clone(part) // a copy of its own, or a datagram's
}

// offsetIn gives where part begins in whole, if it lies in it.
func offsetIn(whole, part []byte) uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(part))) - uintptr(unsafe.Pointer(unsafe.SliceData(whole)))
}

// inside tells whether part is a piece of the memory of whole.
func inside(whole, part []byte) bool {
	off := offsetIn(whole, part)
	return len(whole) > 0 && off <= uintptr(len(whole)) && off+uintptr(len(part)) <= uintptr(len(whole))
}

func (s *Snapshot) takeFlow(f *dissect.Flow) {
	s.flow = *f
	s.flow.Parser = nil
	if f.Vars != nil {
		s.vars.Bits = append(s.vars.Bits[:0], f.Vars.Bits...)
		s.vars.Ints, s.vars.Strs = nil, nil
		s.flow.Vars = &s.vars
	}
	s.Env.Flow = &s.flow
}

// takeData copies the bytes of a data event; the packet's payload is there already.
func (s *Snapshot) takeData(e *dissect.Env) {
	if e.Pkt != nil && inside(e.Pkt.Payload, e.Data) {
		off := offsetIn(e.Pkt.Payload, e.Data)
		s.Env.Data = s.pkt.Payload[off : off+uintptr(len(e.Data))]
		return
	}
	s.data = append(s.data[:0], e.Data...)
	s.Env.Data = s.data
}

func (s *Snapshot) takeFile(e *dissect.Env) {
	f := e.File
	old := s.file
	s.file = *f
	s.file.Name = append(old.Name[:0], f.Name...)
	s.file.Shown = append(old.Shown[:0], f.Shown...)
	s.file.Head = append(old.Head[:0], f.Head...)
	s.file.Kind = old.Kind[:0] // made anew from Head
	s.file.Content = append(old.Content[:0], f.Content...)
	s.file.MD5 = append(old.MD5[:0], f.MD5...)
	s.file.SHA1 = append(old.SHA1[:0], f.SHA1...)
	s.file.SHA256 = append(old.SHA256[:0], f.SHA256...)
	s.file.Rules = dissect.MatchState{}
	s.file.Tx = s.Env.Tx
	s.Env.File = &s.file
}

// message clones the protocol's message, or keeps the values of its fields.
func (s *Snapshot) message(ev dissect.EventID, schema *dissect.Schema, e *dissect.Env) {
	spec := messageSpec(ev, schema, e)
	if spec == nil {
		return
	}
	if spec.Clone != nil {
		s.Env.Tx = spec.Clone(e.Tx)
		return
	}
	s.generic, s.spec = true, spec
	s.arena = s.arena[:0]
	if cap(s.values) < len(spec.Fields) {
		s.values = make([]value, len(spec.Fields))
	}
	s.values = s.values[:len(spec.Fields)]
	for i := range spec.Fields {
		s.value(&s.values[i], &spec.Fields[i], e)
	}
}

// messageSpec tells whose message the event is about.
func messageSpec(ev dissect.EventID, schema *dissect.Schema, e *dissect.Env) *dissect.Spec {
	if int(ev) < len(schema.Events) && schema.Events[ev].Spec != nil {
		return schema.Events[ev].Spec
	}
	switch {
	case e.File != nil && e.File.Proto != nil:
		return e.File.Proto
	case e.Flow != nil:
		return e.Flow.App
	}
	return nil
}

// value evaluates a field for a generic snapshot.
func (s *Snapshot) value(v *value, f *dissect.Field, e *dissect.Env) {
	*v = value{list: v.list[:0]}
	switch {
	case f.Bytes != nil:
		if b := f.Bytes(e); b != nil {
			v.ok, v.text = true, s.keep(b)
		}
	case f.Int != nil:
		v.num, v.ok = f.Int(e)
	case f.Float != nil:
		v.flt, v.ok = f.Float(e)
	case f.IP != nil:
		v.ip, v.ok = f.IP(e)
	}
	for i := 0; f.Multi && i < maxListValues; i++ {
		var x value
		switch {
		case f.BytesN != nil:
			var b []byte
			if b, x.ok = f.BytesN(e, i); x.ok {
				x.text = s.keep(b)
			}
		case f.IntN != nil:
			x.num, x.ok = f.IntN(e, i)
		case f.IPN != nil:
			x.ip, x.ok = f.IPN(e, i)
		}
		if !x.ok {
			break
		}
		v.list = append(v.list, x)
	}
}

// keep copies bytes to the arena, cut at its cap.
func (s *Snapshot) keep(b []byte) [2]int {
	b = b[:min(len(b), max(maxArena-len(s.arena), 0))]
	from := len(s.arena)
	s.arena = append(s.arena, b...)
	return [2]int{from, len(s.arena)}
}

func (s *Snapshot) bytes(v *value) []byte { return s.arena[v.text[0]:v.text[1]] }
