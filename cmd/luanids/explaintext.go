package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/explain"
	"github.com/luanids/luanids/engine/output"
	"github.com/luanids/luanids/lang/match"
)

// explainText shows a report: what was seen in all, then the flows that came near.
func explainText(w io.Writer, rep *explain.Report, limit int) {
	fmt.Fprintln(w)
	if rep.Sequence {
		explainSequence(w, rep, limit)
		return
	}
	type count struct {
		n    int
		what string
	}
	counts := []count{{rep.Flows, "flows"}}
	if len(rep.Protocols) > 0 {
		counts = append(counts, count{rep.Seen, strings.Join(rep.Protocols, "/") + " seen"})
	}
	at := "came to " + strings.Join(rep.Events, ", ")
	if slices.ContainsFunc(rep.Near, func(f *explain.Flow) bool { return !f.Src.IsValid() }) {
		at += " (packets without a flow count as one)"
	}
	for _, x := range append(counts, count{rep.Judged, at}, count{rep.Header, "header held"}, count{rep.Literal, "prefilter hit"}, count{rep.Matched, "all terms held"}) {
		fmt.Fprintf(w, "%8d  %s\n", x.n, x.what)
	}
	explainOutcomes(w, rep)
	explainWhy(w, rep)
	near := nearFlows(rep)
	shown := near
	if limit > 0 && len(shown) > limit {
		shown = shown[:limit]
	}
	for _, f := range shown {
		fmt.Fprintln(w)
		explainFlow(w, f, rep.Step)
	}
	if n := len(near) - len(shown); n > 0 {
		fmt.Fprintf(w, "\n%s more; --flows 0 shows all\n", plural(n, "flow"))
	}
}

// explainOutcomes shows what became of the matches.
func explainOutcomes(w io.Writer, rep *explain.Report) {
	for _, what := range slices.Sorted(maps.Keys(rep.Outcomes)) {
		fmt.Fprintf(w, "matches: %s\n", outcome(rep.Outcomes[what], what, rep.Step))
	}
}

// outcome words a number of matches and what became of them.
func outcome(n int, what string, step bool) string {
	if step && what == engine.Quiet.String() {
		what = "counted for the sequence"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// maxReasons is how many reasons are shown of those that kept a rule from matching.
const maxReasons = 4

// explainWhy says in a line or two what kept the rule from matching.
func explainWhy(w io.Writer, rep *explain.Report) {
	switch {
	case rep.Flows > 0 && rep.Seen == 0:
		fmt.Fprintf(w, "why: no flow is %s; there are %s\n", strings.Join(rep.Protocols, " or "), appsText(rep.Apps))
		return
	case rep.Judged == 0 && rep.Flows > 0:
		fmt.Fprintf(w, "why: no flow came to %s\n", strings.Join(rep.Events, " or "))
		return
	}
	var reasons []string
	for _, s := range rep.Stops {
		text := s.Term
		switch s.Stage {
		case match.StagePrefilter.String():
			text = "the literal: " + s.Term + " does not occur"
		case match.StageTerm.String():
			text = fmt.Sprintf("term %d: %s", s.TermNo, s.Term)
		case match.StageError.String():
			text = fmt.Sprintf("term %d was given up: %s", s.TermNo, s.Term)
		}
		switch {
		case s.Values == 1:
			text += " (" + cut(s.Value) + ")"
		case s.Value != "":
			text += fmt.Sprintf(" (%d values, most often %s)", s.Values, cut(s.Value))
		case s.Values > 1:
			text += fmt.Sprintf(" (%d values)", s.Values)
		}
		reasons = append(reasons, fmt.Sprintf("%8d  stopped by %s\n", s.Flows, output.Printable(text)))
	}
	shown := reasons[:min(len(reasons), maxReasons)]
	for _, r := range shown {
		fmt.Fprint(w, r)
	}
	if n := len(reasons) - len(shown); n > 0 {
		fmt.Fprintf(w, "          and %s more\n", plural(n, "reason"))
	}
}

// appsText lists the protocols of flows, the commonest first.
func appsText(apps map[string]int) string {
	names := slices.SortedFunc(maps.Keys(apps), func(a, b string) int { return cmp.Or(apps[b]-apps[a], cmp.Compare(a, b)) })
	var parts []string
	for i, name := range names {
		if i == maxReasons*2 {
			parts = append(parts, "...")
			break
		}
		parts = append(parts, fmt.Sprintf("%d %s", apps[name], name))
	}
	return strings.Join(parts, ", ")
}

// maxValue is how many bytes of a value are shown on a line of reasons.
const maxValue = 100

func cut(s string) string {
	if len(s) > maxValue {
		return strings.ToValidUTF8(s[:maxValue], "") + "..."
	}
	return s
}

// explainSequence shows how far a sequence came under its keys. What its steps matched is told of them.
func explainSequence(w io.Writer, rep *explain.Report, limit int) {
	fmt.Fprintf(w, "%8d  flows\n%8d  complete\n%8d  begun, by the end not complete\n", rep.Flows, sum(rep.Outcomes), len(rep.Progress))
	explainOutcomes(w, rep)
	shown := rep.Progress
	if limit > 0 && len(shown) > limit {
		shown = shown[:limit]
	}
	for _, p := range shown {
		where := p.Key
		if where == "" {
			where = "all together"
		}
		fmt.Fprintf(w, "\n%s\n", output.Printable(where))
		switch {
		case p.Void != "":
			fmt.Fprintf(w, "    void       step %s happened, which must not; it waits for step %s again\n", p.Void, p.Name)
			continue
		case p.Done > 0:
			fmt.Fprintf(w, "    had        %s\n", plural(p.Done, "step"))
		}
		fmt.Fprintf(w, "    waits for  step %s, of which it had %d of %d\n", p.Name, p.Got, p.Want)
	}
	if n := len(rep.Progress) - len(shown); n > 0 {
		fmt.Fprintf(w, "\n%s more; --flows 0 shows all\n", plural(n, "key"))
	}
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// explainTerms shows which terms held, and the others with the values that they failed on.
func explainTerms(line func(what, text string), f *explain.Flow, failed string) {
	var held []string
	for i := range f.Terms {
		t := &f.Terms[i]
		switch {
		case t.Held:
			held = append(held, strconv.Itoa(t.No))
		case t.No != f.TermNo || f.Stage == match.StagePrefilter.String():
			line(failed, fmt.Sprintf("term %d: %s", t.No, t.Term))
			line("element", t.Item)
			line("value", t.Value)
		}
	}
	switch len(held) {
	case 0:
	case 1:
		line("held", "term "+held[0])
	default:
		line("held", "terms "+strings.Join(held, ", "))
	}
}

// nearFlows leaves out the flows that did not come near: those whose header or literal differs, unless
// no other came nearer.
func nearFlows(rep *explain.Report) []*explain.Flow {
	if len(rep.Near) == 0 {
		return nil
	}
	for i, f := range rep.Near {
		if i > 0 && f.Stage != rep.Near[i-1].Stage && (f.Stage == match.StageHeader.String() || f.Stage == match.StagePrefilter.String()) {
			return rep.Near[:i]
		}
	}
	return rep.Near
}

func explainFlow(w io.Writer, f *explain.Flow, step bool) {
	app := f.App
	if app == "" {
		app = "protocol not recognised"
	}
	if f.Src.IsValid() {
		fmt.Fprintf(w, "%s  %s -> %s  %s  %s", f.Proto, endText(f.Src), endText(f.Dst), app, time.Unix(0, f.Start).UTC().Format("2006-01-02 15:04:05.000000"))
	} else {
		fmt.Fprint(w, "packets without a flow")
	}
	if f.Packet != 0 {
		fmt.Fprintf(w, "  packet %d", f.Packet)
	}
	fmt.Fprintln(w)
	line := func(what, text string) {
		if text != "" {
			fmt.Fprintf(w, "    %-10s %s\n", what, output.Printable(text))
		}
	}
	if f.Passed {
		line("passed", "a pass rule took the flow out")
	}
	switch f.Stage {
	case match.StageHeader.String():
		line("stopped by", f.Term)
		line("value", f.Value)
	case match.StagePrefilter.String():
		line("stopped by", "the prefilter: "+f.Term+" does not occur")
		explainTerms(line, f, "false")
	case match.StageTerm.String():
		line("stopped by", fmt.Sprintf("term %d: %s", f.TermNo, f.Term))
		line("element", f.Item)
		line("value", f.Value)
		explainTerms(line, f, "also false")
	case match.StageError.String():
		line("given up", fmt.Sprintf("term %d, for a limit or a failed decode: %s", f.TermNo, f.Term))
		line("value", f.Value)
	case match.StageMatched.String():
		line("matched", outcomeText(f, step))
	}
}

func outcomeText(f *explain.Flow, step bool) string {
	var parts []string
	for what, n := range f.Outcomes {
		parts = append(parts, outcome(n, what, step))
	}
	slices.Sort(parts)
	if parts == nil {
		return "all terms hold, but not by themselves a match: the message or flow had matched before"
	}
	return strings.Join(parts, ", ")
}

// endText leaves a port of 0 out.
func endText(a netip.AddrPort) string {
	if a.Port() == 0 {
		return a.Addr().String()
	}
	return a.String()
}
