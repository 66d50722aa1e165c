package ike

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// Payloads of version 2 (RFC 7296 section 3.2).
const (
	payloadSA     = 33
	payloadKey    = 34
	payloadNonce  = 40
	payloadNotify = 41
	payloadVendor = 43
	payloadSK     = 46 // encrypted, with others in it
	payloadSKF    = 53 // a fragment of that (RFC 7383)
)

// Types of transforms (RFC 7296 section 3.3.2).
const (
	encryption = 1
	prf        = 2
	integrity  = 3
	group      = 4
	esn        = 5
)

const (
	encrNull   = 11
	protocolAH = 2
)

// version2 reads the payloads of a message of version 2. The end of the list, and what is in an encrypted one, count as kinds too, as in Suricata's records.
func (m *Message) version2(b []byte, kind byte, dir dissect.Dir) bool {
	budget := maxNested
	for kind != 0 {
		next, content, rest, ok := payload(b)
		if !ok || !m.payload2(kind, content, dir, &budget) {
			return false
		}
		m.addPayload(next)
		if kind == payloadSK || kind == payloadSKF {
			return true // what follows is in it
		}
		kind, b = next, rest
	}
	if len(b) > 0 {
		m.raise(anExtraData)
	}
	return true
}

func (m *Message) payload2(kind byte, b []byte, dir dissect.Dir, budget *int) bool {
	switch kind {
	case payloadSA:
		return m.proposals(b, dir, budget)
	case payloadKey:
		if len(b) < 4 {
			return false
		}
		m.key = append(m.key[:0], b[4:]...) // behind the group
	case payloadNonce:
		m.nonce = append(m.nonce[:0], b...)
	case payloadVendor:
		m.addVendor(b)
	case payloadNotify:
		if len(b) < 4 {
			return false
		}
		n := binary.BigEndian.Uint16(b[2:])
		if n < 16384 { // RFC 7296 section 3.10.1
			m.errors++
		}
		if len(m.notify) < maxNotify {
			m.notify = append(m.notify, n)
		}
	}
	return true
}

// proposals reads a security association (RFC 7296 section 3.3).
func (m *Message) proposals(b []byte, dir dissect.Dir, budget *int) bool {
	for len(b) > 0 {
		_, p, rest, ok := payload(b)
		if *budget--; !ok || *budget < 0 || len(p) < 4 || len(p) < 4+int(p[2]) || !m.proposal2(p[1], p[4+int(p[2]):], dir, budget) {
			return false
		}
		b = rest
	}
	return true
}

// proposal2 judges the transforms of a proposal.
func (m *Message) proposal2(protocol byte, b []byte, dir dissect.Dir, budget *int) bool {
	var hasGroup, hasIntegrity, aead bool
	for len(b) > 0 {
		_, t, rest, ok := payload(b)
		if *budget--; !ok || *budget < 0 || len(t) < 4 {
			return false
		}
		b = rest
		kind, id := t[0], int(binary.BigEndian.Uint16(t[2:]))
		m.judge(kind, id)
		switch {
		case kind == group:
			hasGroup = true
		case kind == integrity && id != 0:
			hasIntegrity = true
		case kind == encryption && authenticates(id):
			aead = true
		}
		if dir == dissect.ToClient && kind > 0 && kind < transformTypes {
			m.chosen[kind], m.agreed[kind] = id, id
		}
	}
	if !hasGroup {
		m.raise(anNoDH)
	}
	if protocol == protocolAH {
		m.raise(anNoEncryption)
	}
	if !hasIntegrity && !aead {
		m.raise(anNoAuth)
	}
	return true
}

// judge raises what is wrong with a transform by itself.
func (m *Message) judge(kind byte, id int) {
	switch kind {
	case encryption:
		if id >= 1 && id <= 9 || id == encrNull {
			m.raise(anWeakEnc)
		}
	case prf:
		switch id {
		case 0:
			m.raise(anInvalidProposal)
		case 1, 2: // MD5, SHA-1
			m.raise(anWeakPRF)
		}
	case integrity:
		if id >= 1 && id <= 7 {
			m.raise(anWeakAuth)
		}
	case group:
		switch id {
		case 0:
			m.raise(anInvalidProposal)
		case 1, 2, 5, 22: // 768, 1024 and 1536 bits
			m.raise(anWeakDH)
		}
	case esn:
	default:
		m.raise(anUnknownProposal)
	}
}

// authenticates tells kinds of encryption that need no integrity algorithm beside them.
func authenticates(id int) bool { return id >= 14 && id <= 20 && id != 17 || id >= 25 && id <= 28 }

// transforms2 are the names of transforms by type, and types2 those of the types where a number has no name, both as Suricata has them.
var (
	types2      = [transformTypes]string{encryption: "IkeTransformEncType", prf: "IkeTransformPRFType", integrity: "IkeTransformAuthType", group: "IkeTransformDHType", esn: "IkeTransformESNType"}
	transforms2 = [transformTypes][]string{
		encryption: {1: "ENCR_DES_IV64", "ENCR_DES", "ENCR_3DES", "ENCR_RC5", "ENCR_IDEA", "ENCR_CAST", "ENCR_BLOWFISH", "ENCR_3IDEA", "ENCR_DES_IV32", 11: "ENCR_NULL",
			"ENCR_AES_CBC", "ENCR_AES_CTR", "ENCR_AES_CCM_8", "ENCR_AES_CCM_12", "ENCR_AES_CCM_16", 18: "ENCR_AES_GCM_8", "ENCR_AES_GCM_12", "ENCR_AES_GCM_16",
			"ENCR_NULL_AUTH_AES_GMAC", 23: "ENCR_CAMELLIA_CBC", "ENCR_CAMELLIA_CTR", "ENCR_CAMELLIA_CCM_8", "ENCR_CAMELLIA_CCM_12", "ENCR_CAMELLIA_CCM_16",
			"ENCR_CHACHA20_POLY1305"},
		prf: {"PRF_NULL", "PRF_HMAC_MD5", "PRF_HMAC_SHA1", "PRF_HMAC_TIGER", "PRF_AES128_XCBC", "PRF_HMAC_SHA2_256", "PRF_HMAC_SHA2_384", "PRF_HMAC_SHA2_512", "PRF_AES128_CMAC"},
		integrity: {"NONE", "AUTH_HMAC_MD5_96", "AUTH_HMAC_SHA1_96", "AUTH_DES_MAC", "AUTH_KPDK_MD5", "AUTH_AES_XCBC_96", "AUTH_HMAC_MD5_128", "AUTH_HMAC_SHA1_160",
			"AUTH_AES_CMAC_96", "AUTH_AES_128_GMAC", "AUTH_AES_192_GMAC", "AUTH_AES_256_GMAC", "AUTH_HMAC_SHA2_256_128", "AUTH_HMAC_SHA2_384_192", "AUTH_HMAC_SHA2_512_256"},
		group: {"None", "Modp768", "Modp1024", 5: "Modp1536", 14: "Modp2048", "Modp3072", "Modp4096", "Modp6144", "Modp8192", "Ecp256", "Ecp384", "Ecp521", "Modp1024s160",
			"Modp2048s224", "Modp2048s256", "Ecp192", "Ecp224", "BrainpoolP224r1", "BrainpoolP256r1", "BrainpoolP384r1", "BrainpoolP512r1", "Curve25519", "Curve448"},
		esn: {"NoESN", "ESN"},
	}
)

// transformName is the name of a transform, "" for none.
func transformName(kind, id int) string {
	if names := transforms2[kind]; id >= 0 && id < len(names) {
		return names[id]
	}
	return ""
}

// payloads2 are the names of payloads from payloadSA on.
var payloads2 = [...]string{"SecurityAssociation", "KeyExchange", "IdentInitiator", "IdentResponder", "Certificate", "CertificateRequest", "Authentication", "Nonce", "Notify",
	"Delete", "VendorID", "TrafficSelectorInitiator", "TrafficSelectorResponder", "EncryptedAndAuthenticated", "Configuration", "ExtensibleAuthentication",
	"GenericSecurePasswordMethod", "GroupIdentification", "GroupSecurityAssociation", "KeyDownload"}

// notifyNames are the names of notifications (RFC 7296 section 3.10.1, and what is registered at IANA).
var notifyNames = map[uint16]string{
	1: "UNSUPPORTED_CRITICAL_PAYLOAD", 4: "INVALID_IKE_SPI", 5: "INVALID_MAJOR_VERSION", 7: "INVALID_SYNTAX", 9: "INVALID_MESSAGE_ID", 11: "INVALID_SPI",
	14: "NO_PROPOSAL_CHOSEN", 17: "INVALID_KE_PAYLOAD", 24: "AUTHENTICATION_FAILED", 34: "SINGLE_PAIR_REQUIRED", 35: "NO_ADDITIONAL_SAS",
	36: "INTERNAL_ADDRESS_FAILURE", 37: "FAILED_CP_REQUIRED", 38: "TS_UNACCEPTABLE", 39: "INVALID_SELECTORS", 40: "UNACCEPTABLE_ADDRESSES",
	41: "UNEXPECTED_NAT_DETECTED", 42: "USE_ASSIGNED_HoA", 43: "TEMPORARY_FAILURE", 44: "CHILD_SA_NOT_FOUND", 45: "INVALID_GROUP_ID", 46: "AUTHORIZATION_FAILED",
	16384: "INITIAL_CONTACT", 16385: "SET_WINDOW_SIZE", 16386: "ADDITIONAL_TS_POSSIBLE", 16387: "IPCOMP_SUPPORTED", 16388: "NAT_DETECTION_SOURCE_IP",
	16389: "NAT_DETECTION_DESTINATION_IP", 16390: "COOKIE", 16391: "USE_TRANSPORT_MODE", 16392: "HTTP_CERT_LOOKUP_SUPPORTED", 16393: "REKEY_SA",
	16394: "ESP_TFC_PADDING_NOT_SUPPORTED", 16395: "NON_FIRST_FRAGMENTS_ALSO", 16396: "MOBIKE_SUPPORTED", 16397: "ADDITIONAL_IP4_ADDRESS",
	16398: "ADDITIONAL_IP6_ADDRESS", 16399: "NO_ADDITIONAL_ADDRESSES", 16400: "UPDATE_SA_ADDRESSES", 16401: "COOKIE2", 16402: "NO_NATS_ALLOWED",
	16403: "AUTH_LIFETIME", 16404: "MULTIPLE_AUTH_SUPPORTED", 16405: "ANOTHER_AUTH_FOLLOWS", 16406: "REDIRECT_SUPPORTED", 16407: "REDIRECT", 16408: "REDIRECTED_FROM",
	16409: "TICKET_LT_OPAQUE", 16410: "TICKET_REQUEST", 16411: "TICKET_ACK", 16412: "TICKET_NACK", 16413: "TICKET_OPAQUE", 16414: "LINK_ID", 16415: "USE_WESP_MODE",
	16416: "ROHC_SUPPORTED", 16417: "EAP_ONLY_AUTHENTICATION", 16418: "CHILDLESS_IKEV2_SUPPORTED", 16419: "QUICK_CRASH_DETECTION",
	16420: "IKEV2_MESSAGE_ID_SYNC_SUPPORTED", 16421: "IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED", 16422: "IKEV2_MESSAGE_ID_SYNC", 16423: "IPSEC_REPLAY_COUNTER_SYNC",
	16424: "SECURE_PASSWORD_METHODS", 16425: "PSK_PERSIST", 16426: "PSK_CONFIRM", 16427: "ERX_SUPPORTED", 16428: "IFOM_CAPABILITY", 16429: "SENDER_REQUEST_ID",
	16430: "IKEV2_FRAGMENTATION_SUPPORTED", 16431: "SIGNATURE_HASH_ALGORITHMS",
}
