package sensor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lua"
	"github.com/luanids/luanids/scripts"
)

// folder is where scripts and the modules that they require are.
type folder struct {
	fsys fs.FS
	dir  string // on disk; "" for those that ship
}

// loadScripts loads the scripts, and gives their filters to be compiled with the rules. Where nothing
// of what they were made of has changed, those that run stay.
func (s *Sensor) loadScripts(l, prev *loaded, which parts) error {
	st := l.settings
	sources, folders, err := scriptSources(st.Scripts.Files, l, prev != nil)
	if prev != nil {
		l.scriptKey, l.filters, l.modules = prev.scriptKey, prev.filters, prev.modules
		l.funcs, l.flags, l.asked = prev.funcs, prev.flags, prev.asked
	}
	for _, m := range l.modules {
		l.watch(m, nil)
	}
	if prev != nil && !which.scripts {
		return nil
	}
	if err != nil {
		return plain("the scripts", err)
	}
	key := scriptKey(l, sources)
	if prev != nil {
		if rt := s.engine.Scripts(); rt != nil && key == prev.scriptKey && sameModules(rt, folders) && prev.asked.same(st.Rules.Files) {
			return nil
		}
	} else if len(sources) == 0 {
		l.scriptKey = key
		return nil
	}
	host := engine.NewScriptHost(s.opt.Warn)
	host.Telling(s.opt.Tell)
	l.asked = askedLists{}
	opt := lua.Options{Host: host, Vars: st.Vars, Lists: l.asked.from(st.Rules.Files), Params: st.Detectors, Limits: st.Scripts.Limits}
	for _, f := range folders {
		opt.Modules = append(opt.Modules, f.fsys)
	}
	if s.opt.Scripting != nil {
		s.opt.Scripting(&opt, host)
	}
	rt, problems := lua.Load(l.schema, sources, opt)
	if err := l.scriptProblems(problems, sources); err != nil {
		rt.Close()
		return err
	}
	filters, err := rt.FilterRules()
	if err != nil {
		rt.Close()
		return plain("the scripts", err)
	}
	l.filters, l.funcs, l.flags = nil, rt.Funcs(), rt.FlowFlags()
	for i := range filters {
		l.filters = append(l.filters, filters[i].Rule)
	}
	l.scripts, l.host, l.scriptKey = rt, host, key
	l.modules = modulesOf(rt, folders)
	for _, m := range l.modules {
		l.watch(m, nil)
	}
	return nil
}

func (l *loaded) scriptProblems(problems []lua.Problem, sources []lua.Source) error {
	var bad diag.List
	for _, p := range problems {
		if p.Setting != "" {
			_, why, ok := strings.Cut(p.Msg, ": ") // less whose settings they are: the place tells
			if !ok {
				why = p.Msg
			}
			d := l.settings.Problem("detectors."+p.Setting, why, p.Hint)
			if p.Warning {
				l.warn("%s", say(&d))
			} else {
				bad = append(bad, d)
			}
			continue
		}
		if p.Warning {
			l.warn("%s", p)
			continue
		}
		text := p.Msg
		if kind := p.Kind.String(); !strings.HasPrefix(text, kind) {
			text = kind + ": " + text
		}
		bad = append(bad, diag.Diagnostic{File: p.Pos.File, Range: p.Range(), Severity: diag.Error, Code: "script",
			Summary: text, Hint: p.Hint})
	}
	if len(bad) == 0 {
		return nil
	}
	texts := map[string][]byte{}
	for _, s := range sources {
		texts[s.Name] = []byte(s.Text)
	}
	if text, err := os.ReadFile(bad[0].File); err == nil {
		texts[bad[0].File] = text // the configuration, if it is that
	}
	return &LoadError{What: "the scripts", List: bad, Sources: texts}
}

// scriptKey tells one set of scripts from another, less their modules.
func scriptKey(l *loaded, sources []lua.Source) uint64 {
	var texts []string
	for _, s := range sources {
		texts = append(texts, s.Name, s.Text)
	}
	st := l.settings
	// fmt writes maps in the order of their keys.
	return hashOf(append(texts, fmt.Sprint(st.Vars, st.Detectors, st.Scripts.Limits))...)
}

// sameModules tells whether the modules that running scripts have required are what they were.
func sameModules(rt *lua.Runtime, folders []folder) bool {
	for name, text := range rt.Modules() {
		i := slices.IndexFunc(folders, func(f folder) bool { _, err := fs.Stat(f.fsys, name); return err == nil })
		if i < 0 {
			return false
		}
		if b, err := fs.ReadFile(folders[i].fsys, name); err != nil || string(b) != text {
			return false
		}
	}
	return true
}

// modulesOf gives the files of modules, in every folder in which they might come to be.
func modulesOf(rt *lua.Runtime, folders []folder) (files []string) {
	for name := range rt.Modules() {
		for _, f := range folders {
			if f.dir != "" {
				files = append(files, filepath.Join(f.dir, filepath.FromSlash(name)))
			}
		}
	}
	sort.Strings(files)
	return files
}

func isScript(name string) bool {
	return strings.HasSuffix(name, ".lua") && !strings.HasSuffix(name, "_test.lua")
}

// scriptSources reads scripts: files, folders, and the names default and none. That a folder has none is a mistake at the
// start (empty false), and happens while an engine runs.
func scriptSources(names []string, l *loaded, empty bool) (sources []lua.Source, folders []folder, err error) {
	for _, name := range names {
		l.watch(name, isScript)
	}
	for _, name := range names {
		if name == ruleset.None {
			continue
		}
		f, only := folder{fsys: scripts.FS}, ""
		prefix := "scripts/"
		if name != ruleset.Default {
			info, err := os.Stat(name)
			if err != nil {
				return nil, nil, fmt.Errorf("scripts: %w", err)
			}
			f.dir = name
			if !info.IsDir() {
				f.dir, only = filepath.Dir(name), filepath.Base(name)
			}
			f.fsys, prefix = os.DirFS(f.dir), f.dir+"/"
		}
		list, err := scriptsIn(f.fsys, prefix, only)
		if err != nil {
			return nil, nil, err
		}
		if len(list) == 0 && !empty {
			return nil, nil, fmt.Errorf("scripts: no .lua files in %s", name)
		}
		sources, folders = append(sources, list...), append(folders, f)
	}
	return sources, folders, nil
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
		names = slices.DeleteFunc(found, func(n string) bool { return !isScript(n) || strings.HasPrefix(n, ".") })
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
