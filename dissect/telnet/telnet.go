// Package telnet recognises Telnet (RFC 854), and tells what was typed and shown from the options that both sides negotiate.
package telnet

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// Spec declares Telnet. Suricata has no records of it either.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name:       "telnet",
		Doc:        "Telnet",
		Ref:        "RFC 854",
		TCP:        &dissect.Detect{Ports: []uint16{23}, Probe: probe, Server: true},
		New:        func() dissect.Parser { return new(parser) },
		Events:     []dissect.Event{evFrame: dissect.FrameEvent("telnet.frame")},
		Fields:     dissect.FrameFields("telnet.frame", frames),
		Frames:     frames,
		FrameEvent: evFrame,
		EVE:        func(*jsonw.Writer, *dissect.Env) {},
		Clone:      func(tx any) any { return tx },
	}
}

const evFrame dissect.Local = 0

// Frames, in the order of the Spec.
const (
	frPDU = iota
	frCtl
	frData
)

var frames = []string{"pdu", "ctl", "data"}

// Commands behind iac (RFC 854, RFC 855).
const (
	iac  = 255
	will = 251
	dont = 254
	sb   = 250 // begins a subnegotiation
	se   = 240 // and ends it
)

// maxLine is the longest line of text, and maxOption the longest subnegotiation, that are waited for, bytes.
const maxLine, maxOption = 4 << 10, 1 << 10

// prompts are what servers ask before anybody is let in, in lower case.
var prompts = [][]byte{[]byte("login"), []byte("username"), []byte("password"), []byte("user:")}

// maxBanner is how much text may come before the first prompt, bytes.
const maxBanner = 512

// probe takes what begins with negotiations, on the usual port with one, or with text that asks who is there: other protocols, which are
// recognised by what they say, may hide there.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	switch {
	case len(data) < 2:
		return dissect.More
	case hint && data[0] == iac && data[1] >= se && data[1] < iac:
		return dissect.ByPort
	case hint && dir == dissect.ToClient && data[0] != iac:
		text := bytes.ToLower(data[:min(len(data), maxBanner)])
		for _, p := range prompts {
			if bytes.Contains(text, p) {
				return dissect.Yes
			}
		}
		if len(data) < maxBanner {
			return dissect.More
		}
		return dissect.No
	case data[0] != iac || data[1] < will || data[1] > dont:
		return dissect.No
	case len(data) < 6:
		return dissect.More
	case data[3] == iac && data[4] >= sb && data[4] < iac:
		return dissect.Yes
	}
	return dissect.No
}

type parser struct{}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, _ dissect.Dir, data []byte) int {
	if !c.WantsFrames() {
		return len(data)
	}
	n := 0
	for n < len(data) {
		k, kind := next(data[n:])
		if k == 0 {
			break
		}
		b := data[n : n+k]
		c.Frame(frPDU, b, int64(k), nil)
		c.Frame(kind, b, int64(k), nil)
		n += k
	}
	return n
}

// next gives the length of the next command, or line of text; 0: it is not complete.
func next(data []byte) (n, kind int) {
	if data[0] != iac {
		text := data[:min(len(data), maxLine)] // prompts have no end
		if i := bytes.IndexByte(text, iac); i >= 0 {
			text = text[:i]
		}
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			text = text[:i+1]
		}
		return len(text), frData
	}
	switch {
	case len(data) < 2:
		return 0, frCtl
	case data[1] >= will && data[1] <= dont:
		if len(data) < 3 {
			return 0, frCtl
		}
		return 3, frCtl
	case data[1] == sb:
		return option(data), frCtl
	}
	return 2, frCtl
}

// option gives the length of a subnegotiation, 0 where it is not complete. A byte of 255 in it is doubled (RFC 855), and what follows another
// one ends it.
func option(data []byte) int {
	for at := 2; at < maxOption; {
		i := bytes.IndexByte(data[at:min(len(data), maxOption)], iac)
		if at += i; i < 0 || at+1 == len(data) {
			break
		}
		switch data[at+1] {
		case se:
			return at + 2
		case iac:
			at += 2
		default:
			return at
		}
	}
	if len(data) < maxOption {
		return 0
	}
	return 2
}

// Gap implements dissect.Parser.
func (p *parser) Gap(*dissect.Ctx, dissect.Dir, int) {}

// End implements dissect.Parser.
func (p *parser) End(*dissect.Ctx, dissect.Dir, dissect.EndReason, []byte) {}

// Reset implements dissect.Parser.
func (p *parser) Reset() {}
