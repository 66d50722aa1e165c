package ftp

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// writeEVE is the Spec's EVE function, with the members of Suricata's ftp records.
func writeEVE(w *jsonw.Writer, e *dissect.Env) {
	t, ok := e.Tx.(*Tx)
	if !ok {
		return
	}
	w.Open("ftp")
	if len(t.verb) > 0 {
		w.Key("command")
		w.Bytes(t.verb)
		if len(t.data) > 0 {
			w.Key("command_data")
			w.Bytes(t.data)
			w.Key("command_truncated")
			w.Bool(t.long)
		}
	}
	list(w, "completion_code", t, t.codes)
	list(w, "reply", t, t.replies)
	w.Key("reply_truncated")
	w.Bool(t.replyLong)
	if t.mode != noMode {
		w.Key("mode")
		w.Str(t.mode.String())
	}
	if t.port != 0 {
		w.Key("dynamic_port")
		w.Uint(uint64(t.port))
	}
	w.Key("reply_received")
	if t.answered {
		w.Str("yes")
	} else {
		w.Str("no")
	}
	w.End()
}

func list(w *jsonw.Writer, key string, t *Tx, spans []span) {
	if len(spans) == 0 {
		return
	}
	w.OpenArray(key)
	for _, s := range spans {
		w.Bytes(t.at(s))
	}
	w.EndArray()
}
