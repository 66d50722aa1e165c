// Package snmp parses the Simple Network Management Protocol, versions 1 (RFC 1157), 2c (RFC 1901) and 3 (RFC 3412, with the user-based
// security model of RFC 3414). Every message is a transaction.
package snmp

import "github.com/luanids/luanids/dissect"

// Spec declares SNMP.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name:      "snmp",
		Doc:       "Simple Network Management Protocol",
		Ref:       "RFC 1157, RFC 3412, RFC 3414, RFC 3416",
		UDP:       &dissect.Detect{Ports: []uint16{161, 162}, Probe: probe},
		New:       func() dissect.Parser { return new(parser) },
		Events:    []dissect.Event{evMessage: {Name: message, Doc: "a message of either side", Any: true, Phase: 1, Log: true, LogByDir: true, Final: true}},
		Fields:    fields(),
		Anomalies: anomalies,
		Caps:      caps,
		EVE:       write,
		Clone:     func(tx any) any { return tx.(*Message).clone() },
	}
}

const (
	message                 = "snmp.message"
	evMessage dissect.Local = 0
)

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anMalformed = iota
	anModel
	anVersion
)

var anomalies = []string{anMalformed: "malformed_data", anModel: "unknown_security_model", anVersion: "version_mismatch"}

// Types of PDUs (RFC 3416 section 3; 4 is the trap of RFC 1157), by tag.
const (
	pduGet      = 0
	pduResponse = 2
	pduTrap1    = 4
	pduBulk     = 5
	pduReport   = 8
)

var pdus = [...]string{"get_request", "get_next_request", "response", "set_request", "trap_v1", "get_bulk_request", "inform_request", "trap_v2", "report"}

// traps are the kinds of traps (RFC 1157 section 4.1.6), as Suricata's records write them.
var traps = [...]string{"ColdStart", "WarmStart", "LinkDown", "LinkUp", "AuthenticationFailure", "EgpNeighborLoss", "EnterpriseSpecific"}

// statuses are the values of error-status (RFC 3416 section 3).
var statuses = [...]string{"NoError", "TooBig", "NoSuchName", "BadValue", "ReadOnly", "GenErr", "NoAccess", "WrongType", "WrongLength", "WrongEncoding",
	"WrongValue", "NoCreation", "InconsistentValue", "ResourceUnavailable", "CommitFailed", "UndoFailed", "AuthorizationError", "NotWritable", "InconsistentName"}

// Caps, in the order of the Spec.
const (
	capVars = iota
)

var caps = []dissect.Cap{
	capVars: {Name: "variables", Doc: "SNMP: messages of which only the first 1024 variables were kept"},
}
