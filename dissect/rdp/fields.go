package rdp

import "github.com/luanids/luanids/dissect"

// of gives a value of the client core data.
func of(get func(m *Message) int64) func(m *Message) (int64, bool) {
	return func(m *Message) (int64, bool) {
		n := get(m)
		return n, m.core.there && n >= 0
	}
}

// label gives a name of the client core data.
func label(get func(c *core) string) func(m *Message) []byte {
	return func(m *Message) []byte {
		if !m.core.there {
			return nil
		}
		return dissect.Text(get(&m.core))
	}
}

func fields() []dissect.Field {
	str, num := dissect.Str[Message], dissect.Int[Message]
	return []dissect.Field{
		str("rdp.type", message, "what the message is", func(m *Message) []byte { return dissect.Text(kindNames[m.kind]) }).OneOf(kindNames[1:]...),
		str("rdp.cookie", message, "user name that the client tells a load balancer, mstshash; also of scanners", func(m *Message) []byte { return m.at(m.cookie) }),
		num("rdp.requested_protocols", message, "protocols that the client can: 1 TLS, 2 CredSSP, 4 RDSTLS, 8 CredSSP with early authorization; 0 RDP's own only", func(m *Message) (int64, bool) {
			return int64(m.protocol), m.kind == kRequest && m.negotiates
		}).Bits(32),
		str("rdp.protocol", message, "protocol that the server chose", func(m *Message) []byte {
			if m.kind != kResponse || !m.negotiates {
				return nil
			}
			return dissect.Text(protocolName(m.protocol))
		}).OneOf("rdp", "ssl", "hybrid", "rds_tls", "hybrid_ex", unknown),
		num("rdp.error_code", message, "why the server refuses, 1 to 6 ([MS-RDPBCGR] section 2.2.1.2.2)", func(m *Message) (int64, bool) { return int64(m.failure), m.refused }),
		str("rdp.client.name", message, "name of the client's computer", func(m *Message) []byte { return m.at(m.core.name) }),
		str("rdp.client.version", message, "version of the client: v5, v10.7", label(func(c *core) string { return versionName(c.version) })),
		str("rdp.client.build", message, "system of the client: Windows XP", label(func(c *core) string { return buildName(c.build) })),
		num("rdp.client.build.number", message, "number of the client's build", of(func(m *Message) int64 { return int64(m.core.build) })),
		str("rdp.client.keyboard_layout", message, "layout of the keyboard: de-DE", label(func(c *core) string { return layoutName(c.layout) })),
		str("rdp.client.id", message, "product id of the client", func(m *Message) []byte { return m.at(m.core.digProduct) }),
		num("rdp.client.desktop_width", message, "pixels", of(func(m *Message) int64 { return int64(m.core.width) })).Bits(16),
		num("rdp.client.desktop_height", message, "pixels", of(func(m *Message) int64 { return int64(m.core.height) })).Bits(16),
		num("rdp.client.color_depth", message, "bits a pixel", of(func(m *Message) int64 { return int64(m.core.depth) })).Bits(16),
		dissect.Strs("rdp.channels", message, "virtual channels that the client wants: cliprdr, rdpdr; attacks ask for MS_T120", func(m *Message, i int) ([]byte, bool) {
			if i < len(m.channels) {
				return m.at(m.channels[i]), true
			}
			return nil, false
		}),
	}
}
