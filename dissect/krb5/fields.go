package krb5

import "github.com/luanids/luanids/dissect"

var (
	str = dissect.Str[Message]
	num = dissect.Int[Message]
)

// parts declares a field for the components of a name.
func parts(field, doc string, get func(m *Message) *name) dissect.Field {
	return dissect.Strs(field, message, doc, func(m *Message, i int) ([]byte, bool) { return get(m).part(i) })
}

// whole declares a field for a name in all.
func whole(field, doc string, get func(m *Message) *name) dissect.Field {
	return str(field, message, doc, func(m *Message) []byte {
		if n := get(m); n.there {
			return n.all[:len(n.all):len(n.all)]
		}
		return nil
	})
}

func ints(field, doc string, get func(m *Message) []int64) dissect.Field {
	return dissect.Ints(field, message, doc, func(m *Message, i int) (int64, bool) {
		if l := get(m); i < len(l) {
			return l[i], true
		}
		return 0, false
	})
}

func client(m *Message) *name  { return &m.cname }
func service(m *Message) *name { return &m.sname }

func fields() []dissect.Field {
	return []dissect.Field{
		num("krb5.msg_type", message, "type of the message: 10 AS-REQ, 11 AS-REP, 12 TGS-REQ, 13 TGS-REP, 30 an error", func(m *Message) (int64, bool) { return int64(m.kind), true }),
		str("krb5.msg_type.name", message, "type of the message by its name", func(m *Message) []byte { return dissect.Text(kindName(m.kind)) }).
			OneOf("KRB_AS_REQ", "KRB_AS_REP", "KRB_TGS_REQ", "KRB_TGS_REP", "KRB_ERROR"),
		parts("krb5.cname", "components of the client's name: alice", client),
		parts("krb5.sname", "components of the service's name: host, then srv.corp.example", service),
		whole("krb5.client", "the client's name in all", client),
		whole("krb5.service", "the service's name in all: host/srv.corp.example", service),
		str("krb5.realm", message, "realm of the client; in requests that of the service", func(m *Message) []byte {
			if !m.hasRealm {
				return nil
			}
			return m.realm
		}),
		num("krb5.err_code", message, "code of an error: 6 unknown client, 24 wrong password, 25 pre-authentication is wanted (RFC 4120 section 7.5.9)", func(m *Message) (int64, bool) { return m.code, m.hasCode }),
		str("krb5.error", message, "name of an error: KDC_ERR_PREAUTH_FAILED", func(m *Message) []byte {
			if !m.hasCode {
				return nil
			}
			return dissect.Text(errorNames[m.code])
		}),
		str("krb5.error.text", message, "what an error says to people", func(m *Message) []byte {
			if len(m.text) == 0 {
				return nil
			}
			return m.text
		}),
		num("krb5.failed_request", message, "type of the request that an error answers", func(m *Message) (int64, bool) { return int64(m.request), m.hasCode && m.request != 0 }),
		num("krb5.encryption", message, "encryption of a reply: 17, 18 AES, 23 RC4 (RFC 3961)", func(m *Message) (int64, bool) { return m.etype, m.hasEType }),
		num("krb5.ticket_encryption", message, "encryption of the ticket in a reply: with the service's key", func(m *Message) (int64, bool) { return m.ticket, m.hasTicket }),
		dissect.Bool("krb5.weak_encryption", message, "a reply is encrypted by other means than AES or Camellia", func(m *Message) bool { return m.hasEType && weak(m.etype) }),
		dissect.Bool("krb5.ticket_weak_encryption", message, "the ticket in a reply is encrypted by other means than AES or Camellia", func(m *Message) bool { return m.hasTicket && weak(m.ticket) }),
		ints("krb5.etypes", "kinds of encryption that a client takes, the best first", func(m *Message) []int64 { return m.etypes }),
		ints("krb5.padata", "kinds of pre-authentication data: 2 an encrypted time, 128 whether a PAC is wanted", func(m *Message) []int64 { return m.padata }),
	}
}
