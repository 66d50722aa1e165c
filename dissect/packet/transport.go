package packet

const (
	tcpHdrLen  = 20
	udpHdrLen  = 8
	sctpHdrLen = 12
	espHdrLen  = 8
)

// tcp decodes a TCP header (RFC 9293 section 3.1). b is the IP payload.
func (d *Decoder) tcp(p *Packet, b []byte, off int) bool {
	d.Stats.TCP++
	if len(b) < tcpHdrLen {
		p.Payload = b
		return d.bad(p, EvTCPTooSmall)
	}
	h := b[:tcpHdrLen:tcpHdrLen]
	hlen := int(h[12]>>4) * 4
	if hlen > len(b) {
		p.Payload = b
		return d.bad(p, EvTCPHlenTooSmall)
	}
	if hlen < tcpHdrLen {
		p.Payload = b
		return d.bad(p, EvTCPInvalidOptLen)
	}
	p.SrcPort, p.DstPort = be16(h[0:2]), be16(h[2:4])
	p.Seq, p.AckNum = be32(h[4:8]), be32(h[8:12])
	p.TCPFlags = h[13]
	p.TCPWindow, p.TCPUrgent = be16(h[14:16]), be16(h[18:20])
	p.TCPOpt = TCPOptions{}
	if hlen > tcpHdrLen {
		d.tcpOptions(p, b[tcpHdrLen:hlen])
	}
	p.IPProto = ProtoTCP
	p.Layers |= LayerTCP
	p.WantsFlow = true
	p.L4Off, p.L4HdrLen = uint16(off), uint16(hlen)
	p.Payload = b[hlen:]
	return true
}

// TCP option kinds (https://www.iana.org/assignments/tcp-parameters).
const (
	tcpOptMSS           = 2
	tcpOptWScale        = 3
	tcpOptSACKPermitted = 4
	tcpOptSACK          = 5
	tcpOptTimestamp     = 8
	tcpOptTFO           = 34
	tcpOptExperiment1   = 253
	tcpOptExperiment2   = 254
	tfoMagic            = 0xf989 // RFC 7413 section 4.1.1, before a kind was assigned
)

// tcpTSLayout is how nearly all segments of an established connection begin their options:
// two NOPs and a timestamp (RFC 7323 appendix A).
const tcpTSLayout = 0x0101080a

func (d *Decoder) tcpOptions(p *Packet, b []byte) {
	o := &p.TCPOpt
	if len(b) == 12 && be32(b) == tcpTSLayout {
		o.HasTimestamp, o.TSVal, o.TSEcr = true, be32(b[4:8]), be32(b[8:12])
		return
	}
	for len(b) > 0 {
		switch b[0] {
		case 0:
			return
		case 1:
			b = b[1:]
			continue
		}
		if len(b) < 2 {
			return
		}
		n := int(b[1])
		if n < 2 || n > len(b) {
			d.note(p, EvTCPOptInvalidLen)
			return
		}
		if e := o.set(b[0], b[2:n]); e != EvNone {
			d.note(p, e)
		}
		b = b[n:]
	}
}

// set takes one option's data.
func (o *TCPOptions) set(kind byte, v []byte) Event {
	dup, valid := false, true
	switch kind {
	case tcpOptMSS:
		if valid = len(v) == 2; valid {
			dup = o.HasMSS
			if !dup {
				o.HasMSS, o.MSS = true, be16(v)
			}
		}
	case tcpOptWScale:
		if valid = len(v) == 1; valid {
			dup = o.HasWScale
			if !dup {
				o.HasWScale, o.WScale = true, v[0]
			}
		}
	case tcpOptSACKPermitted:
		if valid = len(v) == 0; valid {
			dup = o.SACKPermitted
			o.SACKPermitted = true
		}
	case tcpOptSACK:
		if valid = len(v) >= 8 && len(v) <= 32 && len(v)%8 == 0; valid {
			dup = o.SACKBlocks != 0
			if !dup {
				o.SACKBlocks = uint8(len(v) / 8)
			}
		}
	case tcpOptTimestamp:
		if valid = len(v) == 8; valid {
			dup = o.HasTimestamp
			if !dup {
				o.HasTimestamp, o.TSVal, o.TSEcr = true, be32(v), be32(v[4:])
			}
		}
	case tcpOptTFO:
		// Empty, or a cookie of 4 to 16 bytes and even length (RFC 7413 section 4.1.1).
		if valid = len(v) == 0 || len(v) >= 4 && len(v) <= 16 && len(v)%2 == 0; valid {
			dup = o.HasTFO
			o.HasTFO = true
		}
	case tcpOptExperiment1, tcpOptExperiment2:
		if len(v) >= 2 && be16(v) == tfoMagic {
			c := len(v) - 2
			if valid = c == 0 || c >= 4 && c <= 16 && c%2 == 0; valid {
				dup = o.HasTFO
				o.HasTFO = true
			}
		}
	}
	switch {
	case !valid:
		return EvTCPOptInvalidLen
	case dup:
		return EvTCPOptDuplicate
	}
	return EvNone
}

// udp decodes a UDP header (RFC 768) and recognises the tunnels over UDP.
func (d *Decoder) udp(p *Packet, b []byte, off int) bool {
	d.Stats.UDP++
	if len(b) < udpHdrLen {
		p.Payload = b
		return d.bad(p, EvUDPHlenTooSmall)
	}
	h := b[:udpHdrLen:udpHdrLen]
	n := int(be16(h[4:6]))
	if n > len(b) && p.Cut {
		n = len(b)
	}
	if n > len(b) {
		p.Payload = b
		return d.bad(p, EvUDPTooSmall)
	}
	if n < udpHdrLen {
		p.Payload = b
		return d.bad(p, EvUDPLenInvalid)
	}
	p.SrcPort, p.DstPort = be16(h[0:2]), be16(h[2:4])
	p.IPProto = ProtoUDP
	p.Layers |= LayerUDP
	p.WantsFlow = true
	p.L4Off, p.L4HdrLen = uint16(off), udpHdrLen
	p.Payload = b[udpHdrLen:n]
	if len(p.Payload) >= minUDPTunnel {
		d.udpTunnel(p)
	}
	return true
}

// sctp decodes the common header (RFC 9260 section 3.1).
func (d *Decoder) sctp(p *Packet, b []byte, off int) bool {
	d.Stats.SCTP++
	if len(b) < sctpHdrLen {
		p.Payload = b
		return d.bad(p, EvSCTPTooSmall)
	}
	p.SrcPort, p.DstPort = be16(b), be16(b[2:])
	p.IPProto = ProtoSCTP
	p.Layers |= LayerSCTP
	p.WantsFlow = true
	p.L4Off, p.L4HdrLen = uint16(off), sctpHdrLen
	p.Payload = b[sctpHdrLen:]
	return true
}

// SCTPChunk gives type, flags and length of the first chunk (RFC 9260 section 3.2).
func (p *Packet) SCTPChunk() (kind, flags uint8, length uint16, ok bool) {
	if p.Layers&LayerSCTP == 0 || len(p.Payload) < 4 {
		return 0, 0, 0, false
	}
	return p.Payload[0], p.Payload[1], be16(p.Payload[2:]), true
}

// esp notes an encrypted payload (RFC 4303).
func (d *Decoder) esp(p *Packet, b []byte, off int) bool {
	d.Stats.ESP++
	p.Payload = b
	if len(b) < espHdrLen {
		return d.bad(p, EvESPTooSmall)
	}
	p.IPProto = ProtoESP
	p.Layers |= LayerESP
	p.WantsFlow = true
	p.L4Off, p.L4HdrLen = uint16(off), espHdrLen
	return true
}

// ESP gives the security parameters index and the sequence number; false without LayerESP.
func (p *Packet) ESP() (spi, seq uint32, ok bool) {
	if p.Layers&LayerESP == 0 {
		return 0, 0, false
	}
	b := p.Data[p.L4Off:][:espHdrLen]
	return be32(b), be32(b[4:]), true
}
