package ike

import (
	"math/bits"

	"github.com/luanids/luanids/dissect"
)

type parser struct {
	m     Message
	begun bool
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.m.trim()
	p.m.reset()
	p.m.forget()
	p.begun = false
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	m := &p.m
	if !p.begun {
		m.forget()
		p.begun = true
	}
	b := behind(data)
	if len(b) == len(data) && c.Flow != nil && (c.Flow.Key.SrcPort == natPort || c.Flow.Key.DstPort == natPort) {
		return len(data) // ESP, or a packet that keeps an address translation alive (RFC 3948 section 2)
	}
	m.reset()
	if len(b) < headerLen || b[17]>>4 != 1 && b[17]>>4 != 2 {
		c.Failed()
		c.Anomaly(anMalformed, nil)
		return len(data)
	}
	if !m.parse(b, dir) {
		c.Failed()
		m.raise(anMalformed)
	}
	m.id = c.NextTxID()
	for raised := m.raised; raised != 0; raised &= raised - 1 {
		c.Anomaly(bits.TrailingZeros32(raised), m)
	}
	c.Emit(evMessage, m)
	return len(data)
}

// natPort is where both IKE and ESP are sent to when there is an address translation between (RFC 3948).
const natPort = 4500
