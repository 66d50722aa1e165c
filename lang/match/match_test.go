package match

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/lang/ir"
)

func TestOperators(t *testing.T) {
	g := newRig(t)
	uri, method := g.f("web.uri"), g.f("web.method")
	home := ir.NewIPSet([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")})
	ports := ir.NewIntSet(ir.Range{Lo: 80, Hi: 80}, ir.Range{Lo: 8000, Hi: 8010})
	header := g.f("web.header").F
	for name, tt := range map[string]struct {
		when ir.Expr
		want bool
	}{
		"contains":               {contains(uri, "select"), true},
		"contains other":         {contains(uri, "delete"), false},
		"nocase":                 {&ir.StrTest{Op: ir.Contains, X: uri, Y: ir.Str("SELECT"), NoCase: true}, true},
		"case":                   {contains(uri, "SELECT"), false},
		"prefix":                 {&ir.StrTest{Op: ir.HasPrefix, X: uri, Y: ir.Str("/a")}, true},
		"suffix":                 {&ir.StrTest{Op: ir.HasSuffix, X: uri, Y: ir.Str("1")}, true},
		"eq":                     {&ir.Cmp{Op: ir.Eq, X: method, Y: ir.Str("GET")}, true},
		"eq longer":              {&ir.Cmp{Op: ir.Eq, X: method, Y: ir.Str("GE")}, false},
		"ne":                     {&ir.Cmp{Op: ir.Ne, X: method, Y: ir.Str("POST")}, true},
		"absent eq":              {&ir.Cmp{Op: ir.Eq, X: g.f("web.length"), Y: ir.Int(0)}, false},
		"absent ne":              {&ir.Cmp{Op: ir.Ne, X: g.f("web.length"), Y: ir.Int(5)}, true},
		"absent not in":          {&ir.Not{X: &ir.In{X: g.f("web.length"), Set: ports}}, true},
		"absent exists":          {&ir.Exists{X: g.f("web.length")}, false},
		"absent contains not":    {&ir.Not{X: contains(g.f("web.status"), "x")}, true},
		"exists":                 {&ir.Exists{X: uri}, true},
		"in ports":               {&ir.In{X: g.f("dst.port"), Set: ports}, true},
		"in other ports":         {&ir.In{X: g.f("src.port"), Set: ports}, false},
		"in net":                 {&ir.In{X: g.f("src.ip"), Set: home}, true},
		"not in net":             {&ir.Not{X: &ir.In{X: g.f("dst.ip"), Set: home}}, true},
		"in strings":             {&ir.In{X: method, Set: ir.NewStrSet(true, "post", "get")}, true},
		"in strings case":        {&ir.In{X: method, Set: ir.NewStrSet(false, "post", "get")}, false},
		"len":                    {&ir.Cmp{Op: ir.Gt, X: &ir.Len{X: uri}, Y: ir.Int(10)}, true},
		"arith":                  {&ir.Cmp{Op: ir.Eq, X: &ir.Arith{Op: ir.Add, X: &ir.Len{X: method}, Y: ir.Int(2), T: dissect.TInt}, Y: ir.Int(5)}, true},
		"regex":                  {&ir.Match{X: uri, Re: re(t, `union\s+select`)}, true},
		"regex other":            {&ir.Match{X: uri, Re: re(t, `union\d+select`)}, false},
		"any":                    {&ir.Quant{F: header, Body: contains(g.elem("web.header"), "evil")}, true},
		"any none":               {&ir.Quant{F: header, Body: contains(g.elem("web.header"), "good")}, false},
		"all":                    {&ir.Quant{F: header, All: true, Body: contains(g.elem("web.header"), ":")}, true},
		"all but one":            {&ir.Quant{F: header, All: true, Body: contains(g.elem("web.header"), "evil")}, false},
		"all of none":            {&ir.Quant{F: g.f("web.size").F, All: true, Body: &ir.Cmp{Op: ir.Gt, X: g.elem("web.size"), Y: ir.Int(0)}}, false},
		"count":                  {&ir.Cmp{Op: ir.Eq, X: &ir.Count{F: header}, Y: ir.Int(2)}, true},
		"exists multi":           {&ir.Exists{X: g.f("web.header")}, true},
		"lower":                  {contains(&ir.Transform{X: uri, Steps: []ir.TStep{{Op: ir.TUpper}}}, "UNION SELECT"), true},
		"or":                     {&ir.Or{X: []ir.Expr{contains(uri, "nothing"), contains(uri, "union")}}, true},
		"or none":                {&ir.Or{X: []ir.Expr{contains(uri, "nothing"), contains(uri, "nobody")}}, false},
		"not or":                 {&ir.Not{X: &ir.Or{X: []ir.Expr{contains(uri, "nothing"), contains(uri, "nobody")}}}, true},
		"established":            {g.f("established"), true},
		"udp":                    {g.f("udp"), false},
		"tcp or udp":             {&ir.Or{X: []ir.Expr{g.f("udp"), g.f("tcp")}}, true},
		"content on multi":       {&ir.Content{Buf: g.f("web.header"), Items: []ir.Item{&ir.Lit{Bytes: []byte("evil")}}}, true},
		"arith by zero":          {&ir.Cmp{Op: ir.Eq, X: &ir.Arith{Op: ir.Div, X: &ir.Len{X: uri}, Y: ir.Int(0), T: dissect.TInt}, Y: ir.Int(0)}, false},
		"compare ips":            {&ir.Cmp{Op: ir.Eq, X: g.f("src.ip"), Y: ir.IP(netip.MustParseAddr("10.0.0.1"))}, true},
		"two strings, one value": {&ir.And{X: []ir.Expr{contains(uri, "union"), contains(uri, "select")}}, true},
	} {
		for _, on := range []string{"web.request"} {
			r := rule("r", tt.when)
			r.On = on
			if strings.Contains(name, "contains not") {
				r.On = "web.response"
			}
			p := g.compile(r)
			e := req("/a?id=1 union select 1")
			e.Tx.(*webTx).headers = []string{"Host: evil.example", "Accept: text"}
			if got := len(p.NewMatcher().Match(g.event(r.On), e)) == 1; got != tt.want && r.On == on {
				t.Errorf("%s: got %v", name, got)
			}
		}
	}
}

func TestJudgedAt(t *testing.T) {
	g := newRig(t)
	uri, body, status := g.f("web.uri"), g.f("web.body"), g.f("web.status")
	payload := g.f("payload")
	for name, tt := range map[string]struct {
		when ir.Expr
		mode ir.PayloadMode
		sc   ir.Scope
		want string
	}{
		"one field":          {when: contains(uri, "x"), want: "web.request"},
		"two phases":         {when: &ir.And{X: []ir.Expr{contains(uri, "x"), contains(status, "x")}}, want: "web.response"},
		"growing":            {when: contains(body, "x"), want: "web.body"},
		"growing, negated":   {when: &ir.And{X: []ir.Expr{contains(uri, "a"), &ir.Not{X: contains(body, "x")}}}, want: "web.done web.tx"},
		"growing, ends with": {when: &ir.StrTest{Op: ir.HasSuffix, X: body, Y: ir.Str("x")}, want: "web.done web.tx"},
		"growing, negated item": {when: &ir.Content{Buf: body, Items: []ir.Item{&ir.Lit{Bytes: []byte("a")},
			&ir.Lit{Bytes: []byte("x"), Neg: true}}}, want: "web.done web.tx"},
		"packet field":       {when: &ir.Cmp{Op: ir.Eq, X: g.f("tcp.flags"), Y: ir.Int(2)}, want: "packet"},
		"header only":        {when: g.f("tcp"), want: "packet"},
		"flow direction":     {when: g.f("tcp"), sc: ir.ScopeFlowDir, want: "flow.start packet"},
		"payload":            {when: &ir.And{X: []ir.Expr{g.f("tcp"), contains(payload, "x")}}, want: "stream.data packet"},
		"payload, packets":   {when: contains(payload, "x"), mode: ir.PayloadPacket, want: "packet"},
		"payload, either":    {when: contains(payload, "x"), mode: ir.PayloadEither, want: "packet stream.data"},
		"payload and flags":  {when: &ir.And{X: []ir.Expr{contains(payload, "x"), &ir.Cmp{Op: ir.Eq, X: g.f("tcp.flags"), Y: ir.Int(2)}}}, want: "packet"},
		"payload and field":  {when: &ir.And{X: []ir.Expr{contains(payload, "x"), contains(uri, "x")}}, want: "web.request"},
		"header of a packet": {when: &ir.And{X: []ir.Expr{contains(uri, "x"), g.f("tcp")}}, want: "web.request"},
	} {
		r := rule("r", tt.when)
		r.Payload, r.Scope = tt.mode, tt.sc
		p := g.compile(r)
		var names []string
		for _, ev := range p.Rules[0].Events {
			names = append(names, g.schema.Events[ev].Name)
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("%s: judged at %s, want %s", name, got, tt.want)
		}
	}
}

func TestProblems(t *testing.T) {
	g := newRig(t)
	on := func(r *ir.Rule, ev string) *ir.Rule { r.On = ev; return r }
	for name, tt := range map[string]struct {
		rules []*ir.Rule
		want  string
	}{
		"two protocols": {[]*ir.Rule{rule("r", contains(g.f("web.uri"), "x"), contains(g.f("other.text"), "y"))}, "no-common-event"},
		"too early":     {[]*ir.Rule{on(rule("r", contains(g.f("web.status"), "x")), "web.request")}, "no-common-event"},
		"unknown event": {[]*ir.Rule{on(rule("r", contains(g.f("web.uri"), "x")), "web.nothing")}, "unknown-event"},
		"wrong way":     {[]*ir.Rule{rule("r", contains(g.f("web.uri"), "x"), g.f("to_client"))}, "never-matches"},
		"both ways":     {[]*ir.Rule{rule("r", contains(g.f("web.uri"), "x"), g.f("to_client"), g.f("to_server"))}, "never-matches"},
		"tcp and udp":   {[]*ir.Rule{rule("r", contains(g.f("payload"), "x"), g.f("tcp"), g.f("udp"))}, "never-matches"},
		"duplicate":     {[]*ir.Rule{rule("r", contains(g.f("web.uri"), "x")), rule("r", contains(g.f("web.uri"), "y"))}, "duplicate-id"},
		"no literal":    {[]*ir.Rule{rule("r", &ir.Cmp{Op: ir.Gt, X: g.f("web.length"), Y: ir.Int(5)})}, "no-literal"},
		"multi alone":   {[]*ir.Rule{rule("r", contains(g.f("web.header"), "x"))}, "unsupported"},
		"no variable": {[]*ir.Rule{rule("r", &ir.Content{Buf: g.f("web.uri"), Items: []ir.Item{&ir.Lit{Bytes: []byte("x"),
			Offset: &ir.Num{Var: "n"}}}})}, "unsupported"},
	} {
		_, probs := Compile(g.schema, tt.rules, Options{})
		var codes []string
		for _, p := range probs {
			codes = append(codes, p.Code)
		}
		if !slices.Contains(codes, tt.want) {
			t.Errorf("%s: got %v, want %s", name, probs, tt.want)
		}
	}
}

func TestHeaderAndDirection(t *testing.T) {
	g := newRig(t)
	web := ir.NewIntSet(ir.Range{Lo: 80, Hi: 80})
	p := g.compile(
		rule("request", g.f("tcp"), &ir.In{X: g.f("dst.port"), Set: web}, g.f("to_server"), contains(g.f("payload"), "needle")),
		rule("response", g.f("tcp"), &ir.In{X: g.f("src.port"), Set: web}, g.f("to_client"), contains(g.f("payload"), "needle")),
		rule("any", contains(g.f("payload"), "needle")),
		rule("udp", g.f("udp"), contains(g.f("payload"), "needle")),
		rule("high", g.f("tcp"), &ir.Cmp{Op: ir.Ge, X: g.f("dst.port"), Y: ir.Int(1024)}, contains(g.f("payload"), "needle")),
	)
	m := p.NewMatcher()
	for _, tt := range []struct {
		proto uint8
		dir   dissect.Dir
		want  string
	}{{6, dissect.ToServer, "request any"}, {6, dissect.ToClient, "response any high"}, {17, dissect.ToServer, "any udp"}} {
		e := &dissect.Env{Flow: flowOf(tt.proto, 40000, 80), Dir: tt.dir, Data: []byte("a needle in hay")}
		if got := ids(m.Match(dissect.EvStreamData, e)); got != tt.want {
			t.Errorf("protocol %d %v: got %q, want %q", tt.proto, tt.dir, got, tt.want)
		}
	}
	pkt := &packet.Packet{IPProto: 1, IPVersion: 4}
	e := &dissect.Env{Pkt: pkt, Data: []byte("a needle in hay")}
	if got := ids(m.Match(dissect.EvPacket, e)); got != "any" {
		t.Errorf("packet without flow: %q", got)
	}
}

func TestFlowFlagsAreSetBeforeTheyAreTested(t *testing.T) {
	g := newRig(t)
	test := rule("test", contains(g.f("web.uri"), "a"), &ir.FlowBit{Names: []string{"one", "two"}})
	set := rule("set", contains(g.f("web.uri"), "a"))
	set.Effects = []ir.Effect{&ir.SetFlowBit{Op: ir.BitSet, Name: "two"}}
	count := rule("count", contains(g.f("web.uri"), "a"))
	count.Effects = []ir.Effect{&ir.SetFlowInt{Op: ir.IntAdd, Name: "n", X: ir.Int(1)}}
	three := rule("three", contains(g.f("web.uri"), "a"), &ir.Cmp{Op: ir.Ge, X: &ir.FlowInt{Name: "n"}, Y: ir.Int(3)})
	clear := rule("clear", contains(g.f("web.uri"), "clear"))
	clear.Effects = []ir.Effect{&ir.SetFlowBit{Op: ir.BitUnset, Name: "two"}}
	p := g.compile(test, three, set, count, clear)
	m, e := p.NewMatcher(), req("/a")
	ev := g.event("web.request")
	for i, want := range []string{"set count test", "set count test", "set count test three"} {
		if got := ids(m.Match(ev, e)); got != want {
			t.Errorf("event %d: got %q, want %q", i, got, want)
		}
	}
	if got := ids(m.Match(ev, req("/b"))); got != "" {
		t.Errorf("another flow: %q", got)
	}
}

func TestPassSuppresses(t *testing.T) {
	g := newRig(t)
	pass := rule("pass", contains(g.f("web.uri"), "known"))
	pass.Action = ir.Pass
	p := g.compile(rule("alert", contains(g.f("web.uri"), "x")), pass)
	m, ev := p.NewMatcher(), g.event("web.request")
	e := req("/x known")
	if got := ids(m.Match(ev, e)); got != "pass" {
		t.Errorf("got %q", got)
	}
	e.Tx = &webTx{uri: []byte("/x")}
	if got := ids(m.Match(ev, e)); got != "" {
		t.Errorf("later in the flow: %q", got)
	}
	if got := ids(m.Match(ev, req("/x"))); got != "alert" {
		t.Errorf("another flow: %q", got)
	}
}

func TestGrowingFieldMatchesOnce(t *testing.T) {
	g := newRig(t)
	p := g.compile(
		rule("straddle", contains(g.f("web.body"), "needle")),
		rule("later", &ir.Content{Buf: g.f("web.body"), Items: []ir.Item{&ir.Lit{Bytes: []byte("needle")},
			&ir.Lit{Bytes: []byte("hay"), Distance: &ir.Num{}}}}),
		rule("without", contains(g.f("web.uri"), "/a"), &ir.Not{X: contains(g.f("web.body"), "stack")}),
	)
	m, e := p.NewMatcher(), req("/a")
	tx := e.Tx.(*webTx)
	var got []string
	for _, part := range []string{"some nee", "dle and", " then", " hay", " and needle again"} {
		tx.body = append(tx.body, part...)
		got = append(got, ids(m.Match(g.event("web.body"), e)))
	}
	got = append(got, ids(m.Match(g.event("web.done"), e)))
	if s := strings.Join(got, "|"); s != "|straddle||later||without" {
		t.Errorf("got %s", s)
	}
}

func TestStreamWindows(t *testing.T) {
	g := newRig(t)
	p := g.compile(rule("r", g.f("tcp"), &ir.Content{Buf: g.f("payload"), Items: []ir.Item{
		&ir.Lit{Bytes: []byte("HELO")}, &ir.Lit{Bytes: []byte("evil"), Distance: &ir.Num{}}}}),
		rule("start", g.f("tcp"), &ir.Content{Buf: g.f("payload"), Items: []ir.Item{&ir.Lit{Bytes: []byte("abc"), StartsWith: true}}}),
		rule("deep", g.f("tcp"), &ir.Content{Buf: g.f("payload"), Items: []ir.Item{&ir.Lit{Bytes: []byte("abc"), Offset: &ir.Num{N: 10}, Depth: &ir.Num{N: 4}}}}),
	)
	m := p.NewMatcher()
	stream := "abc..HE" + "LO..abc" + "...ev" + "il...." + "abc evil"
	var carry []uint32
	var got []string
	for at, cuts := 0, []int{7, 14, 19, 25, 33}; len(cuts) > 0; cuts = cuts[1:] {
		lo := max(0, at-16) // the window reaches 16 bytes back
		e := &dissect.Env{Flow: flowOf(6, 1, 2), Data: []byte(stream[lo:cuts[0]]), New: at - lo, DataOff: uint64(lo), Carry: &carry}
		got = append(got, ids(m.Match(dissect.EvStreamData, e)))
		at = cuts[0]
	}
	if s := strings.Join(got, "|"); s != "start|deep||r|" {
		t.Errorf("got %s", s)
	}
	if len(carry) > 2*maxCarry {
		t.Errorf("%d entries carried", len(carry))
	}
}

// TestStraddlingWithoutLiteral has a rule that nothing announces: it matches once where its match straddles segments, and again
// for each segment that has one of its own.
func TestStraddlingWithoutLiteral(t *testing.T) {
	g := newRig(t)
	p := g.compile(rule("r", g.f("tcp"), &ir.Match{X: g.f("payload"), Re: re(t, `\d\d\d\d`)}),
		rule("none", g.f("tcp"), &ir.Not{X: &ir.Match{X: g.f("payload"), Re: re(t, `\d`)}}))
	if p.Rule("r").Literal != "" {
		t.Fatalf("found by %s", p.Rule("r").Literal)
	}
	m := p.NewMatcher()
	var stream string
	for _, c := range [][2]string{{"ab12", ""}, {"34cd", "r"}, {"....", "none"}, {"5678", "r"}, {".1", ""}, {"2", ""}, {"3", ""}, {"4", ""}, {"5", ""}, {"----", "none"},
		{"-----------------", "none"}, {"9", ""}, {"8", ""}, {"7", ""}, {"6", "r"}, {"5", ""}} {
		lo := max(0, len(stream)-16) // the window reaches 16 bytes back
		e := &dissect.Env{Flow: flowOf(6, 1, 2), Data: []byte(stream[lo:] + c[0]), New: len(stream) - lo, DataOff: uint64(lo)}
		if got := ids(m.Match(dissect.EvStreamData, e)); got != c[1] {
			t.Errorf("after %q, %q: matched %q, want %q", stream, c[0], got, c[1])
		}
		stream += c[0]
	}
}

func TestScopes(t *testing.T) {
	g := newRig(t)
	dir := rule("dir", g.f("tcp"))
	dir.Scope = ir.ScopeFlowDir
	each := rule("each", g.f("tcp"))
	each.Scope = ir.ScopePacket
	p := g.compile(rule("once", g.f("tcp")), dir, each)
	m := p.NewMatcher()
	flow := flowOf(6, 1, 2)
	e := &dissect.Env{Flow: flow, Pkt: &packet.Packet{}}
	if got := ids(m.Match(dissect.EvFlowStart, e)); got != "dir" {
		t.Errorf("flow start: %q", got)
	}
	for i, want := range []string{"once each", "each"} {
		if got := ids(m.Match(dissect.EvPacket, e)); got != want {
			t.Errorf("packet %d: got %q, want %q", i, got, want)
		}
	}
	e = &dissect.Env{Pkt: &packet.Packet{IPProto: 6, IPVersion: 4}}
	if got := ids(m.Match(dissect.EvPacket, e)); got != "once dir each" {
		t.Errorf("packet without flow: %q", got)
	}
}

func TestSwitchFindsRulesByNumber(t *testing.T) {
	g := newRig(t)
	flag := func(id string, n int64) *ir.Rule {
		return rule(id, g.f("tcp"), &ir.Cmp{Op: ir.Eq, X: g.f("tcp.flags"), Y: ir.Int(n)})
	}
	p := g.compile(flag("syn", 2), flag("fin", 1), flag("odd", 1000), flag("rst", 4), flag("psh", 8))
	m := p.NewMatcher()
	e := &dissect.Env{Flow: flowOf(6, 1, 2), Pkt: &packet.Packet{TCPFlags: 2}}
	if got := ids(m.Match(dissect.EvPacket, e)); got != "syn" {
		t.Errorf("got %q", got)
	}
	if n := m.Counts()[p.Rule("fin").Index].Evals; n != 0 {
		t.Errorf("a rule for another value was judged %d times", n)
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	g := newRig(t)
	p := g.compile(
		rule("a", contains(g.f("web.uri"), "select"), &ir.Match{X: g.f("web.uri"), Re: re(t, "union.*select")}),
		rule("b", contains(&ir.Transform{X: g.f("web.uri"), Steps: []ir.TStep{{Op: ir.TURLDecode}, {Op: ir.TLower}}}, "union")),
		rule("c", g.f("tcp"), contains(g.f("payload"), "union")),
		rule("d", &ir.Quant{F: g.f("web.header").F, Body: &ir.Content{Buf: g.elem("web.header"), Items: []ir.Item{&ir.Lit{Bytes: []byte("Host")}}}}),
	)
	m := p.NewMatcher()
	e := req("/a?id=1 union select 1")
	stream := &dissect.Env{Flow: flowOf(6, 1, 2), Data: []byte("GET / union select")}
	ev := g.event("web.request")
	n := testing.AllocsPerRun(100, func() {
		if len(m.Match(ev, e)) != 2 || len(m.Match(dissect.EvStreamData, stream)) != 1 {
			t.Fatal("no match")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestStreamServesPacket: rules for stream and packet find the same when the packet's payload was scanned as stream
// as when it was not.
func TestStreamServesPacket(t *testing.T) {
	g := newRig(t)
	either := func(id string, items ...ir.Item) *ir.Rule {
		r := rule(id, g.f("tcp"), &ir.Content{Buf: g.f("payload"), Items: items})
		r.Payload = ir.PayloadEither
		return r
	}
	packetOnly := rule("packet", g.f("tcp"), contains(g.f("payload"), "needle"))
	packetOnly.Payload = ir.PayloadPacket
	p := g.compile(
		either("head", &ir.Lit{Bytes: []byte("AB"), Depth: n(2)}, &ir.Lit{Bytes: []byte("needle"), Distance: n(0)}),
		either("anywhere", lit1("needle"), &ir.Lit{Bytes: []byte("AB"), Depth: n(2)}),
		packetOnly,
		rule("stream", g.f("tcp"), contains(g.f("payload"), "needle")),
	)
	m := p.NewMatcher()
	flow := flowOf(6, 1, 2)
	payload := []byte("AB then the needle")
	before := []byte("something that came earlier ")
	for name, tt := range map[string]struct {
		stream *dissect.Env
		want   string
	}{
		"start of stream":  {&dissect.Env{Data: payload}, "head anywhere stream|packet"},
		"later in stream":  {&dissect.Env{Data: append(slices.Clone(before), payload...), New: len(before), DataOff: 100}, "stream|head anywhere packet"},
		"no stream":        {nil, "|head anywhere packet"},
		"some of it":       {&dissect.Env{Data: payload[3:], DataOff: 103}, "stream|head anywhere packet"},
		"another's stream": {&dissect.Env{Data: payload, DataOff: 100, Pkt: &packet.Packet{Payload: payload, Stamp: 1}}, "stream|head anywhere packet"},
	} {
		pkt := &packet.Packet{IPProto: 6, IPVersion: 4, Payload: payload, Stamp: 7}
		got := ""
		if tt.stream != nil {
			tt.stream.Flow = flow
			if tt.stream.Pkt == nil {
				tt.stream.Pkt = pkt
			}
			got = ids(m.Match(dissect.EvStreamData, tt.stream))
		}
		got += "|" + ids(m.Match(dissect.EvPacket, &dissect.Env{Flow: flow, Pkt: pkt, Data: payload}))
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
}

// TestReloadKeepsFlags: flags that a flow has keep their meaning under the next program.
func TestReloadKeepsFlags(t *testing.T) {
	g := newRig(t)
	set := rule("set", contains(g.f("web.uri"), "a"))
	set.Effects = []ir.Effect{&ir.SetFlowBit{Op: ir.BitSet, Name: "late"}}
	other := rule("other", contains(g.f("web.uri"), "nothing"), &ir.FlowBit{Names: []string{"early"}})
	test := rule("test", contains(g.f("web.uri"), "a"), &ir.FlowBit{Names: []string{"late"}})
	old := g.compile(other, set)
	e, ev := req("/a"), g.event("web.request")
	old.NewMatcher().Match(ev, e)
	p, _ := Compile(g.schema, []*ir.Rule{test, other}, Options{NoWarnings: true, Previous: old})
	if got := ids(p.NewMatcher().Match(ev, e)); got != "test" {
		t.Errorf("got %q", got)
	}
}

// TestGrowthIsJudgedInProportion: a rule that waits for more of a message is not judged each time it grows.
func TestGrowthIsJudgedInProportion(t *testing.T) {
	g := newRig(t)
	p := g.compile(
		rule("wait", &ir.Content{Buf: g.f("web.body"), Items: []ir.Item{lit1("needle"), &ir.Lit{Bytes: []byte("end"), Distance: n(0)}}}),
		rule("none", &ir.Match{X: g.f("web.body"), Re: re(t, `[0-9]{3}x`)}),
	)
	m, e := p.NewMatcher(), req("/a")
	tx := e.Tx.(*webTx)
	tx.body = []byte("the needle ")
	for range 1000 {
		tx.body = append(tx.body, "filler filler 12 "...)
		if got := ids(m.Match(g.event("web.body"), e)); got != "" {
			t.Fatalf("got %q", got)
		}
	}
	for _, id := range []string{"wait", "none"} {
		if k := m.Counts()[p.Rule(id).Index].Evals; k > 40 {
			t.Errorf("%s was judged %d times", id, k)
		}
	}
	tx.body = append(tx.body, "123x end"...)
	got := ids(m.Match(g.event("web.body"), e)) + ids(m.Match(g.event("web.done"), e))
	if got != "wait none" && got != "none wait" && got != "wait"+"none" {
		t.Errorf("at the end: %q", got)
	}
}
