package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/luanids/luanids/capture/inject"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/config"
	"github.com/luanids/luanids/engine/metrics"
	"github.com/luanids/luanids/engine/output"
	"github.com/luanids/luanids/engine/privileges"
)

// operation is what a run has around the engine: the figures that it serves, the resets that it may send, the
// privileges that it gives up, and the service manager that it tells about itself.
//
// The order matters. newOperation opens what needs privileges, together with rings and outputs; begin gives them up
// right before the first packet; end is for the way out.
type operation struct {
	settings *config.Settings
	say      *messages
	live     bool
	quiet    bool
	metrics  *metrics.Server
	sender   inject.Sender
	read     []string // what rules, scripts and feeds were read from
	sets     []string // folders in which data sets are written
	boxed    bool     // files elsewhere cannot be read any more
	stop     context.CancelFunc
}

// newOperation opens what flags and settings ask for, and tells cfg of it.
func newOperation(f *flags, cfg *engine.Config, say *messages) (*operation, error) {
	o := &operation{settings: f.settings, say: say, live: len(f.ifaces) > 0, quiet: f.quiet, stop: func() {}}
	if addr := o.settings.Metrics.Address; addr != "" {
		m, err := metrics.Listen(addr, metrics.Options{Version: version, Commit: commit, Warn: say.warn})
		if err != nil {
			return nil, usage(fmt.Errorf("--metrics: %w", err))
		}
		o.metrics = m
	}
	if err := o.openSender(cfg); err != nil {
		o.end()
		return nil, err
	}
	return o, nil
}

// openSender opens what resets are sent with, if that is wanted.
func (o *operation) openSender(cfg *engine.Config) error {
	switch {
	case !o.live:
		if o.settings.Respond.Enabled {
			o.say.warn("--respond: a replay cuts no connections; what asks for it is counted as respond.ignored")
		}
		return nil
	case !o.settings.Respond.Enabled:
		cfg.Respond.Off = "active response is off: start luanids with --respond"
		return nil
	}
	s, err := inject.Open(cfg.Respond.Interface)
	if err != nil {
		return failed(fmt.Errorf("--respond: %w", err))
	}
	o.sender, cfg.Respond.Sender = s, s
	if !o.quiet {
		fmt.Fprintf(o.say.w, "active response: resets go out %s; exempt: %s\n", s, exemptText(cfg.Respond.Exempt))
	}
	return nil
}

func exemptText(list []netip.Prefix) string {
	if len(list) == 0 {
		return "nobody"
	}
	return fmt.Sprint(list)
}

// begin gives up privileges and says that the run begins.
func (o *operation) begin(ctx context.Context, e *env, f *flags, eng *engine.Engine) error {
	if err := o.confine(e, f); err != nil {
		return err
	}
	if o.metrics != nil {
		o.metrics.Serve(eng)
		if !o.quiet {
			fmt.Fprintf(e.stderr, "figures: http://%s/metrics, also /healthz and /readyz\n", o.metrics.Addr())
		}
	}
	o.notify(daemon.SdNotifyReady + "\nSTATUS=watching")
	context.AfterFunc(ctx, o.stopping)
	ctx, o.stop = context.WithCancel(ctx)
	if every, err := daemon.SdWatchdogEnabled(false); err == nil && every > 0 {
		go o.watchdog(ctx, every/2, eng)
	}
	return nil
}

// confine gives up privileges: always when watching interfaces, and in a replay if a user is named.
func (o *operation) confine(e *env, f *flags) error {
	if !o.live && o.settings.Privileges.User == "" {
		return nil
	}
	if e.confine == nil {
		return nil
	}
	r, err := e.confine(o.privileges(f))
	if err != nil {
		return failed(fmt.Errorf("giving up privileges: %w", err))
	}
	o.boxed = r.Landlock > 0
	for _, w := range r.Warnings {
		o.say.warn("%s", w)
	}
	if !o.quiet {
		fmt.Fprintln(e.stderr, r)
	}
	return nil
}

// privileges says what the run goes on to need: to read what a reload reads, and to write what outputs write.
func (o *operation) privileges(f *flags) privileges.Options {
	s := o.settings
	p := privileges.Options{User: s.Privileges.User, NoLandlock: !s.Privileges.Landlock, Read: []string{f.configFile}}
	for _, r := range s.Files() {
		p.Read = append(p.Read, r.Path)
	}
	p.Read = append(p.Read, f.reads...)
	p.Read = append(p.Read, o.read...)
	if !o.live {
		p.Read = append(p.Read, f.files...)
	}
	for _, out := range []string{s.Outputs.JSON, s.Outputs.SQLite, s.Outputs.EVE, f.memProfile} {
		if out != "" {
			p.Outputs = append(p.Outputs, out)
		}
	}
	for _, dir := range []string{s.Engine.Pcap.Dir, s.Engine.TLSStore.Folder(), s.Engine.FileStore.Folder(), s.Engine.FileStore.Spool()} {
		if dir == "" {
			continue
		}
		p.Write = append(p.Write, dir)
		list, err := os.ReadDir(dir)
		if err == nil && (len(list) == 0 || len(list) == 1 && filepath.Join(dir, list[0].Name()) == s.Engine.FileStore.Spool()) {
			p.Made = append(p.Made, dir)
		}
	}
	sets := o.sets
	if dir := s.Rules.DataDir; dir != "" && !slices.Contains(sets, dir) {
		sets = append(slices.Clip(sets), dir)
	}
	for _, dir := range sets {
		p.Write = append(p.Write, dir)
		if list, err := os.ReadDir(dir); err == nil && len(list) == 0 {
			p.Made = append(p.Made, dir)
		}
	}
	for path, r := range map[string]output.RotateOptions{s.Outputs.JSON: s.Engine.Outputs.JSON, s.Outputs.EVE: s.Engine.Outputs.EVE} {
		if path != "" && (r.MaxSize > 0 || r.Every > 0) { // rotation makes files beside it
			p.Write = append(p.Write, path)
		}
	}
	if dir, err := os.Getwd(); err == nil && f.configFile != "" && !filepath.IsAbs(f.configFile) {
		p.Read = append(p.Read, filepath.Join(dir, f.configFile))
	}
	return p
}

// watchdog tells the service manager that all is well, as long as it is.
func (o *operation) watchdog(ctx context.Context, every time.Duration, eng *engine.Engine) {
	t := time.NewTicker(max(every, time.Millisecond))
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if err := eng.Health(engine.HealthLimit); err != nil {
				o.say.warn("health: %v", err)
				continue
			}
			o.notify(daemon.SdNotifyWatchdog)
		}
	}
}

// reloading tells the service manager that a reload has begun; the function that it gives is to be called with what came
// of it.
func (o *operation) reloading() (done func(error)) {
	o.notify(fmt.Sprintf("%s\nMONOTONIC_USEC=%d", daemon.SdNotifyReloading, monotonicMicroseconds()))
	return func(err error) {
		if o.metrics != nil {
			o.metrics.Reloaded(err)
		}
		status := "STATUS=watching"
		if err != nil {
			status = "STATUS=watching; the last reload failed, and what ran before runs on"
			if o.boxed && strings.Contains(err.Error(), "permission denied") {
				o.say.warn("the user of the service must be able to read it; and only folders that were named at the start can be read (see Privileges in operate.md): restart luanids for another one")
			}
		}
		o.notify(daemon.SdNotifyReady + "\n" + status)
	}
}

// stopping says that the end has begun.
func (o *operation) stopping() {
	if o.metrics != nil {
		o.metrics.Stopping()
	}
	o.notify(daemon.SdNotifyStopping)
}

// end closes what newOperation opened.
func (o *operation) end() {
	o.stop()
	if o.metrics != nil {
		_ = o.metrics.Close()
	}
	if o.sender != nil {
		_ = o.sender.Close()
	}
}

// notify tells the service manager, if there is one.
func (o *operation) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		o.say.warn("service manager: %v", err)
	}
}
