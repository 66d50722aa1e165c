package dnp3

import "math"

// kind is how a value is written.
type kind uint8

const (
	kBits kind = iota // some bits of an octet that it shares with those next to it, the lowest first
	kUint             // little endian, as all numbers
	kInt
	kFloat
	kText
	kBytes
)

// item is a value of a point.
type item struct {
	name  string
	kind  kind
	width uint8 // bits of kBits, bytes of numbers and of texts that have a fixed length
	// of tells where the length of a text is: the item of that name; "": it is what is left of the size before the point.
	of string
}

// layout is what a point of an object consists of (annex A).
type layout struct {
	items  []item
	packed bool // its only item has so many bits that several points share an octet
	sized  bool // points are preceded by their sizes
}

// maxItems is how many items a layout has at most.
const maxItems = 20

// value is one value of a point: a number, or the bytes of a text.
type value struct {
	n uint64
	b []byte
}

func (v value) int(width uint8) int64 {
	shift := 64 - 8*uint(width)
	return int64(v.n<<shift) >> shift
}

func (v value) float(width uint8) float64 {
	if width == 4 {
		return float64(math.Float32frombits(uint32(v.n)))
	}
	return math.Float64frombits(v.n)
}

// point is a point of an object.
type point struct {
	prefix, index, size uint32
	body                []byte
	off                 int  // of body behind the object header
	bits                byte // of a packed point
}

// points reads the points of an object.
type points struct {
	o   *object
	lay *layout
	b   []byte // what follows the object header
	at  int
	i   uint32
}

func (m *Message) pointsOf(o *object) points {
	r := points{o: o, b: m.data[o.off:]}
	if !o.bare {
		r.lay = layoutOf(o.group, o.variation)
	}
	return r
}

// known tells whether points can be read.
func (r *points) known() bool {
	return r.o.bare || r.lay != nil && (!r.lay.sized || r.o.sized())
}

// end is where the next object begins, in Message.data.
func (r *points) end() int { return r.o.off + r.at }

// next reads a point; false: there are no more, or too few bytes.
func (r *points) next(p *point) bool {
	if r.i >= r.o.count {
		return false
	}
	*p = point{index: r.o.start + r.i}
	packed := !r.o.bare && r.lay.packed
	if !packed || r.i == 0 { // packed points have one prefix
		if !r.prefix(p) {
			return false
		}
	}
	switch {
	case packed:
		if !r.bits(p) {
			return false
		}
	case !r.o.bare:
		n, ok := r.lay.size(r.b[r.at:], p)
		n = max(n, int(p.size))
		if !ok || n > len(r.b)-r.at {
			return false
		}
		p.body, p.off = r.b[r.at:r.at+n], r.at
		r.at += n
	}
	r.i++
	return true
}

// prefix reads what stands before a point: its index or its size.
func (r *points) prefix(p *point) bool {
	n := r.o.prefixLen()
	if n > len(r.b)-r.at {
		return false
	}
	p.prefix = little(r.b[r.at : r.at+n])
	r.at += n
	if r.o.sized() {
		p.size = p.prefix
	} else if n > 0 {
		p.index = p.prefix
	}
	return true
}

// bits reads a packed point.
func (r *points) bits(p *point) bool {
	width := uint32(r.lay.items[0].width)
	per := 8 / width
	if r.i%per == 0 {
		if r.at == len(r.b) {
			return false
		}
		r.at++
	}
	p.bits = r.b[r.at-1] >> (r.i % per * width) & (1<<width - 1)
	return true
}

// size is how many bytes a point has.
func (l *layout) size(b []byte, p *point) (n int, ok bool) {
	v := values{lay: l, b: b, size: int(p.size)}
	for v.next() {
	}
	return v.at, v.i == len(l.items)
}

// values reads the values of a point.
type values struct {
	lay  *layout
	b    []byte
	size int // that stood before the point

	item *item
	v    value
	at   int
	i    int
	bit  uint8
	nums [maxItems]uint32 // numbers so far: lengths are among them
}

func (p *point) values(l *layout) values {
	v := values{lay: l, b: p.body, size: int(p.size)}
	if l.packed {
		v.b = []byte{p.bits}
	}
	return v
}

// next reads a value into item and v.
func (r *values) next() bool {
	if r.i == len(r.lay.items) {
		return false
	}
	it := &r.lay.items[r.i]
	n := int(it.width)
	switch it.kind {
	case kBits:
		if r.at >= len(r.b) {
			return false
		}
		r.v = value{n: uint64(r.b[r.at] >> r.bit & (1<<it.width - 1))}
		if r.bit += it.width; r.bit == 8 {
			r.bit = 0
			r.at++
		}
		r.item = it
		r.i++
		return true
	case kText, kBytes:
		if n == 0 {
			n = r.length(it)
		}
	}
	if n < 0 || n > len(r.b)-r.at {
		return false
	}
	b := r.b[r.at : r.at+n]
	r.v = value{b: b}
	if it.kind < kText {
		for i, c := range b {
			r.v.n |= uint64(c) << (8 * i)
		}
		r.nums[r.i] = uint32(r.v.n)
	}
	r.item = it
	r.at += n
	r.i++
	return true
}

// length is that of a text.
func (r *values) length(it *item) int {
	if it.of == "" {
		return r.size - r.at
	}
	for i := range r.lay.items[:r.i] {
		if r.lay.items[i].name == it.of {
			return int(r.nums[i])
		}
	}
	return -1
}
