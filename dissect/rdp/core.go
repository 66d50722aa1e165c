package rdp

import (
	"encoding/binary"
)

// cursor reads the optional values of the client core data: each is there only if all before it are.
type cursor struct {
	b  []byte
	ok bool
}

func (r *cursor) take(n int) []byte {
	if !r.ok || len(r.b) < n {
		r.ok = false
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// u16 and u32 give -1 where there is no more.
func (r *cursor) u16() int64 {
	if b := r.take(2); b != nil {
		return int64(binary.LittleEndian.Uint16(b))
	}
	return -1
}

func (r *cursor) u32() int64 {
	if b := r.take(4); b != nil {
		return int64(binary.LittleEndian.Uint32(b))
	}
	return -1
}

// minCore is the length of the client core data up to what is optional.
const minCore = 128

// coreData reads the client core data (section 2.2.1.3.2).
func (m *Message) coreData(b []byte) {
	if len(b) < minCore || m.core.there { // once only: spans count on it
		return
	}
	le := binary.LittleEndian
	c := &m.core
	*c = core{there: true, version: le.Uint32(b), width: le.Uint16(b[4:]), height: le.Uint16(b[6:]), layout: le.Uint32(b[12:]), build: le.Uint32(b[16:]),
		name: m.wide(b[20:52]), keyboard: le.Uint32(b[52:]), subtype: le.Uint32(b[56:]), functions: le.Uint32(b[60:]), ime: m.wide(b[64:128])}
	r := cursor{b[minCore:], true}
	beta := r.u16()
	c.product = r.u16()
	c.serial = r.u32()
	high := r.u16()
	r.u16() // depths that the client can
	c.capabilities = r.u16()
	if id := r.take(64); id != nil {
		c.digProduct = m.wide(id)
	}
	if hint := r.take(2); hint != nil { // and padding
		c.hint = int(hint[0])
	}
	r.u32() // the protocol that the server chose
	c.physicalWidth, c.physicalHeight = between(r.u32(), 10, 10_000), between(r.u32(), 10, 10_000)
	c.orientation = r.u16()
	c.scale, c.deviceScale = between(r.u32(), 100, 500), between(r.u32(), 100, 180)
	c.depth = depth(int64(le.Uint16(b[8:])), beta, high)
}

// between gives -1 for what is not within bounds, and is to be ignored then.
func between(n, low, high int64) int64 {
	if n < low || n > high {
		return -1
	}
	return n
}

// depth gives the bits a pixel: of the three values that say so the newest that is there.
func depth(old, beta, high int64) int {
	switch high {
	case 4, 8, 15, 16, 24:
		return int(high)
	}
	for _, v := range [...]int64{beta, old} {
		switch v {
		case 0xca00:
			return 4
		case 0xca01:
			return 8
		case 0xca02:
			return 15
		case 0xca03:
			return 16
		case 0xca04:
			return 24
		}
	}
	return -1
}

const unknown = "unknown"

// versions are the versions of clients by the lower half of their number (section 2.2.1.3.2).
var versions = [...]string{1: "v4", 4: "v5", 5: "v10.0", 6: "v10.1", 7: "v10.2", 8: "v10.3", 9: "v10.4", 10: "v10.5", 11: "v10.6", 12: "v10.7", 13: "v10.8",
	14: "v10.9", 15: "v10.10", 16: "v10.11", 17: "v10.12"}

func versionName(v uint32) string {
	if n := int(v & 0xffff); v>>16 == 8 && n < len(versions) && versions[n] != "" {
		return versions[n]
	}
	return unknown
}

// builds are the systems of clients by the number of their build, as Suricata names them.
var builds = map[uint32]string{528: "Windows NT 3.1", 807: "Windows NT 3.5", 1057: "Windows NT 3.51", 1381: "Windows NT 4.0", 2195: "Windows 2000",
	2600: "Windows XP", 3790: "Windows Server 2003", 6000: "Windows Vista RTM", 6001: "Windows Vista SP1", 6002: "Windows Vista SP2",
	7600: "Windows 7 RTM", 7601: "Windows 7 SP1", 9200: "Windows 8", 9600: "Windows 8.1", 10240: "Windows 10 TH1", 10586: "Windows 10 TH2",
	14393: "Windows 10 RS1", 15063: "Windows 10 RS2", 16299: "Windows 10 RS3", 17134: "Windows 10 RS4", 17763: "Windows 10 RS5"}

// buildName names a system. Newer ones than those that are listed are told by their numbers' range.
func buildName(n uint32) string {
	switch name := builds[n]; {
	case name != "":
		return name
	case n >= 22000 && n < 30000:
		return "Windows 11"
	case n > 17763 && n < 22000:
		return "Windows 10"
	}
	return unknown
}

// keyboards are the types of keyboards by number.
var keyboards = [...]string{1: "xt", 2: "ico", 3: "at", 4: "enhanced", 5: "1050", 6: "9140", 7: "jp"}

// hints are what clients say of their connection, by number.
var hints = [...]string{1: "modem", 2: "low_broadband", 3: "satellite", 4: "high_broadband", 5: "wan", 6: "lan", 7: "autodetect"}

// named gives the name of a number in a list, "" for none.
func named[N int | uint32](list []string, n N) string {
	if int64(n) < int64(len(list)) && n > 0 {
		return list[n]
	}
	return ""
}

// capabilities are the early capabilities of clients by bit; "" is one without a name.
var capabilities = [...]string{"support_errinfo_pdf", "want_32bpp_session", "support_statusinfo_pdu", "strong_asymmetric_keys", "", "valid_connection_type",
	"support_monitor_layout_pdu", "support_netchar_autodetect", "support_dynvc_gfx_protocol", "support_dynamic_time_zone", "support_heartbeat_pdu"}

// requestFlags and responseFlags are those of negotiation (sections 2.2.1.1.1 and 2.2.1.2.1), by bit.
var (
	requestFlags  = [...]string{"restricted_admin_mode_required", "redirected_authentication_mode_required", "", "correlation_info_present"}
	responseFlags = [...]string{"extended_client_data", "dynvc_gfx", "", "restricted_admin", "redirected_authentication"}
)

// protocolName names the protocol that a server chose.
func protocolName(n uint32) string {
	switch n {
	case protocolRDP:
		return "rdp"
	case 1:
		return "ssl"
	case 2:
		return "hybrid"
	case 4:
		return "rds_tls"
	case 8:
		return "hybrid_ex"
	}
	return unknown
}

// failures are the reasons of servers that refuse (section 2.2.1.2.2), by number.
var failures = [...]string{1: "ssl required by server", 2: "ssl not allowed by server", 3: "ssl cert not on server", 4: "inconsistent flags",
	5: "hybrid required by server", 6: "ssl with user auth required by server"}
