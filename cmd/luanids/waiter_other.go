//go:build !linux

package main

import (
	"fmt"
	"os"
)

// waiter is the descriptor of nids.getfd. It is always readable here: nids.next waits by itself.
type waiter struct{ r, w *os.File }

func newWaiter() (*waiter, error) {
	r, w, err := os.Pipe()
	if err == nil {
		_, err = w.Write([]byte{1})
	}
	if err != nil {
		return nil, fmt.Errorf("a descriptor for nids.getfd: %w", err)
	}
	return &waiter{r: r, w: w}, nil
}

func (w *waiter) fd() (int, error) { return int(w.r.Fd()), nil }

func (w *waiter) add(int) {}

func (w *waiter) always() {}

func (w *waiter) close() {
	_ = w.r.Close()
	_ = w.w.Close()
}
