package nfs

import "github.com/luanids/luanids/dissect"

const (
	v2Handle = 32 // bytes of a handle of version 2
	attrLen2 = 68 // bytes of attributes of version 2 (RFC 1094 section 2.3.5), and where in them the size is
	sizeAt2  = 20
	attrLen3 = 84 // bytes of attributes of version 3 (RFC 1813 section 2.6)
)

// as3 gives the procedure of version 3 that does what one of version 2 does, 0 for those that are not looked into. As in Suricata, files
// written with version 2 are not put together.
func as3(proc uint32) uint32 {
	switch proc {
	case v2Getattr:
		return v3Getattr
	case v2Lookup:
		return v3Lookup
	case v2Read:
		return v3Read
	case v2Create:
		return v3Create
	case v2Remove:
		return v3Remove
	case v2Rename:
		return v3Rename
	case v2Mkdir:
		return v3Mkdir
	case v2Rmdir:
		return v3Rmdir
	}
	return 0
}

// handle reads a handle.
func (r *xdr) handle(vers uint32) []byte {
	if vers == 2 {
		return r.take(v2Handle)
	}
	return r.opaque(maxHandle)
}

// request3 takes the arguments of a call of version 2 or 3.
func (p *parser) request3(c *dissect.Ctx, h *header, w *call, r *xdr) {
	proc := h.proc
	if h.vers == 2 {
		proc = as3(proc)
	}
	if w.sealed {
		proc = 0
	} else {
		r.unwrapped(h.service)
	}
	var handle, name, to []byte
	switch proc {
	case v3Lookup:
		r.handle(h.vers)
		name = r.opaque(maxName)
	case v3Access, v3Getattr, v3ReaddirPlus:
		handle = r.handle(h.vers)
		name = dissect.Text(p.names[string(handle)])
	case v3Create, v3Mkdir, v3Remove, v3Rmdir:
		handle, name = r.handle(h.vers), r.opaque(maxName)
	case v3Rename:
		handle, name = r.handle(h.vers), r.opaque(maxName)
		r.handle(h.vers)
		to = r.opaque(maxName)
	case v3Read:
		w.handle = append(w.handle, r.handle(h.vers)...)
		if w.off = uint64(0); h.vers == 2 {
			w.off = uint64(r.u32())
		} else {
			w.off = r.u64()
		}
		if !r.bad {
			p.readBegins(c, h, w, h.proc)
		}
		return
	case v3Write:
		p.write3(c, h, r)
		return
	case v3Commit:
		if handle = r.handle(h.vers); !r.bad {
			p.commit(c, h.xid, handle)
		}
		return
	}
	t := p.begin(c)
	t.by(h)
	t.sealed = w.sealed
	t.handle, t.name, t.to = append(t.handle, handle...), append(t.name, name...), append(t.to, to...)
	w.tx = t
	w.name = append(w.name, name...)
	c.Emit(evRequest, t)
}

func (p *parser) write3(c *dissect.Ctx, h *header, r *xdr) {
	handle := r.handle(h.vers)
	off := r.u64()
	r.u32()
	stable := r.u32()
	if data, missing := r.content(); !r.bad {
		p.write(c, h, h.proc, handle, off, data, missing, stable)
	}
}

// reply3 takes the results of a call of version 2 or 3.
func (p *parser) reply3(c *dissect.Ctx, w *call, r *xdr) {
	proc := w.proc
	if w.vers == 2 {
		proc = as3(proc)
	}
	if w.proc == 0 || w.sealed { // NULL has no results
		return
	}
	r.unwrapped(w.service)
	status := r.u32()
	if w.tx != nil {
		w.tx.status = status
	}
	switch {
	case proc == v3Read:
		p.read3(c, w, r, status)
	case status != 0:
	case proc == v3Lookup, proc == v3Create:
		if proc == v3Create && w.vers == 3 && r.u32() == 0 {
			return
		}
		handle := r.handle(w.vers)
		p.learn(c, handle, w.name)
		if t := w.tx; t != nil && len(t.handle) == 0 {
			t.handle = append(t.handle, handle...)
		}
	case proc == v3ReaddirPlus:
		p.listing(c, r)
	}
	if r.bad && p.dirs[dissect.ToClient].skip == 0 {
		c.Anomaly(anMalformed, w.tx)
	}
}

func (p *parser) read3(c *dissect.Ctx, w *call, r *xdr, status uint32) {
	if status != 0 {
		p.readFailed(c, w, status)
		return
	}
	var size uint64
	eof := false
	if w.vers == 2 {
		attr := xdr{b: r.take(attrLen2)}
		attr.take(sizeAt2)
		size = uint64(attr.u32())
	} else {
		if r.u32() != 0 {
			r.take(attrLen3)
		}
		r.u32()
		eof = r.u32() != 0
	}
	data, missing := r.content()
	if r.bad {
		return
	}
	if w.vers == 2 {
		eof = w.off+uint64(len(data)+missing) == size
	}
	p.read(c, w, status, data, missing, eof)
}

// listing learns the names of handles in the results of READDIRPLUS (RFC 1813 section 3.3.17).
func (p *parser) listing(c *dissect.Ctx, r *xdr) {
	if r.u32() != 0 {
		r.take(attrLen3)
	}
	r.u64() // verifier
	for !r.bad && r.u32() != 0 {
		r.u64()
		name := r.opaque(maxName)
		r.u64()
		if r.u32() != 0 {
			r.take(attrLen3)
		}
		if r.u32() != 0 {
			if handle := r.handle(3); !r.bad {
				p.learn(c, handle, name)
			}
		}
	}
}
