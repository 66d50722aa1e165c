package pynids

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
)

// Skip says why a rule was not translated.
type Skip struct {
	Pos ir.Pos
	ID  string // "" if the rule has none
	// At is the field or operator that is to blame, or a key of the rule; "" if it is the rule as a whole.
	At  string
	Why string
}

// String is the warning: file:line, id, field or operator, and reason.
func (s Skip) String() string { return fmt.Sprintf("%s:%d: %s", s.Pos.File, s.Pos.Line, s.Text()) }

// Text is the warning without its place.
func (s Skip) Text() string {
	text := "rule skipped: "
	if s.ID != "" {
		text = "rule " + s.ID + " skipped: "
	}
	if s.At != "" {
		text += s.At + ": "
	}
	return text + s.Why
}

// Kind is what a YAML file is about.
type Kind uint8

// The kinds of YAML files that people mix up.
const (
	Unknown Kind = iota
	Rules        // a list of rules, under rules: or alone
	Feed         // an intel feed
	Config       // a configuration
)

// KindOf tells what a YAML text is, by its outermost keys. The error is YAML's own, with its line.
func KindOf(src []byte) (Kind, error) {
	root, err := parse(src)
	if err != nil || root == nil {
		return Unknown, err
	}
	if root.Kind == yaml.SequenceNode {
		if len(root.Content) > 0 && value(root.Content[0], "match") != nil {
			return Rules, nil
		}
		return Unknown, nil
	}
	if list := value(root, "rules"); list != nil && isRules(list) {
		return Rules, nil
	}
	if value(root, "entries") != nil || value(root, "indicators") != nil {
		return Feed, nil
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i+1].Kind == yaml.MappingNode {
			return Config, nil // sections
		}
	}
	return Unknown, nil
}

// isRules tells rules from a configuration's list of rule files.
func isRules(list *yaml.Node) bool {
	if list.Tag == "!!null" {
		return true
	}
	return list.Kind == yaml.SequenceNode && (len(list.Content) == 0 || deref(list.Content[0]).Kind == yaml.MappingNode)
}

// Load reads the rules of a text; name is the file's, for positions. Rules come in the order of the text.
// The list has warnings about rules that were loaded. The error is for a text that is no list of rules at all.
func Load(schema *dissect.Schema, name string, src []byte) (rules []*ir.Rule, skipped []Skip, warnings diag.List, err error) {
	root, err := parse(src)
	if err != nil {
		return nil, nil, nil, err
	}
	t := &translator{name: name, schema: schema, lines: bytes.Split(src, []byte("\n")), ids: map[string]int{}}
	for _, n := range ruleNodes(root) {
		t.rule(deref(n))
	}
	rules, warnings = t.check()
	return rules, t.skipped, warnings, nil
}

func ruleNodes(root *yaml.Node) []*yaml.Node {
	if root == nil {
		return nil
	}
	if root.Kind == yaml.MappingNode {
		if root = value(root, "rules"); root == nil {
			return nil
		}
	}
	return root.Content
}

// parse gives the outermost node, nil for an empty text.
func parse(src []byte) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return deref(doc.Content[0]), nil
}

// deref follows aliases. YAML's decoder refuses those that contain themselves only when it decodes into values,
// so chains end after a few.
func deref(n *yaml.Node) *yaml.Node {
	for i := 0; n.Kind == yaml.AliasNode && i < 8; i++ {
		n = n.Alias
	}
	return n
}

// value gives the value of a key of a mapping, nil without it.
func value(n *yaml.Node, key string) *yaml.Node {
	n = deref(n)
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return deref(n.Content[i+1])
		}
	}
	return nil
}

// translator turns the rules of one file into .nids text.
type translator struct {
	name    string
	schema  *dissect.Schema
	lines   [][]byte
	ids     map[string]int // where an id was first, by line
	out     []translated
	skipped []Skip
}

// translated is a rule as .nids, and where it was in YAML.
type translated struct {
	id, nids string
	from, to int // lines, to not included
	col      int
}

// skip notes why a rule is left out.
func (t *translator) skip(n *yaml.Node, id string, p *problem) {
	at := n
	if p.node != nil {
		at = p.node
	}
	t.skipped = append(t.skipped, Skip{Pos: ir.Pos{File: t.name, Line: int32(at.Line), Col: int32(at.Column)}, ID: id, At: p.at, Why: p.why})
}

// check has the language check what was translated: each rule stands on the line that it had in YAML.
func (t *translator) check() ([]*ir.Rule, diag.List) {
	var b strings.Builder
	line := 1
	byLine := map[int]*translated{}
	for i := range t.out {
		r := &t.out[i]
		for ; line < r.from; line++ {
			b.WriteByte('\n')
		}
		b.WriteString(r.nids)
		b.WriteByte('\n')
		byLine[line] = r
		line++
	}
	set, list := lang.Check(t.schema, t.name, []byte(b.String()), lang.Options{})
	var warnings diag.List
	for _, d := range list {
		r := byLine[d.Range.Start.Line]
		if r == nil {
			continue
		}
		if d.Severity == diag.Error {
			t.skipped = append(t.skipped, Skip{Pos: ir.Pos{File: t.name, Line: int32(r.from), Col: int32(r.col)}, ID: r.id, Why: d.Summary})
			continue
		}
		d.Range = diag.Range{Start: t.pos(r), End: t.pos(r)}
		warnings = append(warnings, d)
	}
	for _, r := range set.Rules {
		from := byLine[int(r.Pos.Line)]
		r.Pos.Line, r.Pos.Col = int32(from.from), int32(from.col)
		r.Text = strings.TrimRight(string(bytes.Join(t.lines[from.from-1:min(from.to-1, len(t.lines))], []byte("\n"))), " \r\n")
	}
	return set.Rules, warnings
}

// pos is where a rule begins in the file.
func (t *translator) pos(r *translated) diag.Pos {
	at := diag.Pos{Line: r.from, Col: r.col, Offset: r.col - 1}
	for _, l := range t.lines[:r.from-1] {
		at.Offset += len(l) + 1
	}
	return at
}
