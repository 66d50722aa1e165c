package dns

import (
	"encoding/binary"
	"net/netip"

	"github.com/luanids/luanids/dissect"
)

// Section numbers the sections of resource records in a message (RFC 1035 section 4.1).
type Section int

// The sections.
const (
	Answers Section = iota
	Authorities
	Additionals
	sections
)

// Header flags (RFC 1035 section 4.1.1, RFC 4035 section 3).
const (
	FlagQR = 0x8000
	FlagAA = 0x0400
	FlagTC = 0x0200
	FlagRD = 0x0100
	FlagRA = 0x0080
	FlagZ  = 0x0040
	FlagAD = 0x0020
	FlagCD = 0x0010
)

const headerLen = 12

// Caps on what is kept of one message. A message of 64 kB cannot hold many more records than
// maxRecords; what is past it is parsed for validity and not kept.
const (
	maxRecords   = 4096
	maxQuestions = 256
)

// Text is a stretch of a message's own memory. It is turned into bytes by Message.Bytes.
type Text struct {
	off, n uint32
}

// Question is an entry of the question section.
type Question struct {
	Name        Text // dotted, without the final dot; "" is the root
	Type, Class uint16
	Truncated   bool // the name was longer than is kept
}

// Record is a resource record.
type Record struct {
	Name        Text
	Type, Class uint16
	TTL         uint32
	Truncated   bool // of Name
	// Target is the name within the data of NS, CNAME, PTR, MX, SRV, SOA (its MNAME) and the
	// like; Target2 is a SOA's RNAME.
	Target, Target2 Text
	HasTarget       bool
	TargetTruncated bool
	rdata           Text // offsets into Message.raw
	fixed           int  // offset in the message of what follows the names
	text            Text // presentation form, made when first asked for
	hasText         bool
	opaque          bool // the data is not what its type wants
}

// Message is one DNS message: the transaction that rules, scripts and logs see. It is reused:
// what its methods return is valid while the event is handled.
type Message struct {
	dissect.MatchState
	Number   uint64 // within the flow
	ID       uint16
	Flags    uint16
	Response bool // it was sent by the server (or, for mDNS, has the QR flag)
	Counts   [4]uint16
	Queries  []Question
	Records  [sections][]Record
	// EDNS is the OPT record (RFC 6891), nil where there is none.
	EDNS *Record

	raw     []byte // the message as it was received
	arena   []byte // names and texts
	nameBad uint8  // union of the name flags
	work    int    // labels and pointers followed, see maxWork
	bad     [sections]bool
	// the last name that a compression pointer led to: answers mostly repeat it
	ptrOff   int
	ptrText  Text
	ptrFlags uint8
	asked    int // the question that the next record of version 2 is about
}

// Bytes gives a text of the message.
func (m *Message) Bytes(t Text) []byte { return m.arena[t.off : t.off+t.n : t.off+t.n] }

// TxID implements dissect.Numbered.
func (m *Message) TxID() uint64 { return m.Number }

// Raw gives the message as it was received, without the length prefix of TCP.
func (m *Message) Raw() []byte { return m.raw }

// Data gives the data of a record as it was received.
func (m *Message) Data(r *Record) []byte {
	return m.raw[r.rdata.off : r.rdata.off+r.rdata.n : r.rdata.off+r.rdata.n]
}

// Opcode is the kind of query: 0 QUERY, 4 NOTIFY, 5 UPDATE...
func (m *Message) Opcode() int { return int(m.Flags >> 11 & 15) }

// RCode is the response code, extended by that of EDNS (RFC 6891 section 6.1.3).
func (m *Message) RCode() int {
	rc := int(m.Flags & 15)
	if m.EDNS != nil {
		rc |= int(m.EDNS.TTL>>24) << 4
	}
	return rc
}

// Addr gives the address in an A or AAAA record.
func (m *Message) Addr(r *Record) (netip.Addr, bool) {
	d := m.Data(r)
	switch {
	case r.Type == TypeA && len(d) == 4:
		return netip.AddrFrom4([4]byte(d)), true
	case r.Type == TypeAAAA && len(d) == 16:
		return netip.AddrFrom16([16]byte(d)), true
	}
	return netip.Addr{}, false
}

// Parse decodes a whole message, without the length prefix of TCP. m keeps a reference to
// data. An error means that the header, the questions or the answers are broken; broken
// authorities and additionals are tolerated, and what was read of them is kept.
func (m *Message) Parse(data []byte) bool {
	m.begin(data)
	if !m.parseHeader(data) {
		return false
	}
	pos, ok := headerLen, true
	for range m.Counts[0] {
		if pos, ok = m.parseQuestion(pos); !ok {
			return false
		}
	}
	for s := Answers; s < sections; s++ {
		if pos, ok = m.parseSection(s, pos, int(m.Counts[1+s])); ok {
			continue
		}
		if s == Answers {
			return false
		}
		m.bad[s] = true
		break
	}
	m.findEDNS()
	return true
}

// begin empties m and keeps its memory.
func (m *Message) begin(data []byte) {
	m.MatchState.Reset()
	m.Queries = m.Queries[:0]
	for i := range m.Records {
		m.Records[i] = m.Records[i][:0]
		m.bad[i] = false
	}
	m.raw, m.arena, m.nameBad, m.work, m.ptrOff, m.EDNS = data, m.arena[:0], 0, 0, -1, nil
}

func (m *Message) parseHeader(b []byte) bool {
	if len(b) < headerLen {
		return false
	}
	m.ID = binary.BigEndian.Uint16(b)
	m.Flags = binary.BigEndian.Uint16(b[2:])
	for i := range m.Counts {
		m.Counts[i] = binary.BigEndian.Uint16(b[4+2*i:])
	}
	m.Response = m.Flags&FlagQR != 0
	return true
}

// plausible tells whether the header can belong to a message of n bytes: each record takes at
// least two, a message without records has nothing else, a request asks something.
func (m *Message) plausible(n int) bool {
	records := 0
	for _, c := range m.Counts {
		records += int(c)
	}
	if 2*records > n || records == 0 && n > headerLen {
		return false
	}
	return m.Response || m.Counts[0] > 0
}

func (m *Message) parseQuestion(pos int) (int, bool) {
	start := pos
	pos, name, flags, ok := m.parseName(pos)
	if !ok || pos+4 > len(m.raw) {
		return pos, false
	}
	if len(m.Queries) == 0 {
		m.ptrOff, m.ptrText, m.ptrFlags = start, name, flags
	}
	if len(m.Queries) < maxQuestions {
		m.Queries = append(m.Queries, Question{
			Name: name, Truncated: flags&nameTruncated != 0,
			Type:  binary.BigEndian.Uint16(m.raw[pos:]),
			Class: binary.BigEndian.Uint16(m.raw[pos+2:]),
		})
	}
	return pos + 4, true
}

func (m *Message) parseSection(s Section, pos, count int) (int, bool) {
	for range count {
		var r Record
		var flags uint8
		var ok bool
		if pos, r.Name, flags, ok = m.parseName(pos); !ok || pos+10 > len(m.raw) {
			return pos, false
		}
		r.Truncated = flags&nameTruncated != 0
		r.Type = binary.BigEndian.Uint16(m.raw[pos:])
		r.Class = binary.BigEndian.Uint16(m.raw[pos+2:])
		r.TTL = binary.BigEndian.Uint32(m.raw[pos+4:])
		n := int(binary.BigEndian.Uint16(m.raw[pos+8:]))
		pos += 10
		if pos+n > len(m.raw) {
			return pos, false
		}
		r.rdata = Text{uint32(pos), uint32(n)}
		if !m.parseData(&r, pos, n) {
			return pos, false
		}
		if len(m.Records[s]) < maxRecords {
			m.Records[s] = append(m.Records[s], r)
		}
		pos += n
	}
	return pos, true
}

// parseData checks the data of the types that carry names or a fixed structure, and resolves
// the names, which only the whole message can do. What Suricata takes for bytes cannot make a message malformed.
func (m *Message) parseData(r *Record, pos, n int) bool {
	if n == 0 {
		return true // dynamic updates delete so (RFC 2136 section 2.5)
	}
	switch r.Type {
	case TypeA, TypeAAAA, TypeNS, TypeCNAME, TypePTR, TypeSOA, TypeMX, TypeTXT, TypeNULL, TypeSSHFP, TypeSRV, TypeOPT:
		return m.parseForm(r, pos, n)
	}
	bad := m.nameBad
	if !m.parseForm(r, pos, n) {
		*r = Record{Name: r.Name, Type: r.Type, Class: r.Class, TTL: r.TTL, Truncated: r.Truncated, rdata: r.rdata, opaque: true}
	}
	m.nameBad = bad
	return true
}

func (m *Message) parseForm(r *Record, pos, n int) bool {
	end := pos + n
	switch r.Type {
	case TypeNS, TypeCNAME, TypePTR, TypeDNAME, TypeMB, TypeMD, TypeMF, TypeMG, TypeMR, TypeNSEC:
		return m.target(r, pos)
	case TypeMX, TypeAFSDB, TypeRT, TypeKX, TypeHTTPS, TypeSVCB:
		return n >= 3 && m.target(r, pos+2)
	case TypeSRV:
		return n >= 7 && m.target(r, pos+6)
	case TypeRRSIG, TypeSIG:
		return n >= 19 && m.target(r, pos+18)
	case TypeNAPTR:
		return m.naptr(r, pos, end)
	case TypeSOA, TypeRP, TypeMINFO:
		if !m.target(r, pos) {
			return false
		}
		next, name, flags, ok := m.parseName(r.fixed)
		if !ok || r.Type == TypeSOA && next+20 > len(m.raw) {
			return false
		}
		r.Target2, r.fixed = name, next
		r.TargetTruncated = r.TargetTruncated || flags&nameTruncated != 0
	case TypeTXT, TypeSPF:
		return stringsFit(m.raw[pos:end])
	case TypeOPT:
		return optionsFit(m.raw[pos:end])
	case TypeSSHFP:
		return n >= 2
	}
	return true
}

// stringsFit tells whether b starts with a whole character string; later ones that are cut
// are left out.
func stringsFit(b []byte) bool { return len(b) > int(b[0]) }

func optionsFit(b []byte) bool {
	for len(b) > 0 {
		if len(b) < 4 || len(b) < 4+int(binary.BigEndian.Uint16(b[2:])) {
			return false
		}
		b = b[4+int(binary.BigEndian.Uint16(b[2:])):]
	}
	return true
}

func (m *Message) target(r *Record, pos int) bool {
	next, name, flags, ok := m.parseName(pos)
	r.Target, r.fixed, r.HasTarget = name, next, ok
	r.TargetTruncated = flags&nameTruncated != 0
	return ok
}

// naptr finds the replacement name behind three character strings (RFC 3403 section 4.1).
func (m *Message) naptr(r *Record, pos, end int) bool {
	p := pos + 4
	for range 3 {
		if p >= end {
			return false
		}
		p += 1 + int(m.raw[p])
	}
	return p < end && m.target(r, p)
}

func (m *Message) findEDNS() {
	for i := range m.Records[Additionals] {
		if r := &m.Records[Additionals][i]; r.Type == TypeOPT {
			m.EDNS = r
			return
		}
	}
}

// Clone makes a copy that shares nothing with m.
func (m *Message) Clone() *Message {
	c := *m
	c.MatchState = dissect.MatchState{}
	c.raw = append([]byte(nil), m.raw...)
	c.arena = append([]byte(nil), m.arena...)
	c.Queries = append([]Question(nil), m.Queries...)
	for i := range c.Records {
		c.Records[i] = append([]Record(nil), m.Records[i]...)
	}
	c.EDNS = nil
	c.findEDNS()
	return &c
}
