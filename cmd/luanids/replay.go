package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"

	"github.com/luanids/luanids/engine"
)

// settleMemory gives back what loading rules took for a while, and lets the collector run when
// the heap has grown by a fixed amount: in steady state the engine allocates next to nothing.
func settleMemory(e *env) {
	debug.FreeOSMemory()
	if e.getenv("GOGC") != "" {
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetGCPercent(min(100, max(30, int(100*heapSlack/max(m.HeapAlloc, 1<<20)))))
}

// profileTop is how many rules --profile-rules shows.
const profileTop = 50

// heapSlack is how far the heap may grow between collections, bytes.
const heapSlack = 48 << 20

// runMain replays captures or watches interfaces.
func runMain(ctx context.Context, e *env, f *flags) error {
	say := newMessages(e, f)
	cfg, err := buildConfig(e, f, say)
	if err != nil {
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
	if err := loadRules(f, cfg, say); err != nil {
		return err
	}
	if f.profileRules {
		cfg.Program.EnableProfile()
	}
	settleMemory(e)
	in, err := openInput(e, f, cfg, say)
	if err != nil {
		return err
	}
	defer in.close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	pipe := &brokenPipe{Writer: e.stdout, stop: stop, only: f.eve == "" && f.json == "" && f.sqlite == "" && len(f.syslog) == 0}
	e.stdout = pipe
	if err := openOutputs(e, f, cfg, say); err != nil {
		return err
	}
	op, err := newOperation(f, cfg, say)
	if err != nil {
		return err
	}
	defer op.end()
	eng, err := engine.New(*cfg)
	if err != nil {
		return usage(err)
	}
	if err := op.begin(ctx, e, f, eng); err != nil {
		return err
	}
	err = in.run(ctx, e, f, eng)
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
		err = errors.Join(err, writeProfile(e.stderr, cfg.Program, false, profileTop))
	}
	if err != nil {
		return failed(err)
	}
	return nil
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
