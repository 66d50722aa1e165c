//go:build !amd64

package packet

// Prefetch does nothing here.
func (p *Packet) Prefetch() {}

// PrefetchData does nothing here.
func (p *Packet) PrefetchData() {}
