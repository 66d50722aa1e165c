package http

import "errors"

// inflater decodes DEFLATE (RFC 1951) from input that comes in pieces of any size, without a
// goroutine: it stops where a symbol is not complete yet, and goes on there. Unlike a Reader it
// hands out all that was decoded before an error, which is what browsers do.
type inflater struct {
	bits  uint64 // input bits not used yet, lowest first
	nbits uint
	state inflateState
	last  bool // the current block is the last one
	left  int  // of a stored block

	// window holds the output: the last 32 kB are the dictionary, [out:w] is not handed out yet.
	window [2 * windowSize]byte
	w, out int

	in  []byte // during run
	pos int

	nlit, ndist, nclen, have int
	lens                     [maxLit + maxDist]uint8
	clen                     [19]uint8
	lit, dist, code          huffman
}

type inflateState uint8

const (
	infBlock inflateState = iota
	infStoredLen
	infStored
	infCounts
	infCodeLens
	infLens
	infSymbols
	infDone
	infFailed
)

const (
	windowSize = 32 << 10
	maxLit     = 288
	maxDist    = 32
	huffBits   = 9 // codes up to this length are looked up in one step
)

var errInflate = errors.New("not DEFLATE data")

// huffman decodes canonical codes (RFC 1951 section 3.2.2).
type huffman struct {
	quick [1 << huffBits]uint16 // symbol<<4 | length; 0 for longer codes
	count [16]uint16            // codes of each length
	syms  [maxLit]uint16        // symbols in order of their codes
	max   uint
}

// build makes the tables from code lengths; false when the lengths cannot be a code.
func (h *huffman) build(lens []uint8) bool {
	h.count = [16]uint16{}
	for _, l := range lens {
		h.count[l]++
	}
	h.count[0] = 0
	left := 1
	h.max = 0
	for l := 1; l < 16; l++ {
		left = left<<1 - int(h.count[l])
		if left < 0 {
			return false
		}
		if h.count[l] > 0 {
			h.max = uint(l)
		}
	}
	var offs, next [16]uint16
	code := uint16(0)
	for l := 1; l < 15; l++ {
		offs[l+1] = offs[l] + h.count[l]
	}
	for l := 1; l < 16; l++ {
		next[l] = code
		code = (code + h.count[l]) << 1
	}
	clear(h.quick[:])
	for s, l := range lens {
		if l == 0 {
			continue
		}
		h.syms[offs[l]] = uint16(s)
		offs[l]++
		c := next[l]
		next[l]++
		if l <= huffBits {
			r := reverse(c, uint(l))
			for ; r < 1<<huffBits; r += 1 << l {
				h.quick[r] = uint16(s)<<4 | uint16(l)
			}
		}
	}
	return true
}

func reverse(c uint16, n uint) uint16 {
	var r uint16
	for range n {
		r = r<<1 | c&1
		c >>= 1
	}
	return r
}

// decode reads one symbol from bits, of which n are there: its length too, 0 when more bits are
// needed, -1 when no code matches.
func (h *huffman) decode(bits uint64, n uint) (sym int, length int) {
	if e := h.quick[bits&(1<<huffBits-1)]; e != 0 {
		if l := uint(e & 15); l <= n {
			return int(e >> 4), int(l)
		}
		return 0, 0
	}
	code, first, index := 0, 0, 0
	for l := uint(1); l <= h.max; l++ {
		if l > n {
			return 0, 0
		}
		code |= int(bits>>(l-1)) & 1
		count := int(h.count[l])
		if code-count < first {
			return int(h.syms[index+code-first]), int(l)
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return 0, -1
}

var fixedLit, fixedDist = func() (l, d huffman) {
	var lens [maxLit]uint8
	for i := range lens {
		switch {
		case i < 144 || i >= 280:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		default:
			lens[i] = 7
		}
	}
	l.build(lens[:])
	var dl [30]uint8
	for i := range dl {
		dl[i] = 5
	}
	d.build(dl[:])
	return
}()

var (
	lenBase   = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lenExtra  = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase  = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
	clenOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

func (f *inflater) reset() {
	f.bits, f.nbits, f.state, f.last, f.w, f.out = 0, 0, infBlock, false, 0, 0
}

// run decodes in and hands pieces of output to emit, which returns false to stop. All of in is
// used, except after the end of the stream or an error.
func (f *inflater) run(in []byte, emit func([]byte) bool) error {
	f.in, f.pos = in, 0
	defer func() { f.in = nil }()
	for {
		f.refill()
		var more bool
		switch f.state {
		case infSymbols:
			more = f.symbols()
		case infStored:
			more = f.stored()
		default:
			more = f.header()
		}
		stop := f.state == infFailed || f.state == infDone || more && f.pos == len(in)
		if stop || f.w >= windowSize+windowSize/2 {
			if !f.flush(emit) {
				return nil
			}
		}
		if stop {
			if f.state == infFailed {
				return errInflate
			}
			return nil
		}
	}
}

// refill tops up the bits to at least 57, or to what there is.
func (f *inflater) refill() {
	for f.nbits <= 56 && f.pos < len(f.in) {
		f.bits |= uint64(f.in[f.pos]) << f.nbits
		f.nbits += 8
		f.pos++
	}
}

// flush hands out what was decoded, and makes room in the window.
func (f *inflater) flush(emit func([]byte) bool) bool {
	ok := true
	if f.w > f.out {
		ok = emit(f.window[f.out:f.w])
	}
	if f.w > windowSize {
		copy(f.window[:windowSize], f.window[f.w-windowSize:f.w])
		f.w = windowSize
	}
	f.out = f.w
	return ok
}

func (f *inflater) drop(n uint) { f.bits >>= n; f.nbits -= n }

func (f *inflater) fail() bool { f.state = infFailed; return false }

// symbols decodes literals and matches until input or the window's room is short (true: input).
func (f *inflater) symbols() (more bool) {
	for f.w < len(f.window)-258 {
		if f.nbits < 48 {
			f.refill()
		}
		sym, n := f.lit.decode(f.bits, f.nbits)
		if n <= 0 {
			if n < 0 {
				return f.fail()
			}
			return true
		}
		if sym < 256 {
			f.window[f.w] = byte(sym)
			f.w++
			f.drop(uint(n))
			continue
		}
		if sym == 256 {
			f.drop(uint(n))
			f.endBlock()
			return false
		}
		if more, again := f.match(sym-257, uint(n)); !again {
			return more
		}
	}
	return false
}

// match copies a match whose length symbol took used bits. Nothing is taken from the input
// unless all of the match's bits are there: at most 48.
func (f *inflater) match(sym int, used uint) (more, again bool) {
	if sym >= len(lenBase) {
		return f.fail(), false
	}
	bits, nbits := f.bits>>used, f.nbits-used
	e := uint(lenExtra[sym])
	if nbits < e {
		return true, false
	}
	length := int(lenBase[sym]) + int(bits&(1<<e-1))
	bits, nbits = bits>>e, nbits-e
	d, n := f.dist.decode(bits, nbits)
	if n <= 0 {
		if n < 0 {
			return f.fail(), false
		}
		return true, false
	}
	if d >= len(distBase) {
		return f.fail(), false
	}
	bits, nbits = bits>>uint(n), nbits-uint(n)
	e = uint(distExtra[d])
	if nbits < e {
		return true, false
	}
	dist := int(distBase[d]) + int(bits&(1<<e-1))
	if dist > f.w {
		return f.fail(), false
	}
	f.bits, f.nbits = bits>>e, nbits-e
	from := f.w - dist
	if dist >= length {
		copy(f.window[f.w:f.w+length], f.window[from:])
	} else {
		for k := range length {
			f.window[f.w+k] = f.window[from+k]
		}
	}
	f.w += length
	return false, true
}

func (f *inflater) endBlock() {
	f.state = infBlock
	if f.last {
		f.state = infDone
	}
}

// stored copies a stored block; some of its bytes may be among the bits.
func (f *inflater) stored() (more bool) {
	for f.left > 0 && f.nbits >= 8 && f.w < len(f.window) {
		f.window[f.w] = byte(f.bits)
		f.w++
		f.left--
		f.drop(8)
	}
	if f.nbits == 0 {
		n := copy(f.window[f.w:f.w+min(f.left, len(f.window)-f.w)], f.in[f.pos:])
		f.w += n
		f.left -= n
		f.pos += n
	}
	if f.left == 0 {
		f.endBlock()
		return false
	}
	return f.pos == len(f.in) && f.nbits == 0
}

// header reads what begins a block; true: more input is needed.
func (f *inflater) header() (more bool) {
	switch f.state {
	case infBlock:
		return f.block()
	case infStoredLen:
		if f.nbits < 32 {
			return true
		}
		n := uint32(f.bits)
		f.drop(32)
		if uint16(n) != ^uint16(n>>16) {
			return f.fail()
		}
		f.left, f.state = int(uint16(n)), infStored
	case infCounts:
		if f.nbits < 14 {
			return true
		}
		f.nlit = int(f.bits&31) + 257
		f.ndist = int(f.bits>>5&31) + 1
		f.nclen = int(f.bits>>10&15) + 4
		f.drop(14)
		if f.nlit > 286 {
			return f.fail()
		}
		f.clen, f.have, f.state = [19]uint8{}, 0, infCodeLens
	case infCodeLens:
		for f.have < f.nclen {
			if f.nbits < 3 {
				return true
			}
			f.clen[clenOrder[f.have]] = uint8(f.bits & 7)
			f.drop(3)
			f.have++
		}
		if !f.code.build(f.clen[:]) {
			return f.fail()
		}
		f.have, f.state = 0, infLens
	case infLens:
		return f.codeLens()
	}
	return false
}

func (f *inflater) block() (more bool) {
	if f.nbits < 3 {
		return true
	}
	f.last = f.bits&1 != 0
	kind := f.bits >> 1 & 3
	f.drop(3)
	switch kind {
	case 0:
		f.drop(f.nbits % 8)
		f.state = infStoredLen
	case 1:
		f.lit, f.dist = fixedLit, fixedDist
		f.state = infSymbols
	case 2:
		f.state = infCounts
	default:
		return f.fail()
	}
	return false
}

// codeLens reads the code lengths of a dynamic block.
func (f *inflater) codeLens() (more bool) {
	for f.have < f.nlit+f.ndist {
		sym, n := f.code.decode(f.bits, f.nbits)
		if n <= 0 {
			if n < 0 {
				return f.fail()
			}
			return true
		}
		if sym < 16 {
			f.lens[f.have] = uint8(sym)
			f.have++
			f.drop(uint(n))
			continue
		}
		extra, base := uint(2), 3
		switch sym {
		case 17:
			extra = 3
		case 18:
			extra, base = 7, 11
		}
		if f.nbits < uint(n)+extra {
			return true
		}
		rep := base + int(f.bits>>uint(n)&(1<<extra-1))
		f.drop(uint(n) + extra)
		v := uint8(0)
		if sym == 16 {
			if f.have == 0 {
				return f.fail()
			}
			v = f.lens[f.have-1]
		}
		if f.have+rep > f.nlit+f.ndist {
			return f.fail()
		}
		for range rep {
			f.lens[f.have] = v
			f.have++
		}
	}
	if !f.lit.build(f.lens[:f.nlit]) || !f.dist.build(f.lens[f.nlit:f.nlit+f.ndist]) {
		return f.fail()
	}
	f.state = infSymbols
	return false
}
