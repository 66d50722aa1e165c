package mpm

import "golang.org/x/sys/cpu"

// windows8 looks at the first n bytes of data, of which there are all: n is all, or a multiple of 64. It writes the places where a window
// may begin by the first plane of the table to out, which needs room for four more than n, and returns their number. It reads
// nothing beyond data. windowTable.pass does the same.
//
//go:noescape
func windows8(table *windowTable, data *byte, n, all int, out *uint16) (found int)

// windows16 does so for both planes.
//
//go:noescape
func windows16(table *windowTable, data *byte, n, all int, out *uint16) (found int)

// siftWindows is windows.sift. A loop in Go takes three times as long for a place, and there are 40 in 1000 bytes.
//
//go:noescape
func siftWindows(data *byte, places *uint16, n int, bits *uint64, shift uint64) (left int)

// canWindows tells whether the processor has what they need.
var canWindows = canVector && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512GFNI && cpu.X86.HasBMI1 && cpu.X86.HasBMI2
