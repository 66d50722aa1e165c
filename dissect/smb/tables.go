package smb

// Limits on what a connection remembers; past them the oldest is forgotten.
const (
	maxHandles = 512
	maxTrees   = 256
	maxReads   = 1024
	maxPipes   = 64
)

// handles are the names of open files and pipes.
type handles struct {
	m     map[fuid][]byte
	order []fuid // oldest first; some may be gone
}

func (n *handles) get(id fuid) (name []byte, ok bool) {
	name, ok = n.m[id]
	return
}

func (n *handles) put(id fuid, name []byte) {
	if n.m == nil {
		n.m = map[fuid][]byte{}
	}
	if _, known := n.m[id]; !known {
		for len(n.m) >= maxHandles {
			delete(n.m, n.order[0])
			n.order = n.order[1:]
		}
		if len(n.order) > 2*maxHandles {
			n.compact()
		}
		n.order = append(n.order, id)
	}
	n.m[id] = append([]byte(nil), name...)
}

func (n *handles) compact() {
	kept := make([]fuid, 0, len(n.m)+1)
	for _, id := range n.order {
		if _, known := n.m[id]; known {
			kept = append(kept, id)
		}
	}
	n.order = kept
}

func (n *handles) reset() {
	clear(n.m)
	n.order = n.order[:0]
}

// tree is a share that the client uses.
type tree struct {
	session uint64
	id      uint32
	name    []byte
	pipe    bool
}

func (p *parser) treeOf(session uint64, id uint32) *tree {
	for i := range p.trees {
		if x := &p.trees[i]; x.id == id && x.session == session {
			return x
		}
	}
	return nil
}

func (p *parser) addTree(session uint64, id uint32, name []byte, pipe bool) {
	p.dropTree(session, id)
	if len(p.trees) >= maxTrees {
		p.trees = append(p.trees[:0], p.trees[1:]...)
	}
	p.trees = append(p.trees, tree{session, id, append([]byte(nil), name...), pipe})
}

func (p *parser) dropTree(session uint64, id uint32) {
	for i := range p.trees {
		if p.trees[i].id == id && p.trees[i].session == session {
			p.trees = append(p.trees[:i], p.trees[i+1:]...)
			return
		}
	}
}

// read is a read that was not answered, or another command whose answer does not name the handle.
type read struct {
	session uint64
	msg     uint64
	cmd     uint16
	id      fuid
	off     uint64
	tree    uint32 // an answer that comes late does not name it
}

func (p *parser) addRead(r read) {
	if len(p.reads) >= maxReads {
		p.reads = append(p.reads[:0], p.reads[1:]...)
	}
	p.reads = append(p.reads, r)
}

// peekRead finds what a command asked, without forgetting it.
func (p *parser) peekRead(h *header, cmd uint16) *read {
	for i := range p.reads {
		if r := &p.reads[i]; r.msg == h.msg && r.cmd == cmd && r.session == h.session {
			return r
		}
	}
	return nil
}

func (p *parser) takeRead(h *header, cmd uint16) (r read, ok bool) {
	for i := range p.reads {
		if x := &p.reads[i]; x.msg == h.msg && x.cmd == cmd && x.session == h.session {
			r = *x
			p.reads = append(p.reads[:i], p.reads[i+1:]...)
			return r, true
		}
	}
	return r, false
}
