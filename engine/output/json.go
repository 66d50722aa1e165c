package output

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/netip"

	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/engine/alert"
)

// JSON writes one JSON object a line for each alert, with the members that docs/alerts.md lists.
type JSON struct {
	name string
	w    io.Writer
	j    jsonw.Writer
}

// NewJSON makes a JSON output. name is what messages and counters call it. Every call of w.Write
// gets whole lines; what it accepts counts as written. w is closed at the end if it is an io.Closer.
func NewJSON(name string, w io.Writer) *JSON { return &JSON{name: name, w: w} }

// Name implements engine.AlertSink.
func (o *JSON) Name() string { return o.name }

// Alert implements engine.AlertSink.
func (o *JSON) Alert(a *alert.Alert) error {
	o.j.Reset()
	o.add(a)
	return o.write()
}

// Alerts implements Batcher.
func (o *JSON) Alerts(batch []alert.Alert) error {
	o.j.Reset()
	for i := range batch {
		o.add(&batch[i])
	}
	return o.write()
}

func (o *JSON) add(a *alert.Alert) {
	Write(&o.j, a)
	o.j.B = append(o.j.B, '\n')
	// A line ends what the writer is within: the next object needs no comma before it.
	o.j = jsonw.Writer{B: o.j.B}
}

// keepBuffer is the largest buffer that is kept for the next batch, bytes.
const keepBuffer = 1 << 20

func (o *JSON) write() error {
	_, err := o.w.Write(o.j.B)
	if cap(o.j.B) > keepBuffer {
		o.j.B = nil
	}
	return err
}

// Close implements engine.AlertSink.
func (o *JSON) Close() error {
	if c, ok := o.w.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Write writes an alert as an object.
func Write(w *jsonw.Writer, a *alert.Alert) {
	w.Object()
	str(w, "alert_id", a.ID)
	w.Key("timestamp")
	w.Float(float64(a.Time/1000)/1e6, 6)
	str(w, "alert_type", a.Kind.String())
	w.Key("severity")
	w.Str(upper(a.Severity))
	w.Key("severity_numeric")
	w.Int(int64(a.Severity))
	str(w, "message", a.Message)
	addr(w, "src_ip", a.Src)
	addr(w, "dst_ip", a.Dst)
	if a.HasPorts {
		w.Key("src_port")
		w.Uint(uint64(a.SrcPort))
		w.Key("dst_port")
		w.Uint(uint64(a.DstPort))
	}
	str(w, "protocol", a.Proto)
	str(w, "app_proto", a.App)
	str(w, "direction", a.Direction)
	str(w, "rule_id", a.RuleID)
	if a.Confidence > 0 {
		w.Key("confidence")
		w.Float(a.Confidence, -1)
	}
	strs(w, "tags", a.Tags)
	mitre(w, a.Mitre)
	str(w, "community_id", a.Community)
	if a.FlowID != 0 {
		w.Key("flow_id")
		w.Uint(a.FlowID)
	}
	if a.PacketNum != 0 {
		w.Key("packet")
		w.Uint(a.PacketNum)
	}
	str(w, "pcap", a.Pcap)
	if a.Folded != 0 {
		w.Key("folded")
		w.Uint(a.Folded)
	}
	w.Key("evidence")
	WriteEvidence(w, a.Evidence)
	w.End()
}

func upper(s alert.Severity) string {
	return [...]string{"INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL"}[min(s, alert.Critical)]
}

func addr(w *jsonw.Writer, k string, ip netip.Addr) {
	if ip.IsValid() {
		w.Key(k)
		w.Addr(ip)
	}
}

func str(w *jsonw.Writer, k, v string) {
	if v != "" {
		w.Key(k)
		w.Str(v)
	}
}

func strs(w *jsonw.Writer, k string, v []string) {
	w.Key(k)
	WriteStrings(w, v)
}

// WriteStrings writes an array of strings.
func WriteStrings(w *jsonw.Writer, v []string) {
	w.Array()
	for _, s := range v {
		w.Str(s)
	}
	w.EndArray()
}

// mitre writes one technique as a string, as most readers expect, and several as a list.
func mitre(w *jsonw.Writer, ids []string) {
	switch len(ids) {
	case 0:
	case 1:
		str(w, "mitre_technique", ids[0])
	default:
		str(w, "mitre_technique", ids[0])
		strs(w, "mitre_techniques", ids)
	}
}

// WriteEvidence writes evidence as an object.
func WriteEvidence(w *jsonw.Writer, list []alert.Evidence) {
	w.Object()
	for _, e := range list {
		w.KeyBytes([]byte(e.Name))
		value(w, e.Value)
	}
	w.End()
}

func value(w *jsonw.Writer, v any) {
	switch v := v.(type) {
	case string:
		w.Str(v)
	case []byte:
		w.Bytes(v)
	case json.RawMessage:
		w.Raw(v)
	case int64:
		w.Int(v)
	case uint64:
		w.Uint(v)
	case int:
		w.Int(int64(v))
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			w.Str(fmt.Sprint(v)) // JSON has no such numbers
		} else {
			w.Float(v, -1)
		}
	case bool:
		w.Bool(v)
	case netip.Addr:
		w.Addr(v)
	case []string:
		WriteStrings(w, v)
	case []any:
		w.Array()
		for _, x := range v {
			value(w, x)
		}
		w.EndArray()
	default:
		w.Str(fmt.Sprint(v))
	}
}
