package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// pynids are the settings of PyNIDS' enterprise.yaml, and what they are here. What it calls brute
// force by ports is judged here by the protocol where that can be seen, by ports for the others.
var pynids = map[string]string{
	"anomaly.ewma_alpha":                  "detectors.BEH-FLOOD.alpha",
	"anomaly.sigma_threshold":             "detectors.BEH-FLOOD.sigma",
	"scan.horizontal_threshold":           "detectors.BEH-SCAN-HOSTS.hosts",
	"scan.vertical_threshold":             "detectors.BEH-SCAN-PORTS.ports",
	"brute_force.threshold":               "detectors.BEH-BRUTE.fast",
	"brute_force.window":                  "detectors.BEH-BRUTE.fast_window",
	"brute_force.ports":                   "detectors.BEH-BRUTE.ports",
	"behavioral.exfil_threshold_bytes":    "detectors.BEH-EXFIL.flow_bytes",
	"alert_manager.dedup_window":          "alert_manager.dedup.window",
	"alert_manager.correlation_threshold": "alert_manager.correlation.threshold",
	"alert_manager.correlation_window":    "alert_manager.correlation.window",
}

// pynidsGroups are the parts of its file that we do not have.
var pynidsGroups = []string{"anomaly", "scan", "brute_force", "behavioral"}

// isForeign tells whether a file is in PyNIDS' form: then what we do not know is left with a warning,
// since it may mean something there.
func isForeign(root *yaml.Node) bool {
	for i := 0; i+1 < len(root.Content); i += 2 {
		name := root.Content[i].Value
		for _, g := range pynidsGroups {
			if name == g {
				return true
			}
		}
	}
	return false
}

// pynidsName finds the name in PyNIDS' file: scan and brute_force may stand below anomaly too.
func pynidsName(path []string) (name string, group bool) {
	for len(path) > 1 && (path[0] == "anomaly" || path[0] == "behavioral") && (path[1] == "scan" || path[1] == "brute_force") {
		path = path[1:]
	}
	name = strings.Join(path, ".")
	for _, g := range pynidsGroups {
		if name == g {
			return name, true
		}
	}
	return name, false
}

// translate reads an entry that PyNIDS has and we have elsewhere. It tells whether it was one.
func (r *reader) translate(key, val *yaml.Node, path []string) bool {
	name, group := pynidsName(path)
	if group {
		v := resolve(val)
		if v.Kind != yaml.MappingNode {
			if v.ShortTag() != "!!null" {
				r.say(r.node(val).error("wrong-type", fmt.Sprintf("%s is a group of settings, found %s", name, describe(v)), ""))
			}
			return true
		}
		r.group(v, &node{}, path, nil)
		return true
	}
	ours := pynids[name]
	if ours == "" {
		return false
	}
	k, wild, full := findKey(ours)
	r.alias = strings.Join(path, ".")
	defer func() { r.alias = "" }()
	r.set(key, val, k, strings.Split(full, "."), wild)
	return true
}

// IsConfig tells whether a file is a configuration, by its name and first bytes: YAML whose first
// words are parts of ours or of PyNIDS' file.
func IsConfig(path string, head []byte) bool {
	ext := strings.ToLower(filepath.Ext(path))
	if ext != ".yaml" && ext != ".yml" {
		return false
	}
	if base := strings.ToLower(filepath.Base(path)); strings.HasPrefix(base, "luanids") || strings.HasPrefix(base, "enterprise.") {
		return true
	}
	lines := strings.Split(string(head), "\n")
	for i, line := range lines {
		name, rest, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name[:1], " \t#-") {
			continue
		}
		name, _, _ = strings.Cut(name, ".")
		if name == "rules" && !isRulesGroup(rest, lines[i+1:]) {
			continue // PyNIDS' rules begin so
		}
		if next, _ := tree().child(name); next != nil || slices.Contains(pynidsGroups, name) {
			return true
		}
	}
	return false
}

// isRulesGroup tells our group rules from a list of rules, by what comes after its name.
func isRulesGroup(rest string, lines []string) bool {
	if rest = strings.TrimSpace(rest); strings.HasPrefix(rest, "{") {
		return true
	}
	for _, line := range lines {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		name, _, _ := strings.Cut(line, ":")
		return tree().children["rules"].children[name] != nil
	}
	return false
}
