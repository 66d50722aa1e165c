package lsp

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/luanids/luanids/lang/langtest"
)

// client is an editor at the other end of pipes.
type client struct {
	t     *testing.T
	conn  *jsonrpc2.Conn
	diags chan publishParams
	done  chan error
}

type pipes struct {
	io.Reader
	io.WriteCloser
}

// start begins a session over two pipes, with the library's own framing at the client's end.
func start(t *testing.T) *client {
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	c := &client{t: t, diags: make(chan publishParams, 100), done: make(chan error, 1)}
	go func() {
		c.done <- Serve(context.Background(), langtest.Schema(), pipes{inR, outW}, Options{Version: "test",
			Log: func(f string, a ...any) { fmt.Fprintf(os.Stderr, f+"\n", a...) }})
	}()
	c.conn = jsonrpc2.NewConn(context.Background(), jsonrpc2.NewBufferedStream(pipes{outR, inW}, jsonrpc2.VSCodeObjectCodec{}),
		jsonrpc2.HandlerWithError(func(_ context.Context, _ *jsonrpc2.Conn, r *jsonrpc2.Request) (any, error) {
			var p publishParams
			if r.Method == "textDocument/publishDiagnostics" && json.Unmarshal(*r.Params, &p) == nil {
				c.diags <- p
			}
			return nil, nil
		}))
	t.Cleanup(func() { _ = c.conn.Close() })
	return c
}

func (c *client) call(method string, params, result any) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := c.conn.Call(ctx, method, params, result); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
}

func (c *client) notify(method string, params any) {
	c.t.Helper()
	if err := c.conn.Notify(context.Background(), method, params); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
}

func (c *client) initialize() {
	c.t.Helper()
	var r initializeResult
	c.call("initialize", map[string]any{"processId": nil, "rootUri": nil, "capabilities": map[string]any{}}, &r)
	if r.Capabilities["hoverProvider"] != true || r.ServerInfo.Name != "luanids" {
		c.t.Fatalf("%+v", r)
	}
	c.notify("initialized", map[string]any{})
}

func (c *client) open(uri, text string) {
	c.t.Helper()
	c.notify("textDocument/didOpen", openParams{textDocumentItem{uri, 1, text}})
}

// diagnostics waits for what is published about a file at a version.
func (c *client) diagnostics(uri string, version int) []diagnosticItem {
	c.t.Helper()
	for {
		select {
		case p := <-c.diags:
			if p.URI == uri && p.Version == version {
				return p.Diagnostics
			}
		case <-time.After(20 * time.Second):
			c.t.Fatal("no diagnostics")
		}
	}
}

// at finds the place of the mark | in a text, and gives the text without it.
func at(text string) (string, position) {
	i := strings.IndexByte(text, '|')
	d := newDocument("x", 0, text[:i]+text[i+1:])
	return d.text, d.position(i)
}

func (c *client) hover(uri string, p position) string {
	c.t.Helper()
	var r *hoverResult
	c.call("textDocument/hover", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": p}, &r)
	if r == nil {
		return ""
	}
	return r.Contents.Value
}

func (c *client) complete(uri string, p position) map[string]completionItem {
	c.t.Helper()
	var r completionList
	c.call("textDocument/completion", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": p}, &r)
	out := map[string]completionItem{}
	for _, x := range r.Items {
		out[x.Label] = x
	}
	return out
}

func TestSession(t *testing.T) {
	c := start(t)
	c.initialize()
	dir := t.TempDir()
	uri := uriOf(filepath.Join(dir, "wéb rules.nids"))
	c.open(uri, "rule A \"é𝄞\" { when http.urii contains \"xyz\" }\n")
	list := c.diagnostics(uri, 1)
	if len(list) != 1 || list[0].Code != "unknown-field" || list[0].Severity != 1 || !strings.Contains(list[0].Message, "did you mean http.uri?") {
		t.Fatalf("%+v", list)
	}
	if r := list[0].Range; r.Start != (position{0, 20}) || r.End != (position{0, 29}) { // 𝄞 counts for two
		t.Errorf("%+v", r)
	}

	// The mistake is corrected by an edit of its range.
	c.notify("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": uri, "version": 2},
		"contentChanges": []any{map[string]any{"range": textRange{position{0, 20}, position{0, 29}}, "text": "http.uri"}}})
	if list := c.diagnostics(uri, 2); len(list) != 0 {
		t.Errorf("%+v", list)
	}

	var edits []textEdit
	c.call("textDocument/formatting", documentParams{textDocumentID{URI: uri}}, &edits)
	if len(edits) != 1 || edits[0].NewText != "rule A \"é𝄞\" {\n  when http.uri contains \"xyz\"\n}\n" || edits[0].Range.End != (position{1, 0}) {
		t.Errorf("%+v", edits)
	}

	var symbols []documentSymbol
	c.call("textDocument/documentSymbol", documentParams{textDocumentID{URI: uri}}, &symbols)
	if len(symbols) != 1 || symbols[0].Name != "A" || symbols[0].Detail != "é𝄞" || symbols[0].SelectionRange.Start != (position{0, 5}) {
		t.Errorf("%+v", symbols)
	}

	// A closed file keeps no diagnostics.
	c.open(uri+"2", "rule")
	if len(c.diagnostics(uri+"2", 1)) == 0 {
		t.Error("no error")
	}
	c.notify("textDocument/didClose", documentParams{textDocumentID{URI: uri + "2"}})
	if list := c.diagnostics(uri+"2", 0); len(list) != 0 {
		t.Errorf("%+v", list)
	}

	c.call("shutdown", nil, nil)
	if err := c.conn.Call(context.Background(), "textDocument/hover", placeParams{}, nil); err == nil {
		t.Error("a request after shutdown is answered")
	}
	c.notify("exit", nil)
	select {
	case err := <-c.done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("exit does not end the server")
	}
}

func TestHover(t *testing.T) {
	c := start(t)
	c.initialize()
	for i, x := range []struct{ text, want string }{
		{`rule A { when http.u|ri == "x" }`, "**http.uri** string, known from http.request on"},
		{`rule A { when http.uri| == "x" }`, "**http.uri**"},
		{`rule A { when any(dns.answers.i|p: dns.answers.ip in 10.0.0.0/8) }`, "list of ip"},
		{`rule A { when entro|py(http.uri) > 4.0 }`, "entropy(x string or bytes) float"},
		{"rule A {\n  thre|shold 1 in 5s }", "threshold [limit|every"},
		{"rule A {\n  on http.re|quest }", "event **http.request**"},
		{"let HOME = {10.0.0.0/8}\nrule A { when src.ip in HO|ME }", "let HOME = {10.0.0.0/8}"},
		{"rule A \"title\" { when tcp }\ntest |A { packet { } alerts 1 }", "rule **A** title"},
		{`ru|le A { when tcp }`, `rule ID "title"`},
		{`rule A { when http.uri == "http.u|ri" }`, ""},
		{`rule A { when tcp } # http.u|ri`, ""},
		{`rule A { when nonsen|se }`, ""},
		{"|", ""},
	} {
		uri := fmt.Sprintf("untitled:%d.nids", i)
		text, p := at(x.text)
		c.open(uri, text)
		got := c.hover(uri, p)
		if (x.want == "") != (got == "") || !strings.Contains(got, x.want) {
			t.Errorf("%s: %q", x.text, got)
		}
	}
	if got := c.hover("untitled:0.nids", position{999, 999}); got != "" {
		t.Errorf("past the end: %q", got)
	}
}

func TestCompletion(t *testing.T) {
	c := start(t)
	c.initialize()
	for i, x := range []struct {
		text      string
		has, lack []string
	}{
		{"ru|", []string{"rule"}, []string{"when", "let"}},
		{"rule A {\n  s|\n}", []string{"severity", "set", "sid"}, []string{"rule", "tags"}},
		{"rule A {\n  when http.u|\n}", []string{"http.uri", "http.user_agent"}, []string{"dns.query", "url_decode"}},
		{"rule A {\n  when |\n}", []string{"http.uri", "entropy", "not", "to_server"}, []string{"rule"}},
		{"let HOME = {10.0.0.0/8}\nrule A {\n  when src.ip in H|\n}", []string{"HOME"}, []string{"http.uri2"}},
		{"rule A {\n  severity |\n}", []string{"low", "critical"}, []string{"http.uri"}},
		{"rule A {\n  on http.|\n}", []string{"http.request", "http.response"}, []string{"http.uri"}},
		{"rule AB { when tcp }\ntest A|", []string{"AB"}, []string{"and"}},
		{"rule A {\n  when http.uri == \"http.|\n}", nil, []string{"http.uri"}},
		{"rule A {\n  when tcp # http.|\n}", nil, []string{"http.uri"}},
		{"rule A { when http.uri ~ /ht|/ }", nil, []string{"http.uri"}},
	} {
		uri := fmt.Sprintf("untitled:%d.nids", i)
		text, p := at(x.text)
		c.open(uri, text)
		got := c.complete(uri, p)
		for _, w := range x.has {
			if _, ok := got[w]; !ok {
				t.Errorf("%q lacks %s", x.text, w)
			}
		}
		for _, w := range x.lack {
			if _, ok := got[w]; ok {
				t.Errorf("%q has %s", x.text, w)
			}
		}
	}
	// The edit takes the place of the whole dotted word.
	item := c.complete("untitled:2.nids", position{1, 13})["http.uri"]
	if item.TextEdit == nil || item.TextEdit.Range != (textRange{position{1, 7}, position{1, 13}}) || item.Documentation == nil {
		t.Errorf("%+v", item)
	}
}

func TestDefinition(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return uriOf(path)
	}
	lets := write("lets.nids", "\nlet HOME = {10.0.0.0/8}\n")
	write("other.nids", "rule FIRST { when tcp }\n")
	values := write("values.txt", "a\n")
	text := "include \"lets.nids\"\nlist NAMES from \"values.txt\"\nsequence SEQ by src.ip within 5m {\n  a: rule(FIRST)\n  b: http.host in NAMES and src.ip in HOME\n}\n" +
		"test SEQ { packet { } alerts 0 }\n"
	uri := write("main.nids", text)
	c := start(t)
	c.initialize()
	c.open(uri, text)
	if list := c.diagnostics(uri, 1); len(list) != 0 { // FIRST is in the file beside it
		t.Errorf("%+v", list)
	}
	for _, x := range []struct {
		line, col int
		want      location
	}{
		{4, 38, location{lets, textRange{position{1, 4}, position{1, 8}}}},
		{4, 20, location{uri, textRange{position{1, 5}, position{1, 10}}}},
		{3, 12, location{uriOf(filepath.Join(dir, "other.nids")), textRange{position{0, 5}, position{0, 10}}}},
		{6, 6, location{uri, textRange{position{2, 9}, position{2, 12}}}},
		{0, 10, location{lets, textRange{}}},
		{1, 20, location{values, textRange{}}},
	} {
		var got *location
		c.call("textDocument/definition", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": position{x.line, x.col}}, &got)
		if got == nil || *got != x.want {
			t.Errorf("%d:%d: %+v, wanted %+v", x.line, x.col, got, x.want)
		}
	}
	var got *location
	c.call("textDocument/definition", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": position{4, 6}}, &got)
	if got != nil {
		t.Errorf("a field is defined at %+v", got)
	}
}

// TestHostile sends what no client should, and wants the server to go on, or to end cleanly.
func TestHostile(t *testing.T) {
	mine, theirs := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- Serve(context.Background(), langtest.Schema(), theirs, Options{}) }()
	replies := bufio.NewReader(mine)
	send := func(body string) {
		_ = mine.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := fmt.Fprintf(mine, "Content-Length: %d\r\n\r\n%s", len(body), body); err != nil {
			t.Fatal(err)
		}
	}
	reply := func() (m struct {
		ID     any
		Error  *jsonrpc2.Error
		Result json.RawMessage
	}) {
		if err := (codec{}).ReadObject(replies, &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	send(`{"jsonrpc":"2.0","id":1,"method":"textDocument/hover","params":{}}`)
	if m := reply(); m.Error == nil || m.Error.Code != codeNotInitialized {
		t.Errorf("%+v", m)
	}
	send(`{"jsonrpc":`)
	send("\x00\xff not JSON")
	send(strings.Repeat("[", 100_000))
	send(`{"jsonrpc":"2.0","method":"$/unknown"}`)
	send(`{"jsonrpc":"2.0","id":2,"method":"initialize","params":{"capabilities":{}}}`)
	if m := reply(); m.Error != nil || len(m.Result) < 10 {
		t.Errorf("%+v", m)
	}
	for i, body := range []string{
		`"method":"textDocument/hover","params":{"textDocument":{"uri":5}}`,
		`"method":"textDocument/hover","params":[1,2]`,
		`"method":"no/such/method"`,
		`"method":"textDocument/hover","params":{"textDocument":{"uri":"file:///none"},"position":{"line":-5,"character":-9}}`,
		`"method":"textDocument/formatting","params":null`,
	} {
		send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,%s}`, 10+i, body))
		if m := reply(); (m.Error == nil) != (i > 2) {
			t.Errorf("%s: %+v", body, m)
		}
	}
	// Positions out of range, edits the wrong way round, and text that is none.
	go func() { _, _ = io.Copy(io.Discard, replies) }() // from here on only survival counts
	hostile, _ := json.Marshal("rule \x00 {{{ when \xff ~ /(((" + strings.Repeat("(", 5000))
	send(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"untitled:x","version":1,"text":` + string(hostile) + `}}}`)
	send(`{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"untitled:x","version":2},"contentChanges":[` +
		`{"range":{"start":{"line":99,"character":99},"end":{"line":-1,"character":-1}},"text":"x"},{"text":"rule"}]}}`)
	for i := range 30 {
		send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"textDocument/completion","params":{"textDocument":{"uri":"untitled:x"},"position":{"line":%d,"character":%d}}}`, 100+i, i-3, i*7-9))
	}
	select {
	case <-done:
		t.Fatal("the server gave up")
	case <-time.After(50 * time.Millisecond):
	}
	// A header without end is the end.
	_ = mine.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = io.WriteString(mine, strings.Repeat("x", 3*maxHeader))
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the server reads on")
	}
}

func TestCodecBounds(t *testing.T) {
	var v any
	for _, in := range []string{"", "Content-Length: x\r\n\r\n", "Content-Length: -5\r\n\r\n", "Content-Type: a\r\n\r\n{}", "Content-Length: 99999999999999\r\n\r\n{}",
		"Content-Length: 1000\r\n\r\n{}"} {
		if err := (codec{}).ReadObject(bufio.NewReader(strings.NewReader(in)), &v); err == nil {
			t.Errorf("%q is taken", in)
		}
	}
	if err := (codec{}).ReadObject(bufio.NewReader(strings.NewReader("\r\ncontent-length: 2\r\nX: y\r\n\r\n{}")), &v); err != nil {
		t.Error(err)
	}
}

// FuzzPlaces asks about every kind of place in every kind of text.
func FuzzPlaces(f *testing.F) {
	f.Add("rule A \"é\" { when http.uri == \"x\" }\ntest A { }", 0, 20)
	f.Add("let X = {1\n# c\nlist a from \"b\"", 1, 1)
	f.Add("\xff\x00rule(", 0, 9)
	f.Fuzz(func(t *testing.T, text string, line, col int) {
		s := &server{schema: langtest.Schema(), docs: map[string]*document{}, due: map[string]bool{}, kick: make(chan struct{}, 1)}
		d := newDocument("untitled:x", 1, text)
		s.docs[d.uri] = d
		p := &placeParams{textDocumentID{URI: d.uri}, position{line, col}}
		for _, ask := range []func(*placeParams) (any, error){s.hover, s.completion, s.definition} {
			if _, err := ask(p); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.references(&referenceParams{placeParams: *p}); err != nil {
			t.Fatal(err)
		}
		_, _ = s.rename(&renameParams{*p, "renamed"}) // may say no
		off := d.offset(p.Position)
		if off < 0 || off > len(text) {
			t.Fatalf("offset %d of %d", off, len(text))
		}
		if back := d.offset(d.position(off)); back != off && back+3 < off {
			t.Fatalf("%d became %d", off, back)
		}
		d.change(&textRange{p.Position, position{line + 1, col}}, "x")
	})
}
