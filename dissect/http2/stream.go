package http2

import (
	"slices"
	"sync"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/http"
)

// stream is a stream that is under way: one transaction.
type stream struct {
	*http.Stream
	id      uint32
	p       *parser
	raised  uint32
	reset   bool // by one side
	held    int  // what it takes, bytes
	doh     bool // it carries DNS
	carried [2]carried
}

var streamPool = sync.Pool{New: func() any {
	st := new(stream)
	st.Stream = http.NewStream(st.odd)
	return st
}}

// odd reports what is wrong with a body.
func (st *stream) odd(c *dissect.Ctx, tx *http.Tx, o http.Oddity) {
	n := anDecompression
	if o == http.BadRange {
		n = anRange
	}
	st.p.raise(c, st, n)
	st.p.use(c, st)
}

// release gives the stream back. Its transaction is over, or nobody hears of it any more.
func (st *stream) release() {
	st.Reset()
	for d := range st.carried {
		st.carried[d].reset()
	}
	st.p, st.id, st.raised, st.doh, st.reset, st.held = nil, 0, 0, false, false, 0
	streamPool.Put(st)
}

// place finds where a stream is, or belongs, among those under way.
func (p *parser) place(id uint32) (int, bool) {
	if n := len(p.streams); n > 0 && p.streams[n-1].id < id { // mostly the latest
		return n, false
	}
	return slices.BinarySearchFunc(p.streams, id, func(st *stream, id uint32) int {
		switch {
		case st.id < id:
			return -1
		case st.id > id:
			return 1
		}
		return 0
	})
}

// find gives a stream that is under way, nil for none.
func (p *parser) find(id uint32) *stream {
	if i, ok := p.place(id); ok {
		return p.streams[i]
	}
	return nil
}

// open gives the stream of an identifier, and begins it if need be.
func (p *parser) open(c *dissect.Ctx, id uint32) *stream {
	i, ok := p.place(id)
	if ok {
		return p.streams[i]
	}
	if len(p.streams) >= p.cfg.maxStreams {
		c.Capped(capStreams)
		p.raise(c, p.streams[0], anTooManyStreams)
		p.cut(c, p.streams[0], "limit")
		i, _ = p.place(id)
	}
	st := streamPool.Get().(*stream)
	st.p, st.id = p, id
	st.Open(c, id)
	p.streams = slices.Insert(p.streams, i, st)
	p.grown(c, st)
	return st
}

// grown notes what a stream takes by now. Where all take too much the oldest end.
func (p *parser) grown(c *dissect.Ctx, st *stream) {
	now := streamCost + st.Held()
	p.held += now - st.held
	for st.held = now; p.held > maxHeld && len(p.streams) > 1; {
		old := p.streams[0]
		if old == st {
			old = p.streams[1]
		}
		c.Capped(capStreams)
		p.raise(c, old, anTooManyStreams)
		p.cut(c, old, "limit")
	}
}

// end ends a side's message of a stream, and the stream with the second.
func (p *parser) end(c *dissect.Ctx, st *stream, dir dissect.Dir) {
	p.carriedEnds(c, st, dir)
	p.use(c, st)
	st.End(c, dir)
	if st.Tx() == nil {
		p.forget(st)
	}
}

// cut ends a stream before its messages are complete.
func (p *parser) cut(c *dissect.Ctx, st *stream, why string) {
	p.use(c, st)
	st.Cut(c, why)
	p.forget(st)
}

func (p *parser) forget(st *stream) {
	if i, ok := p.place(st.id); ok {
		p.streams = slices.Delete(p.streams, i, i+1)
	}
	if st.reset {
		p.resets = slices.DeleteFunc(p.resets, func(x *stream) bool { return x == st })
	}
	p.held -= st.held
	st.release()
}
