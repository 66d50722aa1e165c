package packet

// arpOpcodes are the names of what ARP messages are (RFC 826, RFC 903), by number; those of the others is unknownOpcode.
var arpOpcodes = [...]string{1: "request", 2: "reply", 3: "request_reverse", 4: "reply_reverse"}

const unknownOpcode = "unknown"

// ARPOpcode is the name of an ARP operation, as EVE records have it.
func ARPOpcode(op uint16) string {
	if op == 0 || int(op) >= len(arpOpcodes) {
		return unknownOpcode
	}
	return arpOpcodes[op]
}

// ARPOpcodes lists all names that ARPOpcode gives.
func ARPOpcodes() []string {
	return append(arpOpcodes[1:len(arpOpcodes):len(arpOpcodes)], unknownOpcode)
}
