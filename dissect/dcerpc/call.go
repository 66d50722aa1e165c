package dcerpc

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/luanids/luanids/dissect/jsonw"
)

// MaxStub is how many bytes of stub data of one direction of a call are kept for rules. The rest is counted.
const MaxStub = 128 << 10

// keepStub is how much memory for stub data a call keeps for its successor, bytes.
const keepStub = 8 << 10

// Side is what one side sent of a call.
type Side struct {
	Type  Type
	Seen  bool // something came
	Done  bool // the last fragment came
	Frags int
	Size  int    // of the stub data, bytes
	Stub  []byte // what is kept of it
}

// Call is a call of a procedure, or the setting up of interfaces, with its answer. Protocols that carry DCERPC embed one in
// their messages.
type Call struct {
	Req, Res Side
	ID       uint32
	Opnum    uint16
	Context  uint16
	Minor    uint8 // of the protocol's version
	Little   bool  // byte order of the side that spoke last
	// WithHead says that stub data of responses begins with the eight bytes before it, as in Suricata over TCP.
	WithHead bool
	// Ifaces are those of the connection. Valid during events.
	Ifaces *Interfaces
}

// Reset makes c ready for another call.
func (c *Call) Reset() {
	req, res := c.Req.Stub[:0], c.Res.Stub[:0]
	if cap(req) > keepStub {
		req = nil
	}
	if cap(res) > keepStub {
		res = nil
	}
	*c = Call{Req: Side{Stub: req}, Res: Side{Stub: res}}
}

// Clone makes a deep copy.
func (c *Call) Clone() Call {
	n := *c
	n.Req.Stub, n.Res.Stub = bytes.Clone(c.Req.Stub), bytes.Clone(c.Res.Stub)
	if c.Ifaces != nil {
		n.Ifaces = &Interfaces{list: slices.Clone(c.Ifaces.list)}
	}
	return n
}

func (s *Side) add(stub []byte) {
	s.Frags++
	s.Size += len(stub)
	if n := MaxStub - len(s.Stub); n > 0 {
		s.Stub = append(s.Stub, stub[:min(n, len(stub))]...)
	}
}

// Take reads a PDU whose header is h; body is what follows it. ok is false where it is malformed.
func (c *Call) Take(h *Header, body []byte, ifaces *Interfaces) (ok bool) {
	c.ID, c.Minor, c.Little, c.Ifaces = h.CallID, h.Minor, h.Little, ifaces
	s := &c.Req
	if h.Type.Response() {
		s = &c.Res
	}
	s.Type, s.Seen, ok = h.Type, true, true
	switch h.Type {
	case Request:
		var context, opnum uint16
		var stub []byte
		if context, opnum, stub, ok = h.request(body); ok {
			c.Context, c.Opnum = context, opnum
			s.add(stub)
		}
	case Response:
		if ok = len(body) >= responseHead; ok && !c.WithHead {
			body = body[responseHead:]
		}
		s.add(body)
	case Bind, AlterContext:
		s.Frags++
		ok = ifaces.bind(h, body)
	case BindAck, AlterContextResp:
		s.Frags++
		ok = ifaces.acknowledge(h, body)
	case BindNak:
		ifaces.refuse(h.CallID)
	default:
		ok = h.Type <= lastType
	}
	s.Done = s.Done || h.Flags&LastFrag != 0 || h.Type != Request && h.Type != Response || !ok
	return ok
}

// Interface is the accepted one that a request is made on, nil for none.
func (c *Call) Interface() *Interface {
	if !c.Req.Seen || c.Req.Type != Request || c.Ifaces == nil {
		return nil
	}
	if i := c.Ifaces.of(c.Context); i != nil && i.accepted() {
		return i
	}
	return nil
}

// Asked gives the interfaces that a bind asks for, by their place.
func (c *Call) Asked(n int) *Interface {
	if c.Ifaces == nil || !c.Req.Seen || c.Req.Type != Bind && c.Req.Type != AlterContext {
		return nil
	}
	for i := range c.Ifaces.list {
		if x := &c.Ifaces.list[i]; x.call == c.ID {
			if n == 0 {
				return x
			}
			n--
		}
	}
	return nil
}

// eveTypes writes what the request, or the answer, was.
func (c *Call) eveTypes(w *jsonw.Writer, request bool) {
	if request {
		w.Key("request")
		if c.Req.Seen {
			w.Str(c.Req.Type.String())
		} else {
			w.Str("REQUEST_LOST")
		}
		return
	}
	w.Key("response")
	if c.Res.Seen {
		w.Str(c.Res.Type.String())
	} else {
		w.Str("UNREPLIED")
	}
}

// EVE writes the members that records of calls have. opnumBeside says that the number of the procedure stands beside the object
// of the request, as in records of SMB, and that reasons are shown.
func (c *Call) EVE(w *jsonw.Writer, opnumBeside bool) {
	c.eveTypes(w, true)
	c.eveTypes(w, false)
	if c.Req.Seen && c.Req.Type == Request {
		if opnumBeside {
			w.Key("opnum")
			w.Uint(uint64(c.Opnum))
		}
		w.Open("req")
		if !opnumBeside {
			w.Key("opnum")
			w.Uint(uint64(c.Opnum))
		}
		c.Req.eve(w)
	}
	c.eveInterfaces(w, opnumBeside)
	if c.Res.Seen && c.Res.Type == Response {
		w.Open("res")
		c.Res.eve(w)
	}
}

func (s *Side) eve(w *jsonw.Writer) {
	w.Key("frag_cnt")
	w.Int(int64(s.Frags))
	w.Key("stub_data_size")
	w.Int(int64(s.Size))
	w.End()
}

// eveInterfaces writes the interface of a request, or those that a bind asks for.
func (c *Call) eveInterfaces(w *jsonw.Writer, reasons bool) {
	if c.Ifaces == nil || !c.Req.Seen || c.Req.Type != Request && c.Req.Type != Bind {
		return
	}
	open := false
	for i := range c.Ifaces.list {
		x := &c.Ifaces.list[i]
		if c.Req.Type == Request && x.Context != c.Context || c.Req.Type == Bind && x.call != c.ID {
			continue
		}
		if !open {
			w.OpenArray("interfaces")
			open = true
		}
		w.Object()
		w.Key("uuid")
		w.Bytes(x.UUID())
		w.Key("version")
		var text [12]byte
		w.Bytes(strconv.AppendUint(append(strconv.AppendUint(text[:0], uint64(x.Major), 10), '.'), uint64(x.Minor), 10))
		if x.Acked {
			w.Key("ack_result")
			w.Uint(uint64(x.Result))
			if reasons && c.Req.Type == Bind {
				w.Key("ack_reason")
				w.Uint(uint64(x.Reason))
			}
		}
		w.End()
	}
	if open {
		w.EndArray()
	}
}
