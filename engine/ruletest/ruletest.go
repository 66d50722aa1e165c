// Package ruletest runs the test blocks of rule files with the whole engine at hand: cases on
// captures are replayed, those on synthetic messages are lang/testrun's.
package ruletest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lang/testrun"
	"github.com/luanids/luanids/lua"
)

// Run loads rule files and runs their tests.
func Run(ctx context.Context, schema *dissect.Schema, paths []string, load lang.Options) (*testrun.Report, error) {
	return RunWith(ctx, schema, paths, load, nil)
}

// RunWith is Run with scripts, whose predicates the rules may use.
func RunWith(ctx context.Context, schema *dissect.Schema, paths []string, load lang.Options, scripts *lua.Runtime) (*testrun.Report, error) {
	r := &replays{ctx: ctx, schema: schema, paths: paths, load: load, scripts: scripts, counts: map[string]map[string]int{}}
	opt := testrun.Options{Load: load, Pcap: r.count}
	if scripts != nil && len(scripts.Predicates()) > 0 {
		opt.Load.Funcs = append(opt.Load.Funcs, scripts.Funcs()...)
		r.load = opt.Load
		w, err := scripts.NewWorker(nil)
		if err != nil {
			return nil, err
		}
		defer w.Close()
		opt.Ask = func(n int, args []ir.Value) bool {
			list := make([]lua.Arg, len(args))
			for i := range args {
				list[i] = lua.Arg{Bytes: args[i].B, Int: args[i].I, Float: args[i].F, IP: args[i].IP}
			}
			return w.Predicate(n, list)
		}
	}
	return testrun.Run(schema, paths, opt)
}

// replays counts the alerts of captures, each of which is replayed once.
type replays struct {
	ctx     context.Context
	schema  *dissect.Schema
	paths   []string
	load    lang.Options
	scripts *lua.Runtime              // for their predicates, or nil
	cfg     *engine.Config            // nil until the first capture
	counts  map[string]map[string]int // alerts by capture and rule
}

func (r *replays) count(capture, rule string) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, ok := r.counts[capture]
	if !ok {
		var err error
		if n, err = r.replay(capture); err != nil {
			return 0, err
		}
		r.counts[capture] = n
	}
	return n[rule], nil
}

func (r *replays) replay(capture string) (map[string]int, error) {
	if r.cfg == nil {
		cfg, err := config(r.schema, r.paths, r.load)
		if err != nil {
			return nil, err
		}
		cfg.Scripts = r.scripts
		r.cfg = cfg
	}
	alerts, err := engine.Replay(r.ctx, *r.cfg, capture)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no capture %s (paths count from the rule file)", capture)
	}
	if err != nil {
		return nil, err
	}
	n := map[string]int{}
	for _, a := range alerts {
		if a.Rule != nil { // else it is of a script
			n[a.Rule.ID]++
		}
	}
	return n, nil
}

// config is an engine that reports every alert of the rules.
func config(schema *dissect.Schema, paths []string, load lang.Options) (*engine.Config, error) {
	rs, list := lang.Load(schema, paths, load)
	if err := list.Err(); err != nil {
		return nil, err
	}
	cfg := engine.DefaultConfig()
	program, problems := match.Compile(schema, rs.Rules, match.Options{Sequences: rs.Sequences, NoWarnings: true})
	for _, p := range problems {
		if p.Error {
			return nil, errors.New(p.String())
		}
	}
	cfg.Schema, cfg.Program, cfg.PacketAlertMax = schema, program, len(rs.Rules)+1
	return &cfg, nil
}
