package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"strings"
	"sync"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/config"
	"github.com/luanids/luanids/engine/sensor"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lua"
)

// profileTop is how many rules --profile-rules shows.
const profileTop = 50

// runMain replays captures or watches interfaces.
func runMain(ctx context.Context, e *env, f *flags) error {
	say := newMessages(e, f)
	from := f.source() // as the command line has it
	if _, err := loadSettings(e, f, say); err != nil {
		return err
	}
	if len(f.files) == 0 && len(f.ifaces) == 0 && f.program == nil {
		return usage(errNoInput)
	}
	if err := checkInput(f); err != nil {
		return err
	}
	stopProfile, err := startProfiles(f)
	if err != nil {
		return usage(err)
	}
	defer stopProfile()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	pipe := &brokenPipe{Writer: e.stdout, stop: stop, only: f.eve == "" && f.json == "" && f.sqlite == "" && len(f.syslog) == 0}
	e.stdout = pipe
	r := &theRun{env: e, flags: f, say: say, memory: pace(e)}
	defer r.memory.stop()
	defer r.close()
	sen, err := sensor.New(r.options(from))
	if err != nil {
		return say.loadError(err)
	}
	eng := sen.Engine()
	f.reads = sen.Files()
	r.op.read, r.op.sets = sen.Paths(), sen.SetFolders()
	if err := r.op.begin(ctx, e, f, eng); err != nil {
		return err
	}
	in := r.in
	stopReloads := onReload(ctx, f, sen, r)
	err = in.run(ctx, e, f, eng)
	stopReloads()
	if pipe.broken.Load() {
		return nil
	}
	if !f.quiet && f.program == nil {
		if ctx.Err() != nil && in.live == nil {
			fmt.Fprintln(e.stderr, "stopped by a signal; what follows is of the part that was seen")
		}
		summary(e.stderr, eng)
	}
	if f.profileRules {
		err = errors.Join(err, writeProfile(e.stderr, r.profiled, false, profileTop))
	}
	if err != nil {
		return failed(err)
	}
	return nil
}

// theRun is what a run opens, in the order in which it does.
type theRun struct {
	env      *env
	flags    *flags
	say      *messages
	in       *input
	op       *operation
	memory   *pacer
	profiled *match.Program // with --profile-rules
}

// options say how the sensor of the run is made.
func (r *theRun) options(from config.Source) sensor.Options {
	f := r.flags
	return sensor.Options{
		Source: from, Settings: f.settings, Outputs: true, Stdout: r.env.stdout, Terminal: r.env.stdoutTTY,
		Live: len(f.ifaces) > 0, Version: version, Warn: r.say.warn, Tell: r.say.tell, Adjust: r.adjust,
		Reloading: r.reloading, Scripting: r.scripting,
	}
}

// reloading tells the service manager, and gives back what compiling took once a reload is over.
func (r *theRun) reloading() (done func(error)) {
	told := r.op.reloading()
	return func(err error) {
		told(err)
		r.memory.settle()
	}
}

// scripting has the program of luanids run print to stdout.
func (r *theRun) scripting(opt *lua.Options, host *engine.ScriptHost) {
	if p := r.flags.program; p != nil {
		p.options(opt, host)
	}
}

// adjust opens what the engine reads, once rules are loaded and before outputs are opened.
func (r *theRun) adjust(cfg *engine.Config) (err error) {
	if r.flags.profileRules {
		r.profiled = cfg.Program
		r.profiled.EnableProfile()
	}
	if p := r.flags.program; p != nil {
		if err := p.loaded(cfg.Scripts, r.flags, cfg); err != nil {
			return err
		}
	}
	if len(r.flags.ifaces) > 0 {
		go r.memory.settle() // beside what follows
	} else {
		r.memory.stay()
	}
	if r.in, err = openInput(r.env, r.flags, cfg, r.say); err != nil {
		return err
	}
	if r.flags.speed != 0 {
		if r.in.live != nil {
			return usage(errors.New("--speed is for captures (-f)"))
		}
		paced, err := capture.Pace(r.in.src, r.flags.speed)
		if err != nil {
			return usage(fmt.Errorf("--%w", err))
		}
		r.in.src = paced
	}
	r.op, err = newOperation(r.flags, cfg, r.say)
	return err
}

func (r *theRun) close() {
	if r.op != nil {
		r.op.end()
	}
	if r.in != nil {
		r.in.close()
	}
}

// buildConfig makes the engine's configuration of the file, --set and flags.
func buildConfig(e *env, f *flags, say *messages) (*engine.Config, error) {
	s, err := loadSettings(e, f, say)
	if err != nil {
		return nil, err
	}
	cfg, err := s.EngineConfig()
	if err != nil {
		return nil, usage(err)
	}
	cfg.Warn = say.warn
	return &cfg, nil
}

func startProfiles(f *flags) (stop func(), err error) {
	stop = func() {}
	if f.cpuProfile != "" {
		w, err := os.Create(f.cpuProfile)
		if err != nil {
			return stop, fmt.Errorf("--cpu-profile: %w", err)
		}
		if err := pprof.StartCPUProfile(w); err != nil {
			return stop, fmt.Errorf("--cpu-profile: %w", err)
		}
		stop = func() { pprof.StopCPUProfile(); w.Close() }
	}
	if f.memProfile != "" {
		old := stop
		stop = func() {
			old()
			if w, err := os.Create(f.memProfile); err == nil {
				_ = pprof.WriteHeapProfile(w)
				w.Close()
			}
		}
	}
	return stop, nil
}

// messages writes what people should know to stderr, one line each, from any goroutine.
type messages struct {
	mu    sync.Mutex
	w     io.Writer
	quiet bool
}

func newMessages(e *env, f *flags) *messages { return &messages{w: e.stderr, quiet: f.quiet} }

func (m *messages) warn(format string, args ...any) {
	if m.quiet {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprintf(m.w, "warning: %s\n", strings.TrimRight(fmt.Sprintf(format, args...), "\n"))
}
