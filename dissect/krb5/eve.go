package krb5

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// write is the Spec's EVE function, with the members of Suricata's krb5 records.
func write(w *jsonw.Writer, e *dissect.Env) {
	m, ok := e.Tx.(*Message)
	if !ok {
		return
	}
	w.Open("krb5")
	w.Key("msg_type")
	w.Str(kindName(m.kind))
	if m.hasCode {
		w.Key("failed_request")
		if m.request != 0 {
			w.Str(kindName(m.request))
		} else {
			w.Str("UNKNOWN")
		}
		numbered(w, "error_code", errorNames[m.code], "ErrorCode", m.code)
	}
	orEmpty(w, "cname", m.cname.all, m.cname.there)
	orEmpty(w, "realm", m.realm, m.hasRealm)
	orEmpty(w, "sname", m.sname.all, m.sname.there)
	if m.hasEType {
		numbered(w, "encryption", encryptions[m.etype], "EncryptionType", m.etype)
	} else {
		w.Key("encryption")
		w.Str("<none>")
	}
	w.Key("weak_encryption")
	w.Bool(m.hasEType && weak(m.etype))
	if m.hasTicket {
		numbered(w, "ticket_encryption", encryptions[m.ticket], "EncryptionType", m.ticket)
		w.Key("ticket_weak_encryption")
		w.Bool(weak(m.ticket))
	}
	w.End()
}

func orEmpty(w *jsonw.Writer, key string, v []byte, there bool) {
	w.Key(key)
	if there {
		w.Bytes(v)
	} else {
		w.Str("<empty>")
	}
}

func numbered(w *jsonw.Writer, key, name, kind string, n int64) {
	var tmp [64]byte
	w.Key(key)
	w.Bytes(appendNumbered(tmp[:0], name, kind, n))
}
