package sensor

import (
	"fmt"
	"hash/maphash"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/config"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/engine/watch"
	"github.com/luanids/luanids/intel"
	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lua"
	"github.com/luanids/luanids/rules"
)

// parts are what can be loaded apart from one another.
type parts struct{ rules, scripts, intel bool }

var everything = parts{true, true, true}

// loaded is all that was read and compiled, and what it was made of.
type loaded struct {
	began    time.Time // when reading began
	seen     time.Time // the same by the clock of files
	settings *config.Settings
	schema   *dissect.Schema
	classes  map[string]eve.Class

	program *match.Program // nil: that of the engine stays
	texts   *ruleTexts
	counts  struct{ loaded, failed, skipped int }
	skips   map[string]bool // what was left out of imported rules

	scripts   *lua.Runtime // nil: those of the engine stay
	host      *engine.ScriptHost
	scriptKey uint64 // of all that scripts were made of
	filters   []*ir.Rule
	funcs     []*funcs.Decl // predicates of the scripts
	flags     []string      // of flows, that scripts set
	modules   []string      // files that scripts required
	asked     askedLists    // lists of the rule files that scripts asked for

	intel    *intel.DB // nil: those of the engine stay
	intelLen int
	geo      *intel.Geo // nil without databases

	paths     []watch.Path      // all that this depends on
	ruleFiles []string          // those of them that rules were made of
	unkept    []string          // data sets that rules want kept, without a folder
	lists     map[string]string // size and time of those of them that are no rules: lists, data sets
	warnings  []string
}

// close frees what nobody has taken.
func (l *loaded) close() {
	if l.scripts != nil {
		l.scripts.Close()
	}
}

// release lets go of what the engine has now.
func (l *loaded) release() { l.program, l.scripts, l.host, l.intel = nil, nil, nil, nil }

// load reads the settings and what they name. With prev, which is running, only the parts that are asked for, and
// those whose settings differ, are read; the others are prev's. l is not nil even with an error: its paths
// tell what may mend it.
func (s *Sensor) load(prev *loaded, which parts) (*loaded, error) {
	l := &loaded{began: time.Now(), seen: watch.Now()}
	l.watch(s.opt.Source.File, nil)
	st, err := s.settings(l, prev == nil)
	if err != nil {
		return l, err
	}
	if s.opt.Configure != nil {
		s.opt.Configure(st)
	}
	l.settings = st
	cfg, err := st.EngineConfig()
	if err != nil {
		return l, plain("the configuration", err)
	}
	if prev == nil {
		which = everything
		if l.schema, err = engine.NewSchema(&cfg.EVEOptions); err != nil {
			return l, err
		}
	} else {
		l.schema = prev.schema
		which = which.or(partsOf(config.Diff(prev.settings, st)))
	}
	if err := st.Manager.Check(); err != nil {
		return l, plain("the configuration", err)
	}
	if err := s.loadScripts(l, prev, which); err != nil {
		return l, err
	}
	if err := s.loadRules(l, prev, &cfg, which.rules || l.scripts != nil); err != nil {
		l.close()
		return l, err
	}
	if err := s.loadIntel(l, prev, which.intel); err != nil {
		l.close()
		return l, err
	}
	return l, nil
}

// settings reads the settings, unless they were read before.
func (s *Sensor) settings(l *loaded, first bool) (*config.Settings, error) {
	if first && s.opt.Settings != nil {
		return s.opt.Settings, nil
	}
	st, list, text := s.opt.Source.Load()
	if list.Errors() > 0 {
		return nil, &LoadError{What: "the configuration", List: list, Sources: map[string][]byte{s.opt.Source.File: text}}
	}
	l.warnList(list)
	return st, nil
}

func (p parts) or(o parts) parts {
	return parts{p.rules || o.rules, p.scripts || o.scripts, p.intel || o.intel}
}

// partsOf tells which parts settings concern.
func partsOf(changes []config.Change) (p parts) {
	for i := range changes {
		if k := changes[i].Key; k == "app_layer.ja3" || k == "app_layer.ja4" { // rules that use them are left out or not
			p.rules = true
		}
		group, _, _ := strings.Cut(changes[i].Key, ".")
		switch group {
		case "rules":
			p.rules = true
		case "vars":
			p.rules, p.scripts = true, true
		case "scripts", "detectors":
			p.scripts = true
		case "intel":
			p.intel = true
		}
	}
	return p
}

// watch notes a file or folder that l depends on.
func (l *loaded) watch(name string, match func(string) bool) {
	if name != "" && name != ruleset.Default && name != ruleset.None && name != "-" {
		l.paths = append(l.paths, watch.Path{Name: name, Match: match})
	}
}

func (l *loaded) warn(format string, args ...any) {
	l.warnings = append(l.warnings, fmt.Sprintf(format, args...))
}

func (l *loaded) warnList(list diag.List) {
	for i := range list {
		if list[i].Severity != diag.Error {
			l.warn("%s", say(&list[i]))
		}
	}
}

// loadRules compiles the rules.
func (s *Sensor) loadRules(l, prev *loaded, cfg *engine.Config, want bool) error {
	st := l.settings
	for _, f := range st.Rules.Files {
		l.watch(f, ruleset.IsRuleFile)
	}
	l.watch(st.Rules.Thresholds, nil)
	l.watch(st.Rules.Classes, nil)
	categories, scores := reputationFiles(st, s.opt.Source.Sets)
	for _, f := range append(scores[:len(scores):len(scores)], categories) {
		l.watch(f, nil)
	}
	if !want {
		l.texts, l.counts, l.skips, l.classes = prev.texts, prev.counts, prev.skips, prev.classes
		l.watchRules(prev.ruleFiles)
		l.lists, l.unkept = prev.lists, prev.unkept
		return nil
	}
	opt := ruleset.Options{Shipped: rules.FS, Vars: maps.Clone(st.Vars), ThresholdConfig: st.Rules.Thresholds, Extra: copies(l.filters), Funcs: l.funcs, FlowFlags: l.flags,
		Without: map[string]bool{"ja3": !cfg.Limits.JA3, "ja4": !cfg.Limits.JA4, "hassh": !cfg.Limits.HASSH, "body-md5": cfg.Limits.SMTP.BodyMD5 == "false"}, Actions: st.Rules.ActionOrder}
	var err error
	if l.classes, err = readClasses(st.Rules.Classes); err != nil {
		return plain("the rules", err)
	}
	if opt.Classes = l.classes; opt.Classes == nil {
		opt.Classes = cfg.EVEOptions.Classes
	}
	if categories != "" && len(scores) > 0 {
		if opt.Reputation, err = ruleset.LoadReputation(categories, scores); err != nil {
			return plain("the rules", err)
		}
	}
	if opt.Datasets, err = ruleset.DeclaredSets(s.opt.Source.Sets, st.Rules.DataDir); err != nil {
		return plain("the configuration", err)
	}
	if s.engine != nil {
		opt.Previous = s.engine.Program()
	}
	opt.Lean = true
	set, err := ruleset.Load(l.schema, st.Rules.Files, opt)
	if err != nil {
		return plain("the rules", err)
	}
	l.watchRules(set.Watch)
	l.lists = listsOf(set)
	if len(set.Unkept) > 0 && s.opt.Outputs && (prev == nil || !slices.Equal(prev.unkept, set.Unkept)) {
		l.warn("data sets that rules want kept are not (%s): name a folder for them with --data-dir (rules.data_dir)", strings.Join(set.Unkept, ", "))
	}
	l.unkept = set.Unkept
	return l.take(set, prev)
}

// copies gives rules to be compiled that are compiled again in the next reload: compiling uses them up.
func copies(list []*ir.Rule) []*ir.Rule {
	out := make([]*ir.Rule, len(list))
	for i, r := range list {
		one := *r
		out[i] = &one
	}
	return out
}

// reputationFiles gives the files of IP reputation: ours, or those that overrides name as Suricata does.
func reputationFiles(st *config.Settings, sets []string) (categories string, scores []string) {
	categories, scores = st.Rules.ReputationCategories, st.Rules.ReputationFiles
	dir := ""
	for _, s := range sets {
		key, value, _ := strings.Cut(s, "=")
		switch {
		case key == "reputation-categories-file":
			categories = value
		case key == "default-reputation-path":
			dir = value
		case key == "reputation-files" || strings.HasPrefix(key, "reputation-files."):
			scores = append(scores[:len(scores):len(scores)], value)
		}
	}
	if dir != "" {
		scores = append([]string(nil), scores...)
		for i := range scores {
			if !filepath.IsAbs(scores[i]) {
				scores[i] = filepath.Join(dir, scores[i])
			}
		}
	}
	return categories, scores
}

// listsOf tells the versions of the files that rules name.
func listsOf(set *ruleset.Set) map[string]string {
	out := map[string]string{}
	for _, f := range set.Watch {
		if info, err := os.Stat(f); err == nil && !slices.Contains(set.Files, f) {
			out[f] = fmt.Sprint(info.Size(), info.ModTime().UnixNano())
		}
	}
	return out
}

func (l *loaded) watchRules(files []string) {
	l.ruleFiles = files
	for _, f := range files {
		l.watch(f, nil)
	}
}

func readClasses(name string) (map[string]eve.Class, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("classification: %w", err)
	}
	defer f.Close()
	return eve.ReadClasses(name, f)
}

// take judges what is wrong with rules. Errors in .nids files, which are written for us, are errors. Of imported
// rules those are left out that cannot be used; only a reload, which must not lose what it had, refuses
// such a rule where it was in use before, or where the line is no rule at all.
func (l *loaded) take(set *ruleset.Set, prev *loaded) error {
	l.program, l.skips = set.Program, map[string]bool{}
	var bad diag.List
	for i := range set.Diagnostics {
		d := &set.Diagnostics[i]
		native := strings.HasSuffix(d.File, lang.Ext)
		switch {
		case native && d.Severity == diag.Error:
			bad = append(bad, *d)
		case d.Code == ruleset.BadThreshold:
			l.warn("%s", say(d))
		case d.Code == "skipped" || !native && d.Severity == diag.Error:
			text := say(d)
			l.skips[text] = true
			if prev != nil && lost(d, prev, text) {
				worse := *d
				worse.Severity = diag.Error
				bad = append(bad, worse)
			} else if prev == nil || !prev.skips[text] {
				l.warn("%s", text)
			}
		}
	}
	if len(bad) > 0 {
		return &LoadError{What: "the rules", List: bad, Sources: set.Sources}
	}
	if prev == nil && len(l.skips) > 0 {
		l.warn("%d of %d rules left out", len(l.skips), len(set.Rules)+set.Skipped)
	}
	l.counts.loaded, l.counts.skipped, l.counts.failed = len(set.Rules), set.Skipped, set.Diagnostics.Errors()
	l.texts = &ruleTexts{rules: set.Program.Rules}
	return nil
}

// ruleTexts is what rules say, to be compared at a reload. Until then nobody asks: a replay need not look at all texts once more.
type ruleTexts struct {
	rules  []*match.Rule
	hashes map[string]uint64 // by id; nil until they are asked for
}

func (t *ruleTexts) byID() map[string]uint64 {
	if t.hashes == nil {
		t.hashes = make(map[string]uint64, len(t.rules))
		for _, r := range t.rules {
			if !r.Step && !strings.HasPrefix(r.ID, lua.FilterID) {
				t.hashes[r.ID] = hashOf(r.Text, r.Msg, strconv.FormatUint(uint64(r.Rev), 10))
			}
		}
		t.rules = nil
	}
	return t.hashes
}

// lost tells whether leaving a rule out in a reload takes something away.
func lost(d *diag.Diagnostic, prev *loaded, text string) bool {
	if prev.skips[text] {
		return false
	}
	_, had := prev.texts.byID()[d.Rule]
	return had || d.Rule == "" || d.Rule == "0"
}

func hashOf(texts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(hashSeed)
	for _, t := range texts {
		h.WriteString(t)
		h.WriteByte(0)
	}
	return h.Sum64()
}

// hashSeed is one for all loads of the process, whose hashes are compared.
var hashSeed = maphash.MakeSeed()

// warnOf tells people what was left out.
func (s *Sensor) warnOf(l *loaded) {
	const most = 50
	for i, w := range l.warnings {
		if i == most {
			s.opt.Warn("... and %d more", len(l.warnings)-most)
			break
		}
		s.opt.Warn("%s", w)
	}
	l.warnings = nil
}

// pathsOf gives the paths of several, without doubles.
func pathsOf(list ...*loaded) (out []watch.Path) {
	seen := map[string]bool{}
	for _, l := range list {
		if l == nil {
			continue
		}
		for _, p := range l.paths {
			if !seen[p.Name] {
				seen[p.Name] = true
				out = append(out, p)
			}
		}
	}
	return out
}
