// Package ike parses the Internet Key Exchange, version 1 (ISAKMP, RFC 2408 and RFC 2409) and version 2 (RFC 7296), by which the ends of
// IPsec tunnels agree on keys. Each message is a transaction of its own.
package ike

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// Options say what the EVE records of IKE hold.
type Options struct {
	Extended bool // exchanges of version 1 have their names too
}

// ParseOptions reads the settings below outputs.eve-log.types.ike.
func ParseOptions(settings map[string]string) Options {
	return Options{Extended: dissect.Truth(settings["extended"])}
}

// Spec declares IKE with the default options.
func Spec() *dissect.Spec { return NewSpec(Options{}) }

// NewSpec declares IKE with options for its EVE records.
func NewSpec(o Options) *dissect.Spec {
	return &dissect.Spec{
		Name:      "ike",
		Doc:       "Internet Key Exchange, versions 1 and 2",
		Ref:       "RFC 7296, RFC 2408, RFC 2409, RFC 3948",
		UDP:       &dissect.Detect{Ports: []uint16{500, 4500}, Probe: probe, Server: true},
		New:       func() dissect.Parser { return new(parser) },
		Events:    []dissect.Event{evMessage: {Name: message, Doc: "a message of either side", Any: true, Phase: 1, Log: true, LogByDir: true, Final: true}},
		Fields:    fields(),
		Anomalies: anomalies,
		EVE:       o.write,
		Context:   Options{Extended: true}.write,
		Clone:     func(tx any) any { return tx.(*Message).clone() },
	}
}

const (
	message                 = "ike.message"
	evMessage dissect.Local = 0
)

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anMalformed = iota
	anNoEncryption
	anWeakEnc
	anWeakPRF
	anWeakDH
	anWeakAuth
	anNoDH
	anNoAuth
	anInvalidProposal
	anUnknownProposal
	anExtraData
	anServerProposals
)

var anomalies = []string{anMalformed: "malformed_data", anNoEncryption: "no_encryption", anWeakEnc: "weak_crypto_enc", anWeakPRF: "weak_crypto_prf",
	anWeakDH: "weak_crypto_dh", anWeakAuth: "weak_crypto_auth", anNoDH: "weak_crypto_no_dh", anNoAuth: "weak_crypto_no_auth",
	anInvalidProposal: "invalid_proposal", anUnknownProposal: "unknown_proposal", anExtraData: "payload_extra_data",
	anServerProposals: "multiple_server_proposal"}

const (
	headerLen = 28 // of the header that both versions have (RFC 7296 section 3.1), bytes
	marker    = "\x00\x00\x00\x00"
	zeroSPI   = "\x00\x00\x00\x00\x00\x00\x00\x00" // of a side that has not spoken
)

// behind gives a message without the marker that tells it from ESP on port 4500 (RFC 3948 section 2.2).
func behind(b []byte) []byte {
	if len(b) >= len(marker)+headerLen && string(b[:len(marker)]) == marker {
		return b[len(marker):]
	}
	return b
}

// Exchanges of version 2 (RFC 7296 section 3.1).
const (
	ikeSAInit       = 34
	ikeIntermediate = 43 // RFC 9242
)

// probe takes, on the usual ports, whatever has a header of either version, and elsewhere the first message of an exchange.
func probe(dir dissect.Dir, b []byte, hint bool) dissect.Verdict {
	b = behind(b)
	if len(b) < headerLen || string(b[:8]) == zeroSPI {
		return dissect.No
	}
	version, exchange, length := b[17], b[18], int(binary.BigEndian.Uint32(b[24:]))
	first := string(b[8:16]) == zeroSPI
	switch {
	case length < headerLen || length > len(b) || !hint && (!first || length != len(b)):
		return dissect.No
	case version == 0x20 && (exchange < ikeSAInit || exchange > ikeIntermediate || length != len(b)):
		return dissect.No
	case version>>4 == 1 && exchange > 6 && exchange != 32 && exchange != 33:
		return dissect.No
	case version != 0x20 && version>>4 != 1:
		return dissect.No
	case first && dir == dissect.ToClient:
		return dissect.Reversed
	}
	return dissect.Yes
}
