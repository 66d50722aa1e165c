// Package communityid computes the Community ID of a flow, version 1
// (https://github.com/corelight/community-id-spec): a hash of the 5-tuple that is the same in
// every tool and in both directions.
package communityid

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"

	"github.com/luanids/luanids/dissect/packet"
)

// AppendID appends "1:" and the base64 of the hash. For ICMP and ICMPv6, sport is the type and
// dport the code of the flow's first packet.
func AppendID(dst []byte, seed uint16, from, to packet.Addr, sport, dport uint16, proto uint8) []byte {
	oneWay := false
	switch proto {
	case packet.ProtoICMP:
		dport, oneWay = counterpart(sport, dport, icmp4Pairs[:])
	case packet.ProtoICMPv6:
		dport, oneWay = counterpart(sport, dport, icmp6Pairs[:])
	}
	a, b := bare(&from, &to)
	if c := bytes.Compare(a, b); !oneWay && (c > 0 || c == 0 && sport > dport) {
		a, b, sport, dport = b, a, dport, sport
	}
	var buf [2 + 16 + 16 + 2 + 4]byte
	binary.BigEndian.PutUint16(buf[:], seed)
	n := 2 + copy(buf[2:], a)
	n += copy(buf[n:], b)
	buf[n], buf[n+1] = proto, 0
	n += 2
	if hasPorts(proto) {
		binary.BigEndian.PutUint16(buf[n:], sport)
		binary.BigEndian.PutUint16(buf[n+2:], dport)
		n += 4
	}
	sum := sha1.Sum(buf[:n])
	dst = append(dst, "1:"...)
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}

// Of gives the ID of the flow that a packet's addresses and ports make.
func Of(p *packet.Packet, seed uint16) string {
	sport, dport := p.SrcPort, p.DstPort
	if p.HasAny(packet.LayerICMP | packet.LayerICMPv6) {
		sport, dport = uint16(p.ICMPType), uint16(p.ICMPCode)
	}
	return string(AppendID(nil, seed, p.Src, p.Dst, sport, dport, p.IPProto))
}

func hasPorts(proto uint8) bool {
	switch proto {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP, packet.ProtoICMP, packet.ProtoICMPv6:
		return true
	}
	return false
}

var mapped = [12]byte{10: 0xff, 11: 0xff}

// bare gives four bytes for each address when both are IPv4, else sixteen.
func bare(a, b *packet.Addr) ([]byte, []byte) {
	if [12]byte(a[:12]) == mapped && [12]byte(b[:12]) == mapped {
		return a[12:], b[12:]
	}
	return a[:], b[:]
}

// Pairs of request and reply types, which the specification has take the place of ports.
var (
	icmp4Pairs = [...][2]uint16{{8, 0}, {13, 14}, {15, 16}, {10, 9}, {17, 18}}
	icmp6Pairs = [...][2]uint16{{128, 129}, {133, 134}, {135, 136}, {130, 131}, {139, 140}, {144, 145}}
)

// counterpart gives what stands for the destination port: the type of the answer, or the code
// for messages that have none; such flows have one direction only.
func counterpart(kind, code uint16, pairs [][2]uint16) (port uint16, oneWay bool) {
	for _, p := range pairs {
		switch kind {
		case p[0]:
			return p[1], false
		case p[1]:
			return p[0], false
		}
	}
	return code, true
}
