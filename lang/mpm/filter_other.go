//go:build !amd64

package mpm

const canVector = false

func filter512(*uint16, uint64, *byte, int, uint64, *uint32) (int, uint64) {
	panic("mpm: no such filter")
}
