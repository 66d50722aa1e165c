// Package scripttest runs the tests of Lua scripts (NAME_test.lua) with the whole engine at hand: what lua/luatest
// feeds as synthetic events, and captures, which are replayed.
package scripttest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lua"
	"github.com/luanids/luanids/lua/luatest"
)

// Run runs the tests in dir, or those named: dir is a folder on disk, from which the paths of captures count.
func Run(ctx context.Context, schema *dissect.Schema, dir string, names []string, load lua.Options) ([]luatest.Result, error) {
	return luatest.Run(schema, os.DirFS(dir), names, luatest.Options{Load: load,
		Replay: func(capture string, script lua.Source, opt lua.Options) ([]lua.RecordedAlert, error) {
			if !filepath.IsAbs(capture) {
				capture = filepath.Join(dir, filepath.FromSlash(capture))
			}
			if _, err := os.Stat(capture); err != nil {
				var pe *fs.PathError
				if errors.As(err, &pe) {
					err = pe.Err
				}
				return nil, fmt.Errorf("there is no capture %s: %w (paths count from the folder of the test)", capture, err)
			}
			return Replay(ctx, []lua.Source{script}, opt, capture)
		}})
}

// Replay runs scripts, without any rules, on captures and gives their alerts. An error of a script fails.
func Replay(ctx context.Context, scripts []lua.Source, opt lua.Options, captures ...string) ([]lua.RecordedAlert, error) {
	cfg := engine.DefaultConfig()
	schema, err := engine.NewSchema(&cfg.EVEOptions)
	if err != nil {
		return nil, err
	}
	host := &recorder{ScriptHost: engine.NewScriptHost(func(string, ...any) {})}
	opt.Host = host
	rt, problems := lua.Load(schema, scripts, opt)
	defer rt.Close()
	for _, p := range problems {
		if !p.Warning {
			return nil, errors.New(p.String())
		}
	}
	filters, err := rt.FilterRules()
	if err != nil {
		return nil, err
	}
	rules := make([]*ir.Rule, len(filters))
	for i := range filters {
		rules[i] = filters[i].Rule
	}
	prog, found := match.Compile(schema, rules, match.Options{NoWarnings: true})
	for _, p := range found {
		if p.Error {
			return nil, errors.New(p.Msg)
		}
	}
	cfg.Workers, cfg.Schema, cfg.Program, cfg.Scripts, cfg.ScriptHost = 1, schema, prog, rt, host.ScriptHost
	alerts, err := engine.Replay(ctx, cfg, captures...)
	if err == nil && len(host.problems) > 0 {
		p := host.problems[0]
		err = fmt.Errorf("%s\n%s", p, p.Trace)
	}
	out := make([]lua.RecordedAlert, len(alerts))
	for i, a := range alerts {
		out[i] = record(a)
	}
	return out, err
}

// recorder keeps what went wrong in scripts.
type recorder struct {
	*engine.ScriptHost
	problems []lua.Problem
}

// Problem implements lua.Host.
func (r *recorder) Problem(p lua.Problem) { r.problems = append(r.problems, p) }

func record(a *alert.Alert) lua.RecordedAlert {
	x := lua.RecordedAlert{ID: a.RuleID, Title: a.Message, Severity: a.Severity.String(), Time: a.Time, Score: a.Confidence,
		Src: a.Src, Dst: a.Dst, DstPort: a.DstPort}
	for _, e := range a.Evidence {
		x.Evidence = append(x.Evidence, lua.KV{Key: e.Name, Value: e.Value})
	}
	return x
}
