package suricata

import "strings"

// onQUIC is the field's name for a keyword about fingerprints: those of QUIC's hellos have names of their own. Rules on UDP
// mean them, too.
func (b *builder) onQUIC(name string) string {
	switch name {
	case "ja3.hash", "ja3.string", "ja3s.hash", "ja3s.string", "ja4.hash":
		if b.spec != nil && b.spec.Name == "quic" || b.spec == nil && strings.EqualFold(b.h.proto, "udp") {
			return "quic." + name
		}
	}
	return name
}
