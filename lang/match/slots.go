package match

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
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
	byPat map[string]uint32
	hung  []hung
	key   []byte // of the pattern at hand
}

// hung is a rule that hangs on a pattern, while a slot is built.
type hung struct {
	pat uint32
	ref
}

// appendKey appends what is equal for equal literals.
func appendKey(key, b []byte, nocase bool, sets []mpm.ByteSet) []byte {
	switch {
	case sets != nil:
		key = append(key, 's')
		for i := range sets {
			for _, w := range sets[i] {
				key = binary.LittleEndian.AppendUint64(key, w)
			}
		}
		return key
	case nocase:
		key = append(key, 'i')
		for _, c := range b {
			if c-'A' < 26 {
				c += 'a' - 'A'
			}
			key = append(key, c)
		}
		return key
	}
	return append(append(key, 'c'), b...)
}

func (s *scanSlot) add(l *lit, r ref) {
	s.key = appendKey(s.key[:0], l.bytes, l.nocase, l.sets)
	end := 0
	if s.head > 0 {
		end = l.maxEnd
		s.key = strconv.AppendInt(append(s.key, '@'), int64(end), 10)
		s.head = max(s.head, end)
	}
	s.enter(mpm.Pattern{Bytes: l.bytes, NoCase: l.nocase, Sets: l.sets, MaxEnd: end}, r)
}

// enter hangs a rule on the pattern of s.key.
func (s *scanSlot) enter(p mpm.Pattern, r ref) {
	n, ok := s.byPat[string(s.key)]
	if !ok {
		n = uint32(len(s.pats))
		s.byPat[string(s.key)] = n
		s.pats = append(s.pats, p)
	}
	s.hung = append(s.hung, hung{n, r})
}

// take enters a pattern of another slot.
func (s *scanSlot) take(p mpm.Pattern, r ref) {
	s.key = appendKey(s.key[:0], p.Bytes, p.NoCase, p.Sets)
	s.enter(p, r)
}

// lists gives the rules of each pattern as they came.
func (s *scanSlot) lists() [][]ref {
	out := make([][]ref, len(s.pats))
	for _, h := range s.hung {
		if !slices.Contains(out[h.pat], h.ref) {
			out[h.pat] = append(out[h.pat], h.ref)
		}
	}
	return out
}

// finish makes the slot ready for scanning, and gives up what building needed.
func (s *scanSlot) finish() {
	s.set = mpm.New(s.pats)
	slices.SortFunc(s.hung, func(a, b hung) int {
		return cmp.Or(cmp.Compare(a.pat, b.pat), cmp.Compare(a.hdr, b.hdr), cmp.Compare(a.rule, b.rule))
	})
	s.hung = slices.Compact(s.hung)
	s.first = make([]uint32, len(s.pats)+1)
	s.refs = make([]ref, len(s.hung))
	for i, h := range s.hung {
		s.refs[i] = h.ref
		s.first[h.pat+1]++
	}
	for i := range s.pats {
		s.first[i+1] += s.first[i]
	}
	s.pats, s.byPat, s.hung, s.key = nil, nil, nil, nil
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
	sieve    sieve          // of those before
	calms    bool           // Calm has an answer
	computes bool           // a switch is computed, and not just a number of the packet
	cached   bool           // it pays to remember which of them a flow's headers allow
	seq      uint32         // number of the part
	// remembers: what the message remembers of its rules matters.
	remembers bool

	byKey map[string]*scanSlot
	bySw  map[string]*switchTable
}

// switchTable finds rules by the value of a number.
type switchTable struct {
	x        inode
	name     string
	ofPacket func(*packet.Packet) (int64, bool) // x, of a number of the packet itself
	// has has bit n&255 of each number n with rules: most packets have none of them.
	has [4]uint64
	// headers of its rules that are stable, each once; unstable: some are not.
	headers  []uint32
	unstable bool
	small    [256][]ref
	large    map[int64][]ref
}

func (t *switchTable) add(n int64, r ref) {
	t.has[n>>6&3] |= 1 << (n & 63)
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

// noteHeaders finds out whether and by which headers the table can be told to be of no use for a flow.
func (t *switchTable) noteHeaders(p *Program) {
	if f, ok := t.x.(*intField); ok {
		t.ofPacket = f.ofPacket
	}
	for _, r := range t.rules() {
		switch {
		case !p.headers[r.hdr].stable:
			t.unstable = true
		case !slices.Contains(t.headers, r.hdr):
			t.headers = append(t.headers, r.hdr)
		}
	}
}

func (t *switchTable) find(n int64) []ref {
	if t.has[n>>6&3]>>(n&63)&1 == 0 {
		return nil
	}
	return t.list(n)
}

func (t *switchTable) list(n int64) []ref {
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

// switchOn finds a term by whose value rules can be told apart.
func (c *compiler) switchOn(terms []ir.Expr) (v *value, name string, values []int64) {
	for _, t := range numberTerms(terms) {
		if w := c.value(t.of); w.i != nil && !w.volatile && !w.elem {
			return w, nameOf(t.of), t.vals
		}
	}
	return nil, "", nil
}

// numberTerm is a condition that compares a number with few constants; share is about how many of a thousand packets have one.
type numberTerm struct {
	of    ir.Expr
	vals  []int64
	share int
}

// numberTerms finds them, those first that least packets meet.
func numberTerms(terms []ir.Expr) []numberTerm {
	var out []numberTerm
	for _, x := range terms {
		of, vals := numbersOf(x)
		if len(vals) == 0 {
			continue
		}
		t := numberTerm{of: of, vals: vals}
		for _, n := range vals {
			t.share += shareOf(nameOf(of), n)
		}
		out = append(out, t)
	}
	slices.SortStableFunc(out, func(a, b numberTerm) int { return cmp.Compare(a.share, b.share) })
	return out
}

// numbersOf gives the few numbers of which a value must be one for a condition to hold, nil for other conditions.
func numbersOf(x ir.Expr) (of ir.Expr, vals []int64) {
	switch x := x.(type) {
	case *ir.Cmp:
		k, ok := x.Y.(*ir.Const)
		if !ok || x.Op != ir.Eq || classOf(k.T) != classInt || classOf(x.X.Type()) != classInt {
			return nil, nil
		}
		if of, vals = octetsWith(x.X, k.V.I); of != nil {
			return of, vals
		}
		return x.X, []int64{k.V.I}
	case *ir.In:
		if s, ok := x.Set.(*ir.IntSet); ok {
			if vals = members(s); vals != nil {
				return x.X, vals
			}
		}
	}
	return nil, nil
}

// shareOf is about how many of a thousand packets have a number.
func shareOf(field string, n int64) int {
	if s, ok := commonNumbers[field][n]; ok {
		return s
	}
	return 10
}

// commonNumbers are those that many packets have; acknowledgements alone, and what is found in any header.
var commonNumbers = map[string]map[int64]int{
	"payload.len":   {0: 400},
	"tcp.flags":     {2: 50, 16: 400, 17: 50, 18: 50, 24: 400},
	"tcp.ack":       {0: 60},
	"ip.flags":      {0: 300, 2: 600},
	"icmp.type":     {0: 200, 3: 200, 8: 200},
	"icmp.code":     {0: 700, 1: 100, 3: 100},
	ir.FieldSrcPort: {53: 100, 80: 300, 443: 300},
	ir.FieldDstPort: {53: 100, 80: 300, 443: 300},
}

// octetsWith gives the values of TCP's flags of which some bits are k, so that rules about any bits share one table.
func octetsWith(x ir.Expr, k int64) (of ir.Expr, vals []int64) {
	a, ok := x.(*ir.Arith)
	if !ok || a.Op != ir.BitAnd {
		return nil, nil
	}
	f, isField := a.X.(*ir.Field)
	mask, isConst := a.Y.(*ir.Const)
	if !isField || !isConst || f.F.Name != "tcp.flags" {
		return nil, nil
	}
	for n := range int64(256) {
		if n&mask.V.I == k {
			vals = append(vals, n)
		}
	}
	return f, vals
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
