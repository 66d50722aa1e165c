package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

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
	// Pos is the place in a file, zero for the others.
	Pos diag.Pos
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
		return true, err
	}
	if os, ok := strings.CutPrefix(key, "host-os-policy."); ok {
		os, _, _ = strings.Cut(os, ".")
		return s.setOwn("host_policy."+os, append(addressTexts(s.Hosts[os]), value), origin)
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

// SetFlag applies what a flag says.
func (s *Settings) SetFlag(f Flag) error {
	known, err := s.setOwn(f.Key, f.Values, Origin{Text: f.Name})
	if !known {
		return fmt.Errorf("%s: unknown setting %s", f.Name, f.Key)
	}
	if err != nil {
		// The flag's name says more than the key behind it.
		return fmt.Errorf("%s%s", f.Name, strings.TrimPrefix(err.Error(), f.Key))
	}
	return nil
}

// setOwn applies values to one of our keys.
func (s *Settings) setOwn(name string, values []string, origin Origin) (known bool, err error) {
	k, wild, path := findKey(name)
	if k == nil {
		return false, nil
	}
	v := value{node: flatNode(k, values), base: "."}
	if bad := k.set(s, wild, v); len(bad) > 0 {
		return true, fmt.Errorf("%s: %s", name, bad[0].text(k))
	}
	s.origins[path] = origin
	return true, nil
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
	if path == "" || path == "-" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(base, path)
}
