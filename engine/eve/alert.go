package eve

import (
	"math"
	"slices"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/filefields"
	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/lang/ir"
)

// Class is a class of rules: what Suricata's classification.config gives.
type Class struct {
	Description string
	Priority    int
}

// AlertOf appends the record of an alert of rule r about e. at is where the rule's object stands in the record, so that another
// rule's can take its place (see Other).
func (x *Encoder) AlertOf(dst []byte, e *dissect.Env, r *ir.Rule) (record []byte, at [2]int) {
	w := x.begin(dst)
	h := Head{Type: "alert", Time: e.Time, Pkt: e.Pkt, Flow: e.Flow, Dir: e.Dir}
	h.Client = x.xff.alert.replaced(e)
	h.ByPacket = e.Pkt != nil && (e.Event == dissect.EvPacket || e.Flow == nil)
	x.header(w, &h)
	at = x.alertMessage(w, e, r)
	at[0], at[1] = at[0]-len(dst), at[1]-len(dst)
	x.tunnel(w, e.Pkt)
	x.alertFlow(w, e.Flow, e.Dir)
	x.alertPayload(w, e)
	x.alertPacket(w, e.Pkt)
	x.alertVerdict(w, r, e)
	return x.finish(), at
}

// alertMessage writes what an alert says of its rule and of the message that it is about.
func (x *Encoder) alertMessage(w *jsonw.Writer, e *dissect.Env, r *ir.Rule) (at [2]int) {
	txNumber(w, e)
	if e.Guessed {
		w.Key("tx_guessed")
		w.Bool(true)
	}
	w.Key("alert")
	at[0] = len(w.B)
	w.Object()
	x.alert(w, r, e)
	w.End()
	at[1] = len(w.B)
	x.alertContext(w, e)
	return at
}

func (x *Encoder) alertVerdict(w *jsonw.Writer, r *ir.Rule, e *dissect.Env) {
	if !x.opt.Alerts.Verdict {
		return
	}
	w.Open("verdict")
	w.Key("action")
	w.Str(verdict(r.Action))
	if r.Action == ir.Reject {
		w.Key("reject-target")
		w.Str(rejectTarget(r))
		w.OpenArray("reject")
		switch transport(e) {
		case packet.ProtoUDP, packet.ProtoICMP, packet.ProtoICMPv6:
			w.Str("icmp-prohib")
		case packet.ProtoTCP:
			w.Str("tcp-reset")
		}
		w.EndArray()
	}
	w.End()
}

// rejectTarget says whose end a rule with action reject names, in Suricata's words: a rule of Suricata's by its first word; others
// name both.
func rejectTarget(r *ir.Rule) string {
	action, _, _ := strings.Cut(r.Text, " ")
	switch action {
	case "reject", "rejectsrc":
		return "to_client"
	case "rejectdst":
		return "to_server"
	}
	return "both"
}

// transport is the IP protocol of what an event is about, 0 for none.
func transport(e *dissect.Env) uint8 {
	switch {
	case e.Flow != nil:
		return e.Flow.Key.Proto
	case e.Pkt != nil:
		return e.Pkt.IPProto
	}
	return 0
}

// Other makes the record of another rule's alert about the same event.
func (x *Encoder) Other(record []byte, at [2]int, r *ir.Rule) []byte {
	x.w.Reset()
	x.w.Object()
	x.alert(&x.w, r, &dissect.Env{})
	x.w.End()
	out := append([]byte(nil), record[:at[0]]...)
	out = append(out, x.w.B...)
	return append(out, record[at[1]:]...)
}

func verdict(a ir.Action) string {
	if a == ir.Pass {
		return "pass"
	}
	return "alert"
}

func (x *Encoder) alert(w *jsonw.Writer, r *ir.Rule, e *dissect.Env) {
	w.Members(x.ruleMembers(r))
	x.target(w, r, e)
	if x.opt.Alerts.RuleRaw {
		w.Key("rule")
		w.Str(r.Text)
	}
	if x.opt.Alerts.RuleReference && len(r.References) > 0 {
		w.OpenArray("references")
		for _, ref := range r.References {
			w.Str(x.opt.reference(ref))
		}
		w.EndArray()
	}
	x.xff.alert.member(w, e)
	if len(x.Context) > 0 {
		w.Open("context")
		w.Members(x.Context)
		w.End()
	}
}

// maxRuleMembers is how many rules an encoder remembers the members of: far more than fire often.
const maxRuleMembers = 1024

// ruleMembers gives the members that are the same in all alerts of a rule. They are written once.
func (x *Encoder) ruleMembers(r *ir.Rule) []byte {
	b, ok := x.rules[r]
	if !ok {
		if len(x.rules) >= maxRuleMembers {
			clear(x.rules)
		}
		if x.rules == nil {
			x.rules = map[*ir.Rule][]byte{}
		}
		b = slices.Clip(x.appendRule(nil, r))
		x.rules[r] = b
	}
	return b
}

func (x *Encoder) appendRule(dst []byte, r *ir.Rule) []byte {
	w := &jsonw.Writer{B: dst}
	w.Key("action")
	if r.Action == ir.Reject {
		w.Str("blocked") // what the rule asks for: Suricata says so too where it only listens
	} else {
		w.Str("allowed")
	}
	w.Key("gid")
	w.Uint(uint64(max(r.GID, 1)))
	w.Key("signature_id")
	w.Uint(uint64(SID(r)))
	w.Key("rev")
	w.Uint(uint64(r.Rev))
	w.Key("signature")
	w.Str(r.Msg)
	class, known := x.opt.Classes[r.Classtype]
	w.Key("category")
	w.Str(class.Description)
	w.Key("severity")
	w.Int(int64(priority(r, class, known)))
	if x.opt.Alerts.RuleMetadata && x.opt.Alerts.Metadata {
		ruleMetadata(w, r)
	}
	return w.B
}

// reference completes a reference with its kind's prefix.
func (o *Options) reference(r ir.KV) string {
	if p, ok := o.References[strings.ToLower(r.Key)]; ok && !strings.Contains(r.Value, "://") {
		return p + r.Value
	}
	return r.Value
}

// SID gives a rule's signature_id: its own, or a number that follows from its name.
func SID(r *ir.Rule) uint32 {
	if r.SID != 0 {
		return r.SID
	}
	h := uint32(2166136261) // FNV-1a
	for i := range len(r.ID) {
		h = (h ^ uint32(r.ID[i])) * 16777619
	}
	return h&0x3fffffff | 0x40000000
}

// priority is 1 for the worst: the rule's own, its class's, or what its severity amounts to.
func priority(r *ir.Rule, c Class, known bool) int {
	switch {
	case r.Priority > 0:
		return r.Priority
	case known && c.Priority > 0:
		return c.Priority
	}
	switch r.Severity {
	case ir.Critical, ir.High:
		return 1
	case ir.Medium:
		return 2
	case ir.Low, ir.NoSeverity:
		return 3
	}
	return 4
}

// ruleMetadata writes the rule's metadata, values of one key together, and what only .nids
// rules have: their name and MITRE technique.
func ruleMetadata(w *jsonw.Writer, r *ir.Rule) {
	named := r.SID == 0
	if len(r.Metadata) == 0 && !named && len(r.MITRE) == 0 {
		return
	}
	w.Open("metadata")
	for i, kv := range r.Metadata {
		if seen(r.Metadata[:i], kv.Key) {
			continue
		}
		w.KeyBytes([]byte(kv.Key))
		w.Array()
		for _, other := range r.Metadata[i:] {
			if other.Key == kv.Key {
				w.Str(other.Value)
			}
		}
		w.EndArray()
	}
	if named && !seen(r.Metadata, "rule_id") {
		w.OpenArray("rule_id")
		w.Str(r.ID)
		w.EndArray()
	}
	if len(r.MITRE) > 0 && !seen(r.Metadata, "mitre_technique_id") {
		w.OpenArray("mitre_technique_id")
		for _, m := range r.MITRE {
			w.Str(m)
		}
		w.EndArray()
	}
	w.End()
}

func seen(list []ir.KV, key string) bool {
	for _, kv := range list {
		if kv.Key == key {
			return true
		}
	}
	return false
}

// target says who attacks whom, for rules that tell.
func (x *Encoder) target(w *jsonw.Writer, r *ir.Rule, e *dissect.Env) {
	if r.Target == "" {
		return
	}
	var src, dst packet.Addr
	var sp, dp uint16
	switch {
	case e.Flow != nil:
		src, sp, dst, dp = e.Flow.Key.Src, e.Flow.Key.SrcPort, e.Flow.Key.Dst, e.Flow.Key.DstPort
		if e.Dir == dissect.ToClient {
			src, sp, dst, dp = dst, dp, src, sp
		}
	case e.Pkt != nil && e.Pkt.IPVersion != 0:
		src, sp, dst, dp = e.Pkt.Src, e.Pkt.SrcPort, e.Pkt.Dst, e.Pkt.DstPort
	default:
		return
	}
	if r.Target == "src_ip" {
		src, sp, dst, dp = dst, dp, src, sp
	}
	end := func(key string, ip packet.Addr, port uint16) {
		w.Open(key)
		w.Key("ip")
		Addr(w, ip)
		if hasPorts(transport(e)) {
			w.Key("port")
			w.Uint(uint64(port))
		}
		w.End()
	}
	end("source", src, sp)
	end("target", dst, dp)
}

func (x *Encoder) alertContext(w *jsonw.Writer, e *dissect.Env) {
	o := &x.opt.Alerts
	x.frame(w, e)
	if o.AppLayer && o.Metadata {
		x.context(w, e)
		x.httpBodies(w, e)
	}
	if f := fileOf(e); f != nil && o.RuleMetadata && o.Metadata { // Suricata's files go with the rule's metadata
		w.OpenArray("files")
		filefields.EVEObject(w, f)
		w.EndArray()
	}
}

// fileOf is the file that an alert is about, or that the message which it is about carries; nil for none.
func fileOf(e *dissect.Env) *dissect.File {
	if e.File != nil || e.Flow == nil {
		return e.File
	}
	if f := e.Flow.Files[e.Dir]; f != nil && f.CarriedBy(e.Tx) {
		return f
	}
	return nil
}

// alertFlow writes what an alert says of its flow, nil for none.
func (x *Encoder) alertFlow(w *jsonw.Writer, f *dissect.Flow, dir dissect.Dir) {
	if f == nil {
		return
	}
	x.appProto(w, f)
	w.Key("direction")
	w.Str(dir.String())
	if o := &x.opt.Alerts; o.Flow && o.Metadata {
		w.Open("flow")
		counters(w, f)
		w.Key("start")
		x.Time(w, f.Start)
		k := &f.Key
		w.Key("src_ip")
		Addr(w, k.Src)
		w.Key("dest_ip")
		Addr(w, k.Dst)
		if hasPorts(k.Proto) {
			w.Key("src_port")
			w.Uint(uint64(k.SrcPort))
			w.Key("dest_port")
			w.Uint(uint64(k.DstPort))
		}
		w.End()
	}
}

func (x *Encoder) alertPayload(w *jsonw.Writer, e *dissect.Env) {
	o := &x.opt.Alerts
	if e.Pkt == nil {
		return
	}
	stream := e.Flow != nil && e.Event != dissect.EvPacket && e.Flow.Key.Proto == 6
	data := e.Pkt.Payload
	if stream && e.Event == dissect.EvStreamData {
		data = e.Data
	}
	if n := o.PayloadBuffer; n > 0 && stream && len(data) > n {
		data = data[:n]
	}
	x.payload(w, data, stream)
}

// payload writes the payload of an alert.
func (x *Encoder) payload(w *jsonw.Writer, data []byte, stream bool) {
	o := &x.opt.Alerts
	if o.Payload && len(data) > 0 {
		w.Key("payload")
		w.Base64(data)
	}
	if o.PayloadPrintable && len(data) > 0 {
		w.Key("payload_printable")
		w.Printable(data)
	}
	if o.PayloadLength {
		w.Key("payload_length")
		w.Int(int64(len(data)))
	}
	if o.Payload || o.PayloadPrintable {
		w.Key("stream")
		w.Int(boolInt(stream))
	}
}

// alertPacket writes the bytes of a packet, nil for none.
func (x *Encoder) alertPacket(w *jsonw.Writer, p *packet.Packet) {
	if p == nil || !x.opt.Alerts.Packet {
		return
	}
	packetBytes(w, p, math.MaxInt)
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
