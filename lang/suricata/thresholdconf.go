package suricata

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// ThresholdConfig is what a threshold.config says.
type ThresholdConfig struct {
	Suppress    []Suppress
	Thresholds  []ThresholdOverride
	RateFilters []RateFilter
}

// RuleRef names rules: a GID or SID of 0 means all.
type RuleRef struct{ GID, SID uint32 }

func (x RuleRef) matches(r *ir.Rule) bool {
	return (x.GID == 0 || x.GID == r.GID) && (x.SID == 0 || x.SID == r.SID)
}

// Suppress says that rules raise no alerts, or none for some addresses.
type Suppress struct {
	RuleRef
	When ir.Expr // nil: never alert
}

// ThresholdOverride replaces the threshold of a rule.
type ThresholdOverride struct {
	RuleRef
	Threshold ir.Threshold
}

// RateFilter changes the action of a rule while it matches too often.
type RateFilter struct {
	RuleRef
	Filter ir.RateFilter
}

// ReadThresholds reads a threshold.config: lines that begin with suppress, threshold, event_filter or
// rate_filter. Of the options it needs the variables.
func ReadThresholds(schema *dissect.Schema, name string, src []byte, opt Options) (*ThresholdConfig, []Skip) {
	l := newLoader(schema, name, opt)
	c := &ThresholdConfig{}
	var skipped []Skip
	for _, line := range configLines(string(src)) {
		verb, rest, _ := strings.Cut(line.text, " ")
		if err := c.line(l, strings.TrimSuffix(verb, ":"), rest); err != nil {
			skipped = append(skipped, Skip{Pos: ir.Pos{File: name, Line: line.n, Col: 1}, Keyword: verb, Why: err.why})
		}
	}
	return c, skipped
}

type configLine struct {
	text string
	n    int32
}

// configLines gives the lines that are neither blank nor comments; a backslash at the end continues one.
func configLines(src string) (lines []configLine) {
	n := int32(0)
	for len(src) > 0 {
		n++
		var text string
		text, src = cutLine(src)
		line := configLine{n: n, text: strings.TrimSpace(text)}
		for strings.HasSuffix(line.text, `\`) && len(src) > 0 {
			n++
			text, src = cutLine(src)
			line.text = strings.TrimSpace(line.text[:len(line.text)-1]) + " " + strings.TrimSpace(text)
		}
		if line.text != "" && line.text[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}

// settings splits "gen_id 1, sig_id 2, track by_src, ip [10.0.0.0/8,11.0.0.0/8]".
func settings(s string, keys []string) (map[string]string, *problem) {
	m := map[string]string{}
	depth, start := 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) {
			switch s[i] {
			case '[':
				depth++
			case ']':
				depth--
			}
			if s[i] != ',' || depth > 0 {
				continue
			}
		}
		key, value, ok := strings.Cut(strings.TrimSpace(s[start:i]), " ")
		value = strings.TrimSpace(value)
		switch {
		case !ok:
			return nil, fail("%q has no value", key)
		case !slices.Contains(keys, key):
			return nil, fail("%s is not known: there are %s%s", short(key), strings.Join(keys, ", "), didYouMean(key, keys))
		case m[key] != "":
			return nil, fail("%s is given twice", key)
		case key != "ip" && strings.Contains(value, " "):
			return nil, fail("%s %s: a comma is missing", key, short(value))
		}
		m[key] = value
		start = i + 1
	}
	return m, nil
}

// configKeys are what the lines of each kind may say.
var configKeys = map[string][]string{
	"suppress":     {"gen_id", "sig_id", "track", "ip"},
	"threshold":    {"gen_id", "sig_id", "type", "track", "count", "seconds"},
	"event_filter": {"gen_id", "sig_id", "type", "track", "count", "seconds"},
	"rate_filter":  {"gen_id", "sig_id", "track", "count", "seconds", "new_action", "timeout"},
}

func (c *ThresholdConfig) line(l *loader, verb, rest string) *problem {
	keys := configKeys[verb]
	if keys == nil {
		verbs := slices.Sorted(maps.Keys(configKeys))
		return fail("lines begin with %s%s", strings.Join(verbs, ", "), didYouMean(verb, verbs))
	}
	m, err := settings(rest, keys)
	if err != nil {
		return err
	}
	var ref RuleRef
	var ok1, ok2 bool
	ref.GID, ok1 = u32(m["gen_id"])
	ref.SID, ok2 = u32(m["sig_id"])
	if !ok1 || !ok2 {
		return fail("wants gen_id and sig_id, each a number: gen_id 1, sig_id 2000000")
	}
	switch verb {
	case "suppress":
		return c.suppress(l, ref, m)
	case "rate_filter":
		return c.rateFilter(l, ref, m)
	}
	return c.override(l, ref, m)
}

func (c *ThresholdConfig) suppress(l *loader, ref RuleRef, m map[string]string) *problem {
	if m["track"] == "" && m["ip"] == "" {
		c.Suppress = append(c.Suppress, Suppress{RuleRef: ref})
		return nil
	}
	if m["ip"] == "" {
		return fail("wants ip beside track: an address, a network, a variable, or several in [ ]")
	}
	set := l.addrList(m["ip"])
	if set.err != nil {
		return set.err
	}
	x := func(ip ir.Expr) ir.Expr {
		if cond := addrCond(ip, set); cond != nil {
			return cond
		}
		return &ir.Exists{X: ip}
	}
	src, dst := x(l.common.srcIP), x(l.common.dstIP)
	when := map[string]ir.Expr{"by_src": src, "by_dst": dst, "by_either": &ir.Or{X: []ir.Expr{src, dst}}}[m["track"]]
	if when == nil {
		return fail("track %s: wants by_src, by_dst or by_either", m["track"])
	}
	c.Suppress = append(c.Suppress, Suppress{RuleRef: ref, When: when})
	return nil
}

// rate reads what thresholds and rate filters have in common.
func (l *loader) rate(m map[string]string) (by []ir.Expr, count int, window time.Duration, err *problem) {
	n, ok1 := u32(m["count"])
	s, ok2 := u32(m["seconds"])
	by, ok3 := l.common.track(m["track"])
	if !ok1 || !ok2 || !ok3 || n == 0 || s == 0 {
		if m["track"] != "" && !ok3 {
			return nil, 0, 0, fail("track %s: wants by_src, by_dst, by_both, by_rule or by_flow", m["track"])
		}
		return nil, 0, 0, fail("wants track, and count and seconds of at least 1")
	}
	return by, int(n), time.Duration(s) * time.Second, nil
}

func (c *ThresholdConfig) override(l *loader, ref RuleRef, m map[string]string) *problem {
	by, count, window, err := l.rate(m)
	if err != nil {
		return err
	}
	kind := thresholdKinds[m["type"]]
	if kind == 0 || kind == ir.ThBackoff {
		return fail("type %s: wants limit, threshold or both", m["type"])
	}
	c.Thresholds = append(c.Thresholds, ThresholdOverride{RuleRef: ref,
		Threshold: ir.Threshold{Kind: kind, Count: count, Window: window, By: by, Fixed: true}})
	return nil
}

func (c *ThresholdConfig) rateFilter(l *loader, ref RuleRef, m map[string]string) *problem {
	by, count, window, err := l.rate(m)
	if err != nil {
		return err
	}
	action, ok := map[string]ir.Action{"alert": ir.Alert, "pass": ir.Pass, "drop": ir.Drop, "reject": ir.Reject}[m["new_action"]]
	timeout, ok2 := u32(m["timeout"])
	if !ok || !ok2 {
		return fail("wants new_action alert, drop, pass or reject, and timeout")
	}
	c.RateFilters = append(c.RateFilters, RateFilter{RuleRef: ref, Filter: ir.RateFilter{By: by, Count: count, Window: window,
		Timeout: time.Duration(timeout) * time.Second, Action: action}})
	return nil
}

// Apply gives the rules with suppressions and thresholds put in; rules that change are copied. A rule with effects
// that is suppressed for some addresses becomes two: the second has the effects without the alert.
func (c *ThresholdConfig) Apply(rules []*ir.Rule) []*ir.Rule {
	out := make([]*ir.Rule, 0, len(rules))
	for _, r := range rules {
		out = append(out, c.apply(r)...)
	}
	return out
}

func (c *ThresholdConfig) apply(r *ir.Rule) []*ir.Rule {
	changed, unless := *r, []ir.Expr(nil)
	same := true
	for _, t := range c.Thresholds {
		if t.matches(r) {
			same = false
			changed.Thresholds = append(slices.DeleteFunc(slices.Clone(changed.Thresholds), func(old ir.Threshold) bool {
				return old.Kind != ir.ThDetection
			}), t.Threshold)
		}
	}
	for _, f := range c.RateFilters {
		if f.matches(r) {
			same = false
			changed.RateFilters = append(slices.Clip(changed.RateFilters), f.Filter)
		}
	}
	for _, s := range c.Suppress {
		switch {
		case !s.matches(r):
		case s.When == nil:
			same, changed.NoAlert = false, true
		default:
			unless = append(unless, s.When)
		}
	}
	if len(unless) == 0 || changed.NoAlert {
		if same {
			return []*ir.Rule{r}
		}
		return []*ir.Rule{&changed}
	}
	held, when := orOf(unless), []ir.Expr(nil)
	if r.When != nil {
		when = []ir.Expr{r.When}
	}
	rules := []*ir.Rule{&changed}
	if len(r.Effects) > 0 {
		silent := changed
		silent.ID += ".suppressed"
		silent.NoAlert = true
		silent.When = andOf(append(slices.Clip(when), held))
		rules = append(rules, &silent)
	}
	changed.When = andOf(append(slices.Clip(when), &ir.Not{X: held}))
	return rules
}
