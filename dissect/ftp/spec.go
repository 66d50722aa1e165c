// Package ftp parses the control connection of the File Transfer Protocol (RFC 959, extensions of RFC 2428 and RFC
// 4217), and the data connections that it announces. A transaction is a command with its replies; the greeting
// is one without command.
package ftp

import "github.com/luanids/luanids/dissect"

// maxPending is more than the longest piece of a line that the parser leaves.
const maxPending = 64 << 10

// Spec declares the control connection.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name: "ftp",
		Doc:  "File Transfer Protocol, control connection",
		Ref:  "RFC 959, RFC 2428, RFC 4217",
		TCP:  &dissect.Detect{Ports: []uint16{21}, Probe: probe, Server: true, Greeting: "220 ("},
		New:  func() dissect.Parser { return newParser() },
		Events: []dissect.Event{
			evCommand:     {Name: "ftp.request", Doc: "a command of the client", Phase: 1},
			evTx:          {Name: "ftp.tx", Doc: "the server answered a command for good, or the connection ended", Dir: dissect.ToClient, Phase: 2, Log: true, Final: true},
			evAuthSuccess: {Name: "ftp.auth.success", Doc: "the server accepted a login", Dir: dissect.ToClient, Phase: 3},
			evAuthFailure: {Name: "ftp.auth.failure", Doc: "the server refused a login", Dir: dissect.ToClient, Phase: 3},
		},
		Fields:     fields(),
		Anomalies:  anomalies,
		Caps:       caps,
		MaxPending: maxPending,
		EVE:        writeEVE,
		Announces:  &dissect.Announces{Begins: []string{"PORT", "EPRT", "227 ", "229 "}, Port: Announced},
		Clone:      func(tx any) any { return tx.(*Tx).clone() },
	}
}

// Events of the control connection, in the order of the Spec.
const (
	evCommand dissect.Local = iota
	evTx
	evAuthSuccess
	evAuthFailure
)

// Anomalies, in the order of the Spec.
const (
	anLongCommand = iota
	anLongReply
	anTooMany
	anNoPort
)

var anomalies = []string{
	anLongCommand: "request_command_too_long",
	anLongReply:   "response_command_too_long",
	anTooMany:     "too_many_transactions",
	anNoPort:      "file_before_port",
}

// Caps, in the order of the Spec.
const (
	capTx = iota
	capReplies
)

var caps = []dissect.Cap{
	capTx:      {Name: "transactions", Doc: "FTP: transactions that ended before their time because too many waited for a reply (app-layer.protocols.ftp.max-tx)"},
	capReplies: {Name: "replies", Doc: "FTP: transactions of whose replies only 64 lines, or 8 KiB, were kept"},
}
