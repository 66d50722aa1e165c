package ruleset

import (
	"fmt"
	"os"

	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/suricata"
)

// suricata reads a file of rules in Suricata's syntax. Rules that cannot be translated are left
// out, with a warning each.
func (l *loader) suricata(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	if l.shared == nil {
		l.shared = suricata.NewShared()
	}
	opt := suricata.Options{Vars: l.opt.Vars, Shared: l.shared, Classes: map[string]int{}}
	for name, c := range l.opt.Classes {
		opt.Classes[name] = c.Priority
	}
	if l.opt.Reputation != nil {
		opt.Reputation = l.opt.Reputation.Table
	}
	rules, skipped := suricata.Load(l.schema, path, text, opt)
	l.set.Rules = append(l.set.Rules, rules...)
	l.set.Files = append(l.set.Files, path)
	l.set.Sources[path] = text
	l.set.Skipped += len(skipped)
	for _, s := range skipped {
		at := l.at(s.Pos)
		l.set.Diagnostics = append(l.set.Diagnostics, diag.Diagnostic{
			File: path, Range: diag.Range{Start: at, End: at}, Severity: diag.Warning, Code: "skipped", Rule: fmt.Sprint(s.SID),
			Summary: skipText(s),
		})
	}
	return nil
}

func skipText(s suricata.Skip) string {
	text := "rule skipped: "
	if s.SID != 0 {
		text = fmt.Sprintf("rule %d skipped: ", s.SID)
	}
	if s.Keyword != "" {
		text += s.Keyword + ": "
	}
	return text + s.Why
}
