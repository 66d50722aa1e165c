package capture

import (
	"errors"
	"io"
)

// errWouldBlock says that the next record is not yet in memory, from a window that must not
// read now (window.noRead).
var errWouldBlock = errors.New("would block")

// window is the read buffer of one capture: the part of its (decompressed) byte stream that is
// in memory. It reads in large chunks and gives contiguous slices of any length, which are
// valid until the next call, or where batches hold the memory (see lend) until they are reset.
type window struct {
	r        io.Reader
	buf      []byte
	mem      *chunk // that buf is of; nil for memory that no batch can hold
	pos, end int
	base     int64 // offset in the stream of buf[0]
	err      error // what ended the stream: io.EOF, or why it could not be read
	// noRead makes need fail with errWouldBlock instead of reading: what has come from a pipe
	// is delivered before the reader waits for more.
	noRead bool
}

// offset is the position in the stream of the next byte.
func (w *window) offset() int64 { return w.base + int64(w.pos) }

// need gives the next n bytes without consuming them. At the end of the stream it gives what is
// left, which is less than n, and w.err.
func (w *window) need(n int) ([]byte, error) {
	if w.end-w.pos >= n {
		return w.buf[w.pos : w.pos+n], nil
	}
	return w.fill(n)
}

// fill is the slow path of need: it moves the rest to the front, of other memory if batches hold this, and reads until n bytes
// are there.
func (w *window) fill(n int) ([]byte, error) {
	if w.noRead && w.err == nil {
		return nil, errWouldBlock
	}
	held := w.mem != nil && w.mem.users.Load() > 1
	roomy := len(w.buf)-w.end >= len(w.buf)/8 && len(w.buf)-w.pos >= n // a decompressor gives little at a time
	if w.pos > 0 && w.err == nil && !(held && roomy) {
		from := w.buf[w.pos:w.end]
		if held {
			w.renew(len(w.buf))
		}
		copy(w.buf, from)
		w.base += int64(w.pos)
		w.end -= w.pos
		w.pos = 0
	}
	for idle := 0; w.end-w.pos < n; {
		if w.err != nil {
			return w.buf[w.pos:w.end], w.err
		}
		if w.end == len(w.buf) {
			w.grow(n)
		}
		m, err := w.r.Read(w.buf[w.end:])
		w.end += m
		w.err = err
		if idle++; m > 0 {
			idle = 0
		} else if idle > 100 && err == nil {
			w.err = io.ErrNoProgress
		}
	}
	return w.buf[w.pos : w.pos+n], nil
}

// grow makes room for a record of n bytes, by doubling as its bytes arrive: a length that is
// claimed but not there does not cost memory.
func (w *window) grow(n int) {
	size := min(2*len(w.buf), max(n, len(w.buf)+1))
	old := w.buf
	if w.mem != nil {
		w.renew(size)
	} else {
		w.buf = make([]byte, size)
	}
	copy(w.buf, old[:w.end])
}

// renew goes on in other memory. The old is good until the reading goroutine asks for some again.
func (w *window) renew(size int) {
	old := w.mem
	w.mem = old.pool.get(size)
	w.buf = w.mem.buf
	old.release()
}

// lend has a batch hold the memory that the bytes at hand are in; false if that cannot be.
func (w *window) lend(b *Batch) bool {
	if w.mem == nil {
		return false
	}
	b.hold(w.mem)
	return true
}

// skip consumes n bytes, which need not fit in memory, and says how many there were.
func (w *window) skip(n int64) (int64, error) {
	var done int64
	for done < n {
		b, err := w.need(1)
		if err != nil {
			return done, err
		}
		_ = b
		m := min(int64(w.end-w.pos), n-done)
		w.pos += int(m)
		done += m
	}
	return done, nil
}
