package dcerpc

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// writeEVE is the Spec's EVE function, with the members of Suricata's dcerpc records.
func writeEVE(w *jsonw.Writer, e *dissect.Env) {
	t, ok := e.Tx.(*Tx)
	if !ok {
		return
	}
	w.Open("dcerpc")
	if t.udp {
		t.eveDatagram(w)
	} else {
		t.Call.EVE(w, false)
		w.Key("call_id")
		w.Uint(uint64(t.ID))
		w.Key("rpc_version")
		if t.Minor == 1 {
			w.Str("5.1")
		} else {
			w.Str("5.0")
		}
	}
	w.End()
}

// eveDatagram writes the members of a call over UDP, whose records do not name the interface.
func (t *Tx) eveDatagram(w *jsonw.Writer) {
	t.eveTypes(w, true)
	t.eveTypes(w, false)
	if t.Req.Seen {
		w.Open("req")
		w.Key("opnum")
		w.Uint(uint64(t.Opnum))
		t.Req.eve(w)
	}
	if t.Res.Seen {
		w.Open("res")
		t.Res.eve(w)
	}
	w.Key("activityuuid")
	w.Bytes(t.activity[:])
	w.Key("seqnum")
	w.Uint(uint64(t.seq))
	w.Key("rpc_version")
	w.Str("4.0")
}
