package ike

import "github.com/luanids/luanids/dissect"

var (
	str = dissect.Str[Message]
	bin = dissect.Bin[Message]
	num = dissect.Int[Message]
)

func present(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

func size(get func(m *Message) []byte) func(m *Message) (int64, bool) {
	return func(m *Message) (int64, bool) { n := len(get(m)); return int64(n), n > 0 }
}

func key(m *Message) []byte   { return m.key }
func nonce(m *Message) []byte { return m.nonce }

func fields() []dissect.Field {
	list := []dissect.Field{
		num("ike.version", message, "version: 1 or 2", func(m *Message) (int64, bool) { return int64(m.version >> 4), true }).Bits(4),
		str("ike.init_spi", message, "SPI of who began, in hexadecimal: 16 digits", func(m *Message) []byte { return m.initiator[:] }),
		str("ike.resp_spi", message, "SPI of who answers, in hexadecimal; zeros in the first message", func(m *Message) []byte { return m.responder[:] }),
		num("ike.exchtype", message, "type of the exchange: 2 main mode, 4 aggressive, 34 IKE_SA_INIT, 35 IKE_AUTH", func(m *Message) (int64, bool) { return int64(m.exchange), true }).Bits(8).Also("ike.exchange_type"),
		num("ike.message_id", message, "number of the message", func(m *Message) (int64, bool) { return int64(m.number), true }).Bits(32),
		dissect.Bool("ike.encrypted", message, "version 1: only the header can be read", (*Message).encrypted),
		bin("ike.key_exchange_payload", message, "public value of the key exchange", func(m *Message) []byte { return present(m.key) }),
		num("ike.key_exchange_payload_length", message, "length of the public value of the key exchange, bytes", size(key)).Of(dissect.TSize),
		bin("ike.nonce_payload", message, "the nonce", func(m *Message) []byte { return present(m.nonce) }),
		num("ike.nonce_payload_length", message, "length of the nonce, bytes", size(nonce)).Of(dissect.TSize),
		dissect.Strs("ike.vendor", message, "vendor ids in hexadecimal: kinds of software, what it can do", func(m *Message, i int) ([]byte, bool) {
			if i >= len(m.vendors) {
				return nil, false
			}
			return m.vendors[i], true
		}),
		dissect.Ints("ike.notify", message, "version 2: types of notifications; those below 16384 are errors (RFC 7296 section 3.10.1)", func(m *Message, i int) (int64, bool) {
			if i >= len(m.notify) {
				return 0, false
			}
			return int64(m.notify[i]), true
		}).Bits(16),
	}
	for kind, name := range attributeNames {
		if name == "" {
			continue
		}
		list = append(list, num("ike.sa."+name, message, "chosen security association, "+describe[name], func(m *Message) (int64, bool) { return m.selected(uint16(kind)) }))
	}
	return list
}

// describe says what attributes are.
var describe = map[string]string{"alg_enc": "encryption: 7 AES-CBC in version 1, 12 in version 2", "alg_hash": "hash, version 1: 1 MD5, 2 SHA-1",
	"alg_auth": "authentication method, or in version 2 integrity algorithm", "alg_dh": "Diffie-Hellman group", "sa_group_type": "type of the group", "sa_group_prime": "prime of the group",
	"sa_group_generator_one": "first generator of the group", "sa_group_generator_two": "second generator of the group", "sa_group_curve_a": "curve A of the group",
	"sa_group_curve_b": "curve B of the group", "sa_life_type": "unit of the lifetime: 1 seconds, 2 kilobytes", "sa_life_duration": "lifetime",
	"alg_prf": "pseudo-random function", "sa_key_length": "length of the key, bits", "sa_field_size": "size of the field, bits", "sa_group_order": "order of the group"}

// selected is the value of an attribute that the message selects: of the first transform in version 1.
func (m *Message) selected(kind uint16) (int64, bool) {
	if m.version>>4 == 1 {
		if len(m.transforms) == 0 || m.client {
			return 0, false
		}
		for i := range m.transforms[0] {
			if a := &m.transforms[0][i]; a.kind == kind && a.number {
				return int64(a.value), true
			}
		}
		return 0, false
	}
	v := -1
	switch attributeNames[kind] {
	case "alg_enc":
		v = m.chosen[encryption]
	case "alg_auth":
		v = m.chosen[integrity]
	case "alg_prf":
		v = m.chosen[prf]
	case "alg_dh":
		v = m.chosen[group]
	}
	return int64(v), v >= 0
}
