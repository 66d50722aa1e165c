package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lua"
	"github.com/luanids/luanids/lua/luatest"
)

// checkScripts checks Lua scripts, each by itself; tests of scripts are parsed only.
func checkScripts(f *flags, paths []string) (checked, error) {
	cfg := engine.DefaultConfig()
	schema, err := engine.NewSchema(&cfg.EVEOptions)
	if err != nil {
		return checked{}, err
	}
	rules, err := ruleOptions(f, &cfg)
	if err != nil {
		return checked{}, err
	}
	texts := map[string][]byte{}
	out := checked{what: plural(len(paths), "script"), source: func(file string) []byte { return texts[file] }}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return checked{}, err
		}
		texts[path] = text
		src := lua.Source{Name: path, Text: string(text)}
		var list []lua.Problem
		if strings.HasSuffix(path, luatest.Suffix) {
			list = lua.CheckSyntax(src)
		} else {
			list = lua.Check(schema, []lua.Source{src}, lua.Options{Vars: rules.Vars, Modules: []fs.FS{os.DirFS(filepath.Dir(path))}})
		}
		for i := range list {
			out.list = append(out.list, scriptDiagnostic(&list[i], text))
		}
	}
	out.list.Sort()
	return out, nil
}

// namedIn finds the name that a message is about.
var namedIn = regexp.MustCompile(`(?:member|global|field|event|function|kind|parameter) "?([\w.]+)|^(\w+\.\w+) is called`)

// scriptFuncs gives the predicates of the scripts among files, for rules that use them, and the flow flags that they set.
func scriptFuncs(schema *dissect.Schema, files []string) (out []*funcs.Decl, flags []string) {
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil || filepath.Ext(path) != ".lua" || strings.HasSuffix(path, luatest.Suffix) {
			continue
		}
		rt, _ := lua.Load(schema, []lua.Source{{Name: path, Text: string(text)}}, lua.Options{Modules: []fs.FS{os.DirFS(filepath.Dir(path))}})
		out, flags = append(out, rt.Funcs()...), append(flags, rt.FlowFlags()...)
		rt.Close()
	}
	return out, flags
}

// scriptDiagnostic words a problem of a script as diagnostics of rules are worded: it points to the name that is
// meant where the line has it, else to the whole line.
func scriptDiagnostic(p *lua.Problem, text []byte) diag.Diagnostic {
	d := diag.Diagnostic{File: p.Pos.File, Code: strings.ReplaceAll(p.Kind.String(), " ", "-"), Summary: p.Msg, Hint: p.Hint}
	if p.Warning {
		d.Severity = diag.Warning
	}
	if p.Col > 0 && p.To <= len(text) {
		d.Range = p.Range()
		return d
	}
	lines := strings.Split(string(text), "\n")
	if p.Pos.Line < 1 || p.Pos.Line > len(lines) {
		return d
	}
	line := strings.TrimRight(lines[p.Pos.Line-1], "\r")
	from, to := len(line)-len(strings.TrimLeft(line, " \t")), len(line)
	if m := namedIn.FindStringSubmatch(p.Msg); m != nil {
		name := m[1] + m[2]
		if i := strings.Index(line, name); i >= 0 {
			from, to = i, i+len(name)
		}
	}
	offset := 0
	for _, l := range lines[:p.Pos.Line-1] {
		offset += len(l) + 1
	}
	at := func(col int) diag.Pos {
		return diag.Pos{Offset: offset + col, Line: p.Pos.Line, Col: len([]rune(line[:col])) + 1}
	}
	d.Range = diag.Range{Start: at(from), End: at(to)}
	return d
}
