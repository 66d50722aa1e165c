// Package rdp parses how a connection of the Remote Desktop Protocol begins ([MS-RDPBCGR] section 1.3.1.1): the connection request with its
// cookie, what the server chooses, and, where that is not TLS, the settings of the client. A message is a transaction. What follows is
// TLS, which is parsed as such, or encrypted in RDP's own way, and not looked at.
package rdp

import "github.com/luanids/luanids/dissect"

// Spec declares RDP.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name: "rdp",
		Doc:  "Remote Desktop Protocol",
		Ref:  "[MS-RDPBCGR]",
		TCP:  &dissect.Detect{Ports: []uint16{3389}, Probe: probe},
		New:  func() dissect.Parser { return new(parser) },
		Events: []dissect.Event{
			evMessage: {Name: message, Doc: "a message of either side, until the connection is set up", Any: true, Phase: 1, Log: true, LogByDir: true, Final: true},
		},
		Fields: fields(),
		EVE:    write,
		Clone:  func(tx any) any { return tx.(*Message).clone() },
	}
}

const message = "rdp.message"

const evMessage dissect.Local = 0
