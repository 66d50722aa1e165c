package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// waiter is the descriptor of nids.getfd: an epoll set of the rings of a live capture, readable while packets wait in any of
// them. Rings are opened after the script was loaded, and again when an interface comes back; the descriptor stays.
// A capture file can always be read.
type waiter struct{ epoll, event int }

func newWaiter() (*waiter, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("a descriptor for nids.getfd: %w", err)
	}
	return &waiter{epoll: epoll, event: -1}, nil
}

func (w *waiter) fd() (int, error) { return w.epoll, nil }

// add takes in the descriptor of a ring. One that is closed leaves by itself.
func (w *waiter) add(fd int) {
	_ = unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

// always makes the descriptor readable for good.
func (w *waiter) always() {
	if w.event >= 0 {
		return
	}
	event, err := unix.Eventfd(1, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return
	}
	w.event = event
	w.add(event)
}

func (w *waiter) close() {
	_ = unix.Close(w.epoll)
	if w.event >= 0 {
		_ = unix.Close(w.event)
	}
}
