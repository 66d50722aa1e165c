package smtp

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/mime"
)

// Carried reads mails that another protocol carries (POP3), with the settings of SMTP's. Their events are those of mails here, with the
// message that carries them; files have both.
type Carried struct {
	tx      Tx
	conn    conn
	mime    mime.Parser
	spec    *dissect.Spec // of SMTP
	of      *dissect.Spec // of the protocol that carries mails
	carrier dissect.Numbered
	gapped  bool
	limits  *dissect.Limits
	config  config
}

// NewCarried makes a reader of the mails that protocol of carries; spec declares SMTP.
func NewCarried(spec, of *dissect.Spec) *Carried {
	m := &Carried{spec: spec, of: of}
	m.mime.OnHeaders = func(c *dissect.Ctx) { m.emit(c, evEmail) }
	return m
}

// Begin begins a mail of the message carrier. It tells whether mails are looked into at all.
func (m *Carried) Begin(c *dissect.Ctx, carrier dissect.Numbered) bool {
	if m.limits != c.Limits {
		m.limits, m.config = c.Limits, loadConfig(c.Limits)
	}
	if m.config.raw || m.config.blind {
		return false
	}
	m.carrier, m.gapped = carrier, false
	m.tx.conn = &m.conn
	m.tx.reset(carrier.TxID())
	m.mime.Begin(&m.config.mime, &m.tx)
	m.tx.mail = &m.mime.Message
	return true
}

// Line takes a line of the mail as mime.Parser does.
func (m *Carried) Line(c *dissect.Ctx, line []byte, eol int) {
	old := m.carry(c)
	m.mime.Line(c, line, eol)
	c.Carrier = old
}

// Flush hands on what is decoded.
func (m *Carried) Flush(c *dissect.Ctx) {
	old := m.carry(c)
	m.mime.Flush(c)
	c.Carrier = old
}

// Gap says that bytes are missing; the line in which that is goes on.
func (m *Carried) Gap(c *dissect.Ctx) {
	m.gapped = true
	old := m.carry(c)
	m.mime.Gap(c)
	c.Carrier = old
}

// End ends the mail: state and why are for files that are not complete.
func (m *Carried) End(c *dissect.Ctx, state dissect.FileState, why string) {
	old := m.carry(c)
	m.mime.End(c, state, why)
	c.Carrier = old
	c.As(m.spec)
	countMailCaps(c, m.mime.Cut)
	c.As(m.of)
	m.tx.complete = state == dissect.FileClosed && !m.gapped
	m.emit(c, evBody)
	m.carrier = nil
}

// Reset gives up memory beyond what ordinary mails need.
func (m *Carried) Reset() {
	m.mime.Reset()
	m.tx.reset(0)
	m.carrier = nil
}

// carry makes events tell of the carrier, and gives what they told of before.
func (m *Carried) carry(c *dissect.Ctx) (old any) {
	old, c.Carrier = c.Carrier, m.carrier
	return old
}

func (m *Carried) emit(c *dissect.Ctx, ev dissect.Local) {
	old := m.carry(c)
	c.As(m.spec)
	c.EmitDir(ev, &m.tx, dissect.ToClient)
	c.As(m.of)
	c.Carrier = old
}
