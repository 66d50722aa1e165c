package unparse

import (
	"strconv"
	"strings"

	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// Rule makes the tree of a rule; syntax.Print writes it. Sets are called by their names where lets
// has them, else (and with nil) their members are written. The error says what of the rule the language cannot
// express; the tree is of no use then.
func Rule(r *ir.Rule, lets *Lets) (*syntax.Rule, error) {
	w := &writer{lets: lets}
	w.rule = r
	out := &syntax.Rule{ID: id(r.ID), Title: str(r.Msg)}
	add := func(s syntax.Stmt) { out.Body = append(out.Body, s) }
	if r.When != nil {
		add(&syntax.When{Cond: w.cond(r.When)})
	}
	if r.On != "" {
		add(&syntax.On{Event: word(r.On)})
	}
	choice := func(keyword string, n int, names ...string) {
		if names[n] != "" {
			add(&syntax.Choice{Keyword: keyword, Value: id(names[n])})
		}
	}
	choice("inspect", int(r.Payload), "", "packet", "stream", "either")
	choice("scope", int(r.Scope), "", "packet", "direction", "flow")
	choice("action", int(r.Action), "", "pass", "drop", "reject")
	if r.PassAlerts {
		add(&syntax.Flag{Keyword: "alert"})
	}
	if len(r.RateFilters) > 0 {
		w.cannot("a rate filter")
	}
	for i := range r.Thresholds {
		add(w.threshold(&r.Thresholds[i]))
	}
	for _, e := range r.Effects {
		if s := w.effect(e); s != nil {
			add(s)
		}
	}
	for i := range r.Contexts {
		add(w.context(&r.Contexts[i]))
	}
	w.about(r, add)
	return out, w.problem
}

// about writes what the rule says of itself.
func (w *writer) about(r *ir.Rule, add func(syntax.Stmt)) {
	if r.NoAlert {
		add(&syntax.Flag{Keyword: "noalert"})
	}
	if r.Severity != ir.NoSeverity {
		add(&syntax.Severity{Level: word(r.Severity.String())})
	}
	if r.Confidence >= 0 {
		s := strconv.FormatFloat(r.Confidence, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		add(&syntax.Confidence{Value: lit(s)})
	}
	if len(r.MITRE) > 0 {
		add(&syntax.Mitre{IDs: words(r.MITRE)})
	}
	if len(r.Tags) > 0 {
		add(&syntax.Tags{Tags: words(r.Tags)})
	}
	if len(r.Evidence) > 0 {
		ev := &syntax.Evidence{}
		for _, e := range r.Evidence {
			ev.Fields = append(ev.Fields, w.value(e.X))
		}
		add(ev)
	}
	if r.Classtype != "" {
		add(&syntax.Choice{Keyword: "classtype", Value: id(r.Classtype)})
	}
	if r.Target != "" {
		add(&syntax.Choice{Keyword: "target", Value: id(r.Target)})
	}
	for _, n := range []struct {
		keyword string
		n       int64
		skip    int64
	}{{"priority", int64(r.Priority), 0}, {"gid", int64(r.GID), 1}, {"sid", int64(r.SID), 0}, {"rev", int64(r.Rev), 0}} {
		if n.n != n.skip {
			add(&syntax.Number{Keyword: n.keyword, Value: integer(n.n)})
		}
	}
	for _, kv := range r.References {
		add(&syntax.Ref{Kind: id(kv.Key), Value: str(kv.Value)})
	}
	meta := &syntax.Metadata{}
	for _, kv := range r.Metadata {
		meta.Pairs.List = append(meta.Pairs.List, &syntax.MetaPair{Key: id(kv.Key), Value: str(kv.Value)})
	}
	if len(meta.Pairs.List) > 0 {
		add(meta)
	}
}

func words(list []string) []*syntax.Word {
	out := make([]*syntax.Word, len(list))
	for i, s := range list {
		out[i] = word(s)
	}
	return out
}

var kinds = map[ir.ThresholdKind]string{ir.ThLimit: "limit", ir.ThEvery: "every", ir.ThBoth: "both", ir.ThDetection: "after", ir.ThBackoff: "backoff", ir.ThCount: ""}

func (w *writer) threshold(t *ir.Threshold) syntax.Stmt {
	kind, ok := kinds[t.Kind]
	if !ok {
		w.cannot("a threshold")
	}
	out := &syntax.Threshold{Kind: kind, Count: integer(t.Count), Fixed: t.Fixed, Window: duration(int64(t.Window)), By: w.values(t.By)}
	if t.Kind == ir.ThBackoff {
		out.Window, out.Times = nil, integer(t.Multiplier)
	}
	if t.Distinct != nil {
		out.Distinct = &syntax.Value{X: w.value(t.Distinct)}
	}
	return out
}

func (w *writer) effect(e ir.Effect) syntax.Stmt {
	verbs := map[ir.BitOp]string{ir.BitSet: "set", ir.BitUnset: "unset", ir.BitToggle: "toggle"}
	signs := map[ir.IntOp]string{ir.IntAssign: "=", ir.IntAdd: "+=", ir.IntSub: "-="}
	ttl := func(ns int64) *syntax.Lit {
		if ns == 0 {
			return nil
		}
		return duration(ns)
	}
	switch e := e.(type) {
	case *ir.SetFlowBit:
		return &syntax.Set{Verb: verbs[e.Op], Target: call("flow.flag", str(e.Name))}
	case *ir.SetFlowInt:
		return &syntax.Set{Verb: "set", Target: call("flow.counter", str(e.Name)), Op: signs[e.Op], Value: w.value(e.X)}
	case *ir.SetHostBit:
		return &syntax.Set{Verb: verbs[e.Op], Target: w.keyed("host.flag", e.Name, e.Key), For: ttl(e.TTL)}
	case *ir.SetHostInt:
		return &syntax.Set{Verb: "set", Target: w.keyed("host.counter", e.Name, e.Key), Op: signs[e.Op], Value: w.value(e.X), For: ttl(e.TTL)}
	case *ir.AddDataset:
		return &syntax.Set{Verb: "set", Target: w.dataset(e.Set, w.lookedUp(e.Set, e.X))}
	case *ir.RemoveDataset:
		return &syntax.Set{Verb: "unset", Target: w.dataset(e.Set, w.lookedUp(e.Set, e.X))}
	case *ir.KeepGroup:
		return w.keep(e)
	case *ir.TagPackets:
		of, limit := e.Host, integer(e.Count)
		if of == "" {
			of = "session"
		}
		switch e.Measure {
		case "seconds":
			limit = lit(strconv.FormatInt(e.Count, 10) + "s")
		case "bytes":
			limit = lit(strconv.FormatInt(e.Count, 10) + "B")
		}
		return &syntax.TagPackets{Of: of, Limit: limit}
	case *ir.NoLog:
		if e.Flow {
			return &syntax.Flag{Keyword: "nolog_flow"}
		}
		return &syntax.Flag{Keyword: "nolog"}
	case *ir.Bypass:
		return &syntax.Flag{Keyword: "bypass"}
	case *ir.StoreCerts:
		return &syntax.Flag{Keyword: "tlsstore"}
	case *ir.Untracked:
		return &syntax.Flag{Keyword: "untracked"}
	case *ir.StoreFile:
		word := "filestore"
		for _, part := range [...]string{e.Scope, e.Side} {
			if part != "" {
				word += "_" + part
			}
		}
		return &syntax.Flag{Keyword: word}
	}
	w.cannot("an effect")
	return nil
}
