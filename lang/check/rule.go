package check

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// place words a position in another message.
func place(file string, r diag.Range) string {
	return fmt.Sprintf("%s:%d", file, r.Start.Line)
}

// Rule checks a rule and lowers it. The rule is nil if it has errors.
func (s *Scope) Rule(p Piece, r *syntax.Rule) (*ir.Rule, diag.List) {
	c := &checker{scope: s, file: p.File, src: p.source(), rule: r.ID.Text, spans: map[ir.Expr]diag.Range{}}
	out := c.head(r.ID, r.Title, r.Range())
	b := body{checker: c, out: out}
	b.statements(r.Body, false)
	if out.When == nil && b.when == nil && out.On == "" && !hasErrors(c.list) && !b.failed && !c.broken {
		c.report(diag.NoWhen(r.ID.Range()))
	}
	if out.On == "" {
		out.On = c.event
	} else if c.event != "" && c.event != out.On {
		c.report(diag.TwoEvents(c.evAt, out.On, c.event))
	}
	if hasErrors(c.list) || b.failed || c.broken {
		return nil, c.list
	}
	c.warn(r, out, b.when)
	if hasErrors(c.list) {
		return nil, c.list
	}
	return out, c.list
}

// head begins a rule.
func (c *checker) head(id *syntax.ID, title *syntax.Lit, at diag.Range) *ir.Rule {
	out := &ir.Rule{ID: id.Text, GID: 1, Confidence: -1, Pos: c.pos(at), Text: c.src.of(at)}
	if title != nil {
		if title.Kind != syntax.LitString {
			c.report(diag.WantText(title.Range(), "the title"))
		}
		out.Msg = title.Str
	}
	return out
}

// body checks the statements of a rule or sequence.
type body struct {
	*checker
	out    *ir.Rule
	when   *diag.Range // of the conditions
	seen   map[string]bool
	terms  []ir.Expr
	steps  []*syntax.Step
	failed bool // a statement did not parse
	// alsoAlert is the statement alert, nil for none.
	alsoAlert *syntax.Flag
}

// once reports a statement that was given before.
func (b *body) once(word string, at diag.Range) {
	if b.seen == nil {
		b.seen = map[string]bool{}
	}
	if b.seen[word] {
		b.report(diag.Twice(at, word))
	}
	b.seen[word] = true
}

func (b *body) statements(list []syntax.Stmt, sequence bool) {
	// Conditions first: variables and events of theirs count for the others.
	list = withoutTorn(list)
	for _, s := range list {
		if w, ok := s.(*syntax.When); ok {
			if sequence {
				b.report(diag.NotHere(w.Range(), "when", "a sequence", "conditions are in its steps: a: ..."))
				continue
			}
			at := w.Cond.Range()
			b.when = &at
			if e := b.condition(w.Cond); e != nil {
				b.terms = append(b.terms, e)
			}
		}
	}
	switch len(b.terms) {
	case 0:
	case 1:
		b.out.When = b.terms[0]
	default:
		b.out.When = &ir.And{X: b.terms}
	}
	for _, s := range list {
		b.statement(s, sequence)
	}
	if a := b.alsoAlert; a != nil {
		if b.out.PassAlerts = b.out.Action == ir.Pass; !b.out.PassAlerts {
			b.report(diag.AlertsAnyway(a.Range()))
		}
	}
}

// withoutTorn leaves out statements that a syntax error on their line cut off.
func withoutTorn(list []syntax.Stmt) []syntax.Stmt {
	out := list[:0:0]
	for i, s := range list {
		if i+1 < len(list) {
			if bad, ok := list[i+1].(*syntax.Bad); ok && bad.Range().Start.Line == s.Range().End.Line {
				continue
			}
		}
		out = append(out, s)
	}
	return out
}

func (b *body) statement(s syntax.Stmt, sequence bool) {
	out := b.out
	switch s := s.(type) {
	case *syntax.When:
	case *syntax.Bad:
		b.failed = true
	case *syntax.On:
		b.once("on", s.Range())
		if b.event == "" {
			b.evAt = s.Event.Range()
		}
		if _, ok := b.scope.Schema.EventByName(s.Event.Text); !ok {
			b.report(diag.UnknownEvent(s.Event.Range(), s.Event.Text, b.scope.suggestEvent(s.Event.Text)))
		}
		if sequence {
			b.report(diag.NotHere(s.Range(), "on", "a sequence", "name the event in a step"))
		}
		out.On = s.Event.Text
	case *syntax.Severity:
		b.once("severity", s.Range())
		out.Severity = b.severity(s.Level)
	case *syntax.Confidence:
		b.once("confidence", s.Range())
		b.confidence(s.Value)
	case *syntax.Mitre:
		for _, w := range s.IDs {
			if !mitreID.MatchString(w.Text) {
				b.report(diag.BadMitre(w.Range(), w.Text))
			}
			out.MITRE = append(out.MITRE, w.Text)
		}
	case *syntax.Tags:
		for _, w := range s.Tags {
			out.Tags = append(out.Tags, w.Text)
		}
	case *syntax.Threshold:
		b.threshold(s)
	case *syntax.Evidence:
		for _, x := range s.Fields {
			b.evidence(x)
		}
	case *syntax.Set:
		b.set(s)
	case *syntax.Metadata:
		b.metadata(s)
	case *syntax.Ref:
		if s.Value.Kind != syntax.LitString {
			b.report(diag.WantText(s.Value.Range(), "a reference"))
		}
		out.References = append(out.References, ir.KV{Key: s.Kind.Text, Value: s.Value.Str})
	case *syntax.Text:
		if s.Value.Kind != syntax.LitString {
			b.report(diag.WantText(s.Value.Range(), s.Keyword))
		}
		out.Metadata = append(out.Metadata, ir.KV{Key: s.Keyword, Value: s.Value.Str})
	case *syntax.Number:
		b.once(s.Keyword, s.Range())
		b.number(s)
	case *syntax.Choice:
		b.once(s.Keyword, s.Range())
		b.choice(s)
	case *syntax.Flag:
		switch s.Keyword {
		case "noalert":
			out.NoAlert = true
		case "alert":
			b.alsoAlert = s
		case "disabled": // seen to before
		default:
			out.Effects = append(out.Effects, flagEffect(s.Keyword))
		}
	case *syntax.TagPackets:
		b.tagPackets(s)
	case *syntax.Context:
		b.context(s)
	case *syntax.Step:
		if !sequence {
			label := ""
			if s.Label != nil {
				label = s.Label.Text
			}
			b.report(diag.StepInRule(s.Range(), label))
		}
		b.steps = append(b.steps, s)
	}
}

func (b *body) confidence(l *syntax.Lit) {
	v := l.Float
	if l.Kind == syntax.LitInt {
		v = float64(l.Int)
	}
	if l.Kind != syntax.LitFloat && l.Kind != syntax.LitInt || v > 1 {
		b.report(diag.BadConfidence(l.Range()))
	}
	b.out.Confidence = v
}

// mitreID is an ATT&CK technique, tactic, software, group or mitigation.
var mitreID = regexp.MustCompile(`^(T\d{4}(\.\d{3})?|TA\d{4}|[SGM]\d{4})$`)

func (b *body) duration(l *syntax.Lit, what string) time.Duration {
	if l == nil {
		return 0
	}
	switch {
	case l.Kind == syntax.LitInt:
		b.report(diag.NeedsUnit(l.Range(), what, l.Raw))
	case l.Kind != syntax.LitDuration || l.Int <= 0:
		b.report(diag.WantDuration(l.Range(), what))
	}
	return l.Duration()
}

func (b *body) count(l *syntax.Lit, what string) int {
	switch {
	case l.Kind == syntax.LitInt && l.Int > math.MaxInt32:
		b.report(diag.WantNumber(l.Range(), what, 1, math.MaxInt32))
		return 1
	case l.Kind != syntax.LitInt || l.Int < 1:
		b.report(diag.WantCount(l.Range(), what))
		return 1
	}
	return int(l.Int)
}

// key evaluates one expression of a key, such as src.ip.
func (c *checker) key(x syntax.Expr) ir.Expr {
	v := c.value(x)
	switch {
	case v.bad():
		return nil
	case v.multi != nil:
		c.report(diag.MultiAlone(x.Range(), v.multi.Name))
		return nil
	case v.konst() != nil:
		c.report(diag.ConstantHere(x.Range(), c.text(x), v.kind()))
		return nil
	case v.x == nil:
		c.report(diag.NotAValue(x.Range(), c.text(x), v.kind()))
		return nil
	}
	return v.x
}

func (c *checker) keys(list []syntax.Expr) []ir.Expr {
	var out []ir.Expr
	for _, x := range list {
		if e := c.key(x); e != nil {
			out = append(out, e)
		}
	}
	return out
}

var thresholds = map[string]ir.ThresholdKind{"": ir.ThCount, "limit": ir.ThLimit, "every": ir.ThEvery, "both": ir.ThBoth, "after": ir.ThDetection,
	"backoff": ir.ThBackoff}

func (b *body) threshold(s *syntax.Threshold) {
	t := ir.Threshold{Kind: thresholds[s.Kind], Count: b.count(s.Count, "the count"), Window: b.duration(s.Window, "the window"), Fixed: s.Fixed,
		By: b.keys(s.By), Pos: b.pos(s.Range())}
	if s.Distinct != nil {
		t.Distinct = b.key(s.Distinct.X)
	}
	if backoff := t.Kind == ir.ThBackoff; backoff != (s.Times != nil) || backoff && s.Distinct != nil {
		b.report(diag.Backoff(s.Range()))
	} else if backoff {
		if t.Multiplier = b.count(s.Times, "what the count is multiplied by"); t.Multiplier < 2 {
			b.report(diag.Backoff(s.Times.Range()))
		}
	}
	b.out.Thresholds = append(b.out.Thresholds, t)
}

func (b *body) evidence(x syntax.Expr) {
	fr := b.open()
	v := b.value(x)
	b.discard(fr)
	var e ir.Expr
	switch {
	case v.bad():
		return
	case v.multi != nil:
		e = &ir.Field{F: v.multi, Pos: b.pos(x.Range())}
	case v.x != nil && v.konst() == nil && fr.f == nil:
		e = v.x
	case fr.f != nil:
		b.report(diag.MultiAlone(x.Range(), b.text(x)))
		return
	case v.konst() != nil:
		b.report(diag.ConstantHere(x.Range(), b.text(x), v.kind()))
		return
	default:
		b.report(diag.NotAValue(x.Range(), b.text(x), v.kind()))
		return
	}
	b.out.Evidence = append(b.out.Evidence, ir.Evidence{Name: strings.Join(strings.Fields(b.text(x)), " "), X: e})
}

func (b *body) metadata(s *syntax.Metadata) {
	for _, p := range s.Pairs.List {
		switch v := p.Value.(type) {
		case *syntax.Lit:
			text := v.Raw
			if v.Kind == syntax.LitString {
				text = v.Str
			}
			b.out.Metadata = append(b.out.Metadata, ir.KV{Key: p.Key.Text, Value: text})
		case *syntax.Name:
			b.out.Metadata = append(b.out.Metadata, ir.KV{Key: p.Key.Text, Value: v.Text})
		default:
			b.report(diag.WantText(p.Value.Range(), "the value of "+p.Key.Text))
		}
	}
}

func (b *body) number(s *syntax.Number) {
	lo, hi := int64(0), int64(math.MaxUint32)
	if s.Keyword == "priority" {
		lo, hi = 1, 255
	}
	if s.Value.Kind != syntax.LitInt || s.Value.Big || s.Value.Int < lo || s.Value.Int > hi {
		b.report(diag.WantNumber(s.Value.Range(), s.Keyword, lo, hi))
		return
	}
	switch n := s.Value.Int; s.Keyword {
	case "gid":
		b.out.GID = uint32(n)
	case "sid":
		b.out.SID = uint32(n)
	case "rev":
		b.out.Rev = uint32(n)
	case "priority":
		b.out.Priority = int(n)
	}
}

// choices lists what the statements with one word take.
var choices = map[string][]string{
	"action":  {"alert", "pass", "drop", "reject"},
	"target":  {"src_ip", "dest_ip"},
	"inspect": {"packet", "stream", "either"},
	"scope":   {"packet", "direction", "flow"},
}

// Choices lists the words that may follow a keyword, nil if they are not so few.
func Choices(keyword string) []string {
	if keyword == "severity" {
		return severities
	}
	return choices[keyword]
}

func (b *body) choice(s *syntax.Choice) {
	list, n := choices[s.Keyword], -1
	for i, w := range list {
		if w == s.Value.Text {
			n = i
		}
	}
	if n < 0 && s.Keyword != "classtype" {
		b.report(diag.BadChoice(s.Value.Range(), s.Keyword, s.Value.Text, diag.Nearest(s.Value.Text, list), list))
		return
	}
	switch s.Keyword {
	case "classtype":
		b.out.Classtype = s.Value.Text
	case "action":
		b.out.Action = ir.Action(n)
	case "target":
		b.out.Target = s.Value.Text
	case "inspect":
		b.out.Payload = []ir.PayloadMode{ir.PayloadPacket, ir.PayloadStream, ir.PayloadEither}[n]
	case "scope":
		b.out.Scope = []ir.Scope{ir.ScopePacket, ir.ScopeFlowDir, ir.ScopeFlow}[n]
	}
}

func (b *body) tagPackets(s *syntax.TagPackets) {
	t := ir.TagPackets{Host: s.Of, Count: s.Limit.Int}
	if s.Of == "session" {
		t.Host = ""
	}
	switch s.Limit.Kind {
	case syntax.LitDuration:
		t.Measure, t.Count = "seconds", s.Limit.Int/int64(time.Second)
	case syntax.LitSize:
		t.Measure = "bytes"
	case syntax.LitInt:
		t.Measure = "packets"
	}
	if t.Measure == "" || t.Count < 1 {
		b.report(diag.WantCount(s.Limit.Range(), "what is tagged: 60s, 10kB or 20 packets"))
	}
	b.out.Effects = append(b.out.Effects, &t)
}

// set checks a change of a flag, counter or data set.
func (b *body) set(s *syntax.Set) {
	call, ok := s.Target.(*syntax.Call)
	if !ok || !settable[call.Func.Text] {
		b.report(diag.BadTarget(s.Target.Range(), s.Verb, b.text(s.Target)))
		return
	}
	switch call.Func.Text {
	case "dataset":
		b.setDataset(s, call)
		return
	case "flow.var", "packet.var":
		b.keep(s, call)
		return
	}
	v := b.call(call)
	ttl := b.duration(s.For, "the time to live")
	if v.bad() {
		return
	}
	if ttl > 0 && strings.HasPrefix(call.Func.Text, "flow.") {
		b.report(diag.NoTTL(s.For.Range()))
	}
	switch x := v.x.(type) {
	case *ir.FlowBit:
		b.flag(s)
		b.effect(&ir.SetFlowBit{Op: bitOps[s.Verb], Name: x.Names[0]})
	case *ir.HostBit:
		b.flag(s)
		b.effect(&ir.SetHostBit{Op: bitOps[s.Verb], Name: x.Name, Key: x.Key, TTL: int64(ttl)})
	case *ir.FlowInt:
		if op, y := b.amount(s); y != nil {
			b.effect(&ir.SetFlowInt{Op: op, Name: x.Name, X: y})
		}
	case *ir.HostInt:
		if op, y := b.amount(s); y != nil {
			b.effect(&ir.SetHostInt{Op: op, Name: x.Name, Key: x.Key, X: y, TTL: int64(ttl)})
		}
	}
}

var settable = map[string]bool{"flow.flag": true, "flow.counter": true, "host.flag": true, "host.counter": true, "dataset": true,
	"flow.var": true, "packet.var": true}

var bitOps = map[string]ir.BitOp{"set": ir.BitSet, "unset": ir.BitUnset, "toggle": ir.BitToggle}

func (b *body) effect(e ir.Effect) { b.out.Effects = append(b.out.Effects, e) }

func (b *body) flag(s *syntax.Set) {
	if s.Op != "" {
		b.report(diag.NoValueHere(s.Value.Range()))
	}
}

// amount evaluates what a counter is changed by.
func (b *body) amount(s *syntax.Set) (ir.IntOp, ir.Expr) {
	if s.Verb != "set" || s.Op == "" {
		b.report(diag.NeedsValue(s.Range(), b.text(s.Target)))
		return 0, nil
	}
	v := b.operand(s.Value)
	if v.bad() {
		return 0, nil
	}
	if v.x == nil || class(v.t) != classInt || v.t == dissect.TTime {
		b.report(diag.BadOperand(s.Value.Range(), s.Op, b.text(s.Value), v.kind(), "counters count in whole numbers"))
		return 0, nil
	}
	return map[string]ir.IntOp{"=": ir.IntAssign, "+=": ir.IntAdd, "-=": ir.IntSub}[s.Op], v.x
}
