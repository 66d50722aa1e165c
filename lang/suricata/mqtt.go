package suricata

import (
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// mqttTypes are the types of control packets (MQTT 5.0 section 2.1.2).
var mqttTypes = map[string]int64{"UNASSIGNED": 0, "CONNECT": 1, "CONNACK": 2, "PUBLISH": 3, "PUBACK": 4, "PUBREC": 5, "PUBREL": 6, "PUBCOMP": 7,
	"SUBSCRIBE": 8, "SUBACK": 9, "UNSUBSCRIBE": 10, "UNSUBACK": 11, "PINGREQ": 12, "PINGRESP": 13, "DISCONNECT": 14, "AUTH": 15}

// mqttFlags are those of every control packet; its quality of service is a keyword of its own.
var mqttFlags = map[string]int64{"retain": 1, "dup": 8}

// mqttConnectFlags are those of a CONNECT. Suricata tests the bit of will for will_retain and the other way round; here the names mean
// what MQTT 5.0 section 3.1.2.3 says.
var mqttConnectFlags = map[string]int64{"username": 0x80, "password": 0x40, "will_retain": 0x20, "will": 0x04, "clean_session": 0x02}

// mqttQoS is the quality of service itself: it is not compared otherwise.
func mqttQoS(b *builder, v string) *problem {
	f := b.l.schema.Field("mqtt.qos")
	n := strings.IndexByte("012", (strings.TrimSpace(v) + "-")[0])
	switch {
	case f == nil:
		return b.unknown("mqtt.qos")
	case n < 0 || len(strings.TrimSpace(v)) != 1:
		return fail("wants 0, 1 or 2")
	}
	return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) { return cmp{op: ir.TestEq, lo: int64(n)}.on(x), nil })
}

// mqttReasonCode is also asked for by the name that MQTT 3 has for it, of any control packet that has one.
func mqttReasonCode(b *builder, v string) *problem { return b.generic("mqtt.reason_code", v, true) }
