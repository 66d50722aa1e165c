package http

import "github.com/luanids/luanids/dissect"

// Names of the events at which fields become known.
const (
	onReq      = "http.request"
	onReqBody  = "http.request_body"
	onReqDone  = "http.request_done"
	onResp     = "http.response"
	onRespBody = "http.response_body"
	onRespDone = "http.response_done"
)

func str(name, event, doc string, get func(*Tx) []byte) dissect.Field {
	return dissect.Str(name, event, doc, get)
}

// reqHeader and respHeader declare a field that is one header's value.
func reqHeader(name, header, doc string) dissect.Field {
	return str(name, onReq, doc, func(t *Tx) []byte { return HeaderByName(t, dissect.ToServer, header) })
}

func respHeader(name, header, doc string) dissect.Field {
	return str(name, onResp, doc, func(t *Tx) []byte { return HeaderByName(t, dissect.ToClient, header) })
}

// byDir declares a field that is the request's or the response's, by the direction of the
// event that is judged, as Suricata's keyword of that name.
func byDir(name, doc string, get func(t *Tx, dir dissect.Dir) []byte) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TString, Event: onReq, Doc: doc, Bytes: func(e *dissect.Env) []byte {
		if t, ok := dissect.MessageOf[Tx](e); ok {
			return get(t, e.Dir)
		}
		return nil
	}}
}

func dirHeader(name, header, doc string) dissect.Field {
	return byDir(name, doc, func(t *Tx, dir dissect.Dir) []byte { return HeaderByName(t, dir, header) })
}

func fields() []dissect.Field {
	var f []dissect.Field
	f = append(f, requestFields()...)
	f = append(f, responseFields()...)
	return append(f, dirFields()...)
}

func requestFields() []dissect.Field {
	return []dissect.Field{
		str("http.method", onReq, "request method as sent; RFC 9110 section 9", func(t *Tx) []byte { return t.Method }),
		str("http.uri", onReq, "path, query and fragment of the request target, decoded and normalised; RFC 3986", func(t *Tx) []byte { return t.NormURI }),
		str("http.uri.raw", onReq, "request target as sent; RFC 9112 section 3.2", func(t *Tx) []byte { return t.seen(t.URI) }).Also("http.raw_uri"),
		str("http.path", onReq, "path of the request target, decoded, dot segments removed; RFC 3986 section 3.3", func(t *Tx) []byte { return t.seen(t.Path) }),
		str("http.query", onReq, "query of the request target, decoded, without the question mark; RFC 3986 section 3.4", func(t *Tx) []byte { return t.Query }),
		str("http.fragment", onReq, "fragment of the request target, decoded; clients should not send one", func(t *Tx) []byte { return t.Fragment }),
		str("http.version", onReq, "protocol of the request as sent, such as HTTP/1.1", func(t *Tx) []byte { return t.Request.Protocol }).Also("http.request.protocol"),
		str("http.request_line", onReq, "request line as sent, without its line end; of HTTP/2 one made of its fields, with a line end; RFC 9112 section 3", func(t *Tx) []byte { return t.Request.Line }),
		str("http.host", onReq, "host asked for, in lower case without port: of the target, else of the Host header; RFC 9110 section 7.2", func(t *Tx) []byte { return t.Host }).Lowercase(),
		str("http.host.raw", onReq, "Host header as sent; the target's host when that has one", func(t *Tx) []byte {
			if t.URIHost != nil {
				return t.URIHost
			}
			if a := t.Request.Header(":authority"); a != nil {
				return a
			}
			return t.Request.Header("host")
		}).Also("http.raw_host"),
		dissect.Int("http.port", onReq, "port written beside the host, absent when none is", func(t *Tx) (int64, bool) { return int64(t.Port), t.Port != 0 }).Of(dissect.TPort),
		reqHeader("http.user_agent", "user-agent", "User-Agent header; RFC 9110 section 10.1.5"),
		reqHeader("http.referer", "referer", "Referer header; RFC 9110 section 10.1.3").Also("http.referrer"),
		reqHeader("http.request.cookie", "cookie", "Cookie header; RFC 6265"),
		reqHeader("http.accept", "accept", "Accept header; RFC 9110 section 12.5.1"),
		reqHeader("http.accept_enc", "accept-encoding", "Accept-Encoding header; RFC 9110 section 12.5.3").Also("http.accept_encoding"),
		reqHeader("http.accept_lang", "accept-language", "Accept-Language header; RFC 9110 section 12.5.4").Also("http.accept_language"),
		reqHeader("http.origin", "origin", "Origin header; RFC 6454"),
		reqHeader("http.x_forwarded_for", "x-forwarded-for", "X-Forwarded-For header: the client behind a proxy").Also("http.xff"),
		reqHeader("http.authorization", "authorization", "Authorization header as sent; RFC 9110 section 11.6.2"),
		str("http.auth.type", onReq, "kind of authorization: basic, digest, bearer, ntlm, negotiate or unknown", func(t *Tx) []byte { return authName(t.Auth) }).Also("http.auth").
			OneOf("basic", "digest", "bearer", "ntlm", "negotiate", "unknown"),
		str("http.auth.user", onReq, "user name of basic or digest authorization; RFC 7617, RFC 7616", func(t *Tx) []byte { return t.User }),
		reqHeader("http.request.connection", "connection", "Connection header of the request; RFC 9110 section 7.6.1"),
		reqHeader("http.request.content_len", "content-length", "Content-Length header of the request as sent; RFC 9110 section 8.6"),
		reqHeader("http.request.content_type", "content-type", "Content-Type header of the request; RFC 9110 section 8.3"),
		dissect.Int("http.request.content_length", onReq, "Content-Length of the request, bytes; RFC 9110 section 8.6", func(t *Tx) (int64, bool) {
			return t.Request.ContentLength, t.Request.ContentLength >= 0
		}).Of(dissect.TSize),
		dissect.Strs("http.request_header", onReq, "each request header as \"Name: value\", unfolded; repeated ones joined", func(t *Tx, i int) ([]byte, bool) { return t.Request.headerLine(i) }),
		str("http.request.headers", onReq, "request headers without cookies as \"Name: value\" lines, unfolded", func(t *Tx) []byte { return t.normHeaders(dissect.ToServer) }),
		str("http.request.headers.raw", onReq, "request headers as sent, with the empty line", func(t *Tx) []byte { return t.Request.rawHeaders() }),
		str("http.request.header_names", onReq, "names of the request headers in order, between line ends", func(t *Tx) []byte { return t.Request.headerNames() }),
		str("http.request.start", onReq, "request line and headers, normalised", func(t *Tx) []byte { return t.Request.startBlock() }),
		dissect.Bin("http.request_body", onReqBody, "request body, freed of chunking and content encodings, up to the limit that is kept", func(t *Tx) []byte { return t.Request.body() }).Growing(onReqDone).
			Also("http.client_body"),
		dissect.Int("http.request_len", onReqDone, "length of the request body on the wire, bytes", func(t *Tx) (int64, bool) { return int64(t.Request.Len), t.Request.Started }).Of(dissect.TSize),
		dissect.Bool("http.smuggling", onReq, "peers may disagree where the message ends: chunked with Content-Length, or several lengths; RFC 9112 section 11.2", func(t *Tx) bool { return t.Smuggling }),
		dissect.Bool("http.request_seen", onReq, "the request was seen; false for a response on its own", func(t *Tx) bool { return !t.NoRequest }),
	}
}

func responseFields() []dissect.Field {
	return []dissect.Field{
		dissect.Int("http.stat_code", onResp, "status code; RFC 9110 section 15", func(t *Tx) (int64, bool) { return int64(t.Status), t.Status > 0 }).Also("http.status"),
		str("http.stat_code.text", onResp, "status code as sent", func(t *Tx) []byte { return t.StatusText }),
		str("http.stat_msg", onResp, "reason phrase; RFC 9112 section 4", func(t *Tx) []byte { return t.Reason }),
		str("http.response_line", onResp, "status line as sent, without its line end; of HTTP/2 one made of its fields, with a line end; RFC 9112 section 4", func(t *Tx) []byte { return t.Response.Line }),
		str("http.response.protocol", onResp, "protocol of the response as sent", func(t *Tx) []byte { return t.Response.Protocol }),
		respHeader("http.location", "location", "Location header; RFC 9110 section 10.2.2"),
		respHeader("http.server", "server", "Server header; RFC 9110 section 10.2.4"),
		respHeader("http.response.cookie", "set-cookie", "Set-Cookie headers, joined; RFC 6265").Also("http.set_cookie"),
		respHeader("http.response.connection", "connection", "Connection header of the response; RFC 9110 section 7.6.1"),
		respHeader("http.response.content_len", "content-length", "Content-Length header of the response as sent; RFC 9110 section 8.6"),
		respHeader("http.response.content_type", "content-type", "Content-Type header of the response; RFC 9110 section 8.3"),
		respHeader("http.content_encoding", "content-encoding", "Content-Encoding header of the response; RFC 9110 section 8.4"),
		respHeader("http.content_disposition", "content-disposition", "Content-Disposition header of the response; RFC 6266"),
		respHeader("http.content_range", "content-range", "Content-Range header of the response; RFC 9110 section 14.4"),
		dissect.Int("http.response.content_length", onResp, "Content-Length of the response, bytes; RFC 9110 section 8.6", func(t *Tx) (int64, bool) {
			return t.Response.ContentLength, t.Response.ContentLength >= 0
		}).Of(dissect.TSize),
		dissect.Strs("http.response_header", onResp, "each response header as \"Name: value\", unfolded; repeated ones joined", func(t *Tx, i int) ([]byte, bool) { return t.Response.headerLine(i) }),
		str("http.response.headers", onResp, "response headers without cookies as \"Name: value\" lines, unfolded", func(t *Tx) []byte { return t.normHeaders(dissect.ToClient) }),
		str("http.response.headers.raw", onResp, "response headers as sent, with the empty line", func(t *Tx) []byte { return t.Response.rawHeaders() }),
		str("http.response.header_names", onResp, "names of the response headers in order, between line ends", func(t *Tx) []byte { return t.Response.headerNames() }),
		str("http.response.start", onResp, "status line and headers, normalised", func(t *Tx) []byte { return t.Response.startBlock() }),
		dissect.Bin("http.response_body", onRespBody, "response body, freed of chunking and content encodings, up to the limit that is kept", func(t *Tx) []byte { return t.Response.body() }).Growing(onRespDone).
			Also("http.server_body"),
		dissect.Int("http.response_len", onRespDone, "length of the response body on the wire, bytes, chunk framing included", func(t *Tx) (int64, bool) { return int64(t.Response.Len), t.Response.Started }).Of(dissect.TSize),
	}
}

// dirFields are Suricata's keywords that mean the request or the response by direction.
func dirFields() []dissect.Field {
	return []dissect.Field{
		byDir("http.header", "headers without cookies as \"Name: value\" lines, of the side that the event is about", func(t *Tx, d dissect.Dir) []byte { return t.normHeaders(d) }),
		byDir("http.header.raw", "headers as sent, of the side that the event is about", func(t *Tx, d dissect.Dir) []byte { return t.Message(d).rawHeaders() }).Also("http.raw_header"),
		byDir("http.header_names", "names of the headers in order, between line ends, of the side that the event is about", func(t *Tx, d dissect.Dir) []byte { return t.Message(d).headerNames() }),
		byDir("http.start", "first line and headers, normalised, of the side that the event is about", func(t *Tx, d dissect.Dir) []byte { return t.Message(d).startBlock() }),
		byDir("http.protocol", "protocol as sent, of the side that the event is about", func(t *Tx, d dissect.Dir) []byte { return t.Message(d).Protocol }),
		dirHeader("http.content_type", "content-type", "Content-Type header of the side that the event is about; RFC 9110 section 8.3"),
		dirHeader("http.content_len", "content-length", "Content-Length header as sent, of the side that the event is about; RFC 9110 section 8.6"),
		dirHeader("http.connection", "connection", "Connection header of the side that the event is about; RFC 9110 section 7.6.1"),
		byDir("http.cookie", "Cookie or Set-Cookie, of the side that the event is about; RFC 6265", func(t *Tx, d dissect.Dir) []byte { return HeaderByName(t, d, cookieHeader(d)) }),
	}
}

// seen hides the made-up values of a request that was not seen.
func (t *Tx) seen(b []byte) []byte {
	if t.NoRequest {
		return nil
	}
	return b
}

// authName avoids an allocation for the constant names.
func authName(s string) []byte {
	if s == "" {
		return nil
	}
	return authNames[s]
}

var authNames = map[string][]byte{
	"basic": []byte("basic"), "digest": []byte("digest"), "bearer": []byte("bearer"),
	"ntlm": []byte("ntlm"), "negotiate": []byte("negotiate"), "unknown": []byte("unknown"),
}
