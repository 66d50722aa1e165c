package match

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/mpm"
)

// ref is a rule that hangs on a literal or number, below its header.
type ref struct{ hdr, rule uint32 }

// sortRefs sorts by header, so that each is tested once.
func sortRefs(list []ref) {
	slices.SortFunc(list, func(a, b ref) int { return cmp.Or(cmp.Compare(a.hdr, b.hdr), cmp.Compare(a.rule, b.rule)) })
}

// scanSlot is one buffer that is scanned at an event for the literals of many rules.
type scanSlot struct {
	id      int
	name    string
	event   string
	v       bnode
	multi   *dissect.Field
	payload bool // the buffer is what is in Env.Data
	stream  bool // payload of a stream
	again   bool // of rules that are judged on stream and packet: what was scanned for the stream is not scanned again
	head    int  // only the first head bytes are looked at; 0: all
	grows   bool // the value only grows at the event: what was scanned before is not scanned again
	set     *mpm.Set
	first   []uint32 // of each pattern, in refs
	refs    []ref

	// If the slot is split (see split.go): what is scanned instead of it in flows of some protocols, by the value
	// of field app, and what is scanned besides in flows with some ports; merged is what is then scanned instead of both.
	variants []variant
	app      *dissect.Field
	ports    *portSlots
	merged   *scanSlot

	pats  []mpm.Pattern
	byPat map[string]int
	lists [][]ref
}

// keyOf is equal for equal literals.
func keyOf(b []byte, nocase bool, sets []mpm.ByteSet) string {
	switch {
	case sets != nil:
		key := make([]byte, 1, 1+32*len(sets))
		key[0] = 's'
		for i := range sets {
			for _, w := range sets[i] {
				key = binary.LittleEndian.AppendUint64(key, w)
			}
		}
		return string(key)
	case nocase:
		return "i" + strings.ToLower(string(b))
	}
	return "c" + string(b)
}

func (s *scanSlot) add(l *lit, r ref) {
	key := keyOf(l.bytes, l.nocase, l.sets)
	end := 0
	if s.head > 0 {
		end = l.maxEnd
		key += "@" + strconv.Itoa(end)
	}
	s.enter(key, mpm.Pattern{Bytes: l.bytes, NoCase: l.nocase, Sets: l.sets, MaxEnd: end}, r)
	if s.head > 0 {
		s.head = max(s.head, l.maxEnd)
	}
}

func (s *scanSlot) enter(key string, p mpm.Pattern, r ref) {
	n, ok := s.byPat[key]
	if !ok {
		n = len(s.pats)
		s.byPat[key] = n
		s.pats = append(s.pats, p)
		s.lists = append(s.lists, nil)
	}
	if !slices.Contains(s.lists[n], r) {
		s.lists[n] = append(s.lists[n], r)
	}
}

// take enters a pattern of another slot.
func (s *scanSlot) take(p mpm.Pattern, r ref) { s.enter(keyOf(p.Bytes, p.NoCase, p.Sets), p, r) }

// finish makes the slot ready for scanning, and gives up what building needed.
func (s *scanSlot) finish() {
	s.set = mpm.New(s.pats)
	s.first = make([]uint32, 0, len(s.pats)+1)
	for _, list := range s.lists {
		sortRefs(list)
		s.first = append(s.first, uint32(len(s.refs)))
		s.refs = append(s.refs, list...)
	}
	s.first = append(s.first, uint32(len(s.refs)))
	s.refs = slices.Clip(s.refs)
	s.pats, s.byPat, s.lists = nil, nil, nil
}

// eventProg is what is judged at one event: one part, or for the core events that every packet
// causes one part for each kind of packet, see partOf.
type eventProg struct {
	parts []*part
}

// part is what is judged at one event of one kind.
type part struct {
	scans    []*scanSlot
	starts   *starts // of payload, nil for none
	switches []*switchTable
	fixed    []*switchTable // on fields that do not change in a direction of a flow
	loose    []ref          // sorted by header; those whose header is stable first
	unstable int            // where the others begin
	seq      uint32         // number of the part
	// remembers: what the message remembers of its rules matters.
	remembers bool

	byKey map[string]*scanSlot
	bySw  map[string]*switchTable
}

// switchTable finds rules by the value of a number.
type switchTable struct {
	x     inode
	name  string
	small [256][]ref
	large map[int64][]ref
}

func (t *switchTable) add(n int64, r ref) {
	if n >= 0 && n < 256 {
		t.small[n] = append(t.small[n], r)
		return
	}
	if t.large == nil {
		t.large = map[int64][]ref{}
	}
	t.large[n] = append(t.large[n], r)
}

// rules lists all rules of the table.
func (t *switchTable) rules() []ref {
	var out []ref
	take := func(list []ref) {
		for _, r := range list {
			if !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	for _, list := range t.small {
		take(list)
	}
	for _, list := range t.large {
		take(list)
	}
	return out
}

func (t *switchTable) find(n int64) []ref {
	if n >= 0 && n < 256 {
		return t.small[n]
	}
	return t.large[n]
}

// The kinds of packets, for the core events packet, stream.data and flow.start: protocol times
// two plus direction, and those without a flow by protocol.
const (
	partTCP    = 0
	partUDP    = 2
	partICMP   = 4
	partOther  = 6
	partNoFlow = 8
	nParts     = 12
)

func protoPart(p uint8) int {
	switch p {
	case 6:
		return partTCP
	case 17:
		return partUDP
	case 1, 58:
		return partICMP
	}
	return partOther
}

func partitioned(ev dissect.EventID) bool {
	return ev == dissect.EvPacket || ev == dissect.EvStreamData || ev == dissect.EvFlowStart
}

// partsOf tells in which parts of an event a header can hold.
func (h *header) partsOf() (in [nParts]bool) {
	flow := h.needsFlow()
	for p := range 256 {
		if h.hasProto(uint8(p)) {
			for d := range 2 {
				if h.dirs>>d&1 != 0 {
					in[protoPart(uint8(p))+d] = true
				}
			}
			in[partNoFlow+protoPart(uint8(p))/2] = !flow
		}
	}
	return in
}

// switchOn finds a term by whose value rules can be told apart: a number compared with few constants.
func (c *compiler) switchOn(terms []ir.Expr) (v *value, name string, values []int64) {
	for _, x := range terms {
		var of ir.Expr
		var vals []int64
		switch x := x.(type) {
		case *ir.Cmp:
			if k, ok := x.Y.(*ir.Const); ok && x.Op == ir.Eq && classOf(k.T) == classInt && classOf(x.X.Type()) == classInt {
				of, vals = x.X, []int64{k.V.I}
			}
		case *ir.In:
			if s, ok := x.Set.(*ir.IntSet); ok {
				if vals = members(s); vals != nil {
					of = x.X
				}
			}
		}
		if of == nil || v != nil && len(vals) >= len(values) {
			continue
		}
		if w := c.value(of); w.i != nil && !w.volatile && !w.elem {
			v, values, name = w, vals, nameOf(of)
		}
	}
	return v, name, values
}

// members lists a set of at most 16 numbers, nil for larger ones.
func members(s *ir.IntSet) []int64 {
	var out []int64
	for _, r := range s.Ranges {
		if r.Hi-r.Lo >= 16 || len(out)+int(r.Hi-r.Lo) >= 16 {
			return nil
		}
		for n := r.Lo; n <= r.Hi; n++ {
			out = append(out, n)
		}
	}
	return out
}
