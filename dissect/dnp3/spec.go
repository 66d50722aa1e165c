// Package dnp3 parses the Distributed Network Protocol over TCP (IEEE 1815-2012): link frames with their CRCs, segments of the transport
// function, fragments of the application layer with their objects and points. Every fragment is a transaction of its own.
package dnp3

import "github.com/luanids/luanids/dissect"

// Spec declares DNP3.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name: "dnp3",
		Doc:  "Distributed Network Protocol (DNP3)",
		Ref:  "IEEE 1815-2012",
		TCP:  &dissect.Detect{Ports: []uint16{20000}, Probe: probe, Server: true},
		New:  func() dissect.Parser { return new(parser) },
		Events: []dissect.Event{
			evMessage:  {Name: message, Doc: "a fragment of either side begins: its header is known; confirmations have no more than that", Any: true, Phase: 1},
			evFragment: {Name: fragment, Doc: "a fragment is complete with its objects, or was given up", Any: true, Phase: 2, Log: true, Final: true},
		},
		Fields:         fields(),
		Anomalies:      anomalies,
		UpperAnomalies: true,
		Caps:           caps,
		EVE:            write,
		Context:        writeContext,
		Unlimited:      true, // connections are kept for as long as the plant runs
		Clone:          func(tx any) any { return tx.(*Message).clone() },
	}
}

// Names of events, as the fields refer to them.
const message, fragment = "dnp3.message", "dnp3.fragment"

// Events, in the order of the Spec.
const (
	evMessage dissect.Local = iota
	evFragment
)

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anFlooded = iota
	anTooSmall
	anLinkCRC
	anTransportCRC
	anMalformed
	anUnknownObject
	anTooManyPoints
	anTooManyObjects
	anTooLong
)

var anomalies = []string{
	anFlooded: "flooded", anTooSmall: "len_too_small", anLinkCRC: "bad_link_crc", anTransportCRC: "bad_transport_crc", anMalformed: "malformed",
	anUnknownObject: "unknown_object", anTooManyPoints: "too_many_points", anTooManyObjects: "too_many_objects", anTooLong: "too_long_reassembly",
}

// Functions of the application layer (table 4-2) that the parser tells apart.
const (
	fcConfirm     = 0
	fcRead        = 1
	fcFreeze      = 7 // to fcFreezeAtNR: IMMED_FREEZE, FREEZE_CLEAR, FREEZE_AT_TIME, each without a response too
	fcFreezeAtNR  = 12
	fcEnable      = 20 // to fcAssign: ENABLE_UNSOLICITED, DISABLE_UNSOLICITED, ASSIGN_CLASS
	fcAssign      = 22
	fcUnsolicited = 130
)

// Functions are the names of functions of the application layer, as rules and records write them.
var Functions = map[uint8]string{
	0: "confirm", 1: "read", 2: "write", 3: "select", 4: "operate", 5: "direct_operate", 6: "direct_operate_nr", 7: "immed_freeze",
	8: "immed_freeze_nr", 9: "freeze_clear", 10: "freeze_clear_nr", 11: "freeze_at_time", 12: "freeze_at_time_nr", 13: "cold_restart",
	14: "warm_restart", 15: "initialize_data", 16: "initialize_appl", 17: "start_appl", 18: "stop_appl", 19: "save_config",
	20: "enable_unsolicited", 21: "disable_unsolicited", 22: "assign_class", 23: "delay_measure", 24: "record_current_time", 25: "open_file",
	26: "close_file", 27: "delete_file", 28: "get_file_info", 29: "authenticate_file", 30: "abort_file", 31: "activate_config",
	32: "authenticate_req", 33: "authenticate_err", 129: "response", 130: "unsolicited_response", 131: "authenticate_resp",
}

// Indicator is an internal indication: the bit IIN1.7 is the highest, IIN2.0 the lowest (table 4-6).
type Indicator struct {
	Name string
	Bit  uint16
}

// Indicators are the internal indications, in the order of records.
var Indicators = [...]Indicator{
	{"device_restart", 0x8000}, {"device_trouble", 0x4000}, {"local_control", 0x2000}, {"need_time", 0x1000},
	{"class_3_events", 0x0800}, {"class_2_events", 0x0400}, {"class_1_events", 0x0200}, {"all_stations", 0x0100},
	{"reserved_1", 0x0080}, {"reserved_2", 0x0040}, {"config_corrupt", 0x0020}, {"already_executing", 0x0010},
	{"event_buffer_overflow", 0x0008}, {"parameter_error", 0x0004}, {"object_unknown", 0x0002}, {"no_func_code_support", 0x0001},
}

// Caps, in the order of the Spec.
const (
	capFragments = iota
	capObjects
	capLength
)

var caps = []dissect.Cap{
	capFragments: {Name: "fragments", Doc: "DNP3: times that too many fragments were under way or unanswered (app-layer.protocols.dnp3.max-tx)"},
	capObjects:   {Name: "objects", Doc: "DNP3: fragments of which not all objects were read (app-layer.protocols.dnp3.max-objects, max-points)"},
	capLength:    {Name: "length", Doc: "DNP3: fragments that ended because they became too long"},
}
