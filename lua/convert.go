package lua

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// units of durations, nanoseconds, and of sizes, bytes.
var (
	timeUnits = map[string]float64{"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9, "d": 86400e9, "w": 7 * 86400e9}
	sizeUnits = map[string]float64{"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
		"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
)

// withUnit reads "24h", "1.5MiB", "1h30m"; ok is false for anything else.
func withUnit(s string, units map[string]float64) (float64, bool) {
	total, rest := 0.0, strings.TrimSpace(s)
	if rest == "" {
		return 0, false
	}
	for rest != "" {
		i := 0
		for i < len(rest) && (digit(rest[i]) || rest[i] == '.') {
			i++
		}
		j := i
		for j < len(rest) && (alpha(rest[j])) {
			j++
		}
		n, err := strconv.ParseFloat(rest[:i], 64)
		unit, ok := units[rest[i:j]]
		if err != nil || !ok {
			return 0, false
		}
		total += n * unit
		rest = strings.TrimSpace(rest[j:])
	}
	return total, true
}

// parseDuration reads a duration in nanoseconds.
func parseDuration(s string) (int64, bool) {
	n, ok := withUnit(s, timeUnits)
	return int64(min(n, math.MaxInt64/2)), ok
}

func parseSize(s string) (float64, bool) { return withUnit(s, sizeUnits) }

// checkDuration reads an argument: "24h", or seconds.
func checkDuration(L *glua.LState, n int) int64 {
	return durationOf(L, L.Get(n), fmt.Sprintf("argument #%d", n))
}

func durationOf(L *glua.LState, x glua.LValue, what string) int64 {
	switch x := x.(type) {
	case glua.LNumber:
		return nanos(float64(x))
	case glua.LString:
		if d, ok := parseDuration(string(x)); ok {
			return d
		}
		L.RaiseError(`%s is not a duration: %q (write "90s", "24h", or seconds as a number)`, what, string(x))
	}
	L.RaiseError("%s: a duration is wanted (\"24h\", or seconds), not %s", what, x.Type())
	return 0
}

// options reads a table of named arguments and refuses names that are not known.
type options struct {
	L    *glua.LState
	what string
	t    *glua.LTable
	seen []string
}

// optionNames are the names that tables of options may use, by the function that takes them.
var optionNames = map[string][]string{
	"alert":         {"src_ip", "dst_ip", "src_port", "dst_port", "proto", "event"},
	"nids.cusum":    {"drift", "threshold"},
	"nids.detector": {"id", "title", "severity", "type", "mitre", "tags", "doc", "params", "cooldown", "key"},
	"nids.ewma":     {"alpha", "warmup"},
	"nids.spikes":   {"name", "key", "ttl", "max_age", "max", "every", "floor", "sigma", "alpha", "warmup", "drift", "threshold"},
	"nids.store":    {"name", "key", "ttl", "max_age", "max", "value", "on_expire"},
	"nids.trw":      {"theta0", "theta1", "pd", "pf"},
}

// optionsAt reads the table at argument n, of the function named.
func optionsAt(L *glua.LState, n int, what string) *options {
	names := optionNames[what]
	t, ok := L.Get(n).(*glua.LTable)
	if !ok {
		if L.Get(n) == glua.LNil {
			return &options{L, what, newTable(), nil}
		}
		L.RaiseError("%s wants a table { %s = ... }, not %s", what, names[0], L.Get(n).Type())
	}
	t.ForEach(func(k, _ glua.LValue) {
		for _, name := range names {
			if k == glua.LString(name) {
				return
			}
		}
		hint := didYouMean(k.String(), names)
		if hint == "" {
			hint = "known are " + strings.Join(names, ", ")
		}
		L.RaiseError("%s has no option %s; %s", what, k.String(), hint)
	})
	return &options{L, what, t, nil}
}

func (o *options) get(name string) glua.LValue { return o.t.RawGetString(name) }

func (o *options) wrong(name, want string) {
	o.L.RaiseError("%s: %s must be %s, not %s", o.what, name, want, o.get(name).Type())
}

func (o *options) text(name, def string) string {
	switch x := o.get(name).(type) {
	case *glua.LNilType:
		return def
	case glua.LString:
		return string(x)
	}
	o.wrong(name, "a string")
	return ""
}

func (o *options) number(name string, def float64) float64 {
	switch x := o.get(name).(type) {
	case *glua.LNilType:
		return def
	case glua.LNumber:
		return float64(x)
	}
	o.wrong(name, "a number")
	return 0
}

func (o *options) duration(name string, def int64) int64 {
	if o.get(name) == glua.LNil {
		return def
	}
	return durationOf(o.L, o.get(name), o.what+": "+name)
}

func (o *options) fn(name string) *glua.LFunction {
	switch x := o.get(name).(type) {
	case *glua.LNilType:
		return nil
	case *glua.LFunction:
		return x
	}
	o.wrong(name, "a function")
	return nil
}

// texts reads a string or a list of strings.
func (o *options) texts(name string) []string {
	switch x := o.get(name).(type) {
	case *glua.LNilType:
		return nil
	case glua.LString:
		return []string{string(x)}
	case *glua.LTable:
		var out []string
		for i := 1; i <= x.Len(); i++ {
			s, ok := x.RawGetInt(i).(glua.LString)
			if !ok {
				o.wrong(name, "a list of strings")
			}
			out = append(out, string(s))
		}
		return out
	}
	o.wrong(name, "a string or a list of strings")
	return nil
}

// Bounds of values that go from Lua to Go.
const (
	maxDepth   = 16
	maxMembers = 1000
)

// toGo converts a Lua value for evidence and JSON: string, float64, bool, []any, []KV; nil for what
// has no such form.
func toGo(x glua.LValue, depth int) (any, error) {
	switch x := x.(type) {
	case glua.LString:
		return string(x), nil
	case glua.LNumber:
		return float64(x), nil
	case glua.LBool:
		return bool(x), nil
	case *glua.LNilType:
		return nil, nil
	case *glua.LTable:
		if depth >= maxDepth {
			return nil, fmt.Errorf("tables nested more than %d deep", maxDepth)
		}
		return tableToGo(x, depth+1)
	}
	return nil, fmt.Errorf("a %s has no JSON form", x.Type())
}

func tableToGo(t *glua.LTable, depth int) (any, error) {
	l := layout(t)
	if n := t.Len(); n > 0 && len(l.strdict)+len(l.dict) == 0 {
		out := make([]any, 0, min(n, maxMembers))
		for i := 1; i <= min(n, maxMembers); i++ {
			x, err := toGo(t.RawGetInt(i), depth)
			if err != nil {
				return nil, err
			}
			out = append(out, x)
		}
		return out, nil
	}
	var out []KV
	var fail error
	t.ForEach(func(k, x glua.LValue) {
		if fail != nil || len(out) >= maxMembers {
			return
		}
		key, ok := plain(k)
		if !ok {
			fail = fmt.Errorf("a key that is a %s has no JSON form", k.Type())
			return
		}
		y, err := toGo(x, depth)
		if err != nil {
			fail = err
			return
		}
		out = append(out, KV{key, y})
	})
	sort.Slice(out, func(i, j int) bool { return out[i].Key < out[j].Key })
	return out, fail
}

// toLua converts what JSON and overrides hold.
func toLua(x any) glua.LValue {
	switch x := x.(type) {
	case string:
		return glua.LString(x)
	case float64:
		return glua.LNumber(x)
	case int:
		return glua.LNumber(x)
	case int64:
		return glua.LNumber(x)
	case uint64:
		return glua.LNumber(x)
	case bool:
		return glua.LBool(x)
	case []any:
		t := newTable()
		for i, y := range x {
			t.RawSetInt(i+1, toLua(y))
		}
		return t
	case []string:
		t := newTable()
		for i, y := range x {
			t.RawSetInt(i+1, glua.LString(y))
		}
		return t
	case []KV:
		t := newTable()
		for _, kv := range x {
			t.RawSetString(kv.Key, toLua(kv.Value))
		}
		return t
	case map[string]any:
		t := newTable()
		for _, k := range sortedKeys(x) {
			t.RawSetString(k, toLua(x[k]))
		}
		return t
	}
	return glua.LNil
}
