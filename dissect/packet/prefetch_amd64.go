package packet

import "unsafe"

// Prefetch asks the processor to fetch p into its cache, from where another core has it.
func (p *Packet) Prefetch() { fetchLines(unsafe.Pointer(p), unsafe.Sizeof(*p)) }

// PrefetchToWrite does so for a packet that is going to be written.
func (p *Packet) PrefetchToWrite() { PrefetchToWrite(p) }

// PrefetchData does so for the first bytes of the packet.
func (p *Packet) PrefetchData() {
	if len(p.Data) >= prefetchBytes {
		fetchLines(unsafe.Pointer(&p.Data[0]), prefetchBytes)
	}
}

// PrefetchToWrite asks for anything that is going to be written.
func PrefetchToWrite[T any](x *T) { fetchLinesToWrite(unsafe.Pointer(x), unsafe.Sizeof(*x)) }

// prefetchBytes is how much of the bytes is fetched; what follows the processor fetches by itself.
const prefetchBytes = 128

//go:noescape
func fetchLines(at unsafe.Pointer, n uintptr)

//go:noescape
func fetchLinesToWrite(at unsafe.Pointer, n uintptr)
