// Package mqtt parses the Message Queuing Telemetry Transport protocol, versions 3.1, 3.1.1 and 5. A transaction is a control packet that
// wants an answer together with its answers (CONNECT and CONNACK, PUBLISH to PUBCOMP), or one that stands alone.
package mqtt

import "github.com/luanids/luanids/dissect"

// Spec declares MQTT with the default options.
func Spec() *dissect.Spec { return NewSpec(DefaultOptions()) }

// NewSpec declares MQTT with options for its EVE records.
func NewSpec(o Options) *dissect.Spec {
	return &dissect.Spec{
		Name: "mqtt",
		Doc:  "Message Queuing Telemetry Transport",
		Ref:  "OASIS MQTT 3.1.1, MQTT 5.0",
		TCP:  &dissect.Detect{Ports: []uint16{1883}, Probe: probe},
		New:  func() dissect.Parser { return &parser{shown: o.Limit} },
		Events: []dissect.Event{
			evMessage: {Name: message, Doc: "a control packet of either side; the ones that answer belong to the transaction of the first", Any: true, Phase: 1, Repeats: true},
			evTx:      {Name: txEvent, Doc: "a transaction is complete, or the connection ended", Any: true, Phase: 2, Log: true, LogByDir: true, Final: true},
			evFrame:   dissect.FrameEvent(frameEvent),
		},
		Fields:     append(fields(), dissect.FrameFields(frameEvent, frames)...),
		Frames:     frames,
		FrameEvent: evFrame,
		Anomalies:  anomalies,
		Caps:       caps,
		MaxPending: maxPending,
		EVE:        o.write,
		Context:    DefaultOptions().write,
		Clone:      func(tx any) any { return tx.(*Tx).clone() },
	}
}

// Names of events, as the fields refer to them.
const message, txEvent, frameEvent = "mqtt.message", "mqtt.tx", "mqtt.frame"

// Events, in the order of the Spec.
const (
	evMessage dissect.Local = iota
	evTx
	evFrame
)

// Frames, in the order of the Spec, by Suricata's names.
const (
	frPDU = iota
	frHeader
	frData
)

var frames = []string{"pdu", "header", "data"}

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anMissingConnect = iota
	anMissingPublish
	anMissingSubscribe
	anMissingUnsubscribe
	anDoubleConnect
	anUnintroduced
	anInvalidQoS
	anMissingID
	anUnassigned
	anTooMany
	anMalformed
)

var anomalies = []string{
	anMissingConnect: "missing_connect", anMissingPublish: "missing_publish", anMissingSubscribe: "missing_subscribe",
	anMissingUnsubscribe: "missing_unsubscribe", anDoubleConnect: "double_connect", anUnintroduced: "unintroduced_message",
	anInvalidQoS: "invalid_qos_level", anMissingID: "missing_msg_id", anUnassigned: "unassigned_msg_type",
	anTooMany: "too_many_transactions", anMalformed: "malformed_traffic",
}

// Types of control packets (MQTT 5.0 section 2.1.2).
const (
	tUnassigned = iota
	tConnect
	tConnack
	tPublish
	tPuback
	tPubrec
	tPubrel
	tPubcomp
	tSubscribe
	tSuback
	tUnsubscribe
	tUnsuback
	tPingreq
	tPingresp
	tDisconnect
	tAuth
)

// Types are the names of the types of control packets, by number.
var Types = [16]string{"UNASSIGNED", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP",
	"SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"}

// members are the same as EVE records name them.
var members = [16]string{"unassigned", "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp",
	"subscribe", "suback", "unsubscribe", "unsuback", "pingreq", "pingresp", "disconnect", "auth"}

// Caps, in the order of the Spec.
const (
	capTx = iota
	capContent
	capLength
	capTopics
)

var caps = []dissect.Cap{
	capTx:      {Name: "transactions", Doc: "MQTT: transactions that ended before their time because too many waited for an answer (app-layer.protocols.mqtt.max-tx), or what is kept of them took too much"},
	capContent: {Name: "content", Doc: "MQTT: messages that wait for an answer and of whose content only the beginning was kept"},
	capLength:  {Name: "length", Doc: "MQTT: messages that were not parsed because they are longer than app-layer.protocols.mqtt.max-msg-length"},
	capTopics:  {Name: "topics", Doc: "MQTT: subscriptions of which not all topics were kept"},
}
