//go:build !cgo

package capture

import "errors"

// BPF is a filter expression compiled for one link type.
type BPF struct{ link LinkType }

// CompileBPF fails: filters are compiled by libpcap, which this build has no access to.
func CompileBPF(string, LinkType) (*BPF, error) {
	return nil, errors.New("BPF filter: this binary was built without cgo and libpcap, which compile filters; build it with CGO_ENABLED=1")
}

// Matches is never called, since nothing compiles.
func (b *BPF) Matches(*Packet) bool { return false }

// Instructions is never called, since nothing compiles.
func (b *BPF) Instructions() []Instruction { return nil }
