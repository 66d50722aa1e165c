// Package sip parses the Session Initiation Protocol (RFC 3261) over UDP and TCP. Each request and each response is a message of
// its own. As in Suricata one side of a flow sends requests and the other responses; a setting has those of both sides read.
package sip

import (
	"slices"

	"github.com/luanids/luanids/dissect"
)

// maxHeader is the longest header that is waited for over TCP, and maxPending a message with it and as much of a body as is kept, bytes.
const maxHeader, maxPending = 64 << 10, maxHeader + maxBody

// bothSides is the setting, below app-layer.protocols, that has requests and responses of both sides of a flow read, as peers such as
// trunks send them.
const bothSides = "sip.both-sides"

// Spec declares SIP.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name: "sip",
		Doc:  "Session Initiation Protocol",
		Ref:  "RFC 3261",
		TCP:  &dissect.Detect{Ports: ports, Probe: probe},
		UDP:  &dissect.Detect{Ports: ports, Probe: probe},
		New:  func() dissect.Parser { return &parser{} },
		Events: []dissect.Event{
			evMessage: {Name: message, Doc: "a request or a response, with its body", Any: true, Phase: 1, Log: true, LogByDir: true, Final: true},
			evFrame:   dissect.FrameEvent("sip.frame")},
		Fields:     slices.Concat(fields(), sdpFields(), dissect.FrameFields("sip.frame", frames)),
		Frames:     frames,
		FrameEvent: evFrame,
		Anomalies:  anomalies,
		Caps:       caps,
		MaxPending: maxPending,
		EVE:        writeEVE,
		Clone:      func(tx any) any { return tx.(*Message).clone() },
	}
}

var ports = []uint16{5060, 5061}

const (
	message                 = "sip.message"
	evMessage dissect.Local = 0
	evFrame   dissect.Local = 1
)

// Frames, in the order of the Spec; those of responses follow those of requests.
const (
	frPDU = iota
	frLine
	frHeaders
	frBody
	frResponse = 3 // from a kind of requests to that of responses
)

var frames = []string{"pdu", "request.line", "request.headers", "request.body", "response.line", "response.headers", "response.body"}

// Anomalies, in the order of the Spec.
const (
	anIncomplete = iota
	anInvalid
)

var anomalies = []string{anIncomplete: "incomplete_data", anInvalid: "invalid_data"}

// Caps, in the order of the Spec.
const (
	capHeaders = iota
	capSDP
	capBody
)

var caps = []dissect.Cap{
	capHeaders: {Name: "headers", Doc: "SIP: messages of which only the first 256 header fields were read"},
	capSDP:     {Name: "sdp", Doc: "SIP: session descriptions of which only the first 1024 lines were read"},
	capBody:    {Name: "body", Doc: "SIP: messages over TCP of whose body only the first 64 KiB were looked at"},
}
