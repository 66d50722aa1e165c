package smb

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// header2 is the length of the header of SMB 2 and 3, bytes.
const header2 = 64

// parseHeader2 reads a header ([MS-SMB2] section 2.2.1); b has header2 bytes or more.
func parseHeader2(b []byte) header {
	flags := le32(b[16:])
	h := header{version: 2, cmd: le16(b[12:]), status: le32(b[8:]), response: flags&1 != 0, related: flags&4 != 0,
		next: int(le32(b[20:])), msg: le64(b[24:]), session: le64(b[40:]), unicode: true}
	if flags&2 == 0 { // else an asynchronous answer has a number there
		h.tree = le32(b[36:])
	}
	return h
}

// command2 takes a command of SMB 2.
func (p *parser) command2(c *dissect.Ctx, dir dissect.Dir, d *direction, data []byte) int {
	if d.msg < header2 {
		p.malformed(c, nil)
		d.left = d.msg
		return p.rest(c, d, data)
	}
	if len(data) < header2 {
		c.Need(header2)
		return 0
	}
	h := parseHeader2(data)
	total := d.msg
	if h.next >= header2 && h.next < total {
		total = h.next
	}
	if h.response != (dir == dissect.ToClient) {
		n := anRequestToClient
		if h.response {
			n = anResponseToServer
		}
		p.anomaly(c, n, nil)
		return d.skip(total, len(data))
	}
	p.relate(d, &h)
	bulk, ready := p.bulk2(c, &h, data, total)
	switch {
	case !ready:
		return 0
	case bulk:
		return p.transfer2(c, dir, d, &h, data, total)
	case !header2Suffices(&h) && !whole(c, data, total):
		return 0
	}
	body := data[header2:min(len(data), total, maxCommand)]
	p.frames2(c, d, data, total)
	if h.response {
		p.response2(c, &h, body)
	} else {
		p.request2(c, d, &h, body)
	}
	return d.skip(total, len(data))
}

// relate gives a command that is chained to the one before it the session and tree of that.
func (p *parser) relate(d *direction, h *header) {
	if h.related {
		if h.session == ^uint64(0) {
			h.session = d.last.session
		}
		if h.tree == ^uint32(0) {
			h.tree = d.last.tree
		}
	} else {
		d.last.id, d.last.name = fuid{}, d.last.name[:0]
	}
	d.last.session, d.last.tree = h.session, h.tree
}

// header2Suffices tells whether nothing behind the header of a command is looked at.
func header2Suffices(h *header) bool {
	switch h.cmd {
	case cmd2Negotiate, cmd2TreeConnect, cmd2Create, cmd2Ioctl:
		return false
	case cmd2SessionSetup, cmd2Close, cmd2Read, cmd2Write, cmd2SetInfo:
		return h.response
	}
	return true
}

// allOnes is the handle of a chained command: the one that the command before it opened.
var allOnes = func() (id fuid) {
	for i := range id {
		id[i] = 0xff
	}
	return
}()

// request2 takes a request of which all that matters is in body.
func (p *parser) request2(c *dissect.Ctx, d *direction, h *header, body []byte) {
	ok, before := true, p.begun
	switch h.cmd {
	case cmd2Negotiate:
		ok = p.negotiate2(c, h, body)
	case cmd2SessionSetup:
		t := p.begin(c, kSession, h)
		if ok = len(body) >= 24; ok {
			t.login(c, body[24:])
		}
		p.request(c, t)
	case cmd2TreeConnect:
		ok = p.treeConnect2(c, h, body)
	case cmd2TreeDisconnect:
		p.request(c, p.begin(c, kGeneric, h))
		p.dropTree(h.session, h.tree)
	case cmd2Create:
		ok = p.create2(c, d, h, body)
	case cmd2Close:
		if ok = len(body) >= 24; ok {
			id := fuid(body[8:24])
			p.closeHandle(c, id, dissect.ToServer)
			p.closeHandle(c, id, dissect.ToClient)
		}
		p.request(c, p.begin(c, kGeneric, h))
	case cmd2Read:
		ok = p.read2(c, h, body)
	case cmd2SetInfo:
		ok = p.setInfo2(c, d, h, body)
	case cmd2Ioctl:
		ok = p.ioctl2(c, h, body)
	case cmd2GetInfo, cmd2Write:
	default:
		p.request(c, p.begin(c, kGeneric, h))
	}
	if !ok {
		p.malformedRequest(c, h, before)
	}
}

func (p *parser) negotiate2(c *dissect.Ctx, h *header, body []byte) bool {
	if len(body) < 36 {
		return false
	}
	t := p.begin(c, kNegotiate, h)
	t.hasClient, t.clientGUID = true, [16]byte(body[12:28])
	for i := range min(int(le16(body[2:])), maxDialects) {
		if b := part(body, 36+2*i, 2); b != nil {
			t.dialects = append(t.dialects, dissect.Text(dialectName(le16(b))))
		}
	}
	p.request(c, t)
	return true
}

// maxDialects is how many dialects that a client offers are kept.
const maxDialects = 64

func (p *parser) treeConnect2(c *dissect.Ctx, h *header, body []byte) bool {
	t := p.begin(c, kTree, h)
	t.share, t.pipe = t.share[:0], false
	ok := len(body) >= 8
	if ok {
		path := part(body, int(le16(body[4:]))-header2, int(le16(body[6:])))
		if ok = path != nil; ok {
			t.name = appendUTF16(t.name, path)
		}
	}
	p.tree = t
	p.request(c, t)
	return ok
}

func (p *parser) create2(c *dissect.Ctx, d *direction, h *header, body []byte) bool {
	t := p.begin(c, kCreate, h)
	ok := len(body) >= 56
	if ok {
		options := le32(body[40:])
		t.options = createOptions{access: le32(body[24:]), disposition: le32(body[36:]), deleteOnClose: options&0x1000 != 0, directory: options&1 != 0}
		name := part(body, int(le16(body[44:]))-header2, int(le16(body[46:])))
		t.name = appendUTF16(t.name, name)
		ok = name != nil
	}
	d.last.name = append(d.last.name[:0], t.name...)
	p.request(c, t)
	return ok
}

func (p *parser) read2(c *dissect.Ctx, h *header, body []byte) bool {
	if len(body) < 32 {
		return false
	}
	n := le32(body[4:])
	if p.conn.maxRead != 0 && n > p.conn.maxRead || p.maxRead != 0 && n > p.maxRead {
		p.anomaly(c, anReadRequest, nil)
		return true
	}
	p.addRead(read{h.session, h.msg, cmd2Read, fuid(body[16:32]), le64(body[8:]), h.tree})
	return true
}

// setInfo2 takes a change of a file's name, or the wish to delete it ([MS-FSCC] sections 2.4.42 and 2.4.11).
func (p *parser) setInfo2(c *dissect.Ctx, d *direction, h *header, body []byte) bool {
	if len(body) < 32 {
		return false
	}
	info := part(body, int(le16(body[8:]))-header2, int(le32(body[4:])))
	class, level := body[2], body[3]
	if class != 1 || level != 10 && level != 13 {
		return info != nil
	}
	id := fuid(body[16:32])
	name, known := p.names.get(id)
	if !known && id == allOnes && len(d.last.name) > 0 {
		name, known = d.last.name, true
	}
	if !known {
		name = unknownName
	}
	k := kSetInfo
	if level == 10 {
		k = kRename
	}
	t := p.begin(c, k, h)
	t.name, t.fuid, t.fuidLen, t.subcmd, t.level = append(t.name, name...), id, 16, uint16(class), uint16(level)
	ok := len(info) >= 1
	switch {
	case ok && level == 13:
		t.options.deleteOnClose = info[0]&1 != 0
	case ok:
		var text []byte
		if len(info) >= 20 {
			text = part(info, 20, int(le32(info[16:])))
		}
		ok = text != nil
		t.newName = appendUTF16(t.newName, text)
	}
	p.request(c, t)
	return ok
}

var unknownName = []byte("<unknown>")

// pipeTransceive is the IOCTL that writes to a pipe and reads the answer.
const pipeTransceive = 0x0011c017

func (p *parser) ioctl2(c *dissect.Ctx, h *header, body []byte) bool {
	if len(body) < 56 {
		p.request(c, p.begin(c, kGeneric, h))
		return false
	}
	function, id := le32(body[4:]), fuid(body[8:24])
	data := part(body, int(le32(body[24:]))-header2, int(le32(body[28:])))
	if function == pipeTransceive && p.isRPC(id, data) {
		p.addRead(read{h.session, h.msg, cmd2Ioctl, id, 0, h.tree})
		p.toPipe(c, h, id, data)
		return true
	}
	t := p.begin(c, kIoctl, h)
	t.function = function
	p.request(c, t)
	return true
}

// response2 takes a response of which all that matters is in body.
func (p *parser) response2(c *dissect.Ctx, h *header, body []byte) {
	good := h.status == statusSuccess
	t, ok := p.find(h), true
	switch {
	case h.cmd == cmd2Read:
		p.unread2(c, h)
		return
	case h.cmd == cmd2Ioctl && p.ioctlAnswer(c, h, body):
		return
	case t == nil && h.cmd == cmd2Negotiate:
		// An answer in SMB 2 to an offer in SMB 1 has its own number.
		for _, x := range p.open {
			if x.kind == kNegotiate {
				t = x
				break
			}
		}
	}
	if h.cmd == cmd2Negotiate {
		ok = p.agreed2(c, t, h, body)
	}
	if t == nil {
		return
	}
	switch {
	case h.cmd == cmd2SessionSetup:
		t.session, t.tree = h.session, h.tree
	case h.cmd == cmd2TreeConnect && good:
		if ok = len(body) >= 16; ok {
			t.shareType, t.tree = body[2], h.tree
			t.pipe = t.shareType == 2
			p.addTree(h.session, h.tree, t.name, t.pipe)
			t.share = append(t.share[:0], t.name...)
		}
	case h.cmd == cmd2Create && good:
		ok = p.created2(t, body)
	}
	if !ok {
		p.malformed(c, t)
	}
	p.answer(c, t, h)
}

// agreed2 reads the server's answer to an offer of dialects.
func (p *parser) agreed2(c *dissect.Ctx, t *Tx, h *header, body []byte) bool {
	if h.status != statusSuccess {
		return true
	}
	if len(body) < 40 {
		return false
	}
	p.conn.dialect, p.conn.maxRead, p.conn.maxWrite = le16(body[4:]), le32(body[32:]), le32(body[36:])
	if p.maxRead != 0 && p.conn.maxRead > p.maxRead {
		p.anomaly(c, anNegotiateRead, t)
	}
	if p.maxWrit != 0 && p.conn.maxWrite > p.maxWrit {
		p.anomaly(c, anNegotiateWrite, t)
	}
	if t != nil {
		t.hasServer, t.serverGUID = true, [16]byte(body[8:24])
	}
	return true
}

func (p *parser) created2(t *Tx, body []byte) bool {
	if len(body) < 80 {
		return false
	}
	t.times = times{unixTime(le64(body[8:])), unixTime(le64(body[16:])), unixTime(le64(body[24:])), unixTime(le64(body[32:]))}
	t.size, t.fuid, t.fuidLen = le64(body[48:]), fuid(body[64:80]), 16
	p.names.put(t.fuid, t.name)
	return true
}

// unread2 takes an answer to a read that brings nothing.
func (p *parser) unread2(c *dissect.Ctx, h *header) {
	if h.status == statusPending {
		return
	}
	r, ok := p.takeRead(h, cmd2Read)
	if !ok {
		return
	}
	if t := p.fileTx(r.id, dissect.ToClient); t != nil && h.status == statusEndOfFile {
		t.setStatus(h)
		p.endFile(c, t, dissect.FileClosed, "")
	}
}

// ioctlAnswer takes what a pipe answered; false: it is none.
func (p *parser) ioctlAnswer(c *dissect.Ctx, h *header, body []byte) bool {
	if h.status == statusPending {
		return false
	}
	r, ok := p.takeRead(h, cmd2Ioctl)
	if !ok {
		return false
	}
	if h.status != statusSuccess && h.status != statusBufferOverflow || len(body) < 48 {
		if t := p.find(h); t != nil {
			p.answer(c, t, h)
		}
		return true
	}
	p.fromPipe(c, h, r.id, part(body, int(le32(body[32:]))-header2, int(le32(body[36:]))))
	return true
}

// sameBytes tells whether two names are the same, in any case.
func sameBytes(a []byte, b string) bool { return bytes.EqualFold(a, []byte(b)) }
