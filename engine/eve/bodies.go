package eve

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// ShowsBodies tells whether alerts show bodies of HTTP, which parsers have to keep for it.
func (o *Options) ShowsBodies() bool {
	return o.Core[Alert] && o.Alerts.Metadata && o.Alerts.AppLayer && (o.Alerts.HTTPBody || o.Alerts.HTTPBodyPrint)
}

// httpBodies adds the bodies to the http object that was just written, where an alert is to show them.
func (x *Encoder) httpBodies(w *jsonw.Writer, e *dissect.Env) {
	t, ok := e.Tx.(interface {
		Bodies() (request, response []byte)
	})
	if !ok || !x.opt.ShowsBodies() || w.B[len(w.B)-1] != '}' {
		return
	}
	request, response := t.Bodies()
	o := &x.opt.Alerts
	w.Reopen()
	for _, b := range [...]struct {
		key  string
		data []byte
	}{{"http_request_body", request}, {"http_response_body", response}} {
		if len(b.data) == 0 {
			continue
		}
		if o.HTTPBodyPrint {
			w.Key(b.key + "_printable")
			w.Printable(b.data)
		}
		if o.HTTPBody {
			w.Key(b.key)
			w.Base64(b.data)
		}
	}
	w.End()
}
