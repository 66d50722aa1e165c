package dnp3

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// write is the Spec's EVE function, with the members of Suricata's dnp3 records. What was never complete has none.
func write(w *jsonw.Writer, e *dissect.Env) {
	if m, ok := e.Tx.(*Message); ok && m.done {
		w.Open("dnp3")
		m.write(w)
		w.End()
	}
}

// writeContext is the same for alerts, where the message has a member of its own by its direction. Of what is not complete it shows the headers.
func writeContext(w *jsonw.Writer, e *dissect.Env) {
	m, ok := e.Tx.(*Message)
	if !ok {
		return
	}
	w.Open("dnp3")
	if m.dir == dissect.ToServer {
		w.Open("request")
	} else {
		w.Open("response")
	}
	m.write(w)
	w.End()
	w.End()
}

func boolean(w *jsonw.Writer, key string, v bool) {
	w.Key(key)
	w.Bool(v)
}

func put[N byte | uint16 | uint32 | uint64](w *jsonw.Writer, key string, n N) {
	w.Key(key)
	w.Uint(uint64(n))
}

func (m *Message) write(w *jsonw.Writer) {
	w.Key("type")
	w.Str(m.kind())
	w.Open("control")
	boolean(w, "dir", m.link&linkDir != 0)
	boolean(w, "pri", m.link&linkPri != 0)
	boolean(w, "fcb", m.link&linkFCB != 0)
	boolean(w, "fcv", m.link&linkFCV != 0)
	put(w, "function_code", m.link&0x0f)
	w.End()
	put(w, "src", m.src)
	put(w, "dst", m.dst)
	w.Open("application")
	w.Open("control")
	boolean(w, "fir", m.control&appFIR != 0)
	boolean(w, "fin", m.control&appFIN != 0)
	boolean(w, "con", m.control&appCON != 0)
	boolean(w, "uns", m.control&appUNS != 0)
	put(w, "sequence", m.control&appSeq)
	w.End()
	put(w, "function_code", m.function)
	if len(m.objects) > 0 {
		w.OpenArray("objects")
		for i := range m.objects {
			m.writeObject(w, &m.objects[i])
		}
		w.EndArray()
	}
	boolean(w, "complete", m.complete)
	w.End()
	if m.iin != 0 {
		w.Open("iin")
		w.OpenArray("indicators")
		for _, x := range Indicators {
			if m.iin&x.Bit != 0 {
				w.Str(x.Name)
			}
		}
		w.EndArray()
		w.End()
	}
}

func (m *Message) writeObject(w *jsonw.Writer, o *object) {
	w.Object()
	put(w, "group", o.group)
	put(w, "variation", o.variation)
	put(w, "qualifier", o.qualifier)
	put(w, "prefix_code", o.prefix())
	put(w, "range_code", o.rng())
	put(w, "start", o.start)
	put(w, "stop", o.stop)
	put(w, "count", o.count)
	if o.points > 0 {
		w.OpenArray("points")
		r := m.pointsOf(o)
		for p := (point{}); r.i < o.points && r.next(&p); {
			w.Object()
			put(w, "prefix", p.prefix)
			put(w, "index", p.index)
			if o.sized() {
				put(w, "size", p.size)
			}
			if r.lay != nil {
				p.write(w, r.lay)
			}
			w.End()
		}
		w.EndArray()
	}
	w.End()
}

// write writes the values of a point.
func (p *point) write(w *jsonw.Writer, l *layout) {
	if l == attribute {
		p.writeAttribute(w)
		return
	}
	for r := p.values(l); r.next(); {
		it := r.item
		w.Key(it.name)
		switch it.kind {
		case kInt:
			w.Int(r.v.int(it.width))
		case kFloat:
			if f := r.v.float(it.width); math.IsNaN(f) || math.IsInf(f, 0) {
				w.Raw([]byte("null")) // JSON has no number for it
			} else {
				w.Float(f, -1)
			}
		case kText:
			text, _, _ := bytes.Cut(r.v.b, []byte{0})
			w.Bytes(text)
		case kBytes:
			w.Base64(r.v.b)
		default:
			w.Uint(r.v.n)
		}
	}
}

// Types of device attributes (table 4-15).
const (
	attributeText = 1
	attributeUint = 2
	attributeInt  = 3
)

// writeAttribute writes a device attribute by its type.
func (p *point) writeAttribute(w *jsonw.Writer) {
	r := p.values(attribute)
	r.next()
	typ := r.v.n
	put(w, r.item.name, typ)
	r.next()
	put(w, r.item.name, r.v.n)
	r.next()
	w.Key(r.item.name)
	switch b := r.v.b; {
	case typ == attributeText:
		w.Bytes(b)
	case typ == attributeUint && len(b) <= 8:
		var n [8]byte
		copy(n[:], b)
		w.Uint(binary.LittleEndian.Uint64(n[:]))
	case typ == attributeInt && len(b) > 0 && len(b) <= 8:
		var n [8]byte
		copy(n[:], b)
		w.Int(value{n: binary.LittleEndian.Uint64(n[:])}.int(uint8(len(b))))
	default:
		w.Str(hex.EncodeToString(b))
	}
}
