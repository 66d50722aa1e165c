package tls

import (
	"bytes"
	"strings"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// Member is a set of members of the tls object in EVE records.
type Member uint32

// The members, by the names that the setting "custom" takes.
const (
	MemberVersion Member = 1 << iota
	MemberSubject
	MemberIssuer
	MemberSerial
	MemberFingerprint
	MemberNotBefore
	MemberNotAfter
	MemberSNI
	MemberCertificate
	MemberChain
	MemberResumed
	MemberJA3
	MemberJA3S
	MemberClient
	MemberClientCertificate
	MemberClientChain
	MemberJA4
	MemberSAN
	MemberClientALPNs
	MemberServerALPNs
	MemberClientHandshake
	MemberServerHandshake
)

var memberNames = map[string]Member{
	"version": MemberVersion, "subject": MemberSubject, "issuer": MemberIssuer, "serial": MemberSerial,
	"fingerprint": MemberFingerprint, "not_before": MemberNotBefore, "not_after": MemberNotAfter,
	"sni": MemberSNI, "certificate": MemberCertificate, "chain": MemberChain,
	"session_resumed": MemberResumed, "ja3": MemberJA3, "ja3s": MemberJA3S, "client": MemberClient,
	"client_certificate": MemberClientCertificate, "client_chain": MemberClientChain,
	"ja4": MemberJA4, "subjectaltname": MemberSAN, "client_alpns": MemberClientALPNs,
	"server_alpns": MemberServerALPNs, "client_handshake": MemberClientHandshake,
	"server_handshake": MemberServerHandshake,
}

const (
	basicMembers    = MemberSubject | MemberIssuer | MemberSAN
	extendedMembers = basicMembers | MemberVersion | MemberSerial | MemberFingerprint | MemberNotBefore |
		MemberNotAfter | MemberJA3 | MemberJA3S | MemberJA4 | MemberClient | MemberClientALPNs |
		MemberServerALPNs | MemberSNI
)

// Options say how EVE records of TLS are written: what stands below
// outputs.eve-log.types.tls in a configuration.
type Options struct {
	Members Member
	// Resumption logs connections that resume a session, too, which show no certificate: on unless set otherwise.
	Resumption bool
}

// DefaultOptions writes the members that the setting "extended" has.
func DefaultOptions() Options {
	return Options{Members: extendedMembers | MemberResumed, Resumption: true}
}

// ParseOptions reads settings by their name below outputs.eve-log.types.tls: extended,
// session-resumption, custom.N. Unknown ones are ignored.
func ParseOptions(settings map[string]string) Options {
	o := DefaultOptions()
	custom := Member(0)
	hasCustom := false
	for k, v := range settings {
		switch {
		case k == "extended":
			if !yes(v) {
				o.Members = basicMembers
			}
		case k == "session-resumption":
			o.Resumption = yes(v)
		case strings.HasPrefix(k, "custom."):
			hasCustom = true
			custom |= memberNames[strings.ToLower(v)]
		}
	}
	if hasCustom {
		o.Members = custom
	}
	if o.Members&(MemberClientCertificate|MemberClientChain) != 0 {
		o.Members |= MemberClient
	}
	if o.Resumption {
		o.Members |= MemberResumed
	} else if !hasCustom {
		o.Members &^= MemberResumed
	}
	return o
}

func yes(s string) bool {
	switch strings.ToLower(s) {
	case "yes", "true", "1", "on":
		return true
	}
	return false
}

// logged tells whether Suricata has a record for the connection: one with a certificate, of
// TLS 1.3, in which certificates are not seen, or, if that is set, one that may resume a session.
func (o *Options) logged(t *Conn) bool {
	return t.ServerCert.Seen || t.modern() || o.Resumption && t.mayResume()
}

// mayResume tells what Suricata takes for a resumed session: the client knows tickets, whether or not it has one, or both sides name the
// same session.
func (t *Conn) mayResume() bool {
	if t.Client.Ticket {
		return true
	}
	id := t.Server.SessionID()
	return id != nil && bytes.Equal(id, t.Client.SessionID())
}

// write is the Spec's EVE function: the members that are set, or nothing at all.
func (o *Options) write(w *jsonw.Writer, e *dissect.Env) {
	if t, ok := e.Tx.(*Conn); ok && o.logged(t) {
		writeObject(w, t, o.Members)
	}
}

// context is the Spec's Context function: alerts carry the extended members.
func context(w *jsonw.Writer, e *dissect.Env) {
	if t, ok := e.Tx.(*Conn); ok {
		writeObject(w, t, extendedMembers)
	}
}

func writeObject(w *jsonw.Writer, t *Conn, m Member) {
	w.Open("tls")
	Write(w, t, m)
	w.End()
}

// Write writes the members of a tls object.
func Write(w *jsonw.Writer, t *Conn, m Member) {
	writeCert(w, &t.ServerCert, m)
	if m&MemberResumed != 0 && t.Server.Seen && !t.modern() && !t.ServerCert.Seen && t.mayResume() {
		w.Key("session_resumed")
		w.Bool(true)
	}
	writeHello(w, t, m)
	if m&MemberCertificate != 0 {
		writeCertificate(w, t, dissect.ToClient)
	}
	if m&MemberChain != 0 {
		writeChain(w, t, dissect.ToClient)
	}
	writeFingerprints(w, t, m)
	if m&MemberClientHandshake != 0 && t.Client.Seen {
		writeClientHandshake(w, &t.Client)
	}
	if m&MemberServerHandshake != 0 && t.Server.Seen {
		writeServerHandshake(w, &t.Server)
	}
	if m&MemberClient != 0 && t.ClientCert.Seen {
		w.Open("client")
		writeCert(w, &t.ClientCert, extendedMembers)
		if m&MemberClientCertificate != 0 {
			writeCertificate(w, t, dissect.ToServer)
		}
		if m&MemberClientChain != 0 {
			writeChain(w, t, dissect.ToServer)
		}
		w.End()
	}
	if t.FromProto != "" {
		w.Key("from_proto")
		w.Str(t.FromProto)
	}
}

func writeText(w *jsonw.Writer, key string, v []byte) {
	if v != nil {
		w.Key(key)
		w.Bytes(v)
	}
}

func writeCert(w *jsonw.Writer, x *Cert, m Member) {
	if !x.Seen {
		return
	}
	if m&MemberSubject != 0 {
		writeText(w, "subject", x.Subject())
	}
	if m&MemberIssuer != 0 {
		writeText(w, "issuerdn", x.Issuer())
	}
	if m&MemberSAN != 0 && len(x.sans) > 0 {
		w.OpenArray("subjectaltname")
		for _, s := range x.sans {
			w.Bytes(x.at(s))
		}
		w.EndArray()
	}
	if m&MemberSerial != 0 {
		writeText(w, "serial", x.Serial())
	}
	if m&MemberFingerprint != 0 {
		writeText(w, "fingerprint", x.Fingerprint())
	}
	if m&MemberNotBefore != 0 {
		writeTime(w, "notbefore", x.NotBefore)
	}
	if m&MemberNotAfter != 0 {
		writeTime(w, "notafter", x.NotAfter)
	}
}

func writeTime(w *jsonw.Writer, key string, sec int64) {
	var tmp [40]byte
	w.Key(key)
	w.Bytes(time.Unix(sec, 0).UTC().AppendFormat(tmp[:0], "2006-01-02T15:04:05"))
}

func writeHello(w *jsonw.Writer, t *Conn, m Member) {
	if m&MemberSNI != 0 {
		writeText(w, "sni", t.Client.SNI())
	}
	if m&MemberVersion != 0 {
		w.Key("version")
		v := t.serverRecord
		switch {
		case t.Server.Seen:
			v = t.Server.Version
		case v == 0: // the server has not said anything
			v = t.Client.Version
		}
		w.Str(VersionName(v))
	}
	if m&MemberClientALPNs != 0 {
		writeALPNs(w, "client_alpns", &t.Client)
	}
	if m&MemberServerALPNs != 0 {
		writeALPNs(w, "server_alpns", &t.Server)
	}
}

func writeALPNs(w *jsonw.Writer, key string, h *Hello) {
	if len(h.alpn) == 0 {
		return
	}
	w.OpenArray(key)
	for _, s := range h.alpn {
		w.Bytes(h.at(s))
	}
	w.EndArray()
}

func writeFingerprints(w *jsonw.Writer, t *Conn, m Member) {
	if m&MemberJA3 != 0 && len(t.ja3) > 0 {
		writeJA3(w, "ja3", t.ja3Hash, t.ja3)
	}
	if m&MemberJA3S != 0 && len(t.ja3s) > 0 {
		writeJA3(w, "ja3s", t.ja3sHash, t.ja3s)
	}
	if m&MemberJA4 != 0 && len(t.ja4) > 0 {
		w.Key("ja4")
		w.Bytes(t.ja4)
	}
}

func writeJA3(w *jsonw.Writer, key string, hash, s []byte) {
	w.Open(key)
	w.Key("hash")
	w.Bytes(hash)
	w.Key("string")
	w.Bytes(s)
	w.End()
}

func writeCertificate(w *jsonw.Writer, t *Conn, dir dissect.Dir) {
	if der, ok := t.Raw(dir, 0); ok {
		w.Key("certificate")
		w.Base64(der)
	}
}

func writeChain(w *jsonw.Writer, t *Conn, dir dissect.Dir) {
	if _, ok := t.Raw(dir, 0); !ok {
		return
	}
	w.OpenArray("chain")
	for i := 0; ; i++ {
		der, ok := t.Raw(dir, i)
		if !ok {
			break
		}
		w.Base64(der)
	}
	w.EndArray()
}

func writeClientHandshake(w *jsonw.Writer, h *Hello) {
	w.Open("client_handshake")
	w.Key("version")
	w.Str(VersionName(h.preferred()))
	writeNumbers(w, "ciphers", h.Ciphers)
	writeNumbers(w, "exts", h.Extensions)
	writeNumbers(w, "sig_algs", h.SigAlgs)
	w.End()
}

func writeServerHandshake(w *jsonw.Writer, h *Hello) {
	w.Open("server_handshake")
	w.Key("version")
	w.Str(VersionName(h.Legacy)) // as in Suricata: what was agreed upon is the record's version
	if len(h.Ciphers) > 0 {
		w.Key("cipher")
		w.Uint(uint64(h.Ciphers[0]))
	}
	writeNumbers(w, "exts", h.Extensions)
	w.End()
}

func writeNumbers(w *jsonw.Writer, key string, vs []uint16) {
	if len(vs) == 0 {
		return
	}
	w.OpenArray(key)
	for _, v := range vs {
		w.Uint(uint64(v))
	}
	w.EndArray()
}
