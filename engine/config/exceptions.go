package config

import (
	"github.com/luanids/luanids/engine"
)

// policySettings are Suricata's exception policies, and what goes with them. Those on caps that are not reached here (the table of flows and that of
// fragments make room, and connections have no cap of their own) are checked only.
var policySettings = []setting{
	{"exception-policy", "exception policy of all cases without one of their own", policy(func(x *engine.Exceptions) *engine.Policy { return &x.Default })},
	{"stream.midstream-policy", "exception policy of flows whose handshake was not seen", policy(func(x *engine.Exceptions) *engine.Policy { return &x.Midstream })},
	{"stream.reassembly.memcap-policy", "exception policy of segments past the memory cap", policy(func(x *engine.Exceptions) *engine.Policy { return &x.SegmentMemory })},
	{"app-layer.error-policy", "exception policy of flows that a parser gave up", policy(func(x *engine.Exceptions) *engine.Policy { return &x.ParserError })},
	{"stream.memcap-policy", "checked only: connections have no cap", policy(nil)},
	{"flow.memcap-policy", "checked only: the table of flows makes room", policy(nil)},
	{"defrag.memcap-policy", "checked only: the table of fragments makes room", policy(nil)},
}

func policy(p func(*engine.Exceptions) *engine.Policy) func(*engine.Config, []string, string) error {
	return func(c *engine.Config, _ []string, v string) error {
		if v == "" { // as an empty line of Suricata's file
			return nil
		}
		x, err := engine.ParsePolicy(v)
		if err == nil && p != nil {
			*p(&c.Exceptions) = x
		}
		return err
	}
}

// exceptionsGroup has our names of the same.
func exceptionsGroup() group {
	of := func(name, doc string, p func(x *engine.Exceptions) *engine.Policy) Key {
		return one(name, doc, policyCodec, func(s *Settings) *engine.Policy { return p(&s.Engine.Exceptions) })
	}
	return group{"exceptions", "What becomes of flows that cannot be looked at fully: whether rules are judged on them. Flow and stats records tell what was applied.", restart(
		of("default", "all cases without one of their own", func(x *engine.Exceptions) *engine.Policy { return &x.Default }),
		of("midstream", "flows whose handshake was not seen; with stream.midstream ignore or pass-flow, else bypass and reject too", func(x *engine.Exceptions) *engine.Policy { return &x.Midstream }),
		of("segment_memory", "flows of which stream.memcap_segments kept a segment out", func(x *engine.Exceptions) *engine.Policy { return &x.SegmentMemory }),
		of("parser_error", "flows that a parser gave up", func(x *engine.Exceptions) *engine.Policy { return &x.ParserError }),
		one("per_protocol", "count the last by protocol too", truth, func(s *Settings) *bool { return &s.Engine.Exceptions.PerProto }),
	)}
}

const policies = "default, ignore, auto, pass-packet, pass-flow, bypass, drop-packet, drop-flow, reject"

var policyCodec = codec[engine.Policy]{want: "an exception policy", rng: policies, example: "pass-flow",
	format: func(p engine.Policy) string {
		if p == engine.PolicyUnset {
			return "default"
		}
		return p.String()
	},
	parse: func(s string) (engine.Policy, error) {
		if s == "default" {
			return engine.PolicyUnset, nil
		}
		return engine.ParsePolicy(s)
	}}
