package engine

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestLinesInPieces writes lines of all lengths, and reads them from the records; memory of one batch serves the next, up to a cap.
func TestLinesInPieces(t *testing.T) {
	var stack madeStack
	w := &worker{made: &stack, of: 2}
	for round := range 3 {
		b := newBatch(1)
		w.out = &b.results[0]
		stack.begin(w.out)
		var want bytes.Buffer
		for i := range 2000 {
			line := fmt.Sprintf("%d.%d %s\n", round, i, strings.Repeat("x", i*i%(3*pieceRoom)))
			want.WriteString(line)
			w.stamp = uint64(i / 3) // some are of one packet
			w.line(append(w.lines(), line...))
		}
		var got bytes.Buffer
		for i := range w.out.records {
			got.Write(w.out.records[i].line)
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Fatalf("round %d: %d bytes were written, %d are in the records, or others", round, want.Len(), got.Len())
		}
		if n := len(w.out.records); n < 600 || n > 2000 {
			t.Errorf("round %d: %d records of 2000 lines of 667 packets", round, n)
		}
		used := len(w.out.full) + 1
		stack.put(b)
		if kept := len(stack.pieces); kept > min(used, keepPieces) || kept < 10 {
			t.Errorf("round %d: %d pieces are kept of %d", round, kept, used)
		}
		if slices.ContainsFunc(stack.pieces, func(p []byte) bool { return len(p) != 0 || cap(p) != pieceBytes }) {
			t.Errorf("round %d: a piece that is kept is not empty, or of another size", round)
		}
	}
}
