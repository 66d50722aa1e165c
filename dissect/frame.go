package dissect

import (
	"fmt"
	"unsafe"
)

// Frame is a piece of a protocol as it was sent: a whole message, or a part of one such as its header. It is what
// Suricata's keyword frame looks at. Valid during the event.
type Frame struct {
	Spec *Spec
	Kind int    // index in Spec.Frames
	Data []byte // what is at hand of it; fewer bytes than Len where the end is missing or too much came
	Len  int64  // bytes of the frame on the wire, at least len(Data)
	// Complete says that all of the frame was seen and is in Data.
	Complete bool
	// ID counts the frames of a flow's direction from 1.
	ID uint64
	// Behind is how many bytes lay between its beginning and the end of what the parser had at hand; -1 where that is not known. Offset is
	// where it begins in the stream, -1 for unknown; the engine's.
	Behind, Offset int64
}

// Name is the frame's kind as Suricata calls it: "request.headers".
func (f *Frame) Name() string { return f.Spec.Frames[f.Kind] }

// MaxFrame is how many bytes of a frame protocols keep that do not have it in one piece.
const MaxFrame = 64 << 10

// FrameEvent declares the event of a protocol's frames; its number goes into Spec.FrameEvent.
func FrameEvent(name string) Event {
	return Event{Name: name, Doc: "a piece of the protocol as it was sent (frame)", Any: true, Phase: framePhase}
}

// framePhase is past all phases of messages: frames are no part of a message's life.
const framePhase = 100

// FrameFields declares a field for each kind of frame of a protocol: PROTOCOL.frame.KIND.
func FrameFields(event string, kinds []string) []Field {
	list := make([]Field, len(kinds))
	for i, kind := range kinds {
		list[i] = Field{Name: event + "." + kind, Type: TBytes, Event: event,
			Doc: "bytes of the frame " + kind + " as sent, up to 64 KiB", Bytes: func(e *Env) []byte {
				if e.Frame == nil || e.Frame.Kind != i {
					return nil
				}
				return e.Frame.Data
			}}
	}
	return list
}

// WantsFrames tells whether anybody looks at frames: only then parsers make them.
func (c *Ctx) WantsFrames() bool { return c.Limits != nil && c.Limits.Frames }

// Frame emits a frame in the direction being parsed; n is its length on the wire. Frames belong to the message tx, nil for none.
func (c *Ctx) Frame(kind int, data []byte, n int64, tx any) {
	if !c.WantsFrames() || len(data) == 0 {
		return
	}
	c.frame = Frame{Spec: c.spec, Kind: kind, Data: data, Len: n, Complete: n == int64(len(data)), Behind: c.behind(data), Offset: -1}
	c.showFrame(tx)
}

// PieceFrame emits the frame that was gathered in p, and ends with the bytes that were added last.
func (c *Ctx) PieceFrame(kind int, p *Piece, tx any) {
	if !c.WantsFrames() || len(p.Data) == 0 {
		return
	}
	c.frame = Frame{Spec: c.spec, Kind: kind, Data: p.Data, Len: p.N, Complete: p.N == int64(len(p.Data)), Behind: -1, Offset: -1}
	if b := c.behind(p.last); b >= 0 && p.call == c.calls {
		c.frame.Behind = b - int64(len(p.last)) + p.N
	}
	c.showFrame(tx)
}

// behind tells how many bytes of the input lie behind the beginning of b, -1 if b is not part of it.
func (c *Ctx) behind(b []byte) int64 {
	if cap(c.input) == 0 || cap(b) == 0 {
		return -1
	}
	from, at := uintptr(unsafe.Pointer(unsafe.SliceData(c.input))), uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	if at < from || at > from+uintptr(len(c.input)) {
		return -1
	}
	return int64(len(c.input)) - int64(at-from)
}

// showFrame emits c.frame.
func (c *Ctx) showFrame(tx any) {
	data, n := c.frame.Data, c.frame.Len
	if len(data) == MaxFrame && n > MaxFrame {
		c.FramesCut++
	}
	if c.Flow != nil {
		c.Flow.Frames[c.Dir]++
		c.frame.ID = c.Flow.Frames[c.Dir]
	}
	oldTx := c.Tx
	c.Tx, c.Env.Frame = tx, &c.frame
	c.Host.Emit(c.spec, c.spec.FrameEvent, &c.Env)
	c.Tx, c.Env.Frame = oldTx, nil
}

// Piece gathers the bytes of a frame that comes in several segments. The zero value is empty.
type Piece struct {
	Data []byte
	N    int64  // bytes that came, also those past MaxFrame
	last []byte // what was added in call number call
	call uint64
}

// Add appends bytes, up to MaxFrame.
func (p *Piece) Add(b []byte) {
	p.N += int64(len(b))
	if room := MaxFrame - len(p.Data); room > 0 {
		p.Data = AppendKept(p.Data, b[:min(room, len(b))], MaxFrame)
	}
}

// AddInput appends bytes of the input of the call at hand, up to MaxFrame.
func (p *Piece) AddInput(c *Ctx, b []byte) {
	p.last, p.call = b, c.calls
	p.Add(b)
}

// Gap notes that n bytes did not come: like Suricata's, the piece says so where they would be.
func (p *Piece) Gap(n int) {
	count := p.N + int64(n)
	p.Add(fmt.Appendf(nil, "[%d bytes missing]", n))
	p.N = count
}

// Reset empties the piece; large memory is given back.
func (p *Piece) Reset() {
	if cap(p.Data) > keepPending {
		p.Data = nil
	}
	p.Data, p.N, p.last = p.Data[:0], 0, nil
}
