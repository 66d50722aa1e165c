package dcerpc

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// datagramHeader is the length of the header of connectionless PDUs (C706 section 12.5.2), bytes.
const datagramHeader = 80

// Flags of a datagram: it is a fragment, and the last.
const (
	lastOfFragments = 0x02
	isFragment      = 0x04
)

// datagram is the header of a connectionless PDU.
type datagram struct {
	kind     Type
	flags    uint8
	little   bool
	iface    []byte
	activity []byte
	ifaceVer uint32
	seq      uint32
	opnum    uint16
	fragLen  int
}

// parseDatagram reads a header; b has datagramHeader bytes or more.
func parseDatagram(b []byte) datagram {
	d := datagram{kind: Type(b[1]), flags: b[2], little: b[4]&0x10 != 0, iface: b[24:40], activity: b[40:56]}
	var o binary.ByteOrder = binary.BigEndian
	if d.little {
		o = binary.LittleEndian
	}
	d.ifaceVer, d.seq, d.opnum, d.fragLen = o.Uint32(b[60:]), o.Uint32(b[64:]), o.Uint16(b[68:]), int(o.Uint16(b[74:]))
	return d
}

// datagram takes a PDU over UDP. Who sent it says its type, not its direction: replays of both sides in one exist.
func (p *parser) datagram(c *dissect.Ctx, data []byte) {
	if len(data) < datagramHeader || data[0] != 4 {
		p.malformed(c, nil)
		return
	}
	d := parseDatagram(data)
	body := data[datagramHeader:]
	if d.fragLen > len(body) || d.kind > lastType {
		p.malformed(c, nil)
		return
	}
	if d.kind != Request && d.kind != Response {
		return // acknowledgements and pings say nothing of the call
	}
	t := p.ofDatagram(c, &d)
	s, done := &t.Req, d.flags&isFragment == 0 || d.flags&lastOfFragments != 0
	if d.kind == Response {
		s = &t.Res
	} else {
		t.Opnum = d.opnum
	}
	s.Type, s.Seen, t.Little = d.kind, true, d.little
	s.add(body[:d.fragLen])
	s.Done = s.Done || done
	p.advance(c, t)
}

// ofDatagram finds the call that a datagram is part of, or begins it. A datagram names its interface itself.
func (p *parser) ofDatagram(c *dissect.Ctx, d *datagram) *Tx {
	activity := textOf(d.activity, true) // whatever the byte order, as Suricata shows it
	for _, t := range p.waiting {
		if t.seq == d.seq && t.activity == activity && (d.kind == Request && !t.Req.Done || d.kind == Response && !t.Res.Done) {
			return t
		}
	}
	t := p.begin(c)
	t.udp, t.activity, t.seq, t.Ifaces = true, activity, d.seq, &t.own
	t.own.list = append(t.own.list[:0], Interface{uuid: textOf(d.iface, d.little), Major: uint16(d.ifaceVer), Minor: uint16(d.ifaceVer >> 16), Acked: true})
	return t
}
