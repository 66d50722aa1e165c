package main

import "golang.org/x/sys/unix"

// monotonicMicroseconds is the clock that systemd wants with RELOADING=1 (sd_notify(3)).
func monotonicMicroseconds() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return 0
	}
	return t.Nano() / 1000
}
