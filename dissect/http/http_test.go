package http

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

const (
	c2s = dissect.ToServer
	s2c = dissect.ToClient
)

// talk runs a conversation: pieces that begin with "<" come from the server, others from the client.
func talk(r *dissecttest.Recorder, pieces ...string) string {
	for _, p := range pieces {
		if rest, ok := strings.CutPrefix(p, "<"); ok {
			r.Data(s2c, rest)
		} else {
			r.Data(c2s, p)
		}
	}
	return r.End(dissect.EndFIN)
}

func recorder(fields ...string) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Fields = append([]string{}, fields...)
	return r
}

func TestExchange(t *testing.T) {
	r := recorder("http.method", "http.uri", "http.host", "http.stat_code", "http.response_body", "http.user_agent", "http.stat_msg")
	got := talk(r, "GET /a/../b%2e?q=%41 HTTP/1.1\r\nHost: Example.COM:8080\r\nUser-Agent: x\r\n y\r\n\r\n",
		"<HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=x\r\nContent-Length: 5\r\n\r\nhello")
	req := ` http.host="example.com" http.method="GET"`
	uri := ` http.uri="/b.?q=A"`
	want := `http.request_line to_server
http.request to_server` + req + uri + ` http.user_agent="x y"
http.request_done to_server` + req + uri + ` http.user_agent="x y"
http.response_line to_client` + req + uri + ` http.user_agent="x y"
http.response to_client` + req + ` http.stat_code=200 http.stat_msg="OK"` + uri + ` http.user_agent="x y"
http.response_body to_client` + req + ` http.response_body="hello" http.stat_code=200 http.stat_msg="OK"` + uri + ` http.user_agent="x y"
file to_client name="/b." state=CLOSED size=5
http.response_done to_client` + req + ` http.response_body="hello" http.stat_code=200 http.stat_msg="OK"` + uri + ` http.user_agent="x y"
http.tx to_server` + req + ` http.response_body="hello" http.stat_code=200 http.stat_msg="OK"` + uri + ` http.user_agent="x y"
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	wantEVE := `{"http":{"hostname":"example.com","http_port":8080,"url":"/a/../b%2e?q=%41","http_user_agent":"x y",` +
		`"http_content_type":"text/plain","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":5}}`
	if len(r.Records) != 1 || r.Records[0] != wantEVE {
		t.Errorf("records %q\nwant %q", r.Records, wantEVE)
	}
}

// only gives the lines that begin with one of the prefixes.
func only(text string, prefix ...string) string {
	var out []string
	for _, l := range strings.Split(text, "\n") {
		for _, p := range prefix {
			if strings.HasPrefix(l, p) {
				out = append(out, l)
			}
		}
	}
	return strings.Join(out, "\n")
}

func TestPipelining(t *testing.T) {
	got := talk(recorder("http.uri", "http.stat_code"),
		"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /3 HTTP/1.1\r\nHost: a\r\n\r\n",
		"<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nxx",
		"<HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")
	want := `http.tx to_server http.stat_code=200 http.uri="/1"
http.tx to_server http.stat_code=404 http.uri="/2"
http.tx to_server http.stat_code=200 http.uri="/3"`
	if got := only(got, "http.tx", "anomaly"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func compress(t *testing.T, coding string, b string) string {
	t.Helper()
	var out bytes.Buffer
	var w interface {
		Write([]byte) (int, error)
		Close() error
	}
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "zlib":
		w = zlib.NewWriter(&out)
	case "deflate":
		w, _ = flate.NewWriter(&out, 6)
	case "br":
		w = brotli.NewWriter(&out)
	}
	if _, err := w.Write([]byte(b)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func compressGzip(s string) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return out.Bytes()
}

func itoa(n int) string { return fmt.Sprint(n) }

func TestContentEncodings(t *testing.T) {
	text := strings.Repeat("the quick brown fox jumps over the lazy dog. ", 200)
	for _, tt := range []struct {
		declared string
		applied  []string
	}{
		{"gzip", []string{"gzip"}},
		{"X-GZIP", []string{"gzip"}},
		{"deflate", []string{"deflate"}},
		{"deflate", []string{"zlib"}},
		{"gzip", []string{"deflate"}}, // wrongly declared, as browsers accept
		{"gzip", []string{"zlib"}},
		{"deflate", []string{"gzip"}},
		{"br", []string{"br"}},
		{"gzip, gzip", []string{"gzip", "gzip"}},
		{"deflate, gzip", []string{"zlib", "gzip"}},
		{"br, gzip", []string{"br", "gzip"}},
		{"gzip", nil}, // not compressed at all
		{"identity", nil},
	} {
		body := text
		for _, a := range tt.applied {
			body = compress(t, a, body)
		}
		for _, step := range []int{1, 7, 1 << 20} {
			r := recorder()
			r.Data(c2s, "GET /f HTTP/1.1\r\nHost: a\r\n\r\n")
			r.Data(s2c, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n", tt.declared, len(body)))
			for b := body; len(b) > 0; b = b[min(step, len(b)):] {
				r.Data(s2c, b[:min(step, len(b))])
			}
			r.End(dissect.EndFIN)
			if len(r.Files) != 1 || string(r.Files[0].Content) != text || r.Files[0].State != dissect.FileClosed {
				t.Errorf("%q %v in steps of %d: %s", tt.declared, tt.applied, step, only(r.Text(), "file", "anomaly"))
			}
		}
	}
}

// A body whose compressed data breaks off gives what was there.
func TestTruncatedGzip(t *testing.T) {
	text := strings.Repeat("0123456789", 500)
	body := compress(t, "gzip", text)
	body = body[:len(body)-12]
	r := recorder()
	talk(r, "GET /f HTTP/1.0\r\n\r\n", "<HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n"+body)
	if len(r.Files) != 1 || !strings.HasPrefix(text, string(r.Files[0].Content)) || r.Files[0].Size < 4000 {
		t.Errorf("%s", r.Text())
	}
}

func TestBomb(t *testing.T) {
	zeros := strings.Repeat("\x00", 8<<20)
	body := compress(t, "gzip", compress(t, "gzip", zeros))
	r := recorder()
	l := *r.Ctx.Limits
	l.HTTP.ResponseBodyLimit = 0
	r.Ctx.Limits = &l
	got := talk(r, "GET /f HTTP/1.0\r\n\r\n", "<HTTP/1.0 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\n"+body)
	if !strings.Contains(got, "anomaly http.compression_bomb") {
		t.Errorf("no bomb:\n%s", got)
	}
	if r.Files[0].Size > 2<<20 {
		t.Errorf("a bomb put out %d bytes", r.Files[0].Size)
	}
}

func TestBodies(t *testing.T) {
	tests := []struct {
		name string
		talk []string
		want string
	}{
		{"chunked with extension, trailer and pipelined response",
			[]string{"GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
				"<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0002 \r\nde\r\n0\r\nT: v\r\n\r\nHTTP/1.1 204 No\r\n\r\n"},
			"anomaly http.response_chunk_extension\nfile to_client name=\"/a\" state=CLOSED size=5"},
		{"announced as chunked but is not",
			[]string{"GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nXYZ and so on"},
			"anomaly http.invalid_response_chunk_len\nfile to_client name=\"/a\" state=CLOSED size=13"},
		{"to the end of the connection",
			[]string{"GET /a HTTP/1.0\r\n\r\n", "<HTTP/1.0 200 OK\r\n\r\nabc", "<def"},
			"file to_client name=\"/a\" state=CLOSED size=6"},
		{"shorter than Content-Length",
			[]string{"GET /a HTTP/1.0\r\n\r\n", "<HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nabc"},
			"file to_client name=\"/a\" state=TRUNCATED size=3"},
		{"name by Content-Disposition",
			[]string{"GET /a HTTP/1.0\r\n\r\n", "<HTTP/1.0 200 OK\r\nContent-Disposition: attachment; filename=\"x;y.txt\"\r\n\r\nabc"},
			"file to_client name=\"x;y.txt\" state=CLOSED size=3"},
		{"PUT", []string{"PUT /up HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"}, "file to_server name=\"/up\" state=CLOSED size=3"},
		{"HEAD has no body", []string{"HEAD /a HTTP/1.0\r\n\r\n", "<HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\n"}, ""},
		{"304 with Content-Length sends a body to browsers",
			[]string{"GET /a HTTP/1.0\r\n\r\n", "<HTTP/1.0 304 OK\r\nContent-Length: 3\r\n\r\nabc"},
			"file to_client name=\"/a\" state=CLOSED size=3"},
		{"HTTP/0.9", []string{"GET /a\r\n", "<just text"}, "file to_client name=\"/a\" state=CLOSED size=9"},
		{"no protocol but headers", []string{"GET /a\r\nHost: b\r\n\r\n", "<HTTP/1.0 200 OK\r\n\r\nabc"},
			"anomaly http.request_line_missing_protocol\nfile to_client name=\"/a\" state=CLOSED size=3"},
		{"response without request", []string{"<HTTP/1.0 200 OK\r\n\r\nabc"},
			"anomaly http.unable_to_match_response_to_request\nfile to_client name=\"/libhtp::request_uri_not_seen\" state=CLOSED size=3"},
		{"differing Content-Length",
			[]string{"GET /a HTTP/1.0\r\n\r\n", "<HTTP/1.0 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"},
			"anomaly http.response_header_repetition\nanomaly http.duplicate_content_length_field_in_response\nfile to_client name=\"/a\" state=CLOSED size=3"},
		{"range", []string{"GET /a HTTP/1.0\r\n\r\n", "<HTTP/1.0 206 OK\r\nContent-Range: bytes 5-3/9\r\n\r\nabc"},
			"anomaly http.range_invalid\nfile to_client name=\"/a\" state=CLOSED size=3"},
		{"multipart",
			[]string{"POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 262\r\nContent-Type: multipart/form-data; boundary=\"XX\"\r\n\r\n" +
				"--XX\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\nvalue\r\n" +
				"--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bin\"\r\nContent-Type: x\r\n\r\none\r\n--XY\r\ntwo\r\n" +
				"--XX\r\nContent-Disposition: form-data; name=\"g\"; filename=\"b.bin\"\r\nbroken\r\n\r\n--XX--\r\n"},
			"file to_server name=\"a.bin\" state=CLOSED size=14\nanomaly http.multipart_invalid_header\nanomaly http.multipart_no_filedata\nfile to_server name=\"b.bin\" state=CLOSED size=0"},
	}
	for _, tt := range tests {
		r := recorder()
		if got := only(talk(r, tt.talk...), "file", "anomaly"); got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, tt.want)
		}
		r = recorder()
		for _, p := range tt.talk {
			if rest, ok := strings.CutPrefix(p, "<"); ok {
				r.Trickle(s2c, rest)
			} else {
				r.Trickle(c2s, p)
			}
		}
		if got := only(r.End(dissect.EndFIN), "file", "anomaly"); got != tt.want {
			t.Errorf("%s, byte by byte: got\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

func TestUpgrades(t *testing.T) {
	for _, tt := range []struct{ req, resp, to, pending string }{
		{"CONNECT a.b:443 HTTP/1.1\r\nHost: a.b:443\r\n\r\n\x16\x03", "HTTP/1.1 200 OK\r\n\r\n", "", "\x16\x03"},
		{"CONNECT a.b:443 HTTP/1.1\r\n\r\n\n\x16\x03", "HTTP/1.1 200 OK\r\n\r\n\n", "", "\x16\x03"},
		{"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 101 Up\r\nUpgrade: WebSocket\r\n\r\n\x81", "websocket", ""},
		{"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n", "HTTP/1.1 101 Up\r\nUpgrade: h2c\r\n\r\n", "http2", ""},
	} {
		r := recorder()
		r.Data(c2s, tt.req)
		r.Data(s2c, tt.resp)
		if !strings.HasSuffix(r.Text(), fmt.Sprintf("http.tx to_server\nupgrade %q\n", tt.to)) {
			t.Errorf("%q: %s", tt.req, r.Text())
		}
		if got := string(r.Pending(c2s)); got != tt.pending {
			t.Errorf("pending %q, want %q", got, tt.pending)
		}
	}
	// A refused CONNECT goes on with the next request.
	got := talk(recorder("http.uri"), "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "<HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "GET /x HTTP/1.0\r\n\r\n")
	if !strings.Contains(got, `http.tx to_server http.uri="/x"`) {
		t.Error(got)
	}
}

func TestGaps(t *testing.T) {
	r := recorder("http.uri")
	r.Data(c2s, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
	r.Data(s2c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
	r.Gap(s2c, 4)
	r.Data(s2c, "xyzHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ny")
	got := only(r.End(dissect.EndFIN), "file", "http.tx")
	want := "file to_client name=\"/1\" state=TRUNCATED size=10\nhttp.tx to_server http.uri=\"/1\"\n" +
		"file to_client name=\"/2\" state=CLOSED size=1\nhttp.tx to_server http.uri=\"/2\""
	if got != want {
		t.Errorf("gap in a body: got\n%s\nwant\n%s", got, want)
	}

	r = recorder("http.uri")
	r.Data(c2s, "GET /1 HTTP/1.1\r\nHos")
	r.Gap(c2s, 100)
	r.Data(c2s, "junk of a header\r\nX: y\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
	if got := only(r.End(dissect.EndFIN), "http.request "); !strings.Contains(got, `"/3"`) {
		t.Errorf("gap in headers: %s", r.Text())
	}
}

func TestCutOffMessageIsDone(t *testing.T) {
	r := recorder("http.uri")
	r.Data(c2s, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
	r.Data(s2c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
	if got := r.End(dissect.EndDepth); strings.Count(got, `http.response_done to_client http.uri="/1"`) != 1 {
		t.Errorf("a response of which no more is looked at is not done once:\n%s", got)
	}
}
