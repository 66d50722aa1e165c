// Package pgsql parses PostgreSQL's frontend/backend protocol, version 3 (PostgreSQL documentation, chapter "Frontend/Backend Protocol"). A
// transaction is a message of the client that wants an answer together with its answers: a start, a password, a query; queries of the
// extended protocol up to Sync are one. What a COPY sends is one of its own.
package pgsql

import "github.com/luanids/luanids/dissect"

// Spec declares PostgreSQL with the default options.
func Spec() *dissect.Spec { return NewSpec(Options{}) }

// NewSpec declares PostgreSQL with options for its EVE records.
func NewSpec(o Options) *dissect.Spec {
	return &dissect.Spec{
		Name: "pgsql",
		Doc:  "PostgreSQL",
		Ref:  "PostgreSQL 17 documentation, chapter 53",
		TCP:  &dissect.Detect{Ports: []uint16{5432}, Probe: probe},
		New:  func() dissect.Parser { return new(parser) },
		Events: []dissect.Event{
			evRequest:  {Name: request, Doc: "a message of the client; several, where queries are prepared first", Dir: dissect.ToServer, Phase: 1, Repeats: true},
			evResponse: {Name: response, Doc: "the server has answered", Dir: dissect.ToClient, Phase: 2},
			evTx:       {Name: txEvent, Doc: "request and answers are complete, or the connection ended", Dir: dissect.ToServer, Phase: 3, Log: true, Final: true},
		},
		Fields:    fields(),
		Anomalies: anomalies,
		Caps:      caps,
		Unlimited: true,
		EVE:       o.write,
		Clone:     func(tx any) any { return tx.(*Tx).clone() },
	}
}

// Names of events, as the fields refer to them.
const request, response, txEvent = "pgsql.request", "pgsql.response", "pgsql.tx"

// Events, in the order of the Spec.
const (
	evRequest dissect.Local = iota
	evResponse
	evTx
)

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anLength = iota
	anRequest
	anResponse
	anTooMany
)

var anomalies = []string{anLength: "invalid_length", anRequest: "malformed_request", anResponse: "malformed_response", anTooMany: "too_many_transactions"}

// Caps, in the order of the Spec.
const (
	capTx = iota
	capTexts
)

var caps = []dissect.Cap{
	capTx:    {Name: "transactions", Doc: "PostgreSQL: transactions that ended before their time because too many waited for an answer (app-layer.protocols.pgsql.max-tx), or what is kept of them took too much"},
	capTexts: {Name: "texts", Doc: "PostgreSQL: transactions of whose texts not all were kept"},
}
