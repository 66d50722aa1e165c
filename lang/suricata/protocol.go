package suricata

import (
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// protocol is the protocol of a rule's header.
type protocol struct {
	x       ir.Expr // condition; nil: any IP packet
	tcp     bool    // TCP is among what it means
	ip      bool    // any protocol over IP
	app     bool    // an application protocol
	pktOnly bool    // tcp-pkt
	stream  bool    // tcp-stream
	header  bool    // pkthdr: also packets that could not be decoded
}

// transport gives the protocols that are no application protocols.
func (c *common) transport(name string) (p protocol, ok bool) {
	switch strings.ToLower(name) {
	case "tcp":
		return protocol{x: c.tcp, tcp: true}, true
	case "tcp-pkt":
		return protocol{x: c.tcp, tcp: true, pktOnly: true}, true
	case "tcp-stream":
		return protocol{x: c.tcp, tcp: true, stream: true}, true
	case "udp":
		return protocol{x: c.udp}, true
	case "icmp":
		return protocol{x: c.icmp}, true
	case "icmpv4":
		return protocol{x: c.icmp4}, true
	case "icmpv6":
		return protocol{x: c.icmp6}, true
	case "sctp":
		return protocol{x: c.sctp}, true
	case "ip":
		return protocol{tcp: true, ip: true}, true
	case "ipv4", "ip4":
		return protocol{x: c.ip4, tcp: true, ip: true}, true
	case "ipv6", "ip6":
		return protocol{x: c.ip6, tcp: true, ip: true}, true
	case "pkthdr":
		return protocol{header: true, tcp: true, ip: true}, true
	}
	return p, false
}

// specName is the name of the engine's protocol for Suricata's.
func specName(name string) string {
	switch name {
	case "http1":
		return "http"
	case "ssl":
		return "tls"
	case "ikev2":
		return "ike"
	}
	return name
}

// setProtocol reads the header's protocol.
func (b *builder) setProtocol() *problem {
	name := strings.ToLower(b.h.proto)
	if proto, hook, ok := strings.Cut(name, ":"); ok {
		if err := b.setHook(proto, hook); err != nil {
			return err
		}
		name = proto
	}
	if p, ok := b.l.common.transport(name); ok {
		b.proto = p
		return nil
	}
	if b.appName = specName(name); b.pipes {
		b.appName = "smb"
	}
	b.spec = b.l.schema.Spec(b.appName)
	if b.spec == nil {
		if err := ofLater(name); err != nil {
			return err
		}
		for _, known := range protocolOf {
			if known == b.appName {
				return fail("protocol %s is not supported yet", name)
			}
		}
		return fail("there is no protocol %s here%s", name, didYouMean(name, b.l.protocols()))
	}
	b.proto = protocol{app: true, tcp: b.spec.TCP != nil}
	return nil
}
