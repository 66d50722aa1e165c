package testrun

import (
	"bytes"

	"github.com/luanids/luanids/dissect/dns"
	"github.com/luanids/luanids/lang/ir"
)

// typeName is the mnemonic of a record type, and typeNumber its number.
func typeName(v ir.Value) ir.Value { return ir.Value{B: dns.AppendType(nil, uint16(v.I)), OK: true} }

func typeNumber(v ir.Value) ir.Value {
	n := dns.TypeByName(string(v.B))
	return ir.Value{I: int64(n), OK: n != 0}
}

// maxRCode is the largest response code that has a name.
const maxRCode = 23

func rcodeName(v ir.Value) ir.Value {
	if v.I < 0 || v.I > maxRCode {
		return ir.Value{}
	}
	return ir.Value{B: dns.AppendRCode(nil, int(v.I)), OK: true}
}

func rcodeNumber(v ir.Value) ir.Value {
	for n := range maxRCode + 1 {
		if bytes.Equal(dns.AppendRCode(nil, n), v.B) {
			return ir.Value{I: int64(n), OK: true}
		}
	}
	return ir.Value{}
}

func addressType(v ir.Value) ir.Value {
	if v.IP.Is4() {
		return ir.Value{B: []byte("A"), OK: true}
	}
	return ir.Value{B: []byte("AAAA"), OK: true}
}

// dnsLinks are the names and numbers of the same, and what is in a record of an address.
func dnsLinks() []link {
	var list []link
	for _, p := range []string{"dns.", "mdns."} {
		list = append(list, link{to: p + "query", from: p + "rrname"}, link{to: p + "rrname", from: p + "query"},
			link{to: p + "rrname", from: p + "response.rrname", dir: response}, link{to: p + "response.rrname", from: p + "rrname", dir: response},
			link{to: p + "query.len", from: p + "query", how: func(v ir.Value) ir.Value { return ir.Value{I: int64(len(v.B)), OK: true} }},
			link{to: p + "query.labels", from: p + "query", how: func(v ir.Value) ir.Value {
				return ir.Value{I: int64(bytes.Count(v.B, []byte(".")) + 1), OK: true}
			}},
			link{to: p + "rcode.name", from: p + "rcode", how: rcodeName}, link{to: p + "rcode", from: p + "rcode.name", how: rcodeNumber},
			link{to: p + "qtype", from: p + "rrtype", how: typeName}, link{to: p + "rrtype", from: p + "qtype", how: typeNumber},
			link{to: p + "answers.rdata", from: p + "answers.ip", how: func(v ir.Value) ir.Value { return ir.Value{B: []byte(v.IP.String()), OK: true} }},
			link{to: p + "answers.type", from: p + "answers.ip", how: addressType})
		for _, section := range []string{"answers.", "authorities.", "additionals."} {
			list = append(list, link{to: p + section + "type", from: p + section + "rrtype", how: typeName},
				link{to: p + section + "rrtype", from: p + section + "type", how: typeNumber})
		}
	}
	return list
}
