package rdp

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

const toServer, toClient = dissect.ToServer, dissect.ToClient

// pack makes a message of a TPDU's fixed part, and what varies.
func pack(head, data string, counted bool) string {
	li := len(head)
	if counted {
		li += len(data)
	}
	n := tpktHead + 1 + len(head) + len(data)
	return "\x03\x00" + string(binary.BigEndian.AppendUint16(nil, uint16(n))) + string([]byte{byte(li)}) + head + data
}

func request(data string) string { return pack("\xe0\x00\x00\x00\x00\x00", data, true) }
func confirm(data string) string { return pack("\xd0\x00\x00\x12\x34\x00", data, true) }
func x224(data string) string    { return pack("\xf0\x80", data, false) }

func utf(s string, size int) string {
	b := make([]byte, 0, size)
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b) + strings.Repeat("\x00", size-len(b))
}

func le(size int, n ...uint32) string {
	var b []byte
	for _, v := range n {
		if size == 2 {
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		} else {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
	}
	return string(b)
}

func block(typ uint16, data string) string { return le(2, uint32(typ), uint32(len(data)+4)) + data }

// oct makes a BER value of 128 to 65535 bytes.
func ber2(id string, data string) string {
	return id + "\x82" + string(binary.BigEndian.AppendUint16(nil, uint16(len(data)))) + data
}

// mcs makes an MCS Connect Initial with the client's settings.
func mcs() string {
	core := le(4, 0x80004) + le(2, 1280, 864, 0xca01, 0xaa03) + le(4, 0x407, 7601) + utf("Büro-7", 32) + le(4, 4, 0, 12) + utf("", 64) +
		le(2, 0xca01, 1) + le(4, 0) + le(2, 24, 7, 0x81) + utf("id-1", 64) + "\x06\x00" + le(4, 0)
	net := le(4, 2) + "cliprdr\x00" + le(4, 0) + "rdpsnd\x00\x00" + le(4, 0)
	blocks := block(0xc001, core) + block(0xc004, "12345678") + block(0xc003, net)
	gcc := "\x00\x05\x00\x14\x7c\x00\x01\x81\x2a\x00\x08\x00\x10\x00\x01\xc0\x00Duca" +
		string(binary.BigEndian.AppendUint16(nil, uint16(len(blocks))|0x8000)) + blocks
	set := "\x30\x03\x02\x01\x22"
	return x224(ber2("\x7f\x65", "\x04\x01\x01\x04\x01\x01\x01\x01\xff"+set+set+set+ber2("\x04", gcc)))
}

const cookie = "Cookie: mstshash=ada\r\n"

func TestConnection(t *testing.T) {
	for _, slow := range []bool{false, true} {
		r := dissecttest.New(Spec())
		say := func(dir dissect.Dir, s string) {
			if slow {
				r.Trickle(dir, s)
			} else {
				r.Data(dir, s)
			}
		}
		say(toServer, request(cookie+"\x01\x01\x08\x00\x00\x00\x00\x00"))
		say(toClient, confirm("\x02\x01\x08\x00\x00\x00\x00\x00"))
		say(toServer, mcs())
		say(toClient, x224("\x7f\x66\x03\x0a\x01\x00"))
		say(toServer, x224("\x04\x01")+"nothing that is looked at")
		r.End(dissect.EndFIN)
		want := []string{
			`{"rdp":{"tx_id":1,"event_type":"initial_request","cookie":"ada","flags":["restricted_admin_mode_required"]}}`,
			`{"rdp":{"tx_id":2,"event_type":"initial_response","server_supports":["extended_client_data"],"protocol":"rdp"}}`,
			`{"rdp":{"tx_id":3,"event_type":"connect_request","client":{"version":"v5","desktop_width":1280,"desktop_height":864,"color_depth":24,` +
				`"keyboard_layout":"de-DE","build":"Windows 7 SP1","client_name":"Büro-7","keyboard_type":"enhanced","function_keys":12,"product_id":1,` +
				`"capabilities":["support_errinfo_pdf","support_netchar_autodetect"],"id":"id-1","connection_hint":"lan"},"channels":["cliprdr","rdpsnd"]}}`,
			`{"rdp":{"tx_id":4,"event_type":"connect_response"}}`,
		}
		if got := strings.Join(r.Records, "\n"); got != strings.Join(want, "\n") {
			t.Errorf("slow: %v\n%s\nwant\n%s", slow, got, strings.Join(want, "\n"))
		}
	}
}

func TestTLS(t *testing.T) {
	for _, c := range []struct {
		answer   string
		upgraded string
		record   string
	}{
		{confirm("\x02\x1f\x08\x00\x02\x00\x00\x00"), "tls", `"server_supports":["extended_client_data","dynvc_gfx","restricted_admin","redirected_authentication"],"protocol":"hybrid"`},
		{confirm("\x03\x00\x08\x00\x05\x00\x00\x00"), "", `"error_code":5,"reason":"hybrid required by server"`},
		{confirm(""), "", `"event_type":"initial_response"}`},
	} {
		r := dissecttest.New(Spec())
		r.Data(toServer, request("\x01\x00\x08\x00\x0b\x00\x00\x00")).Data(toClient, c.answer)
		if r.Upgraded != c.upgraded || len(r.Records) != 2 || !strings.Contains(r.Records[1], c.record) {
			t.Errorf("upgraded to %q, %v; want %q, %s", r.Upgraded, r.Records, c.upgraded, c.record)
		}
	}
	r := dissecttest.New(Spec())
	if r.Data(toServer, "\x16\x03\x01\x00\x10"); r.Upgraded != "tls" {
		t.Errorf("TLS from the first byte on: upgraded to %q", r.Upgraded)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{toServer, confirm(""), true, dissect.Reversed}, {toServer, x224("x"), true, dissect.ByPort},
		{toServer, request(cookie), false, dissect.Yes}, {toServer, request("\x01\x00\x08\x00\x0b\x00\x00\x00"), false, dissect.Yes},
		{toServer, request(cookie)[:9], false, dissect.More}, {toServer, "\x03", false, dissect.More},
		{toServer, request("\xc1\x02\x01\x00"), false, dissect.No}, // S7 over X.224
		{toServer, request(""), true, dissect.Yes}, {toClient, confirm(""), true, dissect.Yes}, {toClient, confirm(""), false, dissect.No},
		{toServer, "\x03\x01\x00\x0b\x06\xe0", true, dissect.No}, {toServer, "GET / HTTP/1.1", true, dissect.No},
	} {
		if got := probe(c.dir, []byte(c.data), c.hint); got != c.want {
			t.Errorf("%v %.30q %v: %v, want %v", c.dir, c.data, c.hint, got, c.want)
		}
	}
}

func TestAllocs(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	b := []byte(request(cookie + "\x01\x00\x08\x00\x00\x00\x00\x00"))
	if n := testing.AllocsPerRun(100, func() {
		r.Bytes(toServer, b)
		r.Restart()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	var m Message
	m.data([]byte(mcs()[tpktHead+3:]), toServer)
	if names := dissecttest.FieldAllocs(Spec(), &m); len(names) > 0 || !m.core.there {
		t.Errorf("fields allocate: %v", names)
	}
}

func FuzzParser(f *testing.F) {
	for _, s := range []string{request(cookie), confirm("\x02\x01\x08\x00\x00\x00\x00\x00"), mcs(), x224("\x7f\x66\x03\x0a\x01\x00")} {
		f.Add([]byte(s), []byte(s), true)
		f.Add([]byte(request(cookie)+s), []byte(s), false)
	}
	f.Fuzz(func(t *testing.T, client, server []byte, slow bool) {
		r := dissecttest.New(Spec())
		for _, part := range []struct {
			dir  dissect.Dir
			data []byte
		}{{toServer, client}, {toClient, server}, {toServer, server}} {
			if slow {
				r.Trickle(part.dir, string(part.data))
			} else {
				r.Bytes(part.dir, part.data)
			}
		}
		r.End(dissect.EndFIN)
		if len(r.Records) > maxMessages {
			t.Errorf("%d records", len(r.Records))
		}
	})
}

func BenchmarkConnection(b *testing.B) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	first, second := []byte(request(cookie)), []byte(mcs())
	b.SetBytes(int64(len(first) + len(second)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(toServer, first)
		r.Bytes(toServer, second)
		r.Restart()
	}
}
