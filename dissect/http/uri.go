package http

import (
	"bytes"
	"net/netip"
)

// parseURI takes the request target apart and normalises it (libhtp's rules).
func (t *Tx) parseURI(d *decoder) (doubleEncoded bool) {
	t.Path, t.Query, t.Fragment, t.NormURI, t.URIHost = nil, nil, nil, nil, nil
	if t.method == mCONNECT {
		host, port, _ := splitHostPort(t.URI)
		if len(host) > 0 {
			t.URIHost = t.lowerHost(host)
		}
		t.Port = parsePort(port)
		return false
	}
	rest := t.URI
	var scheme, user []byte
	if s, r, ok := cutScheme(rest); ok {
		scheme, rest = s, r
		if auth, ok := bytes.CutPrefix(rest, []byte("//")); ok && len(auth) > 0 && auth[0] != '/' {
			end := bytes.IndexAny(auth, "/?#")
			if end < 0 {
				end = len(auth)
			}
			authority := auth[:end]
			rest = auth[end:]
			if at := bytes.LastIndexByte(authority, '@'); at >= 0 {
				user, authority = authority[:at], authority[at+1:]
			}
			host, port, _ := splitHostPort(authority)
			if len(host) > 0 {
				t.URIHost = t.lowerHost(d.appendDecoded(t.hostBuf[len(t.hostBuf):], host))
			}
			t.Port = parsePort(port)
		}
	}
	if i := bytes.IndexByte(rest, '#'); i >= 0 {
		t.Fragment, rest = rest[i+1:], rest[:i]
	}
	hasQuery := false
	if i := bytes.IndexByte(rest, '?'); i >= 0 {
		t.Query, rest, hasQuery = rest[i+1:], rest[:i], true
	}
	return t.normalise(d, scheme, user, rest, hasQuery)
}

// normalise builds NormURI in the URI arena; Path, Query and Fragment become parts of it.
func (t *Tx) normalise(d *decoder, scheme, user, path []byte, hasQuery bool) (doubleEncoded bool) {
	start := len(t.uri)
	if d.includeAll && len(scheme) > 0 {
		for _, c := range scheme {
			t.uri = append(t.uri, lower(c))
		}
		t.uri = append(t.uri, "://"...)
		if user != nil {
			t.uri = append(d.appendDecoded(t.uri, user), '@')
		}
		t.uri = append(t.uri, t.URIHost...)
	}
	from := len(t.uri)
	t.uri = d.appendPath(t.uri, path)
	if d.bestFit {
		t.uri = t.uri[:from+len(d.utf8InPlace(t.uri[from:]))]
	}
	t.uri = t.uri[:from+len(dotSegmentsInPlace(t.uri[from:]))]
	if d.doublePath {
		n := len(t.uri)
		t.uri = t.uri[:from+len(d.again(t.uri[from:]))]
		doubleEncoded = len(t.uri) < n
	}
	pathEnd := len(t.uri)
	queryFrom, queryEnd := pathEnd, pathEnd
	if hasQuery {
		t.uri = append(t.uri, '?')
		queryFrom = len(t.uri)
		t.uri = d.appendDecoded(t.uri, t.Query)
		if d.doubleQuery {
			n := len(t.uri)
			t.uri = t.uri[:queryFrom+len(d.again(t.uri[queryFrom:]))]
			doubleEncoded = doubleEncoded || len(t.uri) < n
		}
		queryEnd = len(t.uri)
	}
	if t.Fragment != nil {
		t.uri = append(t.uri, '#')
		n := len(t.uri)
		t.uri = d.appendDecoded(t.uri, t.Fragment)
		t.Fragment = t.uri[n:len(t.uri):len(t.uri)]
	}
	if hasQuery {
		t.Query = t.uri[queryFrom:queryEnd:queryEnd]
	}
	if pathEnd > from {
		t.Path = t.uri[from:pathEnd:pathEnd]
	}
	if len(t.uri) > start {
		t.NormURI = t.uri[start:len(t.uri):len(t.uri)]
	}
	return doubleEncoded
}

// again decodes b in place: the result is never longer, and is written behind the reader.
func (d *decoder) again(b []byte) []byte { return d.appendDecoded(b[:0], b) }

// cutScheme splits "scheme:" off a target that is not a path.
func cutScheme(b []byte) (scheme, rest []byte, ok bool) {
	if len(b) == 0 || b[0] == '/' {
		return nil, b, false
	}
	i := bytes.IndexAny(b, ":/?#")
	if i <= 0 || b[i] != ':' {
		return nil, b, false
	}
	return b[:i], b[i+1:], true
}

// lowerHost stores a host in lower case, without dots at its end.
func (t *Tx) lowerHost(host []byte) []byte {
	for len(host) > 0 && host[len(host)-1] == '.' {
		host = host[:len(host)-1]
	}
	n := len(t.hostBuf)
	for _, c := range host {
		t.hostBuf = append(t.hostBuf, lower(c))
	}
	return t.hostBuf[n:len(t.hostBuf):len(t.hostBuf)]
}

// splitHostPort splits an authority; valid says that both parts are well-formed. Brackets
// around an IPv6 address stay.
func splitHostPort(b []byte) (host, port []byte, valid bool) {
	b = bytes.TrimLeft(b, " ")
	i := 0
	if len(b) > 0 && b[0] == '[' {
		if i = bytes.IndexByte(b, ']') + 1; i == 0 {
			i = len(b)
		}
	} else if i = bytes.IndexAny(b, "/?#:"); i < 0 {
		i = len(b)
	}
	host = bytes.TrimRight(b[:i], " ")
	rest := b[i:]
	valid = validHost(host)
	if len(rest) > 1 && rest[0] == ':' {
		port = bytes.Trim(rest[1:], " ")
		if j := bytes.IndexAny(port, "/?# "); j >= 0 {
			port = port[:j]
		}
		return host, port, valid && parsePort(port) != 0
	}
	return host, nil, valid && len(rest) == 0
}

func parsePort(b []byte) uint16 {
	if len(b) == 0 || len(b) > 5 {
		return 0
	}
	v := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0
		}
		v = v*10 + int(c-'0')
	}
	if v > 65535 {
		return 0
	}
	return uint16(v)
}

// validHost tells whether host is an acceptable host name or bracketed IPv6 address; a little
// laxer than RFC 1123: underscores are common.
func validHost(host []byte) bool {
	if len(host) == 0 || len(host) > 255 {
		return false
	}
	if host[0] == '[' {
		if host[len(host)-1] != ']' || len(host) > 64 {
			return false
		}
		a, err := netip.ParseAddr(string(host[1 : len(host)-1]))
		return err == nil && a.Is6()
	}
	label := 0
	for i, c := range host {
		if c == '.' {
			if label == 0 && (i == 0 || host[i-1] == '.') {
				return false
			}
			label = 0
			continue
		}
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-' || c >= 0x80) {
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return true
}
