package http

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// maxMethod is the longest token that can be a method.
const maxMethod = 24

// probe recognises requests and status lines.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	d := data
	for len(d) > 0 && (d[0] == '\r' || d[0] == '\n') {
		d = d[1:]
	}
	if len(d) == 0 {
		return dissect.More
	}
	if v := probeStatus(d, hint && dir == dissect.ToClient); v != dissect.No {
		if v == dissect.Yes && dir == dissect.ToServer {
			return dissect.Reversed
		}
		return v
	}
	v := probeRequest(d, hint && dir == dissect.ToServer)
	if v == dissect.Yes && dir == dissect.ToClient {
		return dissect.Reversed
	}
	return v
}

// probeStatus looks for "HTTP/"; on a usual port in any case.
func probeStatus(d []byte, hint bool) dissect.Verdict {
	const want = "http/"
	n := min(len(d), len(want))
	if !equalFold(d[:n], want[:n]) || !hint && d[0] != 'H' {
		return dissect.No
	}
	if n < len(want) {
		return dissect.More
	}
	return dissect.Yes
}

// probeRequest looks for a method, white space, and on closer doubt the protocol.
func probeRequest(d []byte, hint bool) dissect.Verdict {
	for len(d) > 0 && (d[0] == ' ' || d[0] == '\t') {
		d = d[1:]
	}
	i := 0
	for i < len(d) && i <= maxMethod && tokenChar[d[i]] {
		i++
	}
	if i == len(d) && i <= maxMethod {
		return dissect.More
	}
	if i == 0 || i > maxMethod || d[i] != ' ' && d[i] != '\t' {
		return dissect.No
	}
	known := methods[string(d[:i])] != mOther && string(d[:i]) != "INVALID"
	nl := bytes.IndexByte(d, '\n')
	if nl < 0 {
		switch {
		case known && string(d[:i]) != "OPTIONS" && string(d[:i]) != "PING":
			return dissect.Yes
		case known || hint:
			return dissect.More
		}
		if len(d) < 256 {
			return dissect.More
		}
		return dissect.No
	}
	line := chomp(d[:nl])
	switch {
	case containsFold(line, " sip/2") || containsFold(line, " rtsp/1") || containsFold(line, " http/2.0") && string(d[:i]) == "PRI":
		return dissect.No
	case !known && containsFold(line, " http/"):
		return dissect.More // the server's answer decides, as in Suricata
	case containsFold(line, " http/1."):
		return dissect.Yes
	case known && (len(line) > i+1 && (line[i+1] == '/' || bytes.Contains(line, []byte("://"))) || hint):
		return dissect.Yes
	case containsFold(line, " http/"):
		return dissect.Yes
	}
	return dissect.No
}
