//go:build !amd64

package packet

// Prefetch does nothing here.
func (p *Packet) Prefetch() {}

// PrefetchToWrite does nothing here.
func (p *Packet) PrefetchToWrite() {}

// PrefetchData does nothing here.
func (p *Packet) PrefetchData() {}

// PrefetchToWrite does nothing here.
func PrefetchToWrite[T any](x *T) {}
