package nfs

import "github.com/luanids/luanids/dissect"

// Operations of version 4 (RFC 7530 section 16, RFC 8881 section 18).
const (
	opAccess       = 3
	opClose        = 4
	opCommit       = 5
	opCreate       = 6
	opDelegReturn  = 8
	opGetattr      = 9
	opGetFH        = 10
	opLink         = 11
	opLookup       = 15
	opLookupp      = 16
	opOpen         = 18
	opOpenConfirm  = 20
	opPutFH        = 22
	opPutPubFH     = 23
	opPutRootFH    = 24
	opRead         = 25
	opReaddir      = 26
	opReadlink     = 27
	opRemove       = 28
	opRename       = 29
	opRenew        = 30
	opRestoreFH    = 31
	opSaveFH       = 32
	opSetattr      = 34
	opWrite        = 38
	opSequence     = 53
	opReclaimDone  = 58
	opIllegal      = 10044
	maxOperations  = 64
	stateID        = 16 // bytes
	longOpaque     = 4096
	changeInfo     = 20 // bytes of how a folder has changed
	sequenceArgs   = 32
	sequenceResult = 36
)

// attributes passes over attributes.
func (r *xdr) attributes() {
	r.bitmap()
	r.opaque(longOpaque)
}

func (r *xdr) bitmap() {
	n := int(r.u32())
	if n > 16 {
		r.bad = true
		return
	}
	r.take(4 * n)
}

// request4 takes the operations of a call.
func (p *parser) request4(c *dissect.Ctx, h *header, w *call, r *xdr) {
	if w.sealed {
		return
	}
	r.unwrapped(h.service)
	r.opaque(maxName) // tag
	r.u32()
	n := r.u32()
	var handle, name, to []byte
	main := uint32(0)
	for i := uint32(0); i < min(n, maxOperations) && !r.bad; i++ {
		op := r.u32()
		switch op {
		case opPutFH:
			handle = r.opaque(maxHandle)
		case opPutRootFH, opPutPubFH:
			handle = nil
		case opLookup:
			name = r.opaque(maxName)
		case opOpen:
			name = r.openArgs()
		case opCreate, opRemove:
			main = op
			name = r.created(op)
		case opRename:
			main = op
			name, to = r.opaque(maxName), r.opaque(maxName)
		case opRead:
			r.take(stateID)
			w.off = r.u64()
			r.u32()
			if !r.bad && len(w.handle) == 0 && len(handle) > 0 {
				w.handle = append(w.handle, handle...)
				p.readBegins(c, h, w, opRead)
			}
		case opWrite:
			r.take(stateID)
			off, stable := r.u64(), r.u32()
			if data, missing := r.content(); !r.bad && len(handle) > 0 && len(data)+missing > 0 {
				p.write(c, h, opWrite, handle, off, data, missing, stable)
			}
		case opCommit, opClose:
			if op == opCommit {
				r.take(12)
			} else {
				r.take(4 + stateID)
			}
			if !r.bad && len(handle) > 0 {
				p.commit(c, h.xid, handle)
			}
		default:
			if !r.otherArgs(op) {
				i = maxOperations
			}
		}
	}
	w.name = append(w.name, name...)
	if main == 0 {
		return
	}
	t := p.begin(c)
	t.by(h)
	t.proc = main
	t.name, t.to = append(t.name, name...), append(t.to, to...)
	if main == opCreate {
		t.handle = append(t.handle, handle...)
	}
	w.tx = t
	c.Emit(evRequest, t)
}

// created reads the name of what a CREATE or REMOVE is about.
func (r *xdr) created(op uint32) []byte {
	if op == opRemove {
		return r.opaque(maxName)
	}
	switch r.u32() {
	case 5: // a symbolic link
		r.opaque(longOpaque)
	case 3, 4: // devices
		r.u64()
	}
	name := r.opaque(maxName)
	r.attributes()
	return name
}

// openArgs reads the arguments of OPEN, and gives the name (RFC 7530 section 16.16).
func (r *xdr) openArgs() []byte {
	r.take(12)
	r.u64()
	r.opaque(maxName) // owner
	if r.u32() == 1 {
		switch r.u32() {
		case 0, 1:
			r.attributes()
		case 2:
			r.u64()
		case 3:
			r.u64()
			r.attributes()
		}
	}
	switch r.u32() {
	case 0, 3: // by name
		return r.opaque(maxName)
	case 1:
		if len(r.b) >= 4 {
			r.u32()
		}
	case 5:
		r.take(stateID)
	case 2:
		r.take(stateID)
		return r.opaque(maxName)
	}
	return nil
}

// otherArgs passes over the arguments of an operation; false: its arguments are not known.
func (r *xdr) otherArgs(op uint32) bool {
	switch op {
	case opGetFH, opSaveFH, opRestoreFH, opLookupp, opReadlink, opIllegal:
	case opAccess, opReclaimDone:
		r.u32()
	case opGetattr:
		r.bitmap()
	case opSequence:
		r.take(sequenceArgs)
	case opSetattr:
		r.take(stateID)
		r.attributes()
	case opReaddir:
		r.take(24)
		r.bitmap()
	case opOpenConfirm:
		r.take(stateID + 4)
	case opDelegReturn:
		r.take(stateID)
	case opRenew:
		r.u64()
	case opLink:
		r.opaque(maxName)
	default:
		return false
	}
	return true
}

// reply4 takes the results of a call's operations.
func (p *parser) reply4(c *dissect.Ctx, w *call, r *xdr) {
	if w.sealed {
		return
	}
	r.unwrapped(w.service)
	overall := r.u32()
	r.opaque(maxName)
	n := r.u32()
	if t := w.tx; t != nil && !r.bad {
		t.status = overall
	}
	opened := false
	for i := uint32(0); i < min(n, maxOperations) && !r.bad; i++ {
		op, status := r.u32(), r.u32()
		if t := w.tx; t != nil && op == t.proc && !r.bad {
			t.status = status
		}
		if status != 0 {
			if op == opRead {
				p.readFailed(c, w, status)
			}
			return
		}
		switch op {
		case opOpen:
			opened = r.openResult()
			if !opened {
				return
			}
		case opLookup:
			opened = true
		case opGetFH:
			if handle := r.opaque(maxHandle); opened && !r.bad {
				p.learn(c, handle, w.name)
			}
		case opRead:
			eof := r.u32() != 0
			if data, missing := r.content(); !r.bad {
				p.read(c, w, status, data, missing, eof)
			}
		default:
			if !r.otherResult(op) {
				return
			}
		}
	}
}

// readFailed ends a read without content.
func (p *parser) readFailed(c *dissect.Ctx, w *call, status uint32) {
	if t := p.fileTx(w.handle, dissect.ToClient); t != nil && t.chunks == 0 {
		t.status, t.answered = status, true
		p.closeFile(c, t, dissect.FileTruncated, "error")
		p.finishFile(c, t)
	}
}

// openResult passes over the result of OPEN; false: what follows is not found.
func (r *xdr) openResult() bool {
	r.take(stateID + changeInfo + 4)
	r.bitmap()
	switch r.u32() { // delegation
	case 0:
	case 1:
		r.take(stateID + 4)
		r.accessEntry()
	case 2:
		r.take(stateID + 4 + 12)
		r.accessEntry()
	case 3:
		if why := r.u32(); why == 1 || why == 2 {
			r.u32()
		}
	default:
		return false
	}
	return !r.bad
}

func (r *xdr) accessEntry() {
	r.take(12)
	r.opaque(maxName)
}

// otherResult passes over the result of an operation that went well; false: it is not known.
func (r *xdr) otherResult(op uint32) bool {
	switch op {
	case opPutFH, opPutRootFH, opPutPubFH, opSaveFH, opRestoreFH, opLookupp, opRenew, opDelegReturn, opReclaimDone:
	case opSequence:
		r.take(sequenceResult)
	case opAccess, opCommit:
		r.u64()
	case opGetattr:
		r.attributes()
	case opWrite:
		r.take(16)
	case opClose, opOpenConfirm:
		r.take(stateID)
	case opRemove, opLink:
		r.take(changeInfo)
	case opRename:
		r.take(2 * changeInfo)
	case opCreate:
		r.take(changeInfo)
		r.bitmap()
	case opSetattr:
		r.bitmap()
	default:
		return false
	}
	return true
}
