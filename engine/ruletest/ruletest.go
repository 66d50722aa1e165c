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
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lang/testrun"
)

// Run loads rule files and runs their tests.
func Run(ctx context.Context, schema *dissect.Schema, paths []string, load lang.Options) (*testrun.Report, error) {
	r := &replays{ctx: ctx, schema: schema, paths: paths, load: load, counts: map[string]map[string]int{}}
	return testrun.Run(schema, paths, testrun.Options{Load: load, Pcap: r.count})
}

// replays counts the alerts of captures, each of which is replayed once.
type replays struct {
	ctx    context.Context
	schema *dissect.Schema
	paths  []string
	load   lang.Options
	cfg    *engine.Config            // nil until the first capture
	counts map[string]map[string]int // alerts by capture and rule
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
		n[a.Rule.ID]++
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
