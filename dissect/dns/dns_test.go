package dns

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
	"github.com/luanids/luanids/dissect/packet"
)

// unhex turns hex with spaces and newlines into bytes.
func unhex(s string) string {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Messages of a real resolver and a stub.
var (
	askA = unhex(`8d32 0100 0001 0000 0000 0001 03777777 0c73757269636174612d696473 036f7267 00 0001 0001
		00 0029 1000 00008000 000c 000a 0008 0102030405060708`)
	answerA = unhex(`8d32 81a0 0001 0003 0000 0000 03777777 0c73757269636174612d696473 036f7267 00 0001 0001
		c00c 0005 0001 00000dd8 0002 c010
		c010 0001 0001 000000f4 0004 c0004e18
		c010 0001 0001 000000f4 0004 c0004e19`)
)

func be16(v int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(v))) }

// header makes a header with the four counts.
func header(flags int, counts ...int) string {
	s := be16(0x1234) + be16(flags)
	for i := range 4 {
		n := 0
		if i < len(counts) {
			n = counts[i]
		}
		s += be16(n)
	}
	return s
}

// name makes an uncompressed name.
func name(s string) string {
	out := ""
	for _, l := range strings.FieldsFunc(s, func(r rune) bool { return r == '.' }) {
		out += string([]byte{byte(len(l))}) + l
	}
	return out + "\x00"
}

func question(s string, t int) string { return name(s) + be16(t) + be16(1) }

// rr makes a record of the name at the start of the question section.
func rr(t int, data string) string {
	return "\xc0\x0c" + be16(t) + be16(1) + "\x00\x00\x00\x3c" + be16(len(data)) + data
}

func udp(fields ...string) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Ctx.Flow.Key.Proto = packet.ProtoUDP
	r.Fields = append([]string{}, fields...)
	return r
}

func framed(msg string) string { return be16(len(msg)) + msg }

func TestRequestAndResponse(t *testing.T) {
	r := udp("dns.id", "dns.query", "dns.rcode.name", "dns.answers.rdata", "dns.answers.type", "dns.answers.ip", "dns.edns.size", "dns.edns.do")
	r.Data(dissect.ToServer, askA)
	r.Data(dissect.ToClient, answerA)
	want := `dns.message to_server dns.edns.do=1 dns.edns.size=4096 dns.id=36146 dns.rcode.name="NOERROR"
dns.request to_server dns.edns.do=1 dns.edns.size=4096 dns.id=36146 dns.query=["www.suricata-ids.org"] dns.rcode.name="NOERROR"
dns.message to_client dns.answers.ip=[192.0.78.24 192.0.78.25] dns.answers.rdata=["suricata-ids.org" "192.0.78.24" "192.0.78.25"] dns.answers.type=["CNAME" "A" "A"] dns.edns.do=0 dns.id=36146 dns.rcode.name="NOERROR"
dns.response to_client dns.answers.ip=[192.0.78.24 192.0.78.25] dns.answers.rdata=["suricata-ids.org" "192.0.78.24" "192.0.78.25"] dns.answers.type=["CNAME" "A" "A"] dns.edns.do=0 dns.id=36146 dns.query=["www.suricata-ids.org"] dns.rcode.name="NOERROR"
`
	if got := r.End(dissect.EndTimeout); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEVE(t *testing.T) {
	version2 := DefaultOptions()
	version2.Version = 2
	for _, tt := range []struct {
		o    Options
		want []string
	}{
		{DefaultOptions(), []string{
			`{"dns":{"version":3,"type":"request","tx_id":0,"id":36146,"flags":"100","rd":true,"opcode":0,"rcode":"NOERROR","queries":[{"rrname":"www.suricata-ids.org","rrtype":"A"}],"additionals":[{"rrname":"","rrtype":"OPT","ttl":32768,"opt":[{"code":10,"data":"0102030405060708"}]}]}}`,
			`{"dns":{"version":3,"type":"response","tx_id":1,"id":36146,"flags":"81a0","qr":true,"rd":true,"ra":true,"opcode":0,"rcode":"NOERROR","queries":[{"rrname":"www.suricata-ids.org","rrtype":"A"}],` +
				`"answers":[{"rrname":"www.suricata-ids.org","rrtype":"CNAME","ttl":3544,"rdata":"suricata-ids.org"},{"rrname":"suricata-ids.org","rrtype":"A","ttl":244,"rdata":"192.0.78.24"},{"rrname":"suricata-ids.org","rrtype":"A","ttl":244,"rdata":"192.0.78.25"}],` +
				`"grouped":{"CNAME":["suricata-ids.org"],"A":["192.0.78.24","192.0.78.25"]}}}`}},
		{version2, []string{
			`{"dns":{"version":2,"type":"query","id":36146,"rrname":"www.suricata-ids.org","rrtype":"A","tx_id":0,"opcode":0}}`,
			`{"dns":{"version":2,"type":"answer","id":36146,"flags":"81a0","qr":true,"rd":true,"ra":true,"opcode":0,"rrname":"www.suricata-ids.org","rrtype":"A","rcode":"NOERROR",` +
				`"answers":[{"rrname":"www.suricata-ids.org","rrtype":"CNAME","ttl":3544,"rdata":"suricata-ids.org"},{"rrname":"suricata-ids.org","rrtype":"A","ttl":244,"rdata":"192.0.78.24"},{"rrname":"suricata-ids.org","rrtype":"A","ttl":244,"rdata":"192.0.78.25"}],` +
				`"grouped":{"CNAME":["suricata-ids.org"],"A":["192.0.78.24","192.0.78.25"]}}}`}},
		{ParseOptions(map[string]string{"types.0": "mx"}), []string{`{}`, `{}`}},
		{ParseOptions(map[string]string{"requests": "no", "responses": "no"}), []string{`{}`, `{}`}},
	} {
		r := dissecttest.New(NewSpec(tt.o))
		r.Ctx.Flow.Key.Proto = packet.ProtoUDP
		r.Data(dissect.ToServer, askA)
		r.Data(dissect.ToClient, answerA)
		if strings.Join(r.Records, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("%+v: got\n%s\nwant\n%s", tt.o, strings.Join(r.Records, "\n"), strings.Join(tt.want, "\n"))
		}
	}
}

// The forms of record data, in EVE and as fields.
func TestRecords(t *testing.T) {
	for _, tt := range []struct {
		typ       int
		data      string
		text, eve string
	}{
		{TypeAAAA, unhex("20010db8000000000000000000000001"), "2001:db8::1", `"rdata":"2001:0db8:0000:0000:0000:0000:0000:0001"`},
		{TypeA, "abc", `\# 3 616263`, `"rdata":""`},
		{TypeMX, "\x00\x0a\x04mail\xc0\x0c", "mail.example.org", `"rdata":"mail.example.org"`},
		{TypeTXT, "\x03v=1\x02ab", "v=1ab", `"rdata":"v=1"},{"rrname":"example.org","rrtype":"TXT","ttl":60,"rdata":"ab"`},
		{TypeTXT, "\x03\xff\x00\"", "\xff\x00\"", `"rdata":"\\xff\u0000\""`},
		{TypeNULL, "tunnel", `\# 6 74756e6e656c`, `"rdata":"tunnel"`},
		{TypeSOA, "\x02ns\xc0\x0c\x02hm\xc0\x0c" + unhex("00000001 00000002 00000003 00000004 00000005"), "ns.example.org hm.example.org 1 2 3 4 5",
			`"soa":{"mname":"ns.example.org","rname":"hm.example.org","serial":1,"refresh":2,"retry":3,"expire":4,"minimum":5}`},
		{TypeSRV, unhex("0001 0002 13c4") + "\x03sip\xc0\x0c", "1 2 5060 sip.example.org", `"srv":{"priority":1,"weight":2,"port":5060,"name":"sip.example.org"}`},
		{TypeSSHFP, "\x01\x02\xab\xcd", "1 2 abcd", `"sshfp":{"fingerprint":"ab:cd","algo":1,"type":2}`},
		{TypeCAA, "\x00\x05issueca.example", `0 issue "ca.example"`, `"rrtype":"257","ttl":60`},
		{TypeDS, unhex("0102 08 02") + "\xab\xcd", "258 8 2 abcd", `"rrtype":"DS","ttl":60`},
		{TypeTLSA, "\x03\x01\x01\xee", "3 1 1 ee", `"rrtype":"TLSA","ttl":60`},
		{TypeDNSKEY, unhex("0101 03 0d") + "key", "257 3 13 a2V5", `"rrtype":"DNSKEY","ttl":60`},
		{TypeNAPTR, unhex("0064 000a") + "\x01S\x07SIP+D2U\x00" + name("_sip._udp"), `100 10 "S" "SIP+D2U" "" _sip._udp`, `"rrtype":"NAPTR","ttl":60`},
		{TypeHTTPS, unhex("0001 00 0001 0006 026832026833 0004 0004 c0000201 0003 0002 01bb"), "1 . alpn=h2,h3 ipv4hint=192.0.2.1 port=443", `"rrtype":"HTTPS","ttl":60`},
		{TypeRRSIG, unhex("0001 08 02 0000003c 00000001 00000002 0003") + name("example.org") + "sig", "1 8 2 60 1 2 3 example.org c2ln", `"rrtype":"RRSIG","ttl":60`},
		{TypeNSEC, name("b.example.org") + unhex("0006 400000080003 0101 40"), "b.example.org A AAAA RRSIG NSEC CAA", `"rrtype":"NSEC","ttl":60`},
		{TypeNSEC3, unhex("01 00 000a 02 abcd 05 0102030405 0001 40"), "1 0 10 abcd 04106105 A", `"rrtype":"NSEC3","ttl":60`},
		{TypeNSEC3PARAM, unhex("01 00 0000 00"), "1 0 0 -", `"rrtype":"NSEC3PARAM","ttl":60`},
		{999, "\x01\x02", `\# 2 0102`, `"rrtype":"999","ttl":60`},
		{TypeSPF, "x", `\# 1 78`, `"rrtype":"SPF","ttl":60}`}, // not what the type wants
		{TypeNAPTR, "\x00\x01\x09", `\# 3 000109`, `"rrtype":"NAPTR","ttl":60}`},
		{TypeHTTPS, "\x00\x01\xc0\xff", `\# 4 0001c0ff`, `"rrtype":"HTTPS","ttl":60}`},
		{TypeRRSIG, "short", `\# 5 73686f7274`, `"rrtype":"RRSIG","ttl":60}`},
		{TypeCNAME, "", "", `"rrtype":"CNAME","ttl":60`},
	} {
		r := udp("dns.answers.rdata")
		r.Data(dissect.ToClient, header(0x8180, 1, 1)+question("example.org", tt.typ)+rr(tt.typ, tt.data))
		got := r.End(dissect.EndTimeout)
		var m Message
		m.Parse([]byte(header(0x8180, 1, 1) + question("example.org", tt.typ) + rr(tt.typ, tt.data)))
		if len(m.Records[Answers]) != 1 {
			t.Errorf("type %d: no answer:\n%s", tt.typ, got)
			continue
		}
		if text := string(m.Rdata(&m.Records[Answers][0])); text != tt.text {
			t.Errorf("type %d: got %q, want %q", tt.typ, text, tt.text)
		}
		if len(r.Records) != 1 || !strings.Contains(r.Records[0], tt.eve) {
			t.Errorf("type %d: got %s, want in it %s", tt.typ, r.Records, tt.eve)
		}
	}
}

func TestStream(t *testing.T) {
	const want = "dns.message to_server\ndns.request to_server\ndns.message to_server\ndns.request to_server\n"
	for _, feed := range []func(r *dissecttest.Recorder, s string){
		func(r *dissecttest.Recorder, s string) { r.Data(dissect.ToServer, s) },
		func(r *dissecttest.Recorder, s string) { r.Trickle(dissect.ToServer, s) },
		func(r *dissecttest.Recorder, s string) {
			r.Data(dissect.ToServer, s[:5])
			r.Data(dissect.ToServer, s[5:])
		},
	} {
		r := dissecttest.New(Spec())
		r.Fields = []string{}
		feed(r, framed(askA)+"\x00\x00"+framed(askA))
		if got := r.End(dissect.EndFIN); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// After a gap, or what is no message, the parser goes on where a segment begins with one.
func TestResync(t *testing.T) {
	const one = "dns.message to_client\ndns.response to_client\n"
	r := dissecttest.New(Spec())
	r.Fields = []string{}
	r.Data(dissect.ToClient, framed(answerA)+framed(answerA)[:20])
	r.Gap(dissect.ToClient, 40)
	r.Data(dissect.ToClient, answerA[58:])
	r.Data(dissect.ToClient, framed(answerA))
	r.Data(dissect.ToClient, framed("this is no message")+"and more")
	r.Data(dissect.ToClient, framed(answerA))
	if got, want := r.End(dissect.EndFIN), one+one+"anomaly dns.malformed_data\n"+one; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAnomalies(t *testing.T) {
	const req = "dns.message to_server dns.rrname=["
	ask := func(flags int, q string) string { return header(flags, 1) + q }
	for _, tt := range []struct {
		what string
		dir  dissect.Dir
		msg  string
		want string // first lines
	}{
		{"short header", dissect.ToServer, askA[:11], "anomaly dns.malformed_data\n"},
		{"too many records", dissect.ToServer, header(0, 1, 9999) + question("a", 1), "anomaly dns.malformed_data\n"},
		{"no question", dissect.ToServer, header(0) + "xx", "anomaly dns.malformed_data\n"},
		{"cut question", dissect.ToServer, ask(0, name("a.b")), "anomaly dns.malformed_data\n"},
		{"cut label", dissect.ToServer, ask(0, "\x3fabc"), "anomaly dns.malformed_data\n"},
		{"reserved label", dissect.ToServer, ask(0, "\x41a\x00\x00\x01\x00\x01"), "anomaly dns.malformed_data\n"},
		{"pointer to itself", dissect.ToServer, ask(0, "\xc0\x0c\x00\x01\x00\x01"), "anomaly dns.malformed_data\n"},
		{"pointer beyond", dissect.ToServer, ask(0, "\xc1\xff\x00\x01\x00\x01"), "anomaly dns.malformed_data\n"},
		{"cut answer", dissect.ToClient, answerA[:len(answerA)-1], "anomaly dns.malformed_data\n"},
		{"cut record data", dissect.ToClient, header(0x8180, 1, 1) + question("a", TypeTXT) + rr(TypeTXT, "\x09ab"), "anomaly dns.malformed_data\n"},
		{"response to server", dissect.ToServer, answerA, "anomaly dns.not_request\n"},
		{"request to client", dissect.ToClient, ask(0x0100, question("a", 1)), "anomaly dns.not_response\ndns.message to_client"},
		{"z", dissect.ToServer, ask(0x0140, question("a", 1)), "anomaly dns.z_flag_set\n" + req},
		{"opcode", dissect.ToServer, ask(0x4800, question("a", 1)), "anomaly dns.invalid_opcode\n" + req},
		{"loop", dissect.ToServer, ask(0, "\x01a\xc0\x0e\x00\x01\x00\x01"), "anomaly dns.malformed_data\n"},
		{"loop of two", dissect.ToServer, ask(0, "\x01a\xc0\x14\x00\x01\x00\x01\xc0\x0e"), "anomaly dns.name_too_long\nanomaly dns.too_many_labels\n" + req + `"a"]`},
		{"long loop", dissect.ToServer, ask(0, "\x01a\xc0\x0c\x00\x01\x00\x01"), "anomaly dns.name_too_long\nanomaly dns.too_many_labels\n" + req + `"a.a.a.`},
		{"loop behind a pointer", dissect.ToClient, header(0x8180, 1, 1) + question("a", 1) + "\xc0\x1f" + be16(TypeNULL) + "\x00\x01\x00\x00\x00\x00\x00\x02\xc0\x1f",
			"anomaly dns.infinite_loop\ndns.message to_client"},
		{"long name", dissect.ToServer, ask(0, strings.Repeat("\x3f"+strings.Repeat("x", 63), 20)+"\x00\x00\x01\x00\x01"), "anomaly dns.name_too_long\n" + req + `"xxx`},
		{"authorities", dissect.ToClient, header(0x8180, 1, 0, 1) + question("a", 1) + "\xc0\x0cxx", "anomaly dns.invalid_authorities\ndns.message to_client"},
		{"additionals", dissect.ToClient, header(0x8180, 1, 0, 0, 1) + question("a", 1) + "\xc0\x0cxx", "anomaly dns.invalid_additionals\ndns.message to_client"},
		{"forward pointer", dissect.ToServer, ask(0, "\xc0\x12\x00\x01\x00\x01\x03fwd\x00"), req + `"fwd"]`},
	} {
		r := udp("dns.rrname")
		r.Data(tt.dir, tt.msg)
		if got := r.End(dissect.EndTimeout); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: got\n%.200s\nwant\n%s", tt.what, got, tt.want)
		}
	}
}

// A response's names: of the question, the owners, and those within data.
func TestResponseNames(t *testing.T) {
	r := udp("dns.response.rrname")
	soa := "\x02ns\xc0\x0c\x02hm\xc0\x0c" + strings.Repeat("\x00", 20)
	r.Data(dissect.ToClient, header(0x8183, 1, 0, 1)+question("example.org", 1)+rr(TypeSOA, soa))
	want := `dns.response to_client dns.response.rrname=["example.org" "example.org" "ns.example.org"]`
	if got := r.End(dissect.EndTimeout); !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestProbe(t *testing.T) {
	ask := header(0x0100, 1) + question("www.example.org", 1)
	for _, tt := range []struct {
		what string
		tcp  bool
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{"request", false, dissect.ToServer, askA, true, dissect.Yes},
		{"response", false, dissect.ToClient, answerA, true, dissect.Yes},
		{"response first", false, dissect.ToServer, answerA, true, dissect.Reversed},
		{"request elsewhere", false, dissect.ToServer, ask, false, dissect.Yes},
		{"junk", false, dissect.ToServer, unhex("3040020103300f02030091c8020205dc"), true, dissect.No},
		{"no recursion elsewhere", false, dissect.ToServer, header(0, 1) + question("llmnr-host", 1), false, dissect.No},
		{"NetBIOS elsewhere", false, dissect.ToServer, header(0x0110, 1) + question("CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 33), false, dissect.No},
		{"odd type elsewhere", false, dissect.ToServer, header(0x0100, 1) + question("a.b", 999), false, dissect.No},
		{"binary name elsewhere", false, dissect.ToServer, header(0x0100, 1) + question("\x01\x02", 1), false, dissect.No},
		{"stream", true, dissect.ToServer, framed(askA), true, dissect.Yes},
		{"stream, part", true, dissect.ToServer, framed(askA)[:40], true, dissect.Yes},
		{"stream, little", true, dissect.ToServer, framed(askA)[:9], true, dissect.More},
		{"stream, within the question", true, dissect.ToServer, framed(askA)[:20], true, dissect.More},
		{"stream, HTTP", true, dissect.ToServer, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", false, dissect.No},
		{"stream, length too short", true, dissect.ToServer, "\x00\x05x", true, dissect.No},
	} {
		p := probeUDP
		if tt.tcp {
			p = probeTCP
		}
		if got := p(tt.dir, []byte(tt.data), tt.hint); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.what, got, tt.want)
		}
	}
}

func TestMDNS(t *testing.T) {
	r := dissecttest.New(MDNS())
	r.Ctx.Flow.Key.Proto = packet.ProtoUDP
	r.Fields = []string{"mdns.answers.rdata"}
	r.Data(dissect.ToServer, header(0x8400, 0, 1)+name("_ssh._tcp.local")+be16(TypePTR)+"\x00\x01\x00\x00\x00\x78\x00\x05\x02me\xc0\x0c")
	want := "mdns.message to_server mdns.answers.rdata=[\"me._ssh._tcp.local\"]\nmdns.response to_server mdns.answers.rdata=[\"me._ssh._tcp.local\"]\n"
	if got := r.End(dissect.EndTimeout); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	const record = `{"mdns":{"type":"response","id":4660,"flags":["aa"],"opcode":0,"rcode":0,"answers":[{"rrname":"_ssh._tcp.local","ptr":"me._ssh._tcp.local"}]}}`
	if len(r.Records) != 1 || r.Records[0] != record {
		t.Errorf("got %s\nwant %s", r.Records, record)
	}
}

func TestMDNSFrames(t *testing.T) {
	r := dissecttest.New(MDNS())
	r.Ctx.Flow.Key.Proto = packet.ProtoUDP
	r.Ctx.Limits.Frames = true
	r.Fields = []string{"mdns.frame.pdu"}
	m := header(0x8400, 0, 1) + name("_ssh._tcp.local") + be16(TypePTR) + "\x00\x01\x00\x00\x00\x78\x00\x05\x02me\xc0\x0c"
	r.Data(dissect.ToServer, m)
	if want := fmt.Sprintf("mdns.frame to_server mdns.frame.pdu=%q", m); r.Lines[0] != want {
		t.Errorf("got  %s\nwant %s", r.Lines[0], want)
	}
}

// What dig asked is known: see testdata/make.
func TestCapture(t *testing.T) {
	flows, err := replay.File("../../testdata/captures/dns_lookup.pcap", Spec, replay.Options{Setup: func(r *dissecttest.Recorder) {
		r.Fields = []string{"dns.answers.rdata", "dns.rcode.name", "dns.edns.client_subnet"}
	}})
	if err != nil {
		t.Skip(err)
	}
	all := ""
	for _, f := range flows {
		all += f.Text()
	}
	if strings.Contains(all, "anomaly") {
		t.Errorf("an anomaly in\n%s", all)
	}
	for _, want := range []string{
		`["mail.corp.example"]`, `["v=spf1 mx -allsecond string"]`, `["2001:db8:2::20"]`, `["10 60 5060 www.corp.example"]`,
		`["100 10 \"S\" \"SIP+D2T\" \"\" _sip._tcp.corp.example"]`, `["0 issue \"lets.example\""]`,
		`dns.rcode.name="NXDOMAIN"`, `dns.rcode.name="REFUSED"`, `dns.edns.client_subnet="192.0.2.0/24"`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
}

func TestClone(t *testing.T) {
	var m Message
	m.Parse([]byte(answerA))
	c := m.Clone()
	m.Parse([]byte(askA))
	if string(c.Rdata(&c.Records[Answers][0])) != "suricata-ids.org" || len(c.Records[Additionals]) != 0 {
		t.Error("a clone changed with its original")
	}
}

func TestAllocs(t *testing.T) {
	r := udp()
	r.Quiet = true
	ask, answer := []byte(askA), []byte(answerA)
	run := func() {
		r.Bytes(dissect.ToServer, ask)
		r.Bytes(dissect.ToClient, answer)
	}
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestFieldAllocs(t *testing.T) {
	var m Message
	m.Parse([]byte(answerA))
	if names := dissecttest.FieldAllocs(Spec(), &m); names != nil {
		t.Errorf("these fields allocate: %s", names)
	}
	m.Parse([]byte(askA))
	if names := dissecttest.FieldAllocs(Spec(), &m); names != nil {
		t.Errorf("these fields allocate: %s", names)
	}
}

func BenchmarkRequest(b *testing.B)  { bench(b, dissect.ToServer, askA) }
func BenchmarkResponse(b *testing.B) { bench(b, dissect.ToClient, answerA) }

func bench(b *testing.B, dir dissect.Dir, msg string) {
	r := udp()
	r.Quiet = true
	data := []byte(msg)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(dir, data)
	}
}

// BenchmarkWorst is a message made to cost much: each of its records has a long name at the
// end of many pointers.
func BenchmarkWorst(b *testing.B) {
	chain := "" // pointers, each with a label before it
	const chainAt, links = 31, 120
	for i := range links {
		to := 12
		if i > 0 {
			to = chainAt + 4*(i-1)
		}
		chain += "\x01x" + be16(0xc000|to)
	}
	msg := header(0x8180, 1, 5000) + question("a", 1) + rr(TypeNULL, chain)
	for i := range 4999 {
		at := chainAt + 4*(links-1-i%2)
		msg += be16(0xc000|at) + be16(TypeNULL) + "\x00\x01\x00\x00\x00\x00\x00\x00"
	}
	m, data := new(Message), []byte(msg)
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	for b.Loop() {
		if !m.Parse(data) {
			b.Fatal("the message does not decode")
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte(askA))
	f.Add([]byte(answerA))
	f.Add([]byte(header(0x8180, 1, 1) + question("a.b", TypeSOA) + rr(TypeSOA, "\x02ns\xc0\x0c\xc0\x0c"+strings.Repeat("\x01", 20))))
	f.Add([]byte(header(0x8180, 1, 1) + question("a.b", TypeHTTPS) + rr(TypeHTTPS, unhex("0001 00 0001 0006 026832026833 0004 0004 c0000201"))))
	f.Add([]byte(header(0x8180, 1, 1) + question("a.b", TypeNAPTR) + rr(TypeNAPTR, unhex("0064 000a")+"\x01S\x00\x00\xc0\x0c")))
	r := udp("dns.answers.rdata", "dns.additionals.rdata", "dns.response.rrname", "dns.edns.client_subnet", "dns.edns.options", "dns.query.labels")
	m := dissecttest.New(MDNS())
	m.Ctx.Flow.Key.Proto = packet.ProtoUDP
	f.Fuzz(func(t *testing.T, data []byte) {
		r.Restart()
		r.Data(dissect.ToServer, string(data))
		r.Data(dissect.ToClient, string(data))
		m.Restart()
		m.Data(dissect.ToClient, string(data))
		probeTCP(dissect.ToClient, data, false)
		var x Message
		if x.Parse(data) && len(x.Clone().Queries) != len(x.Queries) {
			t.Error("a clone differs")
		}
		for _, s := range r.Records {
			if !strings.HasSuffix(s, "}") {
				t.Errorf("broken record %s", s)
			}
		}
	})
}

func FuzzStream(f *testing.F) {
	f.Add([]byte(framed(askA)+framed(askA)), byte(10))
	f.Add([]byte("\x00\x00\x00\x01"), byte(1))
	r := dissecttest.New(Spec())
	r.Fields = []string{}
	f.Fuzz(func(t *testing.T, data []byte, cut byte) {
		r.Restart()
		for len(data) > 0 {
			n := min(int(cut)+1, len(data))
			r.Data(dissect.ToServer, string(data[:n]))
			data = data[n:]
		}
		r.Gap(dissect.ToServer, 3)
		r.Data(dissect.ToServer, framed(askA))
		if got := r.End(dissect.EndFIN); !strings.HasSuffix(got, "dns.request to_server\n") {
			t.Errorf("no request after a gap:\n%s", got)
		}
	})
}
