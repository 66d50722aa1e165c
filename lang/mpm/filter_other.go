//go:build !amd64

package mpm

const (
	canVector  = false
	canWindows = false
	canPair    = false
)

func filter512(*uint16, uint64, *byte, int, uint64, *uint32) (int, uint64) {
	panic("mpm: no such filter")
}

func windows8(*windowTable, *byte, int, int, *uint16) int {
	panic("mpm: no such filter")
}

func windows16(*windowTable, *byte, int, int, *uint16) int {
	panic("mpm: no such filter")
}

func siftWindows(*byte, *uint16, int, *uint64, uint64) int {
	panic("mpm: no such filter")
}

func indexPair(*byte, int, int, int, uint32) int {
	panic("mpm: no such search")
}
