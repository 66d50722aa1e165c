package eve

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// framePayload caps the bytes of a frame that a record shows, as payload-buffer-size does for streams.
const framePayload = 4 << 10

// Frame appends the record of a frame.
func (x *Encoder) Frame(dst []byte, e *dissect.Env) []byte {
	w := x.begin(dst)
	x.header(w, &Head{Type: "frame", Time: e.Time, Pkt: e.Pkt, Flow: e.Flow, Dir: e.Dir})
	if e.Flow != nil && e.Flow.App != nil {
		w.Key("app_proto")
		w.Str(e.Flow.App.Name)
	}
	x.frame(w, e)
	return x.finish()
}

// frame writes the object of the frame that e is about, if it is about one.
func (x *Encoder) frame(w *jsonw.Writer, e *dissect.Env) {
	f := e.Frame
	if f == nil {
		return
	}
	w.Open("frame")
	w.Key("type")
	w.Str(f.Name())
	w.Key("id")
	w.Uint(f.ID)
	w.Key("direction")
	if e.Dir == dissect.ToServer {
		w.Str("toserver")
	} else {
		w.Str("toclient")
	}
	if f.Offset >= 0 {
		w.Key("stream_offset")
		w.Int(f.Offset)
	}
	w.Key("length")
	w.Int(f.Len)
	w.Key("complete")
	w.Bool(f.Complete)
	data := f.Data[:min(len(f.Data), framePayload)]
	w.Key("payload")
	w.Base64(data)
	w.Key("payload_printable")
	w.Printable(data)
	txNumber(w, e)
	w.End()
}
