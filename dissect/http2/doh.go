package http2

import (
	"bytes"
	"encoding/base64"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dns"
)

// carried is the DNS message that one side of a stream carries (RFC 8484).
type carried struct {
	on  bool // the side's body is one
	off bool // it is too long, or bytes are missing
	is  bool // msg is it
	buf []byte
	msg dns.Message
}

// maxDNS is the longest DNS message, bytes.
const maxDNS = 1<<16 - 1

// keepDNS is the largest buffer that reset keeps, bytes.
const keepDNS = 4 << 10

func (d *carried) reset() {
	if cap(d.buf) > keepDNS {
		d.buf = nil
	}
	d.on, d.off, d.is, d.buf = false, false, false, d.buf[:0]
	d.msg.Trim()
}

var mediaType = []byte("application/dns-message")

// isDNS tells whether a Content-Type or Accept field names the media type of DNS messages.
func isDNS(v []byte) bool {
	return len(v) >= len(mediaType) && bytes.EqualFold(v[:len(mediaType)], mediaType) && (len(v) == len(mediaType) || bytes.IndexByte([]byte("; ,"), v[len(mediaType)]) >= 0)
}

// looksForDNS finds out whether a message carries DNS, when its header fields are complete and before anybody hears of them.
func (p *parser) looksForDNS(c *dissect.Ctx, st *stream, dir dissect.Dir) {
	m := st.Tx().Message(dir)
	d := &st.carried[dir]
	d.on = isDNS(m.Header("content-type"))
	found := d.on
	if dir == dissect.ToServer && string(m.Header(":method")) == "GET" {
		d.on = false
		query := queryOf(m.Header(":path"))
		found = query != nil && isDNS(m.Header("accept"))
		if query != nil {
			p.readQuery(c, st, query)
			found = found || d.is
		}
	}
	switch {
	case !found:
	case !c.Become(p.specs.doh2):
		d.on, d.is = false, false
	default:
		st.doh = true
		if d.is {
			st.Tx().HTTP2.Carried = &d.msg
		}
	}
}

// queryOf gives the value of the variable dns of a path (RFC 8484 section 4.1), nil for none.
func queryOf(path []byte) []byte {
	i := bytes.IndexByte(path, '?')
	if i < 0 {
		return nil
	}
	for q := path[i+1:]; len(q) > 0; {
		v, rest, _ := bytes.Cut(q, []byte("&"))
		if name, value, ok := bytes.Cut(v, []byte("=")); ok && string(name) == "dns" {
			return value
		}
		q = rest
	}
	return nil
}

// readQuery reads a question out of a path.
func (p *parser) readQuery(c *dissect.Ctx, st *stream, query []byte) {
	d := &st.carried[dissect.ToServer]
	query = bytes.TrimRight(query, "=")
	if base64.RawURLEncoding.DecodedLen(len(query)) > maxDNS {
		p.raise(c, st, anDNSRequestLong)
		return
	}
	b, err := base64.RawURLEncoding.AppendDecode(d.buf[:0], query)
	d.buf = b
	if d.is = err == nil && d.msg.ReadCarried(d.buf, false); d.is {
		d.msg.Number = st.Tx().TxID()
	}
}

// carriedQuery emits the question that was found in a path.
func (p *parser) carriedQuery(c *dissect.Ctx, st *stream, dir dissect.Dir) {
	if d := &st.carried[dir]; d.is {
		p.emitDNS(c, st, d)
	}
}

// carry takes bytes of a body that is a DNS message.
func (p *parser) carry(c *dissect.Ctx, st *stream, dir dissect.Dir, b []byte) {
	d := &st.carried[dir]
	if !d.on || d.off {
		return
	}
	if len(d.buf)+len(b) > maxDNS {
		d.off = true
		n := anDNSRequestLong
		if dir == dissect.ToClient {
			n = anDNSResponseLong
		}
		p.raise(c, st, n)
		return
	}
	d.buf = append(d.buf, b...)
}

// carriedEnds reads the DNS message that a body was.
func (p *parser) carriedEnds(c *dissect.Ctx, st *stream, dir dissect.Dir) {
	d := &st.carried[dir]
	if !d.on || d.off || st.Ended(dir) || len(d.buf) == 0 {
		return
	}
	if d.is = d.msg.ReadCarried(d.buf, dir == dissect.ToClient); d.is {
		st.Tx().HTTP2.Carried = &d.msg
		p.emitDNS(c, st, d)
	}
}

// emitDNS emits the events of a DNS message.
func (p *parser) emitDNS(c *dissect.Ctx, st *stream, d *carried) {
	tx := st.Tx()
	d.msg.EmitCarried(c, p.specs.dns, tx)
	if d.msg.Muted() {
		tx.Mute()
	}
}
