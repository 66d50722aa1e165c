package http2

import (
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dns"
	"github.com/luanids/luanids/dissect/http"
	"github.com/luanids/luanids/dissect/jsonw"
)

// writeHTTP writes the http object of a transaction, unless it has nothing but frames that say nothing.
func writeHTTP(w *jsonw.Writer, e *dissect.Env) {
	t, ok := dissect.MessageOf[http.Tx](e)
	if !ok || t.HTTP2 == nil {
		return
	}
	h := t.HTTP2
	says := [2]bool{says(&h.Frames[0], true), says(&h.Frames[1], false)}
	if len(t.Request.Sent)+len(t.Response.Sent) == 0 && !says[0] && !says[1] {
		return
	}
	w.Open("http")
	w.Key("version")
	w.Str("2")
	fields(w, "request_headers", &t.Request)
	fields(w, "response_headers", &t.Response)
	common(w, t)
	w.Open("http2")
	w.Key("stream_id")
	w.Uint(uint64(h.StreamID))
	for d, key := range [...]string{"request", "response"} {
		if says[d] {
			w.Open(key)
			frames(w, &h.Frames[d], d == 0)
			w.End()
		}
	}
	w.End()
	w.End()
}

// fields lists header fields as they were sent.
func fields(w *jsonw.Writer, key string, m *http.Message) {
	if len(m.Sent) == 0 {
		return
	}
	w.OpenArray(key)
	for i := range m.Sent {
		f := &m.Sent[i]
		w.Object()
		if f.Update >= 0 {
			w.Key("table_size_update")
			w.Int(f.Update)
		} else {
			w.Key("name")
			w.Bytes(f.Name)
			w.Key("value")
			w.Bytes(f.Value)
		}
		w.End()
	}
	w.EndArray()
}

// common writes what the http objects of all versions have.
func common(w *jsonw.Writer, t *http.Tx) {
	text := func(key string, v []byte) {
		if v != nil {
			w.Key(key)
			w.Bytes(v)
		}
	}
	text("hostname", t.Host)
	text("http_method", t.Method)
	if !t.NoRequest {
		text("url", t.URI)
	}
	text("http_user_agent", t.Request.Header("user-agent"))
	switch {
	case t.Response.ContentLength >= 0:
		w.Key("length")
		w.Int(t.Response.ContentLength)
	case t.Response.Len > 0:
		w.Key("length")
		w.Uint(t.Response.Len)
	case t.Request.ContentLength >= 0:
		w.Key("length")
		w.Int(t.Request.ContentLength)
	}
	if t.Status > 0 {
		w.Key("status")
		w.Int(int64(t.Status))
	}
}

// says tells whether frames have anything to list.
func says(n *http.FrameNotes, request bool) bool {
	return len(n.Settings) > 0 || len(n.Errors) > 0 || request && len(n.Priorities) > 0
}

// frames lists what frames of one direction said. Weights are listed of requests only, as in Suricata.
func frames(w *jsonw.Writer, n *http.FrameNotes, request bool) {
	if len(n.Settings) > 0 {
		w.OpenArray("settings")
		for _, s := range n.Settings {
			w.Object()
			w.Key("settings_id")
			w.Str(settingName(s.ID))
			w.Key("settings_value")
			w.Uint(uint64(s.Value))
			w.End()
		}
		w.EndArray()
	}
	if len(n.Errors) > 0 {
		w.Key("error_code")
		w.Str(errorName(n.Errors[0]))
	}
	if request && len(n.Priorities) > 0 {
		w.Key("priority")
		w.Uint(uint64(n.Priorities[0]))
	}
	switch {
	case len(n.Errors) > 1:
		w.Key("has_multiple")
		w.Str("error_code")
	case request && len(n.Priorities) > 1:
		w.Key("has_multiple")
		w.Str("priority")
	}
}

// settingNames and errorNames are Suricata's: those of RFC 9113 without underscores.
var (
	settingNames = [...]string{1: "SETTINGSHEADERTABLESIZE", "SETTINGSENABLEPUSH", "SETTINGSMAXCONCURRENTSTREAMS", "SETTINGSINITIALWINDOWSIZE",
		"SETTINGSMAXFRAMESIZE", "SETTINGSMAXHEADERLISTSIZE", 8: "SETTINGSENABLECONNECTPROTOCOL", "SETTINGSNORFC7540PRIORITIES"}
	errorNames = [...]string{"NOERROR", "PROTOCOLERROR", "INTERNALERROR", "FLOWCONTROLERROR", "SETTINGSTIMEOUT", "STREAMCLOSED", "FRAMESIZEERROR",
		"REFUSEDSTREAM", "CANCEL", "COMPRESSIONERROR", "CONNECTERROR", "ENHANCEYOURCALM", "INADEQUATESECURITY", "HTTP11REQUIRED"}
)

func settingName(id uint16) string {
	if int(id) < len(settingNames) && settingNames[id] != "" {
		return settingNames[id]
	}
	return "SETTINGSUNKNOWN(" + strconv.Itoa(int(id)) + ")"
}

func errorName(code uint32) string {
	if int64(code) < int64(len(errorNames)) {
		return errorNames[code]
	}
	return strconv.FormatUint(uint64(code), 10)
}

// writeDoH writes the record of a transaction that carried DNS: the dns object, if it is wanted, and the http object.
func (s *specs) writeDoH(w *jsonw.Writer, e *dissect.Env) {
	t, ok := dissect.MessageOf[http.Tx](e)
	if !ok || t.HTTP2 == nil {
		return
	}
	if m, is := t.HTTP2.Carried.(*dns.Message); is {
		before := len(w.B)
		about(w, e, m, s.dns.EVE)
		if len(w.B) == before {
			return
		}
	}
	writeHTTP(w, e)
}

// context writes what alerts and files of such transactions show.
func (s *specs) context(w *jsonw.Writer, e *dissect.Env) {
	writeHTTP(w, e)
	m, _ := e.Tx.(*dns.Message)
	if t, ok := dissect.MessageOf[http.Tx](e); ok && t.HTTP2 != nil && t.HTTP2.Carried != nil {
		m, _ = t.HTTP2.Carried.(*dns.Message)
	}
	if m != nil {
		about(w, e, m, s.dns.Context)
	}
}

// about writes what write has to say of a DNS message.
func about(w *jsonw.Writer, e *dissect.Env, m *dns.Message, write func(*jsonw.Writer, *dissect.Env)) {
	old := e.Tx
	e.Tx = m
	write(w, e)
	e.Tx = old
}
