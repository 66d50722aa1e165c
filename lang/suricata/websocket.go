package suricata

// websocketOpcodes are the kinds of frames (RFC 6455 section 5.2), as the field has them.
var websocketOpcodes = map[string]int64{"continuation": 0, "text": 1, "binary": 2, "unknown-3": 3, "unknown-4": 4, "unknown-5": 5, "unknown-6": 6, "unknown-7": 7,
	"close": 8, "ping": 9, "pong": 10, "unknown-11": 11, "unknown-12": 12, "unknown-13": 13, "unknown-14": 14, "unknown-15": 15}

var websocketFlags = map[string]int64{"fin": 0x80, "comp": 0x40}
