package ike

import (
	"encoding/binary"
	"encoding/hex"
	"slices"

	"github.com/luanids/luanids/dissect"
)

// Payloads of version 1 (RFC 2408 section 3.1).
const (
	isakmpSA        = 1
	isakmpProposal  = 2
	isakmpTransform = 3
	isakmpKey       = 4
	isakmpNonce     = 10
	isakmpVendor    = 13
)

const ipsecDOI = 1 // RFC 2407 section 4.2

// version1 reads the payloads of a message of version 1.
func (m *Message) version1(b []byte, kind byte, dir dissect.Dir) bool {
	budget := maxNested
	for kind != 0 && len(b) > 0 {
		next, content, rest, ok := payload(b)
		if !ok || !m.payload1(kind, content, &budget) {
			return false
		}
		if kind, b = next, rest; kind != 0 && !slices.Contains(m.payloads, kind) {
			m.addPayload(kind)
		}
	}
	if kind == 0 && len(b) > 0 {
		m.raise(anExtraData)
	}
	m.remember(dir)
	return kind == 0
}

// remember keeps what a side said. A new security association begins anew.
func (m *Message) remember(dir dissect.Dir) {
	s := &m.sides[dir]
	if slices.Contains(m.payloads, isakmpSA) {
		s.reset()
	}
	if dir == dissect.ToClient && s.transforms <= 1 && s.transforms+len(m.transforms) > 1 {
		m.raise(anServerProposals)
	}
	s.key, s.nonce = append(s.key[:0], m.key...), append(s.nonce[:0], m.nonce...)
	if s.transforms == 0 && len(m.transforms) > 0 {
		s.chosen = s.chosen[:0]
		for _, a := range m.transforms[0] {
			a.raw = slices.Clone(a.raw)
			s.chosen = append(s.chosen, a)
		}
	}
	s.transforms += len(m.transforms)
}

func (m *Message) payload1(kind byte, b []byte, budget *int) bool {
	switch kind {
	case isakmpSA:
		return m.association(b, budget)
	case isakmpKey:
		m.key = append(m.key[:0], b...)
	case isakmpNonce:
		m.nonce = append(m.nonce[:0], b...)
	case isakmpVendor:
		m.addVendor(b)
	}
	return true
}

// addVendor keeps a vendor's id in hexadecimal.
func (m *Message) addVendor(b []byte) {
	n := len(m.vendors)
	switch {
	case n == maxVendors:
		return
	case n < cap(m.vendors):
		m.vendors = m.vendors[:n+1]
	default:
		m.vendors = append(m.vendors, nil)
	}
	if cap(m.vendors[n]) > keepText {
		m.vendors[n] = nil
	}
	m.vendors[n] = hex.AppendEncode(m.vendors[n][:0], b)
}

// association reads a security association: proposals with transforms (RFC 2408 sections 3.4 to 3.6).
func (m *Message) association(b []byte, budget *int) bool {
	if len(b) < 4 {
		return false
	}
	m.doi = int64(binary.BigEndian.Uint32(b))
	if m.doi != ipsecDOI {
		return true
	}
	if len(b) < 8 { // with the situation
		return false
	}
	for kind, b := byte(isakmpProposal), b[8:]; len(b) > 0; {
		next, content, rest, ok := payload(b)
		if *budget--; !ok || *budget < 0 {
			return false
		}
		if kind == isakmpProposal && !m.proposal1(content, budget) {
			return false
		}
		if kind, b = next, rest; kind == 0 {
			break
		}
	}
	return true
}

func (m *Message) proposal1(b []byte, budget *int) bool {
	if len(b) < 4 || len(b) < 4+int(b[2]) {
		return false
	}
	if !slices.Contains(m.payloads, isakmpProposal) {
		m.addPayload(isakmpProposal)
	}
	for kind, b := byte(isakmpTransform), b[4+int(b[2]):]; len(b) > 0; {
		next, content, rest, ok := payload(b)
		if *budget--; !ok || *budget < 0 {
			return false
		}
		if kind == isakmpTransform && len(content) >= 4 {
			m.transform1(content[4:])
		}
		if kind, b = next, rest; kind == 0 {
			break
		}
	}
	return true
}

// transform1 reads the attributes of a transform: two bytes of type, of which the highest bit says that the value follows in two
// bytes, and not its length (RFC 2408 section 3.3).
func (m *Message) transform1(b []byte) {
	if !slices.Contains(m.payloads, isakmpTransform) {
		m.addPayload(isakmpTransform)
	}
	n := len(m.transforms)
	switch {
	case n == maxTransforms:
		return
	case n < cap(m.transforms):
		m.transforms = m.transforms[:n+1]
	default:
		m.transforms = append(m.transforms, nil)
	}
	list := m.transforms[n][:0]
	for len(b) >= 4 && len(list) < maxAttributes {
		kind, v := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		b = b[4:]
		a := attribute{kind: kind &^ 0x8000, value: uint32(v), number: true}
		if kind&0x8000 == 0 {
			if int(v) > len(b) {
				break
			}
			if a.number = v == 4; a.number {
				a.value = binary.BigEndian.Uint32(b)
			} else {
				a.raw = slices.Clone(b[:v])
			}
			b = b[v:]
		}
		list = append(list, a)
	}
	m.transforms[n] = list
}

// Attributes of version 1 (RFC 2409 appendix A).
const (
	attrEncryption = 1
	attrHash       = 2
	attrAuth       = 3
	attrGroup      = 4
	attrLifeType   = 11
)

// attributeNames are the names of attributes, as Suricata has them.
var attributeNames = [...]string{1: "alg_enc", "alg_hash", "alg_auth", "alg_dh", "sa_group_type", "sa_group_prime", "sa_group_generator_one", "sa_group_generator_two",
	"sa_group_curve_a", "sa_group_curve_b", "sa_life_type", "sa_life_duration", "alg_prf", "sa_key_length", "sa_field_size", "sa_group_order"}

func (a *attribute) name() string {
	if int(a.kind) < len(attributeNames) {
		return attributeNames[a.kind]
	}
	return ""
}

// Values of attributes, as Suricata names them.
var (
	encryptions1 = [...]string{1: "EncDesCbc", "EncIdeaCbc", "EncBlowfishCbc", "EncRc5R16B64Cbc", "EncTripleDesCbc", "EncCastCbc", "EncAesCbc", "EncCamelliaCbc"}
	hashes1      = [...]string{1: "HashMd5", "HashSha", "HashTiger", "HashSha2_256", "HashSha2_384", "HashSha2_512"}
	methods1     = [...]string{1: "AuthPreSharedKey", "AuthDssSignatures", "AuthRsaSignatures", "AuthEncryptionWithRsa", "AuthRevisedEncryptionWithRsa", "AuthReserved",
		"AuthReserved", "AuthReserved", "AuthEcdsaSha256", "AuthEcdsaSha384", "AuthEcdsaSha512"}
	groups1 = [...]string{1: "GroupDefault768BitModp", "GroupAlternate1024BitModpGroup", "GroupEc2nOnGp2p155", "GroupEc2nOnGp2p185", "GroupModp1536Bit",
		"GroupEc2nOverGf2p163", "GroupEc2nOverGf2p163", "GroupEc2nOverGf2p283", "GroupEc2nOverGf2p283", "GroupEc2nOverGf2p409", "GroupEc2nOverGf2p409",
		"GroupEc2nOverGf2p571", "GroupEc2nOverGf2p571", "GroupModp2048Bit", "GroupModp3072Bit", "GroupModp4096Bit", "GroupModp6144Bit", "GroupModp8192Bit",
		"GroupRandomEcp256", "GroupRandomEcp384", "GroupRandomEcp521", "GroupModp1024With160BitPrime", "GroupModp2048With224BitPrime",
		"GroupModp2048With256BitPrime", "GroupRandomEcp192", "GroupRandomEcp224", "GroupBrainpoolEcp224", "GroupBrainpoolEcp256", "GroupBrainpoolEcp384",
		"GroupBrainpoolEcp512"}
	lifeTypes = [...]string{1: "LifeTypeSeconds", "LifeTypeKilobytes"}
)

// valueName is the name of an attribute's value, Unknown for what has none.
func (a *attribute) valueName() string {
	var names []string
	switch a.kind {
	case attrEncryption:
		names = encryptions1[:]
	case attrHash:
		names = hashes1[:]
	case attrAuth:
		names = methods1[:]
	case attrGroup:
		names = groups1[:]
	case attrLifeType:
		names = lifeTypes[:]
	}
	if a.number && a.value > 0 && int64(a.value) < int64(len(names)) {
		return names[a.value]
	}
	return "Unknown"
}

// exchanges1 are the names of exchanges.
var exchanges1 = map[byte]string{1: "Base", 2: "Identity Protection", 3: "Authentication Only", 4: "Aggressive", 5: "Informational", 6: "Transaction (Config Mode)",
	32: "Quick Mode", 33: "New Group Mode"}

// payloads1 are the names of payloads.
var payloads1 = [...]string{"None", "SecurityAssociation", "Proposal", "Transform", "KeyExchange", "Identification", "Certificate", "CertificateRequest", "Hash", "Signature",
	"Nonce", "Notification", "Delete", "VendorID", 15: "SaKekPayload", "SaTekPayload", "KeyDownload", "SequenceNumber", "ProofOfPossession", "NatDiscovery",
	"NatOriginalAddress", "GroupAssociatedPolicy"}
