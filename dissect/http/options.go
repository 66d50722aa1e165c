package http

import (
	"sort"
	"strings"
)

// ParseOptions reads settings by their name below outputs.eve-log.types.http: extended,
// dump-all-headers, custom as a list or custom.N. Unknown ones are ignored.
func ParseOptions(settings map[string]string) *EVEOptions {
	o := &EVEOptions{Extended: true}
	keys := make([]string, 0, len(settings))
	for k := range settings {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		v := strings.ToLower(settings[k])
		switch {
		case k == "extended":
			o.Extended = v == "yes" || v == "true" || v == "on" || v == "1"
		case k == "dump-all-headers":
			o.DumpHeaders = v
		case k == "custom", strings.HasPrefix(k, "custom."):
			names := strings.ReplaceAll(v, "-", "_")
			o.Custom = append(o.Custom, strings.FieldsFunc(names, func(r rune) bool { return strings.ContainsRune("[], ", r) })...)
		}
	}
	return o
}
