package config

import (
	"net/netip"
	"slices"
	"time"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/manager"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lua"
)

// Settings is everything that luanids can be told. Default gives the defaults, Source.Load what
// a file, --set and flags make of them. The tables in keys*.go name each setting once: where
// it is kept here, how it is written, its documentation and bounds.
type Settings struct {
	// Engine has the settings of decoding, reassembly, flows, protocols, EVE records and queues.
	// It holds nothing that is open: EngineConfig gives a copy to work with.
	Engine  engine.Config
	Capture Capture
	Rules   Rules
	Scripts Scripts
	Intel   Intel
	// Vars override lets of rules: HOME_NET = 10.0.0.0/8.
	Vars map[string]string
	// Hosts are the addresses of operating systems, whose way of reassembly is followed.
	Hosts map[string][]netip.Prefix
	// Manager is the alert manager with its suppressions.
	Manager manager.Config
	Outputs Outputs
	// Detectors are the parameters of scripts by detector and name, for lua.Options.Params.
	Detectors  map[string]map[string]any
	Metrics    Metrics
	Respond    Respond
	Privileges Privileges
	Reload     Reload

	origins map[string]Origin
}

// Capture is what packets are taken; how interfaces are read is in Settings.Engine.Capture.
type Capture struct {
	Interfaces []string
	// Filter is a tcpdump expression, for interfaces and files.
	Filter string
}

// Rules is where rules come from.
type Rules struct {
	// Files are files, folders, default and none.
	Files []string
	// Thresholds and Classes are Suricata's threshold.config and classification.config; empty
	// for none.
	Thresholds, Classes string
	// DataDir is where data sets that rules want kept are written, empty for nowhere.
	DataDir string
	// ReputationCategories and ReputationFiles are Suricata's IP reputation.
	ReputationCategories string
	ReputationFiles      []string
	// ActionOrder is the order of actions in which rules are judged, all of them.
	ActionOrder []ir.Action
}

// Scripts is where scripts come from, and what one may use.
type Scripts struct {
	Files  []string
	Limits lua.Limits
}

// Intel is where threat intelligence comes from.
type Intel struct {
	Feeds []string // files, folders, default and none
	GeoIP []string // databases in MaxMind's format
}

// Outputs is where alerts and records go. How the outputs behave is in Settings.Engine.Outputs, captures
// for alerts are in Settings.Engine.Pcap.
type Outputs struct {
	Console string // text, json or none: what stdout gets
	Verbose bool   // evidence too
	JSON    string // a path, empty for none, as the next ones
	SQLite  string
	EVE     string
	Syslog  []string // as output.ParseSyslog takes them
}

// Metrics is where figures can be fetched.
type Metrics struct {
	Address string // HOST:PORT, empty for none
}

// Respond is whether connections may be cut; how is in Settings.Engine.Respond.
type Respond struct{ Enabled bool }

// Privileges is what is given up once everything is open.
type Privileges struct {
	User     string // as privileges.Options has it
	Landlock bool   // keep to the files that are named here
}

// Reload is when files are read again.
type Reload struct {
	Watch bool
	// Debounce is how long files must rest before they are read.
	Debounce time.Duration
}

// Default gives the defaults.
func Default() *Settings {
	s := &Settings{
		Engine:  engine.DefaultConfig(),
		Rules:   Rules{Files: []string{ruleset.Default}, ActionOrder: slices.Clone(match.DefaultActions)},
		Scripts: Scripts{Files: []string{ruleset.Default}, Limits: lua.DefaultLimits()},
		Intel:   Intel{Feeds: []string{ruleset.Default}},
		Vars:    map[string]string{}, Hosts: map[string][]netip.Prefix{}, Detectors: map[string]map[string]any{},
		Manager:    manager.DefaultConfig(),
		Outputs:    Outputs{Console: "text"},
		Privileges: Privileges{Landlock: true},
		Reload:     Reload{Watch: true, Debounce: 500 * time.Millisecond},
		origins:    map[string]Origin{},
	}
	fillZero(&s.Engine)
	return s
}

// Reference is a file or folder that settings name for reading.
type Reference struct{ Key, Path string }

// Files gives the files and folders that are read besides the configuration.
func (s *Settings) Files() (list []Reference) {
	add := func(key string, paths ...string) {
		for _, p := range paths {
			if p != "" && p != ruleset.Default && p != ruleset.None {
				list = append(list, Reference{key, p})
			}
		}
	}
	add("rules.files", s.Rules.Files...)
	add("rules.threshold_config", s.Rules.Thresholds)
	add("rules.classification_config", s.Rules.Classes)
	add("rules.reputation_categories", s.Rules.ReputationCategories)
	add("rules.reputation_files", s.Rules.ReputationFiles...)
	add("scripts.files", s.Scripts.Files...)
	add("intel.feeds", s.Intel.Feeds...)
	add("intel.geoip", s.Intel.GeoIP...)
	return list
}
