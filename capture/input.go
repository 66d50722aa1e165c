package capture

import (
	"io"
	"os"
	"sync"
	"sync/atomic"
)

// maxOpenFiles bounds the descriptors that one source holds for files that can be opened again.
const maxOpenFiles = 256

// fdPool keeps the number of open capture files within maxOpenFiles: what was read least
// recently is closed, and opened again at its offset when it is read next.
type fdPool struct {
	mu    sync.Mutex // the zstd decoder reads from a goroutine of its own
	limit int
	clock uint64
	open  []*diskFile
}

// diskFile is a regular file that is open only while its pool lets it be.
type diskFile struct {
	path string
	pool *fdPool
	f    *os.File
	off  int64
	used uint64 // pool.clock at the last read
}

// Read implements io.Reader.
func (d *diskFile) Read(p []byte) (int, error) {
	d.pool.mu.Lock()
	defer d.pool.mu.Unlock()
	if d.f == nil {
		if err := d.reopen(); err != nil {
			return 0, &readError{err}
		}
	}
	d.pool.clock++
	d.used = d.pool.clock
	n, err := d.f.Read(p)
	d.off += int64(n)
	if err != nil && err != io.EOF {
		err = &readError{err}
	}
	return n, err
}

func (d *diskFile) reopen() error {
	pool := d.pool
	if len(pool.open) >= pool.limit {
		oldest := pool.open[0]
		for _, o := range pool.open {
			if o.used < oldest.used {
				oldest = o
			}
		}
		oldest.closeLocked()
	}
	f, err := os.Open(d.path)
	if err != nil {
		return err
	}
	if d.off > 0 {
		if _, err := f.Seek(d.off, io.SeekStart); err != nil {
			f.Close()
			return err
		}
	}
	d.f = f
	pool.open = append(pool.open, d)
	return nil
}

// Close gives the descriptor back.
func (d *diskFile) Close() error {
	d.pool.mu.Lock()
	defer d.pool.mu.Unlock()
	d.closeLocked()
	return nil
}

func (d *diskFile) closeLocked() {
	if d.f == nil {
		return
	}
	d.f.Close() // opened for reading: nothing can be lost
	d.f = nil
	for i, o := range d.pool.open {
		if o == d {
			last := len(d.pool.open) - 1
			d.pool.open[i] = d.pool.open[last]
			d.pool.open[last] = nil
			d.pool.open = d.pool.open[:last]
			return
		}
	}
}

// readError is an error of the file itself, as opposed to one of the decompressor above it.
type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// countingReader counts the bytes as they are stored, before decompression, for progress.
type countingReader struct {
	r io.Reader
	n *atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}
