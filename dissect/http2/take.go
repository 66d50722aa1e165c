package http2

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/http"
)

// take looks at a frame other than DATA; payload is all of it, or its beginning.
func (p *parser) take(c *dissect.Ctx, s *side, h frameHeader, payload []byte) {
	if h.id == 0 && h.typ != tyHeaders && h.typ != tyPushPromise && h.typ != tyContinuation {
		p.control(c, s.dir, h, payload)
		return
	}
	switch h.typ {
	case tyHeaders, tyPushPromise:
		p.headers(c, s, h, payload)
		return
	case tyContinuation:
		p.continuation(c, s, h, payload)
		return
	}
	st := p.find(h.id)
	if st == nil && p.past(s, h.id) && h.typ != tyRstStream {
		return // a late frame about a stream that is over, which is allowed (RFC 9113 section 5.1)
	}
	if st == nil {
		st = p.open(c, h.id)
	}
	p.note(c, st, s.dir, h, payload)
	p.use(c, st)
	st.EmitFrame(c, s.dir)
	if h.typ == tyRstStream {
		p.reset(c, st, s.dir)
	}
}

// reset ends what a side says in a stream. The other side's message may still come, as it was under way: so a few such streams are
// kept for it.
func (p *parser) reset(c *dissect.Ctx, st *stream, dir dissect.Dir) {
	st.Abort(c, dir, "reset")
	if st.Tx() == nil {
		p.forget(st)
		return
	}
	if st.reset {
		return
	}
	st.reset = true
	if p.resets = append(p.resets, st); len(p.resets) > maxReset {
		p.cut(c, p.resets[0], "reset")
	}
}

// maxReset is how many streams that one side has reset are kept, of a connection.
const maxReset = 16

// past tells whether a stream has been opened before.
func (p *parser) past(s *side, id uint32) bool {
	by := dissect.ToServer
	if id%2 == 0 {
		by = dissect.ToClient
	}
	return id <= p.sides[by].highest
}

// opened notes that a side has opened a stream.
func (p *parser) opened(by dissect.Dir, id uint32) {
	p.sides[by].highest = max(p.sides[by].highest, id)
}

// control takes a frame on the connection itself: a transaction of its own.
func (p *parser) control(c *dissect.Ctx, dir dissect.Dir, h frameHeader, payload []byte) {
	tx := http.NewControl(c.NextTxID())
	p.frameNotes(c, nil, &tx.HTTP2.Frames[dir], h, payload)
	c.As(p.specs.http2)
	http.EmitControl(c, tx, dir)
	tx.Release()
}

// note notes a frame of a stream.
func (p *parser) note(c *dissect.Ctx, st *stream, dir dissect.Dir, h frameHeader, payload []byte) {
	n := &st.Tx().HTTP2.Frames[dir]
	if n.Count >= p.cfg.maxFrames {
		p.raise(c, st, anTooManyFrames)
	}
	p.frameNotes(c, st, n, h, payload)
}

// frameNotes notes what a frame says.
func (p *parser) frameNotes(c *dissect.Ctx, st *stream, n *http.FrameNotes, h frameHeader, b []byte) {
	n.AddType(h.typ)
	want, ok := 0, true
	switch h.typ {
	case tyPriority:
		if want, ok = priorityLen, len(b) >= priorityLen; ok {
			n.Priorities = http.Note(n.Priorities, b[4])
		}
	case tyRstStream:
		if want, ok = 4, len(b) >= 4; ok {
			n.Errors = http.Note(n.Errors, binary.BigEndian.Uint32(b))
		}
	case tyGoAway:
		if want, ok = h.length, len(b) >= 8; ok {
			n.Errors = http.Note(n.Errors, binary.BigEndian.Uint32(b[4:]))
		}
	case tyWindowUpdate:
		if want, ok = 4, len(b) >= 4; ok {
			n.Windows = http.Note(n.Windows, binary.BigEndian.Uint32(b)&0x7fffffff)
		}
	case tySettings:
		want = h.length / settingLen * settingLen
		for ; len(b) >= settingLen; b = b[settingLen:] {
			n.Settings = http.Note(n.Settings, http.Setting{ID: binary.BigEndian.Uint16(b), Value: binary.BigEndian.Uint32(b[2:])})
		}
	default:
		return
	}
	if !ok || h.length != want {
		p.raise(c, st, anFrameLength)
	}
}

// assume begins stream 1 with the request that the connection was upgraded with (RFC 7540 section 3.2), whose events HTTP/1.1 had.
func (p *parser) assume(c *dissect.Ctx, u *http.Upgraded) {
	if u.HasSettings {
		var b [512]byte
		n, err := base64.RawURLEncoding.Decode(b[:], u.Settings[:min(len(u.Settings), len(b))])
		if err != nil || n%settingLen != 0 {
			p.raise(c, nil, anHTTP1Settings)
		} else {
			p.control(c, dissect.ToServer, frameHeader{typ: tySettings, length: n}, b[:n])
		}
	}
	st := p.open(c, 1)
	p.opened(dissect.ToServer, 1)
	st.Assume(c, u)
}
