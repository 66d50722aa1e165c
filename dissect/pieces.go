package dissect

import "slices"

// Pieces are parts of a file's content that came before their turn, as over protocols that read and write at offsets.
type Pieces []piece

type piece struct {
	off  uint64
	data []byte
}

// Add keeps content from off on, copied. Of a run of pieces that follow each other at most limit bytes are expected, as for AppendKept.
func (q *Pieces) Add(off uint64, data []byte, limit int) {
	if n := len(*q); n > 0 && (*q)[n-1].off+uint64(len((*q)[n-1].data)) == off {
		(*q)[n-1].data = AppendKept((*q)[n-1].data, data, limit)
		return
	}
	*q = append(*q, piece{off, AppendKept(nil, data, limit)})
}

// Bytes is how many are kept.
func (q Pieces) Bytes() (n int) {
	for i := range q {
		n += len(q[i].data)
	}
	return n
}

// HandOn writes to a file whose content is known up to next what has its turn now, and moves next on; with all, everything that is kept,
// with gaps between. It gives how many bytes are no longer kept.
func (q *Pieces) HandOn(c *Ctx, f *File, next *uint64, all bool) (given int) {
	for len(*q) > 0 {
		at := 0
		for i := range *q {
			if (*q)[i].off < (*q)[at].off {
				at = i
			}
		}
		x := (*q)[at]
		if x.off > *next {
			if !all {
				return given
			}
			c.GapFile(f)
			*next = x.off
		}
		if skip := *next - x.off; skip < uint64(len(x.data)) {
			c.WriteFile(f, x.data[skip:])
			*next = x.off + uint64(len(x.data))
		}
		given += len(x.data)
		FreeKept(x.data)
		*q = slices.Delete(*q, at, at+1)
	}
	return given
}
