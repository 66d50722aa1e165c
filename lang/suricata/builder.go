package suricata

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// dirs is a set of directions.
type dirs uint8

const (
	toServer dirs = 1 << dissect.ToServer
	toClient dirs = 1 << dissect.ToClient
	bothDirs      = toServer | toClient
)

// builder gathers what the options of one rule say.
type builder struct {
	l   *loader
	h   header
	raw *raw
	r   *ir.Rule // identity, texts, effects, thresholds

	// spec is the application protocol of the header, nil for transport protocols; appName its name in rules.
	spec    *dissect.Spec
	appName string
	proto   protocol

	dir         dirs // by the keyword flow
	established int8 // 1: established, -1: not_established
	hasFlow     bool
	onlyStream  bool
	noStream    bool

	chains []*chain
	cur    *chain // of the sticky buffer that is set, nil: the payload
	sticky *buffer
	side   dirs       // named with the sticky buffer
	steps  []ir.TStep // transformations named since the sticky buffer

	last *ir.Lit // the content that modifiers change
	fast bool    // a content has fast_pattern
	// latest is the item declared last, and latestIn its chain: where relative items go that name no buffer.
	latest   ir.Item
	latestIn *chain

	base64 *ir.Base64 // waiting for base64_data, or filled by it
	in64   bool       // contents go into base64

	conds []cond
	vars  map[string]bool // that byte_extract and byte_math set

	hook         *hook  // of the header, nil for none
	done         string // the event that the rule has to wait for, "" for none
	noTCP, noUDP bool   // ip_proto leaves it out
	needsPacket  bool   // names what only packets have
	streamSize   bool   // names stream_size
	notIPOnly    bool
	rpc          bool                   // names what calls of DCERPC have
	pipes        bool                   // is translated for calls over named pipes, or for QUIC
	fingerprint  bool                   // asks for a fingerprint that TLS and QUIC have
	smbVersion   bool                   // smb.version was named
	appEvent     bool                   // judged at anomalies
	txEvent      bool                   // of them, an event of a protocol's message
	apps         []func(d dirs) ir.Expr // what is asked of the recognised protocol, for a rule of direction d
	appProto     bool                   // names app-layer-protocol
	priority     int
	filestore    bool
	bypasses     bool
	rawText      *ir.Lit // that rawbytes is about
	unused       string  // a sticky buffer that nothing was asked of
	off          int     // of the option at hand
	mem          *scratch
}

// cond is a condition outside of content chains.
type cond struct {
	x ir.Expr
	// byDir, instead of x and field, makes the condition for a direction.
	byDir func(d dirs) (ir.Expr, *dissect.Field)
	dirs  dirs           // directions in which it can hold; 0: both
	field *dissect.Field // of a protocol or file, nil for packets and flows
}

// chain is what is asked of one buffer.
type chain struct {
	buf    *buffer
	steps  []ir.TStep
	items  []ir.Item
	absent absence
	// tests are further conditions on the buffer (data sets).
	tests []func(x ir.Expr) ir.Expr
	// side, if not 0, is the direction whose value is meant (of a rule on both).
	side dirs
	// adds and removes are sets that a match adds the value to, or takes it out of.
	adds, removes []*ir.Dataset
	contexts      []*ir.Context // that alerts show for the value
	keeps         []kept
	off           int   // of the first mention
	most          int64 // length that urilen allows, 0: any
}

// empty tells whether nothing is asked of the buffer (any more: contents move).
func (c *chain) empty() bool {
	return len(c.items) == 0 && len(c.tests) == 0 && c.absent == mayNotBeAbsent
}

type absence uint8

const (
	mayNotBeAbsent absence = iota
	mustBeAbsent
	absentOrElse
)

// buffer is what a sticky buffer keyword names.
type buffer struct {
	name string // the keyword
	// ts and tc are the fields to the server and to the client, "" where the buffer does not exist. The
	// same name twice: one field for both.
	ts, tc string
	// packet says that it is part of a packet.
	packet bool
	// always: it is known at every event.
	always bool
	// files: it is about files, and needs what files need.
	files bool
	// lower: the value is in lower case.
	lower bool
	// filled: an empty value is none.
	filled bool
}

func (b *buffer) dirs() (d dirs) {
	if b.ts != "" {
		d |= toServer
	}
	if b.tc != "" {
		d |= toClient
	}
	return d
}

// field is the buffer's field for a direction; for 0 the one of both.
func (b *buffer) field(s *dissect.Schema, d dirs) *dissect.Field {
	name := b.ts
	if d == toClient || name == "" {
		name = b.tc
	}
	return s.Field(name)
}

func (b *builder) pos() ir.Pos { return b.l.pos(b.raw, b.off) }

// current gives the chain of the buffer that contents go to now. Buffers with several values have one
// chain for each mention, as each asks for one value.
func (b *builder) current() *chain {
	if b.cur != nil {
		return b.cur
	}
	if b.sticky == nil {
		return b.find(payloadBuffer, nil, false)
	}
	multi := false
	if f := b.sticky.field(b.l.schema, toServer); f != nil {
		multi = f.Multi
	}
	b.cur = b.find(b.sticky, b.steps, multi)
	b.cur.side = b.side
	return b.cur
}

func (b *builder) find(buf *buffer, steps []ir.TStep, fresh bool) *chain {
	if !fresh {
		for _, c := range b.chains {
			if c.buf == buf && (buf != b.sticky || c.side == b.side) && sameSteps(c.steps, steps) {
				return c
			}
		}
	}
	c := b.mem.chain()
	c.buf, c.steps, c.off = buf, steps, b.off
	b.chains = append(b.chains, c)
	return c
}

func sameSteps(a, b []ir.TStep) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Op != b[i].Op || string(a[i].Arg) != string(b[i].Arg) || a[i].Re != b[i].Re ||
			a[i].N != b[i].N || a[i].Offset != b[i].Offset || a[i].Mode != b[i].Mode {
			return false
		}
	}
	return true
}

// setSticky makes a buffer the one that contents go to.
func (b *builder) setSticky(buf *buffer) {
	if buf != b.sticky {
		b.checkSticky()
	}
	b.sticky, b.side, b.cur, b.steps, b.last, b.latestIn = buf, 0, nil, nil, nil, nil
	b.in64 = false
	if buf != nil && buf.packet {
		b.needsPacket, b.notIPOnly = true, true
	}
}

// checkSticky notes a sticky buffer that nothing was asked of.
func (b *builder) checkSticky() {
	if b.sticky == nil {
		return
	}
	for _, c := range b.chains {
		if c.buf == b.sticky {
			return
		}
	}
	b.unused = b.sticky.name
}

// add appends an item to the chain at hand.
func (b *builder) add(it ir.Item) {
	if b.in64 {
		b.base64.Items = append(b.base64.Items, it)
		return
	}
	b.addTo(b.current(), it)
}

func (b *builder) addTo(c *chain, it ir.Item) {
	c.items = append(c.items, it)
	b.latest, b.latestIn = it, c
}

// addAfter appends an item that may be relative: without a sticky buffer such an item belongs to the
// buffer of the item before it.
func (b *builder) addAfter(it ir.Item, relative bool) {
	if relative && b.sticky == nil && !b.in64 && b.latestIn != nil {
		b.addTo(b.latestIn, it)
		return
	}
	b.add(it)
}

// require adds a condition.
func (b *builder) require(x ir.Expr) { b.conds = append(b.conds, cond{x: x}) }

// requirePacket adds a condition on what only packets have.
func (b *builder) requirePacket(x ir.Expr) *problem {
	b.needsPacket, b.notIPOnly = true, true
	b.require(x)
	return nil
}

// field finds a field of packets and flows that this package names itself.
func (b *builder) field(name string) (ir.Expr, *problem) {
	f := b.l.schema.Field(name)
	if f == nil {
		return nil, fail("the engine has no field %s", name)
	}
	return &ir.Field{F: f}, nil
}
