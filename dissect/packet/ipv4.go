package packet

import (
	"encoding/binary"
	"math/bits"
)

const ipv4HdrLen = 20

// Upper-layer protocols that are only told from unknown ones.
const (
	protoMobility = 135
	protoHIP      = 139
	protoShim6    = 140
)

// ipv4 decodes an IPv4 header (RFC 791) and what follows it. b is all that is left of the
// frame: bytes past the total length are padding.
func (d *Decoder) ipv4(p *Packet, b []byte, off int) bool {
	d.Stats.IPv4++
	if !d.layer(p, off) {
		return false
	}
	if len(b) < ipv4HdrLen {
		return d.bad(p, EvIPv4TooSmall)
	}
	h := b[:ipv4HdrLen:ipv4HdrLen]
	if h[0]>>4 != 4 {
		return d.bad(p, EvIPv4WrongVersion)
	}
	hlen, total := int(h[0]&15)*4, int(be16(h[2:4]))
	switch {
	case hlen < ipv4HdrLen:
		return d.bad(p, EvIPv4HlenTooSmall)
	case total < hlen:
		return d.bad(p, EvIPv4LenSmallerThanHlen)
	case total > len(b):
		if hlen > len(b) || !p.cut() {
			return d.bad(p, EvIPv4Truncated)
		}
		d.note(p, EvIPv4Truncated)
		total = len(b)
	}
	p.Layers |= LayerIPv4
	p.IPVersion = 4
	p.IPOff, p.IPHdrLen, p.IPLen = uint16(off), uint16(hlen), uint32(total)
	p.TOS, p.TTL, p.IPProto = h[1], h[8], h[9]
	p.IPID = uint32(be16(h[4:6]))
	frag := be16(h[6:8])
	p.IPFlags, p.FragOff = uint8(frag>>13), frag<<3
	putV4(&p.Src, h[12:16])
	putV4(&p.Dst, h[16:20])
	p.IPOpts = 0
	b = b[:total]
	if hlen == ipv4HdrLen {
		p.IPCsumBad = !sum20(h)
	} else {
		p.IPCsumBad = fold(sum(0, b[:hlen])) != 0xffff
		d.ipv4Options(p, b[ipv4HdrLen:hlen])
	}
	b, off = b[hlen:], off+hlen
	p.L4Off = uint16(off)
	if frag&0x3fff != 0 { // an offset, or more fragments
		p.Layers |= LayerFragment
		return true
	}
	d.ipv4Proto(p, b, off)
	return true
}

// putV4 writes an address in mapped form.
func putV4(a *Addr, b []byte) {
	_ = b[3]
	binary.LittleEndian.PutUint64(a[0:8], 0)
	binary.LittleEndian.PutUint32(a[8:12], 0xffff0000)
	copy(a[12:16], b)
}

// sum20 verifies the checksum of a header without options.
func sum20(h []byte) bool {
	_ = h[19]
	s, c := bits.Add64(binary.LittleEndian.Uint64(h[0:]), binary.LittleEndian.Uint64(h[8:]), 0)
	s, c = bits.Add64(s, uint64(binary.LittleEndian.Uint32(h[16:])), c)
	return fold(s+c) == 0xffff
}

func (d *Decoder) ipv4Proto(p *Packet, b []byte, off int) {
	switch p.IPProto {
	case ProtoTCP:
		d.tcp(p, b, off)
	case ProtoUDP:
		d.udp(p, b, off)
	case ProtoICMP:
		d.icmpv4(p, b, off)
	case ProtoGRE:
		d.gre(p, b, off)
	case ProtoSCTP:
		d.sctp(p, b, off)
	case ProtoESP:
		d.esp(p, b, off)
	case ProtoIPIP:
		p.WantsFlow = true
		p.tunnel(TunnelIPIP, linkIP4, b, 0)
	case ProtoIPv6:
		p.WantsFlow = true
		p.tunnel(Tunnel6in4, linkIP6, b, 0)
	case ProtoIGMP:
		p.Layers |= LayerIGMP
		p.Payload = b
	case ProtoICMPv6:
		p.Payload = b
		d.bad(p, EvIPv4WithICMPv6)
	case 0:
		if p.vju { // Van Jacobson keeps the connection's number here (RFC 1144)
			d.tcp(p, b, off)
			return
		}
		p.Payload = b
	default:
		p.Payload = b
	}
}

// IPOpt is a set of IPv4 options.
type IPOpt uint16

// The options (RFC 791, RFC 1108, RFC 2113, RFC 4782, CIPSO), as Suricata's ipopts tells them.
const (
	IPOptEOL IPOpt = 1 << iota
	IPOptNOP
	IPOptRR
	IPOptTS
	IPOptSec
	IPOptESec
	IPOptLSRR
	IPOptSSRR
	IPOptSatID
	IPOptCIPSO
	IPOptQS
	IPOptRouterAlert
)

// ipv4Opt describes one option: its bit, and the check of the whole option (type, length,
// data), of which at least two bytes are there.
func ipv4Opt(kind byte) (IPOpt, func([]byte) Event) {
	switch kind {
	case 7:
		return IPOptRR, checkRoute
	case 25:
		return IPOptQS, func(o []byte) Event { return lenEvent(len(o) >= 8) }
	case 68:
		return IPOptTS, checkTimestamp
	case 130:
		return IPOptSec, func(o []byte) Event { return lenEvent(len(o) >= 3) }
	case 131:
		return IPOptLSRR, checkRoute
	case 133:
		return IPOptESec, func(o []byte) Event { return lenEvent(len(o) >= 3) }
	case 134:
		return IPOptCIPSO, checkCIPSO
	case 136:
		return IPOptSatID, func(o []byte) Event { return lenEvent(len(o) == 4) }
	case 137:
		return IPOptSSRR, checkRoute
	case 148:
		return IPOptRouterAlert, func(o []byte) Event { return lenEvent(len(o) == 4) }
	}
	return 0, nil
}

func lenEvent(ok bool) Event {
	if ok {
		return EvNone
	}
	return EvIPv4OptInvalidLen
}

// ipv4Options notes which options there are and what is wrong with them. An option that is
// wrong in itself does not keep the next ones from being looked at; one whose length leads
// nowhere does.
func (d *Decoder) ipv4Options(p *Packet, b []byte) {
	if len(b)%8 != 0 {
		d.note(p, EvIPv4OptPadRequired)
	}
	for len(b) > 0 {
		switch b[0] {
		case 0:
			p.IPOpts |= IPOptEOL
			return
		case 1:
			p.IPOpts |= IPOptNOP
			b = b[1:]
			continue
		}
		if len(b) < 2 {
			d.note(p, EvIPv4OptEOLRequired)
			return
		}
		n := int(b[1])
		if n < 2 || n > len(b) {
			d.bad(p, EvIPv4OptInvalidLen)
			return
		}
		bit, check := ipv4Opt(b[0])
		switch {
		case bit == 0:
			d.note(p, EvIPv4OptInvalid)
		case p.IPOpts&bit != 0:
			d.note(p, EvIPv4OptDuplicate)
		default:
			if e := check(b[:n]); e != EvNone {
				d.bad(p, e)
			} else {
				p.IPOpts |= bit
			}
		}
		b = b[n:]
	}
}

// checkRoute checks record route and source routes: the pointer counts from 1, is past the
// three bytes of header, and steps by four.
func checkRoute(o []byte) Event {
	if len(o) < 3 {
		return EvIPv4OptInvalidLen
	}
	if ptr := int(o[2]); ptr < 4 || ptr%4 != 0 || ptr > len(o)+1 {
		return EvIPv4OptMalformed
	}
	return EvNone
}

// checkTimestamp checks a timestamp option: records are of four bytes, or of eight with
// addresses (flag 1 and 3).
func checkTimestamp(o []byte) Event {
	if len(o) < 5 {
		return EvIPv4OptInvalidLen
	}
	step := 4
	if f := o[3] & 15; f == 1 || f == 3 {
		step = 8
	}
	if ptr := int(o[2]); ptr < 5 || (ptr-5)%step != 0 || ptr > len(o)+1 {
		return EvIPv4OptMalformed
	}
	return EvNone
}

// checkCIPSO checks that the tags fill the option (draft-ietf-cipso-ipsecurity-01, FIPS 188).
func checkCIPSO(o []byte) Event {
	if len(o) < 10 {
		return EvIPv4OptInvalidLen
	}
	for o = o[6:]; len(o) > 0; {
		if len(o) < 3 {
			return EvIPv4OptMalformed
		}
		n := int(o[1])
		if n < 4 || n > len(o) {
			return EvIPv4OptMalformed
		}
		switch o[0] {
		case 1, 2, 5, 6:
			if o[2] != 0 { // alignment octet
				return EvIPv4OptMalformed
			}
		case 7:
		default:
			return EvIPv4OptMalformed
		}
		o = o[n:]
	}
	return EvNone
}
