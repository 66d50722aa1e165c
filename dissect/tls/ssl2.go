package tls

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// SSLv2 message types (draft-hickman-netscape-ssl-00).
const (
	v2Error       = 0
	v2ClientHello = 1
	v2ServerHello = 4
	v2Last        = 8
)

// record2 takes an SSLv2 record. Old clients sent their hello so even where they offered SSLv3
// or TLS (RFC 5246 appendix E.2).
func (p *parser) record2(c *dissect.Ctx, dir dissect.Dir, s *side, data []byte) (used, need int) {
	if len(data) < 3 {
		return 0, 3
	}
	n := int(data[0]&0x7f)<<8 | int(data[1])
	kind := data[2]
	if data[0]&0x80 == 0 || n == 0 || kind > v2Last {
		if s.started {
			s.dead = true // the conversation is encrypted
			return 0, 0
		}
		c.Anomaly(anSSL2Header, &p.conn)
		c.Failed()
		s.dead = true
		return 0, 0
	}
	if len(data) < 2+n {
		return 0, 2 + n
	}
	s.started = true
	c.Frame(frSSL2Header, data[:3], 3, &p.conn)
	c.Frame(frSSL2PDU, data[:2+n], int64(2+n), &p.conn)
	body := data[3 : 2+n]
	switch kind {
	case v2Error:
		c.Anomaly(anError, &p.conn)
	case v2ClientHello:
		if dir == dissect.ToServer && !p.conn.Client.Seen {
			p.clientHello2(c, s, body)
		}
	case v2ServerHello:
		s.v2 = true
		if dir == dissect.ToClient && !p.conn.Server.Seen {
			p.serverHello2(c, body)
		}
	default:
		s.v2 = true
	}
	return 2 + n, 0
}

// clientHello2 reads VERSION, the lengths of CIPHER-SPECS, SESSION-ID and CHALLENGE, and those.
func (p *parser) clientHello2(c *dissect.Ctx, s *side, body []byte) {
	h := &p.conn.Client
	h.reset()
	if len(body) > 1<<15 {
		return
	}
	h.body = append(h.body, body...)
	cur := cursor{b: h.body}
	h.Legacy = uint16(cur.u16())
	h.Version = h.Legacy
	specs, id, challenge := cur.u16(), cur.u16(), cur.u16()
	if cur.bad {
		c.Anomaly(anRecord, &p.conn)
		return
	}
	h.Seen = true
	s.v2 = h.Legacy == VersionSSL2
	for list := cur.part(specs); list.left() >= 3 && len(h.Ciphers) < maxList; {
		if high := list.u8(); high == 0 {
			h.Ciphers = append(h.Ciphers, uint16(list.u16()))
		} else {
			list.u16() // an SSLv2 cipher
		}
	}
	if at := cur.skip(id); !cur.bad {
		h.sessionID = slice{uint16(at), uint16(id)}
	}
	if at := cur.skip(challenge); !cur.bad && challenge <= len(h.Random) {
		copy(h.Random[len(h.Random)-challenge:], h.body[at:at+challenge])
	}
	p.conn.took(stepClientHello)
	p.emitHello(c, evClientHello, dissect.ToServer)
}

// serverHello2 reads SESSION-ID-HIT, CERTIFICATE-TYPE, VERSION, three lengths and the certificate.
func (p *parser) serverHello2(c *dissect.Ctx, body []byte) {
	h := &p.conn.Server
	h.reset()
	if len(body) < 10 {
		c.Anomaly(anRecord, &p.conn)
		return
	}
	h.Seen = true
	h.Legacy = binary.BigEndian.Uint16(body[2:])
	h.Version = h.Legacy
	n := int(binary.BigEndian.Uint16(body[4:]))
	p.conn.took(stepServerHello)
	p.emitHello(c, evServerHello, dissect.ToClient)
	if n > 0 && n <= len(body)-10 {
		ch := &p.conn.chains[dissect.ToClient]
		ch.reset()
		ch.buf = buffers.Get().(*buffer)
		ch.buf.b = append(ch.buf.b[:0], body[10:10+n]...)
		p.certificate(c, dissect.ToClient, ch.buf.b)
		ch.certs, ch.count = append(ch.certs, span{0, uint32(n)}), 1
		c.EmitDir(evCertificate, &p.conn, dissect.ToClient)
	}
	p.done(c)
}
