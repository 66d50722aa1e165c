package krb5

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/ber"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
	"github.com/luanids/luanids/dissect/packet"
)

const (
	ts = dissect.ToServer
	tc = dissect.ToClient
)

// v makes a value: identifier, length, content.
func v(id byte, parts ...string) string {
	s := strings.Join(parts, "")
	if n := len(s); n > 127 {
		return string([]byte{id, 0x82, byte(n >> 8), byte(n)}) + s
	}
	return string([]byte{id, byte(len(s))}) + s
}

// el makes the element with number n.
func el(n byte, parts ...string) string { return v(0xa0|n, parts...) }

func integer(n int8) string { return v(ber.Integer, string([]byte{byte(n)})) }

func principalOf(parts ...string) string {
	list := ""
	for _, p := range parts {
		list += v(ber.String, p)
	}
	return v(ber.Sequence, el(0, integer(1)), el(1, v(ber.Sequence, list)))
}

func sealed(etype int8) string {
	return v(ber.Sequence, el(0, integer(etype)), el(1, integer(1)), el(2, v(ber.OctetString, "secret")))
}

// request makes an AS-REQ or TGS-REQ.
func request(kind byte, cname, sname string) string {
	body := el(0, v(ber.BitString, "\x00\x40\x81\x00\x10"))
	if cname != "" {
		body += el(1, principalOf(cname))
	}
	body += el(2, v(ber.String, "CORP")) + el(3, principalOf(strings.Split(sname, "/")...)) + el(5, v(ber.Time, "20370913024805Z")) + el(7, integer(7)) +
		el(8, v(ber.Sequence, integer(18), integer(23)))
	return v(0x60|kind, v(ber.Sequence, el(1, integer(5)), el(2, integer(int8(kind))),
		el(3, v(ber.Sequence, v(ber.Sequence, el(1, integer(2)), el(2, v(ber.OctetString, "x"))))), el(4, v(ber.Sequence, body))))
}

// reply makes an AS-REP or TGS-REP.
func reply(kind byte, cname, sname string, etype, ticket int8) string {
	return v(0x60|kind, v(ber.Sequence, el(0, integer(5)), el(1, integer(int8(kind))), el(3, v(ber.String, "CORP")), el(4, principalOf(cname)),
		el(5, v(0x61, v(ber.Sequence, el(0, integer(5)), el(1, v(ber.String, "CORP")), el(2, principalOf(strings.Split(sname, "/")...)), el(3, sealed(ticket))))),
		el(6, sealed(etype))))
}

func failure(code int8) string {
	return v(0x7e, v(ber.Sequence, el(0, integer(5)), el(1, integer(30)), el(4, v(ber.Time, "20260913024805Z")), el(5, integer(7)), el(6, integer(code)),
		el(7, v(ber.String, "CORP")), el(8, principalOf("alice")), el(9, v(ber.String, "CORP")), el(10, principalOf("krbtgt", "CORP")), el(11, v(ber.String, "WRONG"))))
}

func framed(s string) string { return string([]byte{0, 0, byte(len(s) >> 8), byte(len(s))}) + s }

func recorder(fields ...string) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Fields = fields
	return r
}

func TestConversation(t *testing.T) {
	client := framed(request(asReq, "alice", "krbtgt/CORP")) + framed(request(tgsReq, "", "cifs/srv"))
	server := framed(failure(24)) + framed(reply(tgsRep, "alice", "cifs/srv", 18, 23)) + framed(reply(asRep, "bob", "krbtgt/CORP", 23, 18))
	const want = `krb5.message to_server krb5.client="alice" krb5.cname=["alice"] krb5.etypes=[18 23] krb5.msg_type=10 krb5.padata=[2] krb5.realm="CORP" krb5.sname=["krbtgt" "CORP"]
krb5.message to_server krb5.etypes=[18 23] krb5.msg_type=12 krb5.padata=[2] krb5.realm="CORP" krb5.sname=["cifs" "srv"]
krb5.message to_client krb5.client="alice" krb5.cname=["alice"] krb5.err_code=24 krb5.error="KDC_ERR_PREAUTH_FAILED" krb5.error.text="WRONG" krb5.failed_request=12 krb5.msg_type=30 krb5.realm="CORP" krb5.sname=["krbtgt" "CORP"]
krb5.message to_client krb5.client="alice" krb5.cname=["alice"] krb5.encryption=18 krb5.msg_type=13 krb5.realm="CORP" krb5.sname=["cifs" "srv"] krb5.ticket_encryption=23
anomaly krb5.weak_encryption
krb5.message to_client krb5.client="bob" krb5.cname=["bob"] krb5.encryption=23 krb5.msg_type=11 krb5.realm="CORP" krb5.sname=["krbtgt" "CORP"] krb5.ticket_encryption=18
`
	fields := []string{"krb5.client", "krb5.cname", "krb5.sname", "krb5.realm", "krb5.msg_type", "krb5.etypes", "krb5.padata", "krb5.err_code", "krb5.error", "krb5.error.text",
		"krb5.failed_request", "krb5.encryption", "krb5.ticket_encryption"}
	r := recorder(fields...)
	if got := r.Data(ts, client).Data(tc, server).Text(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for i, want := range []string{
		`{"krb5":{"msg_type":"KRB_AS_REQ","cname":"alice","realm":"CORP","sname":"krbtgt/CORP","encryption":"<none>","weak_encryption":false}}`,
		`{"krb5":{"msg_type":"KRB_TGS_REQ","cname":"<empty>","realm":"CORP","sname":"cifs/srv","encryption":"<none>","weak_encryption":false}}`,
		`{"krb5":{"msg_type":"KRB_ERROR","failed_request":"KRB_TGS_REQ","error_code":"KDC_ERR_PREAUTH_FAILED","cname":"alice","realm":"CORP","sname":"krbtgt/CORP","encryption":"<none>","weak_encryption":false}}`,
		`{"krb5":{"msg_type":"KRB_TGS_REP","cname":"alice","realm":"CORP","sname":"cifs/srv","encryption":"aes256-cts-hmac-sha1-96","weak_encryption":false,"ticket_encryption":"rc4-hmac","ticket_weak_encryption":true}}`,
	} {
		if r.Records[i] != want {
			t.Errorf("record %s\nwant   %s", r.Records[i], want)
		}
	}
	slow := recorder(fields...)
	if got := slow.Trickle(ts, client).Trickle(tc, server).Text(); got != want {
		t.Errorf("a byte at a time: got\n%swant\n%s", got, want)
	}
}

func TestMalformed(t *testing.T) {
	whole := request(asReq, "alice", "krbtgt/CORP")
	for name, c := range map[string]struct{ datagram, want string }{
		"cut off":        {whole[:60], "anomaly krb5.malformed_data\n"},
		"not Kerberos":   {"GET / HTTP/1.1", "anomaly krb5.malformed_data\n"},
		"no body":        {v(0x6a, v(ber.Sequence, el(1, integer(5)), el(2, integer(10)))), "anomaly krb5.malformed_data\n"},
		"empty":          {v(0x6b, v(ber.Sequence)), "anomaly krb5.malformed_data\n"},
		"unknown error":  {failure(99), "krb5.message to_server krb5.err_code=99\n"},
		"to an AP":       {v(0x6e, v(ber.Sequence, el(0, integer(5)), el(1, integer(14)))), ""},
		"trailing bytes": {whole + "xyz", "krb5.message to_server\n"},
	} {
		r := recorder("krb5.err_code")
		r.Ctx.Flow.Key.Proto = packet.ProtoUDP
		if r.Data(ts, c.datagram); r.Text() != c.want {
			t.Errorf("%s: got %q, want %q", name, r.Text(), c.want)
		}
	}
	r := recorder()
	r.Data(tc, framed(failure(99)))
	if !strings.Contains(r.Records[0], `"failed_request":"UNKNOWN","error_code":"ErrorCode(99)"`) {
		t.Errorf("record %s", r.Records[0])
	}
}

// TestStream checks what comes after a gap, a message that is too long, and one that is none.
func TestStream(t *testing.T) {
	good := framed(request(asReq, "alice", "krbtgt/CORP"))
	for name, feed := range map[string]func(r *dissecttest.Recorder){
		"gap": func(r *dissecttest.Recorder) { r.Data(ts, good[:20]).Gap(ts, 100).Data(ts, "the rest").Data(ts, good) },
		"too long": func(r *dissecttest.Recorder) {
			r.Data(ts, "\x00\x10\x00\x00"+strings.Repeat("x", 1<<20)).Data(ts, good)
		},
		"in pieces": func(r *dissecttest.Recorder) {
			r.Data(ts, "\x00\x00\x00\x05junk!").Data(ts, good[:4]).Data(ts, good[4:])
		},
		"at once":          func(r *dissecttest.Recorder) { r.Data(ts, "\x00\x00\x00\x05junk!"+good) },
		"a byte at a time": func(r *dissecttest.Recorder) { r.Gap(ts, 50).Trickle(ts, good) },
		"junk":             func(r *dissecttest.Recorder) { r.Data(ts, "\x00\x00\x00\x05junk!more").Data(ts, good) },
	} {
		r := recorder("krb5.client")
		feed(r)
		if got := r.Text(); strings.Count(got, `krb5.client="alice"`) != 1 {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
}

func TestProbe(t *testing.T) {
	req, rep := request(asReq, "alice", "krbtgt/CORP"), reply(asRep, "alice", "krbtgt/CORP", 18, 18)
	for _, c := range []struct {
		name string
		dir  dissect.Dir
		data string
		want dissect.Verdict
	}{
		{"request", ts, req, dissect.Yes},
		{"reply", tc, rep, dissect.Yes},
		{"reply first", ts, rep, dissect.Reversed},
		{"error", tc, failure(24), dissect.Yes},
		{"beginning", ts, req[:5], dissect.More},
		{"LDAP", ts, "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00", dissect.No},
		{"version 4", ts, strings.Replace(req, "\xa1\x03\x02\x01\x05", "\xa1\x03\x02\x01\x04", 1), dissect.No},
		{"text", ts, "GET / HTTP/1.1", dissect.No},
	} {
		if got := probe(c.dir, []byte(c.data), true); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if got := probeTCP(c.dir, []byte(framed(c.data)), true); c.name != "beginning" && got != c.want {
			t.Errorf("%s over TCP: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestCapture reads what MIT Kerberos says.
func TestCapture(t *testing.T) {
	flows, err := replay.File("../../testdata/captures/krb5_logon.pcap", Spec, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, f := range flows {
		all += f.Text()
	}
	for _, want := range []string{`krb5.error="KDC_ERR_PREAUTH_FAILED"`, `krb5.error="KDC_ERR_C_PRINCIPAL_UNKNOWN"`, `krb5.service="cifs/old.corp.example" krb5.sname=["cifs" "old.corp.example"] krb5.ticket_encryption=23`,
		"anomaly krb5.weak_encryption", "krb5.encryption=23", `krb5.client="lazy"`} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	if n := strings.Count(all, "krb5.message"); n != 30 || strings.Contains(all, "malformed") {
		t.Errorf("%d messages in\n%s", n, all)
	}
}

func TestNoAllocations(t *testing.T) {
	r := recorder()
	r.Quiet = true
	client, server := []byte(framed(request(asReq, "alice", "krbtgt/CORP"))), []byte(framed(reply(asRep, "alice", "krbtgt/CORP", 18, 18)))
	r.Bytes(ts, client)
	r.Bytes(tc, server)
	if n := testing.AllocsPerRun(50, func() { r.Bytes(ts, client); r.Bytes(tc, server) }); n > 0 {
		t.Errorf("%v allocations for a logon, want none", n)
	}
	m := new(Message)
	m.parse(server[4:])
	if names := dissecttest.FieldAllocs(Spec(), m); len(names) > 0 {
		t.Errorf("these fields allocate: %v", names)
	}
	if c := m.clone(); string(c.sname.all) != "krbtgt/CORP" || &c.realm[0] == &m.realm[0] {
		t.Error("the copy differs, or is none")
	}
}

func BenchmarkLogon(b *testing.B) {
	r := recorder()
	r.Quiet = true
	client, server := []byte(framed(request(asReq, "alice", "krbtgt/CORP"))), []byte(framed(reply(asRep, "alice", "krbtgt/CORP", 18, 18)))
	b.SetBytes(int64(len(client) + len(server)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(ts, client)
		r.Bytes(tc, server)
	}
}

func FuzzKerberos(f *testing.F) {
	f.Add([]byte(request(asReq, "alice", "krbtgt/CORP")), []byte(reply(asRep, "alice", "krbtgt/CORP", 23, 18)), true)
	f.Add([]byte(framed(request(tgsReq, "", "cifs/srv"))), []byte(framed(failure(24))), false)
	f.Fuzz(func(t *testing.T, client, server []byte, udp bool) {
		r := recorder()
		if udp {
			r.Ctx.Flow.Key.Proto = packet.ProtoUDP
		}
		r.Bytes(ts, client)
		r.Trickle(tc, string(server))
		r.Bytes(tc, server)
		r.End(dissect.EndFIN)
		if n, records := strings.Count(r.Text(), "krb5.message "), len(r.Records); n != records {
			t.Errorf("%d messages and %d records", n, records)
		}
	})
}
