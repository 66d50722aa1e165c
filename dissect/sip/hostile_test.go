package sip

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/packet"
)

// TestLargeBodies: a body of any length is read up to its cap, and the message behind it is found.
func TestLargeBodies(t *testing.T) {
	for _, n := range []int{1000, 60_000, 65_000, 65_536, 70_000, 300_000} {
		for _, step := range []int{1460, 1 << 20} {
			r := recorder()
			r.Fields = []string{"sip.method"}
			text := fmt.Sprintf("INVITE sip:a SIP/2.0\r\nX: %s\r\nContent-Length: %d\r\n\r\n%s", strings.Repeat("x", 900), n, strings.Repeat("y", n)) +
				"BYE sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"
			for len(text) > 0 {
				k := min(step, len(text))
				r.Data(dissect.ToServer, text[:k])
				text = text[k:]
			}
			if got := r.End(dissect.EndFIN); !strings.Contains(got, `"INVITE"`) || !strings.Contains(got, `"BYE"`) || strings.Contains(got, "anomaly") {
				t.Errorf("body of %d bytes in pieces of %d: %s", n, step, got)
			}
		}
	}
}

// TestSlowHeader: a long header that comes a byte at a time is not read from its beginning each time.
func TestSlowHeader(t *testing.T) {
	r := recorder()
	r.Quiet = true
	start := time.Now()
	r.Trickle(dissect.ToServer, "INVITE sip:a SIP/2.0\r\n"+strings.Repeat("a\n", 28<<10))
	if d := time.Since(start); d > time.Second {
		t.Errorf("%v for 56 KiB", d)
	}
}

// TestFoldedLength: the value of Content-Length may be on a line of its own.
func TestFoldedLength(t *testing.T) {
	for _, slow := range []bool{false, true} {
		r := recorder()
		text := "MESSAGE sip:a SIP/2.0\r\nTo: x\r\nContent-Length:\r\n  4\r\n\r\nabcdBYE sip:a SIP/2.0\r\n\r\n"
		if slow {
			r.Trickle(dissect.ToServer, text)
		} else {
			r.Data(dissect.ToServer, text)
		}
		if got := r.End(dissect.EndFIN); !strings.Contains(got, `sip.body="abcd"`) || !strings.Contains(got, `"BYE"`) || strings.Contains(got, "anomaly") {
			t.Errorf("slow %v: %s", slow, got)
		}
	}
}

// TestEndlessHeader: a header without an end is given up, and the next message is found.
func TestEndlessHeader(t *testing.T) {
	r := recorder()
	r.Data(dissect.ToServer, "INVITE sip:a SIP/2.0\r\n"+strings.Repeat("X: y\r\n", maxHeader/6))
	r.Data(dissect.ToServer, "X: y\r\n\r\nBYE sip:a SIP/2.0\r\n\r\n")
	if got := r.End(dissect.EndFIN); strings.Count(got, "anomaly sip.invalid_data") != 1 || !strings.Contains(got, `"BYE"`) {
		t.Errorf("got %s", got)
	}
}

// TestCaps: header fields and lines of a session description past what is kept are counted.
func TestCaps(t *testing.T) {
	r := recorder()
	sdp := strings.Repeat("a=x\r\n", maxSDP+1)
	r.Data(dissect.ToServer, fmt.Sprintf("INVITE sip:a SIP/2.0\r\nc: application/sdp\r\nl: %d\r\n%s\r\n%s", len(sdp), strings.Repeat("X: y\r\n", maxHeaders), sdp))
	r.Data(dissect.ToServer, fmt.Sprintf("INVITE sip:a SIP/2.0\r\nl: %d\r\n\r\n%s", maxBody+1, strings.Repeat("x", maxBody+1)))
	for _, name := range []string{"headers", "sdp", "body"} {
		if r.Capped[name] != 1 {
			t.Errorf("%s: %d times, want once", name, r.Capped[name])
		}
	}
}

// TestMethods: methods of extensions may have small letters.
func TestMethods(t *testing.T) {
	if got := probe(dissect.ToServer, []byte("invite sip:a SIP/2.0\r\n"), false); got != dissect.Yes {
		t.Errorf("small letters: %v", got)
	}
	for _, s := range []string{"GET / HTTP/1.1\r\n", "user anna\r\n", "OPTIONS rtsp://a RTSP/1.0\r\n", "M-SEARCH * HTTP/1.1\r\n"} {
		if got := probe(dissect.ToServer, []byte(s), true); got != dissect.No {
			t.Errorf("%q: %v", s, got)
		}
	}
	r := dissecttest.New(Spec())
	r.Fields = []string{"sip.method"}
	r.Data(dissect.ToServer, "invite sip:a SIP/2.0\r\nTo: x\r\n\r\n")
	if got := r.End(dissect.EndFIN); !strings.Contains(got, `sip.method="invite"`) {
		t.Errorf("got %s", got)
	}
}

// TestIncomplete cuts datagrams off: those that lack the empty line behind the header are said to be incomplete, and read as far as they go.
func TestIncomplete(t *testing.T) {
	const bye = "BYE sip:a SIP/2.0\r\nTo: x\r\nFrom: y\r\n\r\n"
	for cut, want := range map[int]bool{0: false, 2: true, 12: true} {
		r := recorder()
		r.Ctx.Flow.Key.Proto = packet.ProtoUDP
		r.Data(dissect.ToServer, bye[:len(bye)-cut])
		if got := r.End(dissect.EndFIN); strings.Contains(got, "anomaly sip.incomplete_data") != want || !strings.Contains(got, `"BYE"`) {
			t.Errorf("without the last %d bytes, incomplete %v: %s", cut, want, got)
		}
	}
}
