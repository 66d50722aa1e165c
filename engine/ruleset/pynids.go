package ruleset

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/pynids"
)

// pynids reads a YAML file of PyNIDS rules. Rules that cannot be translated are left out, with a warning
// each. YAML files of other kinds are refused with a word about where they belong.
func (l *loader) pynids(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	kind, err := pynids.KindOf(text)
	if err != nil {
		return yamlError(path, err)
	}
	switch kind {
	case pynids.Feed:
		return fmt.Errorf("rules: %s: is a feed of threat intelligence, not rules: give it with --intel", path)
	case pynids.Config:
		return fmt.Errorf("rules: %s: is a configuration, not rules: give it with --config", path)
	case pynids.Unknown:
		return fmt.Errorf("rules: %s: expected rules: with a list of rules (id, match, severity, ...), as PyNIDS has them", path)
	}
	rules, skipped, warnings, err := pynids.Load(l.schema, path, text)
	if err != nil {
		return yamlError(path, err)
	}
	l.source(path, text)
	l.set.Rules = append(l.set.Rules, rules...)
	l.set.Diagnostics = append(l.set.Diagnostics, warnings...)
	l.set.Skipped += len(skipped)
	for _, s := range skipped {
		l.warnAt(s.Pos, s.ID, "skipped", s.Text())
	}
	return nil
}

// yamlHints say what is mostly behind YAML's own messages.
var yamlHints = map[string]string{
	"did not find expected '-' indicator": "in the list that begins there a line is set in otherwise than those beside it",
	"did not find expected key":           "in what begins there a line is set in otherwise than those beside it",
	"cannot start any token":              "a tab is no indentation, and texts with @, ` or % at their beginning stand in quotes",
	"mapping values are not allowed":      "a text with a colon stands in quotes",
}

// yamlError gives YAML's own errors, "line 2: ...", the place that all messages have.
func yamlError(path string, err error) error {
	if line, what, ok := strings.Cut(strings.TrimPrefix(err.Error(), "line "), ": "); ok && strings.HasPrefix(err.Error(), "line ") {
		for said, meant := range yamlHints {
			if strings.Contains(what, said) {
				what += " (" + meant + ")"
			}
		}
		return fmt.Errorf("rules: %s:%s: %s", path, line, what)
	}
	return fmt.Errorf("rules: %s: %w", path, err)
}

func (l *loader) warnAt(pos ir.Pos, rule, code, summary string) {
	at := l.at(pos)
	l.set.Diagnostics = append(l.set.Diagnostics, diag.Diagnostic{File: pos.File, Range: diag.Range{Start: at, End: at},
		Severity: diag.Warning, Code: code, Rule: rule, Summary: summary})
}

// IsRuleFile tells which files are rules, by extension, and of YAML files by their form.
func IsRuleFile(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	if readers[ext] == nil {
		return false
	}
	if ext != ".yaml" && ext != ".yml" {
		return true
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return true // so that it is told
	}
	kind, err := pynids.KindOf(text)
	if err != nil { // rules that are broken are to be told of, not passed over
		return bytes.Contains(text, []byte("rules:")) && bytes.Contains(text, []byte("match:"))
	}
	return kind == pynids.Rules
}
