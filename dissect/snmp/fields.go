package snmp

import (
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// present gives a text that is there, though it may be empty.
func present(b []byte, there bool) []byte {
	if there && b == nil {
		return []byte{}
	}
	return b
}

// name gives the i-th name of a list, nil past it.
func name(list []string, i int64) []byte {
	if i < 0 || i >= int64(len(list)) {
		return nil
	}
	return dissect.Text(list[i])
}

func fields() []dissect.Field {
	str := dissect.Str[Message]
	return []dissect.Field{
		dissect.Int("snmp.version", message, "version: 1, 2 (2c), 3", func(m *Message) (int64, bool) { return m.version, true }),
		str("snmp.community", message, "community, the password of versions 1 and 2c", func(m *Message) []byte { return present(m.community, m.hasCommunity) }),
		str("snmp.usm", message, "user of version 3", func(m *Message) []byte { return present(m.user, m.hasUser) }),
		str("snmp.context", message, "name of the context, version 3", func(m *Message) []byte { return m.context }),
		dissect.Bool("snmp.encrypted", message, "the rest is encrypted", func(m *Message) bool { return m.encrypted }),
		str("snmp.pdu_type", message, "what the message is: get_request, set_request, response, trap_v2, ...; absent where it is encrypted", func(m *Message) []byte { return name(pdus[:], int64(m.pdu)) }).OneOf(pdus[:]...),
		str("snmp.error", message, "error that a response tells of: NoSuchName, AuthorizationError", func(m *Message) []byte {
			if m.status == 0 {
				return nil
			}
			return name(statuses[:], m.status)
		}).OneOf(statuses[1:]...),
		str("snmp.trap_type", message, "kind of a trap of version 1: ColdStart, EnterpriseSpecific", func(m *Message) []byte { return name(traps[:], m.trap) }).OneOf(traps[:]...),
		str("snmp.trap_oid", message, "enterprise of a trap of version 1: 1.3.6.1.4.1.9", func(m *Message) []byte {
			if m.trap < 0 {
				return nil
			}
			return m.at(m.enterprise)
		}),
		str("snmp.trap_address", message, "address of the agent that a trap of version 1 is about", func(m *Message) []byte { return m.agent }),
		dissect.Strs("snmp.vars", message, "object identifiers of the variables: 1.3.6.1.2.1.1.3.0", func(m *Message, i int) ([]byte, bool) {
			if i >= len(m.vars) {
				return nil, false
			}
			return m.at(m.vars[i].oid), true
		}),
		dissect.Bins("snmp.values", message, "values of the variables, as encoded, without type and length", func(m *Message, i int) ([]byte, bool) {
			if i >= len(m.vars) {
				return nil, false
			}
			return m.vars[i].value, true
		}),
	}
}

// write is the Spec's EVE function, with the members of Suricata's snmp records.
func write(w *jsonw.Writer, e *dissect.Env) {
	m, ok := e.Tx.(*Message)
	if !ok {
		return
	}
	w.Open("snmp")
	w.Key("version")
	w.Int(m.version)
	w.Key("pdu_type")
	if m.encrypted {
		w.Str("encrypted")
		w.End()
		return
	}
	w.Str(pdus[m.pdu])
	m.details(w)
	if m.hasCommunity {
		w.Key("community")
		w.Bytes(m.community)
	}
	if m.hasUser {
		w.Key("usm")
		w.Bytes(m.user)
	}
	w.End()
}

// details writes what a PDU says.
func (m *Message) details(w *jsonw.Writer) {
	if m.status != 0 {
		w.Key("error")
		known(w, "ErrorStatus", statuses[:], m.status)
	}
	if m.pdu == pduTrap1 {
		w.Key("trap_type")
		known(w, "TrapType", traps[:], m.trap)
		w.Key("trap_oid")
		w.Bytes(m.at(m.enterprise))
		w.Key("trap_address")
		w.Bytes(m.agent)
	}
	if len(m.vars) > 0 {
		w.OpenArray("vars")
		for i := range m.vars {
			w.Bytes(m.at(m.vars[i].oid))
		}
		w.EndArray()
	}
}

// known writes the name of a number, or the number where it has none.
func known(w *jsonw.Writer, kind string, names []string, n int64) {
	if b := name(names, n); b != nil {
		w.Bytes(b)
		return
	}
	w.Str(kind + "(" + strconv.FormatInt(n, 10) + " / 0x" + strconv.FormatInt(n, 16) + ")")
}
