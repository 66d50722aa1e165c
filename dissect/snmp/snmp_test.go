package snmp

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

// tlv is a value in BER.
func tlv(id byte, content ...string) string {
	body := strings.Join(content, "")
	if len(body) < 128 {
		return string([]byte{id, byte(len(body))}) + body
	}
	return string([]byte{id, 0x82, byte(len(body) >> 8), byte(len(body))}) + body
}

func number(n byte) string { return tlv(2, string([]byte{n})) }

const (
	sysName = "\x2b\x06\x01\x02\x01\x01\x05\x00"
	net     = "\x2b\x06\x01\x04\x01\xbf\x08\x03" // 1.3.6.1.4.1.8072.3
)

func variables(list ...string) string {
	all := ""
	for _, v := range list {
		all += tlv(0x30, tlv(6, v), tlv(4, "kiln7"))
	}
	return tlv(0x30, all)
}

// pdu is one that is no trap of version 1.
func pdu(kind, status byte, vars string) string {
	return tlv(0xa0|kind, tlv(2, "\x12\x34"), number(status), number(0), vars)
}

func v12(version byte, community, pdu string) string {
	return tlv(0x30, number(version), tlv(4, community), pdu)
}

func v3(model byte, user, data string) string {
	usm := tlv(0x30, tlv(4, "engine"), number(1), number(2), tlv(4, user), tlv(4), tlv(4))
	return tlv(0x30, number(3), tlv(0x30, tlv(2, "\x12\x34"), tlv(2, "\x7f\xff"), tlv(4, "\x03"), number(model)), tlv(4, usm), data)
}

func scoped(pdu string) string { return tlv(0x30, tlv(4, "engine"), tlv(4, "ctx"), pdu) }

func TestMessages(t *testing.T) {
	trap := tlv(0xa4, tlv(6, net), tlv(0x40, "\x0a\x0a\x01\x0a"), number(6), number(17), tlv(0x43, "\x01"), variables(sysName))
	for _, c := range []struct{ name, data, line, record string }{
		{"set, version 2c", v12(1, "private", pdu(3, 0, variables(sysName, net))),
			`snmp.community="private" snmp.encrypted=0 snmp.pdu_type="set_request" snmp.values=["kiln7" "kiln7"] snmp.vars=["1.3.6.1.2.1.1.5.0" "1.3.6.1.4.1.8072.3"] snmp.version=2`,
			`{"snmp":{"version":2,"pdu_type":"set_request","vars":["1.3.6.1.2.1.1.5.0","1.3.6.1.4.1.8072.3"],"community":"private"}}`},
		{"error, version 1", v12(0, "", pdu(2, 2, variables(sysName))),
			`snmp.community="" snmp.encrypted=0 snmp.error="NoSuchName" snmp.pdu_type="response" snmp.values=["kiln7"] snmp.vars=["1.3.6.1.2.1.1.5.0"] snmp.version=1`,
			`{"snmp":{"version":1,"pdu_type":"response","error":"NoSuchName","vars":["1.3.6.1.2.1.1.5.0"],"community":""}}`},
		{"trap, version 1", v12(0, "public", trap),
			`snmp.community="public" snmp.encrypted=0 snmp.pdu_type="trap_v1" snmp.trap_address="10.10.1.10" snmp.trap_oid="1.3.6.1.4.1.8072.3" snmp.trap_type="EnterpriseSpecific" snmp.values=["kiln7"] snmp.vars=["1.3.6.1.2.1.1.5.0"] snmp.version=1`,
			`{"snmp":{"version":1,"pdu_type":"trap_v1","trap_type":"EnterpriseSpecific","trap_oid":"1.3.6.1.4.1.8072.3","trap_address":"10.10.1.10","vars":["1.3.6.1.2.1.1.5.0"],"community":"public"}}`},
		{"version 3", v3(3, "watch", scoped(pdu(0, 0, variables()))), `snmp.context="ctx" snmp.encrypted=0 snmp.pdu_type="get_request" snmp.usm="watch" snmp.version=3`,
			`{"snmp":{"version":3,"pdu_type":"get_request","usm":"watch"}}`},
		{"encrypted", v3(3, "watch", tlv(4, "secret")), `snmp.encrypted=1 snmp.usm="watch" snmp.version=3`, `{"snmp":{"version":3,"pdu_type":"encrypted"}}`},
		{"bulk", v12(1, "p", pdu(5, 9, variables(sysName))), `snmp.community="p" snmp.encrypted=0 snmp.pdu_type="get_bulk_request" snmp.values=["kiln7"] snmp.vars=["1.3.6.1.2.1.1.5.0"] snmp.version=2`,
			`{"snmp":{"version":2,"pdu_type":"get_bulk_request","vars":["1.3.6.1.2.1.1.5.0"],"community":"p"}}`},
	} {
		r := dissecttest.New(Spec())
		r.Data(dissect.ToServer, c.data)
		if got := r.Text(); got != "snmp.message to_server "+c.line+"\n" {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.line)
		}
		if len(r.Records) != 1 || r.Records[0] != c.record {
			t.Errorf("%s: record %s\nwant %s", c.name, r.Records, c.record)
		}
	}
}

func TestAnomalies(t *testing.T) {
	good := v12(1, "public", pdu(0, 0, variables(sysName)))
	for _, c := range []struct{ name, data, want string }{
		{"another version", v12(0, "public", pdu(0, 0, variables(sysName))), "anomaly snmp.version_mismatch\nsnmp.message to_server\n"},
		{"another security model", v3(9, "", tlv(4, "x")), "anomaly snmp.version_mismatch\nanomaly snmp.unknown_security_model\nsnmp.message to_server\n"},
		{"cut off", good[:len(good)-3], "anomaly snmp.malformed_data\n"},
		{"no PDU", v12(1, "public", tlv(4, "x")), "anomaly snmp.malformed_data\n"},
		{"PDU of an unknown type", v12(1, "public", pdu(9, 0, variables())), "anomaly snmp.malformed_data\n"},
		{"variables that are none", v12(1, "public", pdu(0, 0, tlv(0x30, number(1)))), "anomaly snmp.malformed_data\n"},
		{"nothing", "\x30", "anomaly snmp.malformed_data\n"},
	} {
		r := dissecttest.New(Spec())
		r.Fields = []string{}
		r.Data(dissect.ToServer, good)
		r.Lines = nil
		r.Data(dissect.ToServer, c.data)
		if got := r.Text(); got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.want)
		}
	}
}

// TestCaps: of a message with very many variables the first ones are kept.
func TestCaps(t *testing.T) {
	for n, capped := range map[int]int{maxVars: 0, maxVars + 100: 1} {
		r := dissecttest.New(Spec())
		r.Data(dissect.ToServer, v12(1, "private", pdu(3, 0, variables(strings.Split(strings.Repeat(net+" ", n)[:n*(len(net)+1)-1], " ")...))))
		if got := strings.Count(r.Text(), "1.3.6.1.4.1.8072.3"); got != maxVars || r.Capped["variables"] != capped {
			t.Errorf("of %d variables %d are kept, counted %v", n, got, r.Capped)
		}
	}
}

func TestProbe(t *testing.T) {
	get, response := v12(1, "public", pdu(0, 0, variables(sysName))), v12(1, "public", pdu(2, 0, variables(sysName)))
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		want dissect.Verdict
	}{
		{dissect.ToServer, get, dissect.Yes},
		{dissect.ToClient, response, dissect.Yes},
		{dissect.ToServer, response, dissect.Reversed},
		{dissect.ToClient, get, dissect.Reversed},
		{dissect.ToServer, v3(3, "watch", tlv(4, "secret")), dissect.Yes},
		{dissect.ToServer, get[:20], dissect.No},
		{dissect.ToServer, tlv(0x30, number(7), tlv(0x63)), dissect.No},
		{dissect.ToServer, tlv(0x30, number(1), tlv(0x63)), dissect.No},
		{dissect.ToServer, "0123", dissect.No},
	} {
		if got := probe(c.dir, []byte(c.data), true); got != c.want {
			t.Errorf("%s %.12q: %v, want %v", c.dir, c.data, got, c.want)
		}
	}
}

func TestOtherPort(t *testing.T) {
	if got := probe(dissect.ToServer, []byte(v12(1, "public", pdu(0, 0, variables()))), false); got != dissect.No {
		t.Errorf("on another protocol's port: %v", got)
	}
}

// TestCapture reads what net-snmp says.
func TestCapture(t *testing.T) {
	flows, err := replay.File("../../testdata/captures/snmp_versions.pcap", Spec, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, f := range flows {
		all += f.Text()
	}
	for _, want := range []string{`snmp.pdu_type="set_request" snmp.values=["kiln7"]`, `snmp.pdu_type="get_bulk_request"`, `snmp.usm="watch"`, "snmp.encrypted=1",
		`snmp.pdu_type="report"`, `snmp.trap_type="EnterpriseSpecific"`, `snmp.pdu_type="trap_v2"`, `snmp.pdu_type="inform_request"`, `snmp.community="public"`} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	if strings.Contains(all, "anomaly") {
		t.Errorf("an anomaly in\n%s", all)
	}
}

func TestNoAllocations(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	data := []byte(v12(1, "public", pdu(0, 0, variables(sysName, net))))
	r.Bytes(dissect.ToServer, data)
	if n := testing.AllocsPerRun(50, func() { r.Bytes(dissect.ToServer, data) }); n > 0 {
		t.Errorf("%v allocations for a message, want none", n)
	}
	m := new(Message)
	m.reset()
	m.parse(data)
	if names := dissecttest.FieldAllocs(Spec(), m); len(names) > 0 {
		t.Errorf("these fields allocate: %v", names)
	}
}

func BenchmarkMessage(b *testing.B) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	data := []byte(v12(1, "public", pdu(0, 0, variables(sysName, net))))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(dissect.ToServer, data)
	}
}

func FuzzSNMP(f *testing.F) {
	f.Add(v12(1, "public", pdu(0, 0, variables(sysName, net))))
	f.Add(v12(0, "public", tlv(0xa4, tlv(6, net), tlv(0x40, "\x0a\x0a\x01\x0a"), number(6), number(17), tlv(0x43, "\x01"), variables(sysName))))
	f.Add(v3(3, "watch", scoped(pdu(0, 0, variables()))))
	f.Add(v3(3, "watch", tlv(4, "secret")))
	f.Fuzz(func(t *testing.T, data string) {
		r := dissecttest.New(Spec())
		r.Data(dissect.ToServer, data)
		r.End(dissect.EndTimeout)
		if len(r.Records) > 0 && probe(dissect.ToServer, []byte(data), true) == dissect.No {
			t.Errorf("a message that is not recognised: %q", data)
		}
	})
}
