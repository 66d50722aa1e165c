package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lua"
	"github.com/luanids/luanids/scripts"
)

// loadScripts loads what -s names into the configuration, and gives the filters of the scripts
// to be compiled with the rules. Without -s the scripts that ship run.
func loadScripts(f *flags, cfg *engine.Config, vars map[string]string, say *messages) ([]*ir.Rule, error) {
	names := f.scripts
	if len(names) == 0 {
		names = []string{ruleset.Default}
	}
	sources, modules, err := scriptSources(names)
	if err != nil {
		return nil, usage(err)
	}
	if len(sources) == 0 {
		return nil, nil
	}
	host := engine.NewScriptHost(say.warn)
	opt := lua.Options{Host: host, Vars: vars, Modules: modules}
	if f.settings != nil {
		opt.Params, opt.Limits = f.settings.Detectors, f.settings.Scripts.Limits
	}
	if f.program != nil {
		f.program.options(&opt, host)
	}
	rt, problems := lua.Load(cfg.Schema, sources, opt)
	bad := 0
	for _, p := range problems {
		if !p.Warning {
			bad++
		}
		host.Problem(p)
	}
	if bad > 0 {
		rt.Close()
		return nil, usage(fmt.Errorf("the scripts have %s", plural(bad, "error")))
	}
	filters, err := rt.FilterRules()
	if err != nil {
		rt.Close()
		return nil, usage(err)
	}
	cfg.Scripts, cfg.ScriptHost, cfg.ChecksumRules = rt, host, rt.ChecksumRules()
	if f.program != nil {
		if err := f.program.loaded(rt, f, cfg); err != nil {
			return nil, err
		}
	}
	rules := make([]*ir.Rule, len(filters))
	for i := range filters {
		rules[i] = filters[i].Rule
	}
	return rules, nil
}

// scriptSources reads scripts: files, folders, and the names default and none. modules are the
// folders in which require looks.
func scriptSources(names []string) (sources []lua.Source, modules []fs.FS, err error) {
	for _, name := range names {
		if name == ruleset.None {
			continue
		}
		fsys, prefix := fs.FS(scripts.FS), "scripts/"
		only := ""
		if name != ruleset.Default {
			info, err := os.Stat(name)
			if err != nil {
				return nil, nil, fmt.Errorf("scripts: %w", err)
			}
			dir := name
			if !info.IsDir() {
				dir, only = filepath.Dir(name), filepath.Base(name)
			}
			fsys, prefix = os.DirFS(dir), dir+"/"
		}
		list, err := scriptsIn(fsys, prefix, only)
		if err != nil {
			return nil, nil, err
		}
		if len(list) == 0 {
			return nil, nil, fmt.Errorf("scripts: no .lua files in %s", name)
		}
		sources = append(sources, list...)
		modules = append(modules, fsys)
	}
	return sources, modules, nil
}

// scriptsIn reads the scripts of a folder, tests left out, or only one file.
func scriptsIn(fsys fs.FS, prefix, only string) ([]lua.Source, error) {
	names := []string{only}
	if only == "" {
		found, err := fs.Glob(fsys, "*.lua")
		if err != nil {
			return nil, fmt.Errorf("scripts: %w", err)
		}
		sort.Strings(found)
		names = names[:0]
		for _, n := range found {
			if !strings.HasSuffix(n, "_test.lua") {
				names = append(names, n)
			}
		}
	}
	var list []lua.Source
	for _, n := range names {
		text, err := fs.ReadFile(fsys, n)
		if err != nil {
			var pe *fs.PathError
			if errors.As(err, &pe) {
				err = fmt.Errorf("%s%s: %w", prefix, n, pe.Err)
			}
			return nil, fmt.Errorf("scripts: %w", err)
		}
		list = append(list, lua.Source{Name: strings.TrimPrefix(prefix, "./") + n, Text: string(text)})
	}
	return list, nil
}
