package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/luanids/luanids/lang/diag"
)

// Read applies a configuration, over what is set already. name is what messages call it, and paths
// in it are relative to its folder. All that is wrong is told; what is right is applied.
func (s *Settings) Read(name string, text []byte) diag.List {
	r := &reader{s: s, file: name, base: filepath.Dir(name), text: text, lines: lineStarts(text), seen: map[string]int{}}
	root, bad := r.parse()
	if bad != nil {
		return diag.List{*bad}
	}
	if root == nil {
		return nil // an empty file
	}
	r.foreign = isForeign(root)
	r.group(root, tree(), nil, nil)
	r.list.Sort()
	return r.list
}

// reader is the reading of one file.
type reader struct {
	s       *Settings
	file    string
	base    string
	text    []byte
	lines   []int          // offsets at which lines begin
	seen    map[string]int // lines of the settings that were met
	foreign bool           // the file is in PyNIDS' form
	alias   string         // what the file calls the setting that is being read, if not as we do
	entries int            // settings whose names we do not know
	list    diag.List
}

// parse reads the YAML, nil for nothing but comments.
func (r *reader) parse() (root *yaml.Node, bad *diag.Diagnostic) {
	if !utf8.Valid(r.text) {
		d := r.at(0, 0, 0).error("not-text", "this is not a text in UTF-8", "")
		return nil, &d
	}
	dec := yaml.NewDecoder(bytes.NewReader(r.text))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		d := r.syntax(err)
		return nil, &d
	}
	if err := dec.Decode(&second); err == nil {
		d := r.at(second.Line, second.Column, 3).error("second-document", "a second document begins here: a configuration is one", "remove the line with ---")
		return nil, &d
	} else if !errors.Is(err, io.EOF) {
		d := r.syntax(err)
		return nil, &d
	}
	root = resolve(doc.Content[0])
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		d := r.node(root).error("wrong-type", "expected groups of settings, found "+describe(root), "such as rules: and below it files: [default]; luanids config --example shows all")
		return nil, &d
	}
	return root, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax words an error of the YAML parser.
func (r *reader) syntax(err error) diag.Diagnostic {
	msg := err.Error()
	line := 0
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		line, _ = strconv.Atoi(m[1])
		msg = strings.TrimPrefix(msg, m[0])
	}
	if strings.Contains(msg, "did not find expected") {
		line++ // the parser counts such lines from 0
	}
	line = min(max(line, 1), len(r.lines))
	hint := ""
	for at := line; at <= min(line+1, len(r.lines)) && hint == ""; at++ {
		text := r.line(at)
		if space := text[:len(text)-len(strings.TrimLeft(text, " \t"))]; strings.Contains(space, "\t") {
			line, hint = at, "YAML indents with spaces, not with tabs"
		}
	}
	switch {
	case hint != "":
	case strings.Contains(msg, "mapping values are not allowed"):
		hint = "put a text with : in quotes, and check the indentation of this line and the one before"
	case strings.Contains(msg, "unexpected end of stream"):
		hint = "a quote or bracket that is opened here is not closed"
	case strings.Contains(msg, "did not find expected"):
		hint = "check the indentation and brackets of this line and the one before"
	}
	return r.at(line, 1, 0).error("syntax", "this is no YAML: "+msg, hint)
}

func (r *reader) line(n int) string {
	end := len(r.text)
	if n < len(r.lines) {
		end = r.lines[n]
	}
	return strings.TrimRight(string(r.text[r.lines[n-1]:end]), "\r\n")
}

func lineStarts(text []byte) []int {
	starts := []int{0}
	for i, c := range text {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// spot is a place that a message is about.
type spot struct {
	file string
	rng  diag.Range
}

// at gives a place by line and column, from 1, and its length in characters.
func (r *reader) at(line, col, length int) spot {
	if line < 1 || line > len(r.lines) {
		return spot{file: r.file}
	}
	text := r.line(line)
	off := r.lines[line-1]
	runes := []rune(text)
	col = min(max(col, 1), len(runes)+1)
	off += len(string(runes[:col-1]))
	if length == 0 {
		length = max(len(runes)-col+1, 0)
	}
	length = min(length, len(runes)-col+1)
	end := off + len(string(runes[col-1:col-1+length]))
	return spot{r.file, diag.Range{Start: diag.Pos{Offset: off, Line: line, Col: col}, End: diag.Pos{Offset: end, Line: line, Col: col + length}}}
}

// node gives the place of a node.
func (r *reader) node(n *yaml.Node) spot {
	length := 0
	if n.Kind == yaml.ScalarNode {
		length = utf8.RuneCountInString(n.Value)
		switch {
		case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
			length += 2
		case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
			length = 1
		}
	}
	return r.at(n.Line, n.Column, max(length, 1))
}

func (p spot) error(code, summary, hint string) diag.Diagnostic {
	return diag.Diagnostic{File: p.file, Range: p.rng, Severity: diag.Error, Code: code, Summary: summary, Hint: hint}
}

func (p spot) warning(code, summary, hint string) diag.Diagnostic {
	d := p.error(code, summary, hint)
	d.Severity = diag.Warning
	return d
}

func (r *reader) say(d diag.Diagnostic) { r.list = append(r.list, d) }

// group reads the entries of a group: path is its name, wild what stars in it stand for.
func (r *reader) group(n *yaml.Node, at *node, path, wild []string) {
	local := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		name := key.Value
		if resolve(key).Kind != yaml.ScalarNode {
			r.say(r.node(key).error("wrong-type", "a setting's name is a word, found "+describe(key), ""))
			continue
		}
		full := strings.Join(append(path[:len(path):len(path)], name), ".")
		if line, twice := local[name]; twice {
			r.say(r.node(key).error("duplicate", fmt.Sprintf("%s is given twice; the first is at line %d", full, line), "keep one of them"))
			continue
		}
		local[name] = key.Line
		r.entry(key, val, at, path, wild)
	}
}

// entry reads one entry, whose key may be several parts of a name with dots.
func (r *reader) entry(key, val *yaml.Node, at *node, path, wild []string) {
	parts := []string{key.Value}
	if next, _ := at.child(key.Value); next == nil && strings.Contains(key.Value, ".") {
		parts = strings.Split(key.Value, ".")
	}
	path, wild = path[:len(path):len(path)], wild[:len(wild):len(wild)]
	if r.translate(key, val, append(path, parts...)) {
		return
	}
	for i, part := range parts {
		next, star := at.child(part)
		if next == nil {
			r.unknown(key, at, append(path, part), deepest(append(path, parts[i:]...), val))
			return
		}
		if rest := at.children["**"]; rest != nil && star {
			r.rest(key, val, rest.key, append(path, parts[i:]...), append(wild, strings.Join(parts[i:], ".")))
			return
		}
		if star {
			wild = append(wild, part)
		}
		path, at = append(path, part), next
	}
	if at.key != nil {
		r.set(key, val, at.key, path, wild)
		return
	}
	val = resolve(val)
	switch {
	case val.Kind == yaml.MappingNode:
		r.group(val, at, path, wild)
	case val.Kind == yaml.ScalarNode && val.ShortTag() == "!!null": // all of it is commented out
	default:
		full := strings.Join(path, ".")
		r.say(r.node(val).error("wrong-type", fmt.Sprintf("%s is a group of settings, found %s", full, describe(val)), r.groupHint(at, full)))
	}
}

// maxEntries bounds the settings whose names we do not know, maxDepth their groups within groups.
const (
	maxEntries = 10_000
	maxDepth   = 12
)

// rest reads settings whose names are not known: a value, or groups of them.
func (r *reader) rest(key, val *yaml.Node, k *Key, path, wild []string) {
	v := resolve(val)
	if r.entries++; r.entries > maxEntries { // aliases of aliases
		return
	}
	if v.Kind != yaml.MappingNode || len(path) > maxDepth {
		r.set(key, val, k, path, wild)
		return
	}
	for i := 0; i+1 < len(v.Content); i += 2 {
		name := v.Content[i].Value
		w := append(wild[:len(wild)-1:len(wild)-1], wild[len(wild)-1]+"."+name)
		r.rest(v.Content[i], v.Content[i+1], k, append(path[:len(path):len(path)], name), w)
	}
}

// set applies one setting.
func (r *reader) set(key, val *yaml.Node, k *Key, path, wild []string) {
	full := strings.Join(path, ".")
	if line, twice := r.seen[full]; twice {
		r.say(r.node(key).error("duplicate", fmt.Sprintf("%s is given twice; the first is at line %d", full, line), "keep one of them"))
		return
	}
	r.seen[full] = key.Line
	bad := k.set(r.s, wild, value{node: val, base: r.base, file: r.file})
	for i := range bad {
		r.problem(key, k, full, &bad[i])
	}
	if len(bad) == 0 {
		at := r.node(key)
		r.s.origins[full] = Origin{Text: fmt.Sprintf("%s:%d", r.file, key.Line), File: r.file, Pos: at.rng.Start}
	}
}

func (r *reader) problem(key *yaml.Node, k *Key, full string, p *problem) {
	at := r.node(p.node)
	if p.node.Line == 0 || resolve(p.node).ShortTag() == "!!null" {
		at = r.node(key)
	}
	if p.line > 0 && p.line <= len(r.lines) {
		at = r.at(p.line, len(r.line(p.line))-len(strings.TrimLeft(r.line(p.line), " -"))+1, 0)
	}
	name := full
	if r.alias != "" {
		name = r.alias + " (" + full + " here)"
	}
	if p.why != "" {
		r.say(at.error("bad-value", name+": "+p.why, p.hint))
		return
	}
	hint := p.hint
	if hint == "" {
		hint = "such as " + leaf(full) + ": " + k.Example
	}
	r.say(at.error("wrong-type", fmt.Sprintf("%s: expected %s, found %s", name, p.wanted(k), describe(p.node)), hint))
}

// leaf is the last part of a name.
func leaf(full string) string { return full[strings.LastIndexByte(full, '.')+1:] }

func (r *reader) groupHint(at *node, full string) string {
	names := at.names()
	if len(names) == 0 {
		return "such as " + leaf(full) + ": {NAME: VALUE}"
	}
	for _, usual := range []string{"files", "feeds", "path", "dir", "targets", "address", "enabled", "format", "window"} {
		if c := at.children[usual]; c != nil && c.key != nil {
			return fmt.Sprintf("such as %s: {%s: %s}; it has %s", leaf(full), usual, c.key.Example, shortList(names))
		}
	}
	return "it has " + shortList(names)
}

// shortList names a few of the settings of a group.
func shortList(names []string) string {
	const most = 8
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", ...; luanids config --example shows all"
	}
	return strings.Join(names, ", ")
}

// check looks at what settings mean together.
func (s *Settings) check(file string, text []byte) (list diag.List) {
	at := func(key string) spot {
		o := s.Origin(key)
		return spot{file: file, rng: diag.Range{Start: o.Pos, End: o.Pos}}
	}
	say := func(key, why, hint string) {
		p := at(key)
		if !p.rng.Start.Valid() {
			p.file = ""
		}
		list = append(list, p.error("conflict", key+": "+why, hint))
	}
	if err := s.Engine.Capture.Check(); err != nil {
		key, why, _ := strings.Cut(err.Error(), ": ")
		say(strings.ReplaceAll(key, "-", "_"), strings.ReplaceAll(why, "ring-size", "ring_size"), "")
	}
	if err := s.Engine.Exceptions.Check(s.Engine.TCP.Midstream); err != nil {
		key, why, _ := strings.Cut(err.Error(), ": ")
		say(key, why, "")
	}
	if (s.Rules.ReputationCategories == "") != (len(s.Rules.ReputationFiles) == 0) {
		key := "rules.reputation_categories"
		if s.Rules.ReputationCategories == "" {
			key = "rules.reputation_files"
		}
		say(key, "rules.reputation_categories and rules.reputation_files need each other", "")
	}
	if s.Respond.Enabled && len(s.Capture.Interfaces) > 0 && len(s.Engine.Respond.Exempt) == 0 {
		p := at("respond.enabled")
		list = append(list, p.warning("no-exempt", "respond.enabled: no address is exempt from having its connections cut", "name your own servers in respond.exempt"))
	}
	if err := s.Manager.Check(); err != nil {
		key := "alert_manager.dedup.key"
		switch msg := err.Error(); {
		case strings.Contains(msg, "correlation"):
			key = "alert_manager.correlation.threshold"
		case strings.Contains(msg, "rate"):
			key = "alert_manager.rate.alerts"
		case strings.Contains(msg, "suppression"):
			key = "suppression"
		}
		say(key, strings.TrimPrefix(strings.TrimPrefix(err.Error(), "alert_manager: "), "suppression: "), "")
	}
	return list
}
