package packet

const icmpHdrLen = 8

// ICMP types (RFC 792, RFC 950, RFC 1256).
const (
	icmpEchoReply      = 0
	icmpUnreachable    = 3
	icmpSourceQuench   = 4
	icmpRedirect       = 5
	icmpEcho           = 8
	icmpRouterAdvert   = 9
	icmpRouterSolicit  = 10
	icmpTimeExceeded   = 11
	icmpParamProblem   = 12
	icmpTimestamp      = 13
	icmpTimestampReply = 14
	icmpInfoRequest    = 15
	icmpInfoReply      = 16
	icmpMask           = 17
	icmpMaskReply      = 18
)

// icmpv4 decodes an ICMP message (RFC 792) and what it quotes.
func (d *Decoder) icmpv4(p *Packet, b []byte, off int) bool {
	d.Stats.ICMPv4++
	if len(b) < icmpHdrLen {
		p.Payload = b
		return d.bad(p, EvICMPv4TooSmall)
	}
	p.IPProto = ProtoICMP
	p.Layers |= LayerICMP
	p.WantsFlow = true
	p.L4Off, p.L4HdrLen = uint16(off), icmpHdrLen
	p.ICMPType, p.ICMPCode = b[0], b[1]
	b = b[icmpHdrLen:]
	p.Payload = b
	last, quotes := uint8(0), false
	switch p.ICMPType {
	case icmpUnreachable:
		last, quotes = 15, true
	case icmpRedirect:
		last, quotes = 3, true
	case icmpTimeExceeded:
		last, quotes = 1, true
	case icmpSourceQuench, icmpParamProblem:
		quotes = true
	case icmpRouterAdvert:
		if p.ICMPCode == 16 { // RFC 3344 section 2.1
			return true
		}
	case icmpEchoReply, icmpEcho, icmpRouterSolicit, icmpTimestamp, icmpTimestampReply,
		icmpInfoRequest, icmpInfoReply, icmpMask, icmpMaskReply:
	default:
		d.note(p, EvICMPv4UnknownType)
		return true
	}
	if p.ICMPCode > last {
		d.note(p, EvICMPv4UnknownCode)
	} else if quotes && len(b) > 0 {
		d.quotedV4(p, b)
	}
	return true
}

// quotedV4 reads the header that an ICMP error quotes, with at least the first eight bytes
// after it if the sender obeyed RFC 792.
func (d *Decoder) quotedV4(p *Packet, b []byte) {
	if len(b) < ipv4HdrLen {
		d.bad(p, EvICMPv4QuoteTruncated)
		return
	}
	if b[0]>>4 != 4 {
		d.bad(p, EvICMPv4QuoteVersion)
		return
	}
	hlen := int(b[0]&15) * 4
	p.Quoted = true
	p.QProto = b[9]
	putV4(&p.QSrc, b[12:16])
	putV4(&p.QDst, b[16:20])
	p.QSrcPort, p.QDstPort = 0, 0
	if hlen < ipv4HdrLen || be16(b[6:])&0x1fff != 0 {
		return // no ports in a later fragment
	}
	p.quotedPorts(b, hlen)
}

func (p *Packet) quotedPorts(b []byte, off int) {
	if len(b) < off+4 {
		return
	}
	switch p.QProto {
	case ProtoTCP, ProtoUDP, ProtoSCTP:
		p.QSrcPort, p.QDstPort = be16(b[off:]), be16(b[off+2:])
	}
}

// ICMPv6 types (RFC 4443, RFC 2710, RFC 3810, RFC 4861).
const (
	icmp6Unreachable  = 1
	icmp6TooBig       = 2
	icmp6TimeExceeded = 3
	icmp6ParamProblem = 4
	icmp6Echo         = 128
	icmp6EchoReply    = 129
	icmp6MLDQuery     = 130
	icmp6MLDReport    = 131
	icmp6MLDDone      = 132
	icmp6Redirect     = 137
	icmp6MLD2Report   = 143
)

// icmpv6 decodes an ICMPv6 message (RFC 4443) and what it quotes.
func (d *Decoder) icmpv6(p *Packet, b []byte, off int) bool {
	d.Stats.ICMPv6++
	if len(b) < icmpHdrLen {
		p.Payload = b
		return d.bad(p, EvICMPv6TooSmall)
	}
	p.IPProto = ProtoICMPv6
	p.Layers |= LayerICMPv6
	p.WantsFlow = true
	p.L4Off, p.L4HdrLen = uint16(off), icmpHdrLen
	p.ICMPType, p.ICMPCode = b[0], b[1]
	b = b[icmpHdrLen:]
	p.Payload = b
	t := p.ICMPType
	last := uint8(0)
	switch t {
	case icmp6Unreachable:
		last = 6
	case icmp6TimeExceeded:
		last = 1
	case icmp6ParamProblem:
		last = 2
	case icmp6TooBig, icmp6Echo, icmp6EchoReply:
	case icmp6MLDQuery, icmp6MLDReport, icmp6MLDDone, icmp6MLD2Report:
		if p.TTL != 1 {
			d.note(p, EvICMPv6MLDHopLimit)
		}
	case 133, 134, 135, 136, icmp6Redirect: // neighbour discovery
	default:
		d.icmpv6Class(p)
		return true
	}
	if p.ICMPCode > last {
		d.note(p, EvICMPv6UnknownCode)
	} else if t <= icmp6ParamProblem {
		d.quotedV6(p, b)
	}
	return true
}

// icmpv6Class notes types without a check of their own by what IANA's registry says of them.
func (d *Decoder) icmpv6Class(p *Packet) {
	switch t := p.ICMPType; {
	case t == 100, t == 101, t == 200, t == 201:
		d.note(p, EvICMPv6ExperimentType)
	case t > 4 && t < 127, t >= 162 && t < 255:
		d.note(p, EvICMPv6UnassignedType)
	case t == 0, t == 127, t == 255:
		d.note(p, EvICMPv6UnknownType)
	}
}

// quotedV6 reads the header that an ICMPv6 error quotes.
func (d *Decoder) quotedV6(p *Packet, b []byte) {
	if len(b) < ipv6HdrLen {
		d.bad(p, EvICMPv6QuoteTruncated)
		return
	}
	if b[0]>>4 != 6 {
		d.bad(p, EvICMPv6QuoteVersion)
		return
	}
	p.Quoted = true
	p.QSrc, p.QDst = Addr(b[8:24]), Addr(b[24:40])
	p.QSrcPort, p.QDstPort = 0, 0
	next, off := b[6], ipv6HdrLen
	for off+2 <= len(b) {
		switch next {
		case ProtoHopByHop, ProtoDstOpts, ProtoRouting:
			next, off = b[off], off+8+int(b[off+1])*8
			continue
		case ProtoFragment:
			if off+8 > len(b) || be16(b[off+2:])&0xfff8 != 0 {
				p.QProto = b[off]
				return
			}
			next, off = b[off], off+8
			continue
		}
		break
	}
	p.QProto = next
	p.quotedPorts(b, off)
}

// ICMPID gives the identifier of an echo, timestamp, information or mask message of ICMP or
// ICMPv6, and ICMPSeq its sequence number; false for other messages.
func (p *Packet) ICMPID() (uint16, bool) { return p.icmpWord(4) }

// ICMPSeq gives the sequence number of an echo-like message, see ICMPID.
func (p *Packet) ICMPSeq() (uint16, bool) { return p.icmpWord(6) }

func (p *Packet) icmpWord(at int) (uint16, bool) {
	switch {
	case p.Layers&LayerICMP != 0:
		switch p.ICMPType {
		case icmpEchoReply, icmpEcho, icmpTimestamp, icmpTimestampReply,
			icmpInfoRequest, icmpInfoReply, icmpMask, icmpMaskReply:
			return be16(p.Data[int(p.L4Off)+at:]), true
		}
	case p.Layers&LayerICMPv6 != 0:
		if p.ICMPType == icmp6Echo || p.ICMPType == icmp6EchoReply {
			return be16(p.Data[int(p.L4Off)+at:]), true
		}
	}
	return 0, false
}

// ICMPv6MTU gives the MTU of a packet-too-big message (RFC 4443 section 3.2).
func (p *Packet) ICMPv6MTU() (uint32, bool) {
	if p.Layers&LayerICMPv6 == 0 || p.ICMPType != icmp6TooBig {
		return 0, false
	}
	return be32(p.Data[p.L4Off+4:]), true
}
