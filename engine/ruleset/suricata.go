package ruleset

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"

	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/suricata"
	"github.com/luanids/luanids/reassembly/tcp"
)

// suricata reads a file of rules in Suricata's syntax. Rules that cannot be translated are left
// out, with a warning each.
func (l *loader) suricata(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return fmt.Errorf("rules: %s: is text in UTF-16: save it as UTF-8", path)
	}
	if l.shared == nil {
		l.shared = suricata.NewShared()
	}
	rules, skipped := suricata.Load(l.schema, path, text, l.suricataOptions())
	if l.imports++; l.imports == 1 {
		l.imported = rules
	} else {
		l.imported = append(l.imported, rules...)
	}
	l.source(path, text)
	l.skip(skipped)
	return nil
}

func (l *loader) suricataOptions() suricata.Options {
	opt := suricata.Options{Vars: l.opt.Vars, Shared: l.shared, Classes: map[string]int{}, Without: l.opt.Without, Sets: l.opt.Datasets.Sets, SetFiles: l.opt.Datasets.Files,
		OnRead: l.depends, StreamEvents: tcp.EventNames()}
	for name, c := range l.opt.Classes {
		opt.Classes[name] = c.Priority
	}
	switch {
	case l.opt.Reputation != nil:
		opt.Reputation = l.opt.Reputation.Table
	case l.opt.Translate:
		opt.Reputation = func(category string) *ir.RepTable {
			return &ir.RepTable{Name: category, Lookup: func(netip.Addr) (int64, bool) { return 0, false }}
		}
	}
	return opt
}

// BadThreshold is the code of warnings of lines of ThresholdConfig that are ignored.
const BadThreshold = "bad-threshold-line"

// depends notes a file that rules name.
func (l *loader) depends(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.set.Watch = append(l.set.Watch, name)
}

func (l *loader) source(path string, text []byte) {
	l.set.Files, l.set.Watch = append(l.set.Files, path), append(l.set.Watch, path)
	l.set.Sources[path] = text
}

// importAll puts the imported rules among the others: of equal ones in several files the
// newest, with the thresholds and suppressions of ThresholdConfig, which .nids rules with a sid have too.
func (l *loader) importAll() error {
	rules := l.imported
	if l.imports > 1 { // Load has seen to one
		var twice []suricata.Skip
		rules, twice = suricata.Newest(rules)
		l.skip(twice)
	}
	if path := l.opt.ThresholdConfig; path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("--threshold-config: %w", err)
		}
		l.source(path, text)
		conf, bad := suricata.ReadThresholds(l.schema, path, text, l.suricataOptions())
		for _, s := range bad {
			l.warn(s, BadThreshold, "line ignored: "+s.Keyword+": "+s.Why)
		}
		rules = conf.Apply(rules)
		var others []*ir.Rule
		for _, r := range l.set.Rules {
			if r.SID != 0 { // imported before, and .nids now
				others = append(others, conf.Apply([]*ir.Rule{r})...)
			} else {
				others = append(others, r)
			}
		}
		l.set.Rules = others
	}
	l.set.Rules = append(l.set.Rules, rules...)
	return nil
}

// skip warns of rules that are left out.
func (l *loader) skip(list []suricata.Skip) {
	l.set.Skipped += len(list)
	for _, s := range list {
		l.warn(s, "skipped", skipText(s))
	}
}

func (l *loader) warn(s suricata.Skip, code, summary string) {
	l.warnAt(s.Pos, fmt.Sprint(s.SID), code, summary)
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
