package lua

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
)

// FilterRule is a Subscription's filter as a hidden rule: the engine compiles it with the others,
// and calls Deliver on a hit.
type FilterRule struct {
	Sub  int
	Rule *ir.Rule
}

// FilterRules compiles the filters of all subscriptions of SubEvent; those without a filter have none. What the
// libnids face wants to see is told by its kind.
func (rt *Runtime) FilterRules() ([]FilterRule, error) {
	var out []FilterRule
	alike := map[string]int{}
	for i := range rt.subs {
		s := &rt.subs[i]
		if s.Filter == "" || s.Kind != SubEvent {
			continue
		}
		r, err := compileFilter(rt.schema, &rt.opt, fmt.Sprintf("%s%d", FilterID, s.ID), rt.schema.Events[s.Event].Name, s.Filter)
		if err != nil {
			return nil, fmt.Errorf("%s: filter: %w", s.Pos, err)
		}
		r.Key = s.Script + "\x00" + rt.schema.Events[s.Event].Name + "\x00" + s.Filter
		alike[r.Key]++
		r.Key += fmt.Sprint("\x00", alike[r.Key])
		r.Pos = ir.Pos{File: s.Pos.File, Line: int32(s.Pos.Line), Col: 1}
		out = append(out, FilterRule{s.ID, r})
	}
	return out, nil
}

// FilterID is what the ids of filter rules begin with; the number of the subscription follows.
const FilterID = "LUA-FILTER-"

// HomeNets is what HOME means in scripts unless a setting says otherwise.
const HomeNets = "{10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 169.254.0.0/16, fc00::/7, fe80::/10}"

// filterText makes the text of a rule of a filter, which begins in it at an offset.
func filterText(id, event, filter string) (text string, at int) {
	lets := ""
	if strings.Contains(filter, "HOME") {
		lets = "let HOME = " + HomeNets + "\n"
	}
	head := lets + "rule " + id + " \"filter\" {\n  on " + event + "\n  when "
	return head + filter + "\n  noalert\n}\n", len(head)
}

// filterDiagnostics gives all that the rule language says about a filter, and where in the text it begins that their
// places count from.
func filterDiagnostics(schema *dissect.Schema, opt *Options, id, event, filter string) (list diag.List, at int) {
	text, at := filterText(id, event, filter)
	_, list = lang.Check(schema, "filter", []byte(text), lang.Options{Vars: opt.Vars, Workers: 1})
	return list, at
}

// compileFilter makes a rule of a filter.
func compileFilter(schema *dissect.Schema, opt *Options, id, event, filter string) (*ir.Rule, error) {
	text, _ := filterText(id, event, filter)
	rs, list := lang.Check(schema, "filter", []byte(text), lang.Options{Vars: opt.Vars, Workers: 1})
	for i := range list {
		if list[i].Severity == diag.Error {
			return nil, errors.New(wordDiagnostic(&list[i]))
		}
	}
	if len(rs.Rules) != 1 {
		return nil, errors.New("a filter is one condition of the rule language")
	}
	_, problems := match.Compile(schema, rs.Rules, match.Options{NoWarnings: true})
	for _, p := range problems {
		if p.Error {
			return nil, errors.New(p.Msg)
		}
	}
	return rs.Rules[0], nil
}

func wordDiagnostic(d *diag.Diagnostic) string {
	msg := wordSummary(d)
	if d.Hint != "" {
		msg += " (" + d.Hint + ")"
	}
	return msg
}

// wordSummary is what a diagnostic says, of a filter.
func wordSummary(d *diag.Diagnostic) string {
	return strings.Replace(d.Summary, "found noalert", "found the end of it", 1) // what filterText writes behind it
}

// condition is a filter that is judged by itself, for nids.expr: at whatever event it is asked.
type condition struct {
	schema *dissect.Schema
	opt    *Options
	text   string
	at     map[dissect.EventID]*match.Matcher // nil: it cannot hold there
}

// test tells whether the condition holds for the event.
func (c *condition) test(e *dissect.Env) bool {
	m, known := c.at[e.Event]
	if !known {
		if r, err := compileFilter(c.schema, c.opt, FilterID+"X", c.schema.Events[e.Event].Name, c.text); err == nil {
			p, _ := match.Compile(c.schema, []*ir.Rule{r}, match.Options{NoWarnings: true})
			m = p.NewMatcher()
		}
		c.at[e.Event] = m
	}
	if m == nil {
		return false
	}
	env := *e
	env.Carry = nil
	if x, ok := e.Tx.(dissect.Matchable); ok {
		x.RuleState().Reset() // the snapshot's own: an earlier test is no reason not to match
	}
	return len(m.Match(e.Event, &env)) > 0
}

// newCondition checks a condition: it must be one at some event.
func newCondition(schema *dissect.Schema, opt *Options, text string) (*condition, error) {
	var first error
	for _, e := range schema.Events[1:] {
		if e.ID == dissect.EvTick || e.ID == dissect.EvAlert {
			continue
		}
		_, err := compileFilter(schema, opt, FilterID+"X", e.Name, text)
		if err == nil {
			return &condition{schema, opt, text, map[dissect.EventID]*match.Matcher{}}, nil
		}
		if first == nil || strings.Contains(first.Error(), "not at") {
			first = err
		}
	}
	return nil, first
}

// listOf gives the addresses that a let of the rule language names: HOME, or one of Options.Vars.
func (rt *Runtime) listOf(name string) []string {
	if rt.opt.Lists != nil {
		if list, ok := rt.opt.Lists(name); ok {
			return list
		}
	}
	text, ok := rt.opt.Vars[name]
	if !ok && name == "HOME" {
		text, ok = HomeNets, true
	}
	if !ok {
		return nil
	}
	var out []string
	for _, x := range strings.FieldsFunc(lang.VarSyntax(text), func(r rune) bool { return strings.ContainsRune("{}, \"", r) }) {
		if _, err := netip.ParsePrefix(x); err == nil || !strings.HasPrefix(x, "!") {
			out = append(out, x)
		}
	}
	return out
}
