// Package quic parses what QUIC (RFC 9000, version 2 of RFC 9369, and Google's versions before) shows: headers, and the hellos in
// Initial packets, whose keys anybody can derive (RFC 9001 section 5.2).
package quic

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// Spec declares QUIC.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name:      "quic",
		Doc:       "QUIC: HTTP/3 and others over UDP",
		Ref:       "RFC 9000, RFC 9001, RFC 9369",
		UDP:       &dissect.Detect{Ports: []uint16{443, 80}, Probe: probe},
		New:       func() dissect.Parser { return new(parser) },
		Events:    []dissect.Event{evPacket: {Name: packetEvent, Doc: "a packet with a long header, up to the sender's hello", Any: true, Phase: 1, Log: true, LogByDir: true, Final: true}},
		Fields:    fields(),
		Anomalies: anomalies,
		Caps:      caps,
		EVE:       write,
		Clone:     func(tx any) any { return tx.(*Tx).clone() },
	}
}

const (
	packetEvent               = "quic.packet"
	evPacket    dissect.Local = 0
)

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anDecrypt = iota
	anData
	anHeader
	anTooLong
)

var anomalies = []string{anDecrypt: "failed_decrypt", anData: "error_on_data", anHeader: "error_on_header", anTooLong: "crypto_frag_too_long"}

// minInitial is the least size of a datagram with a client's Initial packet (RFC 9000 section 14.1), bytes, minShort of one with a
// packet that has a short header (section 10.3).
const (
	minInitial = 1200
	minShort   = 21
)

// probe takes, on the usual ports, whatever has a QUIC header, and elsewhere a client's first packet of a version that is known.
func probe(dir dissect.Dir, b []byte, hint bool) dissect.Verdict {
	h, ok := parseHeader(b)
	switch {
	case !ok:
		return dissect.No
	case h.kind == Short:
		return verdict(hint && b[0]&fixedBit != 0 && len(b) >= minShort)
	case h.version == 0:
		return verdict(hint && len(h.payload) >= 4 && len(h.payload)%4 == 0)
	case isGoogle(h.version):
		return verdict(hint || h.kind == Initial)
	case hint:
		return verdict(b[0]&fixedBit != 0 && len(h.dcid) <= maxID && len(h.scid) <= maxID)
	}
	return verdict(h.kind == Initial && dir == dissect.ToServer && len(b) >= minInitial && len(h.dcid) >= 8 && saltOf(h.version) != nil)
}

func verdict(yes bool) dissect.Verdict {
	if yes {
		return dissect.Yes
	}
	return dissect.No
}

// isGoogle tells versions such as Q046 (Google's QUIC before the standard).
func isGoogle(version uint32) bool {
	b := binary.BigEndian.AppendUint32(nil, version)
	return b[0] == 'Q' && b[1] == '0' && digit(b[2]) && digit(b[3])
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// Caps, in the order of the Spec.
const (
	capHello = iota
)

var caps = []dissect.Cap{
	capHello: {Name: "hello", Doc: "QUIC: packets with pieces of a hello that is longer than 64 KiB, or in more than 512 pieces"},
}
