package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/lua"
)

// newRun runs a Lua program that drives the engine.
func newRun(e *env) *cobra.Command {
	f := &flags{}
	cmd := &cobra.Command{
		Use: "run SCRIPT [-f FILE|-i IFACE]... [ARGUMENT]...", Short: "Run a Lua program on a capture or an interface",
		Long: `Run one Lua script as a program: what it prints goes to stdout, and no rules are loaded but those of -r.
nids.run() gives it the packets and returns at their end; a script without it is served all the same. Arguments
behind the script are in nids.args. Where neither -f nor -i is given, nids.param("filename") or nids.param("device")
of the script say what to read. Programs written for libnids or pynids port line by line: see docs/lua.md.

Exit code 1 when the script failed or was stopped.`,
		Example: "  luanids run examples/sniff.lua -f capture.pcap\n  luanids run count.lua -i eth0 --bpf 'port 80'\n  luanids run top.lua -f capture.pcap -- --most 10",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.changed = cmd.Flags().Changed
			return runProgram(cmd.Context(), e, f, args)
		},
	}
	mainFlags(cmd, f)
	for _, name := range []string{"script", "loop", "profile-rules"} {
		_ = cmd.Flags().MarkHidden(name)
	}
	return cmd
}

// luaProgram is the script of luanids run.
type luaProgram struct {
	args []string
	out  *lines
	host *programHost
	wait *waiter
}

// Limits of a program: its author runs it himself, on what he has chosen.
const (
	programMemory = 1 << 30
	programString = 64 << 20
)

func runProgram(ctx context.Context, e *env, f *flags, args []string) error {
	if len(f.scripts) > 0 {
		return usage(errors.New("-s: luanids run takes one script, as its first argument"))
	}
	if info, err := os.Stat(args[0]); err == nil && info.IsDir() {
		return usage(fmt.Errorf("%s is a folder: luanids run takes one script", args[0]))
	}
	f.scripts, f.noProgress = args[:1], true
	if len(f.rules) == 0 {
		f.rules = []string{ruleset.None}
	}
	f.program = &luaProgram{args: args[1:], out: newLines(e)}
	var err error
	if f.program.wait, err = newWaiter(); err != nil {
		return failed(err)
	}
	defer f.program.wait.close()
	err = runMain(ctx, e, f)
	if flushed := f.program.out.flush(); err == nil && flushed != nil {
		return failed(flushed)
	}
	if h := f.program.host; err == nil && h != nil && h.stopped {
		return failed(errors.New("the script did not come to its end"))
	}
	return err
}

// options are what the script is loaded with.
func (p *luaProgram) options(opt *lua.Options, host *engine.ScriptHost) {
	p.host = &programHost{ScriptHost: host, out: p.out, wait: p.wait}
	opt.Host, opt.Args = p.host, p.args
	opt.Limits.Memory = max(opt.Limits.Memory, programMemory)
	opt.Limits.Total = max(opt.Limits.Total, programMemory)
	opt.Limits.StringBytes = max(opt.Limits.StringBytes, programString)
}

// loaded takes over what the script asked for with nids.param. Streams are followed to their end.
func (p *luaProgram) loaded(rt *lua.Runtime, f *flags, cfg *engine.Config) error {
	param := rt.NidsParams()
	text := func(name string) string { s, _ := param[name].(string); return s }
	if len(f.files) == 0 && len(f.ifaces) == 0 {
		if name := text("filename"); name != "" {
			f.files = []string{name}
		} else if name := text("device"); name != "" {
			f.ifaces = []string{name}
			if err := checkInput(f); err != nil {
				return err
			}
		} else {
			return usage(errors.New("nothing to read: give -f CAPTURE or -i INTERFACE, or set nids.param(\"filename\") in the script"))
		}
	}
	if f.bpf == "" {
		f.bpf = text("pcap_filter")
	}
	if len(f.ifaces) == 0 {
		p.wait.always()
	}
	if f.settings == nil || f.settings.Origin("stream.depth").Text == "default" {
		cfg.TCP.Depth = 0
	}
	if onlyStreams(rt) && f.eve == "" && len(f.rules) == 1 && f.rules[0] == ruleset.None {
		cfg.Disabled = map[string]bool{} // nobody looks at messages
		for _, s := range cfg.Schema.Specs {
			cfg.Disabled[s.Name] = true
		}
		if f.settings == nil || f.settings.Origin("flow.timeouts.tcp.established").Text == "default" {
			cfg.Flow.TCP.Established = keepConnections
		}
	}
	return nil
}

// keepConnections is how long a program for libnids keeps a connection that is silent: as there, until the run is over or
// there are too many (nanoseconds; a century).
const keepConnections = 100 * 365 * 24 * int64(time.Hour)

// onlyStreams tells whether a script uses nothing but the libnids face.
func onlyStreams(rt *lua.Runtime) bool {
	for _, s := range rt.Subscriptions() {
		if s.Kind == lua.SubEvent {
			return false
		}
	}
	return true
}

// programHost is the host of a program: it prints to stdout.
type programHost struct {
	*engine.ScriptHost
	out     *lines
	wait    *waiter
	stopped bool
}

// FD implements lua.CaptureHost.
func (h *programHost) FD() (int, error) { return h.wait.fd() }

// opened gives what is told of the rings of a live capture; nil where no program runs.
func (p *luaProgram) opened() func(fd int) {
	if p == nil {
		return nil
	}
	return p.wait.add
}

// Print implements lua.Printer.
func (h *programHost) Print(text string) { h.out.print(text) }

// Problem implements lua.Host.
func (h *programHost) Problem(p lua.Problem) {
	h.stopped = h.stopped || p.Kind == lua.Stopped || p.Kind == lua.LoadError
	h.ScriptHost.Problem(p)
}

// lines is stdout for what a program prints: at once where somebody watches, else buffered.
type lines struct {
	mu  sync.Mutex
	env *env
	buf *bufio.Writer
}

func newLines(e *env) *lines { return &lines{env: e, buf: bufio.NewWriterSize(stdoutOf{e}, 64<<10)} }

// stdoutOf writes to what is stdout at the time: a run puts a brokenPipe before it.
type stdoutOf struct{ e *env }

func (s stdoutOf) Write(b []byte) (int, error) { return s.e.stdout.Write(b) }

func (l *lines) print(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.buf.WriteString(text) // flush says what went wrong
	if l.env.stdoutTTY {
		_ = l.buf.Flush()
	}
}

func (l *lines) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.buf.Flush(); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	return nil
}
