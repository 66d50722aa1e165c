package dns

import (
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/packet"
)

// longName is a name that is longer than what is kept of one.
func longName() string { return strings.Repeat("\x3f"+strings.Repeat("a", 63), 17) + "\x00" }

// TestMembers wants members of records that only unusual messages bring.
func TestMembers(t *testing.T) {
	soa := name("ns.example.org") + name("hm.example.org") + unhex("00000001 00000002 00000003 00000004 00000005")
	for _, c := range []struct {
		what string
		spec *dissect.Spec
		msg  string
		want []string // in the one record; nil for none
	}{
		{"flags", Spec(), header(0x87f0, 1) + question("example.org", TypeA), []string{`"flags":"87f0","qr":true,"aa":true,"tc":true,"rd":true,"ra":true,"z":true,"opcode":0`}},
		{"cut short", Spec(), header(0x8180, 1, 1) + longName() + be16(TypeCNAME) + be16(1) + "\xc0\x0c" + be16(TypeCNAME) + be16(1) + "\x00\x00\x00\x3c\xff\xff",
			nil},
		{"truncated question", Spec(), header(0x8180, 1) + longName() + be16(TypeCNAME) + be16(1), []string{`"rrtype":"CNAME","rrname_truncated":true}]`}},
		{"truncated names", Spec(), header(0x8180, 1, 1, 1) + longName() + be16(TypeCNAME) + be16(1) + rr(TypeCNAME, "\xc0\x0c") +
			rr(TypeSOA, "\xc0\x0c\x00"+unhex("00000001 00000002 00000003 00000004 00000005")),
			[]string{`"rrname_truncated":true,"rrtype":"CNAME","ttl":60,"rdata":"aa`, `"rdata_truncated":true}],"grouped":{"CNAME":["aa`, `"mname_truncated":true,"rname":""`}},
		{"grouped", Spec(), header(0x8180, 1, 4) + question("example.org", 255) + rr(TypeNULL, "data") + rr(TypeSOA, soa) + rr(TypeSSHFP, "\x01\x02\xab") + rr(TypeSSHFP, "\x04\x02\xcd"),
			[]string{`"grouped":{"NULL":["data"],"SOA":[{"mname":"ns.example.org","rname":"hm.example.org","serial":1,"refresh":2,"retry":3,"expire":4,"minimum":5}],` +
				`"SSHFP":[{"fingerprint":"ab","algo":1,"type":2},{"fingerprint":"cd","algo":4,"type":2}]}`}},
		{"no question", Spec(), header(0x8180, 0, 1) + name("example.org") + be16(TypeNULL) + be16(1) + "\x00\x00\x00\x3c" + be16(2) + "ab", nil},
		{"mDNS", MDNS(), header(0x8670, 1, 0, 1, 1) + question("a.local", TypeA) + rr(TypeSOA, soa) + rr(TypeTXT, "\x01a\x02bc"),
			[]string{`"flags":["aa","tc","z","ad","cd"]`, `"authorities":[{"rrname":"a.local","soa":{"mname":"ns.example.org",`, `"additionals":[{"rrname":"a.local","txt":["a","bc"]}]`}},
		{"mDNS, long names", MDNS(), header(0x8400, 1, 1) + longName() + be16(TypePTR) + be16(1) + rr(TypePTR, "\xc0\x0c"),
			[]string{`"rrtype":"ptr","rrname_truncated":true}]`, `"rrname_truncated":true,"ptr":"aa`, `"rdata_truncated":true}]`}},
	} {
		r := dissecttest.New(c.spec)
		r.Ctx.Flow.Key.Proto = packet.ProtoUDP
		r.Data(dissect.ToClient, c.msg)
		got := strings.Join(r.Records, "\n")
		if c.want == nil && strings.Contains(got, "dns") {
			t.Errorf("%s: record %.300s, want none", c.what, got)
		}
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: record\n%s\nhas no\n%s", c.what, got, want)
			}
		}
	}
}

// TestQuestionsOfVersion2 wants a record for each question, up to one whose type is not logged.
func TestQuestionsOfVersion2(t *testing.T) {
	msg := header(0x0100, 3) + question("a.org", TypeA) + question("b.org", TypeMX) + question("c.org", TypeA)
	const a, b, c = `"rrname":"a.org","rrtype":"A"`, `"rrname":"b.org","rrtype":"MX"`, `"rrname":"c.org","rrtype":"A"`
	for _, tt := range []struct {
		types map[string]string
		want  []string
	}{
		{map[string]string{}, []string{a, b, c}},
		{map[string]string{"types.0": "A"}, []string{a}},
		{map[string]string{"types.0": "mx"}, nil},
		{map[string]string{"requests": "no"}, nil},
		{map[string]string{"version": "3"}, []string{a + "},{" + b + "},{" + c}},
	} {
		if tt.types["version"] == "" {
			tt.types["version"] = "2"
		}
		r := dissecttest.New(NewSpec(ParseOptions(tt.types)))
		r.Ctx.Flow.Key.Proto = packet.ProtoUDP
		r.Data(dissect.ToServer, msg)
		got := slices.DeleteFunc(r.Records, func(s string) bool { return s == "{}" })
		if len(got) != len(tt.want) {
			t.Errorf("%v: %d records, want %d", tt.types, len(got), len(tt.want))
			continue
		}
		for i, want := range tt.want {
			if !strings.Contains(got[i], want) {
				t.Errorf("%v: record %d is %s, want %s", tt.types, i, got[i], want)
			}
		}
	}
}
