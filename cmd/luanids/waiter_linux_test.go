package main

import (
	"testing"

	"golang.org/x/sys/unix"
)

func readable(t *testing.T, fd int) bool {
	t.Helper()
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return n == 1
}

// TestDescriptorOfGetFD: it is readable while a ring has something, whichever; with a capture file always.
func TestDescriptorOfGetFD(t *testing.T) {
	w, err := newWaiter()
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	fd, err := w.fd()
	if err != nil || readable(t, fd) {
		t.Fatalf("descriptor %d, error %v: readable before there is a ring", fd, err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	w.add(pair[0])
	if readable(t, fd) {
		t.Error("readable though nothing waits")
	}
	if _, err := unix.Write(pair[1], []byte("x")); err != nil {
		t.Fatal(err)
	}
	if !readable(t, fd) {
		t.Error("not readable though a ring has something")
	}
	_ = unix.Close(pair[0])
	_ = unix.Close(pair[1])
	if readable(t, fd) {
		t.Error("readable after the ring was closed")
	}
	w.always()
	if !readable(t, fd) {
		t.Error("a capture file is always readable")
	}
}
