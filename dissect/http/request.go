package http

import (
	"bytes"
	"encoding/base64"

	"github.com/luanids/luanids/dissect"
)

// method is a request method that the parser knows; mOther for others.
type method uint8

const (
	mOther method = iota
	mGET
	mHEAD
	mPOST
	mPUT
	mCONNECT
	mKnown // any other registered method
)

// methods are the methods of RFC 9110, RFC 5789 and WebDAV (RFC 4918, 3253), with which a
// request line is believed without a protocol.
var methods = map[string]method{
	"GET": mGET, "HEAD": mHEAD, "POST": mPOST, "PUT": mPUT, "CONNECT": mCONNECT,
	"DELETE": mKnown, "OPTIONS": mKnown, "TRACE": mKnown, "PATCH": mKnown, "PROPFIND": mKnown,
	"PROPPATCH": mKnown, "MKCOL": mKnown, "COPY": mKnown, "MOVE": mKnown, "LOCK": mKnown,
	"UNLOCK": mKnown, "VERSION-CONTROL": mKnown, "CHECKOUT": mKnown, "UNCHECKOUT": mKnown,
	"CHECKIN": mKnown, "UPDATE": mKnown, "LABEL": mKnown, "REPORT": mKnown, "MKWORKSPACE": mKnown,
	"MKACTIVITY": mKnown, "BASELINE-CONTROL": mKnown, "MERGE": mKnown, "INVALID": mKnown,
	"SEARCH": mKnown, "NOTIFY": mKnown, "SUBSCRIBE": mKnown, "UNSUBSCRIBE": mKnown,
	"M-SEARCH": mKnown, "BPROPFIND": mKnown, "BPROPPATCH": mKnown, "BCOPY": mKnown, "BMOVE": mKnown,
	"BDELETE": mKnown, "POLL": mKnown, "RPC_IN_DATA": mKnown, "RPC_OUT_DATA": mKnown, "ORDERPATCH": mKnown,
	"ACL": mKnown, "LINK": mKnown, "UNLINK": mKnown, "PURGE": mKnown, "DEBUG": mKnown, "TRACK": mKnown,
	"PING": mKnown, "SOURCE": mKnown,
}

// requestLine takes a request line.
func (p *Parser) requestLine(c *dissect.Ctx, s *side, d []byte) (int, bool) {
	nl := bytes.IndexByte(d, '\n')
	if nl < 0 && !s.lines.final {
		if len(d) <= p.cfg.fieldLimit {
			return 0, false
		}
		p.raise(c, nil, anReqFieldTooLong)
		s.state = stResync
		return len(d), true
	}
	end := nl + 1
	if nl < 0 {
		end = len(d)
	}
	line := chomp(d[:end])
	if len(line) == 0 || len(line) == 1 && (line[0] == ' ' || line[0] == '\t') {
		return end, true // empty lines before a request are skipped (RFC 9112 section 2.2)
	}
	if p.anyReq && !looksLikeRequest(line) {
		p.unexpectedBody(c)
		return end, true
	}
	if nl < 0 {
		if !looksLikeRequest(line) {
			p.raise(c, nil, anReqLineIncomplete)
			return end, true
		}
	}
	p.anyReq = true
	t := p.open(c)
	s.tx = t
	t.Request.Started = true
	t.Request.Line = t.Request.store(line)
	short := p.parseRequestLine(c, t)
	if t.parseURI(&p.cfg.uri) {
		p.raise(c, t, anDoubleEncoded)
	}
	if (t.URIHost != nil || t.method == mCONNECT) && !validHost(t.URIHost) {
		p.raise(c, t, anURIHostInvalid)
	}
	c.Emit(evRequestLine, t)
	s.trailer, s.lines.lfcr = false, false
	s.state = stHeaders
	if short {
		s.state = st09
	}
	return end, true
}

// looksLikeRequest tells whether a line begins with a method that is known, or names HTTP.
func looksLikeRequest(line []byte) bool {
	i := 0
	for i < len(line) && (isSpace(line[i]) || line[i] == 0) {
		i++
	}
	j := i
	for j < len(line) && !isSpace(line[j]) {
		j++
	}
	if methods[string(line[i:j])] != mOther {
		return true
	}
	return j < len(line) && containsFold(line[j:], "http/")
}

// unexpectedBody reports bytes after the end of a request that begin no other one.
func (p *Parser) unexpectedBody(c *dissect.Ctx) {
	var t *Tx
	if n := len(p.txs); n > 0 {
		t = p.txs[n-1]
	}
	p.raise(c, t, anUnexpectedBody)
}

func chomp(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}

// parseRequestLine splits the request line; true: it has no protocol (HTTP/0.9).
func (p *Parser) parseRequestLine(c *dissect.Ctx, t *Tx) (short bool) {
	line := t.Request.Line
	i := 0
	for i < len(line) && isSpace(line[i]) {
		i++
	}
	if i > 0 {
		p.raise(c, t, anLeadingSpace)
	}
	j := i
	for j < len(line) && !isSpace(line[j]) {
		j++
	}
	t.Method = line[i:j]
	t.method = methods[string(t.Method)]
	k := j
	for k < len(line) && isSpace(line[k]) {
		if line[k] != ' ' {
			p.raise(c, t, anMethodDelim)
		}
		k++
	}
	rest := trimSpace(line[k:])
	if len(rest) == 0 {
		t.Request.Version = Version09
		if t.method == mOther {
			p.raise(c, t, anReqLineInvalid)
		}
		return true
	}
	uri, proto := splitTarget(rest, p.cfg.uri.allowSpace, false)
	if hasOddSpace(uri) {
		p.raise(c, t, anURIDelim)
		if len(uri) == len(rest) {
			uri, proto = splitTarget(rest, p.cfg.uri.allowSpace, true)
		}
	}
	t.URI = uri
	if len(proto) == 0 {
		t.Request.Version = Version09
		if t.method == mOther {
			p.raise(c, t, anReqLineInvalid)
		}
		return true
	}
	t.Request.Protocol = proto
	t.Request.Version = parseVersion(proto)
	if t.method == mOther && t.Request.Version == VersionInvalid {
		p.raise(c, t, anReqLineInvalid)
	}
	return false
}

// splitTarget splits "target protocol" at the first space, or at the last when spaces are
// allowed in targets; any white space counts when odd is set.
func splitTarget(b []byte, last, odd bool) (uri, proto []byte) {
	isSep := func(c byte) bool { return c == ' ' || odd && isSpace(c) }
	at := -1
	for i, c := range b {
		if isSep(c) {
			if at = i; !last {
				break
			}
		}
	}
	if at < 0 {
		return b, nil
	}
	return trimSpace(b[:at]), trimSpace(b[at+1:])
}

func hasOddSpace(b []byte) bool {
	for _, c := range b {
		if c != ' ' && isSpace(c) {
			return true
		}
	}
	return false
}

// parseVersion reads a protocol like HTTP/1.1; white space and zeros before the number pass.
func parseVersion(b []byte) Version {
	b = trimSpace(b)
	if len(b) < 4 || !equalFold(b[:4], "http") {
		return VersionInvalid
	}
	b = trimSpace(b[4:])
	if len(b) == 0 || b[0] != '/' {
		return VersionInvalid
	}
	b = b[1:]
	for len(b) > 0 && (b[0] == '0' || isSpace(b[0])) {
		b = b[1:]
	}
	switch string(b) {
	case ".9":
		return Version09
	case "1.0":
		return Version10
	case "1.1":
		return Version11
	}
	return VersionInvalid
}

// max09Junk is how many spaces may follow an HTTP/0.9 request (libhtp).
const max09Junk = 16

// after09 tells what follows a request line without protocol: nothing makes it HTTP/0.9,
// anything else must be headers.
func (p *Parser) after09(c *dissect.Ctx, s *side, d []byte) (int, bool) {
	i := 0
	for i < len(d) && isSpace(d[i]) {
		i++
	}
	if i == len(d) && i <= max09Junk {
		return 0, false
	}
	p.raise(c, s.tx, anMissingProtocol)
	s.state = stHeaders
	return 0, true
}

// end09 decides that the request is HTTP/0.9: its response begins, or the direction ended.
func (p *Parser) end09(c *dissect.Ctx, s *side) {
	s.tx.is09 = true
	s.tx.Request.HeadersDone = true
	s.tx.Request.Coding = CodingNone
	c.EmitDir(evRequest, s.tx, dissect.ToServer)
	p.messageDone(c, s)
	s.state = stIgnore
}

// requestHeaders goes on after a request's headers: it finds out about host and body.
func (p *Parser) requestHeaders(c *dissect.Ctx, s *side) {
	t := s.tx
	m := &t.Request
	p.requestHost(c, t)
	p.requestAuth(c, t)
	te, cl := m.find("transfer-encoding"), m.find("content-length")
	m.Coding = CodingNone
	t.Smuggling = te != nil && (cl != nil || m.Version < Version11) || cl != nil && cl.Repeated
	switch {
	case te != nil:
		m.Coding = CodingChunked
		if !containsFold(te.Value, "chunked") {
			m.Coding = CodingInvalid
		}
		if m.Coding == CodingInvalid || m.Version < Version11 {
			p.raise(c, t, anReqInvalidTE)
		}
	case cl != nil:
		n, ok := parseContentLength(cl.Value)
		if ok {
			m.ContentLength, m.Coding = n, CodingIdentity
		} else {
			m.Coding = CodingInvalid
			p.raise(c, t, anReqInvalidCL)
		}
	}
	c.Emit(evRequest, t)
	switch {
	case t.method == mCONNECT:
		s.state = stWait
	case m.Coding == CodingChunked:
		p.beginBody(c, s)
		s.state = stChunkLen
	case m.Coding == CodingIdentity && m.ContentLength > 0:
		p.beginBody(c, s)
		s.left, s.state = m.ContentLength, stBodyLen
	default:
		p.messageDone(c, s)
	}
}

// requestHost finds the host that the request is for: the URI's goes before the header's.
func (p *Parser) requestHost(c *dissect.Ctx, t *Tx) {
	h := t.Request.find("host")
	t.Host = t.URIHost
	if h == nil {
		if t.Request.Version >= Version11 {
			p.raise(c, t, anMissingHost)
		}
		return
	}
	host, port, valid := splitHostPort(h.Value)
	if !valid {
		p.raise(c, t, anHeaderHostInvalid)
	}
	if len(host) == 0 {
		if t.Host != nil {
			p.raise(c, t, anHostAmbiguous)
		}
		return
	}
	n := parsePort(port)
	if t.Host == nil {
		from := len(t.hostBuf)
		for _, ch := range host {
			t.hostBuf = append(t.hostBuf, lower(ch))
		}
		t.Host = t.hostBuf[from:len(t.hostBuf):len(t.hostBuf)]
		t.Port = n
		return
	}
	if !bytes.EqualFold(t.Host, host) || n != 0 && t.Port != 0 && n != t.Port {
		p.raise(c, t, anHostAmbiguous)
	}
}

// requestAuth reads who asks, from the Authorization header (RFC 7617, RFC 7616).
func (p *Parser) requestAuth(c *dissect.Ctx, t *Tx) {
	h := t.Request.find("authorization")
	if h == nil {
		return
	}
	v := h.Value
	is := func(scheme string) bool { return len(v) >= len(scheme) && equalFold(v[:len(scheme)], scheme) }
	switch {
	case is("basic"):
		t.Auth = "basic"
		enc := trimSpace(v[len("basic"):])
		n := len(t.Request.arena)
		buf, err := base64.StdEncoding.AppendDecode(t.Request.arena, enc)
		if err != nil {
			return
		}
		t.Request.arena = buf
		if user, _, ok := bytes.Cut(buf[n:], []byte(":")); ok {
			t.User = user
		}
	case is("digest"):
		t.Auth = "digest"
		if i := bytes.Index(v, []byte("username=")); i >= 0 {
			u := trimSpace(v[i+len("username="):])
			if len(u) > 0 && u[0] == '"' {
				if j := bytes.IndexByte(u[1:], '"'); j >= 0 {
					t.User = u[1 : 1+j]
				}
			}
		}
	case is("bearer"):
		t.Auth = "bearer"
	case is("ntlm"):
		t.Auth = "ntlm"
		p.raise(c, t, anAuthUnrecognized)
	case is("negotiate"):
		t.Auth = "negotiate"
		p.raise(c, t, anAuthUnrecognized)
	default:
		t.Auth = "unknown"
		p.raise(c, t, anAuthUnrecognized)
	}
}
