package main

import (
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

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
	where := "judged"
	if len(rep.Protocols) > 0 {
		where = strings.Join(rep.Protocols, "/") + " seen"
	}
	for _, x := range []struct {
		n    int
		what string
	}{{rep.Flows, "flows"}, {rep.Seen, where}, {rep.Judged, "came to " + strings.Join(rep.Events, ", ")},
		{rep.Header, "header held"}, {rep.Literal, "prefilter hit"}, {rep.Matched, "all terms held"}} {
		fmt.Fprintf(w, "%8d  %s\n", x.n, x.what)
	}
	explainOutcomes(w, rep)
	near := nearFlows(rep)
	shown := near
	if limit > 0 && len(shown) > limit {
		shown = shown[:limit]
	}
	for _, f := range shown {
		fmt.Fprintln(w)
		explainFlow(w, f)
	}
	if n := len(near) - len(shown); n > 0 {
		fmt.Fprintf(w, "\n%s more; --flows 0 shows all\n", plural(n, "flow"))
	}
}

// explainOutcomes shows what became of the matches.
func explainOutcomes(w io.Writer, rep *explain.Report) {
	for _, what := range slices.Sorted(maps.Keys(rep.Outcomes)) {
		fmt.Fprintf(w, "matches: %d %s\n", rep.Outcomes[what], what)
	}
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
		fmt.Fprintf(w, "\n%s\n    waits for  step %s, of which it had %d of %d\n", output.Printable(where), p.Name, p.Got, p.Want)
		if p.Done > 0 {
			fmt.Fprintf(w, "    had        %s\n", plural(p.Done, "step"))
		}
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

func explainFlow(w io.Writer, f *explain.Flow) {
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
		line("matched", outcomeText(f))
	}
}

func outcomeText(f *explain.Flow) string {
	var parts []string
	for what, n := range f.Outcomes {
		parts = append(parts, fmt.Sprintf("%d %s", n, what))
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
