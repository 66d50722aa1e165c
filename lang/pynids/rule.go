package pynids

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/syntax"
)

// problem is why a rule cannot be translated.
type problem struct {
	node *yaml.Node // where, nil: the rule
	at   string     // field, operator or key
	why  string
}

func fail(n *yaml.Node, at, format string, args ...any) *problem {
	return &problem{node: n, at: at, why: fmt.Sprintf(format, args...)}
}

// writer makes one rule.
type writer struct {
	out    strings.Builder
	id     string
	title  string
	fields []*field // that the conditions name, in order
	// payload: a condition is about the packet's bytes.
	payload bool
	depth   int
	nodes   int // of conditions, so far
	// protocols are those whose messages the rule is about.
	protocols map[string]bool
	// only, if not "", is the protocol that this variant of the rule is about: fields of others are not there.
	only string
}

// noMessage is the variant of a rule on packets that are of no protocol's message.
const noMessage = "packet"

// keys are what rules may have, with the statement that each becomes; nil: read elsewhere.
var keys = map[string]func(*writer, *yaml.Node) *problem{
	"id": nil, "rule_id": nil, "description": nil, "name": nil, "message": nil, "msg": nil, "title": nil, "match": nil, "enabled": nil,
	"severity": (*writer).severity, "confidence": (*writer).confidence, "mitre": (*writer).mitre, "mitre_technique": (*writer).mitre,
	"mitre_attack": (*writer).mitre, "tags": (*writer).tags, "threshold": (*writer).threshold, "action": (*writer).action,
	"references": (*writer).references, "reference": (*writer).references, "metadata": (*writer).metadata,
	"category": note("category"), "author": note("author"), "created": note("created"), "updated": note("updated"), "date": note("date"),
	"version": note("version"), "notes": note("notes"), "comment": note("comment"), "type": note("type"),
	"tactic": note("tactic"), "mitre_tactic": note("tactic"), "cve": (*writer).cve, "false_positives": (*writer).falsePositives,
}

// order is in which order statements are written.
var order = []string{"severity", "confidence", "mitre", "mitre_technique", "mitre_attack", "tags", "threshold", "action", "references",
	"reference", "cve", "false_positives", "metadata", "category", "author", "created", "updated", "date", "version", "notes", "comment", "type",
	"tactic", "mitre_tactic"}

// rule translates one rule.
func (t *translator) rule(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		t.skip(n, "", fail(n, "", "expected a rule with id:, match: and so on"))
		return
	}
	w := &writer{id: scalar(first(n, "id", "rule_id")), title: scalar(first(n, "description", "name", "title", "message", "msg")), protocols: map[string]bool{}}
	text, p := w.rule(n)
	if p != nil {
		t.skip(n, w.id, p)
		return
	}
	if line, ok := t.ids[w.id]; ok {
		t.skip(n, w.id, fail(n, "id", "the rule of line %d has the same", line))
		return
	}
	t.ids[w.id] = n.Line
	texts := []string{text}
	if len(w.protocols) > 1 {
		if texts = w.variants(n); len(texts) == 0 {
			t.skip(n, w.id, fail(n, "match", "names fields of %s: no packet has both, and the rule never matches", strings.Join(sorted(w.protocols), " and ")))
			return
		}
	}
	if v := value(n, "enabled"); v != nil && !truth(v) {
		return
	}
	for _, text := range texts {
		t.out = append(t.out, translated{id: w.id, nids: text, from: n.Line, to: lastLine(n) + 1, col: n.Column})
	}
}

// variants makes a rule on messages of several protocols one for each. The first has the rule's id, the others
// have it with the protocol.
func (w *writer) variants(n *yaml.Node) (texts []string) {
	for _, of := range append(sorted(w.protocols), noMessage) {
		v := &writer{id: w.id, title: w.title, protocols: map[string]bool{}, only: of}
		if len(texts) > 0 {
			v.id += "." + of
		}
		if text, p := v.rule(n); p == nil && text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

func sorted(m map[string]bool) (list []string) {
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

// first gives the value of the first of these keys.
func first(n *yaml.Node, keys ...string) *yaml.Node {
	for _, k := range keys {
		if v := value(n, k); v != nil {
			return v
		}
	}
	return nil
}

func scalar(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

func truth(n *yaml.Node) bool {
	var b bool
	return n.Decode(&b) == nil && b
}

func lastLine(n *yaml.Node) int {
	last := n.Line
	for _, c := range n.Content {
		if c.Kind != yaml.AliasNode { // what it stands for is elsewhere
			last = max(last, lastLine(c))
		}
	}
	if n.Kind == yaml.ScalarNode {
		last += strings.Count(strings.TrimRight(n.Value, "\n"), "\n")
	}
	return last
}

// rule writes the rule on one line; "" for a variant that never matches.
func (w *writer) rule(n *yaml.Node) (string, *problem) {
	if w.id == "" {
		return "", fail(n, "id", "the rule has none")
	}
	known := knownKeys()
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if first := value(n, k.Value); first != deref(n.Content[i+1]) {
			return "", fail(k, k.Value, "is given twice")
		}
		if _, ok := keys[k.Value]; !ok {
			return "", fail(k, k.Value, "unknown key%s: nobody can tell how it changes the rule", hint(k.Value, known))
		}
	}
	match := value(n, "match")
	if match == nil {
		return "", fail(n, "match", "the rule has none, so it would match everything")
	}
	cond, p := w.match(match)
	if p != nil {
		return "", p
	}
	if cond == fails && w.only != "" {
		return "", nil
	}
	if cond == holds || cond == fails {
		return "", fail(match, "match", "is always %s", cond)
	}
	fmt.Fprintf(&w.out, "rule %s %s { when %s", quoteID(w.id), syntax.Quote(w.title), cond)
	if w.payload {
		w.stmt("inspect packet")
	}
	for _, k := range order {
		if v := value(n, k); v != nil && v.Tag != "!!null" {
			if p := keys[k](w, v); p != nil {
				if p.node == nil {
					p.node = v
				}
				if p.at == "" {
					p.at = k
				}
				return "", p
			}
		}
	}
	if e := w.evidence(); len(e) > 0 {
		w.stmt("evidence " + strings.Join(e, ", "))
	}
	w.out.WriteString(" }")
	if strings.ContainsAny(w.out.String(), "\n\r") {
		return "", fail(n, "", "a pattern has a line end that cannot be written")
	}
	return w.out.String(), nil
}

func knownKeys() []string {
	var list []string
	for k := range keys {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

func hint(word string, among []string) string {
	if near := diag.Nearest(word, among); len(near) > 0 {
		return " (did you mean " + strings.Join(near, " or ") + "?)"
	}
	return ""
}

func quoteID(id string) string {
	if isWord(id) {
		return id
	}
	return syntax.Quote(id)
}

func isWord(s string) bool { return wordRE.MatchString(s) }

var wordRE = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*$`)

func (w *writer) stmt(s string) { w.out.WriteString(" " + s) }

// evidence is what alerts show: what the rule asks about, and of HTTP what the request was.
func (w *writer) evidence() (list []string) {
	add := func(names ...string) {
		for _, name := range names {
			if !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
	}
	for _, f := range w.fields {
		if strings.HasPrefix(f.evidence, "http.") {
			add("http.method", "http.host", "http.uri")
		}
	}
	for _, f := range w.fields {
		if f.evidence != "" {
			add(f.evidence)
		}
	}
	return list
}

func (w *writer) severity(n *yaml.Node) *problem {
	s := strings.ToLower(scalar(n))
	if s == "informational" {
		s = "info"
	}
	if !slices.Contains([]string{"info", "low", "medium", "high", "critical"}, s) {
		return fail(n, "", "%q is none of INFO, LOW, MEDIUM, HIGH, CRITICAL", n.Value)
	}
	w.stmt("severity " + s)
	return nil
}

func (w *writer) confidence(n *yaml.Node) *problem {
	f, err := strconv.ParseFloat(scalar(n), 64)
	if err != nil || !(f >= 0 && f <= 1) {
		return fail(n, "", "%q is no number from 0 to 1", n.Value)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	w.stmt("confidence " + s)
	return nil
}

var mitreID = regexp.MustCompile(`\b(T\d{4}(\.\d{3})?|TA\d{4})\b`)

func (w *writer) mitre(n *yaml.Node) *problem {
	var ids []string
	for _, v := range items(n) {
		found := mitreID.FindAllString(scalar(v), -1)
		if len(found) == 0 {
			return fail(v, "", "%q names no technique such as T1110.001", v.Value)
		}
		ids = append(ids, found...)
	}
	if len(ids) > 0 {
		w.stmt("mitre " + strings.Join(ids, ", "))
	}
	return nil
}

// items gives the elements of a list, or a single value as a list of one.
func items(n *yaml.Node) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		return []*yaml.Node{n}
	}
	out := make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		out[i] = deref(c)
	}
	return out
}

// tags writes free words; what a word cannot have becomes an underscore.
func (w *writer) tags(n *yaml.Node) *problem {
	var tags []string
	for _, v := range items(n) {
		for _, s := range strings.Split(scalar(v), ",") {
			if s = tagOf(strings.TrimSpace(s)); s != "" {
				tags = append(tags, s)
			}
		}
	}
	if len(tags) > 0 {
		w.stmt("tags " + strings.Join(tags, ", "))
	}
	return nil
}

var notTag = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

func tagOf(s string) string {
	s = strings.Trim(notTag.ReplaceAllString(s, "_"), "-")
	if s != "" && !isWord(s) {
		s = "_" + strings.ReplaceAll(s, "-", "_")
	}
	return s
}

// tracks are what a threshold can count by.
var tracks = map[string]string{"src_ip": "src.ip", "by_src": "src.ip", "src": "src.ip", "dst_ip": "dst.ip", "by_dst": "dst.ip", "dst": "dst.ip",
	"by_both": "src.ip, dst.ip", "both": "src.ip, dst.ip", "global": "", "by_rule": "", "none": "", "src_port": "src.port", "dst_port": "dst.port"}

// threshold writes count and seconds. PyNIDS counts for each source.
func (w *writer) threshold(n *yaml.Node) *problem {
	if n.Kind != yaml.MappingNode {
		return fail(n, "", "expected count: and seconds:")
	}
	count, seconds, by := 0, 0.0, []string{"src.ip"}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], deref(n.Content[i+1])
		var err error
		switch k.Value {
		case "count", "hits":
			count, err = strconv.Atoi(scalar(v))
		case "seconds", "window":
			seconds, err = strconv.ParseFloat(scalar(v), 64)
		case "track", "by", "track_by", "group_by", "key":
			if by, err = trackBy(v); err != nil {
				return fail(v, "threshold."+k.Value, "%v", err)
			}
		default:
			return fail(k, "threshold."+k.Value, "unknown key: count, seconds and track are known")
		}
		if err != nil {
			return fail(v, "threshold."+k.Value, "%q is no number", v.Value)
		}
	}
	if count < 1 || count > 1<<31-1 || !(seconds > 0 && seconds <= 1e9) {
		return fail(n, "", "wants count: of at least 1 and seconds: above 0")
	}
	if count == 1 {
		return nil // every hit alerts
	}
	s := fmt.Sprintf("threshold %d in %s", count, millis(seconds))
	if len(by) > 0 {
		s += " by " + strings.Join(by, ", ")
	}
	w.stmt(s)
	return nil
}

func trackBy(n *yaml.Node) ([]string, error) {
	var by []string
	for _, v := range items(n) {
		s, ok := tracks[scalar(v)]
		if !ok {
			return nil, fmt.Errorf("%q is none of src_ip, dst_ip, both, global", v.Value)
		}
		if s != "" {
			by = append(by, s)
		}
	}
	return by, nil
}

// millis writes seconds as a duration.
func millis(seconds float64) string {
	ms := int64(seconds*1000 + 0.5)
	if ms%1000 == 0 {
		return strconv.FormatInt(ms/1000, 10) + "s"
	}
	return strconv.FormatInt(max(ms, 1), 10) + "ms"
}

func (w *writer) action(n *yaml.Node) *problem {
	switch s := scalar(n); s {
	case "alert", "log":
	case "pass", "drop", "reject":
		w.stmt("action " + s)
	case "block":
		w.stmt("action drop")
	default:
		return fail(n, "", "%q is none of alert, log, pass, drop, reject", s)
	}
	return nil
}

func (w *writer) references(n *yaml.Node) *problem {
	for _, v := range items(n) {
		s := scalar(v)
		switch {
		case s == "":
		case strings.HasPrefix(strings.ToUpper(s), "CVE-"):
			w.stmt("ref cve " + syntax.Quote(s[len("CVE-"):]))
		default:
			_, rest, _ := strings.Cut(s, "://")
			if rest == "" {
				rest = s
			}
			w.stmt("ref url " + syntax.Quote(rest))
		}
	}
	return nil
}

func (w *writer) cve(n *yaml.Node) *problem {
	for _, v := range items(n) {
		if s := strings.TrimPrefix(strings.ToUpper(scalar(v)), "CVE-"); s != "" {
			w.stmt("ref cve " + syntax.Quote(s))
		}
	}
	return nil
}

func (w *writer) falsePositives(n *yaml.Node) *problem {
	var list []string
	for _, v := range items(n) {
		list = append(list, scalar(v))
	}
	w.stmt("false_positives " + syntax.Quote(strings.Join(list, "; ")))
	return nil
}

// note keeps a text as metadata.
func note(key string) func(*writer, *yaml.Node) *problem {
	return func(w *writer, n *yaml.Node) *problem {
		for _, v := range items(n) {
			if s := scalar(v); s != "" {
				w.stmt("metadata " + key + " " + syntax.Quote(s))
			}
		}
		return nil
	}
}

func (w *writer) metadata(n *yaml.Node) *problem {
	if n.Kind != yaml.MappingNode {
		return fail(n, "", "expected keys with values")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if p := note(tagOf(n.Content[i].Value))(w, deref(n.Content[i+1])); p != nil {
			return p
		}
	}
	return nil
}
