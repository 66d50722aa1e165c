package suricata

import "strings"

// quicSuffix is what the ID of a rule's second translation ends with where it is about QUIC.
const quicSuffix = ".quic"

// onQUIC is the field's name for a keyword about fingerprints: those of QUIC's hellos have names of their own. Rules on UDP mean them
// too, and rules on IP both: those are translated twice, the second time with b.pipes.
func (b *builder) onQUIC(name string) string {
	switch name {
	case "ja3.hash", "ja3.string", "ja3s.hash", "ja3s.string", "ja4.hash":
		b.fingerprint = b.spec == nil
		if b.spec != nil && b.spec.Name == "quic" || b.spec == nil && (b.pipes || strings.EqualFold(b.h.proto, "udp")) {
			return "quic." + name
		}
	}
	return name
}

// alsoQUIC tells whether a rule has to be translated for QUIC as well.
func (b *builder) alsoQUIC() bool {
	return b.fingerprint && b.proto.ip && !b.pipes && b.l.schema.Spec("quic") != nil
}
