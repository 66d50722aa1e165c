package main

import (
	"fmt"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/alertdb"
	"github.com/luanids/luanids/engine/output"
)

// openOutputs opens what the flags ask for, so that an unwritable path is said at once. Each output
// has a queue of its own: live, a full one drops and counts; a replay waits, and loses nothing.
func openOutputs(e *env, f *flags, cfg *engine.Config, say *messages) error {
	if f.minSeverity != "" {
		s, err := alert.ParseSeverity(f.minSeverity)
		if err != nil {
			return usage(fmt.Errorf("--min-severity: %w", err))
		}
		cfg.MinSeverity = s
	}
	o := &opener{env: e, flags: f, cfg: cfg, say: say, live: len(f.ifaces) > 0}
	for _, open := range []func() error{o.stdout, o.json, o.sqlite, o.syslog, o.eve} {
		if err := open(); err != nil {
			o.closeAll()
			return usage(err)
		}
	}
	return nil
}

type opener struct {
	env   *env
	flags *flags
	cfg   *engine.Config
	say   *messages
	live  bool
}

// add puts an output behind its queue.
func (o *opener) add(s output.Sink, opt output.QueueOptions) {
	opt.Block = !o.live
	opt.Alerts, opt.Bytes, opt.Warn = o.cfg.Outputs.QueueAlerts, o.cfg.Outputs.QueueBytes, o.say.warn
	o.cfg.Sinks = append(o.cfg.Sinks, output.NewQueue(s, opt))
}

func (o *opener) closeAll() {
	for _, s := range o.cfg.Sinks {
		_ = s.Close()
	}
	o.cfg.Sinks = nil
}

func (o *opener) stdout() error {
	switch o.flags.output {
	case "text":
		o.add(output.NewConsole(o.env.stdout, o.env.stdoutTTY, o.flags.verbose), output.QueueOptions{})
	case "json":
		// Not as a Closer: stdout stays open.
		o.add(output.NewJSON("stdout", struct{ writer }{o.env.stdout}), output.QueueOptions{})
	case "none":
	default:
		return fmt.Errorf("--output %s: use text, json or none", o.flags.output)
	}
	return nil
}

type writer interface{ Write([]byte) (int, error) }

func (o *opener) json() error {
	if o.flags.json == "" {
		return nil
	}
	opt := o.cfg.Outputs.JSON
	// A replay makes its result anew; a restart must not lose what was seen before it.
	opt.Append, opt.Warn = o.live, o.say.warn
	w, err := output.NewRotating(o.flags.json, opt)
	if err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	o.add(output.NewJSON("json", w), output.QueueOptions{})
	return nil
}

func (o *opener) sqlite() error {
	if o.flags.sqlite == "" {
		return nil
	}
	db, err := alertdb.Open(o.flags.sqlite)
	if err != nil {
		return fmt.Errorf("--sqlite: %w", err)
	}
	o.add(db, output.QueueOptions{Delay: o.cfg.Outputs.SQLiteDelay})
	return nil
}

func (o *opener) syslog() error {
	for i, where := range o.flags.syslog {
		opt, err := output.ParseSyslog(where)
		if err != nil {
			return fmt.Errorf("--syslog %w", err)
		}
		opt.Version, opt.Backlog, opt.Warn = version, o.cfg.Outputs.SyslogBacklog, o.say.warn
		if i > 0 {
			opt.Name = fmt.Sprintf("syslog%d", i+1)
		}
		s, err := output.NewSyslog(opt)
		if err != nil {
			return fmt.Errorf("--syslog %s: %w", where, err)
		}
		o.add(s, output.QueueOptions{})
	}
	return nil
}

func (o *opener) eve() error {
	if o.flags.eve == "" {
		return nil
	}
	opt := o.cfg.Outputs.EVE
	opt.Append, opt.Warn = o.live, o.say.warn
	w, err := output.NewRotating(o.flags.eve, opt)
	if err != nil {
		return fmt.Errorf("--eve: %w", err)
	}
	o.cfg.EVE = output.NewStream("eve", w, output.StreamOptions{Block: !o.live, Bytes: o.cfg.Outputs.QueueBytes, Warn: o.say.warn})
	return nil
}
