package ftp

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// portCommands are first commands of a client. They count on the usual port only, as POP3 and others have some of them too.
var portCommands = []string{"USER ", "AUTH ", "FEAT\r", "SYST\r", "OPTS ", "HOST ", "CLNT ", "PASV\r", "EPSV\r", "PORT ", "EPRT ", "QUIT\r", "PASS ", "RETR ", "STOR ",
	"CWD ", "PWD\r", "TYPE ", "LIST\r", "NLST\r"}

// maxGreeting is how much of the first line of a greeting is looked at, bytes.
const maxGreeting = 512

// probe recognises the server's greeting, or on the usual port the client's first command. Greetings of SMTP begin
// alike, so that one off the usual port must name FTP; there a client's USER with a name is taken too, as Suricata does. IRC's has more words,
// and a server of POP3 shows by its answer.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	if v := probeGreeting(data, hint); v != dissect.No {
		return turned(dir, dissect.ToClient, v)
	}
	if !hint {
		if dir == dissect.ToServer {
			return probeUser(data)
		}
		return dissect.No
	}
	v := dissect.No
	for _, cmd := range portCommands {
		n := min(len(data), len(cmd))
		switch {
		case !bytes.EqualFold(data[:n], []byte(cmd[:n])):
		case n == len(cmd):
			return turned(dir, dissect.ToServer, dissect.Yes)
		default:
			v = dissect.More
		}
	}
	return v
}

// maxUser is the longest USER with a name that is taken off the usual port, bytes.
const maxUser = 128

// probeUser takes a line that is USER with one word, and nothing behind it: the client waits for an answer.
func probeUser(data []byte) dissect.Verdict {
	const user = "USER "
	n := min(len(data), len(user))
	if !bytes.EqualFold(data[:n], []byte(user[:n])) || len(data) > maxUser {
		return dissect.No
	}
	if n < len(user) {
		return dissect.More
	}
	name := data[n:]
	end := bytes.IndexAny(name, " \r\n")
	switch {
	case end < 0:
		return dissect.More
	case end == 0 || name[end] == ' ':
		return dissect.No
	case name[end] == '\r' && end+1 == len(name):
		return dissect.More
	case bytes.HasPrefix(name[end:], []byte("\r\n")) && end+2 == len(name), name[end] == '\n' && end+1 == len(name):
		return dissect.Yes
	}
	return dissect.No
}

// turned compares who should have sent these bytes with who did.
func turned(dir, should dissect.Dir, v dissect.Verdict) dissect.Verdict {
	if v == dissect.Yes && dir != should {
		return dissect.Reversed
	}
	return v
}

func probeGreeting(data []byte, hint bool) dissect.Verdict {
	const code = "220"
	n := min(len(data), len(code))
	refused := hint && (bytes.HasPrefix(data, []byte("421")) || bytes.HasPrefix(data, []byte("120")) || bytes.HasPrefix(data, []byte("530")))
	switch {
	case string(data[:n]) != code[:n] && !refused:
		return dissect.No
	case len(data) < 4:
		return dissect.More
	case data[3] != ' ' && data[3] != '-' && data[3] != '\r':
		return dissect.No
	}
	text, whole := greeting(data[:min(len(data), maxGreeting)])
	ftp := named(text, "ftp") || named(text, "filezilla")
	switch {
	case named(text, "smtp") && !(hint && ftp):
		return dissect.No
	case hint && bytes.IndexByte(text, '\n') >= 0, ftp:
		return dissect.Yes
	case !whole && len(text) < maxGreeting:
		return dissect.More
	case hint:
		return dissect.Yes
	}
	return dissect.No
}

// greeting gives the lines of a first reply, up to the one that ends it, and whether that is there.
func greeting(data []byte) (text []byte, whole bool) {
	for at := 0; ; {
		i := bytes.IndexByte(data[at:], '\n')
		if i < 0 {
			return data, false
		}
		last := len(data) > at+3 && data[at+3] != '-' && bytes.Equal(data[at:at+3], data[:3])
		if at += i + 1; last {
			return data[:at], true
		}
	}
}

// named tells whether a line has a word, in any case.
func named(line []byte, lower string) bool {
	for i := 0; i+len(lower) <= len(line); i++ {
		if bytes.EqualFold(line[i:i+len(lower)], []byte(lower)) {
			return true
		}
	}
	return false
}
