package match

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/regex"
)

// webTx is the message of a made-up protocol.
type webTx struct {
	dissect.MatchState
	uri, method, status, body []byte
	headers                   []string
	sizes                     []int64
	length                    int64
	hasLength                 bool
}

func webSpec() *dissect.Spec {
	return &dissect.Spec{Name: "web", Events: []dissect.Event{
		{Name: "web.request", Dir: dissect.ToServer, Phase: 1},
		{Name: "web.body", Dir: dissect.ToServer, Phase: 2},
		{Name: "web.done", Dir: dissect.ToServer, Phase: 3},
		{Name: "web.response", Dir: dissect.ToClient, Phase: 4},
		{Name: "web.tx", Any: true, Phase: 5, Final: true},
	}, Fields: []dissect.Field{
		dissect.Str("web.uri", "web.request", "", func(t *webTx) []byte { return t.uri }),
		dissect.Str("web.method", "web.request", "", func(t *webTx) []byte { return t.method }),
		dissect.Strs("web.header", "web.request", "", func(t *webTx, i int) ([]byte, bool) {
			if i < len(t.headers) {
				return []byte(t.headers[i]), true
			}
			return nil, false
		}),
		dissect.Ints("web.size", "web.request", "", func(t *webTx, i int) (int64, bool) {
			if i < len(t.sizes) {
				return t.sizes[i], true
			}
			return 0, false
		}),
		dissect.Int("web.length", "web.request", "", func(t *webTx) (int64, bool) { return t.length, t.hasLength }),
		dissect.Bin("web.body", "web.body", "", func(t *webTx) []byte { return t.body }).Growing("web.done"),
		dissect.Str("web.status", "web.response", "", func(t *webTx) []byte { return t.status }),
	}}
}

func otherSpec() *dissect.Spec {
	return &dissect.Spec{Name: "other", Events: []dissect.Event{{Name: "other.msg", Any: true, Phase: 1}},
		Fields: []dissect.Field{dissect.Str("other.text", "other.msg", "", func(t *webTx) []byte { return t.uri })}}
}

// commonFields are those that the engine declares; the matcher reads most of them by itself.
func commonFields() []dissect.Field {
	boolean := func(name, event string, get func(e *dissect.Env) bool) dissect.Field {
		return dissect.Field{Name: name, Type: dissect.TBool, Event: event, Int: func(e *dissect.Env) (int64, bool) { return b2i(get(e)), true }}
	}
	port := func(name string) dissect.Field {
		return dissect.Field{Name: name, Type: dissect.TPort, Int: func(*dissect.Env) (int64, bool) { panic("intrinsic") }}
	}
	ip := func(name string) dissect.Field {
		return dissect.Field{Name: name, Type: dissect.TIP, IP: func(*dissect.Env) (netip.Addr, bool) { panic("intrinsic") }}
	}
	return []dissect.Field{
		boolean("tcp", "", nil), boolean("udp", "", nil), boolean("icmp", "", nil), boolean("to_server", "", nil), boolean("to_client", "", nil),
		boolean("established", "", func(e *dissect.Env) bool { return e.Flow != nil && e.Flow.State == dissect.FlowEstablished }),
		port("src.port"), port("dst.port"), ip("src.ip"), ip("dst.ip"),
		{Name: "flow.id", Type: dissect.TInt, Int: func(e *dissect.Env) (int64, bool) {
			if e.Flow == nil {
				return 0, false
			}
			return int64(e.Flow.ID), true
		}},
		{Name: "flow.app", Type: dissect.TString, Bytes: func(e *dissect.Env) []byte {
			if e.Flow == nil || e.Flow.App == nil {
				return nil
			}
			return []byte(e.Flow.App.Name)
		}},
		{Name: "payload", Type: dissect.TBytes, Bytes: func(e *dissect.Env) []byte { return e.Data }},
		ofPacket("tcp.flags", func(p *packet.Packet) int64 { return int64(p.TCPFlags) }),
		ofPacket("payload.len", func(p *packet.Packet) int64 { return int64(len(p.Payload)) }),
	}
}

func ofPacket(name string, get func(p *packet.Packet) int64) dissect.Field {
	of := func(p *packet.Packet) (int64, bool) { return get(p), true }
	return dissect.Field{Name: name, Type: dissect.TInt, Event: "packet", IntOfPacket: of, Int: func(e *dissect.Env) (int64, bool) {
		if e.Pkt == nil {
			return 0, false
		}
		return of(e.Pkt)
	}}
}

type rig struct {
	t      testing.TB
	schema *dissect.Schema
}

func newRig(t testing.TB) *rig {
	s, err := dissect.NewSchema([]*dissect.Spec{webSpec(), otherSpec()}, commonFields())
	if err != nil {
		t.Fatal(err)
	}
	return &rig{t, s}
}

func (g *rig) f(name string) *ir.Field {
	f := g.schema.Field(name)
	if f == nil {
		g.t.Fatalf("no field %s", name)
	}
	return &ir.Field{F: f}
}

func (g *rig) elem(name string) *ir.Elem { return &ir.Elem{F: g.f(name).F} }

func (g *rig) compile(rules ...*ir.Rule) *Program {
	g.t.Helper()
	p, probs := Compile(g.schema, rules, Options{NoWarnings: true})
	for _, pr := range probs {
		g.t.Fatal(pr)
	}
	return p
}

func (g *rig) event(name string) dissect.EventID {
	id, ok := g.schema.EventByName(name)
	if !ok {
		g.t.Fatalf("no event %s", name)
	}
	return id
}

func rule(id string, when ...ir.Expr) *ir.Rule {
	return &ir.Rule{ID: id, When: &ir.And{X: when}}
}

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

func flowOf(proto uint8, sport, dport uint16) *dissect.Flow {
	return &dissect.Flow{State: dissect.FlowEstablished, Key: dissect.FlowKey{Proto: proto, IPVersion: 4, SrcPort: sport, DstPort: dport,
		Src: packet.FromNetip(netip.MustParseAddr("10.0.0.1")), Dst: packet.FromNetip(netip.MustParseAddr("192.0.2.7"))}}
}

func ids(hits []Hit) string {
	var s []string
	for _, h := range hits {
		s = append(s, h.Rule.ID)
	}
	return strings.Join(s, " ")
}

func req(uri string) *dissect.Env {
	return &dissect.Env{Flow: flowOf(6, 40000, 80), Tx: &webTx{uri: []byte(uri), method: []byte("GET")}}
}

func re(t testing.TB, s string) *regex.Regex {
	r, err := regex.Compile(s, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func contains(x ir.Expr, s string) ir.Expr { return &ir.StrTest{Op: ir.Contains, X: x, Y: ir.Str(s)} }
