package sensor

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/config"
	"github.com/luanids/luanids/engine/watch"
	"github.com/luanids/luanids/lua"
)

// Options say what a Sensor is made of. The zero value has the default settings: the rules, scripts and feeds
// that ship, and no output but the hooks here.
type Options struct {
	// Source is where settings come from: a file, overrides. Reload reads it anew.
	Source config.Source
	// Settings are what Source came to where that was read before; New takes them instead of reading it, and
	// Reload does not. nil as a rule.
	Settings *config.Settings
	// Configure changes the settings after Source was read, at New and at each Reload; nil for nothing.
	Configure func(*config.Settings)
	// OnAlert gets each alert that the alert manager lets pass, in the order of packets, on a goroutine of the engine:
	// what it does holds up the engine. The alert is the callee's only until it returns. nil for nothing.
	OnAlert func(*alert.Alert)
	// Sinks are further outputs, which the sensor closes.
	Sinks []engine.AlertSink
	// EVE gets EVE records besides the file of the settings; nil for nobody.
	EVE io.Writer
	// Outputs has the outputs of the settings opened: files, database, syslog, and the console if
	// Stdout is set.
	Outputs bool
	// Stdout is the console; Terminal says that a person sees it.
	Stdout   io.Writer
	Terminal bool
	// Live makes outputs drop and count what they cannot take, and files go on where they ended. Otherwise the
	// engine waits for them, and files begin anew.
	Live bool
	// Version is told to syslog servers.
	Version string
	// Warn gets what was left out, lost or went wrong, from any goroutine; nil drops it.
	Warn func(format string, args ...any)
	// Tell gets news of the run that are no warnings: what a reload changed; nil drops it.
	Tell func(format string, args ...any)
	// Adjust has the last word on the engine's configuration, at New and before outputs are opened; nil for nothing.
	Adjust func(*engine.Config) error
	// Scripting has the last word on how scripts are loaded; nil for nothing.
	Scripting func(*lua.Options, *engine.ScriptHost)
	// Reloading is called when a reload begins, and what it gives with what came of it; nil for nothing.
	Reloading func() (done func(error))
}

// Sensor is one run of an engine with all that belongs to it. Its methods may be called from any goroutine.
type Sensor struct {
	opt    Options
	engine *engine.Engine

	reloading sync.Mutex               // one Reload at a time; guards what follows
	now       *loaded                  // what runs
	started   *config.Settings         // those of New
	watcher   *watch.Watcher           // nil: nobody watches
	tune      []func(*config.Settings) // tells outputs of new settings

	feeding sync.Mutex
	feed    *feed // nil: nobody feeds
	end     chan error
	closed  bool
	used    bool
}

// New loads everything and opens the outputs. What is wrong with files is a *LoadError.
func New(opt Options) (*Sensor, error) {
	if opt.Warn == nil {
		opt.Warn = func(string, ...any) {}
	}
	if opt.Tell == nil {
		opt.Tell = func(string, ...any) {}
	}
	s := &Sensor{opt: opt}
	l, cfg, err := s.prepare()
	if err != nil {
		return nil, err
	}
	if err := s.open(cfg, l.settings); err != nil {
		closeOutputs(cfg)
		l.close()
		return nil, err
	}
	if s.engine, err = engine.New(*cfg); err != nil {
		closeOutputs(cfg)
		l.close()
		return nil, err
	}
	l.release()
	s.now, s.started = l, l.settings
	return s, nil
}

// Prepare loads what New does and gives the configuration of an engine with it, without outputs. Who uses it
// closes its Scripts afterwards.
func Prepare(opt Options) (*engine.Config, error) {
	if opt.Warn == nil {
		opt.Warn = func(string, ...any) {}
	}
	_, cfg, err := (&Sensor{opt: opt}).prepare()
	return cfg, err
}

func (s *Sensor) prepare() (*loaded, *engine.Config, error) {
	l, err := s.load(nil, everything)
	if err != nil {
		return nil, nil, err
	}
	s.warnOf(l)
	cfg, err := s.configure(l)
	if err != nil {
		l.close()
		return nil, nil, err
	}
	return l, cfg, nil
}

// configure makes the engine's configuration of what was loaded.
func (s *Sensor) configure(l *loaded) (*engine.Config, error) {
	cfg, err := l.settings.EngineConfig()
	if err != nil {
		return nil, err
	}
	cfg.Warn = s.opt.Warn
	cfg.Schema, cfg.Program = l.schema, l.program
	cfg.RulesLoaded, cfg.RulesFailed, cfg.RulesSkipped = l.counts.loaded, l.counts.failed, l.counts.skipped
	cfg.Scripts, cfg.ScriptHost = l.scripts, l.host
	if l.scripts != nil {
		cfg.ChecksumRules = l.scripts.ChecksumRules()
	}
	cfg.Intel, cfg.Geo = l.intel, l.geo
	if !s.opt.Outputs {
		cfg.Pcap.Dir, cfg.FileStore, cfg.TLSStore = "", engine.FileStore{}, engine.TLSStore{}
	}
	cfg.SaveSets = s.opt.Outputs
	cfg.Pcap.Drop = s.opt.Live
	cfg.Manager = l.settings.Manager
	if l.classes != nil {
		cfg.EVEOptions.Classes = l.classes
	}
	if s.opt.Adjust != nil {
		err = s.opt.Adjust(&cfg)
	}
	return &cfg, err
}

// Engine is the engine that runs.
func (s *Sensor) Engine() *engine.Engine { return s.engine }

// Settings are those that are in force. They are not to be changed.
func (s *Sensor) Settings() *config.Settings {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	return s.now.settings
}

// Run reads src to its end, or until ctx is done, and reports everything that comes of it. A Sensor runs once;
// afterwards its outputs are closed, and only figures can be had.
func (s *Sensor) Run(ctx context.Context, src capture.Source) error {
	if err := s.use(); err != nil {
		return err
	}
	return s.run(ctx, src)
}

// run is a whole run, after which nobody needs the scripts.
func (s *Sensor) run(ctx context.Context, src capture.Source) error {
	err := s.engine.Run(ctx, src)
	if rt := s.engine.Scripts(); rt != nil {
		rt.Close()
	}
	return err
}

// Replay runs on captures: files, and folders of them, merged by time.
func (s *Sensor) Replay(ctx context.Context, captures ...string) error {
	src, err := capture.Open(captures, capture.Options{Filter: s.Settings().Capture.Filter,
		Warn: func(m string) { s.opt.Warn("%s", m) }})
	if err != nil {
		return err
	}
	defer src.Close()
	return s.Run(ctx, src)
}

// errUsed is the error of a second run.
var errUsed = fmt.Errorf("a sensor runs once: make another one with sensor.New")

func (s *Sensor) use() error {
	s.feeding.Lock()
	defer s.feeding.Unlock()
	if s.used || s.closed {
		return errUsed
	}
	s.used = true
	return nil
}

// Stats are figures of a run, while it goes on or when it is over.
type Stats struct {
	Packets, Bytes, Flows uint64
	// Alerts are those that rules and scripts raised, Reported those that the outputs got.
	Alerts, Reported uint64
	Took             time.Duration
	// Counters are all there are, by Suricata's dotted names where it has one.
	Counters []engine.Counter
}

// Stats takes the figures of this moment. It must not be called by OnAlert, a sink or Warn.
func (s *Sensor) Stats() Stats {
	snap := s.engine.Snapshot()
	out := Stats{Counters: snap.Counters, Took: snap.Uptime}
	for _, c := range snap.Counters {
		switch c.Name {
		case "capture.packets":
			out.Packets = c.Value
		case "capture.bytes":
			out.Bytes = c.Value
		case "flow.total":
			out.Flows = c.Value
		case "detect.alert":
			out.Alerts = c.Value
		case "manager.passed", "manager.correlations":
			out.Reported += c.Value
		}
	}
	return out
}

// Close ends what was fed, waits for what came of it, and closes the outputs. After Run, which has done so
// already, and after another Close it does nothing. The error is the first of the outputs.
func (s *Sensor) Close() error {
	s.feeding.Lock()
	defer s.feeding.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.feed != nil {
		s.feed.finish()
		return <-s.end
	}
	if !s.used { // so that the outputs are closed
		s.used = true
		f := newFeed()
		f.finish()
		return s.run(context.Background(), f)
	}
	return nil
}
