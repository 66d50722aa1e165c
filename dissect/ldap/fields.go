package ldap

import (
	"maps"
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/ber"
)

var (
	str = dissect.Str[Tx]
	num = dissect.Int[Tx]
)

// list declares a text field with a value for each of some stretches of the data.
func list(name, event, doc string, get func(t *Tx) []span) dissect.Field {
	return dissect.Strs(name, event, doc, func(t *Tx, i int) ([]byte, bool) {
		if l := get(t); i < len(l) {
			return present(t.at(l[i])), true
		}
		return nil, false
	})
}

// each declares a text field with a value for each response.
func each(name, doc string, get func(t *Tx, m *message) []byte) dissect.Field {
	return dissect.Strs(name, onResponse, doc, func(t *Tx, i int) ([]byte, bool) {
		if i < len(t.responses) {
			return get(t, &t.responses[i]), true
		}
		return nil, false
	})
}

// present is a value that is there, also if it is empty.
func present(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func named() []string {
	var names []string
	for _, n := range operations {
		if n != "" {
			names = append(names, n)
		}
	}
	return names
}

func fields() []dissect.Field {
	return []dissect.Field{
		str("ldap.request.operation", onRequest, "what the client asks for", func(t *Tx) []byte {
			if !t.hasRequest {
				return nil
			}
			return dissect.Text(operations[t.request.op])
		}).OneOf(named()...),
		num("ldap.request.operation.number", onRequest, "what the client asks for, as a number (RFC 4511 section 4.2 and following)", func(t *Tx) (int64, bool) { return int64(t.request.op), t.hasRequest }),
		num("ldap.request.message_id", onRequest, "number of the request", func(t *Tx) (int64, bool) { return t.request.id, t.hasRequest }),
		str("ldap.request.dn", onRequest, "distinguished name that the request is about: who binds, where a search begins, the entry that is changed", (*Tx).requestDN),
		list("ldap.request.attribute_type", onRequest, "names of the attributes that are asked for, added, changed or compared", func(t *Tx) []span { return t.requested }),
		str("ldap.request.filter", onRequest, "filter of a search as text, up to 8 KiB: (&(objectClass=user)(servicePrincipalName=*))", func(t *Tx) []byte {
			if t.filter.n == 0 {
				return nil
			}
			return t.text[t.filter.off : t.filter.off+t.filter.n]
		}),
		num("ldap.request.scope", onRequest, "scope of a search: 0 the entry, 1 one level below it, 2 the whole tree", func(t *Tx) (int64, bool) {
			if t.request.op != opSearch || !t.hasRequest {
				return 0, false
			}
			r := ber.New(t.at(t.request.body))
			r.Want(ber.OctetString)
			v := r.Int(ber.Enumerated)
			return v, !r.Failed
		}),
		str("ldap.request.mechanism", onRequest, "how a client binds: simple, or the SASL mechanism", func(t *Tx) []byte {
			switch {
			case !t.hasRequest || t.request.op != opBind:
				return nil
			case t.simple():
				return dissect.Text("simple")
			}
			return t.mechanism()
		}),
		str("ldap.request.name", onRequest, "object identifier of an extended request", func(t *Tx) []byte {
			if !t.hasRequest || t.request.op != opExtended {
				return nil
			}
			r := ber.New(t.at(t.request.body))
			return r.Want(ber.Context)
		}),
		list("ldap.request.control", onRequest, "object identifiers of the request's controls: 1.2.840.113556.1.4.319 (paged results)", func(t *Tx) []span { return t.controls[0] }),
		list("ldap.responses.control", onResponse, "object identifiers of the responses' controls, in order", func(t *Tx) []span { return t.controls[1] }),
		each("ldap.responses.operation", "kinds of the responses, in order", func(t *Tx, m *message) []byte { return dissect.Text(operations[m.op]) }).OneOf(named()...),
		dissect.Ints("ldap.responses.operation.number", onResponse, "kinds of the responses as numbers", func(t *Tx, i int) (int64, bool) {
			if i >= len(t.responses) {
				return 0, false
			}
			return int64(t.responses[i].op), true
		}),
		num("ldap.responses.count", onResponse, "how many responses came, so far", func(t *Tx) (int64, bool) { return int64(t.count), true }),
		dissect.Ints("ldap.responses.result_code", onResponse, "results of the responses, in order: 0 success, 49 invalidCredentials (RFC 4511 section 4.1.9), -1 for those without one", func(t *Tx, i int) (int64, bool) {
			switch {
			case i >= len(t.responses):
				return 0, false
			case !t.responses[i].hasResult:
				return -1, true
			}
			return t.responses[i].code, true
		}),
		each("ldap.responses.result", "names of the results, in order: success, invalid_credentials, empty for responses without one", func(t *Tx, m *message) []byte {
			if !m.hasResult {
				return []byte{}
			}
			return present(dissect.Text(resultNames[m.code]))
		}).OneOf(slices.Sorted(maps.Values(resultNames))...),
		each("ldap.responses.dn", "distinguished names of entries found, and those that results name", func(t *Tx, m *message) []byte { return present(t.at(m.dn)) }),
		each("ldap.responses.message", "what results say to people", func(t *Tx, m *message) []byte { return present(t.at(m.text)) }),
		list("ldap.responses.attribute_type", onResponse, "names of the attributes of entries found", func(t *Tx) []span { return t.returned }),
	}
}

func (t *Tx) requestDN() []byte {
	if !t.hasRequest {
		return nil
	}
	switch t.request.op {
	case opUnbind, opAbandon, opExtended:
		return nil
	}
	return present(t.at(t.request.dn))
}

// authentication reads a BindRequest up to the choice of authentication (RFC 4511 section 4.2).
func (t *Tx) authentication() ber.Reader {
	r := ber.New(t.at(t.request.body))
	r.Int(ber.Integer)
	r.Want(ber.OctetString)
	return r
}

func (t *Tx) simple() bool {
	r := t.authentication()
	return r.Peek() == ber.Context
}

// mechanism is the SASL mechanism of a BindRequest, nil for none.
func (t *Tx) mechanism() []byte {
	r := t.authentication()
	if r.Peek() != ber.Context|ber.Constructed|3 {
		return nil
	}
	sasl := r.In(ber.Context | ber.Constructed | 3)
	return sasl.Want(ber.OctetString)
}

const resultSuccess = 0

// resultNames are the names of result codes (RFC 4511 section 4.1.9, and what is registered at IANA), as Suricata has them.
var resultNames = map[int64]string{
	0: "success", 1: "operations_error", 2: "protocol_error", 3: "time_limit_exceeded", 4: "size_limit_exceeded", 5: "compare_false", 6: "compare_true",
	7: "auth_method_not_supported", 8: "stronger_auth_required", 10: "referral", 11: "admin_limit_exceeded", 12: "unavailable_critical_extension",
	13: "confidentiality_required", 14: "sasl_bind_in_progress", 16: "no_such_attribute", 17: "undefined_attribute_type", 18: "inappropriate_matching",
	19: "constraint_violation", 20: "attribute_or_value_exists", 21: "invalid_attribute_syntax", 32: "no_such_object", 33: "alias_problem",
	34: "invalid_dns_syntax", 35: "is_leaf", 36: "alias_dereferencing_problem", 48: "inappropriate_authentication", 49: "invalid_credentials",
	50: "insufficient_access_rights", 51: "busy", 52: "unavailable", 53: "unwilling_to_perform", 54: "loop_detect", 60: "sort_control_missing",
	61: "offset_range_error", 64: "naming_violation", 65: "object_class_violation", 66: "not_allowed_on_non_leaf", 67: "not_allowed_on_rdn",
	68: "entry_already_exists", 69: "object_class_mods_prohibited", 70: "results_too_large", 71: "affects_multiple_dsas", 76: "control_error", 80: "other",
	81: "server_down", 82: "local_error", 83: "encoding_error", 84: "decoding_error", 85: "timeout", 86: "auth_unknown", 87: "filter_error",
	88: "user_canceled", 89: "param_error", 90: "no_memory", 91: "connect_error", 92: "not_supported", 93: "control_not_found", 94: "no_results_returned",
	95: "more_results_to_return", 96: "client_loop", 97: "referral_limit_exceeded", 100: "invalid_response", 101: "ambiguous_response", 112: "tls_not_supported",
	113: "intermediate_response", 114: "unknown_type", 118: "canceled", 119: "no_such_operation", 120: "too_late", 121: "cannot_cancel", 122: "assertion_failed",
	123: "authorization_denied", 4096: "e_sync_refresh_required", 16654: "no_operation",
}
