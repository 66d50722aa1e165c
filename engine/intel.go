package engine

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/intel"
)

// Threat intelligence is asked by the workers: the addresses of a flow when it begins, names, URLs,
// fingerprints and digests at the event at which their field is known. The database is read only and shared by
// all. What is not in it costs a look-up and no allocation; without a database no event is looked at.

// look says how the value of a field is looked up.
type look uint8

const (
	lookDomain look = iota // a name, or an address in its place
	lookIP
	lookURL
	lookHash
	lookJA3
	lookJA4
	lookMail // an address or list of addresses in angle brackets: the domain is what counts
	lookRequest
)

// intelFields are the fields whose values are looked up, each at its event. Protocols that are not there,
// or switched off, are left out.
var intelFields = []struct {
	field string
	how   look
}{
	{"dns.rrname", lookDomain}, // the question
	{"dns.response.rrname", lookDomain},
	{"dns.answers.ip", lookIP},
	{"tls.sni", lookDomain},
	{"tls.san", lookDomain},
	{"tls.subject", lookDomain}, // its common name
	{"tls.fingerprint", lookHash},
	{"ja3.hash", lookJA3},
	{"ja3s.hash", lookJA3},
	{"ja4.hash", lookJA4},
	{"quic.sni", lookDomain},
	{"quic.ja3.hash", lookJA3},
	{"quic.ja4.hash", lookJA4},
	{"http.host", lookDomain},
	{"http.uri.raw", lookRequest},
	{"smtp.mail_from", lookMail},
	{"smtp.rcpt_to", lookMail},
	{"email.from", lookMail},
	{"email.link", lookURL},
	{"file.md5", lookHash},
	{"file.sha1", lookHash},
	{"file.sha256", lookHash},
}

// intelField is a field to be looked up.
type intelField struct {
	field *dissect.Field
	how   look
}

// intelView is a worker's view of the feeds.
type intelView struct {
	db      *intel.DB // nil: none
	byEvent [][]intelField
	ips     bool           // there are addresses or networks
	host    *dissect.Field // of an HTTP request, for its URL
}

// maxFlowIndicators is how many indicators one flow reports; more tell nothing new.
const maxFlowIndicators = 64

// intelNeeds asks parsers for the digests that the feeds have indicators of.
func intelNeeds(l *dissect.Limits, db *intel.DB) {
	md5, sha1, sha256 := db.Digests()
	l.HashMD5, l.HashSHA1, l.HashSHA256 = l.HashMD5 || md5, l.HashSHA1 || sha1, l.HashSHA256 || sha256
}

// useIntel makes a view of a database, and asks for the events that it takes.
func (j *judge) useIntel(db *intel.DB, schema *dissect.Schema) {
	if db == nil || db.Total() == 0 {
		return
	}
	v := intelView{db: db, byEvent: make([][]intelField, len(schema.Events)), ips: db.Len(intel.IP)+db.Len(intel.Net) > 0,
		host: schema.Field("http.host.raw")}
	for _, x := range intelFields {
		f := schema.Field(x.field)
		if f == nil || !v.has(x.how) {
			continue
		}
		ev, ok := schema.EventByName(f.Event)
		if !ok {
			continue
		}
		v.byEvent[ev] = append(v.byEvent[ev], intelField{f, x.how})
		j.want(ev)
	}
	j.intel = v
}

// has tells whether the database has anything for a kind of look-up.
func (v *intelView) has(how look) bool {
	names := v.db.Len(intel.Domain)+v.db.Len(intel.Suffix) > 0
	switch how {
	case lookIP:
		return v.ips
	case lookURL, lookRequest:
		return v.db.Len(intel.URL) > 0
	case lookHash:
		return v.db.Len(intel.Hash) > 0
	case lookJA3:
		return v.db.Len(intel.JA3) > 0
	case lookJA4:
		return v.db.Len(intel.JA4) > 0
	case lookMail:
		return names
	}
	return names || v.ips
}

// intelFlow looks up the ends of a new flow.
func (w *worker) intelFlow(f *flowtable.Flow) {
	if !w.rules.intel.ips {
		return
	}
	e := dissect.Env{Event: dissect.EvFlowStart, Dir: dissect.ToServer, Time: w.now, Pkt: w.pkt, Flow: &f.Flow}
	for i, end := range [...]netip.Addr{f.Key.Src.Netip(), f.Key.Dst.Netip()} {
		if m, ok := w.rules.intel.db.IP(end, w.now); ok {
			w.indicator(&e, f, &m, [...]string{"client.ip", "server.ip"}[i], end.String())
		}
	}
}

// intelEvent looks up what an event tells.
func (w *worker) intelEvent(id dissect.EventID, e *dissect.Env) {
	for i := range w.rules.intel.byEvent[id] {
		x := &w.rules.intel.byEvent[id][i]
		switch f := x.field; {
		case f.Bytes != nil:
			if b := f.Bytes(e); len(b) > 0 {
				w.intelValue(x, e, b)
			}
		case f.BytesN != nil:
			for n := 0; ; n++ {
				b, ok := f.BytesN(e, n)
				if !ok {
					break
				}
				w.intelValue(x, e, b)
			}
		case f.IPN != nil:
			for n := 0; ; n++ {
				ip, ok := f.IPN(e, n)
				if !ok {
					break
				}
				if m, ok := w.rules.intel.db.IP(ip, e.Time); ok {
					w.indicator(e, w.flow, &m, f.Name, ip.String())
				}
			}
		}
	}
}

// intelValue looks up one value of a field.
func (w *worker) intelValue(x *intelField, e *dissect.Env, b []byte) {
	db, now := w.rules.intel.db, e.Time
	var m intel.Match
	var ok bool
	switch x.how {
	case lookDomain:
		if x.field.Name == "tls.subject" {
			b = commonName(b)
		}
		if m, ok = db.DomainBytes(b, now); !ok && w.rules.intel.ips && addressLike(b) {
			if ip, err := netip.ParseAddr(strings.Trim(string(b), "[]")); err == nil {
				m, ok = db.IP(ip, now)
			}
		}
	case lookURL:
		m, ok = db.URLBytes(b, now)
	case lookRequest:
		if host := w.rules.intel.host; host != nil {
			m, ok = db.Request(host.Bytes(e), b, now)
		}
	case lookHash:
		m, ok = db.HashText(b, now)
	case lookJA3:
		m, ok = db.JA3Bytes(b, now)
	case lookJA4:
		m, ok = db.JA4Bytes(b, now)
	case lookMail:
		m, ok = mailDomain(db, b, now)
	}
	if ok {
		w.indicator(e, w.flow, &m, x.field.Name, text(b))
	}
}

// addressLike tells whether a host may be written as an address, cheaply.
func addressLike(b []byte) bool {
	marks := 0
	for _, c := range b {
		switch {
		case c == '.' || c == ':':
			marks++
		case c >= '0' && c <= '9' || c == '[' || c == ']':
		case c|0x20 < 'a' || c|0x20 > 'f':
			return false
		}
	}
	return marks > 1 && len(b) <= 48
}

// commonName gives the CN of a subject, C=US, O=Example, CN=example.org.
func commonName(b []byte) []byte {
	at := strings.Index(string(b), "CN=")
	if at < 0 {
		return nil
	}
	b = b[at+3:]
	if end := strings.IndexByte(string(b), ','); end >= 0 {
		b = b[:end]
	}
	return b
}

// maxMailDomains bounds the addresses of one header that are looked up.
const maxMailDomains = 64

// mailDomain looks up the domains of the mail addresses in a header (RFC 5321 section 4.1.2).
func mailDomain(db *intel.DB, b []byte, now int64) (intel.Match, bool) {
	for range maxMailDomains {
		at := strings.IndexByte(string(b), '@')
		if at < 0 {
			break
		}
		b = b[at+1:]
		end := 0
		for end < len(b) && (b[end] == '.' || b[end] == '-' || b[end] >= '0' && b[end] <= '9' || b[end]|0x20 >= 'a' && b[end]|0x20 <= 'z' || b[end] >= 0x80) {
			end++
		}
		if m, ok := db.DomainBytes(b[:end], now); ok {
			return m, true
		}
		b = b[end:]
	}
	return intel.Match{}, false
}

// intelRules are the rule ids of alerts by the kind of their indicator.
var intelRules = [...]string{intel.IP: "INTEL-IP", intel.Net: "INTEL-IP", intel.Domain: "INTEL-DOMAIN", intel.Suffix: "INTEL-DOMAIN",
	intel.URL: "INTEL-URL", intel.Hash: "INTEL-HASH", intel.JA3: "INTEL-JA3", intel.JA4: "INTEL-JA4"}

// intelMitre are the techniques that go with the categories that feeds commonly have (ATT&CK).
var intelMitre = map[string]string{"c2": "T1071", "botnet": "T1071", "botnet_cc": "T1071", "tor": "T1090.003", "tor_exit": "T1090.003", "phishing": "T1566",
	"cryptomining": "T1496", "scanner": "T1595", "tunnel": "T1572", "dyndns": "T1568", "dga": "T1568.002", "oast": "T1190", "exfiltration": "T1041"}

// indicator raises the alert of a hit, once a flow and indicator. Its source is the client of the flow, whoever sent
// the message in which the value stood: the client is who has to do with it.
func (w *worker) indicator(e *dissect.Env, f *flowtable.Flow, m *intel.Match, field, value string) {
	if f != nil && !w.firstOfFlow(f, m) {
		return
	}
	env := *e
	env.Dir = dissect.ToServer
	a := &alert.Alert{Kind: alert.ThreatIntel, Time: e.Time, RuleID: intelRules[m.Kind], Severity: alert.Severity(m.Severity),
		Confidence: float64(m.Confidence) / 100, Tags: []string{"threat_intel"}}
	a.Message = fmt.Sprintf("Threat intel: %s %s", m.Kind, m.Indicator)
	if m.Category != "" {
		a.Message += " (" + m.Category + ")"
		a.Tags = append(a.Tags, m.Category)
	}
	if t := intelMitre[strings.ToLower(m.Category)]; t != "" {
		a.Mitre = []string{t}
	}
	a.Evidence = intelEvidence(m, field, value)
	if f != nil {
		a.FlowID = f.ID
		f.Alerts++
	}
	w.rules.seq++
	a.SetID(fold(a.FlowID^uint64(e.Time), w.stamp<<16+w.rules.seq))
	w.endpoints(a, &env)
	if w.eve != nil && w.eve.Options().Core[eve.Alert] {
		a.EVE = w.eve.Behavioral(a, &env)
	}
	w.stats.intel++
	w.out.records = append(w.out.records, record{stamp: w.stamp, serial: w.serial, alert: a})
}

func intelEvidence(m *intel.Match, field, value string) []alert.Evidence {
	list := []alert.Evidence{{Name: "indicator", Value: m.Indicator}, {Name: "indicator_type", Value: m.Kind.String()},
		{Name: "field", Value: field}, {Name: "value", Value: value}, {Name: "feed", Value: m.Feed},
		{Name: "category", Value: m.Category}, {Name: "severity", Value: m.Severity.String()}}
	if m.Description != "" {
		list = append(list, alert.Evidence{Name: "description", Value: m.Description})
	}
	if m.Confidence > 0 {
		list = append(list, alert.Evidence{Name: "confidence", Value: float64(m.Confidence) / 100})
	}
	if m.Expires > 0 {
		list = append(list, alert.Evidence{Name: "expires", Value: m.Expires})
	}
	return list
}

// firstOfFlow notes an indicator and tells whether the flow has not reported it yet.
func (w *worker) firstOfFlow(f *flowtable.Flow, m *intel.Match) bool {
	h := idNumber(m.Indicator) ^ uint64(m.Kind)
	for _, old := range f.Indicators {
		if old == h {
			return false
		}
	}
	if len(f.Indicators) >= maxFlowIndicators {
		w.stats.intelCapped++
		return false
	}
	f.Indicators = append(f.Indicators, h)
	return true
}
