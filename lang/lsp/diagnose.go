package lsp

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/syntax"
)

// Limits of the files beside an open one that are read with it.
const (
	maxSiblings     = 200
	maxSiblingBytes = 8 << 20
)

// maxDiagnostics bounds what is published about one file.
const maxDiagnostics = 500

// checker checks what is due, when typing pauses, until ctx is done.
func (s *server) checker(ctx context.Context, conn *jsonrpc2.Conn) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.kick:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(s.opt.Delay):
		}
		s.mu.Lock()
		due := slices.Sorted(maps.Keys(s.due))
		clear(s.due)
		open := map[string]*document{}
		for uri, d := range s.docs {
			one := *d // the text is immutable
			open[uri] = &one
		}
		s.mu.Unlock()
		for _, uri := range due {
			if ctx.Err() != nil {
				return
			}
			p := s.publish(uri, open)
			if err := conn.Notify(ctx, "textDocument/publishDiagnostics", p); err != nil {
				return // the client is gone
			}
		}
	}
}

// publish checks a document; of one that is closed nothing is left to say.
func (s *server) publish(uri string, open map[string]*document) (p publishParams) {
	p = publishParams{URI: uri, Diagnostics: []diagnosticItem{}}
	d := open[uri]
	if d == nil {
		return p
	}
	p.Version = d.version
	defer func() {
		if r := recover(); r != nil {
			s.opt.Log("%s: %v\n%s", uri, r, debug.Stack())
		}
	}()
	for _, x := range s.diagnose(d, open) {
		if len(p.Diagnostics) == maxDiagnostics {
			break
		}
		item := diagnosticItem{Range: d.textRange(x.Range), Severity: 1, Code: x.Code, Source: "luanids", Message: x.Summary}
		if x.Severity == diag.Warning {
			item.Severity = 2
		}
		for _, more := range []string{x.Detail, x.Hint} {
			if more != "" {
				item.Message += "\n" + more
			}
		}
		p.Diagnostics = append(p.Diagnostics, item)
	}
	return p
}

// diagnose checks a file by itself, with what it includes. If that has errors, it is checked together with the
// rule files beside it, as a folder is loaded: what they declare may be what it lacks.
func (s *server) diagnose(d *document, open map[string]*document) diag.List {
	texts := overlay(open)
	alone := s.checkFiles(d, []string{d.path}, texts)
	if alone.Errors() == 0 {
		return alone
	}
	files := siblings(d.path, open)
	if len(files) < 2 {
		return alone
	}
	if together := s.checkFiles(d, files, texts); together.Errors() < alone.Errors() {
		return together
	}
	return alone
}

func overlay(open map[string]*document) map[string][]byte {
	texts := map[string][]byte{}
	for _, o := range open {
		texts[o.path] = []byte(o.text)
	}
	return texts
}

func (s *server) checkFiles(d *document, files []string, texts map[string][]byte) diag.List {
	_, list := lang.Load(s.schema, files, lang.Options{Files: texts, WarnCaptures: true})
	var own diag.List
	for _, x := range list {
		if x.File == d.path {
			own = append(own, x)
		}
	}
	return own
}

// siblings lists the rule files in the folder of a file, itself first.
func siblings(path string, open map[string]*document) []string {
	files := []string{path}
	add := func(name string) {
		if filepath.Ext(name) == lang.Ext && filepath.Dir(name) == filepath.Dir(path) && !slices.Contains(files, name) && len(files) < maxSiblings {
			files = append(files, name)
		}
	}
	if !filepath.IsAbs(path) {
		return files
	}
	for _, uri := range slices.Sorted(maps.Keys(open)) {
		add(open[uri].path)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return files
	}
	size := int64(0)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if size += info.Size(); size > maxSiblingBytes {
			break
		}
		add(filepath.Join(filepath.Dir(path), e.Name()))
	}
	return files
}

func (s *server) formatting(p *documentParams) (any, error) {
	d := s.docs[p.TextDocument.URI]
	if d == nil {
		return nil, nil
	}
	out, list := syntax.Format([]byte(d.text))
	if len(list) > 0 || string(out) == d.text {
		return []textEdit{}, nil // what has syntax errors is left alone
	}
	return []textEdit{{textRange{position{}, d.position(len(d.text))}, string(out)}}, nil
}
