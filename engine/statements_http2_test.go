package engine

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"
)

// h2Frame makes a frame of HTTP/2.
func h2Frame(typ, flags byte, stream uint32, payload string) string {
	return be24(len(payload)) + string([]byte{typ, flags}) + be32(stream) + payload
}

func be32(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }

// h2Block makes a header block of "name: value" lines with one side's encoder.
func h2Block(buf *bytes.Buffer, enc *hpack.Encoder, lines ...string) string {
	buf.Reset()
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		_ = enc.WriteField(hpack.HeaderField{Name: name, Value: value})
	}
	return buf.String()
}

func h2Setting(id int, value uint32) string { return be16(id) + be32(value) }

// TestStatementsHTTP2 is the page of HTTP/2 keywords, and what keywords of HTTP mean there.
func TestStatementsHTTP2(t *testing.T) {
	var up, down bytes.Buffer
	client, server := hpack.NewEncoder(&up), hpack.NewEncoder(&down)
	first := h2Block(&up, client, ":method: GET", ":scheme: http", ":path: /index.html?a=B", ":authority: EXAMPLE.com:8080", "user-agent: Agent/1.0",
		"cookie: a=1", "cookie: b=2", "referer: http://r/", "x-double: one", "x-double: two")
	client.SetMaxDynamicTableSize(1234)
	second := h2Block(&up, client, ":method: POST", ":scheme: http", ":path: /form", ":authority: example.com", "content-type: text/plain", "content-length: 6")
	talk := segments(
		">PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+h2Frame(4, 0, 0, h2Setting(2, 0)+h2Setting(1, 65536))+h2Frame(8, 0, 0, be32(1000)), // 4
		"<"+h2Frame(4, 0, 0, h2Setting(3, 100)),       // 5
		">"+h2Frame(1, 0x25, 1, be32(0)+"\xc8"+first), // 6: ends headers and stream, weight 200
		"<"+h2Frame(1, 4, 1, h2Block(&down, server, ":status: 404", "content-type: text/html", "server: nginx", "set-cookie: s=1", "content-length: 9")), // 7
		"<"+h2Frame(0, 1, 1, "not found"),     // 8
		">"+h2Frame(1, 4, 3, second),          // 9
		">"+h2Frame(0, 1, 3, "user=x"),        // 10
		"<"+h2Frame(3, 0, 3, be32(8)),         // 11: CANCEL
		">"+h2Frame(6, 0, 0, "12345678"),      // 12
		"<"+h2Frame(7, 0, 0, be32(3)+be32(0)), // 13: NO_ERROR
	)
	list := []statement{
		{`http2.frametype:GOAWAY;`, "13"},
		{`http2.frametype:goaway;`, "13"},
		{`http2.frametype:7;`, "13"},
		{`http2.frametype:SETTINGS;`, "4 5"},
		{`http2.frametype:PING; flow:to_client;`, ""},
		{`http2.frametype:RSTSTREAM;`, "11"},
		{`http2.frametype:RST_STREAM;`, "11"},
		{`http2.frametype:WINDOW_UPDATE;`, "4"},
		{`http2.frametype:GOAWAYS;`, "!did you mean"},
		{`http2.errorcode: NO_ERROR;`, "13"},
		{`http2.errorcode:CANCEL;`, "11"},
		{`http2.errorcode:8;`, "11"},
		{`http2.errorcode: INADEQUATE_SECURITY;`, ""},
		{`http2.errorcode:HTTP_1_1_REQUIRED;`, ""},
		{`http2.errorcode:HTTP11_REQUIRED;`, ""},
		{`http2.errorcode:NONE;`, "!there is no"},
		{`http2.priority:200;`, "6"},
		{`http2.priority:>100;`, "6"},
		{`http2.priority:199-201;`, "6"},
		{`http2.priority:200-202;`, ""}, // both ends are left out
		{`http2.priority:<200;`, ""},
		{`http2.priority:256;`, "!too large"},
		{`http2.window:1000;`, "4"},
		{`http2.window:<100000;`, "4"},
		{`http2.window:1;`, ""},
		{`http2.size_update:1234;`, "9"},
		{`http2.size_update:>4096;`, ""},
		{`http2.settings:SETTINGS_ENABLE_PUSH=0;`, "4"},
		{`http2.settings:SETTINGS_ENABLE_PUSH=1;`, ""},
		{`http2.settings:SETTINGS_HEADER_TABLE_SIZE>4096;`, "4"},
		{`http2.settings:SETTINGS_HEADER_TABLE_SIZE 4096-65537;`, "4"},
		{`http2.settings:SETTINGS_MAX_CONCURRENT_STREAMS;`, "5"},
		{`http2.settings:SETTINGS_MAX_CONCURRENT_STREAMS<100;`, ""},
		{`http2.settings:SETTINGS_ENABLE_PUSH=4294967296;`, "!too large"},
		{`http2.settings:ENABLE_PUSH=0;`, "!there is no setting"},
		{`http2.header_name; content:"agent";`, "6"},
		{`http2.header_name; content:":authority"; bsize:10; http2.header_name; content:"cookie"; bsize:6;`, "6"},
		{`http2.header_name; content:"agent"; content:"cookie";`, ""}, // in one name
		{`http2.header_name; content:"server";`, "7"},
		{`http2.header; content:"user-agent: Agent/1.0"; bsize:21;`, "6"},
		{`http.request_header; content:"x-double: two"; bsize:13;`, "6"},
		{`http.response_header; content:"server|3a 20|nginx";`, "7"},

		{`http.uri; content:"/index.html?a=B"; bsize:15;`, "6"},
		{`urilen:15;`, "6"},
		{`http.method; content:"POST"; bsize:4;`, "9"},
		{`http.host; content:"example.com"; bsize:11;`, "6 9"},
		{`http.host.raw; content:"EXAMPLE.com:8080"; bsize:16;`, "6"},
		{`http.user_agent; content:"Agent/1.0"; bsize:9;`, "6"},
		{`http.referer; content:"http://r/"; bsize:9;`, "6"},
		{`http.request_line; content:"GET /index.html?a=B HTTP/2|0d 0a|"; bsize:28;`, "6"},
		{`http.response_line; content:"HTTP/2 404|0d 0a|"; bsize:12;`, "7"},
		{`http.stat_code; content:"404"; bsize:3;`, "7"},
		{`http.protocol; content:"HTTP/2"; bsize:6;`, "6 7 9"},
		{`http.cookie; content:"a=1, b=2"; bsize:8;`, "6"},
		{`http.cookie; content:"s=1"; bsize:3;`, "7"},
		{`http.header; content:":method: GET|0d 0a|"; content:"x-double: two|0d 0a|";`, "6"},
		{`http.header; content:"cookie";`, ""},
		{`http.header.raw; content:"cookie: a=1|0d 0a|cookie: b=2|0d 0a|"; flow:to_server;`, "6"},
		{`http.header.raw; content:"cookie";`, "!say whose header"},
		{`http.header_names; content:"|0d 0a|:method|0d 0a|"; startswith; content:"|0d 0a 0d 0a|"; endswith;`, "6 9"},
		{`http.content_type; content:"text/html"; bsize:9;`, "7"},
		{`http.content_len; content:"6"; bsize:1;`, "9"},
		{`http.server; content:"nginx"; bsize:5;`, "7"},
		{`http.request_body; content:"user=x";`, "10"},
		{`http.response_body; content:"not found";`, "8"},
		{`file.data; content:"not found";`, "8"},
		{`http.uri; content:"/form"; http.request_body; content:"user=x";`, "10"},
	}
	statements(t, "http2", talk, list)
	statements(t, "http", talk, []statement{
		{`http.uri; content:"/index.html";`, "6"},
		{`http.stat_code; content:"404";`, "7"},
		{`http2.frametype:GOAWAY;`, "13"},
	})
	statements(t, "http1", talk, []statement{{`http.uri; content:"/index.html";`, ""}})
	statements(t, "tcp", talk, []statement{{`http.uri; content:"/index.html";`, "6"}, {`http2.frametype:GOAWAY;`, "13"}})
}
