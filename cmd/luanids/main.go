// Command luanids watches interfaces and replays captures for intrusions.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/luanids/luanids/engine/privileges"
)

// Exit codes, for scripts.
const (
	exitOK       = 0
	exitRuntime  = 1 // something failed while running
	exitUsage    = 2 // usage or configuration is wrong
	exitFindings = 3 // check or test found problems
)

// env is all that the program uses of its process, so that tests run it within theirs.
type env struct {
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
	// stdoutTTY and stderrTTY say whether a person's terminal is at the other end.
	stdoutTTY, stderrTTY bool
	getenv               func(string) string
	// confine gives up privileges; nil keeps them, for tests within the process.
	confine func(privileges.Options) (*privileges.Report, error)
}

func main() {
	// A reader of stdout that goes away (luanids | head) must not cost the other outputs what
	// they have not written yet: see brokenPipe.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // whoever asks twice does not want to wait for what is under way
	code := run(ctx, &env{
		args: os.Args[1:], stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		stdoutTTY: isTerminal(os.Stdout), stderrTTY: isTerminal(os.Stderr), getenv: os.Getenv,
		confine: privileges.Drop,
	})
	stop()
	os.Exit(code)
}
