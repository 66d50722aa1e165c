// Package modbus parses Modbus over TCP: requests to controllers with their responses and exceptions, the registers and coils that they read
// and write, diagnostics and encapsulated interfaces.
package modbus

import "github.com/luanids/luanids/dissect"

// Spec declares Modbus.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name: "modbus",
		Doc:  "Modbus over TCP",
		Ref:  "MODBUS Application Protocol Specification V1.1b3, MODBUS Messaging on TCP/IP Implementation Guide V1.0b",
		TCP:  &dissect.Detect{Ports: []uint16{502}, Probe: probe, Server: true},
		New:  func() dissect.Parser { return new(parser) },
		Events: []dissect.Event{
			evRequest:  {Name: onRequest, Doc: "a request, or a response whose request was not seen", Any: true, Phase: 1},
			evResponse: {Name: onResponse, Doc: "a response, or an exception", Dir: dissect.ToClient, Phase: 2},
			evTx:       {Name: onTx, Doc: "a request was answered, or will not be", Any: true, Phase: 3, Log: true, Final: true},
		},
		Fields:    fields(),
		Anomalies: anomalies,
		Caps:      caps,
		EVE:       write,
		Unlimited: true, // connections are kept for as long as the plant runs
		Clone:     func(tx any) any { return tx.(*Tx).clone() },
	}
}

// Names of events, as the fields refer to them.
const onRequest, onResponse, onTx = "modbus.request", "modbus.response", "modbus.tx"

// Events, in the order of the Spec.
const (
	evRequest dissect.Local = iota
	evResponse
	evTx
)

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anUnsolicited = iota
	anFunction
	anLength
	anValue
	anException
	anMismatch
	anFlooded
	anProtocol
	anUnit
)

var anomalies = []string{
	anUnsolicited: "unsolicited_response", anFunction: "invalid_function_code", anLength: "invalid_length", anValue: "invalid_value",
	anException: "invalid_exception_code", anMismatch: "value_mismatch", anFlooded: "flooded", anProtocol: "invalid_protocol_id",
	anUnit: "invalid_unit_identifier",
}

// Caps, in the order of the Spec.
const capTx = 0

var caps = []dissect.Cap{
	capTx: {Name: "transactions", Doc: "Modbus: requests that ended because too many waited for a response (app-layer.protocols.modbus.request-flood)"},
}
