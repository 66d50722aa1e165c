package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/capture/live"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/flowtable"
)

// input is what a run reads: captures, or interfaces.
type input struct {
	src  capture.Source // nil: interfaces
	live *live.Capture
}

// checkInput says early, before rules are loaded, what is wrong with what the flags name.
func checkInput(f *flags) error {
	if len(f.ifaces) == 0 {
		return nil
	}
	if len(f.files) > 0 {
		return usage(errors.New("-i and -f together: watch an interface or replay a capture, not both"))
	}
	if f.loop != 1 {
		return usage(errors.New("--loop is for captures (-f)"))
	}
	return liveError(live.Probe(f.ifaces))
}

// openInput opens what the flags name. Interfaces set how many workers there are: one for each ring.
func openInput(e *env, f *flags, cfg *engine.Config, say *messages) (*input, error) {
	if len(f.ifaces) == 0 {
		src, err := capture.Open(f.files, capture.Options{Filter: f.bpf, Stdin: e.stdin, Loop: f.loop,
			Warn: func(m string) { say.warn("%s", m) }})
		if err != nil {
			return nil, usage(err)
		}
		return &input{src: src}, nil
	}
	n := cfg.Workers
	if n == 0 {
		n = min(runtime.NumCPU(), flowtable.Shards)
	}
	c, err := live.Open(live.Options{Settings: cfg.Capture, Interfaces: f.ifaces, Rings: n, Filter: f.bpf, Warn: say.warn,
		Opened: f.program.opened()})
	if err != nil {
		return nil, liveError(err)
	}
	c.KeepSockets() // privileges may go
	cfg.Workers, cfg.Rings = n, c.Rings() > 1
	return &input{live: c}, nil
}

// liveError gives an error of opening interfaces its exit code: what is not permitted may be later.
func liveError(err error) error {
	var p *live.PermissionError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p):
		return failed(err)
	}
	return usage(err)
}

// run runs the engine on the input.
func (in *input) run(ctx context.Context, e *env, f *flags, eng *engine.Engine) error {
	if in.live == nil {
		src := in.src
		if e.stderrTTY && !f.noProgress && !f.quiet {
			src = withProgress(src, e.stderr)
		}
		return eng.Run(ctx, src)
	}
	if !f.quiet && f.program == nil {
		fmt.Fprintf(e.stderr, "watching %s through %s, %s; SIGUSR1 shows statistics, SIGTERM or Ctrl-C ends\n",
			strings.Join(f.ifaces, ", "), in.live.Through(), plural(in.live.Rings(), "ring"))
	}
	defer onStatsSignal(e.stderr, eng)()
	return eng.Watch(ctx, in.live)
}

func (in *input) close() {
	if in.live != nil {
		_ = in.live.Close()
		return
	}
	_ = in.src.Close()
}

// onStatsSignal writes statistics whenever SIGUSR1 comes, until stop is called.
func onStatsSignal(w io.Writer, eng *engine.Engine) (stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-c:
				writeSnapshot(w, eng.Snapshot())
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(c)
		close(done)
	}
}

// writeSnapshot writes the state of a run for people: every counter that is not zero.
func writeSnapshot(w io.Writer, s engine.Snapshot) {
	var b strings.Builder
	fmt.Fprintf(&b, "statistics at %s, up %v\n", s.At.Format(time.RFC3339), s.Uptime.Round(time.Second))
	for _, i := range s.Interfaces {
		state := ""
		if !i.Up {
			state = ", not there now"
		}
		share := 0.0
		if i.Packets > 0 {
			share = 100 * float64(i.Dropped) / float64(i.Packets)
		}
		if i.Card > 0 {
			state += fmt.Sprintf(", %s more lost by the card before", count(i.Card))
		}
		fmt.Fprintf(&b, "  %s: %s packets, %s dropped by the kernel (%.2f%%), ring full %s times%s\n",
			i.Name, count(i.Packets), count(i.Dropped), share, count(i.Freezes), state)
	}
	if l := s.Latency; l.Alerts > 0 {
		fmt.Fprintf(&b, "  from packet to alert: %v at the median, %v at the 99th percentile, %v at most (%s alerts)\n",
			l.P50.Round(100*time.Microsecond), l.P99.Round(100*time.Microsecond), l.Max.Round(100*time.Microsecond), count(l.Alerts))
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintf(&b, "  memory: %s in use, %s from the system, rings not counted\n", bytesText(m.HeapAlloc), bytesText(m.Sys-m.HeapReleased))
	for _, c := range s.Counters {
		if c.Value != 0 {
			fmt.Fprintf(&b, "  %-46s %s\n", c.Name, count(c.Value))
		}
	}
	_, _ = io.WriteString(w, b.String())
}
