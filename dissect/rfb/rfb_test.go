package rfb

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

const (
	secret = "0123456789abcdef"
	v33    = "RFB 003.003\n"
	v37    = "RFB 003.007\n"
	v38    = "RFB 003.008\n"
	ok     = "\x00\x00\x00\x00"
)

// text4 is a text behind its length.
func text4(s string) string { return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s }

// shown is a ServerInit.
func shown(name string) string {
	return "\x05\x00\x03\x20" + "\x20\x18\x00\x01\x00\xff\x00\xff\x00\xff\x10\x08\x00\x00\x00\x00" + text4(name)
}

// TestHandshakes has what the server (<) and the client (>) say, and what comes of it.
func TestHandshakes(t *testing.T) {
	const versions = `"server_protocol_version":{"major":"003","minor":"008"},"client_protocol_version":{"major":"003","minor":"008"}`
	for _, c := range []struct{ name, say, events, record string }{
		{"3.8 with a password", "<" + v38 + "|>" + v38 + "|<\x02\x02\x10|>\x02|<" + secret + "|>" + secret + "|<" + ok + "|>\x01|<" + shown("panel") + "|>keys|<pictures",
			"rfb.security to_server\nrfb.result to_client\nrfb.tx to_client\n",
			`{"rfb":{` + versions + `,"authentication":{"security_type":2,"vnc":{"challenge":"30313233343536373839616263646566","response":"30313233343536373839616263646566"},"security_result":"OK"},` +
				`"screen_shared":true,"framebuffer":{"width":1280,"height":800,"name":"panel","pixel_format":{"bits_per_pixel":32,"depth":24,"big_endian":false,"true_color":true,"red_max":255,"green_max":255,"blue_max":255,"red_shift":16,"green_shift":8,"blue_shift":0}}}}`},
		{"3.8 without one", "<" + v38 + "|>" + v38 + "|<\x01\x01|>\x01|<" + ok + "|>\x00|<" + shown(""), "rfb.security to_server\nrfb.result to_client\nrfb.tx to_client\n", ""},
		{"3.7 without one", "<" + v37 + "|>" + v37 + "|<\x01\x01|>\x01\x01|<" + shown(""), "rfb.security to_server\nrfb.tx to_client\n", ""},
		{"3.3", "<" + v38 + "|>" + v33 + "|<\x00\x00\x00\x02" + secret + "|>" + secret + "|<" + ok + "|>\x01|<" + shown("x"), "rfb.security to_server\nrfb.result to_client\nrfb.tx to_client\n", ""},
		{"a later version", "<RFB 005.000\n|>RFB 004.001\n|<\x01\x01|>\x01|<" + ok + "|>\x00|<" + shown(""), "rfb.security to_server\nrfb.result to_client\nrfb.tx to_client\n", ""},
		{"wrong password", "<" + v38 + "|>" + v38 + "|<\x01\x02|>\x02|<" + secret + "|>" + secret + "|<\x00\x00\x00\x01" + text4("no"), "rfb.security to_server\nrfb.result to_client\nrfb.tx to_client\n",
			`{"rfb":{` + versions + `,"authentication":{"security_type":2,"vnc":{"challenge":"30313233343536373839616263646566","response":"30313233343536373839616263646566"},"security_result":"FAIL"},"server_security_failure_reason":"no"}}`},
		{"refused at once", "<" + v38 + "|>" + v38 + "|<\x00" + text4("too many"), "rfb.tx to_client\n", `{"rfb":{` + versions + `,"authentication":{},"server_security_failure_reason":"too many"}}`},
		{"TLS", "<" + v38 + "|>" + v38 + "|<\x01\x12|>\x12\x16\x03", "rfb.security to_server\nanomaly rfb.unimplemented_security_type\nrfb.tx to_client\n", `{"rfb":{` + versions + `,"authentication":{"security_type":18}}}`},
		{"odd result", "<" + v38 + "|>" + v38 + "|<\x01\x01|>\x01|<\x00\x00\x00\x09", "rfb.security to_server\nrfb.result to_client\nanomaly rfb.unknown_security_result\nrfb.tx to_client\n",
			`{"rfb":{` + versions + `,"authentication":{"security_type":1,"security_result":"UNKNOWN (9)"}}}`},
		{"out of turn", "<" + v38 + "|>" + v38 + "|>\x02", "anomaly rfb.confused_state\nrfb.tx to_client\n", ""},
		{"no version", "<" + v38 + "|>GET / HTTP/1.1", "anomaly rfb.malformed_message\nrfb.tx to_client\n", ""},
		{"cut off", "<" + v38 + "|>" + v38 + "|<\x01", "rfb.tx to_client\n", `{"rfb":{` + versions + `,"authentication":{}}}`},
		{"server connects to a viewer", ">" + v38 + "|<" + v38 + "|>\x01\x01|<\x01|>" + ok + "|<\x01|>" + shown("x"), "rfb.security to_client\nrfb.result to_server\nrfb.tx to_server\n", ""},
	} {
		r, whole := dissecttest.New(Spec()), dissecttest.New(Spec())
		r.Fields = []string{}
		for _, part := range strings.Split(c.say, "|") {
			dir := dissect.ToServer
			if part[0] == '<' {
				dir = dissect.ToClient
			}
			r.Trickle(dir, part[1:])
			whole.Data(dir, part[1:])
		}
		got := r.End(dissect.EndFIN)
		whole.End(dissect.EndFIN)
		if got != c.events {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.events)
		}
		if len(r.Records) != 1 || r.Records[0] != whole.Records[0] || c.record != "" && r.Records[0] != c.record {
			t.Errorf("%s: records\n%s\nat once\n%s\nwant\n%s", c.name, strings.Join(r.Records, "\n"), strings.Join(whole.Records, "\n"), c.record)
		}
	}
}

// TestLongName checks that of a name that says it is 4 GB long the beginning is taken.
func TestLongName(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Fields = []string{"rfb.name"}
	r.Data(dissect.ToClient, v37).Data(dissect.ToServer, v37).Data(dissect.ToClient, "\x01\x01").Data(dissect.ToServer, "\x01\x01")
	r.Data(dissect.ToClient, shown("")[:20]+"\xff\xff\xff\xff"+strings.Repeat("n", maxText)+"more")
	if want := `rfb.name="` + strings.Repeat("n", maxText) + "\"\n"; !strings.HasSuffix(r.Text(), want) {
		t.Errorf("got %.200s", r.Text())
	}
	r.Gap(dissect.ToClient, 100).End(dissect.EndFIN)
	if len(r.Records) != 1 {
		t.Errorf("%d records", len(r.Records))
	}
}

func TestGap(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Fields = []string{}
	r.Data(dissect.ToClient, v38).Gap(dissect.ToServer, 12).Data(dissect.ToClient, "\x01\x01")
	if got := r.End(dissect.EndFIN); got != "rfb.tx to_client\n" {
		t.Errorf("got\n%s", got)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		want dissect.Verdict
	}{
		{dissect.ToClient, v38, dissect.Yes},
		{dissect.ToClient, "RFB 0", dissect.More},
		{dissect.ToClient, "RFB abc.def\n", dissect.No},
		{dissect.ToClient, "RFC 6143", dissect.No},
		{dissect.ToServer, v38, dissect.ByPort},
	} {
		if got := probe(c.dir, []byte(c.data), false); got != c.want {
			t.Errorf("%s %q: %v, want %v", c.dir, c.data, got, c.want)
		}
	}
}

// TestCapture reads what TigerVNC and two clients say.
func TestCapture(t *testing.T) {
	flows, err := replay.File("../../testdata/captures/vnc_handshakes.pcap", Spec, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, f := range flows {
		all += f.End(dissect.EndFIN)
	}
	for _, want := range []string{`rfb.name="panel of kiln 7"`, `rfb.name="open panel"`, "rfb.secresult=1", "rfb.secresult=0 rfb.sectype=2", "rfb.secresult=0 rfb.sectype=1", `rfb.client_version="003"`} {
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
	version, types, choice := []byte(v37), []byte("\x01\x01"), []byte("\x01\x01")
	screen := []byte(shown("panel"))
	handshake := func() {
		r.Restart()
		r.Bytes(dissect.ToClient, version)
		r.Bytes(dissect.ToServer, version)
		r.Bytes(dissect.ToClient, types)
		r.Bytes(dissect.ToServer, choice)
		r.Bytes(dissect.ToClient, screen)
	}
	handshake()
	if n := testing.AllocsPerRun(50, handshake); n > 0 {
		t.Errorf("%v allocations for a handshake, want none", n)
	}
	if names := dissecttest.FieldAllocs(Spec(), &Session{name: []byte("x"), types: []byte{1}}); len(names) > 0 {
		t.Errorf("these fields allocate: %v", names)
	}
}

// FuzzRFB lets both sides say data in turns of n bytes.
func FuzzRFB(f *testing.F) {
	f.Add(byte(12), v38+v38+"\x01\x02\x02"+secret+secret+ok+"\x01"+shown("panel"))
	f.Add(byte(12), v33+v33+"\x00\x00\x00\x01\x01"+shown("x"))
	f.Fuzz(func(t *testing.T, n byte, data string) {
		r := dissecttest.New(Spec())
		r.Ctx.Limits.Frames = true
		dir := dissect.ToClient
		for len(data) > 0 {
			k := min(int(n)+1, len(data))
			r.Data(dir, data[:k])
			data, dir = data[k:], dir.Rev()
		}
		r.End(dissect.EndFIN)
		if len(r.Records) > 1 {
			t.Errorf("%d records", len(r.Records))
		}
	})
}
