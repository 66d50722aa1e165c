package stats

import (
	"flag"
	"fmt"
	"go/format"
	"math"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "compute nulltable.go anew")

// TestNullTable: the table is what the permutation test computes.
func TestNullTable(t *testing.T) {
	if *update {
		var b strings.Builder
		b.WriteString("package stats\n\n// nullTable has the peaks of random arrivals, computed by makeNull: go test ./lua/stats -update.\n" +
			"var nullTable = [...]nullRow{\n")
		for _, n := range nullSizes {
			fmt.Fprintf(&b, "{%d, [shuffles]float64{", n)
			for i, p := range makeNull(n) {
				if i%16 == 0 {
					b.WriteString("\n")
				}
				fmt.Fprintf(&b, "%.4f, ", p)
			}
			b.WriteString("\n}},\n")
		}
		b.WriteString("}\n\n// nullRow are the sorted peaks for so many gaps.\ntype nullRow struct {\n\tgaps  int\n\tpeaks [shuffles]float64\n}\n")
		text, err := format.Source([]byte(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("nulltable.go", text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for i, n := range nullSizes {
		if nullTable[i].gaps != n {
			t.Fatalf("row %d is for %d gaps, not %d", i, nullTable[i].gaps, n)
		}
		for j, want := range makeNull(n) {
			if got := nullTable[i].peaks[j]; math.Abs(got-want) > 1e-3 {
				t.Fatalf("%d gaps, peak %d: %v, want %v", n, j, got, want)
			}
		}
	}
}
