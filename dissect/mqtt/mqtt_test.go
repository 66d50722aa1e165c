package mqtt

import (
	"fmt"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

// packet makes a control packet of its first byte and its body.
func packet(first byte, body string) string {
	b := []byte{first}
	for n := len(body); ; {
		c := byte(n & 0x7f)
		if n >>= 7; n > 0 {
			c |= 0x80
		}
		if b = append(b, c); n == 0 {
			return string(b) + body
		}
	}
}

// lv is a text behind its length, props are properties behind theirs.
func lv(s string) string    { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }
func props(s string) string { return string([]byte{byte(len(s))}) + s }

var (
	connect  = packet(0x10, lv("MQTT")+"\x04\xe6\x00\x3c"+lv("me")+lv("will/t")+lv("bye")+lv("user")+lv("pass"))
	connect5 = packet(0x10, lv("MQTT")+"\x05\x02\x00\x3c"+props("\x21\x00\x14\x15"+lv("SCRAM")+"\x26"+lv("k")+lv("v"))+lv(""))
	accepted = packet(0x20, "\x00\x00")
	publish  = packet(0x30, lv("a/b")+"hello")
	publish1 = packet(0x32, lv("a/b")+"\x00\x07hello")
	publish2 = packet(0x34, lv("a/b")+"\x00\x09hello")
)

// two gives a recorder that has seen a connection begin.
func two() *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Fields = []string{"mqtt.publish.topic"}
	return r.Data(dissect.ToServer, connect).Data(dissect.ToClient, accepted)
}

func TestConnect(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Data(dissect.ToServer, connect).Data(dissect.ToClient, accepted)
	want := ` mqtt.connack.return_code=0 mqtt.connack.session_present=0 mqtt.connect.clientid="me" mqtt.connect.flags=230 mqtt.connect.keepalive=60` +
		` mqtt.connect.password="pass" mqtt.connect.protocol_string="MQTT" mqtt.connect.username="user" mqtt.connect.willmessage="bye"` +
		` mqtt.connect.willtopic="will/t" mqtt.flags=[0 0] mqtt.protocol_version=4 mqtt.qos=[0 0] mqtt.reason_code=[0] mqtt.type=["CONNECT" "CONNACK"]`
	if got := r.Lines[len(r.Lines)-1]; got != "mqtt.tx to_server"+want {
		t.Errorf("got  %s\nwant mqtt.tx to_server%s", got, want)
	}
	const record = `{"mqtt":{"connect":{"qos":0,"retain":false,"dup":false,"protocol_string":"MQTT","protocol_version":4,"client_id":"me",` +
		`"flags":{"username":true,"password":true,"will_retain":true,"will":true,"clean_session":true},"username":"user","password":"pass",` +
		`"will":{"topic":"will/t","message":"bye"}},"connack":{"qos":0,"retain":false,"dup":false,"session_present":false,"return_code":0}}}`
	if r.Records[0] != record {
		t.Errorf("record %s\nwant   %s", r.Records[0], record)
	}
}

// TestExchanges checks which control packets make a transaction.
func TestExchanges(t *testing.T) {
	for _, c := range []struct{ name, say, want string }{
		{"QoS 0", ">" + publish, `["PUBLISH"] tx["PUBLISH"]`},
		{"two at once, answered in turn", ">" + publish1 + publish2 + "|<" + packet(0x50, "\x00\x09") + packet(0x40, "\x00\x07") + "|>" + packet(0x62, "\x00\x09") + "|<" + packet(0x70, "\x00\x09"),
			`["PUBLISH"] ["PUBLISH"] ["PUBLISH" "PUBREC"] ["PUBLISH" "PUBACK"] tx["PUBLISH" "PUBACK"] ["PUBLISH" "PUBREC" "PUBREL"] ["PUBLISH" "PUBREC" "PUBREL" "PUBCOMP"] tx["PUBLISH" "PUBREC" "PUBREL" "PUBCOMP"]`},
		{"both sides have number 7", ">" + publish1 + "|<" + publish1 + "|>" + packet(0x40, "\x00\x07") + "|<" + packet(0x40, "\x00\x07"),
			`["PUBLISH"] c["PUBLISH"] c["PUBLISH" "PUBACK"] txc["PUBLISH" "PUBACK"] ["PUBLISH" "PUBACK"] tx["PUBLISH" "PUBACK"]`},
		{"subscribe and unsubscribe", ">" + packet(0x82, "\x00\x01"+lv("x/#")+"\x01") + packet(0xa2, "\x00\x02"+lv("x/#")) + "|<" + packet(0x90, "\x00\x01\x01") + packet(0xb0, "\x00\x02"),
			`["SUBSCRIBE"] ["UNSUBSCRIBE"] ["SUBSCRIBE" "SUBACK"] tx["SUBSCRIBE" "SUBACK"] ["UNSUBSCRIBE" "UNSUBACK"] tx["UNSUBSCRIBE" "UNSUBACK"]`},
		{"ping, disconnect", ">" + packet(0xc0, "") + "|<" + packet(0xd0, "") + "|>" + packet(0xe0, ""), `["PINGREQ"] tx["PINGREQ"] c["PINGRESP"] txc["PINGRESP"] ["DISCONNECT"] tx["DISCONNECT"]`},
		{"never answered", ">" + publish1, `["PUBLISH"] tx["PUBLISH"]`},
		{"answer to nothing", "<" + packet(0x40, "\x00\x01") + packet(0x90, "\x00\x01\x00") + packet(0xb0, "\x00\x01") + accepted,
			`!missing_publish c["PUBACK"] txc["PUBACK"] !missing_subscribe c["SUBACK"] txc["SUBACK"] !missing_unsubscribe c["UNSUBACK"] txc["UNSUBACK"] !missing_connect c["CONNACK"] txc["CONNACK"]`},
		{"again", ">" + connect, `!double_connect ["CONNECT"] tx["CONNECT"]`},
		{"unassigned", ">" + packet(0x08, ""), `!unassigned_msg_type ["UNASSIGNED"] tx["UNASSIGNED"]`},
		{"QoS 3, no number", ">" + packet(0x36, lv("a")+"\x00\x01x") + packet(0x32, lv("a")+"\x00\x00x"), `!invalid_qos_level ["PUBLISH"] !missing_msg_id ["PUBLISH"] tx["PUBLISH"] tx["PUBLISH"]`},
		{"malformed", ">" + packet(0x30, "\x00\x09a") + publish, `!malformed_traffic tx`},
		{"malformed length", ">\x30\xff\xff\xff\xff" + publish, `!malformed_traffic tx`},
	} {
		r, whole := two(), two()
		r.Fields = []string{"mqtt.type"}
		whole.Fields = r.Fields
		for _, part := range strings.Split(c.say, "|") {
			dir := dissect.ToServer
			if part[0] == '<' {
				dir = dissect.ToClient
			}
			r.Trickle(dir, part[1:])
			whole.Data(dir, part[1:])
		}
		got := r.End(dissect.EndFIN)
		if other := whole.End(dissect.EndFIN); got != other {
			t.Errorf("%s: a byte at a time\n%sand at once\n%s", c.name, got, other)
		}
		if short := shorten(got); short != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, short, c.want)
		}
	}
}

// Pings and their answers have records of their own.
func TestPings(t *testing.T) {
	r := two()
	r.Data(dissect.ToServer, packet(0x10, lv("MQTT")+"\x04\x02\x00\x3c"+lv("a"))).Data(dissect.ToClient, packet(0x20, "\x00\x00"))
	r.Data(dissect.ToServer, packet(0xc0, "")).Data(dissect.ToClient, packet(0xd0, ""))
	got := strings.Join(r.Records, "\n")
	for _, want := range []string{`{"mqtt":{"pingreq":{"qos":0,"retain":false,"dup":false}}}`, `{"mqtt":{"pingresp":{"qos":0,"retain":false,"dup":false}}}`} {
		if !strings.Contains(got, want) {
			t.Errorf("records\n%s\nhave no %s", got, want)
		}
	}
}

// shorten writes lines as the table has them, without those of the connection's begin.
func shorten(lines string) string {
	var out []string
	for _, l := range strings.Split(strings.TrimSpace(lines), "\n")[3:] {
		l = strings.NewReplacer("mqtt.message to_server mqtt.type=", "", "mqtt.message to_client mqtt.type=", "c", "mqtt.tx to_server mqtt.type=", "tx",
			"mqtt.tx to_client mqtt.type=", "txc", "anomaly mqtt.", "!", "mqtt.tx to_server", "tx").Replace(l)
		out = append(out, l)
	}
	return strings.Join(out, " ")
}

func TestUnintroduced(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Fields = []string{}
	r.Data(dissect.ToServer, publish)
	if got := r.Text(); got != "anomaly mqtt.unintroduced_message\nmqtt.message to_server\nmqtt.tx to_server\n" {
		t.Errorf("got\n%s", got)
	}
}

// TestMidstream checks that what was not seen is no anomaly, and that the first whole control packet is found.
func TestMidstream(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Ctx.Flow.Midstream = true
	r.Fields = []string{"mqtt.publish.topic"}
	r.Data(dissect.ToServer, "rest of a message").Data(dissect.ToServer, publish).Data(dissect.ToClient, packet(0x40, "\x00\x01"))
	if got := r.Text(); strings.Contains(got, "anomaly") || !strings.Contains(got, `mqtt.tx to_server mqtt.publish.topic="a/b"`) {
		t.Errorf("got\n%s", got)
	}
}

// TestGaps checks that what follows a gap is read again: at once where the gap is within a control packet, else at the next that looks like one.
func TestGaps(t *testing.T) {
	long := packet(0x30, lv("t")+strings.Repeat("x", 500))
	for _, c := range []struct {
		name         string
		before, rest string
		gap          int
	}{
		{"within", long[:100], long[200:] + publish, 100},
		{"up to its end", long[:100], publish, len(long) - 100},
		{"past it", long[:100], "garbage", len(long) + 50},
		{"between", "", publish, 77},
	} {
		r := two()
		r.Data(dissect.ToServer, c.before).Gap(dissect.ToServer, c.gap).Data(dissect.ToServer, c.rest).Data(dissect.ToServer, publish)
		got := r.End(dissect.EndFIN)
		if n := strings.Count(got, `mqtt.tx to_server mqtt.publish.topic="a/b"`); n == 0 || strings.Contains(got, "anomaly") {
			t.Errorf("%s: got\n%s", c.name, got)
		}
	}
}

func TestLimits(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Fields = []string{}
	r.Ctx.Limits.Settings = map[string]string{"mqtt.max-msg-length": "100", "mqtt.max-tx": "2"}
	r.Data(dissect.ToServer, connect).Data(dissect.ToClient, accepted)
	long := packet(0x32, lv("t")+"\x00\x01"+strings.Repeat("x", 500))
	r.Trickle(dissect.ToServer, long).Data(dissect.ToServer, long+publish)
	if want := `{"mqtt":{"publish":{"qos":1,"retain":false,"dup":false,"truncated":true,"skipped_length":508}}}`; len(r.Records) != 4 || r.Records[1] != want || r.Records[2] != want {
		t.Errorf("records %q", r.Records[1:])
	}
	for i := range 4 {
		r.Data(dissect.ToServer, packet(0x32, lv("t")+fmt.Sprintf("\x00%cx", i+1)))
	}
	if n := strings.Count(r.Text(), "anomaly mqtt.too_many_transactions"); n != 1 {
		t.Errorf("%d times too many transactions, want 1:\n%s", n, r.Text())
	}
	if r.Capped["transactions"] != 1 || r.Capped["length"] != 2 {
		t.Errorf("counted: %v", r.Capped)
	}
}

func TestVersion5(t *testing.T) {
	r := dissecttest.New(NewSpec(ParseOptions(map[string]string{"passwords": "no", "string-log-limit": "4"})))
	r.Fields = []string{"mqtt.user_property.name", "mqtt.user_property.value", "mqtt.connect.authentication_method", "mqtt.reason_code"}
	r.Data(dissect.ToServer, connect5).Data(dissect.ToClient, packet(0x20, "\x01\x00"+props("\x24\x01")))
	r.Data(dissect.ToServer, packet(0x82, "\x00\x01\x00"+lv("abc")+"\x00"+lv("defg")+"\x01"+lv("h")+"\x02")).Data(dissect.ToClient, packet(0x90, "\x00\x01\x00\x00\x80\x02"))
	r.Data(dissect.ToServer, packet(0x34, lv("t")+"\x00\x02\x00"+"message")).Data(dissect.ToClient, packet(0x50, "\x00\x02")+packet(0xe0, "\x8e")+packet(0xf0, "\x18"+props("\x15"+lv("m"))))
	r.End(dissect.EndFIN)
	want := []string{
		`{"mqtt":{"connect":{"qos":0,"retain":false,"dup":false,"protocol_string":"MQTT","protocol_version":5,"client_id":"","flags":{"username":false,"password":false,"will_retain":false,"will":false,"clean_session":true},"properties":{"receive_maximum":20,"authentication_method":"SCRA[truncated 1 additional bytes]","k":"v"}},"connack":{"qos":0,"retain":false,"dup":false,"session_present":true,"return_code":0,"properties":{"maximum_qos":1}}}}`,
		`{"mqtt":{"subscribe":{"qos":1,"retain":false,"dup":false,"message_id":1,"topics":[{"topic":"abc","qos":0},{"topic":"d[truncated 3 additional bytes]","qos":1}]},"suback":{"qos":0,"retain":false,"dup":false,"message_id":1,"qos_granted":[0,128,2]}}}`,
		`{"mqtt":{"disconnect":{"qos":0,"retain":false,"dup":false,"reason_code":0}}}`,
		`{"mqtt":{"auth":{"qos":0,"retain":false,"dup":false,"reason_code":24,"properties":{"authentication_method":"m"}}}}`,
		`{"mqtt":{"publish":{"qos":2,"retain":false,"dup":false,"topic":"t","message_id":2,"message":"mess[truncated 3 additional bytes]"},"pubrec":{"qos":0,"retain":false,"dup":false,"message_id":2,"reason_code":0}}}`,
	}
	if got := strings.Join(r.Records, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if got := r.Text(); !strings.Contains(got, `mqtt.connect.authentication_method="SCRAM" mqtt.user_property.name=["k"] mqtt.user_property.value=["v"]`) ||
		!strings.Contains(got, "mqtt.reason_code=[0 128 2]") || !strings.Contains(got, "mqtt.reason_code=[142]") {
		t.Errorf("fields\n%s", got)
	}
}

func TestTopicLimit(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Fields = []string{"mqtt.subscribe.topic", "mqtt.unsubscribe.topic"}
	r.Ctx.Limits.Settings = map[string]string{"mqtt.subscribe-topic-match-limit": "1"}
	r.Data(dissect.ToServer, packet(0x82, "\x00\x01"+lv("a")+"\x00"+lv("b")+"\x00")+packet(0xa2, "\x00\x02"+lv("a")+lv("b")))
	if got := r.Text(); !strings.Contains(got, `mqtt.subscribe.topic=["a"]`) || !strings.Contains(got, `mqtt.unsubscribe.topic=["a" "b"]`) {
		t.Errorf("got\n%s", got)
	}
}

// TestKeptPayload checks that of transactions that wait no more payload is kept than maxKept and what records show.
func TestKeptPayload(t *testing.T) {
	p := Spec().New().(*parser)
	r := two()
	body := strings.Repeat("y", 100_000)
	for i := range 20 {
		c := r.Ctx
		c.Dir = dissect.ToServer
		c.Begin(r.Spec)
		p.Data(c, dissect.ToServer, []byte(packet(0x32, lv("t")+fmt.Sprintf("\x01%c", i)+body)))
	}
	sum := 0
	for _, tx := range p.open {
		sum += len(tx.msgs[0].body)
	}
	if len(p.open) != 20 || sum > maxKept+20*(defaultLimit+len(body)/100) || p.kept > maxKept {
		t.Errorf("%d transactions keep %d bytes (%d counted), cap %d", len(p.open), sum, p.kept, maxKept)
	}
	if n := r.Capped["content"]; n != 18 {
		t.Errorf("%d messages counted of which only the beginning is kept, want 18", n)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{dissect.ToServer, connect, false, dissect.Yes},
		{dissect.ToServer, connect[:6], false, dissect.More},
		{dissect.ToServer, packet(0x10, lv("MQIsdp")+"\x03\x02\x00\x3c"+lv("id")), false, dissect.Yes},
		{dissect.ToClient, connect, false, dissect.Reversed},
		{dissect.ToServer, publish, false, dissect.No},
		{dissect.ToServer, publish, true, dissect.ByPort},
		{dissect.ToServer, packet(0x90, "\x00\x07\x00"), true, dissect.Reversed},
		{dissect.ToClient, accepted, true, dissect.Yes},
		{dissect.ToServer, accepted, true, dissect.Reversed},
		{dissect.ToServer, "\x10", true, dissect.More},
		{dissect.ToServer, "\x10\x20\x00\x04HTTP", true, dissect.No},
		{dissect.ToServer, "SSH-2.0-x\r\n", true, dissect.No},
		{dissect.ToServer, "GET / HTTP/1.1\r\n", true, dissect.No},
		{dissect.ToServer, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", true, dissect.No},
		{dissect.ToServer, packet(0x00, ""), true, dissect.No},
	} {
		if got := probe(c.dir, []byte(c.data), c.hint); got != c.want {
			t.Errorf("%s %.12q: %v, want %v", c.dir, c.data, got, c.want)
		}
	}
}

// TestCapture reads what mosquitto and its clients say.
func TestCapture(t *testing.T) {
	flows, err := replay.File("../../testdata/captures/mqtt_messages.pcap", Spec, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, f := range flows {
		all += f.End(dissect.EndFIN)
	}
	if len(flows) != 6 || strings.Contains(all, "anomaly") {
		t.Errorf("%d flows, anomalies: %v", len(flows), strings.Contains(all, "anomaly"))
	}
	for _, want := range []string{"mqtt.protocol_version=3", "mqtt.protocol_version=4", "mqtt.protocol_version=5", "mqtt.connack.return_code=135",
		`mqtt.type=["PUBLISH" "PUBREC" "PUBREL" "PUBCOMP"]`, `mqtt.user_property.name=["unit"]`, `mqtt.publish.response_topic="plant/3/set"`,
		`mqtt.subscribe.topic=["plant/+/temp" "plant/alarm/#"]`, `mqtt.unsubscribe.topic=["plant/nothing"]`, `mqtt.connect.willtopic="plant/lost"`} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	r := two()
	r.Quiet = true
	out, back := []byte(publish1), []byte(packet(0x40, "\x00\x07"))
	exchange := func() {
		r.Bytes(dissect.ToServer, out)
		r.Bytes(dissect.ToClient, back)
	}
	exchange()
	if n := testing.AllocsPerRun(50, exchange); n > 0 {
		t.Errorf("%v allocations for a PUBLISH and its answer, want none", n)
	}
	tx := &Tx{topics: [2]int{maxTopics, maxTopics}}
	for _, s := range []string{connect5, packet(0x82, "\x00\x01\x00"+lv("abc")+"\x00")} {
		h, _ := parseHeader([]byte(s))
		m := tx.add()
		m.reset(h)
		if !m.parse([]byte(s)[h.head:], 5) {
			t.Fatalf("%q is malformed", s)
		}
	}
	if names := dissecttest.FieldAllocs(Spec(), tx); len(names) > 0 {
		t.Errorf("these fields allocate: %v", names)
	}
}

func BenchmarkPublish(b *testing.B) {
	r := two()
	r.Quiet = true
	data := []byte(packet(0x30, lv("plant/1/temp")+strings.Repeat("x", 200)))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(dissect.ToServer, data)
	}
}

// FuzzMQTT feeds two directions; the first byte says where the second begins. What is parsed may not depend on how it is cut.
func FuzzMQTT(f *testing.F) {
	f.Add(byte(len(connect)), connect+accepted)
	f.Add(byte(len(connect5+publish1)), connect5+publish1+packet(0x20, "\x00\x00\x00")+packet(0x40, "\x00\x07\x10"+props("\x1f"+lv("no"))))
	f.Add(byte(0), packet(0x90, "\x00\x01\x01")+packet(0xf0, "\x18"+props("\x15"+lv("m"))))
	f.Add(byte(20), packet(0x82, "\x00\x01"+lv("x/#")+"\x01")+packet(0xa2, "\x00\x02"+lv("x/#"))+packet(0xe0, ""))
	f.Fuzz(func(t *testing.T, at byte, data string) {
		n := min(int(at), len(data))
		run := func(feed func(r *dissecttest.Recorder, dir dissect.Dir, s string)) string {
			r := dissecttest.New(Spec())
			r.Ctx.Limits.Frames = true
			r.Ctx.Limits.Settings = map[string]string{"mqtt.max-msg-length": "200", "mqtt.max-tx": "4"}
			feed(r, dissect.ToServer, data[:n])
			feed(r, dissect.ToClient, data[n:])
			feed(r, dissect.ToServer, data[:n])
			return r.End(dissect.EndFIN) + strings.Join(r.Records, "\n")
		}
		whole := run(func(r *dissecttest.Recorder, dir dissect.Dir, s string) { r.Data(dir, s) })
		cut := run(func(r *dissecttest.Recorder, dir dissect.Dir, s string) { r.Trickle(dir, s) })
		if frames := func(s string) string { return dropFrames(s) }; frames(whole) != frames(cut) {
			t.Errorf("at once\n%s\na byte at a time\n%s", whole, cut)
		}
		r := dissecttest.New(Spec())
		r.Data(dissect.ToServer, data[:n]).Gap(dissect.ToServer, int(at)).Data(dissect.ToServer, data[n:]).Gap(dissect.ToClient, -1).Data(dissect.ToClient, data)
		r.End(dissect.EndTimeout)
	})
}

// dropFrames leaves out frames: what is at hand of one depends on the segments.
func dropFrames(s string) string {
	var out []string
	for _, l := range strings.Split(s, "\n") {
		if !strings.HasPrefix(l, frameEvent) {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}
