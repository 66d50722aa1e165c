package sensor

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/alertdb"
	"github.com/luanids/luanids/engine/config"
	"github.com/luanids/luanids/engine/output"
)

// OutputError says that none of the outputs that were asked for can be opened.
type OutputError struct{ Err error }

func (e *OutputError) Error() string { return e.Err.Error() }
func (e *OutputError) Unwrap() error { return e.Err }

// open opens what the options and settings ask for. Each output has a queue of its own: live, a full one drops and counts;
// otherwise the engine waits, and nothing is lost.
//
// An output that cannot be opened does not keep a sensor from watching: traffic does not come twice. That is said, counted,
// and tried again whenever there is something to write. A replay runs on too if something else that was asked for works; else it is
// over before it begins, since nobody would get anything of it.
func (s *Sensor) open(cfg *engine.Config, st *config.Settings) error {
	o := &opener{opt: &s.opt, cfg: cfg, st: st}
	if s.opt.OnAlert != nil {
		cfg.Sinks = append(cfg.Sinks, hook(s.opt.OnAlert))
	}
	cfg.Sinks = append(cfg.Sinks, s.opt.Sinks...)
	if len(cfg.Sinks) > 0 || s.opt.EVE != nil {
		o.works = true
	}
	if s.opt.Outputs {
		for _, open := range []func() error{o.stdout, o.json, o.sqlite, o.syslog, o.eve, o.pcaps, o.files, o.certificates} {
			if err := open(); err != nil {
				return err
			}
		}
		if err := openSets(cfg.Program, st.Rules.DataDir); err != nil {
			o.failed = append(o.failed, err)
		}
	}
	if len(o.failed) > 0 && !o.works && !s.opt.Live {
		return &OutputError{errors.Join(o.failed...)}
	}
	s.tune = o.tune
	for _, err := range o.failed {
		s.opt.Warn("%v; the engine runs on, tries again when there is something to write, and counts what is lost", err)
	}
	switch {
	case s.opt.EVE == nil:
	case cfg.EVE == nil:
		cfg.EVE = s.opt.EVE
	default:
		cfg.EVE = &both{cfg.EVE, s.opt.EVE}
	}
	return nil
}

func closeOutputs(cfg *engine.Config) {
	for _, s := range cfg.Sinks {
		_ = s.Close()
	}
	if c, ok := cfg.EVE.(io.Closer); ok {
		_ = c.Close()
	}
}

// hook is a function as an output.
type hook func(*alert.Alert)

func (h hook) Name() string { return "hook" }

func (h hook) Alert(a *alert.Alert) error { h(a); return nil }

func (h hook) Close() error { return nil }

// both writes to two places.
type both struct{ a, b io.Writer }

func (w *both) Write(p []byte) (int, error) {
	n, err := w.a.Write(p)
	if _, err2 := w.b.Write(p); err == nil {
		err = err2
	}
	return n, err
}

// Flush writes out what the file has buffered.
func (w *both) Flush() error {
	if f, ok := w.a.(interface{ Flush() error }); ok {
		return f.Flush()
	}
	return nil
}

// Each gives the counters of the file's queue.
func (w *both) Each(c func(name string, n uint64)) {
	if q, ok := w.a.(interface{ Each(func(string, uint64)) }); ok {
		q.Each(c)
	}
}

func (w *both) Close() error {
	if c, ok := w.a.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

type opener struct {
	opt    *Options
	cfg    *engine.Config
	st     *config.Settings
	works  bool // something that was asked for
	tune   []func(*config.Settings)
	failed []error // what could not be opened
}

// opened notes whether the output that a setting asks for could be opened.
func (o *opener) opened(key string, err error) {
	if err == nil {
		o.works = true
	} else {
		o.failed = append(o.failed, o.wrong(key, err))
	}
}

// add puts an output behind its queue.
func (o *opener) add(s output.Sink, opt output.QueueOptions) {
	opt.Block = !o.opt.Live
	opt.Alerts, opt.Bytes, opt.Warn = o.cfg.Outputs.QueueAlerts, o.cfg.Outputs.QueueBytes, o.opt.Warn
	q := output.NewQueue(s, opt)
	o.cfg.Sinks = append(o.cfg.Sinks, q)
	gathers := opt.Delay > 0
	o.onReload(func(st *config.Settings) {
		n, delay := &st.Engine.Outputs, time.Duration(0)
		if gathers {
			delay = n.SQLiteDelay
		}
		q.Configure(n.QueueAlerts, n.QueueBytes, delay)
	})
}

// onReload has an output told of new settings.
func (o *opener) onReload(f func(*config.Settings)) { o.tune = append(o.tune, f) }

func (o *opener) stdout() error {
	if o.opt.Stdout == nil {
		return nil
	}
	if o.st.Outputs.Console != "none" && o.st.Origin("outputs.console.format") != (&config.Settings{}).Origin("") {
		o.works = true
	}
	switch o.st.Outputs.Console {
	case "text":
		c := output.NewConsole(o.opt.Stdout, o.opt.Terminal, o.st.Outputs.Verbose)
		o.onReload(func(st *config.Settings) { c.SetVerbose(st.Outputs.Verbose) })
		o.add(c, output.QueueOptions{})
	case "json":
		// Not as a Closer: stdout stays open.
		o.add(output.NewJSON("stdout", struct{ io.Writer }{o.opt.Stdout}), output.QueueOptions{})
	}
	return nil
}

func (o *opener) json() error {
	if o.st.Outputs.JSON == "" {
		return nil
	}
	opt := o.cfg.Outputs.JSON
	// A replay makes its result anew; a restart must not lose what was seen before it.
	opt.Append, opt.Warn = o.opt.Live, o.opt.Warn
	w, err := output.NewRotating(o.st.Outputs.JSON, opt)
	o.opened("outputs.json.path", err)
	o.onReload(func(st *config.Settings) { w.Configure(st.Engine.Outputs.JSON) })
	o.add(output.NewJSON("json", w), output.QueueOptions{Failing: err})
	return nil
}

func (o *opener) sqlite() error {
	if o.st.Outputs.SQLite == "" {
		return nil
	}
	db, err := alertdb.NewOutput(o.st.Outputs.SQLite)
	o.opened("outputs.sqlite.path", err)
	o.add(db, output.QueueOptions{Delay: o.cfg.Outputs.SQLiteDelay, Failing: err})
	return nil
}

func (o *opener) syslog() error {
	for i, where := range o.st.Outputs.Syslog {
		opt, err := output.ParseSyslog(where)
		if err != nil {
			return o.wrong("outputs.syslog.targets", err)
		}
		opt.Version, opt.Backlog, opt.Warn = o.opt.Version, o.cfg.Outputs.SyslogBacklog, o.opt.Warn
		if i > 0 {
			opt.Name = fmt.Sprintf("syslog%d", i+1)
		}
		s, err := output.NewSyslog(opt)
		if s == nil {
			return o.wrong("outputs.syslog.targets", fmt.Errorf("%s: %w", where, err))
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", where, err)
		}
		o.opened("outputs.syslog.targets", err)
		o.onReload(func(st *config.Settings) { s.SetBacklog(st.Engine.Outputs.SyslogBacklog) })
		o.add(s, output.QueueOptions{Failing: err})
	}
	return nil
}

func (o *opener) eve() error {
	if o.st.Outputs.EVE == "" {
		return nil
	}
	opt := o.cfg.Outputs.EVE
	opt.Append, opt.Warn = o.opt.Live, o.opt.Warn
	w, err := output.NewRotating(o.st.Outputs.EVE, opt)
	o.opened("outputs.eve.path", err)
	queue := output.NewStream("eve", w, output.StreamOptions{Block: !o.opt.Live, Bytes: o.cfg.Outputs.QueueBytes, Warn: o.opt.Warn, Failing: err})
	o.cfg.EVE = queue
	o.onReload(func(st *config.Settings) {
		w.Configure(st.Engine.Outputs.EVE)
		queue.Configure(st.Engine.Outputs.QueueBytes)
	})
	return nil
}

// pcaps looks whether captures of alerts can be written; the engine writes them.
func (o *opener) pcaps() error {
	if o.cfg.Pcap.Dir != "" {
		o.cfg.Pcap.Failing = o.cfg.Pcap.Probe()
		o.opened("outputs.pcap.dir", o.cfg.Pcap.Failing)
	}
	return nil
}

// files makes the folder for stored files.
func (o *opener) files() error {
	if o.cfg.FileStore.Folder() != "" {
		if err := o.cfg.FileStore.Prepare(); err != nil {
			return o.wrong("outputs.files.dir", err)
		}
	}
	return nil
}

// certificates makes the folder for stored certificates.
func (o *opener) certificates() error {
	if o.cfg.TLSStore.Folder() != "" {
		if err := o.cfg.TLSStore.Prepare(); err != nil {
			return o.wrong("outputs.certificates.dir", err)
		}
	}
	return nil
}

// wrong names the flag or the place in the file that asked for an output.
func (o *opener) wrong(key string, err error) error {
	origin := o.st.Origin(key)
	if origin.Text == "default" {
		origin.Text = key
	}
	return fmt.Errorf("%s: %w", origin.Text, err)
}
