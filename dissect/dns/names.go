package dns

import "strconv"

// Resource record types (IANA dns-parameters).
const (
	TypeA          = 1
	TypeNS         = 2
	TypeMD         = 3
	TypeMF         = 4
	TypeCNAME      = 5
	TypeSOA        = 6
	TypeMB         = 7
	TypeMG         = 8
	TypeMR         = 9
	TypeNULL       = 10
	TypeWKS        = 11
	TypePTR        = 12
	TypeHINFO      = 13
	TypeMINFO      = 14
	TypeMX         = 15
	TypeTXT        = 16
	TypeRP         = 17
	TypeAFSDB      = 18
	TypeRT         = 21
	TypeSIG        = 24
	TypeKEY        = 25
	TypeAAAA       = 28
	TypeLOC        = 29
	TypeSRV        = 33
	TypeNAPTR      = 35
	TypeKX         = 36
	TypeCERT       = 37
	TypeDNAME      = 39
	TypeOPT        = 41
	TypeDS         = 43
	TypeSSHFP      = 44
	TypeRRSIG      = 46
	TypeNSEC       = 47
	TypeDNSKEY     = 48
	TypeNSEC3      = 50
	TypeNSEC3PARAM = 51
	TypeTLSA       = 52
	TypeSMIMEA     = 53
	TypeCDS        = 59
	TypeCDNSKEY    = 60
	TypeOPENPGPKEY = 61
	TypeSVCB       = 64
	TypeHTTPS      = 65
	TypeSPF        = 99
	TypeIXFR       = 251
	TypeAXFR       = 252
	TypeANY        = 255
	TypeURI        = 256
	TypeCAA        = 257
)

// typeNames are the mnemonics of the types that have one.
var typeNames = [...]string{
	1: "A", 2: "NS", 3: "MD", 4: "MF", 5: "CNAME", 6: "SOA", 7: "MB", 8: "MG", 9: "MR", 10: "NULL",
	11: "WKS", 12: "PTR", 13: "HINFO", 14: "MINFO", 15: "MX", 16: "TXT", 17: "RP", 18: "AFSDB",
	19: "X25", 20: "ISDN", 21: "RT", 22: "NSAP", 23: "NSAP-PTR", 24: "SIG", 25: "KEY", 26: "PX",
	27: "GPOS", 28: "AAAA", 29: "LOC", 30: "NXT", 31: "EID", 32: "NIMLOC", 33: "SRV", 34: "ATMA",
	35: "NAPTR", 36: "KX", 37: "CERT", 38: "A6", 39: "DNAME", 40: "SINK", 41: "OPT", 42: "APL",
	43: "DS", 44: "SSHFP", 45: "IPSECKEY", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 49: "DHCID",
	50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA", 55: "HIP", 56: "NINFO", 57: "RKEY",
	58: "TALINK", 59: "CDS", 60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD",
	64: "SVCB", 65: "HTTPS", 99: "SPF", 100: "UINFO", 101: "UID", 102: "GID", 103: "UNSPEC",
	104: "NID", 105: "L32", 106: "L64", 107: "LP", 108: "EUI48", 109: "EUI64", 249: "TKEY",
	250: "TSIG", 251: "IXFR", 252: "AXFR", 253: "MAILB", 254: "MAILA", 255: "ANY", 256: "URI",
	257: "CAA", 258: "AVC", 259: "DOA", 260: "AMTRELAY",
}

// eveNames are the types that Suricata's EVE records spell otherwise than IANA does.
var eveNames = map[uint16]string{3: "ND", 23: "NSAPPT", 60: "CDSNKEY"}

// eveUnnamed are types that EVE records show as numbers although they have a mnemonic.
func eveUnnamed(t uint16) bool {
	switch {
	case t >= 31 && t <= 32, t == 40, t == 53, t >= 56 && t <= 58, t >= 61 && t <= 64,
		t >= 100 && t <= 109, t >= 251 && t <= 253, t >= 257:
		return true
	}
	return false
}

// AppendType appends the mnemonic of a record type, or its number where it has none.
func AppendType(b []byte, t uint16) []byte {
	if int(t) < len(typeNames) && typeNames[t] != "" {
		return append(b, typeNames[t]...)
	}
	return strconv.AppendUint(append(b, "TYPE"...), uint64(t), 10) // RFC 3597 section 5
}

// appendEVEType appends a type as EVE records have it.
func appendEVEType(b []byte, t uint16) []byte {
	if n, ok := eveNames[t]; ok {
		return append(b, n...)
	}
	if eveUnnamed(t) || int(t) >= len(typeNames) || typeNames[t] == "" {
		return strconv.AppendUint(b, uint64(t), 10)
	}
	return append(b, typeNames[t]...)
}

// TypeByName finds a record type by its mnemonic in any case; 0 where there is none.
func TypeByName(name string) uint16 {
	for t, n := range typeNames {
		if n != "" && equalFold(n, name) {
			return uint16(t)
		}
	}
	return 0
}

func equalFold(upper, s string) bool {
	if len(upper) != len(s) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != upper[i] {
			return false
		}
	}
	return true
}

var rcodeNames = [...]string{
	"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET",
	"NXRRSET", "NOTAUTH", "NOTZONE", "DSOTYPENI", 16: "BADVERS", 17: "BADKEY", 18: "BADTIME",
	19: "BADMODE", 20: "BADNAME", 21: "BADALG", 22: "BADTRUNC", 23: "BADCOOKIE",
}

// AppendRCode appends the name of a response code, or its number.
func AppendRCode(b []byte, rc int) []byte {
	if rc < len(rcodeNames) && rcodeNames[rc] != "" {
		return append(b, rcodeNames[rc]...)
	}
	return strconv.AppendInt(b, int64(rc), 10)
}

// appendEVERCode does so for EVE records, which know the header's four bits only.
func appendEVERCode(b []byte, flags uint16) []byte {
	if rc := int(flags & 15); rc <= 10 {
		return append(b, rcodeNames[rc]...)
	}
	return strconv.AppendUint(b, uint64(flags&15), 10)
}
