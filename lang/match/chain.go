package match

import (
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/mpm"
	"github.com/luanids/luanids/lang/regex"
)

// chain judges a list of items on one buffer, as Suricata's content inspection does: an item
// that fails sends the inspection back to the last item before it that a relative item depends on and that
// may match elsewhere; one that fails wherever those match ends it.
type chain struct {
	x     bnode
	items []item
	// stream: the buffer is the payload, whose first byte need not be the stream's first.
	stream bool
	// must, if not nil, is looked for before anything else, see mustOccur; mustAt is the number of its item.
	must   *mpm.Needle
	mustAt int
}

type itemKind uint8

const (
	kLit itemKind = iota
	kRe
	kIsDataAt
	kByteTest
	kByteJump
	kByteExtract
	kByteMath
	kBase64
	kSize
	kEntropy
	kASN1
)

// num is a number: a constant, or variable v-1 if v is not 0.
type num struct {
	n int64
	v uint8
}

// place is a number that may be missing, kept short: most items have several.
type place struct {
	n   int32
	v   uint8
	has bool
}

func (p place) num() num { return num{int64(p.n), p.v} }

// item is one element. Which of the fields count depends on kind.
type item struct {
	kind     itemKind
	neg      bool
	relative bool // counts from the position
	// retry: an item after this one depends on where it matched.
	retry bool
	// fatal: where it does not match, no other place of the items before could help.
	fatal bool
	// spent: where none of its places helps, no other place of the items before could.
	spent              bool
	starts, ends       bool
	fromBegin, fromEnd bool  // of jumps
	dest               uint8 // variable set, +1

	offset, depth, distance, within_ place

	needle *mpm.Needle
	re     *regex.Regex
	*numeric
}

// numeric is what only items that are neither literal nor regex have.
type numeric struct {
	align  uint8
	op     ir.TestOp
	mathOp byte
	n, hi  num // the operand
	conv   conv
	mult   int64
	b64    *base64Item
	ent    *ir.Entropy
	asn    *ir.ASN1
}

type base64Item struct {
	bytes, offset int
	mode          ir.Base64Mode
	sub           chain
}

// outcome of a step of a chain.
type outcome uint8

const (
	miss  outcome = iota // try elsewhere
	match                // all items hold
	fatal                // no use to try elsewhere, or an error (Matcher.failed)
)

func (c *chain) test(m *Matcher) bool {
	b, ok := c.x.bytes(m)
	if !ok {
		return false
	}
	m.steps = 0
	if c.must != nil && c.must.Index(b) < 0 {
		m.deepest = max(m.deepest, c.mustAt)
		return false
	}
	var base uint64
	if c.stream {
		base = m.e.DataOff
	}
	r := inspection{m: m, buf: b, base: base, items: c.items}
	return r.from(0, 0) == match
}

// mustOccur finds the longest literal of a chain that begins with a byte or two anywhere, which are found often: without it no place
// of these needs to be tried. Chains with a literal that rules can hang on do not need it.
func (c *chain) mustOccur() {
	first := &c.items[0]
	if first.kind != kLit || first.neg || first.needle.Len() > 2 || first.starts || first.depth.has {
		return
	}
	best := 2
	for i := range c.items {
		it := &c.items[i]
		if it.kind != kLit || it.neg {
			continue
		}
		if mpm.Rarity(it.needle.Bytes()) >= bareScore && it.needle.Len() > 2 {
			c.must = nil
			return
		}
		if it.needle.Len() > best {
			best, c.must, c.mustAt = it.needle.Len(), it.needle, i
		}
	}
}

// inspection is one run of a chain over one buffer.
type inspection struct {
	m     *Matcher
	buf   []byte
	base  uint64 // place of buf[0] in the stream
	items []item
}

// from judges the items from number i on, with the position pos.
func (r *inspection) from(i, pos int) outcome {
	for {
		if i == len(r.items) {
			return match
		}
		if r.m.steps++; r.m.steps > maxSteps {
			r.m.fail(failLimit)
			return fatal
		}
		if i > r.m.deepest {
			r.m.deepest = i
		}
		it := &r.items[i]
		ok := false
		switch it.kind {
		case kLit:
			if !it.neg {
				if it.retry {
					return r.lits(it, i, pos)
				}
				at, _ := r.find(it, pos, -1)
				if at < 0 {
					return r.missed(it)
				}
				pos = at + it.needle.Len()
				ok = true
			} else {
				at, _ := r.find(it, pos, -1)
				ok = at < 0
				if !ok && it.fatal {
					return fatal
				}
			}
		case kRe:
			if it.retry && !it.neg {
				return r.regexes(it, i, pos)
			}
			_, end, res := r.search(it, pos, 0)
			if res == regex.LimitHit {
				return fatal
			}
			ok = (res == regex.Found) != it.neg
			if ok && !it.neg {
				pos = end
			}
			if !ok && it.fatal {
				return fatal
			}
		default:
			pos, ok = r.other(it, pos)
		}
		if r.m.failed != failNone {
			return fatal
		}
		if !ok {
			return miss
		}
		i++
	}
}

func (r *inspection) missed(it *item) outcome {
	if it.fatal {
		return fatal
	}
	return miss
}

// lits tries the places of a literal, one after the other, until what follows holds.
func (r *inspection) lits(it *item, i, pos int) outcome {
	after := -1
	for first := true; ; first = false {
		at, lo := r.find(it, pos, after)
		if at < 0 {
			if first && it.fatal || it.spent {
				return fatal
			}
			return miss
		}
		if out := r.from(i+1, at+it.needle.Len()); out != miss {
			return out
		}
		if r.m.steps++; r.m.steps > maxSteps {
			r.m.fail(failLimit)
			return fatal
		}
		after = max(at, lo) + 1
	}
}

func (r *inspection) regexes(it *item, i, pos int) outcome {
	after := 0
	for {
		start, end, res := r.search(it, pos, after)
		if res == regex.LimitHit {
			return fatal
		}
		if res == regex.NoMatch {
			if after == 0 {
				return r.missed(it)
			}
			return miss
		}
		if out := r.from(i+1, end); out != miss {
			return out
		}
		if r.m.steps++; r.m.steps > maxSteps {
			r.m.fail(failLimit)
			return fatal
		}
		after = start + 1
	}
}

// value gives a number's value.
func (r *inspection) value(n num) int {
	if n.v == 0 {
		return int(n.n)
	}
	m := r.m
	if m.varSet&(1<<(n.v-1)) == 0 {
		m.fail(failVar)
		return 0
	}
	return clampInt(m.vars[n.v-1])
}

// clampInt keeps sums of offsets from overflowing.
func clampInt(n int64) int { return int(max(-1<<40, min(1<<40, n))) }

// find is the first place of a literal within its limits that is not before after, -1 for none. lo is where the
// search began.
func (r *inspection) find(it *item, pos, after int) (at, lo int) {
	n := it.needle.Len()
	lo, hi, ok := r.limits(it, pos)
	if !ok {
		return -1, lo
	}
	lo = max(lo, after, 0)
	hi = min(hi, len(r.buf))
	if it.starts {
		if lo != 0 || r.base != 0 || n > hi || !it.needle.At(r.buf) || it.ends && len(r.buf) != n {
			return -1, lo
		}
		return 0, lo
	}
	if it.ends {
		at = len(r.buf) - n
		if at < lo || hi < len(r.buf) || !it.needle.At(r.buf[at:]) {
			return -1, lo
		}
		return at, lo
	}
	if lo > hi || hi-lo < n {
		return -1, lo
	}
	if hi-lo == n { // one place only
		if it.needle.At(r.buf[lo:]) {
			return lo, lo
		}
		return -1, lo
	}
	k := it.needle.Index(r.buf[lo:hi])
	if k < 0 {
		return -1, lo
	}
	return lo + k, lo
}

// limits gives the range of the buffer that a literal must lie in.
func (r *inspection) limits(it *item, pos int) (lo, hi int, ok bool) {
	hi = len(r.buf)
	base := clampInt(int64(min(r.base, 1<<40)))
	off := 0
	if it.offset.has {
		off = r.value(it.offset.num())
		lo = off - base
	}
	if it.depth.has {
		d := off + r.value(it.depth.num())
		if it.relative {
			// As Suricata has it: a depth beside distance or within counts from the position.
			hi = min(hi, pos+d)
		} else {
			hi = min(hi, d-base)
		}
	}
	if it.relative {
		dist := 0
		if it.distance.has {
			dist = r.value(it.distance.num())
		}
		lo = max(lo, pos+dist)
		if it.within_.has {
			hi = min(hi, pos+dist+r.value(it.within_.num()))
		}
	}
	return lo, hi, r.m.failed == failNone
}

// search looks for a regex from the position on, in buf[after:] when tried again.
func (r *inspection) search(it *item, pos, after int) (start, end int, res regex.Result) {
	from := 0
	if it.relative {
		from = pos
	}
	if from > len(r.buf) {
		return 0, 0, regex.NoMatch
	}
	b := r.buf
	if it.within_.has {
		w := r.value(it.within_.num())
		if r.m.failed != failNone {
			return 0, 0, regex.LimitHit
		}
		b = b[:max(from, min(len(b), pos+w))]
	}
	// The part before the position is not seen: ^ and \A match at the position, as in Suricata.
	b = b[from:]
	start, end, res = it.re.Find(&r.m.re, b, max(0, after-from))
	if res == regex.LimitHit {
		r.m.fail(failLimit)
	}
	return start + from, end + from, res
}
