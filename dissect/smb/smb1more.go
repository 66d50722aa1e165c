package smb

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// write1 takes a write of which all is there: on a pipe, in one of the older forms, or chained to another command.
func (p *parser) write1(c *dissect.Ctx, h *header, b *block, m []byte) bool {
	var id fuid
	var off uint64
	var content []byte
	switch w := b.words; {
	case b.cmd == cmd1WriteAndX:
		_, o, at, n, ok := p.place1(h, b)
		if !ok || at > len(m) {
			return false
		}
		id, off, content = fuid1(h, w[4:]), o, m[at:min(len(m), at+n)]
	case b.cmd == cmd1Write && len(w) >= 10 && len(b.data) >= 3:
		id, off, content = fuid1(h, w), uint64(le32(w[4:])), b.data[3:]
		content = content[:min(len(content), int(le16(b.data[1:])))]
		p.request(c, p.begin(c, kGeneric, h))
	case b.cmd == cmd1WriteClose && len(w) >= 12 && len(b.data) >= 1:
		id, off, content = fuid1(h, w), uint64(le32(w[4:])), b.data[1:]
		content = content[:min(len(content), int(le16(w[2:])))]
		p.request(c, p.begin(c, kGeneric, h))
	default:
		return false
	}
	if p.onPipe(h, id, content) {
		if p.isRPC(id, content) {
			p.toPipe(c, h, id, content)
		}
		return true
	}
	t := p.fileTx(id, dissect.ToServer)
	if t == nil {
		t = p.beginFile(c, h, id, dissect.ToServer, string(unknownName))
	}
	p.content(c, t, off, off, content)
	if b.cmd == cmd1WriteClose {
		p.closeHandle(c, id, dissect.ToServer)
	}
	return true
}

// transaction is what TRANS and TRANS2 carry ([MS-CIFS] section 2.2.4.33).
type transaction struct{ setup, params, data []byte }

func parseTransaction(b *block, m []byte) (x transaction, ok bool) {
	w := b.words
	if len(w) < 28 {
		return x, false
	}
	x.setup = w[28:]
	x.params = part(m, int(le16(w[20:])), int(le16(w[18:])))
	x.data = part(m, int(le16(w[24:])), int(le16(w[22:])))
	return x, true
}

// trans1 takes a write to a pipe that also asks for the answer.
func (p *parser) trans1(c *dissect.Ctx, h *header, b *block, m []byte) bool {
	x, ok := parseTransaction(b, m)
	if !ok {
		return false
	}
	if len(x.setup) < 4 || le16(x.setup) != 0x26 { // TransactNmPipe
		return true
	}
	id := fuid1(h, x.setup[2:])
	if p.isRPC(id, x.data) {
		p.addRead(read{h.session, h.msg, cmd1Trans, id, 0, h.tree})
		p.toPipe(c, h, id, x.data)
	}
	return true
}

// Subcommands of TRANS2, and the levels of information that they may set.
const (
	setPathInfo  = 6
	setFileInfo  = 8
	levelRename  = 1010
	levelDispose = 1013
)

// trans2 takes a change of a file's name, or the wish to delete it.
func (p *parser) trans2(c *dissect.Ctx, h *header, b *block, m []byte) bool {
	x, ok := parseTransaction(b, m)
	if !ok || len(x.setup) < 2 {
		return ok
	}
	sub := le16(x.setup)
	if sub != setPathInfo && sub != setFileInfo {
		return true
	}
	if len(x.params) < 6 {
		return false
	}
	level := le16(x.params)
	if sub == setFileInfo {
		level = le16(x.params[2:])
	}
	if level != levelRename && level != levelDispose {
		return true
	}
	k := kSetInfo
	if level == levelRename {
		k = kRename
	}
	t := p.begin(c, k, h)
	t.subcmd, t.level = sub, level
	if sub == setPathInfo {
		t.name = appendText(t.name, x.params[6:], h.unicode)
	} else {
		t.fuid, t.fuidLen = fuid1(h, x.params), 2
		if name, known := p.names.get(t.fuid); known {
			t.name = append(t.name, name...)
		} else {
			t.name = append(t.name, unknownName...)
		}
	}
	switch {
	case level == levelDispose && len(x.data) >= 1:
		t.options.deleteOnClose = x.data[0]&1 != 0
	case level == levelRename && len(x.data) >= 12:
		name := x.data[12:]
		t.newName = appendText(t.newName, name[:min(len(name), int(le32(x.data[8:])))], h.unicode)
	default:
		ok = false
	}
	p.request(c, t)
	return ok
}

// response1 takes a response.
func (p *parser) response1(c *dissect.Ctx, h *header, b *block, m []byte) {
	good := h.status == statusSuccess
	switch b.cmd {
	case cmd1Read:
		p.readAnswer1(c, h, b, m)
		return
	case cmd1Trans:
		p.transAnswer1(c, h, b, m)
		return
	case cmd1Close:
		if r, ok := p.takeRead(h, cmd1Close); ok {
			p.closeHandle(c, r.id, dissect.ToClient)
		}
	}
	t := p.find(h)
	if t == nil {
		return
	}
	ok := true
	switch {
	case b.cmd == cmd1Negotiate:
		ok = p.agreed1(c, t, b)
	case b.cmd == cmd1SessionSetup:
		t.session, t.tree = h.session, h.tree
		p.sessionAnswer1(t, h, b)
	case b.cmd == cmd1TreeConnect:
		t.tree = h.tree
		if good {
			p.treeAnswer1(t, h, b)
		}
	case b.cmd == cmd1NTCreate && good:
		if ok = len(b.words) >= 63; ok {
			w := b.words
			t.times = times{unixTime(le64(w[11:])), unixTime(le64(w[19:])), unixTime(le64(w[27:])), unixTime(le64(w[35:]))}
			t.size, t.fuid, t.fuidLen = le64(w[55:]), fuid1(h, w[5:]), 2
			p.names.put(t.fuid, t.name)
		}
	}
	if !ok {
		p.malformed(c, t)
	}
	p.answer(c, t, h)
}

// agreed1 reads which of the client's dialects the server chose.
func (p *parser) agreed1(c *dissect.Ctx, t *Tx, b *block) bool {
	if len(b.words) < 2 {
		return true // refused
	}
	if i := int(le16(b.words)); i < len(t.dialects) {
		p.conn.dialect1 = append(p.conn.dialect1[:0], t.dialects[i]...)
	} else {
		c.Anomaly(anDialects, t)
	}
	if len(b.words) >= 34 && len(b.data) >= 16 {
		t.hasServer, t.serverGUID = true, [16]byte(b.data[:16])
	}
	return true
}

func (p *parser) sessionAnswer1(t *Tx, h *header, b *block) {
	skip := 0
	switch len(b.words) {
	case 8:
		skip = int(le16(b.words[6:]))
	case 6:
	default:
		return
	}
	if skip <= len(b.data) {
		t.host[1].read(b.data[skip:], b.at+skip, h.unicode)
	}
}

func (p *parser) treeAnswer1(t *Tx, h *header, b *block) {
	service, _, _ := cutText(b.data, 0, false)
	t.services[1], t.hasService[1] = bytes.Clone(service[:min(len(service), maxName)]), true
	t.pipe = string(service) == "IPC"
	t.share = append(t.share[:0], t.name...)
	p.addTree(h.session, h.tree, t.name, t.pipe)
}

// readAnswer1 takes the answer to a read on a pipe, or one that brings nothing.
func (p *parser) readAnswer1(c *dissect.Ctx, h *header, b *block, m []byte) {
	id, off, at, n, ok := p.place1(h, b)
	p.takeRead(h, cmd1Read)
	if !ok || h.status != statusSuccess && h.status != statusBufferOverflow || at > len(m) {
		return
	}
	content := m[at:min(len(m), at+n)]
	if p.onPipe(h, id, content) {
		if p.isRPC(id, content) {
			p.fromPipe(c, h, id, content)
		}
		return
	}
	t := p.fileTx(id, dissect.ToClient)
	if t == nil {
		t = p.beginFile(c, h, id, dissect.ToClient, "")
	}
	p.content(c, t, off, off, content)
}

// transAnswer1 takes what a pipe answered.
func (p *parser) transAnswer1(c *dissect.Ctx, h *header, b *block, m []byte) {
	r, ok := p.takeRead(h, cmd1Trans)
	if !ok {
		return
	}
	if h.status != statusSuccess && h.status != statusBufferOverflow || len(b.words) < 20 {
		if t := p.find(h); t != nil {
			p.answer(c, t, h)
		}
		return
	}
	if data := part(m, int(le16(b.words[14:])), int(le16(b.words[12:]))); data != nil {
		p.fromPipe(c, h, r.id, data)
	}
}
