package http

import (
	"bytes"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
)

// encoding is a content coding (RFC 9110 section 8.4.1).
type encoding uint8

const (
	encNone encoding = iota
	encGzip
	encDeflate // RFC 1951, what many peers send for "deflate"
	encZlib    // RFC 1950, what the RFC says "deflate" is
	encBrotli
)

// bombRatio is how much larger than the body on the wire the output of all layers together may
// be once it exceeds Limits.HTTP.BombLimit. It stands in for libhtp's limit on CPU time, which
// would make results depend on the machine.
const bombRatio = 1024

// replayBytes is how much input of a layer is kept until its first output, to try other
// encodings on it: peers declare gzip and send deflate, and the other way round.
const replayBytes = 4 << 10

// layer undoes one content coding.
type layer struct {
	enc       encoding
	tries     int
	pass      bool // give the input on as it is
	dead      bool // drop the rest
	gotOutput bool
	holding   bool // output of a guessed coding is kept until the input proves right
	hold      []byte
	replay    []byte
	hdr       gzipHeader
	inf       inflater
	br        *brotli.Reader
	brIn      bytes.Buffer
	brOut     []byte
	emitNext  func([]byte) bool // bound once: the next layer, or the body
	next      *layer
	chain     *decompressor
}

// decompressor undoes the codings of one message.
type decompressor struct {
	layers []*layer
	sink   func([]byte) bool // takes decoded bytes; false: wants no more
	wire   uint64
	work   uint64 // bytes that all layers put out
	limit  uint64
	bomb   bool
	failed bool
	off    bool // the sink wants no more
}

var layerPool = sync.Pool{New: func() any { return new(layer) }}

// add puts a coding in front of those added before: codings are listed in the order in which
// the sender applied them.
func (d *decompressor) add(enc encoding) {
	l := layerPool.Get().(*layer)
	l.chain = d
	l.next = nil
	if n := len(d.layers); n > 0 {
		l.next = d.layers[n-1]
	}
	if l.emitNext == nil {
		l.emitNext = l.emit
	}
	l.replay = l.replay[:0]
	l.tries, l.pass, l.dead, l.gotOutput, l.holding = 0, false, false, false, false
	l.start(enc)
	d.layers = append(d.layers, l)
}

// release gives the layers back.
func (d *decompressor) release() {
	for i, l := range d.layers {
		l.chain, l.next = nil, nil
		layerPool.Put(l)
		d.layers[i] = nil
	}
	*d = decompressor{layers: d.layers[:0], sink: d.sink}
}

// finish says that the body is complete: guesses that were not refuted stand.
func (d *decompressor) finish() {
	for i := len(d.layers) - 1; i >= 0; i-- {
		if l := d.layers[i]; l.holding {
			l.releaseHold()
		}
	}
}

func (d *decompressor) active() bool { return len(d.layers) > 0 }

// write takes body bytes as they come.
func (d *decompressor) write(b []byte) {
	if d.off || d.bomb {
		return
	}
	d.wire += uint64(len(b))
	d.layers[len(d.layers)-1].write(b)
}

func (l *layer) start(enc encoding) {
	l.enc = enc
	l.hdr = gzipHeader{}
	switch enc {
	case encBrotli:
		l.brIn.Reset()
		if l.br == nil {
			l.br = brotli.NewReader(&l.brIn)
		} else {
			_ = l.br.Reset(&l.brIn) // fails for a nil reader only
		}
	default:
		l.inf.reset()
	}
}

// emit hands output to the next layer or to the body.
func (l *layer) emit(b []byte) bool {
	if l.holding && len(l.hold) < replayBytes {
		l.hold = append(l.hold, b...)
		return true
	}
	l.releaseHold()
	l.gotOutput = true
	return l.forward(b)
}

// releaseHold gives on what was held back.
func (l *layer) releaseHold() {
	if l.holding = false; len(l.hold) > 0 {
		l.gotOutput = true
		b := l.hold
		l.forward(b)
		l.hold = l.hold[:0]
	}
}

func (l *layer) forward(b []byte) bool {
	d := l.chain
	d.work += uint64(len(b))
	if d.work > d.limit && d.work > bombRatio*d.wire {
		d.bomb = true
		return false
	}
	if l.next != nil {
		l.next.write(b)
	} else if !d.sink(b) {
		d.off = true
	}
	return !d.off && !d.bomb
}

func (l *layer) write(b []byte) {
	switch {
	case l.dead || len(b) == 0:
		return
	case l.pass:
		l.emitNext(b)
		return
	}
	keep := !l.gotOutput && l.enc != encNone
	had := len(l.replay)
	if keep && had < replayBytes {
		l.replay = append(l.replay, b[:min(len(b), replayBytes-had)]...)
	}
	for !l.decode(b) {
		l.holding, l.hold = false, l.hold[:0]
		if l.gotOutput {
			l.chain.failed = true
			l.dead = true // what was decoded stands, the rest is unreadable
			return
		}
		// Nothing came out yet: begin again with another coding, and in the end without any.
		if had > 0 {
			rest := b[min(len(b), len(l.replay)-had):]
			b = append(l.replay[:len(l.replay):len(l.replay)], rest...)
			had = 0
		}
		if l.tries++; l.tries > 3 {
			l.chain.failed = true
			l.pass = true
			for n := l.next; n != nil; n = n.next {
				n.pass = true
			}
			l.emitNext(b)
			return
		}
		l.start(nextTry[l.enc])
		l.holding = true
	}
	if l.holding && l.enc != encBrotli && l.inf.state == infDone {
		l.releaseHold()
	}
}

// nextTry is what to try after a coding failed.
var nextTry = [...]encoding{encGzip: encDeflate, encDeflate: encZlib, encZlib: encGzip, encBrotli: encDeflate}

// decode feeds the coding's decoder; false: this is not such data.
func (l *layer) decode(b []byte) bool {
	switch l.enc {
	case encGzip:
		rest, ok := l.hdr.skip(b)
		if !ok {
			return false
		}
		b = rest
	case encZlib:
		for len(b) > 0 && l.hdr.pos < 2 {
			if l.hdr.pos == 0 && b[0]&15 != 8 {
				return false
			}
			l.hdr.pos++
			b = b[1:]
		}
	case encBrotli:
		return l.brotli(b)
	}
	if l.inf.state == infDone || len(b) == 0 {
		return true // what follows the end is ignored: trailers, more members
	}
	return l.inf.run(b, l.emitNext) == nil
}

// brotliExcess is the library's unexported error for input after the end of the stream.
const brotliExcess = "brotli: excessive input"

func (l *layer) brotli(b []byte) bool {
	l.brIn.Write(b)
	if l.brOut == nil {
		l.brOut = make([]byte, 8<<10)
	}
	for {
		n, err := l.br.Read(l.brOut)
		if n > 0 && !l.emitNext(l.brOut[:n]) {
			return true
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return true // wants more input
		case err != nil && err.Error() == brotliExcess:
			l.dead = true // the end; what follows is ignored
			return true
		case err != nil:
			return false
		case n == 0:
			return true
		}
	}
}

// gzipHeader skips the header of a gzip member (RFC 1952) without checking what does not matter.
type gzipHeader struct {
	pos   int // bytes of the fixed part seen; 10 and more: see part
	flags byte
	part  uint8 // of the optional parts
	xlen  int
	n     int
}

func (g *gzipHeader) skip(b []byte) (rest []byte, ok bool) {
	for len(b) > 0 && g.pos < 10 {
		c := b[0]
		b = b[1:]
		switch g.pos {
		case 0, 1, 2:
			if c != "\x1f\x8b\x08"[g.pos] {
				return nil, false
			}
		case 3:
			g.flags = c
		}
		g.pos++
	}
	for len(b) > 0 && g.part < 5 {
		switch g.part {
		case 0: // extra field: length
			if g.flags&4 == 0 {
				g.part = 2
				continue
			}
			g.xlen |= int(b[0]) << (8 * g.n)
			b = b[1:]
			if g.n++; g.n == 2 {
				g.part = 1
			}
		case 1: // extra field
			k := min(g.xlen, len(b))
			b = b[k:]
			if g.xlen -= k; g.xlen == 0 {
				g.part = 2
			}
		case 2, 3: // file name, comment
			if g.flags&(8<<(g.part-2)) != 0 {
				i := bytes.IndexByte(b, 0)
				if i < 0 {
					return nil, true
				}
				b = b[i+1:]
			}
			g.part++
			g.n = 0
		case 4: // checksum of the header
			if g.flags&2 != 0 && g.n < 2 {
				b = b[1:]
				g.n++
				continue
			}
			g.part = 5
		}
	}
	return b, true
}

// encodings reads a Content-Encoding value. It gives the codings in the order they were
// applied, and which anomalies it found.
func encodings(v []byte, limit int, dst []encoding) (encs []encoding, abnormal, tooMany bool) {
	switch {
	case equalFoldNoNul(v, "gzip") || equalFoldNoNul(v, "x-gzip"):
		return append(dst, encGzip), false, false
	case equalFoldNoNul(v, "deflate") || equalFoldNoNul(v, "x-deflate"):
		return append(dst, encDeflate), false, false
	case equalFoldNoNul(v, "br"):
		return append(dst, encBrotli), false, false
	case equalFoldNoNul(v, "inflate") || equalFoldNoNul(v, "none"):
		return dst, false, false
	}
	n := 0
	for len(v) > 0 {
		i := bytes.IndexAny(v, ", ")
		tok := v
		if i >= 0 {
			tok, v = v[:i], v[i+1:]
		} else {
			v = nil
		}
		if len(tok) == 0 {
			continue
		}
		if n++; limit > 0 && n > limit {
			return dst, abnormal, true
		}
		switch s := string(tok); {
		case containsFold(tok, "gzip"):
			abnormal = abnormal || s != "gzip" && s != "x-gzip"
			dst = append(dst, encGzip)
		case containsFold(tok, "deflate"):
			abnormal = abnormal || s != "deflate" && s != "x-deflate"
			dst = append(dst, encDeflate)
		case equalFoldNoNul(tok, "br"):
			dst = append(dst, encBrotli)
		case s == "inflate" || s == "none" || s == "identity":
		default:
			abnormal = true
		}
	}
	return dst, abnormal, false
}
