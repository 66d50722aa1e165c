// Package dns parses DNS (RFC 1035 and its successors) over UDP and TCP, and multicast DNS
// (RFC 6762). Every message, request or response, is a transaction of its own.
package dns

import (
	"github.com/luanids/luanids/dissect"
)

// maxPending holds the longest message with its length prefix, and some of the next.
const maxPending = 128 << 10

// Spec declares DNS with the default options.
func Spec() *dissect.Spec { return NewSpec(DefaultOptions()) }

// NewSpec declares DNS with options for its EVE records.
func NewSpec(o Options) *dissect.Spec {
	return &dissect.Spec{
		Name: "dns",
		Doc:  "Domain Name System",
		Ref:  "RFC 1035, RFC 3596, RFC 6891, RFC 7766, RFC 9460",
		UDP:  &dissect.Detect{Ports: []uint16{53}, Probe: probeUDP, Server: true},
		TCP:  &dissect.Detect{Ports: []uint16{53}, Probe: probeTCP, Server: true},
		New:  func() dissect.Parser { return new(parser) },
		Events: []dissect.Event{
			evMessage:  {Name: "dns.message", Doc: "a message of either side", Any: true},
			evRequest:  {Name: "dns.request", Doc: "a question to a server", Dir: dissect.ToServer, Phase: 1, Log: true, Final: true},
			evResponse: {Name: "dns.response", Doc: "a server's answer", Dir: dissect.ToClient, Phase: 2, Log: true, LogByDir: o.Version != 2, Final: true},
			evFrame:    dissect.FrameEvent("dns.frame"),
		},
		Fields:     append(fields("dns"), dissect.FrameFields("dns.frame", frames)...),
		Frames:     frames,
		FrameEvent: evFrame,
		Anomalies:  anomalies,
		MaxPending: maxPending,
		EVE:        o.write,
		Records:    o.records,
		Context:    context,
		Clone:      func(tx any) any { return tx.(*Message).Clone() },
	}
}

// MDNS declares multicast DNS.
func MDNS() *dissect.Spec {
	return &dissect.Spec{
		Name: "mdns",
		Doc:  "Multicast DNS",
		Ref:  "RFC 6762",
		UDP:  &dissect.Detect{Ports: []uint16{5353}, Probe: probeMDNS, Server: true},
		New:  func() dissect.Parser { return &parser{mdns: true} },
		Events: []dissect.Event{
			evMessage:  {Name: "mdns.message", Doc: "a message of any kind", Any: true},
			evRequest:  {Name: "mdns.request", Doc: "a question to all", Any: true, Phase: 1, Log: true, LogByDir: true, Final: true},
			evResponse: {Name: "mdns.response", Doc: "an answer or announcement", Any: true, Phase: 2, Log: true, LogByDir: true, Final: true},
			evFrame:    dissect.FrameEvent("mdns.frame"),
		},
		Fields:     append(fields("mdns"), dissect.FrameFields("mdns.frame", frames)...),
		Frames:     frames,
		FrameEvent: evFrame,
		Anomalies:  anomalies,
		EVE:        writeMDNS,
		Clone:      func(tx any) any { return tx.(*Message).Clone() },
	}
}

// probeMDNS takes any message that decodes, on the port of mDNS alone: anyone may send answers.
func probeMDNS(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	if hint && probeUDP(dir, data, true) != dissect.No {
		return dissect.Yes
	}
	return dissect.No
}
