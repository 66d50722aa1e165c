package sensor

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/config"
	"github.com/luanids/luanids/engine/watch"
)

// Report tells what a reload changed.
type Report struct {
	Took time.Duration
	// Rules and Intel have the numbers of rules and of indicators.
	Rules, Intel Diff
	// Scripts have numbers of scripts, Lists of files that rules name: lists and data sets.
	Scripts, Lists Diff
	// Files are those that were seen to have changed, if that is why there was a reload.
	Files []string
	// Settings are those that took effect, Restart those that will when luanids is started anew.
	Settings, Restart []config.Change
}

// Diff is how something differs from what was there before.
type Diff struct {
	Before, After           int
	Added, Removed, Changed int
}

func (d Diff) same() bool { return d.Before == d.After && d.Added+d.Removed+d.Changed == 0 }

// text is "120" or "120 -> 121 (+2 -1, 3 changed)".
func (d Diff) text(name string) string {
	if d.same() {
		return name + " unchanged"
	}
	var parts []string
	if d.Added > 0 {
		parts = append(parts, fmt.Sprintf("+%d", d.Added))
	}
	if d.Removed > 0 {
		parts = append(parts, fmt.Sprintf("-%d", d.Removed))
	}
	what := strings.Join(parts, " ")
	if d.Changed > 0 {
		if what != "" {
			what += ", "
		}
		what += fmt.Sprintf("%d changed", d.Changed)
	}
	count := fmt.Sprintf("%s %d", name, d.After)
	if d.Before != d.After {
		count = fmt.Sprintf("%s %d -> %d", name, d.Before, d.After)
	}
	if what == "" {
		return count
	}
	return count + " (" + what + ")"
}

// String is one line for people: what changed, and what did not.
func (r Report) String() string {
	parts := []string{r.Rules.text("rules")}
	if !r.Lists.same() {
		parts = append(parts, r.Lists.text("lists"))
	}
	parts = append(parts, r.Scripts.text("scripts"), r.Intel.text("intel"))
	if keys := keysOf(r.Settings); keys != "" {
		parts = append(parts, "settings "+keys)
	}
	if keys := keysOf(r.Restart); keys != "" {
		parts = append(parts, "only after a restart: "+keys)
	}
	return fmt.Sprintf("reloaded in %s%s: %s", shortTime(r.Took), r.because(), strings.Join(parts, ", "))
}

// because names the files that have changed.
func (r Report) because() string {
	const most = 3
	var names []string
	for i, f := range r.Files {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(r.Files)-most))
			break
		}
		names = append(names, filepath.Base(f))
	}
	if names == nil {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

func shortTime(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// maxKeys is how many settings a report names.
const maxKeys = 5

func keysOf(list []config.Change) string {
	var keys []string
	for i, c := range list {
		if i == maxKeys {
			keys = append(keys, fmt.Sprintf("and %d more", len(list)-maxKeys))
			break
		}
		keys = append(keys, c.Key)
	}
	return strings.Join(keys, ", ")
}

// Reload reads the configuration, rules, scripts, lists and feeds anew, compiles them aside, and swaps them in
// between two packets. Nothing that was gathered is lost: flows, counters, thresholds, what scripts have in
// their stores. With an error, a *LoadError for what is wrong with files, nothing has changed. It must not be called by
// OnAlert, a sink, Warn or Tell.
func (s *Sensor) Reload() (Report, error) { return s.reload(everything) }

func (s *Sensor) reload(which parts) (r Report, err error) {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	if s.opt.Reloading != nil {
		done := s.opt.Reloading()
		defer func() { done(err) }()
	}
	if s.watcher != nil && which == everything {
		s.watcher.Mark()
	}
	l, err := s.load(s.now, which)
	if err == nil {
		if r, err = s.apply(l); err == nil {
			s.warnOf(l)
			l.release()
			s.now = l
			s.attend(l.seen, l)
			return r, nil
		}
		l.close()
	}
	s.attend(l.seen, s.now, l)
	return Report{}, err
}

// Files are the files and folders that settings, rules, scripts and feeds were read from: what a reload reads.
func (s *Sensor) Files() (names []string) {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	for _, p := range pathsOf(s.now) {
		names = append(names, p.Name)
	}
	return names
}

// Paths are the files and folders that what runs was read from, those that rules and scripts name included.
func (s *Sensor) Paths() (list []string) {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	for _, p := range pathsOf(s.now) {
		list = append(list, p.Name)
	}
	return list
}

// attend has what was read watched from now on.
func (s *Sensor) attend(since time.Time, list ...*loaded) {
	if s.watcher != nil {
		s.watcher.Set(pathsOf(list...), since)
	}
}

// apply hands to the engine what was loaded.
func (s *Sensor) apply(l *loaded) (Report, error) {
	st := l.settings
	r := s.report(l)
	c := &engine.Change{Program: l.program, Scripts: l.scripts, ScriptHost: l.host, Intel: l.intel, Classes: l.classes,
		RulesLoaded: l.counts.loaded, RulesFailed: l.counts.failed, RulesSkipped: l.counts.skipped,
		Manager: &st.Manager, MinSeverity: &st.Manager.MinSeverity}
	if len(r.Settings) > 0 || l.geo != s.now.geo {
		hot, err := st.EngineConfig()
		if err != nil {
			return r, plain("the configuration", err)
		}
		geo := l.geo
		c.Set = func(cfg *engine.Config) {
			cfg.TakeHot(&hot)
			cfg.Geo = geo
		}
	}
	s.feeding.Lock()
	f := s.feed
	s.feeding.Unlock()
	if f != nil {
		f.drain()
	}
	if err := s.engine.Apply(c); err != nil {
		return r, err
	}
	for _, f := range s.tune {
		f(st)
	}
	if s.watcher != nil {
		s.watcher.SetDebounce(st.Reload.Debounce)
	}
	r.Took = time.Since(l.began)
	return r, nil
}

// report compares what was loaded with what runs.
func (s *Sensor) report(l *loaded) Report {
	old := s.now
	r := Report{Intel: Diff{Before: old.intelLen, After: l.intelLen}}
	r.Rules, r.Lists = compare(old.texts.byID(), l.texts.byID()), compare(old.lists, l.lists)
	s.scriptReport(l, &r)
	for _, c := range config.Diff(old.settings, l.settings) {
		if !c.Restart {
			r.Settings = append(r.Settings, c)
		}
	}
	for _, c := range config.Diff(s.started, l.settings) {
		if c.Restart {
			r.Restart = append(r.Restart, c)
		}
	}
	return r
}

// compare counts what differs between versions by name.
func compare[V comparable](old, new map[string]V) Diff {
	d := Diff{Before: len(old), After: len(new)}
	for name, v := range new {
		if was, ok := old[name]; !ok {
			d.Added++
		} else if was != v {
			d.Changed++
		}
	}
	for name := range old {
		if _, ok := new[name]; !ok {
			d.Removed++
		}
	}
	return d
}

func (s *Sensor) scriptReport(l *loaded, r *Report) {
	old := s.engine.Scripts()
	if old != nil {
		r.Scripts.Before = old.Len()
	}
	r.Scripts.After = r.Scripts.Before
	switch {
	case l.scripts == nil:
	case old == nil:
		r.Scripts.After = l.scripts.Len()
		r.Scripts.Added = r.Scripts.After
	default:
		added, removed, changed := l.scripts.Changes(old)
		r.Scripts.After = l.scripts.Len()
		r.Scripts.Added, r.Scripts.Removed, r.Scripts.Changed = len(added), len(removed), len(changed)
	}
}

// Watch reloads what has changed whenever files do, until ctx is done: the configuration, rules and what
// they include, lists, scripts and their modules, feeds. What it did is told by Options.Tell, what was wrong
// by Warn. It returns at once where the settings say reload.watch: false.
func (s *Sensor) Watch(ctx context.Context) {
	s.reloading.Lock()
	st := s.now.settings
	if !st.Reload.Watch || s.watcher != nil {
		s.reloading.Unlock()
		return
	}
	w := watch.New(watch.Options{Debounce: st.Reload.Debounce, Warn: s.opt.Warn})
	s.watcher = w
	s.attend(s.now.seen, s.now)
	s.reloading.Unlock()
	w.Run(ctx, func(files []string) {
		r, err := s.reload(s.concerned(files))
		r.Files = files
		s.tell(r, err)
	})
}

// tell says how a reload went.
func (s *Sensor) tell(r Report, err error) {
	switch {
	case errors.Is(err, engine.ErrOver):
	case err != nil:
		s.opt.Warn("nothing was reloaded: %v", err)
	default:
		s.opt.Tell("%s", r)
	}
}

// concerned tells which parts must be read again when files have changed. The settings always are.
func (s *Sensor) concerned(files []string) (p parts) {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	l := s.now
	under := func(f string, roots []string) bool {
		return slices.ContainsFunc(roots, func(r string) bool { return f == r || strings.HasPrefix(f, strings.TrimSuffix(r, "/")+"/") })
	}
	for _, f := range files {
		known := f == s.opt.Source.File
		if under(f, l.settings.Scripts.Files) || slices.Contains(l.modules, f) {
			p.scripts, known = true, true
		}
		p.scripts = p.scripts || l.asked.concerns(f)
		if under(f, l.settings.Intel.Feeds) || slices.Contains(l.settings.Intel.GeoIP, f) {
			p.intel, known = true, true
		}
		if under(f, l.settings.Rules.Files) || slices.Contains(l.ruleFiles, f) || !known {
			p.rules = true
		}
	}
	return p
}
