package ldap

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

func octets(s string) string { return v(ber.OctetString, s) }

// msg makes a message with the operation op.
func msg(id byte, op string) string { return v(ber.Sequence, v(ber.Integer, string([]byte{id})), op) }

func bind(id byte, dn string) string {
	return msg(id, v(0x60, "\x02\x01\x03", octets(dn), v(0x80, "secret")))
}

func result(id, op, code byte) string {
	return msg(id, v(0x60|op, "\x0a\x01"+string([]byte{code}), octets("dc=x"), octets("text")))
}

func search(id byte, filter string, attributes ...string) string {
	list := ""
	for _, a := range attributes {
		list += octets(a)
	}
	return msg(id, v(0x63, octets("dc=x"), "\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00", filter, v(ber.Sequence, list)))
}

func entry(id byte, dn string, attributes ...string) string {
	list := ""
	for _, a := range attributes {
		list += v(ber.Sequence, octets(a), v(ber.Set, octets("value")))
	}
	return msg(id, v(0x64, octets(dn), v(ber.Sequence, list)))
}

const present1 = "\x87\x0bobjectClass"

func recorder(fields ...string) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Fields = fields
	return r
}

func TestConversation(t *testing.T) {
	client := bind(1, "cn=a") + search(2, present1, "cn", "mail") + msg(3, "\x50\x01\x02") + msg(4, "\x42\x00")
	server := result(1, opBindResponse, 0) + entry(2, "cn=b,dc=x", "cn") + entry(2, "cn=c,dc=x", "mail", "cn") + result(2, opDone, 4)
	const want = `ldap.request to_server ldap.request.dn="cn=a" ldap.request.operation="bind_request"
ldap.request to_server ldap.request.attribute_type=["cn" "mail"] ldap.request.dn="dc=x" ldap.request.operation="search_request"
ldap.request to_server ldap.request.operation="abandon_request"
ldap.tx to_server ldap.request.operation="abandon_request" ldap.responses.count=0
ldap.request to_server ldap.request.operation="unbind_request"
ldap.tx to_server ldap.request.operation="unbind_request" ldap.responses.count=0
ldap.response to_client ldap.request.dn="cn=a" ldap.request.operation="bind_request" ldap.responses.count=1 ldap.responses.dn=["dc=x"] ldap.responses.operation=["bind_response"] ldap.responses.result_code=[0]
ldap.tx to_client ldap.request.dn="cn=a" ldap.request.operation="bind_request" ldap.responses.count=1 ldap.responses.dn=["dc=x"] ldap.responses.operation=["bind_response"] ldap.responses.result_code=[0]
ldap.response to_client ldap.request.attribute_type=["cn" "mail"] ldap.request.dn="dc=x" ldap.request.operation="search_request" ldap.responses.attribute_type=["cn" "mail" "cn"] ldap.responses.count=3 ldap.responses.dn=["cn=b,dc=x" "cn=c,dc=x" "dc=x"] ldap.responses.operation=["search_result_entry" "search_result_entry" "search_result_done"] ldap.responses.result_code=[-1 -1 4]
ldap.tx to_client ldap.request.attribute_type=["cn" "mail"] ldap.request.dn="dc=x" ldap.request.operation="search_request" ldap.responses.attribute_type=["cn" "mail" "cn"] ldap.responses.count=3 ldap.responses.dn=["cn=b,dc=x" "cn=c,dc=x" "dc=x"] ldap.responses.operation=["search_result_entry" "search_result_entry" "search_result_done"] ldap.responses.result_code=[-1 -1 4]
`
	fields := []string{"ldap.request.operation", "ldap.request.dn", "ldap.request.attribute_type", "ldap.responses.operation", "ldap.responses.count", "ldap.responses.dn",
		"ldap.responses.attribute_type", "ldap.responses.result_code"}
	r := recorder(fields...)
	if got := r.Data(ts, client).Data(tc, server).End(dissect.EndFIN); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if want := `{"ldap":{"request":{"message_id":2,"operation":"search_request","search_request":{"base_object":"dc=x","scope":2,"deref_alias":0,"size_limit":0,"time_limit":0,"types_only":false,"filter":{"type":"present","value":"objectClass"},"attributes":["cn","mail"]}},"responses":[{"operation":"search_result_entry","search_result_entry":{"base_object":"cn=b,dc=x","attributes":[{"type":"cn","values":["value"]}]}},{"operation":"search_result_entry","search_result_entry":{"base_object":"cn=c,dc=x","attributes":[{"type":"mail","values":["value"]},{"type":"cn","values":["value"]}]}},{"operation":"search_result_done","search_result_done":{"result_code":"size_limit_exceeded","matched_dn":"dc=x","message":"text"}}]}}`; r.Records[3] != want {
		t.Errorf("record %s\nwant   %s", r.Records[3], want)
	}
	// A byte at a time gives the same, only that what came so far of the search is shown more often.
	slow := recorder(fields...)
	slow.Trickle(ts, client).Trickle(tc, server).End(dissect.EndFIN)
	if got, want := slow.Lines[len(slow.Lines)-1], r.Lines[len(r.Lines)-1]; got != want || len(slow.Records) != len(r.Records) {
		t.Errorf("a byte at a time: %s", slow.Text())
	}
}

// TestFilters reads search filters as text.
// TestControls: a search for results in pages, as ldapsearch -E pr=2 sends it, and what the server says of the next page.
func TestControls(t *testing.T) {
	const paged = "1.2.840.113556.1.4.319"
	with := func(m string, controls ...string) string { return v(ber.Sequence, m[2:], v(0xa0, controls...)) }
	r := recorder("ldap.request.control", "ldap.responses.control")
	r.Data(ts, with(search(2, present1), v(ber.Sequence, octets(paged), "\x01\x01\xff", octets("\x30\x05\x02\x01\x02\x04\x00")), v(ber.Sequence, octets("1.2.3"))))
	r.Data(tc, entry(2, "cn=b,dc=x")+with(result(2, opDone, 0), v(ber.Sequence, octets(paged), octets(""))))
	const want = `ldap.request to_server ldap.request.control=["` + paged + `" "1.2.3"]
ldap.response to_client ldap.request.control=["` + paged + `" "1.2.3"] ldap.responses.control=["` + paged + `"]
ldap.tx to_client ldap.request.control=["` + paged + `" "1.2.3"] ldap.responses.control=["` + paged + `"]
`
	if got := r.Text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, want := range []string{`"controls":[{"control_type":"` + paged + `","criticality":true,"control_value":"300502010204 00"},{"control_type":"1.2.3","criticality":false}]},"responses":[`,
		`"message":"text"},"controls":[{"control_type":"` + paged + `","criticality":false,"control_value":""}]}]}}`} {
		if want = strings.ReplaceAll(want, " ", ""); !strings.Contains(r.Records[0], want) {
			t.Errorf("no %s in\n%s", want, r.Records[0])
		}
	}
	for _, broken := range []string{"\x30", "\x04\x01a", "\x30\x02\x02\x00", "\x30\x05\x04\x01a\x04\x7f"} {
		r := recorder("ldap.request.control")
		r.Data(ts, with(search(2, present1), broken))
		if r.End(dissect.EndFIN); len(r.Records) != 1 {
			t.Errorf("%q: records %q", broken, r.Records)
		}
	}
}

// TestControlsCapture reads what ldapsearch and slapd say of pages, and what ldapmodify -e asks for.
func TestControlsCapture(t *testing.T) {
	flows, err := replay.File("../../testdata/captures/ldap_controls.pcap", Spec, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const paged, assertion = "1.2.840.113556.1.4.319", "1.3.6.1.1.12"
	all := ""
	for _, f := range flows {
		all += f.Text()
	}
	for want, there := range map[string]bool{`request.control=["` + paged + `"]`: true, `request.control=["1.2.3.4"]`: true, `request.control=["` + assertion + `"]`: true,
		`responses.control=["` + paged + `"]`: true, "anomaly": false} {
		if strings.Contains(all, want) != there {
			t.Errorf("%s: wanted %v\n%s", want, there, all)
		}
	}
}

func TestFilters(t *testing.T) {
	for want, filter := range map[string]string{
		"(objectClass=*)": present1,
		"(&(cn=a)(!(sn>=b))(|(x<=c)(y~=d)))": v(0xa0, v(0xa3, octets("cn"), octets("a")), v(0xa2, v(0xa5, octets("sn"), octets("b"))),
			v(0xa1, v(0xa6, octets("x"), octets("c")), v(0xa8, octets("y"), octets("d")))),
		`(cn=a*b*c)`:              v(0xa4, octets("cn"), v(0x30, v(0x80, "a"), v(0x81, "b"), v(0x82, "c"))),
		`(cn=*b*)`:                v(0xa4, octets("cn"), v(0x30, v(0x81, "b"))),
		`(cn=a*)`:                 v(0xa4, octets("cn"), v(0x30, v(0x80, "a"))),
		`(cn=\28\2a\29\5c\00\ff)`: v(0xa3, octets("cn"), octets("(*)\\\x00\xff")),
		"(userAccountControl:1.2.840.113556.1.4.803:=2)": v(0xa9, v(0x81, "1.2.840.113556.1.4.803"), v(0x82, "userAccountControl"), v(0x83, "2")),
		"(ou:dn:=Sales)": v(0xa9, v(0x82, "ou"), v(0x83, "Sales"), v(0x84, "\xff")),
		"(&)":            "\xa0\x00",
		strings.Repeat("(!", 60) + "(a=*)" + strings.Repeat(")", 60): func() string {
			f := "\x87\x01a"
			for range 60 {
				f = v(0xa2, f)
			}
			return f
		}(),
	} {
		r := recorder("ldap.request.filter")
		r.Data(ts, search(1, filter))
		if got := r.Text(); got != "ldap.request to_server ldap.request.filter=\""+strings.ReplaceAll(want, `\`, `\\`)+"\"\n" {
			t.Errorf("%x: got %s want %s", filter, got, want)
		}
	}
	deep := "\x87\x01a"
	for range maxDepth + 5 {
		deep = v(0xa2, deep)
	}
	r := recorder("ldap.request.filter")
	if r.Data(ts, search(1, deep)); !strings.Contains(r.Text(), "anomaly ldap.invalid_data") {
		t.Errorf("a filter that is nested too deep: %s", r.Text())
	}
}

func TestAnomalies(t *testing.T) {
	for name, c := range map[string]struct{ client, server, want string }{
		"no request":      {"", result(9, opBindResponse, 0), "anomaly ldap.request_not_found"},
		"notice":          {"", result(0, opExtResponse, 52), "ldap.response"},
		"no LDAP":         {bind(1, "a") + "GET / HTTP/1.1", "", "anomaly ldap.invalid_data"},
		"cut operation":   {msg(1, v(0x60, "\x02\x01\x03\x04\x7fab")), "", "anomaly ldap.invalid_data"},
		"wrong direction": {bind(1, "a") + result(1, opBindResponse, 0), "", "anomaly ldap.invalid_data"},
		"no operation":    {msg(1, "\x04\x01a"), "", "anomaly ldap.invalid_data"},
	} {
		r := recorder("none")
		r.Data(ts, c.client).Data(tc, c.server).End(dissect.EndFIN)
		if got := r.Text(); !strings.Contains(got, c.want) || strings.Count(got, "anomaly") != strings.Count(c.want, "anomaly") {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
}

// TestLost checks what comes after something that is not understood, after a gap, and after a bind that may encrypt.
func TestLost(t *testing.T) {
	r := recorder("ldap.request.dn")
	r.Data(ts, bind(1, "cn=a")[:5]).Gap(ts, 20).Data(ts, "rest of it").Data(ts, bind(2, "cn=b"))
	if got := r.Text(); got != "ldap.request to_server ldap.request.dn=\"cn=b\"\n" {
		t.Errorf("after a gap: %s", got)
	}
	r = recorder("none")
	r.Data(ts, msg(1, v(0x60, "\x02\x01\x03", octets(""), v(0xa3, octets("GSSAPI"), octets("token")))))
	r.Data(tc, result(1, opBindResponse, 0)).Data(ts, "\x00\x00\x00\x20\x05\x04encrypted").Data(tc, "\x00\x00\x00\x20\x05\x04encrypted")
	if got := r.Text(); strings.Contains(got, "anomaly") {
		t.Errorf("encrypted by SASL: %s", got)
	}
}

// TestLongMessage passes over a message that is longer than what is kept.
func TestLongMessage(t *testing.T) {
	r := recorder("ldap.request.dn")
	long := "\x30\x83\x06\x00\x00" + strings.Repeat("x", 6<<16)
	for len(long) > 0 {
		n := min(len(long), 1460)
		r.Data(ts, long[:n])
		long = long[n:]
	}
	r.Data(ts, bind(2, "cn=b"))
	if got := r.Text(); got != "ldap.request to_server ldap.request.dn=\"cn=b\"\n" {
		t.Errorf("after a long message: %s", got)
	}
}

func TestCaps(t *testing.T) {
	r := recorder("none")
	r.Ctx.Limits.Settings = map[string]string{"ldap.max-tx": "3"}
	for i := range byte(5) {
		r.Data(ts, search(i, present1))
	}
	if n := strings.Count(r.Text(), "anomaly ldap.too_many_transactions"); n != 2 || len(r.Records) != 2 || r.Capped["transactions"] != 2 {
		t.Errorf("%d transactions given up, %d logged, want 2:\n%s", n, len(r.Records), r.Text())
	}
	r = recorder("ldap.responses.count")
	r.Data(ts, search(1, present1))
	big := entry(1, strings.Repeat("x", 30000))
	for range 100 {
		r.Data(tc, big)
	}
	r.Data(tc, result(1, opDone, 0)).Data(ts, search(2, present1)).Data(tc, result(2, opDone, 0))
	last := r.Lines[len(r.Lines)-4]
	if want := "ldap.tx to_client ldap.responses.count=101"; last != want && !strings.Contains(r.Text(), want) || strings.Count(r.Records[0], "search_result_entry\":{") > maxKept/30000 {
		t.Errorf("%s, %d entries logged", last, strings.Count(r.Records[0], "search_result_entry\":{"))
	}
	if n := r.Capped["responses"]; n < 60 {
		t.Errorf("%d responses counted as not kept", n)
	}
	if !strings.Contains(r.Records[1], `"search_result_done"`) {
		t.Errorf("memory did not come back: %s", r.Records[1])
	}
}

func TestStartTLS(t *testing.T) {
	r := recorder("none")
	r.Data(ts, msg(1, v(0x77, v(0x80, startTLS)))).Data(tc, result(1, opExtResponse, 0)+"\x16\x03\x03")
	if r.Upgraded != "tls" || string(r.Pending(tc)) != "\x16\x03\x03" {
		t.Errorf("upgraded to %q, %x left", r.Upgraded, r.Pending(tc))
	}
	r = recorder("none")
	if r.Data(ts, msg(1, v(0x77, v(0x80, startTLS)))).Data(tc, result(1, opExtResponse, 52)); r.Upgraded != "" {
		t.Error("upgraded although the server refused")
	}
}

func TestDatagrams(t *testing.T) {
	r := recorder("none")
	r.Ctx.Flow.Key.Proto = packet.ProtoUDP
	r.Data(ts, search(1, present1)[:20]).Data(ts, search(1, present1)).Data(tc, entry(1, "cn=a")+result(1, opDone, 0))
	const want = "anomaly ldap.incomplete_data\nldap.request to_server\nldap.response to_client\nldap.tx to_client\n"
	if got := r.Text(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		want dissect.Verdict
	}{
		{ts, bind(1, "cn=a"), dissect.Yes},
		{tc, result(1, opBindResponse, 0), dissect.Yes},
		{ts, result(1, opBindResponse, 0), dissect.Reversed},
		{ts, bind(1, "cn=a")[:6], dissect.More},
		{ts, "\x30", dissect.More},
		{ts, "\x30\x29\x02\x01\x00\x04\x06public\xa0\x1c", dissect.No}, // SNMP
		{ts, "\x30\x84\x00\x00\x00\x10\x02\x01\x01\x63\x84\x00\x00\x7f\x00", dissect.No},
		{ts, "GET / HTTP/1.1\r\n", dissect.No},
		{ts, "\x30\x05\x02\x01\x01\x42\x00", dissect.Yes},
	} {
		if got := probe(c.dir, []byte(c.data), true); got != c.want {
			t.Errorf("%s %x: %v, want %v", c.dir, c.data, got, c.want)
		}
	}
}

// TestCapture reads what OpenLDAP's commands and slapd say.
func TestCapture(t *testing.T) {
	flows, err := replay.File("../../testdata/captures/ldap_directory.pcap", Spec, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, f := range flows {
		all += f.Text()
	}
	for _, want := range []string{`ldap.request.filter="(&(objectClass=inetOrgPerson)(|(mail=a*)(cn=*o*)(!(uid=carol))))"`, `ldap.responses.result=["invalid_credentials"]`,
		`ldap.request.dn="uid=dave,ou=people,dc=corp,dc=example" ldap.request.message_id=2 ldap.request.operation="modify_request"`, `upgrade "tls"`,
		`ldap.request.filter="(cn:caseExactMatch:=x)"`, `ldap.responses.result=["compare_true"]`, `ldap.request.mechanism="simple"`} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	if strings.Contains(all, "anomaly") || len(flows) != 11 {
		t.Errorf("%d flows, or an anomaly in\n%s", len(flows), all)
	}
}

func TestNoAllocations(t *testing.T) {
	r := recorder()
	r.Quiet = true
	client, server := []byte(search(1, present1, "cn")), []byte(entry(1, "cn=b", "cn")+result(1, opDone, 0))
	r.Bytes(ts, client)
	r.Bytes(tc, server)
	if n := testing.AllocsPerRun(50, func() { r.Bytes(ts, client); r.Bytes(tc, server) }); n > 0 {
		t.Errorf("%v allocations for a search, want none", n)
	}
	tx := new(Tx)
	body := func(s string) []byte {
		r := ber.New([]byte(s))
		in := r.In(ber.Sequence)
		in.Int(ber.Integer)
		_, b, _ := in.Next()
		return b
	}
	tx.addRequest(opSearch, 1, body(search(1, present1, "cn")))
	tx.addResponse(opEntry, 1, body(entry(1, "cn=b", "cn")))
	tx.addResponse(opDone, 1, body(result(1, opDone, 0)))
	if names := dissecttest.FieldAllocs(Spec(), tx); len(names) > 0 {
		t.Errorf("these fields allocate: %v", names)
	}
	if c := tx.clone(); string(c.requestDN()) != "dc=x" || &c.data[0] == &tx.data[0] {
		t.Error("the copy differs, or is none")
	}
}

func BenchmarkSearch(b *testing.B) {
	r := recorder()
	r.Quiet = true
	client, server := []byte(search(1, present1, "cn")), []byte(entry(1, "cn=b", "cn", "mail", "sn")+result(1, opDone, 0))
	b.SetBytes(int64(len(client) + len(server)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(ts, client)
		r.Bytes(tc, server)
	}
}

func FuzzLDAP(f *testing.F) {
	f.Add([]byte(bind(1, "cn=a")+search(2, present1, "cn")), []byte(result(1, opBindResponse, 0)+entry(2, "cn=b", "cn")+result(2, opDone, 0)), false)
	f.Add([]byte(msg(1, v(0x77, v(0x80, startTLS)))+msg(2, v(0x6c, octets("a"), octets("b"), "\x01\x01\xff"))), []byte(result(1, opExtResponse, 0)), true)
	f.Add([]byte(msg(1, v(0x66, octets("a"), v(0x30, v(0x30, "\x0a\x01\x02", v(0x30, octets("sn"), v(0x31, octets("x")))))))), []byte(msg(1, v(0x79, v(0x80, "1.2"), v(0x81, "v")))), false)
	f.Fuzz(func(t *testing.T, client, server []byte, udp bool) {
		r := recorder()
		if udp {
			r.Ctx.Flow.Key.Proto = packet.ProtoUDP
		}
		r.Bytes(ts, client)
		r.Bytes(tc, server)
		r.Bytes(ts, client)
		r.Trickle(tc, string(server))
		r.End(dissect.EndFIN)
		if requests, ended := strings.Count(r.Text(), "ldap.request "), strings.Count(r.Text(), "ldap.tx "); ended < requests && r.Upgraded == "" {
			t.Errorf("%d requests, and %d transactions ended", requests, ended)
		}
	})
}
