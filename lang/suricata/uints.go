package suricata

import (
	"math"

	"github.com/luanids/luanids/lang/ir"
)

// uintBits are the widths of the numbers that keywords of protocols compare with, by the field that they ask for, as in Suricata.
// Numbers that do not fit are refused; those of other keywords may have any width.
var uintBits = map[string]int{
	"dns.opcode": 8, "dns.flags.rcode": 8, "dns.rrtype": 16,
	"mqtt.type": 8, "mqtt.flags": 8, "mqtt.connect.flags": 8, "mqtt.protocol_version": 8, "mqtt.reason_code": 8,
	"websocket.opcode": 8, "websocket.flags": 8, "websocket.mask": 32,
	"snmp.version": 32, "snmp.pdu_type": 32,
	"ike.exchtype": 8, "ike.key_exchange_payload_length": 32, "ike.nonce_payload_length": 32,
	"ldap.request.operation.number": 8, "ldap.responses.operation.number": 8, "ldap.responses.result_code": 32, "ldap.responses.count": 32,
	"rfb.sectype": 32, "rfb.secresult": 32, "dcerpc.iface.version": 16, "krb5.msg_type": 32,
	"http2.priority": 8, "http2.window": 32, "http2.size_update": 64, "http2.settings": 32, "tls.cert_chain_len": 32,
	"dhcp.leasetime": 64, "dhcp.rebinding_time": 64, "dhcp.renewal_time": 64,
}

// fits refuses a comparison with what no number of the field's width can be, or all are.
func (c cmp) fits(field string) *problem {
	most := int64(math.MaxInt64)
	if bits := uintBits[field]; bits > 0 && bits < 63 {
		most = 1<<bits - 1
	}
	switch {
	case c.lo < 0 && uintBits[field] > 0:
		return fail("%d: numbers here are not below 0", c.lo)
	case max(c.lo, c.hi, c.mask) > most:
		return fail("%d is too large: numbers here are at most %d", max(c.lo, c.hi, c.mask), most)
	case c.mask != 0 && c.lo&^c.mask != 0:
		return fail("the bits 0x%x are not all among those that are compared, 0x%x", c.lo, c.mask)
	case c.lo == most && (c.op == ir.TestGt || c.op == ir.TestLe):
		return fail("every number is at most %d", most)
	}
	return nil
}
