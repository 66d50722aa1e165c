package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/sensor"
	"github.com/luanids/luanids/lang/diag"
)

// onReload reloads whenever SIGHUP comes, and when files change where that is worth while: on interfaces, and in
// replays that take their time. What stop gives up is over when it returns.
func onReload(ctx context.Context, f *flags, s *sensor.Sensor, r *theRun) (stop func()) {
	if f.program != nil || r.in.live == nil && f.speed == 0 && !f.given("watch") {
		return func() {} // a program is what it was when it began, and a replay at full speed is over before anybody has edited anything
	}
	ctx, cancel := context.WithCancel(ctx)
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	var both sync.WaitGroup
	both.Go(func() { s.Watch(ctx) })
	both.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
				report, err := s.Reload()
				switch {
				case errors.Is(err, engine.ErrOver):
				case err != nil:
					r.say.warn("nothing was reloaded: %v", err)
				default:
					r.say.tell("%s", report)
				}
			}
		}
	})
	return func() {
		signal.Stop(hup)
		cancel()
		both.Wait()
	}
}

// tell writes news that are no warnings.
func (m *messages) tell(format string, args ...any) {
	if m.quiet {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprintf(m.w, "%s\n", strings.TrimRight(fmt.Sprintf(format, args...), "\n"))
}

// loadError shows what keeps a sensor from starting, and gives the error of the run.
func (m *messages) loadError(err error) error {
	var f *failure
	if errors.As(err, &f) {
		return err
	}
	var out *sensor.OutputError
	if errors.As(err, &out) {
		return failed(err)
	}
	var l *sensor.LoadError
	if !errors.As(err, &l) {
		return usage(err)
	}
	var placed diag.List
	for _, d := range l.List {
		if d.Severity == diag.Error && d.Range.Start.Valid() {
			placed = append(placed, d)
		}
	}
	if len(placed) == 0 || m.quiet {
		return usage(err)
	}
	_ = diag.Text(m.w, placed, l.Source, maxMessages)
	hint := ""
	if l.What == "the rules" {
		hint = "; luanids check tells more"
	}
	return usage(fmt.Errorf("%s have %s%s", l.What, plural(len(placed), "error"), hint))
}
