package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/lang/diag"
)

// Source is where settings come from. Loading it again is how a reload reads them anew.
type Source struct {
	// File is the configuration, empty for none.
	File string
	// Sets are overrides, KEY=VALUE, in Suricata's spelling too.
	Sets []string
	// Flags are what the command line says otherwise; they win.
	Flags []Flag
}

// Flag is a setting that the command line gave by a flag of its own.
type Flag struct {
	Name   string // as messages call it: --eve
	Key    string
	Values []string // several for a list
}

// Origin says where a setting's value comes from.
type Origin struct {
	// Text is default, FILE:LINE, --set KEY or the flag.
	Text string
	// File and Pos are the place in a file, zero for the others.
	File string
	Pos  diag.Pos
}

// Problem says what is wrong with the value of a setting, where it was given.
func (s *Settings) Problem(key, why, hint string) diag.Diagnostic {
	o := s.Origin(key)
	d := diag.Diagnostic{File: o.File, Range: diag.Range{Start: o.Pos, End: o.Pos}, Severity: diag.Error, Code: "bad-value", Summary: key + ": " + why, Hint: hint}
	if n := utf8.RuneCountInString(leaf(key)); o.Pos.Valid() {
		d.Range.End.Offset, d.Range.End.Col = o.Pos.Offset+n, o.Pos.Col+n
	} else if o != fromDefault && o.Text != "--set "+key {
		d.Summary = o.Text + ": " + d.Summary
	}
	return d
}

// fromDefault is the origin of what nobody set.
var fromDefault = Origin{Text: "default"}

// Origin tells where the value of a setting comes from.
func (s *Settings) Origin(key string) Origin {
	if o, ok := s.origins[key]; ok {
		return o
	}
	return fromDefault
}

// maxFile bounds a configuration, bytes.
const maxFile = 16 << 20

// Load reads the file and applies the overrides. What is wrong or doubtful is in the list, all of
// it; with errors (List.Err) the settings are not to be used. text is the file's, for diag.Text.
func (src *Source) Load() (s *Settings, list diag.List, text []byte) {
	s = Default()
	if src.File != "" {
		var err error
		if text, err = readFile(src.File); err != nil {
			d := diag.CannotRead(diag.Range{}, src.File, err)
			return s, diag.List{d}, nil
		}
		list = s.Read(src.File, text)
	}
	for _, set := range src.Sets {
		key, value, ok := strings.Cut(set, "=")
		if !ok || key == "" {
			list = append(list, plainError("--set "+set+": expected KEY=VALUE", "such as --set stream.depth=2mb"))
			continue
		}
		known, err := s.Set(key, value)
		switch {
		case err != nil:
			list = append(list, plainError("--set "+err.Error(), ""))
		case !known:
			d := plainError("--set "+key+": unknown setting, ignored", diag.DidYouMean(diag.Nearest(key, keyNames())))
			d.Severity = diag.Warning
			list = append(list, d)
		}
	}
	for _, f := range src.Flags {
		if err := s.SetFlag(f); err != nil {
			list = append(list, plainError(err.Error(), ""))
		}
	}
	if list.Errors() == 0 {
		list = append(list, s.check(src.File, text)...)
	}
	return s, list, text
}

func plainError(summary, hint string) diag.Diagnostic {
	return diag.Diagnostic{Severity: diag.Error, Code: "setting", Summary: summary, Hint: hint}
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, bare(err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("it is a folder")
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("it has %d bytes, more than the %d that a configuration may have", info.Size(), maxFile)
	}
	text, err := os.ReadFile(path)
	return text, bare(err)
}

// bare leaves the operation and the path out of an error: messages have them already.
func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// Set applies an override by its dotted name: ours (with - for _ too), else Suricata's. known is
// false for a name that is neither.
func (s *Settings) Set(key, value string) (known bool, err error) {
	origin := Origin{Text: "--set " + key}
	if known, err := s.setOwn(key, []string{value}, origin); known {
		if err != nil { // a value that only Suricata has, such as stream.inline=auto
			if known, theirs := Set(&s.Engine, key, value); known && theirs == nil {
				return true, nil
			}
		}
		return true, err
	}
	if os, ok := strings.CutPrefix(key, "host-os-policy."); ok {
		os, _, _ = strings.Cut(os, ".")
		return s.setOwn("host_policy."+os, append(addressTexts(s.Hosts[os]), value), origin)
	}
	if name, ok := suricataFiles(key); ok {
		if name == "" {
			return true, nil
		}
		return s.setOwn(name, []string{value}, origin)
	}
	if n, ok := strings.CutPrefix(key, "action-order."); ok {
		var list []string
		for _, a := range s.Rules.ActionOrder {
			if n != "0" { // the first one begins a new list
				list = append(list, a.String())
			}
		}
		return s.setOwn("rules.action_order", append(list, value), origin)
	}
	for _, group := range []string{"vars.address-groups.", "vars.port-groups."} {
		if name, ok := strings.CutPrefix(key, group); ok {
			return s.setOwn("vars."+name, []string{value}, origin)
		}
	}
	before := s.values()
	known, err = Set(&s.Engine, key, value)
	for k, v := range s.values() {
		if before[k] != v {
			s.origins[k] = origin
		}
	}
	return known, err
}

// suricataFiles gives our names of settings that name files. Those of reputation are read together by
// who loads the rules, since they depend on each other.
func suricataFiles(key string) (name string, ok bool) {
	switch {
	case key == "threshold-file":
		return "rules.threshold_config", true
	case key == "classification-file":
		return "rules.classification_config", true
	case key == "default-data-dir":
		return "rules.data_dir", true
	case key == "reputation-categories-file", key == "default-reputation-path", key == "reputation-files", strings.HasPrefix(key, "reputation-files."),
		ruleset.OfDatasets(key):
		return "", true
	}
	return "", false
}

// SetFlag applies what a flag says.
func (s *Settings) SetFlag(f Flag) error {
	k, bad := s.setNode(f.Key, Origin{Text: f.Name}, func(k *Key) *yaml.Node {
		if !k.List && len(f.Values) == 1 {
			return scalarNode(f.Values[0])
		}
		return listNode(f.Values)
	})
	if k == nil {
		return fmt.Errorf("%s: unknown setting %s", f.Name, f.Key)
	}
	if bad == nil {
		return nil
	}
	v, why := bad.node.Value, bad.why
	if why == "" {
		why = "expected " + bad.wanted(k)
	}
	if v == "" || strings.HasPrefix(why, v) {
		return fmt.Errorf("%s %s", f.Name, why)
	}
	return fmt.Errorf("%s %s: %s", f.Name, v, why)
}

// setOwn applies values to one of our keys.
func (s *Settings) setOwn(name string, values []string, origin Origin) (known bool, err error) {
	k, bad := s.setNode(name, origin, func(k *Key) *yaml.Node { return flatNode(k, values) })
	if bad != nil {
		return true, fmt.Errorf("%s: %s", name, bad.text(k))
	}
	return k != nil, nil
}

// setNode applies a value to one of our keys, nil when there is none of that name.
func (s *Settings) setNode(name string, origin Origin, node func(*Key) *yaml.Node) (k *Key, bad *problem) {
	k, wild, path := findKey(name)
	if k == nil {
		return nil, nil
	}
	if list := k.set(s, wild, value{node: node(k), base: "."}); len(list) > 0 {
		return k, &list[0]
	}
	s.origins[path] = origin
	return k, nil
}

// flatNode makes a YAML node of values that a command line gives: a list with commas between,
// or anything in YAML's flow form.
func flatNode(k *Key, values []string) *yaml.Node {
	if len(values) == 1 {
		v := strings.TrimSpace(values[0])
		if !k.List {
			return scalarNode(values[0])
		}
		var doc yaml.Node
		if strings.HasPrefix(v, "[") && yaml.Unmarshal([]byte(v), &doc) == nil && len(doc.Content) == 1 {
			return doc.Content[0]
		}
		values = strings.Split(v, ",")
	}
	return listNode(values)
}

func listNode(values []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			n.Content = append(n.Content, scalarNode(v))
		}
	}
	return n
}

// scalarNode reads a value as YAML would: 5 is a number, true a truth value.
func scalarNode(text string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: text}
	n.Tag = n.ShortTag()
	return n
}

// underBase makes a path of a file's be relative to the file.
func underBase(base, path string) string {
	if base == "." || path == "" || path == "-" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(base, path)
}
