package http

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// EVEOptions say what the EVE record holds besides its basic members; Suricata's settings of
// the http type of eve-log.
type EVEOptions struct {
	// Extended adds method, protocol, status, length and more; Suricata's default.
	Extended bool
	// DumpHeaders lists all headers: "both", "request", "response", or "" for none.
	DumpHeaders string
	// Custom names header fields to list, with Suricata's names: "accept_encoding".
	Custom []string
}

// Longest header name and value that a record lists, bytes (Suricata).
const (
	maxEVEName  = 255
	maxEVEValue = 2047
)

// write writes the http object for the transaction of e, as far as it is known.
func (o *EVEOptions) write(w *jsonw.Writer, e *dissect.Env) {
	t, ok := e.Tx.(*Tx)
	if !ok {
		return
	}
	w.Open("http")
	o.basic(w, t)
	if o.Extended {
		o.extended(w, t)
	}
	o.headers(w, "request_headers", &t.Request, o.DumpHeaders == "both" || o.DumpHeaders == "request")
	o.headers(w, "response_headers", &t.Response, o.DumpHeaders == "both" || o.DumpHeaders == "response")
	w.End()
}

// Bodies gives what is kept of both bodies, for records of alerts that show them.
func (t *Tx) Bodies() (request, response []byte) { return t.Request.Body, t.Response.Body }

func put(w *jsonw.Writer, key string, v []byte) {
	if v != nil {
		w.Key(key)
		w.Bytes(v)
	}
}

func putHeader(w *jsonw.Writer, key string, m *Message, name string) {
	if h := m.find(name); h != nil {
		w.Key(key)
		w.Bytes(h.Value)
	}
}

func (o *EVEOptions) basic(w *jsonw.Writer, t *Tx) {
	put(w, "hostname", t.Host)
	if t.Port != 0 {
		w.Key("http_port")
		w.Uint(uint64(t.Port))
	}
	put(w, "url", t.URI)
	putHeader(w, "http_user_agent", &t.Request, "user-agent")
	putHeader(w, "xff", &t.Request, "x-forwarded-for")
	if h := t.Response.find("content-type"); h != nil {
		v := h.Value
		if i := bytes.IndexByte(v, ';'); i >= 0 {
			v = v[:i]
		}
		w.Key("http_content_type")
		w.Bytes(v)
	}
	if h := t.Response.find("content-range"); h != nil {
		w.Open("content_range")
		w.Key("raw")
		w.Bytes(h.Value)
		if r, ok := parseContentRange(h.Value); ok {
			for _, x := range [...]struct {
				key string
				v   int64
			}{{"start", r.start}, {"end", r.end}, {"size", r.size}} {
				if x.v >= 0 {
					w.Key(x.key)
					w.Int(x.v)
				}
			}
		}
		w.End()
	}
}

func (o *EVEOptions) extended(w *jsonw.Writer, t *Tx) {
	putHeader(w, "http_refer", &t.Request, "referer")
	put(w, "http_method", t.Method)
	put(w, "protocol", t.Request.Protocol)
	switch {
	case t.Status > 0:
		w.Key("status")
		w.Int(int64(t.Status))
	case t.StatusText != nil:
		put(w, "status_string", t.StatusText)
	}
	putHeader(w, "redirect", &t.Response, "location")
	w.Key("length")
	w.Uint(t.Response.Len)
}

// headers lists a message's headers: all of them, or those of the custom fields.
func (o *EVEOptions) headers(w *jsonw.Writer, key string, m *Message, all bool) {
	if !all && len(o.Custom) == 0 {
		return
	}
	open := false
	for i := range m.Headers {
		h := &m.Headers[i]
		if !all && !o.wants(h.Name) {
			continue
		}
		if !open {
			w.OpenArray(key)
			open = true
		}
		w.Object()
		w.Key("name")
		w.Bytes(cString(h.Name, maxEVEName))
		w.Key("value")
		w.Bytes(cString(h.Value, maxEVEValue))
		w.End()
	}
	if open {
		w.EndArray()
	}
}

// cString cuts b at n bytes and at a NUL.
func cString(b []byte, n int) []byte {
	b = b[:min(len(b), n)]
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return b
}

// wants tells whether a header is among the custom fields, which write hyphens as underscores.
func (o *EVEOptions) wants(name []byte) bool {
	for _, f := range o.Custom {
		if len(f) != len(name) {
			continue
		}
		same := true
		for i := range name {
			c := lower(name[i])
			if c == '-' {
				c = '_'
			}
			if c != f[i] {
				same = false
				break
			}
		}
		if same && !(o.Extended && f == "referer") {
			return true
		}
	}
	return false
}
