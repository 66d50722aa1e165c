//go:build !cgo

package capture

import "testing"

func testFilter(string) string { return "" }

func TestBPFNeedsCgo(t *testing.T) {
	if _, err := drain(t, []string{write(t, t.TempDir(), "x", microPcap())}, Options{Filter: "tcp"}); err == nil {
		t.Error("a filter was accepted")
	}
}
