package engine

import (
	"encoding/binary"
	"strings"
	"testing"
)

// dnsName is a name on the wire.
func dnsName(name string) string {
	var b strings.Builder
	for label := range strings.SplitSeq(name, ".") {
		if label != "" {
			b.WriteByte(byte(len(label)))
			b.WriteString(label)
		}
	}
	return b.String() + "\x00"
}

// dnsMessage puts a message together: sections as they are counted in the header, each of records that dnsQ and dnsRR made.
func dnsMessage(flags uint16, sections ...[]string) string {
	b := binary.BigEndian.AppendUint16([]byte{0x12, 0x34}, flags)
	for i := range 4 {
		n := 0
		if i < len(sections) {
			n = len(sections[i])
		}
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	for _, s := range sections {
		b = append(b, strings.Join(s, "")...)
	}
	return string(b)
}

func dnsQ(name string, kind uint16) string {
	return dnsName(name) + string(binary.BigEndian.AppendUint16(nil, kind)) + "\x00\x01"
}

func dnsRR(name string, kind uint16, data string) string {
	return dnsQ(name, kind) + "\x00\x00\x00\x3c" + string(binary.BigEndian.AppendUint16(nil, uint16(len(data)))) + data
}

const (
	rrA, rrNS, rrCNAME, rrSOA, rrMX, rrTXT, rrSRV, rrOPT, rrTSIG = 1, 2, 5, 6, 15, 16, 33, 41, 250
)

// TestStatementsDNS is the page of DNS keywords.
func TestStatementsDNS(t *testing.T) {
	soa := dnsName("ns.zone.org") + dnsName("admin.zone.org") + strings.Repeat("\x00\x00\x00\x01", 5)
	talk := datagrams(53,
		">"+dnsMessage(0x0100, []string{dnsQ("mail.google.com", rrA)}),                                               // 1
		"<"+dnsMessage(0x8183, []string{dnsQ("mail.google.com", rrA)}, nil, []string{dnsRR("zone.org", rrSOA, soa)}), // 2: NXDOMAIN
		">"+dnsMessage(0x0100, []string{dnsQ("example.net", rrMX), dnsQ("something.com", rrTXT)}),                    // 3
		"<"+dnsMessage(0x8180, []string{dnsQ("example.net", rrMX)}, []string{dnsRR("Alias.example.net", rrCNAME, dnsName("real.example.net")), // 4
			dnsRR("example.net", rrMX, "\x00\x0a"+dnsName("mx.example.net")), dnsRR("example.net", rrA, "\x01\x02\x03\x04")},
			[]string{dnsRR("example.net", rrNS, dnsName("ns.example.net"))}, []string{dnsRR("mx.example.net", rrA, "\x05\x06\x07\x08"),
				dnsRR("_sip._udp.example.net", rrSRV, "\x00\x01\x00\x02\x13\xc4"+dnsName("sip.example.net"))}),
		">"+dnsMessage(0x2800, []string{dnsQ("update.org", rrSOA)}, nil, nil, []string{dnsRR("key.org", rrTSIG, "")}), // 5: opcode 5
		">"+dnsMessage(0x0100, []string{dnsQ("", rrNS)}),                                                              // 6: the root
		"<"+dnsMessage(0x8180, []string{dnsQ("", rrNS)}, []string{dnsRR("", rrNS, dnsName("a.root-servers.net"))}, nil,
			[]string{"\x00\x00\x29\x04\xd0\x01\x00\x00\x00\x00\x00"}), // 7: BADVERS by its EDNS record
	)
	statements(t, "dns", talk, []statement{
		// opcode: requests and responses
		{`dns.opcode:0;`, "1 2 3 4 6 7"},
		{`dns.opcode:5;`, "5"},
		{`dns.opcode:!0;`, "5"},
		{`dns.opcode:4-6;`, "5"},
		{`dns.opcode:5-7;`, ""}, // exclusive
		{`dns.opcode:!4-6;`, "1 2 3 4 6 7"},
		{`dns.opcode:!5-7;`, "1 2 3 4 5 6 7"},
		{`dns.opcode:>4;`, "5"},
		{`dns.opcode:>=5;`, "5"},
		{`dns.opcode:0x05;`, "5"},
		{`dns.opcode:&0x4=0x4;`, "5"},
		{`dns.opcode:&0x4!=0x4;`, "1 2 3 4 6 7"},
		{`dns.opcode:0; flow:to_client;`, "2 4 7"},
		{`dns.opcode:=5;`, "5"},
		{`dns.opcode:!=0;`, "5"},
		{`dns.opcode:<=4;`, "1 2 3 4 6 7"},
		{`dns.opcode:<1;`, "1 2 3 4 6 7"},
		{`dns.opcode:4<>6;`, "5"},
		{`dns.opcode: > 4 ;`, "5"},
		{`dns.opcode:0x4-0x6;`, "5"},
		{`dns.opcode:1kb;`, "!"}, // 1024
		{`dns.rrtype:1kb;`, ""},
		{`dns.rrtype:<1KiB; flow:to_server;`, "1 3 5 6"},
		{`dns.rrtype:1mb;`, "!"},
		{`dns.opcode:0x;`, "!"},
		{`dns.opcode:5-;`, "!"},
		{`dns.opcode:5 6;`, "!"},
		{`dns.opcode:-1;`, "!not below 0"},
		{`dns.opcode:&0xf;`, "!"},
		{`dns.opcode:>=0;`, "!"},
		{`dns.opcode:<=255;`, "!"},
		{`dns.opcode:256;`, "!"},
		{`dns.opcode:7-6;`, "!"},
		{`dns.opcode:6-7;`, "!"}, // nothing between
		{`dns.opcode:<0;`, "!"},
		{`dns.opcode:>255;`, "!"},
		{`dns.opcode:&0x4=0x2;`, "!"},
		{`dns.opcode:;`, "!"},
		{`dns.opcode:query;`, "!"},
		// rcode: of the header, 0 to 15, in requests too
		{`dns.rcode:3;`, "2"},
		{`dns.rcode:NXDOMAIN;`, "2"},
		{`dns.rcode:nxdomain;`, "2"},
		{`dns.rcode:!0;`, "2"},
		{`dns.rcode:0;`, "1 3 4 5 6 7"},
		{`dns.rcode:!3; flow:to_client;`, "4 7"},
		{`dns.rcode:3; flow:to_server;`, ""},
		{`dns.rcode:0; flow:to_server;`, "1 3 5 6"},
		{`dns.rcode:2-4;`, "2"},
		{`dns.rcode:!2-4;`, "1 3 4 5 6 7"},
		{`dns.rcode:nope;`, "!"},
		// rrtype: what requests ask for, and what responses have
		{`dns.rrtype:1;`, "1 4"},
		{`dns.rrtype:A;`, "1 4"},
		{`dns.rrtype:a;`, "1 4"},
		{`dns.rrtype:TXT;`, "3"},
		{`dns.rrtype:5;`, "4"},
		{`dns.rrtype:5; flow:to_server;`, ""},
		{`dns.rrtype:15; flow:to_client;`, "4"},
		{`dns.rrtype:!1;`, "3 4 5 6 7"},
		{`dns.rrtype:>15;`, "3"},
		{`dns.rrtype:65536;`, "!"},
		{`dns.rrtype:1; threshold:type limit,track by_rule,count 1,seconds 60;`, "1"}, // both directions count
		{`dns.rrtype:1; flowbits:isnotset,seen.a; flowbits:set,seen.a;`, "1"},
		{`dns.rrtype:FOO;`, "!"},
		// query: names of requests only
		{`dns.query; content:"google";`, "1"},
		{`dns.query; content:"GOOGLE"; nocase;`, "1"},
		{`dns.query; content:"mail.google.com"; startswith; endswith;`, "1"},
		{`dns.query; content:"com"; isdataat:!1,relative;`, "1 3"},
		{`dns.query; bsize:15;`, "1"},
		{`dns.query; content:"|04|mail";`, ""},
		{`dns_query; content:"google";`, "1"},
		{`dns.query; content:"google"; flow:to_client;`, "!"},
		{`dns.query; content:"example"; dns.query; content:".com";`, "3"}, // two queries of one message
		{`dns.query; content:"example"; content:".com";`, ""},             // one query
		{`dns.query; content:"example"; content:".net";`, "3"},
		{`dns.query; content:"example"; pkt_data; content:"something";`, "3"},
		{`dns.query; content:!"google";`, "3 5"}, // the root has no name
		{`dns.query:google;`, "!"},
		{`dns.query; content:"google"; dns.rrtype:1;`, "1"},
		{`dns.query; content:"google"; dns.rcode:3;`, ""}, // the request's own
		{`dns.query; content:"google"; dns.opcode:0; dns.rcode:0;`, "1"},
		// queries.rrname: both directions
		{`dns.queries.rrname; content:"google";`, "1 2"},
		{`dns.queries.rrname; content:"google"; flow:to_client;`, "2"},
		{`dns.queries.rrname; content:"example"; dns.queries.rrname; content:".com";`, "3"},
		// answers, authorities, additionals
		{`dns.answers.rrname; content:"Alias";`, "4"},
		{`dns.answers.rrname; content:"alias"; nocase; flow:to_client;`, "4"},
		{`dns.answers.rrname; content:"real";`, ""}, // in the data
		{`dns.answers.rrname; content:"Alias"; dns.answers.rrname; content:"example.net"; startswith;`, "4"},
		{`dns.authorities.rrname; content:"zone.org"; bsize:8;`, "2"},
		{`dns.authorities.rrname; content:"ns.zone";`, ""},
		{`dns.additionals.rrname; content:"mx.example.net";`, "4"},
		// response.rrname: names of responses, and those in the data of CNAME, PTR, MX, NS and SOA (the primary server)
		{`dns.response.rrname; content:"google";`, "2"},
		{`dns.response.rrname; content:"real.example.net";`, "4"},
		{`dns.response.rrname; content:"mx.example.net"; startswith;`, "4"},
		{`dns.response.rrname; content:"ns.example.net";`, "4"},
		{`dns.response.rrname; content:"ns.zone.org";`, "2"},
		{`dns.response.rrname; content:"admin.zone.org";`, ""},
		{`dns.response.rrname; content:"_sip";`, "4"},
		{`dns.response.rrname; content:"sip.example.net"; startswith;`, ""},
		{`dns.response.rrname; content:"root-servers";`, "7"},
		{`dns.response.rrname; content:"update.org";`, ""},
		{`dns.response.rrname; content:"google"; flow:to_server;`, "!"},
	})
}
