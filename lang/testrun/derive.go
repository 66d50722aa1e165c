package testrun

import (
	"bytes"
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/http"
	"github.com/luanids/luanids/lang/ir"
)

// A real message carries the same thing under several names: the path is a part of the URI, a header is a line of the
// headers. A test says it once, by the name that its author thinks of; what follows from it is derived here,
// so that the rule may use another. What a test says itself stays as it is.

// link derives a field from another.
type link struct {
	to, from string
	how      func(v ir.Value) ir.Value // nil for the same value
	dir      int                       // 0 for both sides, else only at events of the request (1) or the response (2)
}

const (
	request  = 1
	response = 2
)

func part(f func([]byte) ([]byte, bool)) func(ir.Value) ir.Value {
	return func(v ir.Value) ir.Value {
		b, ok := f(v.B)
		return ir.Value{B: b, OK: ok}
	}
}

func uriPath(uri []byte) ([]byte, bool) {
	path, _, _ := bytes.Cut(uri, []byte("?"))
	return path, true
}

func uriQuery(uri []byte) ([]byte, bool) {
	_, query, ok := bytes.Cut(uri, []byte("?"))
	return query, ok
}

func lowered(b []byte) ([]byte, bool) { return bytes.ToLower(b), true }

func integer(v ir.Value) ir.Value {
	n, err := strconv.ParseInt(string(v.B), 10, 64)
	return ir.Value{I: n, OK: err == nil}
}

func decimal(v ir.Value) ir.Value {
	return ir.Value{B: strconv.AppendInt(nil, v.I, 10), OK: true}
}

// header derives a field from the line of that name, and line the line from the field.
func header(name string) func(ir.Value) ir.Value {
	return part(func(lines []byte) ([]byte, bool) {
		for l := range bytes.Lines(lines) {
			k, v, ok := bytes.Cut(bytes.TrimRight(l, "\r\n"), []byte(":"))
			if ok && bytes.EqualFold(bytes.TrimSpace(k), []byte(name)) {
				return bytes.TrimSpace(v), true
			}
		}
		return nil, false
	})
}

// links are in order: what one derives, a later one may derive from.
var links = append([]link{
	{to: "http.uri", from: "http.path"},
	{to: "http.uri", from: "http.uri.raw", how: part(func(uri []byte) ([]byte, bool) { return http.Normalised(uri), true })},
	{to: "http.uri.raw", from: "http.uri"},
	{to: "http.path", from: "http.uri", how: part(uriPath)},
	{to: "http.query", from: "http.uri", how: part(uriQuery)},
	{to: "http.host", from: "http.host.raw", how: part(lowered)},
	{to: "http.host.raw", from: "http.host"},
	{to: "http.stat_code.text", from: "http.stat_code", how: decimal},
}, append(httpLinks(), dnsLinks()...)...)

// httpLinks are the headers that have fields of their own, and the fields that are of the side an event is about.
func httpLinks() []link {
	var list []link
	for _, side := range []struct {
		name string
		dir  int
	}{{"http.request.", request}, {"http.response.", response}} {
		lines := side.name + "headers"
		list = append(list, link{to: lines, from: "http.header", dir: side.dir}, link{to: lines, from: lines + ".raw"})
		for _, h := range []struct{ field, name string }{
			{"http.user_agent", "User-Agent"}, {"http.referer", "Referer"}, {"http.accept", "Accept"}, {"http.origin", "Origin"},
			{"http.accept_enc", "Accept-Encoding"}, {"http.accept_lang", "Accept-Language"}, {"http.authorization", "Authorization"},
			{"http.x_forwarded_for", "X-Forwarded-For"}, {"http.host.raw", "Host"}, {"http.host", "Host"},
			{"http.server", "Server"}, {"http.location", "Location"}, {"http.content_encoding", "Content-Encoding"},
			{"http.content_disposition", "Content-Disposition"}, {"http.connection", "Connection"},
			{side.name + "content_type", "Content-Type"}, {"http.content_len", "Content-Length"},
		} {
			list = append(list, link{to: h.field, from: lines, how: header(h.name), dir: side.dir})
		}
		cookie := "Cookie"
		if side.dir == response {
			cookie = "Set-Cookie"
		}
		list = append(list, link{to: side.name + "cookie", from: lines, how: header(cookie), dir: side.dir})
		list = append(list, link{to: "http.content_len", from: side.name + "content_length", how: decimal, dir: side.dir},
			link{to: side.name + "content_length", from: "http.content_len", how: integer, dir: side.dir})
		for _, same := range [][2]string{{"cookie", "http.cookie"}, {"content_type", "http.content_type"},
			{"headers", "http.header"}, {"headers.raw", "http.header.raw"}, {"header_names", "http.header_names"}} {
			list = append(list, link{to: same[1], from: side.name + same[0], dir: side.dir}, link{to: side.name + same[0], from: same[1], dir: side.dir})
		}
		list = append(list, link{to: lines + ".raw", from: lines, dir: side.dir}, link{to: "http.header.raw", from: "http.header", dir: side.dir})
	}
	return list
}

// derive adds to a message what follows from what a test says of it.
func derive(schema *dissect.Schema, values map[string][]ir.Value, toClient bool) {
	dir := request
	if toClient {
		dir = response
	}
	for _, l := range links {
		from := values[l.from]
		if l.dir != 0 && l.dir != dir || len(from) == 0 || len(values[l.to]) > 0 || schema.Field(l.to) == nil {
			continue
		}
		out := make([]ir.Value, 0, len(from))
		for _, v := range from {
			if l.how != nil {
				v = l.how(v)
			}
			if v.OK {
				out = append(out, v)
			}
		}
		if len(out) > 0 {
			values[l.to] = out
		}
	}
}
