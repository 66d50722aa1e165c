// Package inject sends TCP resets for active response. A Sender is opened while the process
// may open raw sockets, and used after it has given that up.
package inject

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Reset is one TCP segment with RST set, as if Src had sent it.
type Reset struct {
	Src, Dst         netip.Addr // of one family
	SrcPort, DstPort uint16
	// Seq is what the receiver must expect next (RFC 5961 section 3.2).
	Seq uint32
	// Ack acknowledges what the receiver sent; a receiver in SYN-SENT takes nothing without it
	// (RFC 9293 section 3.10.7.3).
	Ack uint32
	// Window has no meaning in a reset. A sender that sees its own packets knows them by it.
	Window uint16
}

const (
	ipv4Len, ipv6Len, tcpLen = 20, 40, 20
	hopLimit                 = 64
	protoTCP                 = 6
	flagsRstAck              = 0x14
)

// Append appends the segment with its IP header to buf. Both addresses must be of the same family;
// otherwise nothing is appended.
func (r *Reset) Append(buf []byte) []byte {
	src, dst := r.Src.Unmap(), r.Dst.Unmap()
	switch {
	case src.Is4() && dst.Is4():
		buf = r.ipv4(buf, src.As4(), dst.As4())
	case src.Is6() && dst.Is6():
		buf = r.ipv6(buf, src.As16(), dst.As16())
	}
	return buf
}

func (r *Reset) ipv4(buf []byte, src, dst [4]byte) []byte {
	from := len(buf)
	buf = append(buf, 0x45, 0, 0, ipv4Len+tcpLen, 0, 0, 0x40, 0, hopLimit, protoTCP, 0, 0) // don't fragment
	buf = append(append(buf, src[:]...), dst[:]...)
	binary.BigEndian.PutUint16(buf[from+10:], ^fold(sum(0, buf[from:])))
	pseudo := sum(sum(protoTCP+tcpLen, src[:]), dst[:])
	return r.tcp(buf, pseudo)
}

func (r *Reset) ipv6(buf []byte, src, dst [16]byte) []byte {
	buf = append(buf, 0x60, 0, 0, 0, 0, tcpLen, protoTCP, hopLimit)
	buf = append(append(buf, src[:]...), dst[:]...)
	pseudo := sum(sum(protoTCP+tcpLen, src[:]), dst[:])
	return r.tcp(buf, pseudo)
}

// tcp appends the TCP header; pseudo is the sum of the pseudo-header (RFC 9293 section 3.1).
func (r *Reset) tcp(buf []byte, pseudo uint32) []byte {
	from := len(buf)
	buf = binary.BigEndian.AppendUint16(buf, r.SrcPort)
	buf = binary.BigEndian.AppendUint16(buf, r.DstPort)
	buf = binary.BigEndian.AppendUint32(buf, r.Seq)
	buf = binary.BigEndian.AppendUint32(buf, r.Ack)
	buf = append(buf, tcpLen/4<<4, flagsRstAck)
	buf = binary.BigEndian.AppendUint16(buf, r.Window)
	buf = append(buf, 0, 0, 0, 0)
	binary.BigEndian.PutUint16(buf[from+16:], ^fold(sum(pseudo, buf[from:])))
	return buf
}

// sum adds 16-bit words (RFC 1071); b has an even length.
func sum(s uint32, b []byte) uint32 {
	for ; len(b) >= 2; b = b[2:] {
		s += uint32(binary.BigEndian.Uint16(b))
	}
	return s
}

func fold(s uint32) uint16 {
	for s>>16 != 0 {
		s = s&0xffff + s>>16
	}
	return uint16(s)
}

// Link is the Ethernet header that a packet of the flow had in the direction in which a reset
// goes. The zero value says that none is known.
type Link struct {
	Dst, Src [6]byte
	VLANs    []uint16 // tags, the outer first
}

// header appends the Ethernet header for an IP packet.
func (l *Link) header(buf []byte, ip []byte) ([]byte, error) {
	if l == nil || l.Dst == ([6]byte{}) {
		return buf, fmt.Errorf("no Ethernet addresses of the connection are known; resets can be routed instead (leave respond.interface out)")
	}
	buf = append(append(buf, l.Dst[:]...), l.Src[:]...)
	for i, v := range l.VLANs {
		tag := uint16(0x8100)
		if i+1 < len(l.VLANs) {
			tag = 0x88a8
		}
		buf = binary.BigEndian.AppendUint16(buf, tag)
		buf = binary.BigEndian.AppendUint16(buf, v)
	}
	if ip[0]>>4 == 6 {
		return append(buf, 0x86, 0xdd), nil
	}
	return append(buf, 8, 0), nil
}

// Sender sends IP packets. Its methods may be called from any goroutine.
type Sender interface {
	// Send sends an IP packet; l is the link-layer header for it, nil for none known.
	Send(ip []byte, l *Link) error
	// String says how it sends, for messages.
	String() string
	Close() error
}

// Open opens a Sender: through interface iface with the Ethernet addresses that the connection has
// there, or, for "", by this host's routes. It needs cap_net_raw.
func Open(iface string) (Sender, error) {
	if iface == "" {
		return openRoute()
	}
	return openLink(iface)
}
