package regex

import "sync"

// arena holds the nodes of expressions while they are parsed. Tens of thousands are parsed while rules load, and none of
// their nodes outlives the making of a program or of literals: so the memory is used again.
type arena struct {
	nodes []node
	subs  []*node
	sets  []set
	stack []*node // elements of the sequences that are being read
}

// Slabs begin small and double up to this, elements.
const maxSlab = 4096

// room makes sure that a slab takes n more elements. What is in the old one stays where it is.
func room[T any](slab []T, n int) []T {
	if len(slab)+n <= cap(slab) {
		return slab
	}
	return make([]T, 0, max(n, min(max(64, 2*cap(slab)), maxSlab)))
}

func (a *arena) node(n node) *node {
	a.nodes = append(room(a.nodes, 1), n)
	return &a.nodes[len(a.nodes)-1]
}

// list copies a list of nodes, to be kept.
func (a *arena) list(subs ...*node) []*node {
	a.subs = append(room(a.subs, len(subs)), subs...)
	n := len(a.subs)
	return a.subs[n-len(subs) : n : n]
}

// set makes an empty set.
func (a *arena) set() *set {
	a.sets = append(room(a.sets, 1), set{})
	return &a.sets[len(a.sets)-1]
}

// setNode makes a node of a set.
func (a *arena) setNode(s *set) *node { return a.node(node{kind: nSet, set: s}) }

var parsers = sync.Pool{New: func() any { return new(parser) }}

// newParser gives a parser, which must be released when nobody needs the nodes that it made.
func newParser(src string, flags Flags) *parser {
	p := parsers.Get().(*parser)
	a := p.arena
	*p = parser{src: src, flags: flags}
	p.nodes, p.subs, p.sets, p.stack = a.nodes[:0], a.subs[:0], a.sets[:0], a.stack[:0]
	return p
}

func (p *parser) release() { parsers.Put(p) }

// Nodes that many expressions have. They are shared, and must not be changed.
var (
	byteNodes = bytesOf(false)
	foldNodes = bytesOf(true)
	failNode  = node{kind: nFail}
	anyByte   = set{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
	notNL     = set{^uint64(1 << '\n'), ^uint64(0), ^uint64(0), ^uint64(0)}
	classes   = shorthands()
)

// bytesOf makes a node for each byte, of letters for both cases.
func bytesOf(fold bool) *[256]node {
	nodes, sets := new([256]node), new([256]set)
	for c := range nodes {
		s := &sets[c]
		s.add(byte(c))
		if fold {
			s.fold()
		}
		nodes[c] = node{kind: nSet, set: s}
	}
	return nodes
}

// shorthands makes the sets of \d and its like.
func shorthands() *[256]*set {
	table := new([256]*set)
	for c, add := range map[byte]func(s *set){
		'd': func(s *set) { s.addRange('0', '9') },
		'w': func(s *set) {
			for i := range 256 {
				if isWord(byte(i)) {
					s.add(byte(i))
				}
			}
		},
		's': func(s *set) { s.addRange('\t', '\r'); s.add(' ') },
		'h': func(s *set) { s.add('\t'); s.add(' '); s.add(0xa0) },
		'v': func(s *set) { s.addRange('\n', '\r'); s.add(0x85) },
		'n': func(s *set) { s.add('\n') },
	} {
		s, not := new(set), new(set)
		add(s)
		*not = *s
		not.negate()
		table[c], table[c&^0x20] = s, not
	}
	table['n'] = nil // a line feed, see escapedByte
	return table
}

// shorthand gives the set of \d and its like, which is shared.
func shorthand(c byte) (*set, bool) { return classes[c], classes[c] != nil }
