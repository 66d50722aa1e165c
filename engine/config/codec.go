package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/luanids/luanids/engine/alert"
)

// codec reads and writes values of one type.
type codec[T any] struct {
	want    string // what a value is: a size
	example string
	rng     string // bounds or choices, for people
	// parse gives errKind for what is no such value at all.
	parse  func(s string) (T, error)
	format func(T) string
	path   bool
}

// errKind says that a value is of another kind.
var errKind = errors.New("another kind of value was expected")

// reader gives the value of a node.
func (c *codec[T]) read(v value, n *yaml.Node) (t T, p *problem) {
	n = resolve(n)
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return t, &problem{node: n, want: c.want}
	}
	s := n.Value
	if c.path && s != "default" && s != "none" {
		s = underBase(v.base, s)
	}
	t, err := c.parse(s)
	switch {
	case errors.Is(err, errKind):
		return t, &problem{node: n, want: c.want}
	case err != nil:
		return t, &problem{node: n, why: err.Error()}
	}
	return t, nil
}

// one declares a setting with one value.
func one[T any](name, doc string, c codec[T], p func(*Settings) *T) Key {
	return Key{Name: name, Doc: doc, Type: c.want, Range: c.rng, Example: c.example, path: c.path,
		get: func(s *Settings, _ []string) text { return text{flow: c.format(*p(s))} },
		set: func(s *Settings, _ []string, v value) []problem {
			t, bad := c.read(v, v.node)
			if bad != nil {
				return []problem{*bad}
			}
			*p(s) = t
			return nil
		}}
}

// many declares a setting with a list of values; a single one stands for a list of it.
func many[T any](name, doc string, c codec[T], p func(*Settings) *[]T) Key {
	return Key{Name: name, Doc: doc, Type: "a list, each " + c.want, Range: c.rng, Example: "[" + c.example + "]", List: true, path: c.path,
		get: func(s *Settings, _ []string) text { return text{flow: c.formatList(*p(s))} },
		set: func(s *Settings, _ []string, v value) []problem {
			list, bad := c.readList(v)
			if len(bad) == 0 {
				*p(s) = list
			}
			return bad
		}}
}

func (c *codec[T]) formatList(list []T) string {
	texts := make([]string, len(list))
	for i, t := range list {
		texts[i] = c.format(t)
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

func (c *codec[T]) readList(v value) (list []T, bad []problem) {
	n := resolve(v.node)
	items := []*yaml.Node{n}
	switch {
	case n.Kind == yaml.SequenceNode:
		items = n.Content
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		return nil, nil // a list whose entries are commented out
	case n.Kind == yaml.MappingNode:
		return nil, []problem{{node: n}}
	}
	for _, item := range items {
		t, p := c.read(v, item)
		if p != nil {
			bad = append(bad, *p)
			continue
		}
		list = append(list, t)
	}
	return list, bad
}

// integer is a number between low and high.
func integer[T int | int64 | uint16 | uint64](low, high int64, example string) codec[T] {
	c := codec[T]{want: "a whole number", example: example, rng: fmt.Sprintf("%d to %d", low, high),
		format: func(n T) string { return strconv.FormatInt(int64(n), 10) }}
	c.parse = func(s string) (T, error) {
		n, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 10, 64)
		if err != nil {
			return 0, errKind
		}
		if n < low || n > high {
			return 0, fmt.Errorf("%d is out of range: use %s", n, c.rng)
		}
		return T(n), nil
	}
	return c
}

// size is a number of bytes between low and high.
func size[T int | int64 | uint64](low, high int64, example string) codec[T] {
	rng := formatSize(low) + " to " + formatSize(high)
	return codec[T]{want: "a size", example: example, rng: rng,
		format: func(n T) string { return formatSize(int64(n)) },
		parse: func(s string) (T, error) {
			n, err := parseSize(s)
			if err != nil {
				return 0, errKind
			}
			if n < low || n > high {
				return 0, fmt.Errorf("%s is out of range: use %s", s, rng)
			}
			return T(n), nil
		}}
}

// formatSize writes bytes in the largest unit that divides them.
func formatSize(n int64) string {
	for _, u := range []struct {
		unit string
		n    int64
	}{{"gb", 1 << 30}, {"mb", 1 << 20}, {"kb", 1 << 10}} {
		if n >= u.n && n%u.n == 0 {
			return strconv.FormatInt(n/u.n, 10) + u.unit
		}
	}
	return strconv.FormatInt(n, 10)
}

// duration is a time between low and high; a plain number is in seconds.
func duration[T int64 | time.Duration](low, high time.Duration, example string) codec[T] {
	rng := formatDuration(low) + " to " + formatDuration(high)
	return codec[T]{want: "a duration", example: example, rng: rng,
		format: func(d T) string { return formatDuration(time.Duration(d)) },
		parse: func(s string) (T, error) {
			n, err := parseDuration(s)
			if err != nil {
				return 0, errKind
			}
			if d := time.Duration(n); d < low || d > high {
				return 0, fmt.Errorf("%s is out of range: use %s", s, rng)
			}
			return T(n), nil
		}}
}

// formatDuration writes a duration in the largest unit that divides it.
func formatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	for _, u := range []struct {
		unit string
		d    time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}, {"us", time.Microsecond}} {
		if d%u.d == 0 {
			return strconv.FormatInt(int64(d/u.d), 10) + u.unit
		}
	}
	return d.String()
}

const day = 24 * time.Hour

var truth = codec[bool]{want: "true or false", example: "true", format: strconv.FormatBool,
	parse: func(s string) (bool, error) {
		b, err := parseBool(s)
		if err != nil {
			return false, errKind
		}
		return b, nil
	}}

// words is any text.
func words(example string) codec[string] {
	return codec[string]{want: "a text", example: example, format: quote, parse: func(s string) (string, error) { return s, nil }}
}

// checkedText is a text that must pass a check.
func checkedText(want, example string, check func(string) error) codec[string] {
	return codec[string]{want: want, example: example, format: quote, parse: func(s string) (string, error) { return s, check(s) }}
}

// place is a path, relative to the configuration.
func place(example string) codec[string] {
	c := words(example)
	c.want, c.path = "a path", true
	return c
}

// choice is one of some words.
func choice(list ...string) codec[string] {
	return codec[string]{want: "one of " + strings.Join(list, ", "), rng: strings.Join(list, ", "), example: list[0], format: quote,
		parse: func(s string) (string, error) {
			s = strings.ToLower(s)
			if !slices.Contains(list, s) {
				if hint := nearest(s, list); hint != "" {
					return "", fmt.Errorf("unknown choice %q: use %s; %s", s, strings.Join(list, ", "), hint)
				}
				return "", errKind
			}
			return s, nil
		}}
}

var severity = codec[alert.Severity]{want: "a severity", rng: "info, low, medium, high, critical", example: "medium",
	format: func(s alert.Severity) string { return strings.ToLower(s.String()) },
	parse: func(s string) (alert.Severity, error) {
		if strings.EqualFold(s, "info") {
			return alert.Info, nil
		}
		return alert.ParseSeverity(s)
	}}

var network = codec[netip.Prefix]{want: "an address or network", example: "10.0.0.0/8", format: formatPrefix,
	parse: func(s string) (netip.Prefix, error) {
		if p, err := netip.ParsePrefix(s); err == nil {
			return p.Masked(), nil
		}
		a, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, errKind
		}
		return netip.PrefixFrom(a, a.BitLen()), nil
	}}

func formatPrefix(p netip.Prefix) string {
	if p.IsSingleIP() {
		return quote(p.Addr().String())
	}
	return quote(p.String())
}

func addressTexts(list []netip.Prefix) []string {
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = p.String()
	}
	return texts
}

// plain is what needs no quotes in YAML and is a text there.
var plain = regexp.MustCompile(`^[A-Za-z_./][A-Za-z0-9_./-]*$`)

// quote writes a text as a scalar of YAML.
func quote(s string) string {
	if plain.MatchString(s) {
		n := yaml.Node{Kind: yaml.ScalarNode, Value: s}
		switch strings.ToLower(s) {
		case "yes", "no", "on", "off", "y", "n": // truth values of older YAML
		default:
			if n.ShortTag() == "!!str" {
				return s
			}
		}
	}
	b, _ := json.Marshal(s) // a text is always valid; JSON's quotes are YAML's
	var out strings.Builder
	for _, r := range strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(b)) {
		if r >= 0x7f && r <= 0x9f || r == 0xfeff || r == 0xfffe || r == 0xffff { // JSON takes them as they are, YAML does not
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}
