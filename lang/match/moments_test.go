package match

import (
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// A life is the events of one message, and what it holds by then.
type life []func(g *rig, tx *webTx) string

func requested(*rig, *webTx) string { return "web.request" }

func grew(s string) func(*rig, *webTx) string {
	return func(_ *rig, tx *webTx) string { tx.body = append(tx.body, s...); return "web.body" }
}

func done(*rig, *webTx) string { return "web.done" }

func answered(s string) func(*rig, *webTx) string {
	return func(_ *rig, tx *webTx) string { tx.status = []byte(s); return "web.response" }
}

func over(*rig, *webTx) string { return "web.tx" }

// TestAlternativesAndAbsence plays messages that lack some of what a rule names; a rule matches once a
// message, and it is said at which event.
func TestAlternativesAndAbsence(t *testing.T) {
	g := newRig(t)
	uri, body, status := g.f("web.uri"), g.f("web.body"), g.f("web.status")
	or := func(xs ...ir.Expr) ir.Expr { return &ir.Or{X: xs} }
	not := func(x ir.Expr) ir.Expr { return &ir.Not{X: x} }
	uriOrBody := or(contains(uri, "passwd"), contains(body, "zzzz"))
	uriOrStatus := or(contains(uri, "passwd"), &ir.Cmp{Op: ir.Eq, X: status, Y: ir.Str("500")})
	uriOrNotStatus := or(contains(uri, "passwd"), &ir.Cmp{Op: ir.Ne, X: status, Y: ir.Str("200")})
	noBody := &ir.And{X: []ir.Expr{contains(uri, "passwd"), not(contains(body, "zzzz"))}}
	for name, tt := range map[string]struct {
		when ir.Expr
		uri  string
		life life
		want string
	}{
		"or, no body":                {uriOrBody, "/passwd", life{requested, done, answered("200"), over}, "web.request"},
		"or, both hold":              {uriOrBody, "/passwd", life{requested, grew("zzzz"), grew("zzzz"), done, over}, "web.request"},
		"or, the body decides":       {uriOrBody, "/x", life{requested, grew("aaz"), grew("zzzb"), done, over}, "web.body"},
		"or, neither":                {uriOrBody, "/x", life{requested, grew("aaz"), done, over}, ""},
		"or, no answer":              {uriOrStatus, "/passwd", life{requested, done, over}, "web.request"},
		"or, the answer decides":     {uriOrStatus, "/x", life{requested, done, answered("500"), over}, "web.response"},
		"or, neither, no answer":     {uriOrStatus, "/x", life{requested, done, over}, ""},
		"absence waits":              {uriOrNotStatus, "/x", life{requested, done, answered("200"), over}, ""},
		"absence waits, it is true":  {uriOrNotStatus, "/x", life{requested, done, answered("500"), over}, "web.response"},
		"absence, never an answer":   {uriOrNotStatus, "/x", life{requested, done, over}, "web.tx"},
		"the same, other true":       {uriOrNotStatus, "/passwd", life{requested, done, over}, "web.tx"},
		"both, once":                 {uriOrNotStatus, "/passwd", life{requested, done, answered("500"), over}, "web.response"},
		"not in the body, no body":   {noBody, "/passwd", life{requested, done, over}, "web.done"},
		"not in the body, it is":     {noBody, "/passwd", life{requested, grew("zzzz"), done, over}, ""},
		"not in a body cut off":      {noBody, "/passwd", life{requested, grew("abc"), over}, "web.tx"},
		"in a body cut off":          {noBody, "/passwd", life{requested, grew("zzzz"), over}, ""},
		"a body that never began":    {noBody, "/passwd", life{requested, over}, ""},
		"required, and not there":    {&ir.And{X: []ir.Expr{contains(uri, "passwd"), contains(status, "2")}}, "/passwd", life{requested, done, over}, ""},
		"a negated term is required": {&ir.Cmp{Op: ir.Ne, X: status, Y: ir.Str("200")}, "/x", life{requested, done, over}, ""},
		"not (a and b)": {not(&ir.And{X: []ir.Expr{contains(uri, "x"), contains(status, "2")}}), "/x",
			life{requested, done, over}, "web.tx"},
		"or within and": {&ir.And{X: []ir.Expr{uriOrStatus, contains(g.f("web.method"), "GET")}}, "/passwd",
			life{requested, grew("a"), done, answered("500"), over}, "web.request"},
		"short body, or": {or(contains(uri, "passwd"), &ir.Cmp{Op: ir.Lt, X: &ir.Len{X: body}, Y: ir.Int(3)}), "/x",
			life{requested, grew("ab"), grew("cd"), done, over}, ""},
		"not a body of two bytes": {not(&ir.Cmp{Op: ir.Eq, X: &ir.Len{X: body}, Y: ir.Int(2)}), "/x",
			life{requested, grew("a"), grew("b"), done, over}, ""},
		"equal while it grows": {&ir.Cmp{Op: ir.Eq, X: body, Y: ir.Str("ab")}, "/x",
			life{requested, grew("ab"), grew("cd"), done, over}, ""},
		"equal in the end": {&ir.Cmp{Op: ir.Eq, X: body, Y: ir.Str("abcd")}, "/x",
			life{requested, grew("ab"), grew("cd"), done, over}, "web.done"},
	} {
		t.Run(name, func(t *testing.T) {
			m := g.compile(rule("r", tt.when)).NewMatcher()
			tx := &webTx{uri: []byte(tt.uri), method: []byte("GET")}
			e := &dissect.Env{Flow: flowOf(6, 40000, 80), Tx: tx}
			got := ""
			for _, step := range tt.life {
				ev := step(g, tx)
				id := g.event(ev)
				e.Dir = g.schema.Events[id].Dir
				for range m.Match(id, e) {
					got += ev
				}
			}
			if got != tt.want {
				t.Errorf("matched at %q, not %q", got, tt.want)
			}
		})
	}
}

// TestNoMemory: a message that remembers nothing is judged at one event only.
func TestNoMemory(t *testing.T) {
	g := newRig(t)
	m := g.compile(rule("r", &ir.Or{X: []ir.Expr{contains(g.f("web.uri"), "x"), contains(g.f("web.status"), "5")}})).NewMatcher()
	n := 0
	for _, ev := range []string{"web.request", "web.response", "web.tx"} {
		n += len(m.Match(g.event(ev), &dissect.Env{Flow: flowOf(6, 40000, 80), Tx: struct{}{}}))
	}
	if n != 0 {
		t.Errorf("%d matches on a strange message", n)
	}
}

// TestFileWithoutContent: a file that never grew is judged at its end.
func TestFileWithoutContent(t *testing.T) {
	fields := append(commonFields(),
		dissect.Field{Name: "file.name", Type: dissect.TString, Event: "file.data", Bytes: func(e *dissect.Env) []byte { return e.File.Name }},
		dissect.Field{Name: "file.data", Type: dissect.TBytes, Event: "file.data", Grows: true, Done: "file", Bytes: func(e *dissect.Env) []byte { return e.File.Content }})
	s, err := dissect.NewSchema([]*dissect.Spec{webSpec()}, fields)
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{t, s}
	m := g.compile(rule("r", &ir.Or{X: []ir.Expr{contains(g.f("file.name"), "evil"), contains(g.f("file.data"), "MZ")}})).NewMatcher()
	for name, tt := range map[string]struct {
		file    string
		content string
		want    int
	}{"empty": {"evil.exe", "", 1}, "both": {"evil.exe", "MZ", 1}, "content": {"x", "MZ", 1}, "neither": {"x", "PK", 0}, "nothing": {"x", "", 0}} {
		e := &dissect.Env{Flow: flowOf(6, 40000, 80), File: &dissect.File{Name: []byte(tt.file)}}
		n := 0
		if tt.content != "" {
			e.File.Content = []byte(tt.content)
			n = len(m.Match(dissect.EvFileData, e))
		}
		n += len(m.Match(dissect.EvFile, e))
		if n != tt.want {
			t.Errorf("%s: %d matches", name, n)
		}
	}
}
