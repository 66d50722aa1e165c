package mpm

import (
	"bytes"
	"slices"
	"syscall"
	"testing"
)

// lastPage gives a page behind which there is no memory, ending in end.
func lastPage(t *testing.T, end string) []byte {
	size := syscall.Getpagesize()
	mem, err := syscall.Mmap(-1, 0, 2*size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(mem) })
	if err := syscall.Mprotect(mem[size:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	copy(mem[:size], text(size))
	copy(mem[size-len(end):], end)
	return mem[:size]
}

// TestEndOfMemory scans buffers behind which there is no memory.
func TestEndOfMemory(t *testing.T) {
	page := lastPage(t, "ab~xyz")
	pats := append(generated(100), Pattern{Bytes: []byte("xyz")}, Pattern{Bytes: []byte("b~xyz")}, Pattern{Bytes: []byte("yz")})
	s := ways(pats)
	for n := range 300 {
		data := page[len(page)-n:]
		if got, want := scan(s, data, 0), naive(pats, data, 0); !slices.Equal(got, want) {
			t.Fatalf("%d bytes: got %v, want %v", n, got, want)
		}
	}
}

// TestNeedleAtEndOfMemory looks there for what is at the very end, and for what is not.
func TestNeedleAtEndOfMemory(t *testing.T) {
	page := lastPage(t, "ab~xyz")
	for _, p := range []string{"z", "~xyz", "b~xyz", "~XYz", "~xyzzy", "z~"} {
		n := NewNeedle(Pattern{Bytes: []byte(p), NoCase: true})
		for size := range 300 {
			data := page[len(page)-size:]
			if got, want := n.Index(data), bytes.Index(lower(data), lower([]byte(p))); got != want {
				t.Fatalf("%q in %d bytes: got %d, want %d", p, size, got, want)
			}
		}
	}
}
