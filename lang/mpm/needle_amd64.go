package mpm

import "golang.org/x/sys/cpu"

// indexPair is the first of the positions i below n at which data has two bytes, one at i+first and one at i+second, -1 for none. want has
// the first byte, what is to be set in the data's before it is compared (0x20 for letters in either case), and both for the
// second, lowest byte first. n is at least pairMin, and all n positions have both bytes.
//
//go:noescape
func indexPair(data *byte, n, first, second int, want uint32) (at int)

// canPair tells whether the processor has what indexPair needs.
var canPair = cpu.X86.HasAVX2
