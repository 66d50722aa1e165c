package http

import (
	"regexp"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// script is a conversation in one byte string, for fuzzing: 0xff switches the direction, and
// 0xfe followed by a byte n is a gap of n bytes.
func script(r *dissecttest.Recorder, in []byte, step int) {
	dir := c2s
	var piece []byte
	send := func() {
		for len(piece) > 0 {
			n := min(step, len(piece))
			r.Bytes(dir, piece[:n])
			piece = piece[n:]
		}
		piece = nil
	}
	for i := 0; i < len(in); i++ {
		switch {
		case in[i] == 0xff:
			send()
			dir = dir.Rev()
		case in[i] == 0xfe && i+1 < len(in):
			send()
			i++
			r.Gap(dir, int(in[i]))
		default:
			piece = append(piece, in[i])
		}
	}
	send()
	r.End(dissect.EndFIN)
}

var fuzzSeeds = []string{
	"GET /a?b=%41 HTTP/1.1\r\nHost: a:1\r\nX: 1\r\n 2\r\n\r\n\xffHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;e\r\nabc\r\n0\r\nT: x\r\n\r\n\xffHTTP/1.1 100 C\r\n\r\nHTTP/1.1 204 N\r\n\r\n",
	"GET /\r\n\xffraw body",
	"GET / HTTP/1.0\n\n\xff\r\njunk\r\nHTTP/1.0 200 OK\n\rA : b\n\r\nX\r\r\n\r\nbody",
	"POST /u HTTP/1.1\r\nContent-Length: 80\r\nContent-Type: multipart/form-data; boundary=B\r\n\r\n--B\r\nContent-Disposition: x; filename=f\r\n\r\ndata\r\n--B--\r\n",
	"CONNECT a:443 HTTP/1.1\r\n\r\n\x16\x03\xffHTTP/1.1 200 OK\r\n\r\n",
	"GET /g HTTP/1.1\r\nHost: a\r\n\r\nGET /h HTTP/1.1\r\n\r\n\xffHTTP/1.1 200 OK\r\nContent-Encoding: gzip, deflate\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n\x1f\x8b\x08\x00\x00\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab\xfe\x03cdef",
	"PUT /%u2215%c0%af/../x HTTP/1.1\r\nHost: [::1]:80\r\nAuthorization: Basic dTpw\r\nContent-Length: 2\r\n\r\nxyzzy\r\n",
	"GET http://u:p@Host.:99/x#f HTTP/1.1\r\n\r\n\xffHTTP/1.1 206 P\r\nContent-Range: bytes 0-1/2\r\nContent-Encoding: br\r\n\r\n\x0b\x01\x80hi\x03",
}

// brotliBody finds a body in that encoding, however its header is written.
var brotliBody = regexp.MustCompile(`(?i)content-encoding[^\n]*br`)

// what keeps of the lines what must not depend on how the input was cut: body events come once
// a piece, so they are dropped.
func stable(r *dissecttest.Recorder) string {
	var out []string
	for _, l := range r.Lines {
		if !strings.HasPrefix(l, "http.request_body") && !strings.HasPrefix(l, "http.response_body") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// FuzzHTTP feeds conversations in pieces. Nothing may crash, every transaction ends exactly
// once, and what comes out does not depend on how the bytes were cut into segments.
func FuzzHTTP(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add([]byte(s), uint16(1))
		f.Add([]byte(s), uint16(7))
	}
	whole, pieces := recorder("http.method", "http.uri", "http.host", "http.stat_code", "http.request.headers", "http.response.headers"), recorder()
	pieces.Fields = whole.Fields
	f.Fuzz(func(t *testing.T, in []byte, step uint16) {
		whole.Restart()
		pieces.Restart()
		script(whole, in, 1<<20)
		script(pieces, in, int(step)+1)
		for _, r := range []*dissecttest.Recorder{whole, pieces} {
			if open, done := strings.Count(r.Text(), "http.request_line "), strings.Count(r.Text(), "http.tx "); done < open {
				t.Fatalf("%d requests, %d transactions\n%s", open, done, r.Text())
			}
		}
		// Bytes after a complete response count as its body only when they come in the same
		// segment; the brotli library puts out more or less before an error; and long lines are given up where the segment ends.
		if strings.Contains(whole.Text()+pieces.Text(), "response_body_unexpected") || strings.Contains(whole.Text(), "field_too_long") ||
			brotliBody.MatchString(whole.Text()) {
			return
		}
		if a, b := stable(whole), stable(pieces); a != b {
			t.Fatalf("whole:\n%s\n\nin pieces of %d:\n%s", a, int(step)+1, b)
		}
	})
}

var exchange = []string{
	"GET /news/2024/index.html?id=42&lang=en HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\nAccept: text/html,application/xhtml+xml\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\nCookie: session=0123456789abcdef\r\nConnection: keep-alive\r\n\r\n",
	"HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nServer: Apache\r\nContent-Type: text/html; charset=UTF-8\r\nCache-Control: max-age=60\r\nContent-Length: 1000\r\n\r\n" + strings.Repeat("0123456789", 100),
}

func steadyRecorder() *dissecttest.Recorder {
	r := recorder()
	r.Quiet = true
	l := *r.Ctx.Limits
	l.KeepBodies = false
	r.Ctx.Limits = &l
	return r
}

func TestNoAllocations(t *testing.T) {
	if underRace {
		t.Skip("the race detector makes sync.Pool allocate")
	}
	gz := exchangeGzip(t)
	for name, resp := range map[string][]byte{
		"plain": []byte(exchange[1]), "gzip": gz,
		"chunked": []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: a\r\nX: b\r\n c\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"),
	} {
		r := steadyRecorder()
		req := []byte(exchange[0])
		run := func() {
			r.Bytes(c2s, req)
			r.Bytes(s2c, resp)
		}
		for range 10 {
			run()
		}
		if n := testing.AllocsPerRun(200, run); n > 0 {
			t.Errorf("%s: %v allocations for an exchange", name, n)
		}
	}
}

func exchangeGzip(t testing.TB) []byte {
	body := compressGzip(strings.Repeat("<p>some text of a page</p>", 60))
	return append([]byte("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: "+itoa(len(body))+"\r\n\r\n"), body...)
}

func BenchmarkExchange(b *testing.B) {
	gz := exchangeGzip(b)
	for _, bb := range []struct {
		name string
		resp []byte
	}{{"plain", []byte(exchange[1])}, {"gzip", gz}} {
		b.Run(bb.name, func(b *testing.B) {
			r := steadyRecorder()
			req := []byte(exchange[0])
			b.ReportAllocs()
			b.SetBytes(int64(len(req) + len(bb.resp)))
			for b.Loop() {
				r.Bytes(c2s, req)
				r.Bytes(s2c, bb.resp)
			}
		})
	}
}

func BenchmarkBody(b *testing.B) {
	r := steadyRecorder()
	r.Bytes(c2s, []byte(exchange[0]))
	r.Bytes(s2c, []byte("HTTP/1.1 200 OK\r\nContent-Length: 4611686018427387904\r\n\r\n"))
	seg := make([]byte, 1460)
	b.ReportAllocs()
	b.SetBytes(int64(len(seg)))
	for b.Loop() {
		r.Bytes(s2c, seg)
	}
}
