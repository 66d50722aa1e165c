// Package ldap parses the Lightweight Directory Access Protocol (RFC 4511) over TCP, and its connectionless form over UDP. A transaction
// is a request with its responses.
package ldap

import (
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/ber"
)

// Spec declares LDAP.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name: "ldap",
		Doc:  "Lightweight Directory Access Protocol",
		Ref:  "RFC 4511, RFC 4515, MS-ADTS section 3.1.1.3.1.3.2",
		TCP:  &dissect.Detect{Ports: ports, Probe: probe, Server: true},
		UDP:  &dissect.Detect{Ports: ports, Probe: probe, Server: true},
		New:  func() dissect.Parser { return new(parser) },
		Events: []dissect.Event{
			evRequest:  {Name: onRequest, Doc: "a request", Dir: dissect.ToServer, Phase: 1},
			evResponse: {Name: onResponse, Doc: "responses to a request came; fields have all that came so far", Dir: dissect.ToClient, Phase: 2, Repeats: true},
			evTx:       {Name: onTx, Doc: "a request was answered in full, wants no answer, or the connection ended", Any: true, Phase: 3, Log: true, Final: true},
			evFrame:    dissect.FrameEvent(onFrame),
		},
		Fields:     slices.Concat(fields(), dissect.FrameFields(onFrame, frames)),
		Frames:     frames,
		FrameEvent: evFrame,
		Anomalies:  anomalies,
		Caps:       caps,
		MaxPending: maxMessage,
		EVE:        write,
		Clone:      func(tx any) any { return txOf(tx).clone() },
	}
}

// ports are those of directories, and of the global catalogue of Active Directory.
var ports = []uint16{389, 3268}

// Names of events, as the fields refer to them.
const onRequest, onResponse, onTx, onFrame = "ldap.request", "ldap.response", "ldap.tx", "ldap.frame"

// Events, in the order of the Spec.
const (
	evRequest dissect.Local = iota
	evResponse
	evTx
	evFrame
)

// Frames, in the order of the Spec.
const frPDU = 0

var frames = []string{"pdu"}

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anTooMany = iota
	anInvalid
	anNoRequest
	anIncomplete
)

var anomalies = []string{anTooMany: "too_many_transactions", anInvalid: "invalid_data", anNoRequest: "request_not_found", anIncomplete: "incomplete_data"}

// Operations: numbers of application tags (RFC 4511 section 4.2 and following).
const (
	opBind           = 0
	opBindResponse   = 1
	opUnbind         = 2
	opSearch         = 3
	opEntry          = 4
	opDone           = 5
	opModify         = 6
	opModifyResponse = 7
	opAdd            = 8
	opAddResponse    = 9
	opDel            = 10
	opDelResponse    = 11
	opModDN          = 12
	opModDNResponse  = 13
	opCompare        = 14
	opCompResponse   = 15
	opAbandon        = 16
	opReference      = 19
	opExtended       = 23
	opExtResponse    = 24
	opIntermediate   = 25
)

// operations are their names, as Suricata has them.
var operations = [...]string{"bind_request", "bind_response", "unbind_request", "search_request", "search_result_entry", "search_result_done", "modify_request",
	"modify_response", "add_request", "add_response", "del_request", "del_response", "mod_dn_request", "mod_dn_response", "compare_request", "compare_response",
	"abandon_request", opReference: "search_result_reference", opExtended: "extended_request", opExtResponse: "extended_response", opIntermediate: "intermediate_response"}

// operation gives the number of an operation's identifier; ok is false where there is none.
func operation(id byte) (op byte, ok bool) {
	op = id & 0x1f
	want := ber.Application | ber.Constructed | op
	if op == opUnbind || op == opDel || op == opAbandon {
		want = ber.Application | op
	}
	return op, id == want && int(op) < len(operations) && operations[op] != ""
}

func isRequest(op byte) bool {
	switch op {
	case opBind, opUnbind, opSearch, opModify, opAdd, opDel, opModDN, opCompare, opAbandon, opExtended:
		return true
	}
	return false
}

// final tells whether no more responses come after this one.
func final(op byte) bool { return op != opEntry && op != opReference && op != opIntermediate }

// probe looks at the beginning of the first message: SEQUENCE, message number, operation.
func probe(dir dissect.Dir, b []byte, hint bool) dissect.Verdict {
	h, st := ber.ReadHead(b)
	switch {
	case len(b) > 0 && b[0] != ber.Sequence || st == ber.Bad || st == ber.OK && h.Len < 5:
		return dissect.No
	case st == ber.Short:
		return dissect.More
	}
	in := b[h.Size:]
	number, st2 := ber.ReadHead(in)
	switch {
	case len(in) > 0 && in[0] != ber.Integer || st2 == ber.Bad || st2 == ber.OK && (number.Len < 1 || number.Len > 4):
		return dissect.No
	case st2 != ber.OK || len(in) < number.Size+number.Len+1:
		return dissect.More
	}
	in = in[number.Size+number.Len:]
	op, ok := operation(in[0])
	if !ok {
		return dissect.No
	}
	body, st := ber.ReadHead(in)
	switch {
	case st == ber.Bad || st == ber.OK && body.Size+body.Len > h.Len-number.Size-number.Len:
		return dissect.No
	case st != ber.OK:
		return dissect.More
	case isRequest(op) != (dir == dissect.ToServer):
		return dissect.Reversed
	}
	return dissect.Yes
}

// Caps, in the order of the Spec.
const (
	capTx = iota
	capKept
)

var caps = []dissect.Cap{
	capTx:   {Name: "transactions", Doc: "LDAP: transactions that ended before their time because too many waited for an answer (app-layer.protocols.ldap.max-tx), or what is kept of them took too much"},
	capKept: {Name: "responses", Doc: "LDAP: responses that were only counted because what is kept of a connection takes too much"},
}
