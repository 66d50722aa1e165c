// Package tls parses what TLS (RFC 8446, RFC 5246) and its predecessors show before they encrypt:
// the hellos, certificates up to TLS 1.2, alerts and heartbeats, and derives fingerprints.
package tls

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// Spec declares TLS with the default options.
func Spec() *dissect.Spec { return NewSpec(DefaultOptions()) }

// NewSpec declares TLS with options for its EVE records.
func NewSpec(o Options) *dissect.Spec {
	return &dissect.Spec{
		Name: "tls",
		Doc:  "Transport Layer Security",
		Ref:  "RFC 8446, RFC 5246, RFC 6066, RFC 7301, RFC 5280, RFC 6520",
		TCP: &dissect.Detect{
			Ports: []uint16{443, 465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 8443},
			Probe: probe, Server: true, ClientFirst: true,
		},
		New: func() dissect.Parser { return new(parser) },
		Events: []dissect.Event{
			evHello:       {Name: "tls.hello", Doc: "a hello of either side", Any: true},
			evClientHello: {Name: "tls.client_hello", Doc: "the client's hello", Dir: dissect.ToServer, Phase: 1},
			evServerHello: {Name: "tls.server_hello", Doc: "the server's hello", Dir: dissect.ToClient, Phase: 2},
			evCertificate: {Name: "tls.certificate", Doc: "certificates of either side (up to TLS 1.2)", Any: true, Phase: 3},
			evHandshake:   {Name: "tls.handshake", Doc: "the readable part of the handshake is over, or the flow is", Dir: dissect.ToClient, Phase: 4, Log: true, Final: true},
			evEstablished: {Name: "tls.established", Doc: "both sides encrypt", Any: true, Phase: 5},
			evFrame:       dissect.FrameEvent("tls.frame"),
			evStep:        {Name: "tls.step", Doc: "a step of the handshake: a hello, or a key exchange (up to TLS 1.2)", Any: true, Repeats: true},
		},
		Fields:         append(fields(), dissect.FrameFields("tls.frame", frames)...),
		Frames:         frames,
		FrameEvent:     evFrame,
		Anomalies:      anomalies,
		UpperAnomalies: true,
		MaxPending:     maxPending,
		EVE:            o.write,
		Context:        context,
		Clone:          func(tx any) any { return tx.(*Conn).Clone() },
	}
}

// probe recognises the first record. A flow picked up in its middle counts when it shows a
// record with plausible header.
func probe(dir dissect.Dir, b []byte, hint bool) dissect.Verdict {
	if len(b) > 0 && b[0]&0x80 != 0 {
		return probe2(dir, b)
	}
	if len(b) < headerLen {
		for i, c := range b {
			if i == 0 && (c < recChangeCipher || c > recHeartbeat) || i == 1 && c != 3 {
				return dissect.No
			}
		}
		return dissect.More
	}
	if !recordLike(b) || b[1] != 3 {
		return dissect.No
	}
	n := int(binary.BigEndian.Uint16(b[3:]))
	switch b[0] {
	case recHandshake:
		if n == 0 { // servers pass over empty records, so that they hide nothing from us either
			return dissect.Yes
		}
		if len(b) < headerLen+1 {
			return dissect.More
		}
		// A hello may be cut into records of a byte.
		switch kind := b[headerLen]; {
		case kind == hsClientHello && dir == dissect.ToClient, kind == hsServerHello && dir == dissect.ToServer:
			return dissect.Reversed
		case kind > hsCertificateStatus && !hint:
			return dissect.No
		}
		return dissect.Yes
	case recAlert:
		if n == 2 && len(b) >= headerLen+1 && b[headerLen] != 1 && b[headerLen] != 2 {
			return dissect.No
		}
		return dissect.Yes
	case recChangeCipher:
		if n != 1 {
			return dissect.No
		}
	case recApplication, recHeartbeat:
		if n == 0 {
			return dissect.No
		}
	}
	return dissect.Yes
}

// probe2 recognises an SSLv2 hello.
func probe2(dir dissect.Dir, b []byte) dissect.Verdict {
	if len(b) < 5 {
		if len(b) >= 3 && b[2] != v2ClientHello && b[2] != v2ServerHello {
			return dissect.No
		}
		return dissect.More
	}
	n := int(b[0]&0x7f)<<8 | int(b[1])
	v := binary.BigEndian.Uint16(b[3:])
	if b[2] == v2ClientHello && n >= 9 && (v == VersionSSL2 || v >= VersionSSL3 && v <= VersionTLS12) {
		if dir == dissect.ToClient {
			return dissect.Reversed
		}
		return dissect.Yes
	}
	if b[2] == v2ServerHello && dir == dissect.ToClient && n >= 11 && len(b) >= 7 &&
		binary.BigEndian.Uint16(b[5:]) == VersionSSL2 {
		return dissect.Yes
	}
	return dissect.No
}
