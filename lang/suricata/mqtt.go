package suricata

// mqttTypes are the types of control packets (MQTT 5.0 section 2.1.2).
var mqttTypes = map[string]int64{"UNASSIGNED": 0, "CONNECT": 1, "CONNACK": 2, "PUBLISH": 3, "PUBACK": 4, "PUBREC": 5, "PUBREL": 6, "PUBCOMP": 7,
	"SUBSCRIBE": 8, "SUBACK": 9, "UNSUBSCRIBE": 10, "UNSUBACK": 11, "PINGREQ": 12, "PINGRESP": 13, "DISCONNECT": 14, "AUTH": 15}

// mqttFlags are those of every control packet; its quality of service is a keyword of its own.
var mqttFlags = map[string]int64{"retain": 1, "dup": 8}

// mqttConnectFlags are those of a CONNECT. Suricata tests the bit of will for will_retain and the other way round; here the names mean
// what MQTT 5.0 section 3.1.2.3 says.
var mqttConnectFlags = map[string]int64{"username": 0x80, "password": 0x40, "will_retain": 0x20, "will": 0x04, "clean_session": 0x02}
