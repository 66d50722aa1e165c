package eve

import (
	"fmt"
	"net/netip"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/lang/ir"
)

// Behavioral makes the record of an alert that no rule raised. e is the event that it is about,
// nil where there is none; the evidence stands in alert.context.
func (x *Encoder) Behavioral(a *alert.Alert, e *dissect.Env) []byte {
	w := x.begin(nil)
	switch {
	case e != nil:
		x.header(w, &Head{Type: "alert", Time: a.Time, Pkt: e.Pkt, Flow: e.Flow, Dir: e.Dir})
	default:
		x.header(w, &Head{Type: "alert", Time: a.Time})
		switch {
		case a.Src.IsValid() && a.Dst.IsValid():
			x.tuple(w, packet.FromNetip(a.Src), packet.FromNetip(a.Dst), a.SrcPort, a.DstPort, a.HasPorts)
		case a.Src.IsValid(): // a correlation has no destination
			w.Key("src_ip")
			Addr(w, packet.FromNetip(a.Src))
		}
	}
	w.Open("alert")
	w.Key("action")
	w.Str("allowed")
	w.Key("gid")
	w.Int(1)
	r := &ir.Rule{ID: a.RuleID, MITRE: a.Mitre, Severity: ir.Severity(a.Severity) + ir.Info}
	w.Key("signature_id")
	w.Uint(uint64(SID(r)))
	w.Key("rev")
	w.Int(1)
	w.Key("signature")
	w.Str(a.Message)
	w.Key("category")
	w.Str("")
	w.Key("severity")
	w.Int(int64(priority(r, Class{}, false)))
	ruleMetadata(w, r)
	if len(a.Evidence) > 0 {
		w.Open("context")
		for _, ev := range a.Evidence {
			w.KeyBytes([]byte(ev.Name))
			evidenceValue(w, ev.Value)
		}
		w.End()
	}
	w.End()
	if e != nil && e.Flow != nil {
		x.appProto(w, e.Flow)
		w.Key("direction")
		w.Str(e.Dir.String())
	}
	return x.finish()
}

func evidenceValue(w *jsonw.Writer, v any) {
	switch v := v.(type) {
	case string:
		w.Str(v)
	case float64:
		w.Float(v, -1)
	case int64:
		w.Int(v)
	case bool:
		w.Bool(v)
	case netip.Addr:
		w.Addr(v)
	case []any:
		w.Array()
		for _, x := range v {
			evidenceValue(w, x)
		}
		w.EndArray()
	case []string:
		w.Array()
		for _, s := range v {
			w.Str(s)
		}
		w.EndArray()
	default:
		w.Str(fmt.Sprint(v))
	}
}
