package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/manager"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lua"
)

func detectionGroups() []group {
	table := integer[int](1, 1<<26, "65536")
	work := integer[int64](1000, 1e12, "5000000")
	few := integer[int](1, 1<<16, "64")
	limit := func(name, doc string, c codec[int], p func(l *lua.Limits) *int) Key {
		return one("limits."+name, doc, c, func(s *Settings) *int { return p(&s.Scripts.Limits) })
	}
	return []group{
		{"vars", "Values for lets of rules, such as HOME_NET, EXTERNAL_NET, HTTP_PORTS; --var does the same.", []Key{
			variables(),
		}},
		{"rules", "Rules: .nids, Suricata's .rules, PyNIDS' .yaml.", []Key{
			many("files", "files and folders; default: the rules that ship; none", place("my.nids"), func(s *Settings) *[]string { return &s.Rules.Files }).like("[default, /etc/luanids/rules]"),
			one("threshold_config", "Suricata's threshold.config, for imported rules", place("threshold.config"), func(s *Settings) *string { return &s.Rules.Thresholds }),
			one("classification_config", "Suricata's classification.config, for imported rules", place("classification.config"), func(s *Settings) *string { return &s.Rules.Classes }),
			one("data_dir", "folder of the data sets that imported rules want kept (state, save of dataset); without one they are not kept", place("/var/lib/luanids/data"), func(s *Settings) *string { return &s.Rules.DataDir }),
			one("reputation_categories", "names of IP reputation categories, for iprep", place("categories.txt"), func(s *Settings) *string { return &s.Rules.ReputationCategories }),
			many("reputation_files", "IP reputation, for iprep", place("reputation.list"), func(s *Settings) *[]string { return &s.Rules.ReputationFiles }),
			actionOrder(),
			one("guess_message", "alerts on bytes of a stream or packet tell of the protocol's message that came with it, by guess", truth, func(s *Settings) *bool { return &s.Engine.GuessTx }),
			one("max_alerts_per_packet", "alerts that one packet can raise; the others are counted", integer[int](1, 65535, "15"), func(s *Settings) *int { return &s.Engine.PacketAlertMax }),
		}},
		{"rules.limits", "What rules may remember; the oldest goes when a table is full.", restart(
			one("thresholds", "keys of thresholds", table, func(s *Settings) *int { return &s.Engine.State.Thresholds }),
			one("hosts", "flags and counters of hosts", table, func(s *Settings) *int { return &s.Engine.State.Hosts }),
			one("sequences", "keys of sequences", table, func(s *Settings) *int { return &s.Engine.State.Sequences }),
		)},
		{"scripts", "Lua scripts, and what one script may use. Work is counted, not timed.", []Key{
			many("files", "files and folders; default: the scripts that ship; none", place("my.lua"), func(s *Settings) *[]string { return &s.Scripts.Files }).like("[default, /etc/luanids/scripts]"),
			one("limits.instructions", "instructions of one callback", work, func(s *Settings) *int64 { return &s.Scripts.Limits.Instructions }),
			one("limits.load_instructions", "instructions of loading the script", work, func(s *Settings) *int64 { return &s.Scripts.Limits.LoadInstructions }),
			one("limits.memory", "memory of a script's values; past it its stores lose their least used half", size[int64](1<<20, 1<<40, "256mb"), func(s *Settings) *int64 { return &s.Scripts.Limits.Memory }),
			one("limits.total", "memory of the values of all scripts together; past it the largest store of the largest script loses its least used half", size[int64](1<<20, 1<<40, "96mb"), func(s *Settings) *int64 { return &s.Scripts.Limits.Total }),
			limit("string_size", "longest string", size[int](1<<10, 1<<30, "4mb"), func(l *lua.Limits) *int { return &l.StringBytes }),
			limit("call_depth", "calls within calls", integer[int](10, 10000, "200"), func(l *lua.Limits) *int { return &l.CallDepth }),
			limit("pattern_steps", "steps of matching one Lua pattern", integer[int](1000, 1e9, "200000"), func(l *lua.Limits) *int { return &l.PatternSteps }),
			limit("errors", "errors that stop a script", few.like("10"), func(l *lua.Limits) *int { return &l.Errors }),
			limit("handlers", "callbacks of a script", few.like("256"), func(l *lua.Limits) *int { return &l.Handlers }),
			limit("detectors", "detectors of a script", few, func(l *lua.Limits) *int { return &l.Detectors }),
			limit("stores", "stores of a script", few, func(l *lua.Limits) *int { return &l.Stores }),
			limit("metrics", "metrics of a script", few.like("256"), func(l *lua.Limits) *int { return &l.Metrics }),
			limit("source", "longest script", size[int](1<<10, 64<<20, "1mb"), func(l *lua.Limits) *int { return &l.Source }),
		}},
		{"detectors", "Parameters of the scripts' detectors, by detector or by script. enabled and severity can be set for all; docs/detectors.md lists the others.", []Key{detectorParams()}},
		{"intel", "Threat intelligence.", []Key{
			many("feeds", "files and folders; default: the feeds that ship; none", place("feeds/ips.yaml"), func(s *Settings) *[]string { return &s.Intel.Feeds }).like("[default, /etc/luanids/intel]"),
			many("geoip", "databases in MaxMind's format, for country and network fields", place("GeoLite2-Country.mmdb"), func(s *Settings) *[]string { return &s.Intel.GeoIP }),
		}},
		{"alert_manager", "Which alerts get through to the outputs. Times are packet time.", []Key{
			one("min_severity", "least severity that is reported; what is below counts for correlation all the same", severity, func(s *Settings) *alert.Severity { return &s.Manager.MinSeverity }),
			one("dedup.window", "time for which alerts like one that was reported are folded; 0 for none", duration[time.Duration](0, 30*day, "60s"), func(s *Settings) *time.Duration { return &s.Manager.Dedup.Window }),
			dedupKey(),
			one("dedup.report", "folded alerts from which on the last is reported when the window ends; 0 for never", integer[int](0, 1<<30, "10"), func(s *Settings) *int { return &s.Manager.Dedup.Report }),
			one("dedup.max_keys", "keys that are remembered", table, func(s *Settings) *int { return &s.Manager.Dedup.MaxKeys }),
			one("correlation.threshold", "different rules of one source that raise an alert of their own; 0 for none, else 2 or more", integer[int](0, 1000, "3"), func(s *Settings) *int { return &s.Manager.Correlation.Threshold }),
			one("correlation.window", "time within which they must fire", duration[time.Duration](time.Second, 30*day, "5m"), func(s *Settings) *time.Duration { return &s.Manager.Correlation.Window }),
			one("correlation.min_severity", "least severity that counts", severity.like("low"), func(s *Settings) *alert.Severity { return &s.Manager.Correlation.MinSeverity }),
			one("correlation.max_hosts", "sources that are watched", table, func(s *Settings) *int { return &s.Manager.Correlation.MaxHosts }),
			one("correlation.max_rules", "rules of one source that are remembered", few, func(s *Settings) *int { return &s.Manager.Correlation.MaxRules }),
			one("rate.alerts", "alerts of one rule within rate.per; 0 for no bound", integer[int](0, 1<<30, "1000"), func(s *Settings) *int { return &s.Manager.Rate.Alerts }),
			one("rate.per", "time for which they are counted", duration[time.Duration](time.Second, 30*day, "1m"), func(s *Settings) *time.Duration { return &s.Manager.Rate.Per }),
			one("rate.max_rules", "rules that are counted", table, func(s *Settings) *int { return &s.Manager.Rate.MaxRules }),
		}},
		{"suppression", "", []Key{suppressions()}},
	}
}

// variables are texts; a list of YAML's stands for one of the rule language's.
func variables() Key {
	k := options("*", "value of the variable, as in a rule", func(s *Settings) *map[string]string { return &s.Vars })
	k.Example = `"[10.0.0.0/8, 192.168.0.0/16]"`
	set := k.set
	k.set = func(s *Settings, w []string, v value) []problem {
		if n := resolve(v.node); n.Kind == yaml.SequenceNode {
			var list []string
			for _, item := range n.Content {
				item = resolve(item)
				if item.Kind != yaml.ScalarNode {
					return []problem{{node: item, want: "a text"}}
				}
				list = append(list, item.Value)
			}
			v.node = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "[" + strings.Join(list, ", ") + "]"}
		}
		return set(s, w, v)
	}
	return k
}

func dedupKey() Key {
	all := manager.Key(1<<16 - 1).String()
	field := checkedText("a field", "rule", func(s string) error { _, err := manager.ParseKey(s); return err })
	field.rng = strings.ReplaceAll(all, ",", ", ")
	k := many("dedup.key", "what alerts share that are alike", field, func(*Settings) *[]string { return nil })
	k.Example = "[rule, src, dst, port]"
	k.get = func(s *Settings, _ []string) text {
		return text{flow: "[" + strings.ReplaceAll(s.Manager.Dedup.Key.String(), ",", ", ") + "]"}
	}
	k.set = func(s *Settings, _ []string, v value) []problem {
		list, bad := field.readList(v)
		if len(bad) > 0 {
			return bad
		}
		key, err := manager.ParseKey(strings.Join(list, ","))
		if err != nil {
			return []problem{{node: v.node, why: err.Error()}}
		}
		s.Manager.Dedup.Key = key
		return nil
	}
	return k
}

// suppressions is the list of what is not reported.
func suppressions() Key {
	k := Key{Name: "", Doc: "alerts that are not reported; all that an entry names must hold", Type: "a list of suppressions",
		Range: "rule_id (* for any characters), tag, src, dst, host (addresses, networks), expires, reason", List: true,
		Example: "[{rule_id: SIG-LAT-001, src: 10.10.0.0/16, expires: 2027-01-01, reason: admins}]"}
	k.get = func(s *Settings, _ []string) text {
		t := text{flow: "[]"}
		for i := range s.Manager.Suppressions {
			t.entries = append(t.entries, formatSuppression(&s.Manager.Suppressions[i]))
		}
		return t
	}
	k.set = func(s *Settings, _ []string, v value) (bad []problem) {
		n := resolve(v.node)
		if n.ShortTag() == "!!null" {
			s.Manager.Suppressions = nil
			return nil
		}
		if n.Kind != yaml.SequenceNode {
			return []problem{{node: n}}
		}
		var list []manager.Suppression
		for _, item := range n.Content {
			one, err := manager.SuppressionsOf(v.file, &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{item}})
			if err != nil {
				bad = append(bad, suppressionProblem(v.file, item, err))
			}
			list = append(list, one...)
		}
		if len(bad) == 0 {
			s.Manager.Suppressions = list
		}
		return bad
	}
	return k
}

// suppressionProblem takes the place out of a message that begins with it.
func suppressionProblem(file string, item *yaml.Node, err error) problem {
	p := problem{node: item, why: err.Error()}
	if rest, ok := strings.CutPrefix(p.why, file+":"); ok {
		if line, why, ok := strings.Cut(rest, ": "); ok {
			p.line, _ = strconv.Atoi(line)
			p.why = why
		}
	}
	return p
}

func formatSuppression(x *manager.Suppression) string {
	var list []string
	add := func(name, v string) {
		if v != "" && v != "[]" {
			list = append(list, name+": "+v)
		}
	}
	if x.Rule != "" {
		add("rule_id", quote(x.Rule))
	}
	if x.Tag != "" {
		add("tag", quote(x.Tag))
	}
	add("src", network.formatList(x.Src))
	add("dst", network.formatList(x.Dst))
	add("host", network.formatList(x.Host))
	if !x.Expires.IsZero() {
		add("expires", quote(x.Expires.UTC().Format(time.RFC3339)))
	}
	if x.Reason != "" {
		add("reason", quote(x.Reason))
	}
	return "{" + strings.Join(list, ", ") + "}"
}

// detectorParams are the parameters of detectors, which only the scripts know.
func detectorParams() Key {
	k := Key{Name: "*.*", Doc: "value of the parameter", Type: "a number, true or false, a text, or a list of them", Example: "8"}
	k.names = func(s *Settings) (list [][]string) {
		for _, id := range slices.Sorted(maps.Keys(s.Detectors)) {
			for _, name := range slices.Sorted(maps.Keys(s.Detectors[id])) {
				list = append(list, []string{id, name})
			}
		}
		return list
	}
	k.get = func(s *Settings, w []string) text { return text{flow: formatAny(s.Detectors[w[0]][w[1]])} }
	k.set = func(s *Settings, w []string, v value) []problem {
		x, bad := anyOf(v.node)
		if bad == nil && w[1] == "enabled" {
			if _, p := truth.read(v, v.node); p != nil {
				p.hint = "such as enabled: false"
				bad = p
			}
		}
		if bad == nil && w[1] == "severity" {
			var level alert.Severity
			if level, bad = severity.read(v, v.node); bad == nil {
				x = strings.ToLower(level.String())
			}
		}
		if bad != nil {
			return []problem{*bad}
		}
		if s.Detectors[w[0]] == nil {
			s.Detectors[w[0]] = map[string]any{}
		}
		s.Detectors[w[0]][w[1]] = x
		return nil
	}
	return k
}

// anyOf gives a scalar or a list of them as Lua's settings take it.
func anyOf(n *yaml.Node) (any, *problem) {
	n = resolve(n)
	if n.Kind == yaml.SequenceNode {
		list := []any{}
		for _, item := range n.Content {
			if item = resolve(item); item.Kind != yaml.ScalarNode {
				return nil, &problem{node: item, want: "a number, true or false, or a text"}
			}
			x, bad := anyOf(item)
			if bad != nil {
				return nil, bad
			}
			list = append(list, x)
		}
		return list, nil
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return nil, &problem{node: n}
	}
	switch n.ShortTag() {
	case "!!bool":
		b, err := parseBool(n.Value)
		return b, kindError(n, err)
	case "!!int", "!!float":
		f, err := strconv.ParseFloat(n.Value, 64)
		if err != nil { // 0x10 and the like
			return n.Value, nil
		}
		return f, nil
	}
	return n.Value, nil
}

func kindError(n *yaml.Node, err error) *problem {
	if err != nil {
		return &problem{node: n}
	}
	return nil
}

func formatAny(x any) string {
	switch x := x.(type) {
	case bool:
		return strconv.FormatBool(x)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case string:
		return quote(x)
	case []any:
		list := make([]string, len(x))
		for i := range x {
			list[i] = formatAny(x[i])
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	return fmt.Sprint(x)
}

var action = codec[ir.Action]{want: "an action", rng: "pass, drop, reject, alert", example: "pass", format: ir.Action.String,
	parse: func(s string) (ir.Action, error) {
		i := slices.IndexFunc(match.DefaultActions, func(a ir.Action) bool { return strings.EqualFold(a.String(), s) })
		if i < 0 {
			return 0, errKind
		}
		return match.DefaultActions[i], nil
	}}

// actionOrder is the order of actions in which rules are judged.
func actionOrder() Key {
	k := many("action_order", "order of actions in which rules are judged; those that are left out come last", action, func(s *Settings) *[]ir.Action { return &s.Rules.ActionOrder })
	k.Example = "[pass, drop, reject, alert]"
	return k
}
