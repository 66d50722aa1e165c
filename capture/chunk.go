package capture

import (
	"sync"
	"sync/atomic"
)

// chunk is the memory of a window. Batches that hold packets in it use it on when the window has gone on to another.
type chunk struct {
	buf   []byte
	users atomic.Int32 // the window, and batches
	pool  *chunkPool
}

// release says that one user less needs the chunk.
func (c *chunk) release() {
	if c.users.Add(-1) == 0 {
		c.pool.put(c)
	}
}

// chunkPool keeps chunks for reuse, of the usual size only.
type chunkPool struct {
	mu   sync.Mutex
	free []*chunk
}

// freeChunks is how many a pool keeps at most: as many as the batches that are under way at a time may hold.
const freeChunks = 40

// get gives a chunk of at least so many bytes, with one user.
func (p *chunkPool) get(size int) *chunk {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := &chunk{pool: p}
	if n := len(p.free); n > 0 && size <= readBuffer {
		c = p.free[n-1]
		p.free = p.free[:n-1]
	} else {
		c.buf = make([]byte, size)
	}
	c.users.Store(1)
	return c
}

func (p *chunkPool) put(c *chunk) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(c.buf) == readBuffer && len(p.free) < freeChunks {
		p.free = append(p.free, c)
	}
}
