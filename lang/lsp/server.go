package lsp

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/luanids/luanids/dissect"
)

// Options say how a server works.
type Options struct {
	Version string // of the program, told to the client
	// Delay is how long typing must pause before a file is checked.
	Delay time.Duration
	// Log gets what went wrong, nil for nowhere.
	Log func(format string, args ...any)
}

// DefaultDelay is a good Options.Delay for people.
const DefaultDelay = 150 * time.Millisecond

// maxDocuments and maxDocument bound what a client may keep open.
const (
	maxDocuments = 1000
	maxDocument  = 32 << 20 // bytes
)

// Serve speaks the protocol on a stream until the client says exit, closes it, or ctx is done.
func Serve(ctx context.Context, schema *dissect.Schema, rw io.ReadWriteCloser, opt Options) error {
	if opt.Log == nil {
		opt.Log = func(string, ...any) {}
	}
	s := &server{schema: schema, opt: opt, docs: map[string]*document{}, due: map[string]bool{}, kick: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.exit = cancel
	var checks sync.WaitGroup
	conn := jsonrpc2.NewConn(ctx, jsonrpc2.NewBufferedStream(rw, codec{}), jsonrpc2.HandlerWithError(s.handle), jsonrpc2.SetLogger(quiet{}))
	checks.Go(func() { s.checker(ctx, conn) })
	select {
	case <-conn.DisconnectNotify():
	case <-ctx.Done():
	}
	cancel()
	_ = conn.Close() // it may be closed already
	checks.Wait()
	return nil
}

// quiet keeps the library from writing to stderr.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

// server is one session.
type server struct {
	schema *dissect.Schema
	opt    Options
	exit   context.CancelFunc

	mu    sync.Mutex // guards what follows
	docs  map[string]*document
	due   map[string]bool // URIs to be checked
	ended bool            // shutdown was asked for
	begun bool
	kick  chan struct{}
	cache map[string]*parsed // by path
}

// methods are the requests and notifications that the server knows.
var methods = map[string]func(s *server, raw json.RawMessage) (any, error){
	"initialize":                     with((*server).initialize),
	"initialized":                    ignore,
	"shutdown":                       (*server).shutdown,
	"textDocument/didOpen":           with((*server).didOpen),
	"textDocument/didChange":         with((*server).didChange),
	"textDocument/didClose":          with((*server).didClose),
	"textDocument/didSave":           ignore,
	"textDocument/hover":             with((*server).hover),
	"textDocument/completion":        with((*server).completion),
	"textDocument/definition":        with((*server).definition),
	"textDocument/references":        with((*server).references),
	"textDocument/documentHighlight": with((*server).highlights),
	"textDocument/prepareRename":     with((*server).prepareRename),
	"textDocument/rename":            with((*server).rename),
	"textDocument/formatting":        with((*server).formatting),
	"textDocument/documentSymbol":    with((*server).symbols),
}

func ignore(*server, json.RawMessage) (any, error) { return nil, nil }

// with reads the parameters of a method.
func with[P any](f func(*server, *P) (any, error)) func(*server, json.RawMessage) (any, error) {
	return func(s *server, raw json.RawMessage) (any, error) {
		var p P
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &p); err != nil {
				return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: err.Error()}
			}
		}
		return f(s, &p)
	}
}

// invalid is the answer to what cannot be done as asked.
func invalid(why string) error {
	return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: why}
}

// Codes of the protocol.
const (
	codeNotInitialized = -32002
	codeInternal       = jsonrpc2.CodeInternalError
)

func (s *server) handle(_ context.Context, _ *jsonrpc2.Conn, req *jsonrpc2.Request) (result any, err error) {
	defer func() {
		if r := recover(); r != nil {
			s.opt.Log("%s: %v\n%s", req.Method, r, debug.Stack())
			err = &jsonrpc2.Error{Code: codeInternal, Message: fmt.Sprintf("%s failed: %v", req.Method, r)}
		}
	}()
	if req.Method == "exit" {
		s.exit()
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := methods[req.Method]
	switch {
	case f == nil && req.Notif:
		return nil, nil // the protocol lets servers ignore what they do not know
	case f == nil:
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: "unknown method " + req.Method}
	case s.ended:
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: "the server was shut down"}
	case !s.begun && req.Method != "initialize":
		return nil, &jsonrpc2.Error{Code: codeNotInitialized, Message: "initialize comes first"}
	}
	var raw json.RawMessage
	if req.Params != nil {
		raw = *req.Params
	}
	return f(s, raw)
}

func (s *server) initialize(*struct{}) (any, error) {
	s.begun = true
	var r initializeResult
	r.ServerInfo.Name, r.ServerInfo.Version = "luanids", s.opt.Version
	r.Capabilities = map[string]any{
		"positionEncoding":           "utf-16",
		"textDocumentSync":           map[string]any{"openClose": true, "change": 2}, // incremental
		"hoverProvider":              true,
		"definitionProvider":         true,
		"referencesProvider":         true,
		"documentHighlightProvider":  true,
		"renameProvider":             map[string]any{"prepareProvider": true},
		"documentFormattingProvider": true,
		"documentSymbolProvider":     true,
		"completionProvider":         map[string]any{"triggerCharacters": []string{".", "\""}},
	}
	return r, nil
}

func (s *server) shutdown(json.RawMessage) (any, error) {
	s.ended = true
	return nil, nil
}

func (s *server) didOpen(p *openParams) (any, error) {
	t := &p.TextDocument
	if len(s.docs) >= maxDocuments && s.docs[t.URI] == nil || len(t.Text) > maxDocument || t.URI == "" {
		s.opt.Log("%s: too many files, or too large", t.URI)
		return nil, nil
	}
	s.docs[t.URI] = newDocument(t.URI, t.Version, t.Text)
	s.touch(t.URI)
	return nil, nil
}

func (s *server) didChange(p *changeParams) (any, error) {
	d := s.docs[p.TextDocument.URI]
	if d == nil {
		return nil, nil
	}
	d.version = p.TextDocument.Version
	for _, c := range p.ContentChanges {
		if len(d.text)+len(c.Text) > 2*maxDocument {
			s.opt.Log("%s is too large", d.uri)
			return nil, nil
		}
		d.change(c.Range, c.Text)
	}
	s.touch(d.uri)
	return nil, nil
}

func (s *server) didClose(p *documentParams) (any, error) {
	if s.docs[p.TextDocument.URI] != nil {
		delete(s.docs, p.TextDocument.URI)
		s.due[p.TextDocument.URI] = true // to clear its diagnostics
		s.wake()
	}
	return nil, nil
}

// touch asks for checks of a document, and of all others, which may use what it declares.
func (s *server) touch(uri string) {
	s.due[uri] = true
	for other := range s.docs {
		s.due[other] = true
	}
	s.wake()
}

func (s *server) wake() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}
