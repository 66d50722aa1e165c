package enip

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// IOSpec declares the datagrams of implicit connections: data that devices produce and consume in cycles (CIP volume 2 section 2-6.2). They
// have no encapsulation header; Suricata does not know them, and no records are written of them.
func IOSpec() *dissect.Spec {
	return &dissect.Spec{
		Name:   "enip-io",
		Doc:    "EtherNet/IP: implicit connections (I/O)",
		Ref:    "ODVA, The CIP Networks Library, volume 2 section 2-6.2",
		UDP:    &dissect.Detect{Ports: []uint16{ioPort}, Probe: probeIO, Server: true},
		New:    func() dissect.Parser { return new(ioParser) },
		Events: []dissect.Event{evDatagram: {Name: onDatagram, Doc: "a datagram of an implicit connection", Any: true, Phase: 1, Final: true}},
		Fields: ioFields(),
		Clone:  func(tx any) any { return tx.(*IO).clone() },
	}
}

// ioPort is where implicit connections go to.
const ioPort = 2222

const (
	onDatagram               = "enip_io.datagram"
	evDatagram dissect.Local = 0
)

// IO is a datagram of an implicit connection.
type IO struct {
	connection, sequence uint32
	data                 []byte
}

func (m *IO) clone() *IO { return &IO{m.connection, m.sequence, bytes.Clone(m.data)} }

// ioHead is what such a datagram begins with: two items, the first with the connection and a sequence number.
const ioHead = "\x02\x00\x02\x80\x08\x00"

// read reads such a datagram; false: it is none.
func (m *IO) read(b []byte) bool {
	const data = 18 // offset
	if len(b) < data || string(b[:len(ioHead)]) != ioHead || le16(b[14:]) != itemConnected || int(le16(b[16:])) != len(b)-data {
		return false
	}
	m.connection, m.sequence, m.data = le32(b[6:]), le32(b[10:]), b[data:]
	return true
}

func probeIO(dir dissect.Dir, b []byte, hint bool) dissect.Verdict {
	if new(IO).read(b) {
		return dissect.Yes
	}
	return dissect.No
}

func ioFields() []dissect.Field {
	return []dissect.Field{
		dissect.Int("enip_io.connection", onDatagram, "number of an implicit connection", func(m *IO) (int64, bool) { return int64(m.connection), true }),
		dissect.Int("enip_io.sequence", onDatagram, "number of the datagram in its connection", func(m *IO) (int64, bool) { return int64(m.sequence), true }),
		dissect.Bin("enip_io.data", onDatagram, "what a device produces or consumes", func(m *IO) []byte { return present(m.data) }),
	}
}

// ioParser shows datagrams as they come.
type ioParser struct{ m IO }

// Data implements dissect.Parser.
func (p *ioParser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if p.m.read(data) {
		c.Emit(evDatagram, &p.m)
		p.m.data = nil
	} else {
		c.Failed()
	}
	return len(data)
}

// Gap implements dissect.Parser.
func (p *ioParser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {}

// End implements dissect.Parser.
func (p *ioParser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {}

// Reset implements dissect.Parser.
func (p *ioParser) Reset() { p.m = IO{} }
