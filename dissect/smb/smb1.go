package smb

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// header1 is the length of the header of SMB 1, bytes.
const header1 = 32

// parseHeader1 reads a header ([MS-CIFS] section 2.2.3.1); b has header1 bytes or more.
func parseHeader1(b []byte) header {
	flags2 := le16(b[10:])
	return header{version: 1, cmd: uint16(b[4]), status: le32(b[5:]), response: b[9]&0x80 != 0, dosError: flags2&0x4000 == 0,
		unicode: flags2&0x8000 != 0, tree: uint32(le16(b[24:])), session: uint64(le16(b[26:]))<<16 | uint64(le16(b[28:])), msg: uint64(le16(b[30:]))}
}

// fuid1 is the handle of a FID: it is of the user who opened it.
func fuid1(h *header, fid []byte) (id fuid) {
	id[0], id[1], id[2], id[3] = fid[0], fid[1], byte(h.session), byte(h.session>>8)
	return id
}

// block is a command within a message of SMB 1: its words and bytes.
type block struct {
	cmd   uint8
	words []byte
	data  []byte
	at    int // where data begins in the message
}

// parseBlock reads the block at an offset of a message; what is cut is given as far as it is there.
func parseBlock(m []byte, at int) (b block, ok bool) {
	if at >= len(m) {
		return b, false
	}
	n := 2 * int(m[at])
	b.words = part(m, at+1, n)
	if b.words == nil && n > 0 {
		return b, false
	}
	b.at = min(at+1+n+2, len(m))
	b.data = m[b.at:]
	return b, len(m) >= at+1+n+2
}

// andX tells whether another command may follow one in the same message.
func andX(cmd uint8) bool {
	switch cmd {
	case cmd1Locking, cmd1Open, cmd1Read, cmd1SessionSetup, cmd1Logoff, cmd1TreeConnect, cmd1NTCreate, cmd1WriteAndX:
		return true
	}
	return false
}

// command1 takes a message of SMB 1.
func (p *parser) command1(c *dissect.Ctx, dir dissect.Dir, d *direction, data []byte) int {
	total := d.msg
	if total < header1+3 {
		p.malformed(c, nil)
		d.left = d.msg
		return p.rest(c, d, data)
	}
	if len(data) < header1 {
		c.Need(header1)
		return 0
	}
	h := parseHeader1(data)
	if h.response != (dir == dissect.ToClient) {
		n := anRequestToClient
		if h.response {
			n = anResponseToServer
		}
		p.anomaly(c, n, nil)
		return d.skip(total, len(data))
	}
	if h.cmd == cmd1WriteAndX && !h.response || h.cmd == cmd1Read && h.response && h.status == statusSuccess {
		if n := min(total, header1+maxBlock1); len(data) < n {
			c.Need(n)
			return 0
		}
		if used, ok := p.transfer1(c, dir, d, &h, data, total); ok {
			return used
		}
		if len(data) < min(total, maxCommand) {
			return 0 // a pipe: all of it is needed
		}
	}
	if !whole(c, data, total) {
		return 0
	}
	p.frames1(c, d, data, total)
	p.chain1(c, &h, data[:min(len(data), total, maxCommand)])
	return d.skip(total, len(data))
}

// maxBlock1 is more than the words of a read or write have, with the beginning of its content.
const maxBlock1 = 64

// maxChain is how many commands of one message are looked at.
const maxChain = 16

// chain1 takes the commands of a message.
func (p *parser) chain1(c *dissect.Ctx, h *header, m []byte) {
	cmd, at := uint8(h.cmd), header1
	for range maxChain {
		b, ok := parseBlock(m, at)
		b.cmd = cmd
		h.cmd = uint16(cmd)
		if !ok && len(b.words) == 0 && at >= len(m) {
			p.malformed(c, nil)
			return
		}
		if h.response {
			p.response1(c, h, &b, m)
		} else {
			p.request1(c, h, &b, m)
		}
		if !andX(cmd) || len(b.words) < 4 || b.words[0] == cmd1None {
			return
		}
		next := int(le16(b.words[2:]))
		if next <= at || next >= len(m) {
			return
		}
		cmd, at = b.words[0], next
	}
}

// transfer1 takes a write or the answer to a read whose content may still be coming; false: it is one on a pipe, or malformed.
func (p *parser) transfer1(c *dissect.Ctx, dir dissect.Dir, d *direction, h *header, data []byte, total int) (used int, ok bool) {
	b, _ := parseBlock(data[:min(len(data), total)], header1)
	id, off, at, n, ok := p.place1(h, &b)
	if !ok || at > total || at > maxContentAt || at < header1 {
		return 0, false
	}
	if k := min(total, at+probeBytes); len(data) < k {
		c.Need(k)
		return 0, true
	}
	if p.onPipe(h, id, data[min(at, len(data)):min(len(data), total)]) {
		c.Need(min(total, maxCommand))
		return 0, false
	}
	if h.response {
		p.takeRead(h, cmd1Read)
	}
	p.frames1(c, d, data, total)
	return p.deliver(c, dir, d, h, id, off, data, at, uint64(min(n, total-at)), total), true
}

// place1 reads where the content of a read or write begins in its message, its length, and its place in the file.
func (p *parser) place1(h *header, b *block) (id fuid, off uint64, at, n int, ok bool) {
	w := b.words
	if h.response {
		r := p.peekRead(h, cmd1Read)
		if len(w) < 18 || r == nil {
			return id, 0, 0, 0, false
		}
		return r.id, r.off, int(le16(w[12:])), int(le16(w[10:])) | int(le16(w[14:]))<<16, true
	}
	if len(w) < 24 {
		return id, 0, 0, 0, false
	}
	off = uint64(le32(w[6:]))
	if len(w) >= 28 {
		off |= uint64(le32(w[24:])) << 32
	}
	return fuid1(h, w[4:]), off, int(le16(w[22:])), int(le16(w[20:])) | int(le16(w[18:]))<<16, true
}

// request1 takes a request.
func (p *parser) request1(c *dissect.Ctx, h *header, b *block, m []byte) {
	ok, before := true, p.begun
	switch b.cmd {
	case cmd1Negotiate:
		p.negotiate1(c, h, b)
	case cmd1SessionSetup:
		ok = p.session1(c, h, b)
	case cmd1TreeConnect:
		ok = p.treeConnect1(c, h, b)
	case cmd1NTCreate:
		ok = p.create1(c, h, b)
	case cmd1Read:
		if ok = len(b.words) >= 20; ok {
			off := uint64(le32(b.words[6:]))
			if len(b.words) >= 24 {
				off |= uint64(le32(b.words[20:])) << 32
			}
			p.addRead(read{h.session, h.msg, cmd1Read, fuid1(h, b.words[4:]), off, h.tree})
		}
	case cmd1WriteAndX, cmd1Write, cmd1WriteClose:
		ok = p.write1(c, h, b, m)
	case cmd1Trans:
		ok = p.trans1(c, h, b, m)
	case cmd1Trans2:
		ok = p.trans2(c, h, b, m)
	case cmd1Rename:
		ok = p.rename1(c, h, b)
	case cmd1TreeDisconnect:
		p.request(c, p.begin(c, kGeneric, h))
		p.dropTree(h.session, h.tree)
	case cmd1Close:
		if ok = len(b.words) >= 2; ok {
			id := fuid1(h, b.words)
			p.addRead(read{h.session, h.msg, cmd1Close, id, 0, h.tree})
			p.closeHandle(c, id, dissect.ToServer)
		}
		p.request(c, p.begin(c, kGeneric, h))
	default:
		t := p.begin(c, kGeneric, h)
		p.request(c, t)
		if b.cmd == cmd1NTCancel || b.cmd == cmd1Trans2Secondary || b.cmd == cmd1Locking { // nobody answers
			t.answered = true
			p.finish(c, t)
		}
	}
	if !ok {
		p.malformedRequest(c, h, before)
	}
}

func (p *parser) negotiate1(c *dissect.Ctx, h *header, b *block) {
	for _, t := range p.open {
		if t.kind == kNegotiate && t.version == 1 {
			c.Anomaly(anDuplicateNegotiate, t)
			return
		}
	}
	t := p.begin(c, kNegotiate, h)
	bad := len(b.data) == 0
	for rest := b.data; len(rest) > 0 && len(t.dialects) < maxDialects; {
		d, more, ended := bytes.Cut(rest, []byte{0})
		if !ended {
			break
		}
		if rest = more; len(d) < 2 { // a byte for the format comes first
			bad = true
			continue
		}
		t.dialects = append(t.dialects, bytes.Clone(d[1:min(len(d), maxName)]))
	}
	if bad {
		c.Anomaly(anDialects, t)
	}
	p.request(c, t)
}

// session1 takes a login: with a blob, or as it was before those, with passwords ([MS-SMB] section 2.2.4.6, [MS-CIFS] section 2.2.4.53).
func (p *parser) session1(c *dissect.Ctx, h *header, b *block) bool {
	t := p.begin(c, kSession, h)
	defer func() { p.request(c, t) }()
	skip := 0
	switch w := b.words; {
	case len(w) == 24:
		skip = int(le16(w[14:]))
		blob := part(b.data, 0, skip)
		if blob == nil {
			return false
		}
		t.login(c, blob)
	case len(w) == 26:
		skip = int(le16(w[14:])) + int(le16(w[16:]))
	default:
		return len(w) >= 20
	}
	if skip > len(b.data) {
		return false
	}
	rest, at := b.data[skip:], b.at+skip
	if len(b.words) == 26 { // the account and its domain come first
		for range 2 {
			_, rest, at = cutText(rest, at, h.unicode)
		}
	}
	t.host[0].read(rest, at, h.unicode)
	return true
}

// read reads what a host says of its system.
func (i *hostInfo) read(b []byte, at int, unicode bool) {
	i.seen = true
	text, rest, at := cutText(b, at, unicode)
	i.os = appendText(nil, text, unicode)
	text, _, _ = cutText(rest, at, unicode)
	i.lm = appendText(nil, text, unicode)
}

func (p *parser) treeConnect1(c *dissect.Ctx, h *header, b *block) bool {
	t := p.begin(c, kTree, h)
	t.share, t.pipe = t.share[:0], false
	ok := len(b.words) >= 8
	if ok {
		skip := int(le16(b.words[6:]))
		if ok = skip <= len(b.data); ok {
			path, rest, _ := cutText(b.data[skip:], b.at+skip, h.unicode)
			t.name = appendText(t.name, path, h.unicode)
			service, _, _ := cutText(rest, 0, false)
			t.services[0], t.hasService[0] = bytes.Clone(service[:min(len(service), maxName)]), true
		}
	}
	p.tree = t
	p.request(c, t)
	return ok
}

func (p *parser) create1(c *dissect.Ctx, h *header, b *block) bool {
	t := p.begin(c, kCreate, h)
	ok := len(b.words) >= 48
	if ok {
		w := b.words
		options := le32(w[39:])
		t.options = createOptions{access: le32(w[15:]), disposition: le32(w[35:]), deleteOnClose: options&0x1000 != 0, directory: options&1 != 0}
		name := b.data
		if h.unicode && b.at%2 == 1 && len(name) > 0 {
			name = name[1:]
		}
		name = name[:min(len(name), int(le16(w[5:])))]
		t.name = appendText(t.name, name, h.unicode)
	}
	p.request(c, t)
	return ok
}

func (p *parser) rename1(c *dissect.Ctx, h *header, b *block) bool {
	t := p.begin(c, kRename, h)
	ok := len(b.data) > 2
	if ok {
		old, rest, at := cutText(b.data[1:], b.at+1, h.unicode)
		t.name = appendText(t.name, old, h.unicode)
		if ok = len(rest) > 1; ok {
			fresh, _, _ := cutText(rest[1:], at+1, h.unicode)
			t.newName = appendText(t.newName, fresh, h.unicode)
		}
	}
	p.request(c, t)
	return ok
}
