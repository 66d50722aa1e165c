package suricata

import (
	"slices"
	"strings"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

var flowOptions = []string{"established", "not_established", "stateless", "to_server", "to_client", "from_client", "from_server", "only_stream",
	"no_stream", "only_frag", "no_frag"}

func flow(b *builder, v string) *problem {
	b.hasFlow = true
	for _, p := range list(v) {
		d := dirs(0)
		switch strings.ToLower(p) {
		case "established", "not_established":
			state := int8(1)
			if strings.EqualFold(p, "not_established") {
				state = -1
			}
			if b.established == -state {
				return fail("established and not_established exclude each other")
			}
			b.established = state
		case "stateless", "":
		case "to_server", "from_client":
			d = toServer
		case "to_client", "from_server":
			d = toClient
		case "only_stream":
			b.onlyStream = true
		case "no_stream":
			b.noStream = true
		case "only_frag", "no_frag":
			x, err := b.field("ip.reassembled")
			if err != nil {
				return err
			}
			if p == "no_frag" {
				x = &ir.Not{X: x}
			}
			b.notIPOnly = true
			b.require(x)
		default:
			return fail("unknown option %q%s", p, didYouMean(p, flowOptions))
		}
		if d != 0 && b.dir != 0 && b.dir != d {
			return fail("both directions are named")
		}
		b.dir |= d
	}
	return nil
}

func flowbits(b *builder, v string) *problem {
	op, name, _ := strings.Cut(v, ",")
	op, name = strings.TrimSpace(op), strings.TrimSpace(name)
	if op == "noalert" {
		b.r.NoAlert = true
		return nil
	}
	if name == "" {
		return fail("the name of a flag is missing")
	}
	switch op {
	case "isset", "isnotset":
		names := strings.Split(name, "|")
		for i := range names {
			if names[i] = strings.TrimSpace(names[i]); names[i] == "" {
				return fail("the name of a flag is missing")
			}
		}
		var x ir.Expr = &ir.FlowBit{Names: names, Pos: b.pos()}
		if op == "isnotset" {
			// With several names: none of them is set... as Suricata has it, one that is not set suffices.
			any := make([]ir.Expr, len(names))
			for i, n := range names {
				any[i] = &ir.Not{X: &ir.FlowBit{Names: []string{n}, Pos: b.pos()}}
			}
			x = orOf(any)
		}
		b.notIPOnly = true
		b.require(x)
		return nil
	}
	bit, ok := bitOps[op]
	if !ok || strings.Contains(name, "|") {
		return fail("unknown operation %q", v)
	}
	if strings.Contains(name, ",") {
		return fail("the name of a flag has no comma: %q", name)
	}
	b.notIPOnly = b.notIPOnly || bit != ir.BitSet
	b.r.Effects = append(b.r.Effects, &ir.SetFlowBit{Op: bit, Name: name})
	return nil
}

var bitOps = map[string]ir.BitOp{"set": ir.BitSet, "unset": ir.BitUnset, "toggle": ir.BitToggle}

func flowint(b *builder, v string) *problem {
	p := list(v)
	if len(p) < 2 || len(p) > 3 || p[0] == "" {
		return fail("wants name, operation, value")
	}
	b.notIPOnly = true
	x := &ir.FlowInt{Name: p[0], Pos: b.pos()}
	switch p[1] {
	case "isset":
		b.require(&ir.Exists{X: x})
		return nil
	case "notset", "isnotset":
		b.require(&ir.Not{X: &ir.Exists{X: x}})
		return nil
	}
	if len(p) < 3 || p[2] == "" {
		return fail("a value is missing")
	}
	var y ir.Expr
	if n, ok := parseInt(p[2]); ok {
		y = ir.Int(n)
	} else {
		y = &ir.FlowInt{Name: p[2], Pos: b.pos()}
	}
	if op, ok := map[string]ir.IntOp{"+": ir.IntAdd, "-": ir.IntSub, "=": ir.IntAssign}[p[1]]; ok {
		b.r.Effects = append(b.r.Effects, &ir.SetFlowInt{Op: op, Name: p[0], X: y})
		return nil
	}
	op, ok := map[string]ir.CmpOp{"==": ir.Eq, "!=": ir.Ne, "<": ir.Lt, "<=": ir.Le, ">": ir.Gt, ">=": ir.Ge}[p[1]]
	if !ok {
		return fail("unknown operation %q", p[1])
	}
	// Wherever it stands, a comparison is of the value from before the rule matched: it changes counters when all else holds.
	t := ir.Expr(&ir.Cmp{Op: op, X: x, Y: y, Pos: b.pos()})
	if op == ir.Ne {
		t = &ir.And{X: []ir.Expr{&ir.Exists{X: x}, t}}
	}
	b.require(t)
	return nil
}

// defaultXbitTTL and defaultHostbitTTL are how long flags of hosts last when the rule does not say; txBitTTL those of messages,
// which in Suricata last as long as the message.
const (
	defaultXbitTTL    = 30 * time.Second
	defaultHostbitTTL = 300 * time.Second
	txBitTTL          = time.Hour
)

func xbits(b *builder, v string) *problem {
	p := list(v)
	if p[0] == "noalert" {
		b.r.NoAlert = true
		return nil
	}
	if len(p) < 3 {
		return fail("wants operation, name, track ip_src|ip_dst|ip_pair|tx")
	}
	var key []ir.Expr
	ttl := defaultXbitTTL
	for _, o := range p[2:] {
		f := strings.Fields(o)
		if len(f) != 2 {
			return fail("unknown option %q", o)
		}
		switch {
		case f[0] == "expire":
			n, ok := u32(f[1])
			if !ok || n == 0 {
				return fail("expire wants seconds")
			}
			ttl = time.Duration(n) * time.Second
		case f[0] == "track" && f[1] == "ip_src":
			key = []ir.Expr{b.l.common.srcIP}
		case f[0] == "track" && f[1] == "ip_dst":
			key = []ir.Expr{b.l.common.dstIP}
		case f[0] == "track" && f[1] == "ip_pair":
			key = b.l.common.pair()
		case f[0] == "track" && f[1] == "tx":
			return b.txBit(p)
		default:
			return fail("unknown option %q", o)
		}
	}
	if key == nil {
		return fail("track is missing")
	}
	return b.hostBit(p[0], p[1], key, ttl)
}

// txBit is xbits of a message of an application protocol (track tx), with Suricata's conditions.
func (b *builder) txBit(p []string) *problem {
	switch {
	case p[0] != "set" && p[0] != "isset":
		return fail("track tx wants set or isset, not %s", p[0])
	case p[0] == "isset" && (b.hook == nil || b.spec == nil):
		return fail("isset of track tx wants a stage in the header that tells where the message is judged: http1:response_complete")
	case b.l.common.txID == nil:
		return fail("the engine does not number messages")
	}
	return b.hostBit(p[0], p[1], []ir.Expr{b.l.common.flowID, b.l.common.txID}, txBitTTL)
}

func hostbits(b *builder, v string) *problem {
	p := list(v)
	if p[0] == "noalert" {
		b.r.NoAlert = true
		return nil
	}
	if len(p) < 2 {
		return fail("wants operation, name")
	}
	key, ttl := []ir.Expr{b.l.common.srcIP}, defaultHostbitTTL
	for _, o := range p[2:] {
		switch n, ok := u32(o); {
		case o == "src":
		case o == "dst":
			key = []ir.Expr{b.l.common.dstIP}
		case o == "both":
			return fail("both is not supported")
		case ok && n > 0:
			ttl = time.Duration(n) * time.Second
		default:
			return fail("unknown option %q", o)
		}
	}
	return b.hostBit(p[0], p[1], key, ttl)
}

func (b *builder) hostBit(op, name string, key []ir.Expr, ttl time.Duration) *problem {
	if name == "" {
		return fail("the name of a flag is missing")
	}
	switch op {
	case "isset", "isnotset":
		var x ir.Expr = &ir.HostBit{Name: name, Key: key, Pos: b.pos()}
		if op == "isnotset" {
			x = &ir.Not{X: x}
		}
		b.notIPOnly = true
		b.require(x)
		return nil
	}
	bit, ok := bitOps[op]
	if !ok {
		return fail("unknown operation %q", op)
	}
	b.r.Effects = append(b.r.Effects, &ir.SetHostBit{Op: bit, Name: name, Key: key, TTL: int64(ttl)})
	return nil
}

// streamSize compares how far a side's sequence numbers have come: payload, and one for the SYN.
func streamSize(b *builder, v string) *problem {
	p := list(v)
	if len(p) != 3 {
		return fail("wants side, operator, number")
	}
	n, ok := parseInt(p[2])
	op := ir.TestOp(0)
	for _, o := range cmpOps {
		if o.text == p[1] {
			op = o.op
			break
		}
	}
	if !ok || op == 0 {
		return fail("%q is no comparison", v)
	}
	c := cmp{op: op, lo: n}
	x, err := b.bySide(p[0], func(side string) (ir.Expr, *problem) {
		f, err := b.field("flow.payload_to_" + side)
		if err != nil {
			return nil, err
		}
		return c.on(&ir.Arith{Op: ir.Add, X: f, Y: ir.Int(1), T: f.Type()}), nil
	})
	if err != nil {
		return err
	}
	b.streamSize, b.notIPOnly = true, true
	if !b.proto.tcp || b.proto.ip {
		b.require(b.l.common.tcp)
	}
	b.require(x)
	return nil
}

// bySide makes a condition for client and server, as the side says: what the client sends goes to the server.
func (b *builder) bySide(side string, make func(to string) (ir.Expr, *problem)) (ir.Expr, *problem) {
	switch side {
	case "client", "toserver":
		return make("server")
	case "server", "toclient":
		return make("client")
	}
	x, err := make("server")
	if err != nil {
		return nil, err
	}
	y, err := make("client")
	if err != nil {
		return nil, err
	}
	switch side {
	case "both":
		return &ir.And{X: []ir.Expr{x, y}}, nil
	case "either":
		return &ir.Or{X: []ir.Expr{x, y}}, nil
	}
	return nil, fail("unknown side %q", side)
}

func flowAge(b *builder, v string) *problem {
	x, err := b.field("flow.age")
	if err != nil {
		return err
	}
	c, err := parseCmp(v)
	if err != nil {
		return err
	}
	second := &ir.Const{T: dissect.TDuration, V: ir.Value{I: int64(time.Second), OK: true}}
	seconds := &ir.Arith{Op: ir.Div, X: x, Y: second, T: dissect.TInt}
	b.notIPOnly = true
	b.require(c.on(seconds))
	return nil
}

// flowElephant is about flows that send more at a time than is usual: flow.elephant:toserver.
func flowElephant(b *builder, v string) *problem {
	v = strings.TrimSpace(v)
	if !slices.Contains(elephantSides, v) {
		return fail("wants %s, not %q", strings.Join(elephantSides, ", "), v)
	}
	x, err := b.bySide(v, func(to string) (ir.Expr, *problem) { return b.field("flow.elephant_to_" + to) })
	if err != nil {
		return err
	}
	b.notIPOnly = true
	b.require(x)
	return nil
}

var elephantSides = []string{"toserver", "toclient", "either", "both"}

func flowNumber(field string) handler {
	return func(b *builder, v string) *problem {
		x, err := b.field(field)
		if err != nil {
			return err
		}
		c, err := parseCmp(v)
		if err != nil {
			return err
		}
		b.notIPOnly = true
		b.require(c.on(x))
		return nil
	}
}

// flowCount is flow.pkts and flow.bytes with the side as their first word.
func flowCount(field string) handler {
	return func(b *builder, v string) *problem {
		side, n, ok := strings.Cut(v, ",")
		if !ok {
			return fail("wants side, number")
		}
		c, err := parseCmp(n)
		if err != nil {
			return err
		}
		x, err := b.bySide(strings.TrimSpace(side), func(to string) (ir.Expr, *problem) {
			f, err := b.field(field + "_to_" + to)
			if err != nil {
				return nil, err
			}
			return c.on(f), nil
		})
		if err != nil {
			return err
		}
		b.notIPOnly = true
		b.require(x)
		return nil
	}
}
