// Package http dissects HTTP/0.9, 1.0 and 1.1 (RFC 9110, RFC 9112) as tolerantly as browsers
// and servers read it: what a peer would accept although it is malformed is parsed, and said
// in an anomaly with Suricata's event name.
//
// A request and its response are one Tx. Requests may be pipelined; responses are matched to
// them in order. Bodies are freed of chunking and of content encodings and become files.
package http

import (
	"slices"

	"github.com/luanids/luanids/dissect"
)

// The events, in the order of Spec's list. Phases follow the life of a transaction, so that a
// rule on request and response fields is judged when the response's fields are known.
const (
	evRequestLine dissect.Local = iota
	evRequest
	evRequestBody
	evRequestDone
	evResponseLine
	evResponse
	evResponseBody
	evResponseDone
	evTx
	evFrame
	evStream
	evControl
	evWireFrame
)

// Frames, in the order of the Spec: a message from its first line to the end of its body.
const (
	frRequest = iota
	frResponse
)

var frames = []string{"request", "response"}

// maxPending is the cap on bytes of one direction that wait for the rest of a line.
const maxPending = 64 << 10

// Spec declares the protocol, with Suricata's default EVE record.
func Spec() *dissect.Spec { return SpecWith(&EVEOptions{Extended: true}) }

// SpecWith declares the protocol with other options for its EVE record. The options may be
// changed until the first record is written.
func SpecWith(opt *EVEOptions) *dissect.Spec {
	det := &dissect.Detect{
		Ports: []uint16{80, 3128, 8000, 8008, 8080, 8081, 8088, 8888},
		Probe: probe, Server: true, ClientFirst: true,
	}
	return &dissect.Spec{
		Name: "http",
		Doc:  "Hypertext Transfer Protocol, versions 0.9 to 1.1",
		Ref:  "RFC 9110, RFC 9112",
		TCP:  det,
		New:  func() dissect.Parser { return newParser() },
		Events: []dissect.Event{
			{Name: "http.request_line", Doc: "a request line was read", Dir: dissect.ToServer, Phase: 1},
			{Name: "http.request", Doc: "the headers of a request are complete", Dir: dissect.ToServer, Phase: 2},
			{Name: "http.request_body", Doc: "the body of a request grew", Dir: dissect.ToServer, Phase: 3},
			{Name: "http.request_done", Doc: "a request is complete, with body and trailer, or its connection ended", Dir: dissect.ToServer, Phase: 4},
			{Name: "http.response_line", Doc: "a status line was read", Dir: dissect.ToClient, Phase: 5},
			{Name: "http.response", Doc: "the headers of a response are complete", Dir: dissect.ToClient, Phase: 6},
			{Name: "http.response_body", Doc: "the body of a response grew", Dir: dissect.ToClient, Phase: 7},
			{Name: "http.response_done", Doc: "a response is complete, with body and trailer, or its connection ended", Dir: dissect.ToClient, Phase: 8},
			{Name: "http.tx", Doc: "request and response are complete, or the flow ended", Any: true, Phase: 9, Log: true, Final: true},
			dissect.FrameEvent("http.frame"),
			// Of HTTP/2, whose transactions have the events above as well.
			{Name: "http2.stream", Doc: "a frame of HTTP/2 came", Any: true, Repeats: true},
			{Name: "http2.control", Doc: "a frame of HTTP/2 came that is about the connection as a whole", Any: true, Phase: 10, Log: true, Final: true},
			dissect.FrameEvent("http2.frame"),
		},
		Fields:         slices.Concat(fields(), dissect.FrameFields("http.frame", frames), fields2()),
		Frames:         frames,
		FrameEvent:     evFrame,
		Anomalies:      anomalyNames[:],
		UpperAnomalies: true,
		Caps:           caps,
		MaxPending:     maxPending,
		EVE:            opt.write,
		Context:        (&EVEOptions{Extended: true}).write,
		Clone:          func(tx any) any { return tx.(*Tx).clone() },
	}
}

// Caps, in the order of the Spec.
const (
	capFields = iota
)

var caps = []dissect.Cap{
	capFields: {Name: "fields", Doc: "HTTP: header fields that were left out because a message has too many, or they are too long together"},
}
