package main

import (
	"errors"
	"io"
	"sync/atomic"
	"syscall"
)

// brokenPipe watches stdout for the day when nobody reads it any more. Where it is the only
// output the run is stopped, without a word, as for any program in a pipe; else it goes on for the others,
// and what stdout loses is counted.
type brokenPipe struct {
	io.Writer
	only   bool
	stop   func()
	broken atomic.Bool
}

// Write implements io.Writer.
func (p *brokenPipe) Write(b []byte) (int, error) {
	if p.broken.Load() && p.only {
		return len(b), nil
	}
	n, err := p.Writer.Write(b)
	if errors.Is(err, syscall.EPIPE) && p.only {
		p.broken.Store(true)
		p.stop()
		return len(b), nil
	}
	return n, err
}
