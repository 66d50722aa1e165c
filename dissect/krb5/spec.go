// Package krb5 parses Kerberos version 5 (RFC 4120) between clients and the key distribution centre, over UDP and TCP. Each message is a
// transaction of its own.
package krb5

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/ber"
)

// Spec declares Kerberos.
func Spec() *dissect.Spec {
	return &dissect.Spec{
		Name:       "krb5",
		Doc:        "Kerberos version 5",
		Ref:        "RFC 4120, RFC 3961",
		TCP:        &dissect.Detect{Ports: []uint16{88}, Probe: probeTCP, Server: true},
		UDP:        &dissect.Detect{Ports: []uint16{88}, Probe: probe, Server: true},
		New:        func() dissect.Parser { return new(parser) },
		Events:     []dissect.Event{evMessage: {Name: message, Doc: "a request, a reply or an error", Any: true, Phase: 1, Log: true, LogByDir: true, Final: true}},
		Fields:     fields(),
		Anomalies:  anomalies,
		MaxPending: maxMessage,
		EVE:        write,
		Clone:      func(tx any) any { return tx.(*Message).clone() },
	}
}

const (
	message                 = "krb5.message"
	evMessage dissect.Local = 0
)

// Anomalies, in the order of the Spec, by Suricata's names.
const (
	anMalformed = iota
	anWeak
)

var anomalies = []string{anMalformed: "malformed_data", anWeak: "weak_encryption"}

// Types of messages: application tags (RFC 4120 section 5.10).
const (
	asReq    = 10
	asRep    = 11
	tgsReq   = 12
	tgsRep   = 13
	apReq    = 14
	apRep    = 15
	krbError = 30
)

const (
	maxMessage = 128 << 10 // longest message that is looked at, bytes
	lengthSize = 4         // of the length before messages over TCP (RFC 4120 section 7.2.2)
)

// probe takes a message of any type that has a version: APPLICATION, SEQUENCE, version 5.
func probe(dir dissect.Dir, b []byte, hint bool) dissect.Verdict {
	h, st := ber.ReadHead(b)
	if len(b) > 0 && b[0]&0xe0 != ber.Application|ber.Constructed || st == ber.Bad {
		return dissect.No
	}
	if st == ber.Short {
		return dissect.More
	}
	in, st := ber.ReadHead(b[h.Size:])
	switch {
	case len(b) > h.Size && b[h.Size] != ber.Sequence || st == ber.Bad || st == ber.OK && in.Size+in.Len != h.Len || !known(h.Number):
		return dissect.No
	case st == ber.Short || len(b) < h.Size+in.Size+5:
		return dissect.More
	}
	// The version is the first element, [0] or in requests [1].
	version := b[h.Size+in.Size:]
	if version[0]&^1 != ber.Context|ber.Constructed || string(version[1:5]) != "\x03\x02\x01\x05" {
		return dissect.No
	}
	if request := h.Number == asReq || h.Number == tgsReq || h.Number == apReq; request != (dir == dissect.ToServer) {
		return dissect.Reversed
	}
	return dissect.Yes
}

func known(kind uint32) bool {
	return kind >= asReq && kind <= apRep || kind >= 20 && kind <= 22 || kind == krbError
}

// probeTCP is probe behind the length of a message.
func probeTCP(dir dissect.Dir, b []byte, hint bool) dissect.Verdict {
	if len(b) <= lengthSize {
		if len(b) > 0 && b[0] != 0 {
			return dissect.No
		}
		return dissect.More
	}
	n := length(b)
	h, st := ber.ReadHead(b[lengthSize:])
	if n > maxMessage || st == ber.OK && h.Size+h.Len > n {
		return dissect.No
	}
	return probe(dir, b[lengthSize:], hint)
}
