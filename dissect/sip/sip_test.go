package sip

import (
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
		`{"sip":{"method":"INVITE","uri":"sip:bob@example.org","version":"SIP/2.0","request_line":"INVITE sip:bob@example.org SIP/2.0"}}`,
		`{"sip":{"version":"SIP/2.0","code":"180","reason":"Ringing now","response_line":"SIP/2.0 180 Ringing now"}}`,
	} {
		if r.Records[i] != want {
			t.Errorf("EVE: got %s", r.Records[i])
		}
	}
}

// TestResync wants the next message to be found behind what is none, and behind a hole.
func TestResync(t *testing.T) {
	r := recorder()
	r.Data(dissect.ToServer, "hello\r\nworld\r\n"+ringing+"BYE sip:a SIP/2.0\r\nContent-Length: 100000\r\n\r\n"+strings.Repeat("x", 100000)+ringing)
	r.Gap(dissect.ToServer, 10)
	r.Data(dissect.ToServer, "rest of a line\r\n"+ringing)
	got := r.End(dissect.EndFIN)
	if n := strings.Count(got, `sip.stat_code="180"`); n != 3 || strings.Count(got, "anomaly sip.invalid_data") != 1 || !strings.Contains(got, `sip.method="BYE"`) {
		t.Errorf("got %.2000s", got)
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
