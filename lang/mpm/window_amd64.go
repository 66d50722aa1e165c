package mpm

import "golang.org/x/sys/cpu"

// windows8 looks for windows at the first n bytes of data, of which there are all (n is all, or a multiple of 64). It writes the places
// where one may begin by the first plane of the table to out, which needs room for four more than n, and returns their number.
//
//go:noescape
func windows8(table *windowTable, data *byte, n, all int, out *uint16) (found int)

// windows16 does so for both planes.
//
//go:noescape
func windows16(table *windowTable, data *byte, n, all int, out *uint16) (found int)

//go:noescape
func siftWindows(data *byte, places *uint16, n int, bits *uint64, shift uint64) (left int)

// canWindows tells whether the processor has what they need.
var canWindows = canVector && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512GFNI && cpu.X86.HasBMI1 && cpu.X86.HasBMI2
