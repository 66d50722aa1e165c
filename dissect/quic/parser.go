package quic

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/tls"
)

// maxDecrypted is how many Initial packets of a flow are decrypted, those included where that fails: a connection has a handful. The
// others are passed over and counted as errors of the parser.
const maxDecrypted = 64

type parser struct {
	tx        Tx
	known     bool   // origin is known
	origin    []byte // the connection id that the client chose first: keys are made from it
	server    []byte // the connection id that the server chose for itself
	version   uint32 // of the last packet that was read
	keys      [2]*keys
	hellos    [2]tls.Hello
	crypto    [2]crypto
	done      [2]bool // the side's hello was read: what follows is encrypted with secret keys
	decrypted int
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.tx.reset()
	p.restart()
	*p = parser{tx: p.tx, origin: p.origin[:0], server: p.server, hellos: p.hellos, crypto: p.crypto}
}

// restart forgets a connection.
func (p *parser) restart() {
	p.keys, p.done, p.known = [2]*keys{}, [2]bool{}, false
	p.server = p.server[:0]
	for d := range p.crypto {
		p.crypto[d].reset()
	}
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {}

// Data implements dissect.Parser: a datagram has one packet or several (RFC 9000 section 12.2).
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	shown := false
	for b := data; len(b) > 0; {
		if p.done[dir] && b[0]&longBit == 0 {
			break // the common case
		}
		h, ok := parseHeader(b)
		if !ok {
			c.Failed()
			break
		}
		if h.kind == Short || p.done[dir] && !p.again(dir, &h) {
			break
		}
		if h.kind == Initial && !h.plain {
			if !p.initial(c, dir, &h, b) {
				break
			}
			b = b[h.size+len(h.payload):]
			continue
		}
		if h.kind == Initial {
			p.tx.begin(c.NextTxID(), dir, &h)
			p.packet(c, dir, h.payload)
		} else if !shown { // its version is all that there is to see
			p.tx.begin(c.NextTxID(), dir, &h)
			c.Emit(evPacket, &p.tx)
			shown = true
		}
		if !h.follows() {
			break
		}
		b = b[h.size+len(h.payload):]
	}
	return len(data)
}

// again tells whether a client's packet after its hello may begin another connection, because of a Retry, of another version or of a
// port that is used again: then its connection id is one that neither side has chosen before, or its version is new.
func (p *parser) again(dir dissect.Dir, h *header) bool {
	return dir == dissect.ToServer && h.kind == Initial && !h.plain &&
		(h.version != p.version || !bytes.Equal(h.dcid, p.origin) && !bytes.Equal(h.dcid, p.server))
}

// initial reads an Initial packet, which b begins with; false: what is behind it cannot be trusted.
func (p *parser) initial(c *dissect.Ctx, dir dissect.Dir, h *header, b []byte) bool {
	if dir == dissect.ToServer && !p.known {
		p.known, p.origin = true, append(p.origin[:0], h.dcid...)
	}
	if saltOf(h.version) == nil || !p.known || len(h.payload) == 0 {
		p.tx.begin(c.NextTxID(), dir, h)
		c.Emit(evPacket, &p.tx) // of a version that nobody can read, or from the middle of a connection
		return true
	}
	if p.decrypted++; p.decrypted > maxDecrypted {
		c.Failed()
		return false
	}
	w := works.Get().(*work)
	defer works.Put(w)
	over := p.done[dir]
	plain, ok := p.open(w, dir, h, b)
	if !ok && over {
		return false // it went on with what it had begun
	}
	p.tx.begin(c.NextTxID(), dir, h)
	if !ok {
		return p.bad(c, anDecrypt)
	}
	p.version = h.version
	if dir == dissect.ToClient {
		p.server = append(p.server[:0], h.scid...)
	}
	return p.packet(c, dir, plain)
}

// open decrypts a packet with the keys of the connection, or else, from a client, as the first one of another connection. Keys depend
// on the version too: the server may prefer another than the client began with (RFC 9368 section 2.3).
func (p *parser) open(w *work, dir dissect.Dir, h *header, b []byte) (plain []byte, ok bool) {
	if !p.done[dir] {
		if k := p.keys[dir]; k == nil || k.version != h.version {
			p.keys[dir] = deriveKeys(h.version, p.origin, dir)
		}
		plain, w.plain, ok = p.keys[dir].open(w.plain, b, h)
	}
	if ok || dir == dissect.ToClient || !p.done[dir] && bytes.Equal(h.dcid, p.origin) {
		return plain, ok
	}
	k := deriveKeys(h.version, h.dcid, dir)
	if plain, w.plain, ok = k.open(w.plain, b, h); ok {
		p.restart()
		p.known, p.origin, p.keys[dir] = true, append(p.origin[:0], h.dcid...), k
	}
	return plain, ok
}

// packet reads what an Initial packet carries.
func (p *parser) packet(c *dissect.Ctx, dir dissect.Dir, plain []byte) bool {
	s := &p.crypto[dir]
	if !p.frames(plain, s, &p.tx) {
		return p.bad(c, anData)
	}
	w := works.Get().(*work)
	defer works.Put(w)
	kind, body, grown, ok := s.hello(w.hello)
	w.hello = grown
	if ok {
		server := dir == dissect.ToClient
		h := &p.hellos[dir]
		if kind != helloType(server) || h.Parse(body, server) == tls.FaultLength && !h.Seen {
			s.reset()
			return p.bad(c, anData)
		}
		p.done[dir] = true
		p.tx.setHello(h)
	}
	if s.tooLong {
		c.Capped(capHello)
		c.Anomaly(anTooLong, &p.tx)
		s.tooLong = false
	}
	c.Emit(evPacket, &p.tx)
	if ok {
		s.reset()
		if p.done[dir.Rev()] {
			p.keys = [2]*keys{} // not needed any more
		}
	}
	return true
}

func helloType(server bool) byte {
	if server {
		return 2
	}
	return 1
}

// bad reports what is wrong with the packet of p.tx.
func (p *parser) bad(c *dissect.Ctx, anomaly int) bool {
	c.Failed()
	c.Anomaly(anomaly, &p.tx)
	c.Emit(evPacket, &p.tx)
	return false
}
