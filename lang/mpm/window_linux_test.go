package mpm

import (
	"slices"
	"syscall"
	"testing"
)

// TestEndOfMemory scans buffers behind which there is no memory.
func TestEndOfMemory(t *testing.T) {
	size := syscall.Getpagesize()
	mem, err := syscall.Mmap(-1, 0, 2*size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Munmap(mem) }()
	if err := syscall.Mprotect(mem[size:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	copy(mem[:size], text(size))
	copy(mem[size-6:], "ab~xyz")
	pats := append(generated(100), Pattern{Bytes: []byte("xyz")}, Pattern{Bytes: []byte("b~xyz")}, Pattern{Bytes: []byte("yz")})
	s := ways(pats)
	for n := range 300 {
		data := mem[size-n : size]
		if got, want := scan(s, data, 0), naive(pats, data, 0); !slices.Equal(got, want) {
			t.Fatalf("%d bytes: got %v, want %v", n, got, want)
		}
	}
}
