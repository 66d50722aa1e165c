package suricata

import (
	"slices"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// finish puts a rule together. It becomes several where its parts mean other fields, or other
// bytes, in other circumstances: each gets its own ID, all have the SID.
func (b *builder) finish() ([]*ir.Rule, *problem) {
	b.checkSticky()
	if b.unused != "" {
		return nil, &problem{keyword: b.unused, why: "nothing is asked of this buffer"}
	}
	b.chains = slices.DeleteFunc(b.chains, (*chain).empty)
	if h := b.hook; h != nil && h.dir != 0 {
		if b.dir != 0 && b.dir != h.dir {
			return nil, fail("the hook is of one direction, and flow names the other")
		}
		b.dir = h.dir
		if b.done != "" && h.event != b.done {
			return nil, fail("the hook is before all values are known that the rule asks for")
		}
	}
	if err := b.checkHTTP(); err != nil {
		return nil, err
	}
	d, err := b.direction()
	if err != nil {
		return nil, err
	}
	b.identify()
	variants := b.variants(d)
	b.mem.variants = variants[:0]
	rules := make([]*ir.Rule, 0, len(variants))
	for i, v := range variants {
		r := b.r
		if i < len(variants)-1 {
			one := *b.r
			r = &one
		}
		err := b.variant(v, r)
		if err != nil {
			return nil, err
		}
		if len(rules) > 0 {
			r.ID += v.suffix
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// identify sets the rule's id and priority.
func (b *builder) identify() {
	b.r.ID = strconv.FormatUint(uint64(b.r.SID), 10)
	if b.r.GID != 1 {
		b.r.ID = strconv.FormatUint(uint64(b.r.GID), 10) + ":" + b.r.ID
	}
	b.r.Priority = b.priority
	if b.r.Priority == 0 {
		b.r.Priority = b.l.opt.Classes[b.r.Classtype]
	}
	if b.r.Priority == 0 {
		b.r.Priority = DefaultPriority
	}
}

// transaction tells whether requests and responses may be mixed.
func (b *builder) transaction() bool { return b.h.arrow == "=>" }

// direction finds the direction that the rule is about: what flow says, or what follows from buffers
// that exist in one direction only. 0: both.
func (b *builder) direction() (dirs, *problem) {
	var only [bothDirs + 1]struct { // by direction, a keyword that is known there alone
		name string
		off  int
	}
	for _, c := range b.chains {
		if c.buf != payloadBuffer && !c.buf.packet {
			d := &only[c.buf.dirs()]
			d.name, d.off = c.buf.name, c.off
		}
	}
	for _, c := range b.conds {
		if c.dirs != 0 && c.field != nil {
			only[c.dirs].name, only[c.dirs].off = c.field.Name, 0
		}
	}
	ts, tc := only[toServer], only[toClient]
	if b.transaction() {
		return b.dir, b.checkSides()
	}
	switch {
	case ts.name != "" && tc.name != "":
		return 0, &problem{keyword: tc.name, off: tc.off,
			why: "it is of the response, and " + ts.name + " of the request: a rule is about one of them (or has the arrow =>)"}
	case ts.name != "" && b.dir == toClient:
		return 0, &problem{keyword: ts.name, off: ts.off, why: "it is of the request, and flow says to_client: the rule never matches"}
	case tc.name != "" && b.dir == toServer:
		return 0, &problem{keyword: tc.name, off: tc.off, why: "it is of the response, and flow says to_server: the rule never matches"}
	case ts.name != "":
		return toServer, nil
	case tc.name != "":
		return toClient, nil
	}
	return b.dir, nil
}

// checkSides refuses buffers of rules on requests and responses that leave open, or cannot tell, which side is meant.
func (b *builder) checkSides() *problem {
	for _, c := range b.chains {
		if c.buf.ts != "" && c.buf.tc != "" && c.side == 0 && c.buf.ts != c.buf.tc {
			return &problem{keyword: c.buf.name, why: "it exists in both directions: name one of them", off: c.off}
		}
	}
	return nil
}

// variant is one of the rules that a rule becomes.
type variant struct {
	dir    dirs
	extra  []ir.Expr
	mode   ir.PayloadMode
	scope  ir.Scope
	suffix string
}

func (b *builder) variants(d dirs) []variant {
	out := b.mem.variants[:0]
	v := variant{dir: d, mode: b.payloadMode(), scope: b.scope()}
	if d == 0 && !b.transaction() && (b.differsByDirection() || v.scope == ir.ScopeFlow) {
		a := v
		v.dir, a.dir, a.suffix = toServer, toClient, ".to_client"
		return append(out, v, a)
	}
	if b.proto.ip && b.hasPayload() && v.mode != ir.PayloadPacket {
		c := &b.l.common
		carried := &ir.Or{X: []ir.Expr{c.tcp, c.udp}}
		a := v
		v.extra = []ir.Expr{carried}
		a.extra, a.mode, a.suffix = []ir.Expr{&ir.Not{X: carried}}, ir.PayloadPacket, ".packet"
		return append(out, v, a)
	}
	return append(out, v)
}

// differsByDirection tells whether parts of the rule mean other fields in either direction.
func (b *builder) differsByDirection() bool {
	for _, c := range b.chains {
		if c.buf.ts != "" && c.buf.tc != "" && c.buf.ts != c.buf.tc || c.buf == fileBuffer && b.overHTTP() {
			return true
		}
	}
	return slices.ContainsFunc(b.conds, func(c cond) bool { return c.byDir != nil })
}

func (b *builder) hasPayload() bool {
	return slices.ContainsFunc(b.chains, func(c *chain) bool { return c.buf == payloadBuffer })
}

// payloadMode says which bytes contents without a buffer mean: for TCP the stream, each packet by itself if the rule
// names what only packets have, and both if a content has a place counted from the start.
func (b *builder) payloadMode() ir.PayloadMode {
	if !b.hasPayload() {
		return ir.PayloadAuto
	}
	packets := b.needsPacket || b.proto.pktOnly || b.noStream
	switch c := &b.l.common; {
	case packets || b.noTCP && b.noUDP:
		return ir.PayloadPacket
	case b.onlyStream || b.proto.stream:
		return ir.PayloadStream
	case b.proto.tcp && (b.streamSize || b.placed()):
		return ir.PayloadEither
	case b.proto.tcp || b.proto.app || b.proto.x == c.udp:
		return ir.PayloadStream
	}
	return ir.PayloadPacket
}

// placed tells whether a content without buffer has a place counted from the start.
func (b *builder) placed() bool {
	for _, c := range b.chains {
		if c.buf != payloadBuffer {
			continue
		}
		for _, it := range c.items {
			if lit, ok := it.(*ir.Lit); ok && (lit.Offset != nil || lit.Depth != nil || lit.StartsWith) {
				return true
			}
		}
	}
	return false
}

// scope says how often a rule is judged: those on addresses alone, and those on the recognised protocol alone, once a
// direction; other rules without a buffer at each packet.
func (b *builder) scope() ir.Scope {
	ofMessage := func(c *chain) bool { return !c.buf.packet && !c.buf.always }
	if b.appEvent || b.filestore || slices.ContainsFunc(b.chains, ofMessage) || slices.ContainsFunc(b.conds, func(c cond) bool { return c.field != nil || c.byDir != nil }) {
		return ir.ScopeAuto
	}
	if b.spec != nil || b.notIPOnly || b.needsPacket || b.proto.header || len(b.chains) > 0 {
		return ir.ScopePacket
	}
	if b.appProto {
		if b.established == 0 {
			return ir.ScopeFlow
		}
		return ir.ScopePacket
	}
	src, dst := b.l.addrList(b.h.src), b.l.addrList(b.h.dst)
	if b.hasFlow || src.negated || dst.negated {
		return ir.ScopePacket
	}
	return ir.ScopeFlowDir
}

// variant makes one rule of r.
func (b *builder) variant(v variant, r *ir.Rule) *problem {
	r.Payload, r.Scope = v.mode, v.scope
	uses, err := b.uses(v.dir)
	if err != nil {
		return err
	}
	if err := b.checkMix(uses); err != nil {
		return err
	}
	if err := b.checkFiles(uses); err != nil {
		return err
	}
	terms, err := b.headerTerms(v, uses, b.mem.terms[:0])
	if err != nil {
		return err
	}
	terms = append(terms, v.extra...)
	for _, app := range b.apps {
		terms = append(terms, app(v.dir))
	}
	for _, c := range b.conds {
		x := c.x
		if c.byDir != nil {
			x, _ = c.byDir(v.dir)
		}
		terms = append(terms, x)
	}
	var effects []ir.Effect
	for _, c := range b.chains {
		x, err := b.chainCond(c, v.dir, &effects, &r.Contexts)
		if err != nil {
			return err
		}
		terms = append(terms, x)
	}
	if len(effects) > 0 {
		r.Effects = append(slices.Clip(r.Effects), effects...)
	}
	r.On = b.pin(uses)
	if len(uses) > 0 && v.dir != 0 && b.wantsFile(uses) { // there has to be one that goes the rule's way
		f := ir.Expr(&ir.Field{F: b.l.schema.Field("file.to_server")})
		if v.dir == toClient {
			f = &ir.Not{X: f}
		}
		terms = append(terms, f)
	}
	b.mem.terms = terms[:0]
	switch {
	case len(terms) > 0:
		r.When = andOf(slices.Clone(terms))
	case r.On == "":
		r.On = "packet"
	}
	return nil
}

// checkMix refuses what Suricata refuses as well: packets' own values beside those of messages, and
// messages of two protocols.
func (b *builder) checkMix(uses []use) *problem {
	if b.needsPacket && (b.onlyStream || b.proto.stream) && b.hasPayload() {
		return fail("it names values of packets and asks for the stream only")
	}
	if err := checkFrames(uses); err != nil {
		return err
	}
	var first *dissect.Spec
	for _, u := range uses {
		switch {
		case b.needsPacket || b.proto.pktOnly:
			return fail("it names values of packets beside %s, which is of no single packet", u.f.Name)
		case u.spec.CarriedBy(first) || first.CarriedBy(u.spec):
		case u.spec != nil && first != nil && u.spec != first:
			return fail("it names %s of %s beside fields of %s", u.f.Name, u.spec.Name, first.Name)
		case u.spec != nil:
			first = u.spec
		}
	}
	return nil
}

// wantsFile tells whether the rule asks for a file to be stored of which it says nothing itself.
func (b *builder) wantsFile(uses []use) bool {
	return b.filestore && b.hook == nil && b.done == "" && b.l.schema.Field("file.to_server") != nil &&
		!slices.ContainsFunc(uses, func(u use) bool { return strings.HasPrefix(u.ev.Name, "file") })
}

// pin chooses the event of rules whose fields do not.
func (b *builder) pin(uses []use) string {
	if b.hook != nil {
		return b.hook.event
	}
	if b.done != "" {
		return b.done
	}
	if b.filestore && len(uses) == 0 {
		return "file"
	}
	return ""
}

// headerTerms appends the conditions of the header and of the keyword flow.
func (b *builder) headerTerms(v variant, uses []use, terms []ir.Expr) ([]ir.Expr, *problem) {
	c := &b.l.common
	own, directed, anyDir := false, false, false // by the events of the fields
	var mails *dissect.Spec
	for _, u := range uses {
		if u.spec != nil && u.spec.Name == "smtp" && strings.HasPrefix(u.ev.Name, "email") {
			mails = u.spec
		}
		own = own || u.spec != nil && (u.spec == b.spec || b.spec == nil && u.spec.UDP == nil && b.proto.x == c.tcp)
		if u.spec != nil && !u.ev.Any {
			directed = true
		} else {
			anyDir = true
		}
	}
	switch {
	case mails != nil: // other protocols have them too, and Suricata does not look for them there
		if terms = append(terms, b.l.apps[mails]); b.spec == nil && b.proto.x != nil && b.proto.x != c.tcp {
			terms = append(terms, b.proto.x)
		}
	case own && !b.http1() || b.proto.header:
	case b.spec != nil:
		if !b.appEvent {
			terms = append(terms, b.appTest())
		}
	case b.proto.x != nil:
		terms = append(terms, b.proto.x)
	case len(uses) == 0 && len(v.extra) == 0 && !b.appEvent:
		terms = append(terms, c.ip)
	}
	if v.dir != 0 && (anyDir || !directed) && !b.txEvent { // Suricata asks for a message's events in both directions
		if v.dir == toServer {
			terms = append(terms, c.toServer)
		} else {
			terms = append(terms, c.toClient)
		}
	}
	switch b.established {
	case 1:
		terms = append(terms, c.established)
	case -1:
		terms = append(terms, &ir.Not{X: c.established})
	}
	return b.endPoints(v.dir, terms)
}

// endPoints appends the conditions on addresses and ports, of a rule in direction d.
func (b *builder) endPoints(d dirs, terms []ir.Expr) ([]ir.Expr, *problem) {
	c, l := &b.l.common, b.l
	src, dst := l.addrList(b.h.src), l.addrList(b.h.dst)
	for i, a := range []addrSet{src, dst} {
		if a.err != nil {
			return nil, &problem{why: a.err.why, off: b.h.at[[2]int{atSrc, atDst}[i]]}
		}
	}
	sport, err := l.portList(b.h.srcPort)
	if err != nil {
		return nil, &problem{why: err.why, off: b.h.at[atSrcPort]}
	}
	dport, err := l.portList(b.h.dstPort)
	if err != nil {
		return nil, &problem{why: err.why, off: b.h.at[atDstPort]}
	}
	all := func(out []ir.Expr, list ...ir.Expr) []ir.Expr {
		for _, x := range list {
			if x != nil {
				out = append(out, x)
			}
		}
		return out
	}
	ends := func(sip, dip, sp, dp ir.Expr) []ir.Expr {
		return all(terms, addrCond(sip, src), addrCond(dip, dst), portCond(sp, sport.set), portCond(dp, dport.set))
	}
	switch b.h.arrow {
	case "->":
		switch {
		case b.txEvent && d == toServer: // whichever way the packet goes
			return ends(c.clientIP, c.serverIP, c.clientPort, c.serverPort), nil
		case b.txEvent && d == toClient:
			return ends(c.serverIP, c.clientIP, c.serverPort, c.clientPort), nil
		}
		return all(terms, src.src, dst.dst, sport.src, dport.dst), nil
	case "=>":
		return ends(c.clientIP, c.serverIP, c.clientPort, c.serverPort), nil
	case "<>":
		one := all(nil, src.src, dst.dst, sport.src, dport.dst)
		if len(one) == 0 || b.h.src == b.h.dst && b.h.srcPort == b.h.dstPort {
			return append(terms, one...), nil
		}
		other := all(nil, src.dst, dst.src, sport.dst, dport.src)
		return append(terms, &ir.Or{X: []ir.Expr{andOf(one), andOf(other)}}), nil
	}
	return nil, &problem{why: "the arrow must be ->, <> or =>, not " + b.h.arrow, off: b.h.at[atArrow]}
}
