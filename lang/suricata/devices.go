package suricata

import "strings"

// rfbResults are results of authentication (RFC 6143 section 7.1.3).
var rfbResults = map[string]int64{"ok": 0, "fail": 1, "toomany": 2}

// rfbResult is a result of authentication; those without a name are unknown.
func rfbResult(b *builder, v string) *problem {
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "unknown":
		v = ">2"
	case "!unknown":
		v = "<3"
	}
	return enum("rfb.secresult", rfbResults)(b, v)
}

// snmpTypes are the types of PDUs (RFC 3416 section 3), as the field has them.
var snmpTypes = map[string]int64{"get_request": 0, "get_next_request": 1, "response": 2, "set_request": 3, "trap_v1": 4,
	"get_bulk_request": 5, "inform_request": 6, "trap_v2": 7, "report": 8}

// ntpModes are the modes of NTP (RFC 5905 section 7.3).
var ntpModes = map[string]int64{"reserved": 0, "symmetric_active": 1, "symmetric_passive": 2, "client": 3, "server": 4, "broadcast": 5, "control": 6, "private": 7}

// snmpTraps are the kinds of traps of version 1 (RFC 1157 section 4.1.6), as the field has them; case does not matter in rules.
var snmpTraps = map[string]int64{"ColdStart": 0, "WarmStart": 1, "LinkDown": 2, "LinkUp": 3, "AuthenticationFailure": 4, "EgpNeighborLoss": 5, "EnterpriseSpecific": 6}
