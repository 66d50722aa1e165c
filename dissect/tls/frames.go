package tls

import "github.com/luanids/luanids/dissect"

// Frames, in the order of the Spec.
const (
	frPDU = iota
	frHeader
	frData
	frAlert
	frHeartbeat
	frSSL2Header
	frSSL2PDU
)

var frames = []string{"pdu", "hdr", "data", "alert", "heartbeat", "ssl2.hdr", "ssl2.pdu"}

// passesOver tells whether the content of a record is encrypted, so that nobody waits for the whole of it.
func (p *parser) passesOver(kind byte, dir dissect.Dir) bool {
	return kind == recApplication || kind == recHandshake && p.conn.ccs[dir] && !(p.conn.Retry && !p.conn.Server.Seen)
}

// frames shows a record with n bytes of content, of which data has the header and what is at hand of the rest.
func (p *parser) frames(c *dissect.Ctx, kind byte, data []byte, n int) {
	c.Frame(frPDU, data, int64(headerLen+n), &p.conn)
	c.Frame(frHeader, data[:headerLen], headerLen, &p.conn)
	c.Frame(frData, data[headerLen:], int64(n), &p.conn)
	switch kind {
	case recAlert:
		c.Frame(frAlert, data[headerLen:], int64(n), &p.conn)
	case recHeartbeat:
		c.Frame(frHeartbeat, data[headerLen:], int64(n), &p.conn)
	}
}
