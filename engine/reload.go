package engine

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/manager"
	"github.com/luanids/luanids/intel"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lua"
)

// A reload swaps what the engine works with while it runs. Everything is compiled aside first, by the
// goroutine that calls Apply; what can go wrong goes wrong there. The goroutine that reads packets then
// puts the finished swap on the next batch. Each worker takes its part when it begins that batch, and the
// ordered stage takes its own when it begins what came of it: for everybody the swap falls between the
// same two packets, whatever the number of workers, and nobody waits for anybody.

// Change is what a reload replaces. Fields that are nil leave things as they are.
type Change struct {
	// Program is a new set of rules, compiled with the running one as match.Options.Previous (see
	// Engine.Program) and against Engine.Schema, together with the filters of the scripts: those of Scripts
	// or, if that is nil, of the scripts that run.
	Program *match.Program
	// RulesLoaded, RulesFailed and RulesSkipped go with Program, for stats records.
	RulesLoaded, RulesFailed, RulesSkipped int
	// Scripts are new scripts, loaded with ScriptHost as their host; no scripts are an empty Runtime. The
	// engine closes the old ones once nobody uses them, and moves over what their stores hold.
	Scripts    *lua.Runtime
	ScriptHost *ScriptHost
	// Manager is another configuration of the alert manager, whose state and counters stay.
	Manager *manager.Config
	// Intel are new feeds of threat intelligence; an empty DB takes the old ones away.
	Intel *intel.DB
	// MinSeverity is the least severity that sinks get.
	MinSeverity *alert.Severity
	// Classes are the classes of imported rules (classification.config), which EVE records name.
	Classes map[string]eve.Class
	// Set changes other settings, those that Config.TakeHot takes. It gets a copy of the configuration.
	Set func(*Config)
}

// ErrOver is what Apply returns once Run is over.
var ErrOver = errors.New("the run is over")

// swap is a Change made ready: a view for each worker, and what the ordered stage takes.
type swap struct {
	serial  uint64 // counts the swaps of an engine from 1
	cfg     *Config
	views   []view
	program *match.Program // nil: unchanged
	scripts *lua.Runtime   // nil: unchanged
	host    *ScriptHost
	tuned   bool       // Change.Set was called
	sets    []savedSet // of the rules that ran before, to be written
	now     time.Time
	done    chan struct{} // closed when the ordered stage has taken it
}

// view is what a worker takes from the rules, the scripts and the settings. It is made aside.
type view struct {
	cfg    *Config         // never changed once it is in use
	limits *dissect.Limits // of cfg, and what rules and scripts need
	rules  judge
	eve    *eve.Encoder // nil: no EVE log
	// wantStream says that rules or scripts look at stream bytes.
	wantStream bool
	scripts    *scripting // nil without scripts
	gathers    bool       // files are gathered, to be stored
}

// reloads is the engine's part in reloads.
type reloads struct {
	mu      sync.Mutex // one Apply at a time; also guards cfg
	cfg     *Config    // of the newest swap
	stage   sync.Mutex // guards running, over and pending
	running bool
	over    bool
	pending *swap
	ended   chan struct{} // closed when the run is over
	serial  uint64
}

// Schema is what rules and scripts of a Change must be compiled against.
func (e *Engine) Schema() *dissect.Schema { return e.schema }

// Program is the newest set of rules, nil without any: match.Options.Previous of the next.
func (e *Engine) Program() *match.Program {
	e.reloads.mu.Lock()
	defer e.reloads.mu.Unlock()
	return e.reloads.cfg.Program
}

// Scripts are the newest scripts, nil without any. Only what does not change once they are loaded may be
// asked of them: their filters and declarations.
func (e *Engine) Scripts() *lua.Runtime {
	e.reloads.mu.Lock()
	defer e.reloads.mu.Unlock()
	return e.reloads.cfg.Scripts
}

// Apply swaps in what c holds, between two batches of packets, and returns when that is done. It may be
// called from any goroutine but those that the engine calls (sinks, Warn), before or while Run runs. No
// packet is lost; flows, counters, thresholds and the stores of scripts are kept. With an error nothing has
// changed, and what c holds is still the caller's.
//
// While a source gives nothing, not even batches without packets, Apply waits for it.
func (e *Engine) Apply(c *Change) error {
	r := &e.reloads
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := e.prepare(c)
	if err != nil {
		return err
	}
	if err := e.submit(s); err != nil {
		s.discard()
		return err
	}
	r.cfg = s.cfg
	if err := e.saveSets(s.sets); err != nil {
		e.warn("%v", err)
	}
	e.cfg.Program, e.cfg.Scripts, e.cfg.ScriptHost = nil, nil, nil // nobody has it now: let them go
	return nil
}

// submit hands a swap to the run and waits for it, or takes it at once if the run has not begun.
func (e *Engine) submit(s *swap) error {
	r := &e.reloads
	r.stage.Lock()
	if r.over {
		r.stage.Unlock()
		return ErrOver
	}
	r.serial++
	s.serial = r.serial
	if !r.running {
		defer r.stage.Unlock()
		for _, w := range e.workers {
			w.adopt(s)
		}
		e.order.adopt(s)
		return nil
	}
	r.pending = s
	r.stage.Unlock()
	select {
	case <-s.done:
		return nil
	case <-r.ended:
	}
	select {
	case <-s.done: // both
		return nil
	default:
		return ErrOver
	}
}

// takeSwap is asked by the goroutine that reads packets before it fills a batch: nil, as a rule.
func (e *Engine) takeSwap() *swap {
	r := &e.reloads
	r.stage.Lock()
	defer r.stage.Unlock()
	s := r.pending
	r.pending = nil
	return s
}

// begun and ended tell Apply where the run is.
func (r *reloads) begun() {
	r.stage.Lock()
	r.running = true
	r.stage.Unlock()
}

func (r *reloads) end() {
	r.stage.Lock()
	defer r.stage.Unlock()
	if !r.over {
		r.over = true
		close(r.ended)
	}
}

// prepare makes everything that a swap needs.
func (e *Engine) prepare(c *Change) (*swap, error) {
	old := e.reloads.cfg
	if c.Scripts != nil && c.Program == nil {
		return nil, errors.New("new scripts need a Program that was compiled with their filters")
	}
	if c.Scripts != nil && c.ScriptHost == nil {
		return nil, errors.New("new scripts need the ScriptHost that they were loaded with")
	}
	cfg := *old
	if c.Program != nil {
		cfg.Program = c.Program
		cfg.RulesLoaded, cfg.RulesFailed, cfg.RulesSkipped = c.RulesLoaded, c.RulesFailed, c.RulesSkipped
	}
	if c.Scripts != nil {
		cfg.Scripts, cfg.ScriptHost, cfg.ChecksumRules = c.Scripts, c.ScriptHost, c.Scripts.ChecksumRules()
	}
	if c.Manager != nil {
		cfg.Manager = *c.Manager
	}
	if c.Intel != nil {
		cfg.Intel = c.Intel
	}
	if c.MinSeverity != nil {
		cfg.MinSeverity = *c.MinSeverity
	}
	if c.Classes != nil {
		cfg.EVEOptions.Classes = c.Classes
	}
	if c.Set != nil {
		c.Set(&cfg)
	}
	managed := cfg.managerConfig()
	if err := managed.Check(); err != nil {
		return nil, err
	}
	s := &swap{cfg: &cfg, program: c.Program, scripts: c.Scripts, host: c.ScriptHost, tuned: c.Set != nil, now: time.Now(), done: make(chan struct{})}
	for _, w := range e.workers {
		v, err := e.newView(w, &cfg)
		if err != nil {
			s.discard()
			return nil, err
		}
		if old := w.limits; c.Set == nil && sameNeeds(old, v.limits) {
			v.limits = old // parsers read their settings anew when these are others
		}
		s.views = append(s.views, v)
	}
	return s, nil
}

// discard frees what was made for a swap that nobody takes.
func (s *swap) discard() {
	for i := range s.views {
		if sc := s.views[i].scripts; sc != nil && s.scripts != nil && sc.own != nil {
			sc.own.Close()
		}
	}
}

// newView makes a worker's view of cfg. Scripts that run in workers are loaded anew only if they changed.
func (e *Engine) newView(w *worker, cfg *Config) (view, error) {
	v := view{cfg: cfg, limits: limitsOf(cfg)}
	v.gathers = gathersFiles(cfg)
	v.limits.Frames = wantsFrames(cfg, e.schema)
	v.useProgram(cfg.Program, e.schema)
	if cfg.EVE != nil {
		v.eve = eve.NewEncoder(&cfg.EVEOptions)
		if cfg.Program != nil {
			v.eve.Bits, v.eve.Ints = cfg.Program.FlowBitNames(), cfg.Program.FlowIntNames()
			v.eve.Taken = v.rules.m.PacketVars
		}
	}
	if err := v.useScripts(w, cfg.Scripts, e.schema); err != nil {
		return v, fmt.Errorf("scripts: %w", err)
	}
	return v, nil
}

// sameNeeds tells whether rules and scripts need the same of parsers.
func sameNeeds(a, b *dissect.Limits) bool {
	return a.KeepBodies == b.KeepBodies && a.KeepCerts == b.KeepCerts && a.Frames == b.Frames && a.HashMD5 == b.HashMD5 && a.HashSHA1 == b.HashSHA1 && a.HashSHA256 == b.HashSHA256
}

func (w *worker) setView(v view) {
	w.view = v
	w.ctx.Limits = v.limits
	w.useFileStore()
	if w.ctx.Parts = nil; v.usesParts() {
		w.ctx.Parts = w
	}
}

// limitsOf gives the limits of parsers: those of the configuration, and what rules and scripts need besides.
func limitsOf(cfg *Config) *dissect.Limits {
	l := cfg.Limits
	if cfg.Program != nil {
		needs := cfg.Program.Needs()
		l.KeepBodies = l.KeepBodies || needs.Bodies || needs.FileData
		if l.SMTP.BodyMD5 == "auto" && needs.Has("email.body_md5") {
			l.SMTP.BodyMD5 = "true"
		}
		l.HashMD5 = l.HashMD5 || needs.Has("file.md5")
		l.HashSHA1 = l.HashSHA1 || needs.Has("file.sha1")
		l.HashSHA256 = l.HashSHA256 || needs.Has("file.sha256")
	}
	if cfg.Scripts != nil {
		l.KeepBodies = l.KeepBodies || cfg.Scripts.Needs().Bodies
	}
	if cfg.EVE != nil {
		l.KeepBodies = l.KeepBodies || cfg.EVEOptions.ShowsBodies()
	}
	intelNeeds(&l, cfg.Intel)
	l.KeepCerts = keepsCerts(cfg)
	l.HashSHA256 = l.HashSHA256 || cfg.FileStore.Folder() != ""
	return &l
}

// adopt takes a swap, in the worker's own goroutine and between two of its batches.
func (w *worker) adopt(s *swap) {
	old := w.scripts
	w.setView(s.views[w.id])
	if s.tuned {
		w.retune(s.cfg)
	}
	if old != nil && s.scripts != nil && old.own != nil {
		if w.scripts != nil && w.scripts.own != nil {
			w.scripts.own.TakeOver(old.own)
		}
		old.own.Close()
	}
}

// adopt takes a swap, once everything that workers made before it was taken, and before anything that they made
// after it.
func (o *ordered) adopt(s *swap) {
	if s.program != nil && s.cfg.SaveSets {
		s.sets = setTexts(o.cfg.Program, o.state)
	}
	o.cfg = s.cfg
	o.join.reload()
	if err := o.manager.Configure(s.cfg.managerConfig()); err != nil { // prepare has checked it
		o.warn("alert manager: %v", err)
	}
	if s.tuned {
		o.retune(s.cfg)
	}
	o.encoder = eve.NewEncoder(&s.cfg.EVEOptions)
	if o.geo != nil {
		o.geo.use(s.cfg.Geo)
	}
	o.reloaded = s.now
	if s.program != nil {
		o.state.Adopt(s.program)
	}
	if s.scripts != nil {
		if o.scripts != nil {
			s.scripts.TakeOver(o.scripts)
			o.scripts.Close()
		}
		if o.cfg.ScriptHost != o.host && o.host != nil {
			s.host.seq, o.host.o = o.host.seq, nil
		}
		o.scripts, o.host, s.host.o = s.scripts, s.host, o
	}
	close(s.done)
}
