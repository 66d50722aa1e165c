package dissect

import (
	"bytes"
	"testing"
)

// A body that comes in pieces is kept whole up to its limit, whatever memory it passes through, and others do not get at it.
func TestAppendKept(t *testing.T) {
	const most = 300 << 10
	for _, limit := range []int{100, 16 << 10, 20 << 10, 100 << 10, 128 << 10, most} {
		for _, piece := range []int{1, 1460, 16<<10 + 1, 70 << 10, most} {
			if piece == 1 && limit > 20<<10 {
				continue
			}
			var one, other, want []byte
			for i := byte(0); len(one) < limit; i++ {
				p := bytes.Repeat([]byte{i}, min(piece, limit-len(one)))
				one = AppendKept(one, p, limit)
				other = AppendKept(other, bytes.Repeat([]byte{^i}, len(p)), limit)
				want = append(want, p...)
			}
			if !bytes.Equal(one, want) {
				t.Fatalf("limit %d, pieces of %d: the body is another", limit, piece)
			}
			for i := range other {
				if other[i] != ^want[i] {
					t.Fatalf("limit %d, pieces of %d: byte %d of the other body is wrong", limit, piece, i)
				}
			}
			for _, b := range [][]byte{ReleaseKept(one), ReleaseKept(other)} {
				if len(b) != 0 || cap(b) > largestOwn {
					t.Errorf("limit %d, pieces of %d: its owner keeps %d of %d bytes", limit, piece, len(b), cap(b))
				}
			}
		}
	}
}

func BenchmarkAppendKept(b *testing.B) {
	piece := make([]byte, 1460)
	b.SetBytes(100 << 10)
	b.ReportAllocs()
	var body []byte
	for b.Loop() {
		for len(body) < 100<<10 {
			body = AppendKept(body, piece[:min(len(piece), 100<<10-len(body))], 100<<10)
		}
		body = ReleaseKept(body)
	}
}
