package tls

import (
	"github.com/luanids/luanids/dissect"
)

// Handshake message types (RFC 8446 section 4, RFC 5246 section 7.4).
const (
	hsHelloRequest       = 0
	hsClientHello        = 1
	hsServerHello        = 2
	hsNewSessionTicket   = 4
	hsHelloRetryRequest  = 6 // drafts of TLS 1.3
	hsCertificate        = 11
	hsServerKeyExchange  = 12
	hsCertificateRequest = 13
	hsServerHelloDone    = 14
	hsCertificateVerify  = 15
	hsClientKeyExchange  = 16
	hsFinished           = 20
	hsCertificateURL     = 21
	hsCertificateStatus  = 22
)

const hsHeader = 4

// handshake takes the bytes of a handshake record: messages may share a record or span several.
func (p *parser) handshake(c *dissect.Ctx, dir dissect.Dir, s *side, b []byte) {
	alone := len(b) < hsHeader
	if alone {
		p.tinyHeader(c, s, true)
	}
	for len(b) > 0 {
		if s.hsSkip > 0 {
			n := min(s.hsSkip, len(b))
			s.hsSkip -= n
			b = b[n:]
			continue
		}
		if s.hs != nil {
			b = p.collect(c, dir, s, b)
			continue
		}
		if len(b) >= hsHeader {
			n := msgLen(b)
			if !needed(b[0]) || n > maxHandshake {
				p.note(c, dir, b[0], n)
				s.hsSkip = n
				b = b[hsHeader:]
				continue
			}
			if len(b) >= hsHeader+n {
				p.message(c, dir, b[0], b[hsHeader:hsHeader+n])
				b = b[hsHeader+n:]
				continue
			}
		}
		if len(b) < hsHeader {
			p.tinyHeader(c, s, alone)
		}
		s.hs = buffers.Get().(*buffer)
		s.hs.b = append(s.hs.b[:0], b...)
		return
	}
}

// tinyHeader tells, once a side, of a message's header in pieces: of one that fills a record alone, or that is behind other messages.
func (p *parser) tinyHeader(c *dissect.Ctx, s *side, alone bool) {
	if s.tiny {
		return
	}
	s.tiny = true
	c.Anomaly(anRecord, &p.conn)
	if !alone {
		c.Anomaly(anHandshake, &p.conn)
	}
}

// collect adds to a message that began in an earlier record, and returns what is left of b.
func (p *parser) collect(c *dissect.Ctx, dir dissect.Dir, s *side, b []byte) []byte {
	for len(s.hs.b) < hsHeader && len(b) > 0 {
		s.hs.b = append(s.hs.b, b[0])
		b = b[1:]
	}
	if len(s.hs.b) < hsHeader {
		return nil
	}
	kind, n := s.hs.b[0], msgLen(s.hs.b)
	if !needed(kind) || n > maxHandshake {
		p.note(c, dir, kind, n)
		s.hsSkip = n - (len(s.hs.b) - hsHeader)
		s.drop()
		return b
	}
	take := min(hsHeader+n-len(s.hs.b), len(b))
	s.hs.b = append(s.hs.b, b[:take]...)
	if len(s.hs.b) == hsHeader+n {
		hs := s.hs
		s.hs = nil
		p.message(c, dir, kind, hs.b[hsHeader:])
		buffers.Put(hs)
	}
	return b[take:]
}

func msgLen(b []byte) int { return int(b[1])<<16 | int(b[2])<<8 | int(b[3]) }

// needed tells the messages whose content is looked at.
func needed(kind byte) bool {
	return kind == hsClientHello || kind == hsServerHello || kind == hsCertificate
}

// note takes the messages of which only the type matters.
func (p *parser) note(c *dissect.Ctx, dir dissect.Dir, kind byte, n int) {
	switch kind {
	case hsClientHello, hsServerHello, hsCertificate:
		c.Anomaly(anHandshakeLength, &p.conn)
	case hsCertificateRequest:
		if dir == dissect.ToClient {
			p.conn.CertRequested = true
		}
	case hsServerKeyExchange:
		p.conn.took(stepServerKeyx)
		c.EmitDir(evStep, &p.conn, dir)
	case hsClientKeyExchange:
		p.conn.took(stepClientKeyx)
		c.EmitDir(evStep, &p.conn, dir)
	case hsServerHelloDone:
		if dir == dissect.ToClient && p.conn.Server.Seen && !p.conn.CertRequested {
			p.done(c)
		}
	case hsHelloRequest, hsNewSessionTicket, hsCertificateVerify, hsFinished, hsCertificateURL,
		hsCertificateStatus, hsHelloRetryRequest:
	default:
		c.Anomaly(anHandshake, &p.conn)
	}
}

// message takes a whole handshake message.
func (p *parser) message(c *dissect.Ctx, dir dissect.Dir, kind byte, body []byte) {
	switch kind {
	case hsClientHello:
		if dir == dissect.ToServer && !p.conn.Client.Seen {
			p.clientHello(c, body)
		}
	case hsServerHello:
		if dir == dissect.ToClient && !p.conn.Server.Seen {
			p.serverHello(c, body)
		}
	case hsCertificate:
		if !p.conn.modern() && p.conn.chains[dir].count == 0 {
			p.certificates(c, dir, body)
		}
	}
}

func (p *parser) clientHello(c *dissect.Ctx, body []byte) {
	t := &p.conn
	p.fault(c, t.Client.Parse(body, false))
	if !t.Client.Seen {
		return
	}
	t.took(stepClientHello)
	if c.Limits == nil || c.Limits.JA3 {
		t.ja3 = t.Client.AppendJA3(t.ja3[:0], false)
		t.ja3Hash = appendMD5(t.ja3Hash[:0], t.ja3)
	}
	if c.Limits == nil || c.Limits.JA4 {
		t.ja4, p.scratch = t.Client.AppendJA4(t.ja4[:0], 't', p.scratch)
	}
	p.setOrigin(c)
	p.emitHello(c, evClientHello, dissect.ToServer)
}

func (p *parser) serverHello(c *dissect.Ctx, body []byte) {
	t := &p.conn
	if len(body) >= 34 && [32]byte(body[2:34]) == helloRetryRandom {
		t.Retry = true
		return
	}
	p.fault(c, t.Server.Parse(body, true))
	if !t.Server.Seen {
		return
	}
	t.took(stepServerHello)
	if c.Limits == nil || c.Limits.JA3 {
		t.ja3s = t.Server.AppendJA3(t.ja3s[:0], true)
		t.ja3sHash = appendMD5(t.ja3sHash[:0], t.ja3s)
	}
	p.emitHello(c, evServerHello, dissect.ToClient)
}

// emitHello reports a hello: as a step, as that of either side, and as that of its sender.
func (p *parser) emitHello(c *dissect.Ctx, ev dissect.Local, dir dissect.Dir) {
	c.EmitDir(evStep, &p.conn, dir)
	c.EmitDir(evHello, &p.conn, dir)
	c.EmitDir(ev, &p.conn, dir)
}

func (p *parser) fault(c *dissect.Ctx, f Fault) {
	switch f {
	case FaultLength:
		c.Anomaly(anHandshakeLength, &p.conn)
	case FaultSNITwice:
		c.Anomaly(anSNITwice, &p.conn)
	case FaultSNIType:
		c.Anomaly(anSNIType, &p.conn)
	case FaultSNILength:
		c.Anomaly(anSNILength, &p.conn)
	}
}

// certificates takes a Certificate message (RFC 5246 section 7.4.2): the first one that
// decodes is described, all are kept until the handshake was reported.
func (p *parser) certificates(c *dissect.Ctx, dir dissect.Dir, body []byte) {
	ch := &p.conn.chains[dir]
	cur := cursor{b: body}
	n := cur.u8()<<16 | cur.u16()
	if cur.bad || n > cur.left() {
		c.Anomaly(anCertLength, &p.conn)
		n = cur.left()
	}
	ch.reset()
	ch.buf = buffers.Get().(*buffer)
	ch.buf.b = append(ch.buf.b[:0], body[cur.pos:cur.pos+n]...)
	for b, off := ch.buf.b, 0; off < len(b); {
		if len(b)-off < 3 {
			c.Anomaly(anCert, &p.conn)
			break
		}
		n := int(b[off])<<16 | int(b[off+1])<<8 | int(b[off+2])
		if off += 3; n > len(b)-off {
			c.Anomaly(anCert, &p.conn)
			break
		}
		p.certificate(c, dir, b[off:off+n])
		ch.certs = append(ch.certs, span{uint32(off), uint32(n)})
		off += n
	}
	ch.count = len(ch.certs)
	if ch.count > 0 {
		c.EmitDir(evCertificate, &p.conn, dir)
	}
	if dir == dissect.ToServer {
		p.done(c)
	}
}

func (p *parser) certificate(c *dissect.Ctx, dir dissect.Dir, der []byte) {
	cert := p.conn.Cert(dir)
	if cert.Seen {
		return
	}
	if an := cert.parse(der); an >= 0 {
		c.Anomaly(an, &p.conn)
	}
	if len(cert.sans) == maxSANs {
		c.Anomaly(anTooManySANs, &p.conn)
	}
}

// heart is the state of the heartbeat extension (RFC 6520).
type heart struct {
	inflight bool
	from     dissect.Dir // who asked
	length   int         // of an encrypted request, 0 for none
}

// heartbeat checks heartbeats for the attack on OpenSSL that became known as Heartbleed
// (CVE-2014-0160): in the clear a request that claims more payload than it has, encrypted an
// answer that is longer than its request.
func (p *parser) heartbeat(c *dissect.Ctx, dir dissect.Dir, b []byte) {
	if len(b) < 3 {
		return
	}
	encrypted := p.conn.ccs[0] || p.conn.ccs[1]
	if !encrypted && b[0] != 1 && b[0] != 2 {
		c.Anomaly(anHeartbeatBad, &p.conn)
		return
	}
	h := &p.heart
	switch {
	case !h.inflight:
		h.inflight, h.from, h.length = true, dir, 0
		if encrypted {
			h.length = len(b)
			return
		}
		payload := int(b[1])<<8 | int(b[2])
		const minPadding = 16
		switch padding := len(b) - 3 - payload; {
		case padding < 0:
			c.Anomaly(anHeartbeatOverflow, &p.conn)
		case padding < minPadding:
			c.Anomaly(anHeartbeatBad, &p.conn)
		}
	case h.from == dir: // several at once
		c.Anomaly(anHeartbeatBad, &p.conn)
	default:
		if encrypted && h.length > 0 && h.length < len(b) {
			c.Anomaly(anHeartbeatLeak, &p.conn)
		}
		*h = heart{}
	}
}
