package smtp

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// Commands that nothing but SMTP begins with, and those that other text protocols (FTP, POP3)
// have too: they count only on the usual ports. A blank stands for a blank or the end of the line.
var (
	sureCommands = []string{"ehlo ", "helo ", "lhlo ", "mail from:"}
	portCommands = []string{"quit ", "noop ", "rset ", "starttls ", "auth ", "vrfy ", "expn ", "help ", "rcpt to:", "data "}
)

// maxGreeting is how much of the first line of a greeting is looked at, bytes.
const maxGreeting = 512

// probe recognises the client's first command, or the server's greeting. Greetings of FTP begin
// alike, so that one off the usual ports must name SMTP.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	v := probeCommand(data, sureCommands)
	if hint && v == dissect.No {
		v = probeCommand(data, portCommands)
	}
	if v != dissect.No {
		return turned(dir, dissect.ToServer, v)
	}
	return turned(dir, dissect.ToClient, probeGreeting(data, hint))
}

// turned compares who should have sent these bytes with who did.
func turned(dir, should dissect.Dir, v dissect.Verdict) dissect.Verdict {
	if v == dissect.Yes && dir != should {
		return dissect.Reversed
	}
	return v
}

func probeCommand(data []byte, list []string) dissect.Verdict {
	v := dissect.No
	for _, cmd := range list {
		n := min(len(data), len(cmd))
		last := n == len(cmd) && cmd[n-1] == ' '
		if last {
			n--
		}
		if !hasPrefixFold(data, cmd[:n]) {
			continue
		}
		switch {
		case len(data) < len(cmd):
			v = dissect.More
		case !last || data[n] == ' ' || data[n] == '\r' || data[n] == '\n':
			return dissect.Yes
		}
	}
	return v
}

func probeGreeting(data []byte, hint bool) dissect.Verdict {
	const code = "220"
	n := min(len(data), len(code))
	refused := hint && (bytes.HasPrefix(data, []byte("554")) || bytes.HasPrefix(data, []byte("421")))
	if string(data[:n]) != code[:n] && !refused {
		return dissect.No
	}
	if len(data) < 4 {
		return dissect.More
	}
	if data[3] != ' ' && data[3] != '-' && !(hint && (data[3] == '\r' || data[3] == '\n')) {
		return dissect.No
	}
	line := data[:min(len(data), maxGreeting)]
	end := bytes.IndexByte(line, '\n')
	if end >= 0 {
		line = line[:end]
	}
	if containsFold(line, "smtp") {
		return dissect.Yes
	}
	if end < 0 && len(line) < maxGreeting {
		return dissect.More
	}
	if hint {
		return dissect.Yes
	}
	return dissect.No
}

// hasPrefixFold tells whether b begins with a lower-case ASCII string.
func hasPrefixFold(b []byte, lower string) bool {
	if len(b) < len(lower) {
		return false
	}
	for i := range len(lower) {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func containsFold(b []byte, lower string) bool {
	for i := 0; i+len(lower) <= len(b); i++ {
		if hasPrefixFold(b[i:], lower) {
			return true
		}
	}
	return false
}
