package manager

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/luanids/luanids/engine/alert"
)

// Suppression keeps alerts from being reported. What is set must all hold; of a list, one is enough.
type Suppression struct {
	Rule string // a rule's id; * stands for any characters
	Tag  string
	Src  []netip.Prefix
	Dst  []netip.Prefix
	Host []netip.Prefix // source or destination
	// Expires ends it, in packet time; zero for never.
	Expires time.Time
	Reason  string
	// Where it stands, for messages: file:line.
	Where string
}

// String says what is suppressed.
func (s *Suppression) String() string {
	var list []string
	add := func(name string, v any, set bool) {
		if set {
			list = append(list, fmt.Sprintf("%s %v", name, v))
		}
	}
	add("rule", s.Rule, s.Rule != "")
	add("tag", s.Tag, s.Tag != "")
	add("src", s.Src, len(s.Src) > 0)
	add("dst", s.Dst, len(s.Dst) > 0)
	add("host", s.Host, len(s.Host) > 0)
	return strings.Join(list, ", ")
}

func (s *Suppression) check() error {
	if s.Rule == "" && s.Tag == "" && len(s.Src)+len(s.Dst)+len(s.Host) == 0 {
		return fmt.Errorf("%sa suppression without rule_id, tag, src, dst or host would suppress everything", s.prefix())
	}
	return nil
}

func (s *Suppression) prefix() string {
	if s.Where == "" {
		return ""
	}
	return s.Where + ": "
}

// SuppressionHits tells what a suppression did.
type SuppressionHits struct {
	Suppression
	Hits uint64
	Last time.Time // packet time of the last hit
	// Expired says that it had ended by the packet time that the manager knows; Removed that a reload took it away.
	Expired, Removed bool
}

type suppressor struct {
	list    []rule
	byRule  map[string][]int // entries for exactly this rule
	general []int
	// removed are entries that a reload took away after they had suppressed something.
	removed []SuppressionHits
}

// maxRemoved bounds what is remembered of entries that are gone.
const maxRemoved = 1000

type rule struct {
	Suppression
	expires int64
	glob    bool
	hits    *hits
}

type hits struct{ n, last atomic.Int64 }

// newSuppressor prepares a list. Entries that are in old too keep their hits.
func newSuppressor(list []Suppression, old *suppressor) *suppressor {
	s := &suppressor{byRule: map[string][]int{}}
	known := map[string]*hits{}
	if old != nil {
		for i := range old.list {
			known[old.list[i].String()] = old.list[i].hits
		}
	}
	s.keepRemoved(list, old, known)
	for i, x := range list {
		r := rule{Suppression: x, glob: strings.Contains(x.Rule, "*"), hits: known[x.String()]}
		if r.hits == nil {
			r.hits = &hits{}
		}
		if !x.Expires.IsZero() {
			r.expires = x.Expires.UnixNano()
		}
		s.list = append(s.list, r)
		if x.Rule != "" && !r.glob {
			s.byRule[x.Rule] = append(s.byRule[x.Rule], i)
		} else {
			s.general = append(s.general, i)
		}
	}
	return s
}

// keepRemoved remembers what entries did that are no longer there: the end of the run tells them too. One that is there again
// goes on with its hits.
func (s *suppressor) keepRemoved(list []Suppression, old *suppressor, known map[string]*hits) {
	if old == nil {
		return
	}
	stays := make(map[string]bool, len(list))
	for i := range list {
		stays[list[i].String()] = true
	}
	for _, h := range append(slices.Clone(old.removed), old.current(0)...) {
		switch name := h.String(); {
		case stays[name] && h.Removed:
			known[name] = &hits{}
			known[name].n.Store(int64(h.Hits))
			known[name].last.Store(h.Last.UnixNano())
		case !stays[name] && h.Hits > 0 && len(s.removed) < maxRemoved:
			h.Removed = true
			s.removed = append(s.removed, h)
		}
	}
}

// find gives the entry that suppresses an alert, nil if none does, and counts it as hit.
func (s *suppressor) find(a *alert.Alert) *Suppression {
	if by := s.among(s.byRule[a.RuleID], a); by != nil {
		return by
	}
	return s.among(s.general, a)
}

func (s *suppressor) among(list []int, a *alert.Alert) *Suppression {
	for _, i := range list {
		if r := &s.list[i]; r.matches(a) {
			r.hits.n.Add(1)
			r.hits.last.Store(a.Time)
			return &r.Suppression
		}
	}
	return nil
}

func (r *rule) matches(a *alert.Alert) bool {
	return (r.expires == 0 || a.Time < r.expires) &&
		(!r.glob || glob(r.Rule, a.RuleID)) &&
		(r.Tag == "" || slices.Contains(a.Tags, r.Tag)) &&
		(len(r.Src) == 0 || within(r.Src, a.Src)) &&
		(len(r.Dst) == 0 || within(r.Dst, a.Dst)) &&
		(len(r.Host) == 0 || within(r.Host, a.Src) || within(r.Host, a.Dst))
}

func within(list []netip.Prefix, ip netip.Addr) bool {
	ip = ip.Unmap()
	for _, p := range list {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// glob compares s with a pattern in which * stands for any characters.
func glob(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, p := range parts[1:last] {
		i := strings.Index(rest, p)
		if i < 0 {
			return false
		}
		rest = rest[i+len(p):]
	}
	return strings.HasSuffix(rest, parts[last])
}

// hits tells what all entries did, by the packet time now.
func (s *suppressor) hits(now int64) []SuppressionHits { return append(s.current(now), s.removed...) }

func (s *suppressor) current(now int64) []SuppressionHits {
	list := make([]SuppressionHits, 0, len(s.list)+len(s.removed))
	for i := range s.list {
		r := &s.list[i]
		h := SuppressionHits{Suppression: r.Suppression, Hits: uint64(r.hits.n.Load()), Expired: r.expires > 0 && now >= r.expires}
		if h.Hits > 0 {
			h.Last = time.Unix(0, r.hits.last.Load()).UTC()
		}
		list = append(list, h)
	}
	return list
}

// suppressionKeys are the keys of an entry, and those that PyNIDS users know.
const suppressionKeys = "rule_id, tag, src, dst, host, expires, reason"

// ReadSuppressions reads a YAML list of suppressions, alone or under the key suppression. name is
// what messages call the file. All errors are told, each with its line.
func ReadSuppressions(name string, data []byte) ([]Suppression, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return SuppressionsOf(name, doc.Content[0])
}

// SuppressionsOf reads suppressions from a node of a YAML document.
func SuppressionsOf(name string, n *yaml.Node) ([]Suppression, error) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && (n.Content[0].Value == "suppression" || n.Content[0].Value == "suppressions") {
		n = n.Content[1]
	}
	if n.Tag == "!!null" {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("%s:%d: expected a list of suppressions, each with some of %s", name, n.Line, suppressionKeys)
	}
	var list []Suppression
	var errs []error
	for _, item := range n.Content {
		s, err := suppressionOf(name, item)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		list = append(list, s)
	}
	return list, errors.Join(errs...)
}

func suppressionOf(name string, n *yaml.Node) (s Suppression, err error) {
	s.Where = fmt.Sprintf("%s:%d", name, n.Line)
	if n.Kind != yaml.MappingNode {
		return s, fmt.Errorf("%s: expected some of %s", s.Where, suppressionKeys)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if err := s.set(k.Value, v); err != nil {
			return s, fmt.Errorf("%s:%d: %s: %w", name, k.Line, k.Value, err)
		}
	}
	return s, s.check()
}

func (s *Suppression) set(key string, v *yaml.Node) (err error) {
	switch key {
	case "rule_id", "rule":
		s.Rule, err = one(v)
	case "tag":
		s.Tag, err = one(v)
	case "reason", "comment", "description":
		s.Reason, err = one(v)
	case "src", "src_ip", "src_cidr":
		s.Src, err = prefixes(v)
	case "dst", "dst_ip", "dst_cidr":
		s.Dst, err = prefixes(v)
	case "host", "ip", "cidr":
		s.Host, err = prefixes(v)
	case "expires":
		s.Expires, err = moment(v.Value)
	default:
		return fmt.Errorf("unknown key: use %s", suppressionKeys)
	}
	return err
}

func one(v *yaml.Node) (string, error) {
	if v.Kind != yaml.ScalarNode || v.Value == "" {
		return "", errors.New("expected a text")
	}
	return v.Value, nil
}

func prefixes(v *yaml.Node) ([]netip.Prefix, error) {
	items := []*yaml.Node{v}
	if v.Kind == yaml.SequenceNode {
		items = v.Content
	}
	var list []netip.Prefix
	for _, it := range items {
		p, err := netip.ParsePrefix(it.Value)
		if err != nil {
			a, err := netip.ParseAddr(it.Value)
			if err != nil {
				return nil, fmt.Errorf("%q is neither an address (10.0.0.5) nor a CIDR (10.0.0.0/8)", it.Value)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		list = append(list, p.Masked())
	}
	if len(list) == 0 {
		return nil, errors.New("the list is empty")
	}
	return list, nil
}

// moment reads a date, which lasts to its end, or a time.
func moment(s string) (time.Time, error) {
	if t, err := time.Parse("2006-01-02", s); err == nil {
		return t.AddDate(0, 0, 1), nil
	}
	for _, l := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if t, err := time.Parse(l, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time: write 2026-12-31 or 2026-12-31T18:00:00Z", s)
}
