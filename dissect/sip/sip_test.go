package sip

import (
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

const (
	invite = "INVITE sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/TCP a.example\r\nv: SIP/2.0/UDP b.example\r\nf: Alice <sip:alice@example.org>\r\n" +
		"To: <sip:bob@example.org>\r\nSubject: folded\r\n  over lines\r\nc: application/sdp\r\nl: 5\r\n\r\nv=0\r\n"
	ringing = "SIP/2.0 180 Ringing now\r\nServer: x\r\nContent-Length: 0\r\n\r\n"
)

func recorder() *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Fields = []string{"sip.method", "sip.uri", "sip.stat_code", "sip.stat_msg", "sip.from", "sip.via", "sip.content_type", "sip.body"}
	return r
}

func TestStream(t *testing.T) {
	const want = `sip.message to_server sip.body="v=0\r\n" sip.content_type=["application/sdp"] sip.from=["Alice <sip:alice@example.org>"] sip.method="INVITE" sip.uri="sip:bob@example.org" sip.via=["SIP/2.0/TCP a.example" "SIP/2.0/UDP b.example"]
sip.message to_client sip.stat_code="180" sip.stat_msg="Ringing now"
`
	for _, slow := range []bool{false, true} {
		r := recorder()
		feed := r.Data
		if slow {
			feed = r.Trickle
		}
		feed(dissect.ToServer, invite+"\r\n\r\n")
		feed(dissect.ToClient, ringing)
		if got := r.End(dissect.EndFIN); got != want {
			t.Errorf("slow %v: got\n%s\nwant\n%s", slow, got, want)
		}
	}
	r := recorder()
	r.Data(dissect.ToServer, invite).Data(dissect.ToClient, ringing)
	for i, want := range []string{
		`{"sip":{"method":"INVITE","uri":"sip:bob@example.org","version":"SIP/2.0","request_line":"INVITE sip:bob@example.org SIP/2.0","sdp":{"version":0}}}`,
		`{"sip":{"version":"SIP/2.0","code":"180","reason":"Ringing now","response_line":"SIP/2.0 180 Ringing now"}}`,
	} {
		if r.Records[i] != want {
			t.Errorf("EVE: got %s", r.Records[i])
		}
	}
}

// TestSDP wants a session description to be read where the header announces one.
func TestSDP(t *testing.T) {
	const body = "v=0\r\no=a 1 2 IN IP4 192.0.2.1\r\ns=call\r\nb=AS:64\r\nt=1 2\r\nr=3\r\nt=4 5\r\na=sendrecv\r\nm=audio 1 RTP/AVP 0\r\n" +
		"c=IN IP4 192.0.2.2\r\na=x\r\na=y\r\nm=video 2 RTP/AVP 1\r\ni=film\r\n"
	message := func(kind string) string {
		return "INVITE sip:a SIP/2.0\r\nContent-Type: " + kind + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
	}
	r := dissecttest.New(Spec())
	r.Fields = []string{"sdp.origin", "sdp.time", "sdp.attribute", "sdp.media.media", "sdp.media.attribute", "sdp.media.media_info", "sdp.uri"}
	r.Data(dissect.ToServer, message("Application/SDP;x=y")+message("text/plain"))
	const want = `sip.message to_server sdp.attribute=["sendrecv"] sdp.media.attribute=["x" "y"] sdp.media.media=["audio 1 RTP/AVP 0" "video 2 RTP/AVP 1"]` +
		` sdp.media.media_info=["film"] sdp.origin="a 1 2 IN IP4 192.0.2.1" sdp.time=["1 2" "4 5"]` + "\nsip.message to_server\n"
	if got := r.End(dissect.EndFIN); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	const record = `"sdp":{"version":0,"origin":"a 1 2 IN IP4 192.0.2.1","session_name":"call","bandwidths":["AS:64"],"time_descriptions":[{"time":"1 2","repeat_time":"3"},` +
		`{"time":"4 5"}],"attributes":["sendrecv"],"media_descriptions":[{"media":"audio 1 RTP/AVP 0","connection_data":"IN IP4 192.0.2.2","attributes":["x","y"]},` +
		`{"media":"video 2 RTP/AVP 1","media_info":"film"}]}`
	if !strings.Contains(r.Records[0], record) || strings.Contains(r.Records[1], "sdp") {
		t.Errorf("EVE: got %s", r.Records)
	}
}

// TestFrames wants the parts of a message as they were sent.
func TestFrames(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Ctx.Limits.Frames = true
	for _, f := range frames {
		r.Fields = append(r.Fields, "sip.frame."+f)
	}
	r.Data(dissect.ToServer, "BYE sip:a SIP/2.0\r\nTo: x\r\nl: 2\r\n\r\nok")
	r.Data(dissect.ToClient, "SIP/2.0 200 OK\r\nTo: x\r\n\r\n")
	got := r.End(dissect.EndFIN)
	for _, want := range []string{`pdu="BYE sip:a SIP/2.0\r\nTo: x\r\nl: 2\r\n\r\nok"`, `request.line="BYE sip:a SIP/2.0\r\n"`, `request.headers="To: x\r\nl: 2\r\n"`,
		`request.body="ok"`, `response.line="SIP/2.0 200 OK\r\n"`, `response.headers="To: x\r\n"`} {
		if !strings.Contains(got, "sip.frame."+want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "response.body") {
		t.Errorf("a body that is not there:\n%s", got)
	}
}

// TestResync wants the next message to be found behind what is none, and behind a hole.
func TestResync(t *testing.T) {
	r := recorder()
	r.Ctx.Limits.Settings = map[string]string{bothSides: "yes"}
	r.Data(dissect.ToServer, "hello\r\nworld\r\n"+ringing+"BYE sip:a SIP/2.0\r\nContent-Length: 100000\r\n\r\n"+strings.Repeat("x", 100000)+ringing)
	r.Gap(dissect.ToServer, 10)
	r.Data(dissect.ToServer, "rest of a line\r\n"+ringing)
	got := r.End(dissect.EndFIN)
	if n := strings.Count(got, `sip.stat_code="180"`); n != 3 || strings.Count(got, "anomaly sip.invalid_data") != 1 || !strings.Contains(got, `sip.method="BYE"`) {
		t.Errorf("got %.2000s", got)
	}
}

// TestSides wants requests of the client and responses of the server only, unless those of both sides are asked for. The first message
// tells who the client is.
func TestSides(t *testing.T) {
	const bye = "BYE sip:a SIP/2.0\r\nTo: x\r\n\r\n"
	for _, tt := range []struct {
		name, both           string
		first, second        string
		requests, codes, bad int
	}{
		{"client asks", "", invite, ringing, 1, 1, 2},
		{"both sides", "true", invite, ringing, 2, 2, 0},
		{"from the middle", "", ringing, bye, 1, 1, 2},
	} {
		r := recorder()
		r.Ctx.Limits.Frames = true
		r.Fields = append(r.Fields, "sip.frame.pdu")
		r.Ctx.Limits.Settings = map[string]string{bothSides: tt.both}
		r.Data(dissect.ToServer, tt.first).Data(dissect.ToClient, tt.second) // as it should be
		r.Data(dissect.ToServer, tt.second).Data(dissect.ToClient, tt.first) // the other way round
		count := map[string]int{}
		for line := range strings.Lines(r.End(dissect.EndFIN)) {
			for _, what := range []string{" sip.method=", " sip.stat_code=", "anomaly sip.invalid_data", "sip.frame.pdu="} {
				if strings.Contains(line, what) && (what[0] != ' ' || strings.HasPrefix(line, "sip.message")) {
					count[what]++
				}
			}
		}
		want := map[string]int{" sip.method=": tt.requests, " sip.stat_code=": tt.codes, "sip.frame.pdu=": 4}
		if tt.bad > 0 {
			want["anomaly sip.invalid_data"] = tt.bad
		}
		if !maps.Equal(count, want) {
			t.Errorf("%s: got %v, want %v", tt.name, count, want)
		}
	}
}

func TestProbe(t *testing.T) {
	for data, want := range map[string]dissect.Verdict{
		invite: dissect.Yes, ringing: dissect.Yes, "INVITE sip:b": dissect.More, "SIP/2.0 2": dissect.More,
		"GET / HTTP/1.1\r\n": dissect.No, "\x00\x01": dissect.No, "\r\n\r\n": dissect.More,
	} {
		if got := probe(dissect.ToServer, []byte(data), true); got != want {
			t.Errorf("%.20q: %v, want %v", data, got, want)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	r := recorder()
	r.Quiet = true
	a, b := []byte(invite), []byte(ringing)
	run := func() {
		r.Bytes(dissect.ToServer, a)
		r.Bytes(dissect.ToClient, b)
		r.End(dissect.EndFIN)
		r.Restart()
	}
	run()
	if n := testing.AllocsPerRun(50, run); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkInvite(b *testing.B) {
	r := recorder()
	r.Quiet = true
	data := []byte(invite)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(dissect.ToServer, data)
	}
}

// FuzzSIP gives both sides' bytes, which take turns at each NUL; 0x01 before them stands for a gap. A parser that gets them one at a
// time must say the same.
func FuzzSIP(f *testing.F) {
	for _, s := range []string{invite + "\x00" + ringing, ringing + ringing + "\x00\x01\x00" + invite, "x\r\n" + invite, "SIP/2.0 200 OK\n\nBYE a SIP/2.0\nl: 9\n\n123456789"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		run := func(slow bool) string {
			r := recorder()
			r.Conversation(data, slow)
			return r.End(dissect.EndCapture)
		}
		if whole, slow := run(false), run(true); whole != slow {
			t.Errorf("byte by byte:\n%s\nat once:\n%s", slow, whole)
		}
		probe(dissect.ToServer, data, true)
	})
}
