package dns

import (
	"encoding/binary"
	"sync"

	"github.com/luanids/luanids/dissect"
)

// probes lends messages to probes, which run in all workers.
var probes = sync.Pool{New: func() any { return new(Message) }}

// probeUDP recognises a datagram. On the usual port any message that decodes counts; elsewhere
// it must look like what resolvers exchange, because many protocols borrow the format of DNS.
func probeUDP(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	m := probes.Get().(*Message)
	defer probes.Put(m)
	if !m.parseHeader(data) || !m.plausible(len(data)) || !m.Parse(data) {
		return dissect.No
	}
	if !hint && !m.ordinary(len(data)) {
		return dissect.No
	}
	return turned(dir, m.Response)
}

// turned compares who should have sent a message with who did.
func turned(dir dissect.Dir, response bool) dissect.Verdict {
	if response == (dir == dissect.ToClient) {
		return dissect.Yes
	}
	return dissect.Reversed
}

// ordinary tells whether m looks like a stub resolver's question or the answer to it. It keeps
// LLMNR, mDNS and NetBIOS name service out, which share the format.
func (m *Message) ordinary(n int) bool {
	if m.Counts[0] != 1 || m.Opcode() != 0 || m.Flags&FlagZ != 0 || m.Flags&FlagRD == 0 ||
		m.Flags&15 > 5 || m.bad[Authorities] || m.bad[Additionals] || m.nameBad != 0 {
		return false
	}
	if !m.Response && (m.Counts[1] > 0 || m.Counts[2] > 0 || m.Counts[3] > 2) {
		return false
	}
	q := &m.Queries[0]
	if q.Class != 1 || !commonType(q.Type) {
		return false
	}
	name := m.Bytes(q.Name)
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(name) > 0 && !netbios(name)
}

func commonType(t uint16) bool {
	switch t {
	case TypeA, TypeNS, TypeCNAME, TypeSOA, TypePTR, TypeMX, TypeTXT, TypeAAAA, TypeSRV, TypeNAPTR,
		TypeDS, TypeDNSKEY, TypeTLSA, TypeSVCB, TypeHTTPS, TypeANY, TypeCAA, TypeNULL:
		return true
	}
	return false
}

// netbios tells whether the first label has the encoding of a NetBIOS name (RFC 1001 section 14.1).
func netbios(name []byte) bool {
	if len(name) < 32 || len(name) > 32 && name[32] != '.' {
		return false
	}
	for _, c := range name[:32] {
		if c < 'A' || c > 'P' {
			return false
		}
	}
	return true
}

// probeTCP recognises the start of a stream of messages with length prefixes.
func probeTCP(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	if len(data) < 2+headerLen {
		if len(data) >= 2 && binary.BigEndian.Uint16(data) < headerLen {
			return dissect.No
		}
		return dissect.More
	}
	size := int(binary.BigEndian.Uint16(data))
	data = data[2:]
	if len(data) >= size {
		return probeUDP(dir, data[:size], hint)
	}
	m := probes.Get().(*Message)
	defer probes.Put(m)
	m.begin(data)
	m.parseHeader(data)
	if size < headerLen || !m.plausible(size) || m.Opcode() >= firstBadOpcode || m.Counts[0] != 1 {
		return dissect.No
	}
	if _, ok := m.parseQuestion(headerLen); !ok {
		return dissect.More
	}
	if !hint && !m.ordinary(size) {
		return dissect.No
	}
	return turned(dir, m.Response)
}
