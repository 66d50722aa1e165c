package lsp

import (
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
)

// mentionsText has one of each kind of symbol; ^name^ marks what is to be found.
const mentionsText = `let HOME = {10.0.0.0/8}   # HOME in a comment
list bad from "values.txt"
dataset "seen" = {"a.example"}
rule R-1 "HOME" { when src.ip in HOME and http.host in bad tags HOME, bad set flow.flag("login") }
rule R-2 { when flow.flag("login", "other") and not dataset("seen", http.host) set dataset("seen", http.host) }
rule R-3 { when host.counter("n", src.ip) > 3 and dst.ip not in HOME set flow.flag("login") unset flow.flag("login") }
rule R-4 { when tcp set host.counter("n", src.ip) += 1 for 10m }
sequence S-1 by src.ip within 5m { a: rule(R-1) HOME: http.host in bad }
test S-1 { pcap "x.pcap" alerts 0 }
test R-1 { http.request { host "HOME" } alerts 0 }
rule R-5 { when payload has ["abc", let HOME = u8 +0, u8 +1 > HOME] and host.flag("f", src.ip) }
`

// TestMentions asks for the references of each symbol, and for its definitions.
func TestMentions(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.nids")
	other := "rule O-1 { when flow.flag(\"login\") and src.ip in HOME }\n"
	for name, text := range map[string]string{"m.nids": mentionsText, "o.nids": other, "values.txt": "a\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := start(t)
	c.initialize()
	uri := uriOf(path)
	c.open(uri, mentionsText)
	d := newDocument(uri, 1, mentionsText)
	for _, x := range []struct {
		at   string // where the cursor is: at the first letter of the last word
		name string
		refs string // lines of the references, with *, definitions
		defs string
	}{
		{"src.ip in HOME", "HOME", "m1* m4 m6 o1", "m1"},
		{"http.host in bad", "bad", "m2* m4 m8", "m2"},
		{"flow.flag(\"login", "login", "m4* m5 m6 m6* o1", "m4 m6"},
		{"\"login\", \"other", "other", "m5", ""},
		{"dataset(\"seen", "seen", "m3* m5 m5*", "m3 m5"},
		{"host.counter(\"n", "n", "m6 m7*", "m7"},
		{"a: rule(R-1", "R-1", "m10 m4* m8", "m4"},
		{"test S-1", "S-1", "m8* m9", "m8"},
		{"when payload", "payload", "", ""}, // a field
	} {
		i := strings.Index(mentionsText, x.at)
		p := d.position(i + len(x.at) - len(x.name))
		where := map[string]any{"textDocument": map[string]any{"uri": uri}, "position": p, "context": map[string]any{"includeDeclaration": true}}
		var with, defs []location
		c.call("textDocument/references", where, &with)
		where["context"] = map[string]any{"includeDeclaration": false}
		var without []location
		c.call("textDocument/references", where, &without)
		var got []string
		for _, l := range with {
			s := lineName(l)
			if !slices.Contains(without, l) {
				s += "*"
			}
			got = append(got, s)
		}
		sort.Strings(got)
		if s := strings.Join(got, " "); s != x.refs {
			t.Errorf("%s: references %s, wanted %s", x.at, s, x.refs)
		}
		if strings.Contains(x.defs, " ") {
			c.call("textDocument/definition", where, &defs)
		} else {
			var one *location
			if c.call("textDocument/definition", where, &one); one != nil {
				defs = append(defs, *one)
			}
		}
		got = nil
		for _, l := range defs {
			got = append(got, lineName(l))
		}
		if s := strings.Join(got, " "); s != x.defs {
			t.Errorf("%s: definitions %q, wanted %q", x.at, s, x.defs)
		}
	}
	if text := c.hover(uri, d.position(strings.Index(mentionsText, `login", "other`))); !strings.Contains(text, "Set by R-1 (m.nids:4), R-3 (m.nids:6)") ||
		!strings.Contains(text, "Named by R-2 (m.nids:5), R-3 (m.nids:6), O-1 (o.nids:1)") {
		t.Errorf("%s", text)
	}
	if text := c.hover(uri, d.position(strings.Index(mentionsText, `f", src`))); !strings.Contains(text, "Nothing in these files sets it") {
		t.Errorf("%s", text)
	}
}

// lineName names a place by the first letter of its file and its line.
func lineName(l location) string {
	name := l.URI[strings.LastIndexByte(l.URI, '/')+1:][:1]
	return name + []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}[l.Range.Start.Line]
}

// TestRename renames symbols in all files that name them, and refuses what cannot be.
func TestRename(t *testing.T) {
	dir := t.TempDir()
	texts := map[string]string{"a.nids": "let HOME = {10.0.0.0/8}\nrule R-1 { when src.ip in HOME set flow.flag('x') }\ntest R-1 { packet { } alerts 0 }\n",
		"b.nids": "sequence S by src.ip within 5m { a: rule(R-1) b: flow.flag(\"x\") }\nrule R-2 { when dst.ip in HOME }\n"}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := start(t)
	c.initialize()
	uri := uriOf(filepath.Join(dir, "a.nids"))
	c.open(uri, texts["a.nids"])
	d := newDocument(uri, 1, texts["a.nids"])
	for _, x := range []struct{ from, to, a, b string }{
		{"HOME = ", "NETS", "let NETS = {10.0.0.0/8}", "dst.ip in NETS"},
		{"x')", "y z", "flow.flag('y z')", `flow.flag("y z")`},
		{"R-1 {", "R 9", `rule "R 9" {`, `rule("R 9")`},
	} {
		p := d.position(strings.Index(texts["a.nids"], x.from))
		var got workspaceEdit
		c.call("textDocument/rename", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": p, "newName": x.to}, &got)
		for name, want := range map[string]string{"a.nids": x.a, "b.nids": x.b} {
			u := uriOf(filepath.Join(dir, name))
			out := newDocument(u, 1, texts[name])
			edits := got.Changes[u]
			sort.Slice(edits, func(i, j int) bool {
				return out.offset(edits[i].Range.Start) > out.offset(edits[j].Range.Start)
			})
			for _, e := range edits {
				out.change(&e.Range, e.NewText)
			}
			if !strings.Contains(out.text, want) || strings.Contains(out.text, strings.TrimRight(strings.Fields(x.from)[0], "')")+" ") {
				t.Errorf("%s to %s: %s\n%s", x.from, x.to, name, out.text)
			}
		}
	}
	for from, to := range map[string]string{"HOME = ": "a b", "R-1 {": `a"b`, "src.ip": "SRC", "HOME =": "http.uri"} {
		p := d.position(strings.Index(texts["a.nids"], from))
		var got workspaceEdit
		err := c.conn.Call(t.Context(), "textDocument/rename", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": p, "newName": to}, &got)
		if err == nil {
			t.Errorf("%s to %s: %+v", from, to, got)
		}
	}
	var r *renameRange
	c.call("textDocument/prepareRename", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": position{0, 5}}, &r)
	if r == nil || r.Placeholder != "HOME" {
		t.Errorf("%+v", r)
	}
	var lights []highlight
	c.call("textDocument/documentHighlight", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": position{0, 5}}, &lights)
	if len(lights) != 2 || lights[0].Kind != highlightWrite || lights[1].Kind != highlightRead {
		t.Errorf("%+v", lights)
	}
	names := c.complete(uri, d.position(strings.Index(texts["a.nids"], "x')")))
	if len(names) != 0 { // single quotes: the text is closed, and nothing else has that prefix
		t.Errorf("%v", names)
	}
	c.notify("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": uri, "version": 2},
		"contentChanges": []map[string]any{{"text": texts["a.nids"] + "rule R-3 { when flow.flag(\""}}})
	end := newDocument(uri, 2, texts["a.nids"]+"rule R-3 { when flow.flag(\"")
	if names := c.complete(uri, end.position(len(end.text))); len(names) != 1 || names["x"].Detail != "flow.flag" {
		t.Errorf("%v", names)
	}
}
