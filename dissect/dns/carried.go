package dns

import "github.com/luanids/luanids/dissect"

// ReadCarried reads a message that another protocol carries (DNS over HTTPS), and tells whether it is one of that side. data
// must stay as it is for as long as the message is used.
func (m *Message) ReadCarried(data []byte, response bool) bool {
	if !m.parseHeader(data) || !m.plausible(len(data)) || !m.Parse(data) || m.Response != response {
		return false
	}
	m.Number = 0
	m.MatchState.Reset()
	return true
}

// EmitCarried emits the events of a message read by ReadCarried, as those of the protocol spec (DNS). It has the number of
// its carrier.
func (m *Message) EmitCarried(c *dissect.Ctx, spec *dissect.Spec, carrier dissect.Numbered) {
	c.As(spec)
	oldDir, old := c.Dir, c.Carrier
	c.Dir, c.Carrier, m.Number = dissect.ToServer, carrier, carrier.TxID()
	ev := evRequest
	if m.Response {
		c.Dir, ev = dissect.ToClient, evResponse
	}
	oddities(c, m)
	c.Emit(evMessage, m)
	c.Emit(ev, m)
	c.Dir, c.Carrier = oldDir, old
}

// Trim gives up the memory of a message that nobody uses any more, within reason.
func (m *Message) Trim() {
	m.raw = nil
	if cap(m.arena) > keepArena {
		m.arena = nil
	}
}
