package http

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
)

func TestNormalisation(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"/a/b?c=d#e", "/a/b?c=d#e"},
		{"/%41%2fB%5cc", "/A/B/c"},
		{`/a\..\b`, "/b"},
		{"/a//b///c", "/a/b/c"},
		{"/./a/./../b/.", "/b/"},
		{"/../../etc", "/etc"},
		{"/%u0041%U0042%uff0f", "/AB/"},
		{"/%zz%4%u12", "/%zz%4%u12"},
		{"/%c0%afetc", "//etc"},   // overlong slash; separators were compressed before
		{"/\xe2\x88\x95x", "//x"}, // division slash
		{"/\xef\xbc\xa1", "/A"},   // fullwidth A
		{"/\xff\xfe", "/??"},      // not UTF-8
		{"/%2541", "/%41"},        // decoded once only
		{"/a%00b", "/a\x00b"},     // NUL stays
		{"/a?x=%2f%20+%zz", "/a?x=/ +%zz"},
		{"http://u:p@HOST.:81/p?q", "/p?q"},
		{"http://host", ""},
		{"*", "*"},
	} {
		tx := newTx(0)
		tx.URI, tx.method = []byte(tt.in), mGET
		tx.parseURI(&defaultDecoder)
		if string(tx.NormURI) != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, tx.NormURI, tt.want)
		}
	}
	d := defaultDecoder
	d.doublePath, d.includeAll, d.plusSpace = true, true, true
	tx := newTx(0)
	tx.URI, tx.method = []byte("HTTP://u@Host:8/%2541?a+b"), mGET
	if !tx.parseURI(&d) || string(tx.NormURI) != "http://u@host/A?a b" || tx.Port != 8 {
		t.Errorf("settings: %q port %d", tx.NormURI, tx.Port)
	}
}

func TestHostPort(t *testing.T) {
	for _, tt := range []struct {
		in, host, port string
		valid          bool
	}{
		{"a.b", "a.b", "", true},
		{"a.b:80", "a.b", "80", true},
		{"a.b:", "a.b", "", false},
		{"a.b:0", "a.b", "0", false},
		{"a.b:70000", "a.b", "70000", false},
		{"[::1]:8080", "[::1]", "8080", true},
		{"[::1]x", "[::1]", "", false},
		{"[zz]", "[zz]", "", false},
		{"a b", "a b", "", false},
		{".a", ".a", "", false},
		{"a..b", "a..b", "", false},
		{"under_score-1", "under_score-1", "", true},
		{"", "", "", false},
	} {
		host, port, valid := splitHostPort([]byte(tt.in))
		if string(host) != tt.host || string(port) != tt.port || valid != tt.valid {
			t.Errorf("%q: %q %q %v", tt.in, host, port, valid)
		}
	}
}

// TestHeaderBlocks pins which line ends and folds count, on either side.
func TestHeaderBlocks(t *testing.T) {
	for _, tt := range []struct{ block, request, response string }{
		{"A: 1\r\nB: 2\r\n\r\n", "A=1 B=2", "A=1 B=2"},
		{"A: 1\nB:2\n\n", "A=1 B=2", "A=1 B=2"},
		{"A: 1\r\n 2\r\n\t3\r\n\r\n", "A=1 2\t3", "A=1 2\t3"},
		{"A: 1\r\n B: 2\r\n\r\n", "A=1 B: 2", "A=1 B=2"}, // browsers see a name there
		{"A: 1\rB: 2\r\n\r\n", "A=1\rB: 2", "A=1 B=2"},
		{"A: 1\n\rB: 2\n\r\nbody", "A=1 B=2", "A=1 B=2"},
		{"no colon\r\nA : 1\r\n\r\n", "=no colon A=1", "=no colon A=1"},
		{": x\r\n\r\n", "=x", "=x"},
		{"A: 1\r\n \r\n\r\n", "A=1", "A=1"},
		{"a: 1\r\nA: 2\r\n\r\n", "a=1, 2", "a=1, 2"},
		{"A\r\n : 1\r\n\r\n", "A=1", "A=1"},
	} {
		for _, response := range []bool{false, true} {
			want := tt.request
			if response {
				want = tt.response
			}
			if got := parseBlock(tt.block, response); got != want {
				t.Errorf("%q response=%v: %q, want %q", tt.block, response, got, want)
			}
		}
	}
}

func parseBlock(block string, response bool) string {
	var m Message
	m.reset()
	l := lineScanner{response: response}
	var s scan
	d := []byte(block)
	for {
		switch l.next(d, &s) {
		case scanHeader:
			m.addHeader(m.store(s.name), m.store(s.value))
			d = d[s.n:]
			continue
		case scanMore:
			return "incomplete"
		}
		break
	}
	var out []string
	for _, h := range m.Headers {
		out = append(out, string(h.Name)+"="+string(h.Value))
	}
	return strings.Join(out, " ")
}

func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		dir  dissect.Dir
		hint bool
		data string
		want dissect.Verdict
	}{
		{c2s, false, "GET /", dissect.Yes},
		{c2s, false, "\r\nGET /", dissect.Yes},
		{c2s, false, "GE", dissect.More},
		{c2s, false, "OPTIONS sip:a@b SIP/2.0\r\n", dissect.No},
		{c2s, false, "OPTIONS * HTTP/1.1\r\n", dissect.Yes},
		{c2s, false, "FROB /x HTTP/1.0\r\n", dissect.More},
		{c2s, false, "EHLO example.com\r\n", dissect.No},
		{c2s, false, "PRI * HTTP/2.0\r\n\r\n", dissect.No},
		{c2s, false, "\x16\x03\x01", dissect.No},
		{s2c, false, "HTTP/1.1 200 OK\r\n", dissect.Yes},
		{s2c, false, "HTT", dissect.More},
		{s2c, true, "http/1.0 200 ok\r\n", dissect.Yes},
		{c2s, false, "HTTP/1.1 200 OK\r\n", dissect.Reversed},
		{s2c, false, "GET / HTTP/1.0\r\n", dissect.Reversed},
		{s2c, false, "220 smtp ready\r\n", dissect.No},
	} {
		if got := probe(tt.dir, []byte(tt.data), tt.hint); got != tt.want {
			t.Errorf("%v %q: %v, want %v", tt.dir, tt.data, got, tt.want)
		}
	}
}

func TestXFF(t *testing.T) {
	for _, tt := range []struct {
		value string
		last  bool
		want  string
	}{
		{"10.1.2.3, 192.168.0.1", false, "10.1.2.3"},
		{"10.1.2.3, 192.168.0.1", true, "192.168.0.1"},
		{"[2001:db8::1]:99", false, "2001:db8::1"},
		{"2001:db8::1", false, "2001:db8::1"},
		{"10.1.2.3:80", false, "10.1.2.3"},
		{"unknown, 1.2.3.4", false, "invalid IP"},
	} {
		tx := newTx(0)
		tx.Request.addHeader([]byte("X-Forwarded-For"), []byte(tt.value))
		if got, _ := tx.XFF("x-forwarded-for", tt.last); got.String() != tt.want {
			t.Errorf("%q: %v, want %v", tt.value, got, tt.want)
		}
	}
}

func TestEVEHeaders(t *testing.T) {
	r := recorder()
	spec := SpecWith(&EVEOptions{DumpHeaders: "response", Custom: []string{"accept_encoding"}})
	r.Spec.EVE = spec.EVE
	talk(r, "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: x\r\n\r\n", "<HTTP/1.1 2xx OK\r\nB: c\r\nContent-Range: bytes 0-4/*\r\n\r\n")
	want := `{"http":{"hostname":"a","url":"/","content_range":{"raw":"bytes 0-4/*","start":0,"end":4},` +
		`"request_headers":[{"name":"Accept-Encoding","value":"x"}],"response_headers":[{"name":"B","value":"c"},{"name":"Content-Range","value":"bytes 0-4/*"}]}}`
	if len(r.Records) != 1 || r.Records[0] != want {
		t.Errorf("got  %s\nwant %s", r.Records, want)
	}
}

// TestTooMany checks the caps: on headers, on their size, and on pipelined requests.
func TestTooMany(t *testing.T) {
	r := recorder()
	l := *r.Ctx.Limits
	l.HTTP.MaxHeaders, l.HTTP.MaxTx, l.HTTP.FieldLimit = 3, 2, 300
	r.Ctx.Limits = &l
	got := talk(r, "GET /1 HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", "GET /2 HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("y", 400),
		"z\r\n\r\n", "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
	for _, want := range []string{"anomaly http.request_too_many_headers", "anomaly http.request_field_too_long"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "http.tx "); n != 3 {
		t.Errorf("%d transactions\n%s", n, got)
	}
	if r.Capped["fields"] != 1 {
		t.Errorf("counted: %v", r.Capped)
	}
}

func TestSmuggling(t *testing.T) {
	for req, want := range map[string]string{
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": "=1",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx":                  "=1",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n":                      "=0",
	} {
		if got := talk(recorder("http.smuggling"), req); !strings.Contains(got, "http.request to_server http.smuggling"+want) {
			t.Errorf("%q: %s", req, got)
		}
	}
}

// Junk on a connection must not make an anomaly for each line of it.
func TestAnomaliesAreBounded(t *testing.T) {
	r := recorder()
	r.Data(c2s, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	r.Data(s2c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	for range 100 {
		r.Data(c2s, "junk\r\n")
	}
	if n := strings.Count(r.End(dissect.EndFIN), "anomaly"); n != 1 {
		t.Errorf("%d anomalies", n)
	}
}
