// Package rfb parses the handshake of the Remote Framebuffer Protocol, VNC (RFC 6143; versions 3.3, 3.7 and 3.8): versions, security type,
// authentication, what the server shows. It is one transaction; what follows is pictures and keys, and is not looked at.
package rfb

import "github.com/luanids/luanids/dissect"

// Spec declares RFB.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name: "rfb",
		Doc:  "Remote Framebuffer Protocol (VNC)",
		Ref:  "RFC 6143",
		TCP:  &dissect.Detect{Ports: []uint16{5900, 5901, 5902, 5903, 5904, 5905, 5906}, Probe: probe, Server: true},
		New:  func() dissect.Parser { return new(parser) },
		Events: []dissect.Event{
			evSecurity: {Name: security, Doc: "the security type was chosen", Any: true, Phase: 1},
			evResult:   {Name: result, Doc: "the server says whether the client may use it", Any: true, Phase: 2},
			evTx:       {Name: txEvent, Doc: "the handshake is over, or as far as it came", Any: true, Phase: 3, Log: true, Final: true},
			evFrame:    dissect.FrameEvent(frameEvent),
		},
		Fields:     append(fields(), dissect.FrameFields(frameEvent, frames)...),
		Frames:     frames,
		FrameEvent: evFrame,
		Anomalies:  anomalies,
		EVE:        write,
		Clone:      func(tx any) any { return tx.(*Session).clone() },
	}
}

// Names of events, as the fields refer to them.
const security, result, txEvent, frameEvent = "rfb.security", "rfb.result", "rfb.tx", "rfb.frame"

// Events, in the order of the Spec.
const (
	evSecurity dissect.Local = iota
	evResult
	evTx
	evFrame
)

// Frames, in the order of the Spec, by Suricata's names.
const frPDU = 0

var frames = []string{"pdu"}

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anSecurity = iota
	anResult
	anMalformed
	anConfused
)

var anomalies = []string{anSecurity: "unimplemented_security_type", anResult: "unknown_security_result", anMalformed: "malformed_message", anConfused: "confused_state"}
