package mpm

import "golang.org/x/sys/cpu"

// windows8 looks at the first 64*blocks bytes of data and tail bytes that follow, behind which there are no more if tail is not 0 (up to windowTail of them);
// the windows that begin in the last block reach beyond it. It writes the places at which a window may begin by the first
// plane of the table to out, which needs room for four more than there are bytes, and returns their number.
//
//go:noescape
func windows8(table *windowTable, data *byte, blocks, tail int, out *uint16) (n int)

// windows16 does so for both planes.
//
//go:noescape
func windows16(table *windowTable, data *byte, blocks, tail int, out *uint16) (n int)

//go:noescape
func siftWindows(data *byte, places *uint16, n int, bits *uint64, shift uint64) (left int)

// canWindows tells whether the processor has what they need.
var canWindows = canVector && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512GFNI && cpu.X86.HasBMI1 && cpu.X86.HasBMI2
