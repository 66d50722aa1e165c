package output

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/engine/alert"
)

// syslogSeverity is an alert's severity as syslog's (RFC 5424 section 6.2.1).
func syslogSeverity(s alert.Severity) int {
	return [...]int{6, 5, 4, 3, 2}[min(s, alert.Critical)]
}

// cefSeverity is an alert's severity on CEF's scale of 0 to 10.
func cefSeverity(s alert.Severity) int {
	return [...]int{1, 3, 5, 8, 10}[min(s, alert.Critical)]
}

// facilities by name (RFC 5424 section 6.2.1).
var facilities = map[string]int{
	"kern": 0, "user": 1, "mail": 2, "daemon": 3, "auth": 4, "syslog": 5, "lpr": 6, "news": 7, "uucp": 8, "cron": 9,
	"authpriv": 10, "ftp": 11, "local0": 16, "local1": 17, "local2": 18, "local3": 19, "local4": 20, "local5": 21, "local6": 22, "local7": 23,
}

// enterprise is the private enterprise number in the names of our structured data: the one that
// is set aside for documentation and use without registration (RFC 5612).
const enterprise = "32473"

// formatter writes alerts as syslog messages.
type formatter struct {
	format   string // rfc5424, cef or json
	facility int
	host     string
	pid      int
	version  string
	max      int // bytes of a message
	j        jsonw.Writer
}

// message writes the whole message, header included, without framing.
func (f *formatter) message(a *alert.Alert) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<%d>", f.facility*8+syslogSeverity(a.Severity))
	switch f.format {
	case "cef":
		// CEF is carried by the older header (RFC 3164 section 4.1.2).
		fmt.Fprintf(&b, "%s %s ", a.When().Format(time.Stamp), f.host)
		f.cef(&b, a)
	case "json":
		f.header(&b, a)
		b.WriteString("- ")
		b.WriteString(f.json(a))
	default:
		f.header(&b, a)
		f.rfc5424(&b, a)
	}
	s := b.String()
	if len(s) > f.max {
		s = strings.ToValidUTF8(s[:f.max], "")
	}
	return []byte(s)
}

// header writes VERSION to MSGID (RFC 5424 section 6.2).
func (f *formatter) header(b *strings.Builder, a *alert.Alert) {
	fmt.Fprintf(b, "1 %s %s luanids %d %s ", a.When().Format("2006-01-02T15:04:05.000000Z"),
		token(f.host, 255), f.pid, token(a.RuleID, 32))
}

// token makes a header field: printable ASCII without spaces, "-" when empty.
func token(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '_'
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), limit)]
}

// rfc5424 writes the structured data and the message. Evidence is left out when it does not fit.
func (f *formatter) rfc5424(b *strings.Builder, a *alert.Alert) {
	b.WriteString("[alert@" + enterprise)
	for _, p := range params(a) {
		param(b, p[0], p[1])
	}
	b.WriteString("]")
	msg := fmt.Sprintf(" %s [%s] %s %s -> %s", Printable(a.Message), a.RuleID, a.Proto, a.Source(), a.Target())
	if len(a.Evidence) > 0 {
		var e strings.Builder
		e.WriteString("[evidence@" + enterprise)
		for _, ev := range a.Evidence {
			param(&e, ev.Name, f.value(ev.Value))
		}
		e.WriteString("]")
		if b.Len()+e.Len()+len(msg) <= f.max {
			b.WriteString(e.String())
		}
	}
	b.WriteString(msg)
}

// params are the members of an alert by the names that its JSON form has.
func params(a *alert.Alert) [][2]string {
	list := [][2]string{{"alert_id", a.ID}, {"alert_type", a.Kind.String()}, {"severity", upper(a.Severity)}, {"rule_id", a.RuleID}}
	add := func(k, v string) {
		if v != "" {
			list = append(list, [2]string{k, v})
		}
	}
	if a.Src.IsValid() {
		add("src_ip", a.Src.String())
	}
	if a.Dst.IsValid() {
		add("dst_ip", a.Dst.String())
	}
	if a.HasPorts {
		add("src_port", strconv.Itoa(int(a.SrcPort)))
		add("dst_port", strconv.Itoa(int(a.DstPort)))
	}
	add("protocol", a.Proto)
	add("app_proto", a.App)
	if a.Confidence > 0 {
		add("confidence", strconv.FormatFloat(a.Confidence, 'f', -1, 64))
	}
	add("tags", strings.Join(a.Tags, ","))
	add("mitre_technique", strings.Join(a.Mitre, ","))
	add("community_id", a.Community)
	if a.FlowID != 0 {
		add("flow_id", strconv.FormatUint(a.FlowID, 10))
	}
	if a.Folded != 0 {
		add("folded", strconv.FormatUint(a.Folded, 10))
	}
	return list
}

// param writes SP name="value" (RFC 5424 section 6.3.3).
func param(b *strings.Builder, name, value string) {
	name = strings.Map(func(r rune) rune {
		if r == '=' || r == ']' || r == '"' {
			return '_'
		}
		return r
	}, token(name, 32))
	fmt.Fprintf(b, ` %s="%s"`, name, strings.NewReplacer(`\`, `\\`, `"`, `\"`, "]", `\]`).Replace(oneLine(value)))
}

// value is a value of the evidence as text: strings as they are, the rest as JSON.
func (f *formatter) value(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	f.j.Reset()
	value(&f.j, v)
	return string(f.j.B)
}

// oneLine keeps control characters, which split or steer logs, out of a message.
func oneLine(s string) string { return Printable(strings.ToValidUTF8(s, "\ufffd")) }

func (f *formatter) json(a *alert.Alert) string {
	f.j.Reset()
	Write(&f.j, a)
	return string(f.j.B)
}

// cef writes the Common Event Format, version 0 (ArcSight, revision 25).
func (f *formatter) cef(b *strings.Builder, a *alert.Alert) {
	head := strings.NewReplacer(`\`, `\\`, "|", `\|`)
	fmt.Fprintf(b, "CEF:0|luanids|luanids|%s|%s|%s|%d|", head.Replace(f.version), head.Replace(oneLine(a.RuleID)),
		head.Replace(oneLine(a.Message)), cefSeverity(a.Severity))
	ext := strings.NewReplacer(`\`, `\\`, "=", `\=`)
	first := true
	add := func(k, v string) {
		if v == "" {
			return
		}
		v = ext.Replace(oneLine(v))
		if b.Len()+len(k)+len(v)+2 > f.max {
			return
		}
		if !first {
			b.WriteByte(' ')
		}
		first = false
		b.WriteString(k + "=" + v)
	}
	add("rt", strconv.FormatInt(a.Time/1e6, 10))
	add("externalId", a.ID)
	add("cat", a.Kind.String())
	if a.Src.Is4() {
		add("src", a.Src.String())
	} else if a.Src.IsValid() {
		add("c6a2Label", "Source IPv6 Address")
		add("c6a2", a.Src.String())
	}
	if a.Dst.Is4() {
		add("dst", a.Dst.String())
	} else if a.Dst.IsValid() {
		add("c6a3Label", "Destination IPv6 Address")
		add("c6a3", a.Dst.String())
	}
	if a.HasPorts {
		add("spt", strconv.Itoa(int(a.SrcPort)))
		add("dpt", strconv.Itoa(int(a.DstPort)))
	}
	add("proto", strings.ToUpper(a.Proto))
	add("app", a.App)
	add("cnt", strconv.FormatUint(a.Folded+1, 10))
	custom := func(n int, label, v string) {
		if v != "" {
			add(fmt.Sprintf("cs%dLabel", n), label)
			add(fmt.Sprintf("cs%d", n), v)
		}
	}
	custom(1, "mitre_technique", strings.Join(a.Mitre, ","))
	custom(2, "tags", strings.Join(a.Tags, ","))
	custom(3, "community_id", a.Community)
	if a.Confidence > 0 {
		add("cfp1Label", "confidence")
		add("cfp1", strconv.FormatFloat(a.Confidence, 'f', -1, 64))
	}
	var e []string
	for _, ev := range a.Evidence {
		e = append(e, ev.Name+": "+f.value(ev.Value))
	}
	add("msg", strings.Join(e, "; "))
}
