package dissect

import "sync"

// Bodies and contents of files are kept in memory that is used again: the larger pieces, which every flow needs for a moment
// only, come from pools, by size.
var (
	kept32  = sync.Pool{New: func() any { return new([32 << 10]byte) }}
	kept64  = sync.Pool{New: func() any { return new([64 << 10]byte) }}
	kept128 = sync.Pool{New: func() any { return new([128 << 10]byte) }}
)

// largestOwn is the capacity up to which memory stays with the message or file that has it, bytes.
const largestOwn = 16 << 10

// AppendKept appends to a body of which at most limit bytes are kept. Its memory doubles, where append's would grow by a
// quarter: half as much is needed for a body that comes in many pieces. What has outgrown its memory gives it back, so
// nothing may point into dst afterwards. Give what is not needed any more to ReleaseKept.
func AppendKept(dst, data []byte, limit int) []byte {
	n := len(dst) + len(data)
	if n <= cap(dst) || cap(dst) == 0 && n <= largestOwn {
		return append(dst, data...)
	}
	grown := keptMemory(max(n, min(2*cap(dst), limit)))[:len(dst)]
	copy(grown, dst)
	ReleaseKept(dst)
	return append(grown, data...)
}

// keptMemory gives memory for at least n bytes.
func keptMemory(n int) []byte {
	switch {
	case n <= largestOwn:
		return make([]byte, n)
	case n <= 32<<10:
		return kept32.Get().(*[32 << 10]byte)[:]
	case n <= 64<<10:
		return kept64.Get().(*[64 << 10]byte)[:]
	case n <= 128<<10:
		return kept128.Get().(*[128 << 10]byte)[:]
	}
	return make([]byte, n)
}

// ReleaseKept takes back the memory of a body that nobody looks at any more, and gives what its owner may keep for the next:
// small memory, emptied, or nil.
func ReleaseKept(b []byte) []byte {
	switch cap(b) {
	case 32 << 10:
		kept32.Put((*[32 << 10]byte)(b[:32<<10]))
	case 64 << 10:
		kept64.Put((*[64 << 10]byte)(b[:64<<10]))
	case 128 << 10:
		kept128.Put((*[128 << 10]byte)(b[:128<<10]))
	}
	if cap(b) > largestOwn {
		return nil
	}
	return b[:0]
}
