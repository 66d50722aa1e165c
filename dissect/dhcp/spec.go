// Package dhcp parses the Dynamic Host Configuration Protocol for IPv4 (RFC 2131, options of RFC 2132). Every message is a transaction
// of its own.
package dhcp

import (
	"strings"

	"github.com/luanids/luanids/dissect"
)

// Options say what the EVE records of DHCP hold.
type Options struct {
	// Extended says that all messages are logged, with all that they hold; otherwise it is what servers confirm.
	Extended bool
}

// ParseOptions reads the settings below outputs.eve-log.types.dhcp.
func ParseOptions(settings map[string]string) (o Options) {
	switch strings.ToLower(settings["extended"]) {
	case "yes", "true", "on", "1":
		o.Extended = true
	}
	return o
}

// Spec declares DHCP with the default options.
func Spec() *dissect.Spec { return NewSpec(Options{}) }

// NewSpec declares DHCP with options for its EVE records.
func NewSpec(o Options) *dissect.Spec {
	return &dissect.Spec{
		Name:      "dhcp",
		Doc:       "Dynamic Host Configuration Protocol for IPv4",
		Ref:       "RFC 2131, RFC 2132, RFC 3396",
		UDP:       &dissect.Detect{Ports: []uint16{67, 68}, Probe: probe, Server: true},
		New:       func() dissect.Parser { return new(parser) },
		Events:    []dissect.Event{evMessage: {Name: message, Doc: "a message of either side", Any: true, Phase: 1, Log: true, LogByDir: true, Final: true}},
		Fields:    fields(),
		Anomalies: anomalies,
		EVE:       o.write,
		Context:   Options{Extended: true}.write,
		Clone:     func(tx any) any { return tx.(*Message).clone() },
	}
}

const (
	message                 = "dhcp.message"
	evMessage dissect.Local = 0
)

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anTruncated = iota
	anMalformed
)

var anomalies = []string{anTruncated: "truncated_options", anMalformed: "malformed_options"}

// probe takes a message with the magic of options (RFC 2131 section 3), on the usual ports.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	if !hint || len(data) < headerLen || data[0] != bootRequest && data[0] != bootReply || data[2] > maxHardware || string(data[236:240]) != magic {
		return dissect.No
	}
	// Who answers is the server, whoever was heard first. Between relays and servers both use the server's port.
	if reply := data[0] == bootReply; reply != (dir == dissect.ToClient) {
		return dissect.Reversed
	}
	return dissect.Yes
}

type parser struct{ m Message }

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if len(data) < headerLen || string(data[236:240]) != magic {
		c.Failed()
		return len(data)
	}
	p.m.reset(c.NextTxID())
	p.m.parse(data)
	if p.m.malformed {
		c.Anomaly(anMalformed, &p.m)
	}
	if p.m.truncated {
		c.Anomaly(anTruncated, &p.m)
	}
	c.Emit(evMessage, &p.m)
	return len(data)
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {}

// Reset implements dissect.Parser.
func (p *parser) Reset() { p.m.reset(0) }
