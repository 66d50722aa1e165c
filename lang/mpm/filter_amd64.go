package mpm

import "golang.org/x/sys/cpu"

// filter512 looks at blocks times 16 positions, two bytes apart, from data on, of which it reads 2+32*blocks bytes (blocks at
// least 1). For each at which, with the position before, the filter says yes, it writes the offset of that position times 256
// plus the groups to out, which needs room for 16 more than are written. last is the word of the position before data, and
// lastOut that of the last position in its lower 16 bits.
//
//go:noescape
func filter512(words *uint16, shift uint64, data *byte, blocks int, last uint64, out *uint32) (n int, lastOut uint64)

// canVector tells whether the processor has what filter512 needs.
var canVector = cpu.X86.HasAVX512F && cpu.X86.HasPOPCNT
