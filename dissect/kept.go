package dissect

import (
	"math/bits"
	"sync"
)

// Bodies, contents of files and incomplete messages are kept in memory that is used again: the larger pieces, which every flow needs
// for a moment only, come from pools, by size.
var (
	kept4   = sync.Pool{New: func() any { return new([4 << 10]byte) }}
	kept8   = sync.Pool{New: func() any { return new([8 << 10]byte) }}
	kept16  = sync.Pool{New: func() any { return new([16 << 10]byte) }}
	kept32  = sync.Pool{New: func() any { return new([32 << 10]byte) }}
	kept64  = sync.Pool{New: func() any { return new([64 << 10]byte) }}
	kept128 = sync.Pool{New: func() any { return new([128 << 10]byte) }}
)

const (
	// smallestKept is the least memory of the pools, bytes.
	smallestKept = 4 << 10
	// largestOwn is the capacity up to which memory stays with the message or file that has it, bytes.
	largestOwn = 16 << 10
)

// AppendKept appends to a body of which at most limit bytes are kept. Its memory doubles, where append's would grow by a
// quarter: half as much is needed for a body that comes in many pieces. What has outgrown its memory gives it back, so
// nothing may point into dst afterwards. Give what is not needed any more to ReleaseKept.
func AppendKept(dst, data []byte, limit int) []byte {
	n := len(dst) + len(data)
	if n <= cap(dst) || cap(dst) == 0 && n < smallestKept {
		return append(dst, data...)
	}
	grown := keptMemory(max(n, min(2*cap(dst), limit)))[:len(dst)]
	copy(grown, dst)
	FreeKept(dst)
	return append(grown, data...)
}

// keptMemory gives memory for at least n bytes.
func keptMemory(n int) []byte {
	switch {
	case n < smallestKept:
		return make([]byte, 1<<bits.Len(uint(n-1))) // so that a little more fits next time
	case n <= 4<<10:
		return kept4.Get().(*[4 << 10]byte)[:]
	case n <= 8<<10:
		return kept8.Get().(*[8 << 10]byte)[:]
	case n <= 16<<10:
		return kept16.Get().(*[16 << 10]byte)[:]
	case n <= 32<<10:
		return kept32.Get().(*[32 << 10]byte)[:]
	case n <= 64<<10:
		return kept64.Get().(*[64 << 10]byte)[:]
	case n <= 128<<10:
		return kept128.Get().(*[128 << 10]byte)[:]
	}
	return make([]byte, n)
}

// FreeKept takes back memory of AppendKept whose owner keeps none.
func FreeKept(b []byte) {
	switch cap(b) {
	case 4 << 10:
		kept4.Put((*[4 << 10]byte)(b[:4<<10]))
	case 8 << 10:
		kept8.Put((*[8 << 10]byte)(b[:8<<10]))
	case 16 << 10:
		kept16.Put((*[16 << 10]byte)(b[:16<<10]))
	case 32 << 10:
		kept32.Put((*[32 << 10]byte)(b[:32<<10]))
	case 64 << 10:
		kept64.Put((*[64 << 10]byte)(b[:64<<10]))
	case 128 << 10:
		kept128.Put((*[128 << 10]byte)(b[:128<<10]))
	}
}

// ReleaseKept takes back the memory of a body that nobody looks at any more, and gives what its owner may keep for the next:
// small memory, emptied, or nil.
func ReleaseKept(b []byte) []byte {
	if cap(b) <= largestOwn {
		return b[:0]
	}
	FreeKept(b)
	return nil
}
