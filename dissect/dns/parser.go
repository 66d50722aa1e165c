package dns

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// Events of the protocol, in the order of the Spec.
const (
	evMessage dissect.Local = iota
	evRequest
	evResponse
	evFrame
)

// frames are the kinds of frames: a message without the length before it that it has over TCP.
var frames = []string{"pdu"}

// Anomalies, in the order of the Spec.
const (
	anMalformed = iota
	anNotRequest
	anNotResponse
	anZ
	anOpcode
	anNameTooLong
	anLoop
	anLabels
	anAdditionals
	anAuthorities
)

var anomalies = []string{
	anMalformed:   "malformed_data",
	anNotRequest:  "not_request",
	anNotResponse: "not_response",
	anZ:           "z_flag_set",
	anOpcode:      "invalid_opcode",
	anNameTooLong: "name_too_long",
	anLoop:        "infinite_loop",
	anLabels:      "too_many_labels",
	anAdditionals: "invalid_additionals",
	anAuthorities: "invalid_authorities",
}

// firstBadOpcode and all above it are unassigned (IANA dns-parameters).
const firstBadOpcode = 7

// keepArena is the largest arena that Reset keeps, in bytes.
const keepArena = 16 << 10

type parser struct {
	mdns bool
	msg  Message
	// lost says by direction that message boundaries are unknown: what comes is looked at
	// only once it begins as a message does.
	lost [2]bool
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if c.Flow != nil && c.Flow.Key.Proto == packet.ProtoUDP {
		p.message(c, dir, data)
		return len(data)
	}
	return p.stream(c, dir, data)
}

// stream takes messages with their length prefix (RFC 1035 section 4.2.2, RFC 7766).
func (p *parser) stream(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if p.lost[dir] {
		if v := probeTCP(dir, data, true); v != dissect.Yes {
			if v == dissect.More {
				return 0
			}
			return len(data)
		}
		p.lost[dir] = false
	}
	n := 0
	for len(data)-n >= 2 {
		size := int(binary.BigEndian.Uint16(data[n:]))
		if len(data)-n < 2+size {
			c.Need(2 + size)
			return n
		}
		if size > 0 && !p.message(c, dir, data[n+2:n+2+size]) {
			p.lost[dir] = true
			return len(data)
		}
		n += 2 + size
	}
	if len(data) > n {
		c.Need(2)
	}
	return n
}

// message takes one message and tells whether it was one.
func (p *parser) message(c *dissect.Ctx, dir dissect.Dir, data []byte) bool {
	m := &p.msg
	if !m.parseHeader(data) || !m.plausible(len(data)) || !m.Parse(data) {
		c.Anomaly(anMalformed, nil)
		c.Failed()
		return false
	}
	response := m.Response
	if !p.mdns {
		if dir == dissect.ToServer && response {
			c.Anomaly(anNotRequest, nil)
			return false
		}
		m.Response = dir == dissect.ToClient
	}
	m.Number = c.NextTxID()
	if m.Response && !response {
		c.Anomaly(anNotResponse, m)
	}
	oddities(c, m)
	c.Frame(0, data, int64(len(data)), m)
	c.Emit(evMessage, m)
	if m.Response {
		c.Emit(evResponse, m)
	} else {
		c.Emit(evRequest, m)
	}
	return true
}

func oddities(c *dissect.Ctx, m *Message) {
	if m.bad[Additionals] {
		c.Anomaly(anAdditionals, m)
	}
	if m.bad[Authorities] {
		c.Anomaly(anAuthorities, m)
	}
	if m.Flags&FlagZ != 0 {
		c.Anomaly(anZ, m)
	}
	if m.Opcode() >= firstBadOpcode {
		c.Anomaly(anOpcode, m)
	}
	if m.nameBad == 0 {
		return
	}
	if m.nameBad&nameTruncated != 0 {
		c.Anomaly(anNameTooLong, m)
	}
	if m.nameBad&nameLoop != 0 {
		c.Anomaly(anLoop, m)
	}
	if m.nameBad&nameLabels != 0 {
		c.Anomaly(anLabels, m)
	}
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) { p.lost[dir] = true }

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.lost = [2]bool{}
	p.msg.raw = nil
	if cap(p.msg.arena) > keepArena {
		p.msg.arena = nil
	}
}
