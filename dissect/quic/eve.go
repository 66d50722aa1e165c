package quic

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// write is the Spec's EVE function, with the members of Suricata's quic records.
func write(w *jsonw.Writer, e *dissect.Env) {
	t, ok := e.Tx.(*Tx)
	if !ok {
		return
	}
	w.Open("quic")
	var tmp [8]byte
	w.Key("version")
	w.Bytes(t.versionName(tmp[:0]))
	if t.hasSNI {
		w.Key("sni")
		w.Bytes(t.sni)
	}
	if t.hasUA {
		w.Key("ua")
		w.Bytes(t.ua)
	}
	if len(t.cyu) > 0 {
		w.OpenArray("cyu")
		for _, f := range t.cyu {
			w.Object()
			hashAndText(w, t.text[f.hash[0]:f.hash[1]], t.text[f.text[0]:f.text[1]])
			w.End()
		}
		w.EndArray()
	}
	if t.hello != nil {
		t.writeHello(w)
	}
	w.End()
}

func hashAndText(w *jsonw.Writer, hash, text []byte) {
	w.Key("hash")
	w.Bytes(hash)
	w.Key("string")
	w.Bytes(text)
}

func (t *Tx) writeHello(w *jsonw.Writer) {
	if t.client {
		w.Open("ja3")
	} else {
		w.Open("ja3s")
	}
	hashAndText(w, t.ja3Hash, t.ja3)
	w.End()
	if len(t.ja4) > 0 {
		w.Key("ja4")
		w.Bytes(t.ja4)
	}
	if len(t.hello.Extensions) == 0 {
		return
	}
	w.OpenArray("extensions")
	for _, kind := range t.hello.Extensions {
		t.writeExtension(w, kind)
	}
	w.EndArray()
}

func (t *Tx) writeExtension(w *jsonw.Writer, kind uint16) {
	w.Object()
	if name := extensionNames[kind]; name != "" {
		w.Key("name")
		w.Str(name)
	}
	w.Key("type")
	w.Uint(uint64(kind))
	switch {
	case kind == 0 && t.hello.SNI() != nil:
		w.OpenArray("values")
		w.Bytes(t.hello.SNI())
		w.EndArray()
	case kind == 16:
		if _, ok := t.hello.ALPN(0); !ok {
			break
		}
		w.OpenArray("values")
		for i := 0; ; i++ {
			v, ok := t.hello.ALPN(i)
			if !ok {
				break
			}
			w.Bytes(v)
		}
		w.EndArray()
	}
	w.End()
}

// extensionNames are the names of extensions (IANA, TLS ExtensionType Values).
var extensionNames = map[uint16]string{
	0: "server_name", 1: "max_fragment_length", 2: "client_certificate_url", 3: "trusted_ca_keys", 4: "truncated_hmac", 5: "status_request",
	6: "user_mapping", 7: "client_authz", 8: "server_authz", 9: "cert_type", 10: "supported_groups", 11: "ec_point_formats", 12: "srp",
	13: "signature_algorithms", 14: "use_srtp", 15: "heartbeat", 16: "alpn", 17: "status_request_v2", 18: "signed_certificate_timestamp",
	19: "client_certificate_type", 20: "server_certificate_type", 21: "padding", 22: "encrypt_then_mac", 23: "extended_master_secret",
	24: "token_binding", 25: "cached_info", 26: "tls_lts", 27: "compress_certificate", 28: "record_size_limit", 29: "pwd_protect",
	30: "pwd_clear", 31: "password_salt", 32: "ticket_pinning", 33: "tls_cert_with_extern_psk", 34: "delegated_credentials",
	35: "session_ticket", 36: "tlmsp", 37: "tlmsp_proxying", 38: "tlmsp_delegate", 39: "supported_ekt_ciphers", 41: "pre_shared_key",
	42: "early_data", 43: "supported_versions", 44: "cookie", 45: "psk_key_exchange_modes", 47: "certificate_authorities",
	48: "oid_filters", 49: "post_handshake_auth", 50: "signature_algorithms_cert", 51: "key_share", 52: "transparency_info",
	53: "connection_id_deprecated", 54: "connection_id", 55: "external_id_hash", 56: "external_session_id", 57: "quic_transport_parameters",
	58: "ticket_request", 59: "dnssec_chain", 13172: "next_protocol_negotiation", 65281: "renegotiation_info",
}
