package http2

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dns"
	"github.com/luanids/luanids/dissect/http"
)

func TestExchange(t *testing.T) {
	c, s := client(), server()
	ask := c.get(1, "/a%20b?x=1", "user-agent", "test", "cookie", "a=1", "cookie", "b=2").sent()
	answer := s.headers(1, false, ":status", "200", "content-type", "text/plain", "content-length", "11").body(1, false, "hello ").body(1, true, "world").sent()
	const want = `
http2.stream to_server http2.frametype=["SETTINGS"] http2.stream_id=0
http2.control to_server http2.frametype=["SETTINGS"] http2.stream_id=0
http.request_line to_server http2.frametype=["HEADERS"] http2.stream_id=1
http.request to_server http.host="example.org" http.method="GET" http.request.cookie="a=1, b=2" http.uri="/a b?x=1" http.uri.raw="/a%20b?x=1" http.version="HTTP/2" http2.frametype=["HEADERS"] http2.stream_id=1
http2.stream to_server http2.frametype=["HEADERS"] http2.stream_id=1
http.request_done to_server http.host="example.org" http.method="GET" http.request.cookie="a=1, b=2" http.uri="/a b?x=1" http.uri.raw="/a%20b?x=1" http.version="HTTP/2" http2.frametype=["HEADERS"] http2.stream_id=1
`
	r := recorder("http.host", "http.method", "http.request.cookie", "http.uri", "http.uri.raw", "http.version", "http2.frametype", "http2.stream_id")
	if got := r.Data(toServer, ask).Text(); got != want[1:] {
		t.Errorf("got:\n%s\nwant:%s", got, want)
	}
	r.Fields = []string{"http.stat_code", "http.response_body", "http.response_line", "http.server_body", "http.start"}
	r.Lines = nil
	r.Data(toClient, answer)
	compare(t, r, `
http2.stream to_client
http2.control to_client
http.response_line to_client http.start="HTTP/2 200\r\n:status: 200\r\ncontent-type: text/plain\r\ncontent-length: 11\r\n\r\n"
http.response to_client http.response_line="HTTP/2 200\r\n" http.start="HTTP/2 200\r\n:status: 200\r\ncontent-type: text/plain\r\ncontent-length: 11\r\n\r\n" http.stat_code=200
http2.stream to_client
http2.stream to_client
http2.stream to_client
file to_client name="/a b" state=CLOSED size=11
http.response_done to_client http.response_body="hello world" http.response_line="HTTP/2 200\r\n" http.start="HTTP/2 200\r\n:status: 200\r\ncontent-type: text/plain\r\ncontent-length: 11\r\n\r\n" http.stat_code=200
http.tx to_server http.response_body="hello world" http.response_line="HTTP/2 200\r\n" http.start="GET /a%20b?x=1 HTTP/2\r\n:method: GET\r\n:scheme: http\r\n:authority: Example.org:8080\r\n:path: /a%20b?x=1\r\nuser-agent: test\r\ncookie: a=1\r\ncookie: b=2\r\n\r\n" http.stat_code=200
`)
	const record = `{"http":{"version":"2","request_headers":[{"name":":method","value":"GET"},{"name":":scheme","value":"http"},` +
		`{"name":":authority","value":"Example.org:8080"},{"name":":path","value":"/a%20b?x=1"},{"name":"user-agent","value":"test"},` +
		`{"name":"cookie","value":"a=1"},{"name":"cookie","value":"b=2"}],"response_headers":[{"name":":status","value":"200"},` +
		`{"name":"content-type","value":"text/plain"},{"name":"content-length","value":"11"}],"hostname":"example.org","http_method":"GET",` +
		`"url":"/a%20b?x=1","http_user_agent":"test","length":11,"status":200,"http2":{"stream_id":1}}}`
	if got := r.Records[len(r.Records)-1]; got != record {
		t.Errorf("record %s\nwant   %s", got, record)
	}
	if want := `{"http":{"version":"2","http2":{"stream_id":0,"request":{"settings":[{"settings_id":"SETTINGSMAXFRAMESIZE","settings_value":32768}]}}}}`; r.Records[0] != want {
		t.Errorf("record %s\nwant   %s", r.Records[0], want)
	}
}

// TestPieces checks that it makes no difference in which pieces bytes come.
func TestPieces(t *testing.T) {
	c, s := client(), server()
	_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.block(":method", "POST", ":path", "/up"), PadLength: 9, EndHeaders: true,
		Priority: http2.PriorityParam{StreamDep: 3, Weight: 41}})
	_ = c.WriteDataPadded(1, false, []byte("some "), make([]byte, 30))
	_ = c.WriteDataPadded(1, true, []byte("data"), make([]byte, 2))
	block := s.block(":status", "200", "server", strings.Repeat("x", 300))
	_ = s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block[:3]})
	_ = s.WriteContinuation(1, false, block[3:100])
	_ = s.WriteContinuation(1, true, block[100:])
	s.body(1, false, "answer").headers(1, true, "x-trailer", "t")
	fields := []string{"http.request_body", "http.response_body", "http.server", "http.uri", "http2.priority", "http2.frametype"}
	whole, slow := recorder(fields...), recorder(fields...)
	ask, answer := c.sent(), s.sent()
	whole.Data(toServer, ask).Data(toClient, answer)
	slow.Trickle(toServer, ask).Trickle(toClient, answer)
	a, b := lines(whole.End(dissect.EndFIN)), lines(slow.End(dissect.EndFIN))
	if a != b {
		t.Errorf("byte by byte:\n%s\nat once:\n%s", b, a)
	}
	want := `http.tx to_server http.request_body="some data" http.response_body="answer" http.server="` + strings.Repeat("x", 300) +
		`" http.uri="/up" http2.frametype=["DATA" "HEADERS"] http2.priority=[41]` + "\n"
	if !strings.HasSuffix(a, want) {
		t.Errorf("got:\n%s\nwant at the end:\n%s", a, want)
	}
}

func TestStreams(t *testing.T) {
	for _, c := range []struct {
		name string
		say  func(c, s *peer, r *dissecttest.Recorder)
		want string
	}{
		{"at the same time", func(c, s *peer, r *dissecttest.Recorder) {
			r.Data(toServer, c.get(1, "/1").get(3, "/3").sent())
			r.Data(toClient, s.headers(3, false, ":status", "404").headers(1, true, ":status", "200").body(3, true, "no").sent())
		}, `/1 200, /3 404 "no"`},
		{"interim response", func(c, s *peer, r *dissecttest.Recorder) {
			r.Data(toServer, c.get(1, "/1").sent())
			r.Data(toClient, s.headers(1, false, ":status", "103", "link", "x").headers(1, true, ":status", "200").sent())
		}, `/1 200`},
		{"push", func(c, s *peer, r *dissecttest.Recorder) {
			r.Data(toServer, c.get(1, "/1").sent())
			_ = s.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, BlockFragment: s.block(":method", "GET", ":path", "/style"), EndHeaders: true, PadLength: 3})
			r.Data(toClient, s.headers(1, true, ":status", "200").headers(2, false, ":status", "200").body(2, true, "css").sent())
		}, `/1 200, /style 200 "css"`},
		{"reset by the client, the answer under way", func(c, s *peer, r *dissecttest.Recorder) {
			_ = c.get(1, "/1").WriteRSTStream(1, http2.ErrCodeCancel)
			r.Data(toServer, c.sent())
			r.Data(toClient, s.headers(1, true, ":status", "200").sent())
		}, `/1 200`},
		{"reset by the server", func(c, s *peer, r *dissecttest.Recorder) {
			r.Data(toServer, c.get(1, "/1").sent())
			_ = s.headers(1, false, ":status", "200").body(1, false, "par").WriteRSTStream(1, http2.ErrCodeInternal)
			r.Data(toClient, s.sent())
		}, `/1 200 "par"`},
		{"never answered", func(c, s *peer, r *dissecttest.Recorder) { r.Data(toServer, c.get(1, "/1").get(3, "/3").sent()) }, `/1 0, /3 0`},
		{"late frames make no streams", func(c, s *peer, r *dissecttest.Recorder) {
			r.Data(toServer, c.get(1, "/1").sent())
			r.Data(toClient, s.headers(1, true, ":status", "200").sent())
			_ = c.WriteWindowUpdate(1, 9)
			_ = c.WritePriority(1, http2.PriorityParam{Weight: 3})
			r.Data(toServer, c.sent())
		}, `/1 200`},
		{"two requests with one table", func(c, s *peer, r *dissecttest.Recorder) {
			r.Data(toServer, c.get(1, "/first", "x-long", strings.Repeat("v", 200)).sent())
			again := c.get(3, "/first", "x-long", strings.Repeat("v", 200)).sent()
			if len(again) > 30 {
				panic("the compressor did not use its table")
			}
			r.Data(toServer, again)
		}, `/first 0, /first 0`},
		{"a table that changes its size", func(c, s *peer, r *dissecttest.Recorder) {
			c.enc.SetMaxDynamicTableSize(100)
			for i := range 5 {
				r.Data(toServer, c.get(uint32(2*i+1), fmt.Sprint("/", i), "x-value", strings.Repeat("v", 20*i)).sent())
			}
			c.enc.SetMaxDynamicTableSize(0)
			r.Data(toServer, c.get(11, "/5").sent())
		}, `/0 0, /1 0, /2 0, /3 0, /4 0, /5 0`},
		{"bytes of a body are missing", func(c, s *peer, r *dissecttest.Recorder) {
			r.Data(toServer, c.get(1, "/1").get(3, "/3").sent())
			s.headers(1, false, ":status", "200")
			r.Data(toClient, s.sent())
			b := s.body(1, true, "0123456789").sent()
			r.Data(toClient, b[:12]).Gap(toClient, 4).Data(toClient, b[16:])
			r.Data(toClient, s.headers(3, true, ":status", "204").sent())
		}, `/1 200 "012789", /3 204`},
		{"frames are missing", func(c, s *peer, r *dissecttest.Recorder) {
			r.Data(toServer, c.get(1, "/1").sent())
			r.Data(toClient, s.headers(1, false, ":status", "200").sent())
			r.Gap(toClient, 1000).Data(toClient, "rest of a frame that is no frame")
			r.Data(toClient, s.body(1, true, "end").sent())
		}, `/1 200 "end"`},
	} {
		r := recorder("http.uri", "http.stat_code", "http.response_body")
		c.say(client(), server(), r)
		var got []string
		for _, l := range strings.Split(r.End(dissect.EndCapture), "\n") {
			if rest, ok := strings.CutPrefix(l, "http.tx to_server"); ok {
				uri, code, body := "?", "0", ""
				for _, f := range strings.Fields(rest) {
					switch name, v, _ := strings.Cut(f, "="); name {
					case "http.uri":
						uri = strings.Trim(v, `"`)
					case "http.stat_code":
						code = v
					case "http.response_body":
						body = " " + v
					}
				}
				got = append(got, uri+" "+code+body)
			}
			if strings.HasPrefix(l, "anomaly") {
				got = append(got, l)
			}
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
}

func TestAnomalies(t *testing.T) {
	raw := func(typ, flags uint8, id uint32, payload string) func(*peer) {
		return func(p *peer) { _ = p.WriteRawFrame(http2.FrameType(typ), http2.Flags(flags), id, []byte(payload)) }
	}
	for _, c := range []struct {
		name string
		say  func(c *peer)
		want string
	}{
		{"nothing", func(c *peer) { c.get(1, "/") }, ""},
		{"PRIORITY too short", raw(tyPriority, 0, 1, "1234"), "invalid_frame_length"},
		{"RST_STREAM too long", raw(tyRstStream, 0, 1, "12345"), "invalid_frame_length"},
		{"SETTINGS not whole", raw(tySettings, 0, 0, "1234567"), "invalid_frame_length"},
		{"WINDOW_UPDATE", raw(tyWindowUpdate, 0, 0, "123"), "invalid_frame_length"},
		{"GOAWAY", raw(tyGoAway, 0, 0, "1234567"), "invalid_frame_length"},
		{"padding", raw(tyHeaders, flPadded|flEndHeaders, 1, "\x09abc"), "invalid_frame_data"},
		{"headers on the connection", raw(tyHeaders, flEndHeaders, 0, "\x82"), "invalid_frame_data"},
		{"continuation of nothing", raw(tyContinuation, flEndHeaders, 1, "\x82"), "invalid_frame_data"},
		{"data on the connection", raw(tyData, 0, 0, "x"), "data_stream_zero"},
		{"index past the tables", raw(tyHeaders, flEndHeaders, 1, "\xff\x20"), "invalid_header"},
		{"index 0", raw(tyHeaders, flEndHeaders, 1, "\x80"), "invalid_header"},
		{"integer", raw(tyHeaders, flEndHeaders, 1, "\xff\xff\xff\xff\xff\xff\xff"), "header_integer_overflow"},
		{"field not whole", raw(tyHeaders, flEndHeaders, 1, "\x82\x40\x05ab"), "extra_header_data"},
		{"Huffman code", raw(tyHeaders, flEndHeaders, 1, "\x41\x84\xff\xff\xff\xff"), "invalid_frame_data"},
		{"other host", func(c *peer) { c.get(1, "/", "host", "evil.example") }, "authority_host_mismatch"},
		{"same host", func(c *peer) { c.get(1, "/", "host", "EXAMPLE.ORG:8080") }, ""},
		{"user", func(c *peer) { c.headers(1, true, ":method", "GET", ":path", "/", ":authority", "me@example.org") }, "userinfo_in_uri"},
		{"stream again", func(c *peer) {
			_ = c.get(1, "/").get(3, "/").get(5, "/").WriteRSTStream(1, 0)
			c.get(3, "/again")
		}, ""},
		{"long frame", raw(tyHeaders, flEndHeaders|flEndStream, 1, "\x82\x84"+strings.Repeat("\x88", maxFrame)), "long_frame_data"},
		{"broken body", func(c *peer) {
			c.headers(1, false, ":method", "POST", ":path", "/", "content-encoding", "br").body(1, true, strings.Repeat("\xfe\xdc", 9000))
		}, "failed_decompression"},
	} {
		r := recorder()
		p := client()
		c.say(p)
		r.Data(toServer, p.sent())
		if got := anomaliesOf(r.End(dissect.EndFIN)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// anomaliesOf lists the anomalies among lines.
func anomaliesOf(text string) string {
	var got []string
	for _, l := range strings.Split(text, "\n") {
		if name, ok := strings.CutPrefix(l, "anomaly http2."); ok {
			got = append(got, name)
		}
	}
	return strings.Join(got, " ")
}

func TestCaps(t *testing.T) {
	for _, c := range []struct {
		name, setting, value string
		say                  func(c *peer)
		want                 string
		txs                  int
	}{
		{"streams", "http2.max-streams", "4", func(c *peer) {
			for i := range 10 {
				c.headers(uint32(2*i+1), false, ":method", "POST", ":path", "/")
			}
		}, "too_many_streams too_many_streams too_many_streams too_many_streams too_many_streams too_many_streams", 10},
		{"header block", "http2.max-reassembly-size", "1000", func(c *peer) {
			block := c.block(":method", "GET", ":path", "/", "x", strings.Repeat("y", 3000))
			_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block[:900], EndStream: true})
			_ = c.WriteContinuation(1, false, block[900:1800])
			_ = c.WriteContinuation(1, true, block[1800:])
		}, "reassembly_limit_reached", 1},
		{"frames", "http2.max-frames", "5", func(c *peer) {
			c.headers(1, false, ":method", "POST", ":path", "/")
			for range 9 {
				c.body(1, false, "x")
			}
		}, "too_many_frames", 1},
		{"fields that repeat a large one", "", "", func(c *peer) {
			c.enc.SetMaxDynamicTableSizeLimit(4096)
			_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: append(c.block("x", strings.Repeat("y", 4000)), strings.Repeat("\xbe", 16000)...), EndHeaders: true, EndStream: true})
		}, "", 1},
	} {
		r := recorder("http2.stream_id")
		if c.setting != "" {
			r.Ctx.Limits.Settings = map[string]string{c.setting: c.value}
		}
		p := client()
		c.say(p)
		r.Data(toServer, p.sent())
		text := r.End(dissect.EndFIN)
		if got := anomaliesOf(text); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if n := strings.Count(text, "http.tx"); n != c.txs {
			t.Errorf("%s: %d transactions, want %d", c.name, n, c.txs)
		}
		if n := r.Capped["streams"] + r.Capped["header_block"]; n != strings.Count(c.want, "streams")+strings.Count(c.want, "reassembly") {
			t.Errorf("%s: counted %v", c.name, r.Capped)
		}
	}
}

// A question for example.com, and its answer 192.0.2.1.
const (
	question = "\x00\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01"
	reply    = "\x00\x00\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"
)

func TestDNS(t *testing.T) {
	answer := func(s *peer) string {
		return s.headers(1, false, ":status", "200", "content-type", "application/dns-message").body(1, true, reply).sent()
	}
	for _, c := range []struct {
		name string
		say  func(c *peer)
		want []string
	}{
		{"GET", func(c *peer) {
			c.get(1, "/dns-query?dns="+base64.RawURLEncoding.EncodeToString([]byte(question)), "accept", "application/dns-message")
		}, []string{"dns.request", "dns.response"}},
		{"GET, padded and without a type", func(c *peer) {
			c.get(1, "/q?ct&dns="+base64.URLEncoding.EncodeToString([]byte(question)))
		}, []string{"dns.request", "dns.response"}},
		{"POST", func(c *peer) {
			c.headers(1, false, ":method", "POST", ":path", "/dns-query", "content-type", "application/dns-message").body(1, false, question[:9]).body(1, true, question[9:])
		}, []string{"dns.request", "dns.response"}},
		{"only the answer", func(c *peer) { c.get(1, "/x?dns=!!") }, []string{"dns.response"}},
	} {
		r := recorder("http.host")
		p, s := client(), server()
		c.say(p)
		r.Data(toServer, p.sent()).Data(toClient, answer(s))
		var got []string
		for _, l := range strings.Split(r.End(dissect.EndFIN), "\n") {
			name, _, _ := strings.Cut(l, " ")
			if name == "dns.request" || name == "dns.response" {
				got = append(got, name)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if app, orig := r.Ctx.Flow.App, r.Ctx.Flow.AppOrig; app.Name != "doh2" || orig == nil || orig.Name != "http2" {
			t.Errorf("%s: the flow is of %s, was %v", c.name, app.Name, orig)
		}
		last := r.Records[len(r.Records)-1]
		for _, part := range []string{`{"dns":{"version":3,"type":"response"`, `"rdata":"192.0.2.1"`, `"http":{"version":"2"`} {
			if !strings.Contains(last, part) {
				t.Errorf("%s: no %s in %s", c.name, part, last)
			}
		}
	}
}

// TestUpgrade checks that stream 1 answers the request that HTTP/1.1 ended with.
func TestUpgrade(t *testing.T) {
	h1 := dissecttest.New(http.Spec())
	h1.Data(toServer, "GET /old HTTP/1.1\r\nHost: example.org\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAA\r\n\r\n")
	h1.Data(toClient, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
	if h1.Upgraded != "http2" {
		t.Fatalf("upgrade to %q", h1.Upgraded)
	}
	two, _ := Specs(http.Spec(), http.Spec())
	r := dissecttest.New(two)
	r.Fields = []string{"http.uri", "http.host", "http.stat_code", "http2.settings.max_concurrent_streams"}
	r.Hand(h1.Ctx.Handed)
	r.Data(toClient, server().headers(1, true, ":status", "200").sent())
	compare(t, r, `
http2.stream to_server http2.settings.max_concurrent_streams=[100]
http2.control to_server http2.settings.max_concurrent_streams=[100]
http2.stream to_client http2.settings.max_concurrent_streams=[100]
http2.control to_client http2.settings.max_concurrent_streams=[100]
http.response_line to_client http.host="example.org" http.uri="/old"
http.response to_client http.host="example.org" http.stat_code=200 http.uri="/old"
http2.stream to_client
http.response_done to_client http.host="example.org" http.stat_code=200 http.uri="/old"
http.tx to_server http.host="example.org" http.stat_code=200 http.uri="/old"
`)
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		want dissect.Verdict
	}{
		{toServer, string(preface), dissect.Yes}, {toServer, "PRI * HT", dissect.More}, {toServer, "PRI * HTTP/1.1\r\n", dissect.No},
		{toClient, string(preface), dissect.Reversed}, {toServer, "PUT / HTTP/1.1\r\n", dissect.No}, {toServer, "P", dissect.More},
		{toClient, server().sent(), dissect.Yes}, {toClient, "\x00\x00\x00\x04\x00\x00\x00\x00\x00", dissect.Yes}, {toClient, "\x00\x00", dissect.More},
		{toClient, "\x00\x00\x05\x04\x00\x00\x00\x00\x00", dissect.No}, {toClient, "\x00\x00\x06\x04\x00\x00\x00\x00\x01", dissect.No}, {toClient, "HTTP/1.1", dissect.No},
		{toServer, server().sent(), dissect.No},
	} {
		if got := probe(c.dir, []byte(c.data), false); got != c.want {
			t.Errorf("%s %q: %d, want %d", c.dir, c.data, got, c.want)
		}
	}
}

// TestClone checks that copies share nothing, and that both kinds of messages are copied.
func TestClone(t *testing.T) {
	r := recorder()
	var clones []any
	r.Ctx.Host = &keeper{r, func(tx *http.Tx) { clones = append(clones, r.Spec.Clone(tx), r.Spec.Clone(tx.HTTP2.Carried)) }}
	c, s := client(), server()
	r.Data(toServer, c.get(1, "/q?dns="+base64.RawURLEncoding.EncodeToString([]byte(question))).sent())
	r.Data(toClient, s.headers(1, true, ":status", "200").sent())
	r.Restart()
	r.Data(toServer, client().get(1, "/another-path-that-overwrites-the-first-one", "x", "yyyyyyyyyyyyyyyyyyyyy").sent())
	if len(clones) == 0 {
		t.Fatal("no response came")
	}
	tx, m := clones[0].(*http.Tx), clones[1].(*dns.Message)
	if got := tx.Request.Sent[3].Value; !strings.HasPrefix(string(got), "/q?dns=") {
		t.Errorf("the path became %q", got)
	}
	if got := m.Bytes(m.Queries[0].Name); string(got) != "example.com" {
		t.Errorf("the name became %q", got)
	}
}
