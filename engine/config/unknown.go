package config

import (
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/lang/diag"
)

// unknown says that there is no such setting, and which may have been meant. deep is the name of the first
// value below it.
func (r *reader) unknown(key *yaml.Node, at *node, path []string, deep string) {
	full := strings.Join(path, ".")
	if r.foreign {
		r.say(r.node(key).warning("unknown-setting", full+" means nothing here, and is ignored", nearest(leaf(full), at.names())))
		return
	}
	name, group := path[len(path)-1], strings.Join(path[:len(path)-1], ".")
	hint := nearest(strings.ReplaceAll(name, "-", "_"), at.names())
	if hint == "" {
		if ours := suricataNames()[deep]; ours != "" {
			hint = "this is Suricata's " + deep + ": here it is " + ours
		}
	}
	if hint == "" {
		hint = diag.DidYouMean(alike(name, at.names()))
	}
	if hint == "" {
		hint = diag.DidYouMean(elsewhere(name))
	}
	switch {
	case hint != "":
	case group == "":
		hint = "there are " + strings.Join(at.names(), ", ")
	case len(at.names()) > 0:
		hint = group + " has " + shortList(at.names())
	}
	r.say(r.node(key).error("unknown-setting", "unknown setting "+full, hint))
}

// deepest gives the name of the first value below a name.
func deepest(path []string, val *yaml.Node) string {
	for range maxDepth {
		val = resolve(val)
		if val.Kind != yaml.MappingNode || len(val.Content) < 2 {
			break
		}
		path = append(path[:len(path):len(path)], val.Content[0].Value)
		val = val.Content[1]
	}
	return strings.Join(path, ".")
}

// alike gives names that begin as name does, or with it.
func alike(name string, names []string) (list []string) {
	const shortest, most = 3, 3
	for _, n := range names {
		if len(n) >= shortest && len(name) >= shortest && (strings.HasPrefix(name, n) || strings.HasPrefix(n, name)) && len(list) < most {
			list = append(list, n)
		}
	}
	return list
}

// elsewhere gives settings of other groups whose last part is like name.
func elsewhere(name string) (list []string) {
	const most = 3
	for _, full := range keyNames() {
		if len(list) < most && leaf(full) == name {
			list = append(list, full)
		}
	}
	return list
}

// suricataNames gives our names of settings in Suricata's spelling: those that change when they are set.
var suricataNames = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	before := Default().values()
	for i := range settings {
		name := settings[i].pattern
		for _, try := range []string{"true", "false", "4321", "inline", "gap"} {
			c := engine.DefaultConfig()
			fillZero(&c)
			if strings.Contains(name, "*") || settings[i].set(&c, nil, try) != nil {
				continue
			}
			s := Default()
			s.Engine = c
			for k, v := range s.values() {
				if before[k] != v {
					m[name] = k
				}
			}
		}
	}
	return m
})
