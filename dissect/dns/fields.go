package dns

import (
	"net/netip"

	"github.com/luanids/luanids/dissect"
)

// fields declares the fields of DNS and mDNS, which share the message format.
func fields(p string) []dissect.Field {
	msg, req, resp := p+".message", p+".request", p+".response"
	fs := []dissect.Field{
		dissect.Int(p+".id", msg, "transaction id of the header", func(m *Message) (int64, bool) { return int64(m.ID), true }).Bits(16),
		dissect.Int(p+".opcode", msg, "kind of query: 0 QUERY, 2 STATUS, 4 NOTIFY, 5 UPDATE", func(m *Message) (int64, bool) { return int64(m.Opcode()), true }).Bits(4),
		dissect.Int(p+".rcode", msg, "response code, with the EDNS extension: 0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED", func(m *Message) (int64, bool) { return int64(m.RCode()), true }).Bits(12).OfAnswer(resp),
		dissect.Int(p+".flags.rcode", msg, "response code of the header alone, 0 to 15", func(m *Message) (int64, bool) { return int64(m.Flags & 15), true }).Bits(4),
		dissect.Str(p+".rcode.name", msg, "name of the response code, NXDOMAIN", (*Message).rcodeName).Usually(named(rcodeNames[:])...).OfAnswer(resp),
		dissect.Int(p+".flags", msg, "the second 16 bits of the header: flags, opcode and rcode", func(m *Message) (int64, bool) { return int64(m.Flags), true }).Bits(16),
		dissect.Int(p+".len", msg, "length of the message", func(m *Message) (int64, bool) { return int64(len(m.raw)), true }).Of(dissect.TSize),
		dissect.Strs(p+".query", req, "names asked for, dotted (all questions); in responses the question echoed", (*Message).question),
		dissect.Strs(p+".rrname", msg, "names in the question section of requests and responses", (*Message).question).Also(p + ".queries.rrname"),
		dissect.Ints(p+".rrtype", msg, "types asked for, by number: 1 A, 16 TXT, 28 AAAA", func(m *Message, i int) (int64, bool) {
			return number(i < len(m.Queries), func() uint16 { return m.Queries[i].Type })
		}).Bits(16),
		dissect.Strs(p+".qtype", msg, "types asked for, by name: A, TXT, AAAA", func(m *Message, i int) ([]byte, bool) {
			if i >= len(m.Queries) {
				return nil, false
			}
			return m.typeName(m.Queries[i].Type), true
		}).Usually(named(typeNames[:])...),
		dissect.Ints(p+".qclass", msg, "classes asked for: 1 IN, 3 CH, 255 ANY", func(m *Message, i int) (int64, bool) {
			return number(i < len(m.Queries), func() uint16 { return m.Queries[i].Class })
		}).Bits(16),
		dissect.Ints(p+".query.len", msg, "lengths of the names asked for, dotted form", func(m *Message, i int) (int64, bool) {
			if i >= len(m.Queries) {
				return 0, false
			}
			return int64(m.Queries[i].Name.n), true
		}),
		dissect.Ints(p+".query.labels", msg, "numbers of labels of the names asked for", (*Message).labels),
		dissect.Strs(p+".response.rrname", resp, "names in a response: of questions and records, and in the data of CNAME, PTR, MX, NS and SOA (the primary server)", (*Message).anyName),
		dissect.Addrs(p+".answers.ip", msg, "addresses in the A and AAAA records of the answer", (*Message).answerIP).OfAnswer(resp).Also(p + ".answer.ip"),
	}
	for i, name := range []string{"questions", "answers", "authorities", "additionals"} {
		count := dissect.Int(p+"."+name+".count", msg, "number of "+name+" by the header",
			func(m *Message) (int64, bool) { return int64(m.Counts[i]), true }).Bits(16)
		if name == "answers" || name == "authorities" {
			count = count.OfAnswer(resp)
		}
		fs = append(fs, count)
	}
	for s, name := range []string{"answers", "authorities", "additionals"} {
		records := sectionFields(p+"."+name, msg, Section(s))
		for i := range records {
			if name != "additionals" {
				records[i] = records[i].OfAnswer(resp)
			}
		}
		fs = append(fs, records...)
	}
	return append(append(fs, flagFields(p, msg)...), ednsFields(p, msg)...)
}

func flagFields(p, msg string) []dissect.Field {
	var fs []dissect.Field
	resp := p + ".response"
	for _, f := range []struct {
		name, doc string
		bit       uint16
	}{
		{"qr", "the message says it is a response", FlagQR},
		{"aa", "authoritative answer", FlagAA},
		{"tc", "truncated: the rest is to be had over TCP", FlagTC},
		{"rd", "recursion desired", FlagRD},
		{"ra", "recursion available", FlagRA},
		{"z", "reserved bit", FlagZ},
		{"ad", "authentic data (DNSSEC)", FlagAD},
		{"cd", "checking disabled (DNSSEC)", FlagCD},
	} {
		field := dissect.Bool(p+".flags."+f.name, msg, "header flag: "+f.doc, func(m *Message) bool { return m.Flags&f.bit != 0 })
		if f.bit&(FlagAA|FlagTC|FlagRA) != 0 {
			field = field.OfAnswer(resp)
		}
		fs = append(fs, field)
	}
	return fs
}

func sectionFields(p, msg string, s Section) []dissect.Field {
	return []dissect.Field{
		dissect.Strs(p+".rrname", msg, "owner names of the records", func(m *Message, i int) ([]byte, bool) {
			if r := m.record(s, i); r != nil {
				return m.Bytes(r.Name), true
			}
			return nil, false
		}).Also(p + ".name"),
		dissect.Strs(p+".rdata", msg, "data of the records as text: address, name, TXT strings joined, or presentation form", func(m *Message, i int) ([]byte, bool) {
			if r := m.record(s, i); r != nil {
				return m.Rdata(r), true
			}
			return nil, false
		}),
		dissect.Bins(p+".raw", msg, "data of the records as sent, names compressed", func(m *Message, i int) ([]byte, bool) {
			if r := m.record(s, i); r != nil {
				return m.Data(r), true
			}
			return nil, false
		}),
		dissect.Ints(p+".ttl", msg, "times to live of the records, seconds", func(m *Message, i int) (int64, bool) {
			if r := m.record(s, i); r != nil {
				return int64(r.TTL), true
			}
			return 0, false
		}).Bits(32),
		dissect.Strs(p+".type", msg, "types of the records by name", func(m *Message, i int) ([]byte, bool) {
			if r := m.record(s, i); r != nil {
				return m.typeName(r.Type), true
			}
			return nil, false
		}).Usually(named(typeNames[:])...),
		dissect.Ints(p+".rrtype", msg, "types of the records by number", func(m *Message, i int) (int64, bool) {
			if r := m.record(s, i); r != nil {
				return int64(r.Type), true
			}
			return 0, false
		}).Bits(16),
	}
}

func ednsFields(p, msg string) []dissect.Field {
	p += ".edns"
	edns := func(get func(r *Record) int64) func(m *Message) (int64, bool) {
		return func(m *Message) (int64, bool) {
			if m.EDNS == nil {
				return 0, false
			}
			return get(m.EDNS), true
		}
	}
	return []dissect.Field{
		dissect.Int(p+".version", msg, "EDNS version (RFC 6891)", edns(func(r *Record) int64 { return int64(r.TTL >> 16 & 255) })).Bits(8),
		dissect.Int(p+".size", msg, "UDP payload size that the sender takes", edns(func(r *Record) int64 { return int64(r.Class) })).Bits(16).Of(dissect.TSize),
		dissect.Bool(p+".do", msg, "DNSSEC records are wanted", func(m *Message) bool { return m.EDNS != nil && m.EDNS.TTL&0x8000 != 0 }),
		dissect.Ints(p+".options", msg, "codes of the EDNS options: 8 client subnet, 10 cookie", (*Message).optionCode).Bits(16),
		dissect.Str(p+".client_subnet", msg, "client subnet (RFC 7871), address/bits", func(m *Message) []byte {
			if x, ok := m.clientSubnet(); ok {
				return m.scratch(x.AppendTo)
			}
			return nil
		}),
		dissect.Bin(p+".cookie", msg, "DNS cookie (RFC 7873)", func(m *Message) []byte { return m.option(optCookie) }),
	}
}

func number(ok bool, get func() uint16) (int64, bool) {
	if !ok {
		return 0, false
	}
	return int64(get()), true
}

func (m *Message) question(i int) ([]byte, bool) {
	if i >= len(m.Queries) {
		return nil, false
	}
	return m.Bytes(m.Queries[i].Name), true
}

func (m *Message) labels(i int) (int64, bool) {
	if i >= len(m.Queries) {
		return 0, false
	}
	name := m.Bytes(m.Queries[i].Name)
	if len(name) == 0 {
		return 0, true
	}
	n := int64(1)
	for _, c := range name {
		if c == '.' {
			n++
		}
	}
	return n, true
}

func (m *Message) record(s Section, i int) *Record {
	if i >= len(m.Records[s]) {
		return nil
	}
	return &m.Records[s][i]
}

// namesHost tells which types have data whose (first) name counts among those of a response, as in Suricata.
func namesHost(t uint16) bool {
	switch t {
	case TypeCNAME, TypePTR, TypeMX, TypeNS, TypeSOA:
		return true
	}
	return false
}

// anyName counts the names of a response: of the questions, then for every record its owner and
// the name in its data.
func (m *Message) anyName(i int) ([]byte, bool) {
	if i < len(m.Queries) {
		return m.Bytes(m.Queries[i].Name), true
	}
	i -= len(m.Queries)
	for s := range m.Records {
		for j := range m.Records[s] {
			r := &m.Records[s][j]
			if i == 0 {
				return m.Bytes(r.Name), true
			}
			i--
			if !r.HasTarget || !namesHost(r.Type) {
				continue
			}
			if i == 0 {
				return m.Bytes(r.Target), true
			}
			i--
		}
	}
	return nil, false
}

func (m *Message) answerIP(i int) (netip.Addr, bool) {
	for j := range m.Records[Answers] {
		if a, ok := m.Addr(&m.Records[Answers][j]); ok {
			if i == 0 {
				return a, true
			}
			i--
		}
	}
	return netip.Addr{}, false
}

func (m *Message) optionCode(i int) (int64, bool) {
	if m.EDNS == nil {
		return 0, false
	}
	for code, v, rest := nextOption(m.Data(m.EDNS)); v != nil; code, v, rest = nextOption(rest) {
		if i == 0 {
			return int64(code), true
		}
		i--
	}
	return 0, false
}

// maxScratch caps the memory that accessors may make texts in, for one message.
const maxScratch = 1 << 20

// scratch makes a text in the message's memory, where it stays until the next message.
func (m *Message) scratch(appendTo func([]byte) []byte) []byte {
	if len(m.arena) > maxScratch {
		return nil
	}
	start := len(m.arena)
	m.arena = appendTo(m.arena)
	return m.arena[start:len(m.arena):len(m.arena)]
}

func (m *Message) typeName(t uint16) []byte {
	if int(t) < len(typeBytes) && typeBytes[t] != nil {
		return typeBytes[t]
	}
	return m.scratch(func(b []byte) []byte { return AppendType(b, t) })
}

// typeBytes are the mnemonics as accessors give them.
var typeBytes = func() (t [len(typeNames)][]byte) {
	for i, n := range typeNames {
		if n != "" {
			t[i] = []byte(n)
		}
	}
	return
}()

func (m *Message) rcodeName() []byte {
	return m.scratch(func(b []byte) []byte { return AppendRCode(b, m.RCode()) })
}

// named lists the names of a table that has gaps.
func named(table []string) (list []string) {
	for _, name := range table {
		if name != "" {
			list = append(list, name)
		}
	}
	return list
}
