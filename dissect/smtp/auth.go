package smtp

import (
	"bytes"
	"encoding/base64"
)

// authData takes a response of the client: the name that it logs in with is kept, passwords
// are not.
func (p *parser) authData(line []byte) {
	step := p.authStep
	p.authStep++
	if len(p.conn.user) > 0 || base64.StdEncoding.DecodedLen(len(line)) > maxLine {
		return
	}
	var buf [maxLine]byte
	n, err := base64.StdEncoding.Decode(buf[:], line)
	if err != nil {
		return
	}
	user := buf[:n]
	switch string(p.conn.mechanism) {
	case "PLAIN": // authorisation identity, name, password (RFC 4616)
		parts := bytes.SplitN(user, []byte{0}, 3)
		if len(parts) < 2 {
			return
		}
		user = parts[1]
	case "LOGIN":
		if step > 0 {
			return
		}
	case "CRAM-MD5": // name and digest (RFC 2195)
		i := bytes.LastIndexByte(user, ' ')
		if i < 0 {
			return
		}
		user = user[:i]
	case "XOAUTH2", "OAUTHBEARER":
		i := bytes.Index(user, []byte("user="))
		k := len("user=")
		if i < 0 {
			i, k = bytes.Index(user, []byte("a=")), len("a=")
		}
		if i < 0 {
			return
		}
		user = user[i+k:]
		if end := bytes.IndexAny(user, "\x01,"); end >= 0 {
			user = user[:end]
		}
	default:
		return
	}
	p.conn.user = append(p.conn.user[:0], user[:min(len(user), maxUser)]...)
}
