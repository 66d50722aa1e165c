//go:build !linux

package main

// monotonicMicroseconds is for systemd, which is on Linux only.
func monotonicMicroseconds() int64 { return 0 }
