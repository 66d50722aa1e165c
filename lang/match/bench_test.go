package match

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/regex"
)

// generator makes rules of the make-up of published rulesets: four in ten on a path, three on
// headers or bodies, three on payload with ports; most with several literals, some with a regex.
type generator struct {
	r *rand.Rand
	g *rig
}

var genWords = []string{"admin", "index", "login", "upload", "cmd", "exec", "shell", "gate", "id", "php", "asp", "get", "file", "panel",
	"config", "wp-content", "plugins", "include", "component", "option", "view", "task", "bot", "show", "check", "update", "load", "key"}

func (x *generator) word() string { return genWords[x.r.IntN(len(genWords))] }

func (x *generator) literal() []byte {
	var b []byte
	for range 1 + x.r.IntN(3) {
		b = append(b, x.word()...)
		b = append(b, "/?&=._-|: "[x.r.IntN(10)])
		for range 1 + x.r.IntN(5) {
			b = append(b, "abcdefghijklmnopqrstuvwxyz0123456789_"[x.r.IntN(37)])
		}
	}
	return b
}

func (x *generator) chain(buf ir.Expr) *ir.Content {
	c := &ir.Content{Buf: buf}
	for i := range 1 + x.r.IntN(3) {
		l := &ir.Lit{Bytes: x.literal(), NoCase: x.r.IntN(2) == 0}
		if i > 0 && x.r.IntN(2) == 0 {
			l.Distance = n(0)
		}
		c.Items = append(c.Items, l)
	}
	if x.r.IntN(3) == 0 {
		re, err := regex.Compile(x.word()+`=[^&]+(?:select|union)\s+\d{1,`+fmt.Sprint(2+x.r.IntN(8))+`}`, regex.CaseInsensitive)
		if err != nil {
			panic(err)
		}
		c.Items = append(c.Items, &ir.Re{Re: re})
	}
	return c
}

func (x *generator) rule(i int, home, any *ir.IPSet, ports []*ir.IntSet) *ir.Rule {
	g := x.g
	terms := []ir.Expr{g.f("tcp"), g.f("established"), &ir.In{X: g.f("src.ip"), Set: home}, &ir.In{X: g.f("dst.ip"), Set: any}}
	switch k := x.r.IntN(10); {
	case k < 5:
		terms = append(terms, g.f("to_server"), x.chain(g.f("web.uri")))
	case k < 6:
		terms = append(terms, g.f("to_server"), x.chain(g.f("web.uri")), &ir.Cmp{Op: ir.Eq, X: g.f("web.method"), Y: ir.Str("POST")})
	case k < 7:
		terms = append(terms, g.f("to_server"), x.chain(g.f("web.header")))
	default:
		terms = append(terms, g.f("to_server"), &ir.In{X: g.f("dst.port"), Set: ports[x.r.IntN(len(ports))]}, x.chain(g.f("payload")))
	}
	return rule(fmt.Sprint(i), terms...)
}

func generated(g *rig, count int) []*ir.Rule {
	x := &generator{rand.New(rand.NewPCG(1, 2)), g}
	home := ir.NewIPSet(prefixes("10.0.0.0/8", "192.168.0.0/16"), nil)
	outside := ir.NewIPSet(prefixes("0.0.0.0/0", "::/0"), prefixes("10.0.0.0/8", "192.168.0.0/16"))
	ports := []*ir.IntSet{ir.NewIntSet(ir.Range{Lo: 0, Hi: 65535}), ir.NewIntSet(ir.Range{Lo: 80, Hi: 80})}
	for range 200 {
		p := int64(x.r.IntN(10000))
		ports = append(ports, ir.NewIntSet(ir.Range{Lo: p, Hi: p}))
	}
	rules := make([]*ir.Rule, count)
	for i := range rules {
		rules[i] = x.rule(i, home, outside, ports)
	}
	return rules
}

func BenchmarkCompile(b *testing.B) {
	g := newRig(b)
	rules := generated(g, 20000)
	b.ReportAllocs()
	for b.Loop() {
		p, _ := Compile(g.schema, rules, Options{NoWarnings: true})
		if p.Stats().Rules != len(rules) {
			b.Fatal(p.Stats())
		}
	}
}

// traffic makes events: for each request a stream window in two segments, its packets, and the message.
func traffic(count int) []*dissect.Env {
	r := rand.New(rand.NewPCG(3, 4))
	var out []*dissect.Env
	for range count {
		f := flowOf(6, uint16(r.IntN(60000)), 80)
		uri := fmt.Sprintf("/%s/%s.php?%s=%d&%s=%s", genWords[r.IntN(28)], genWords[r.IntN(28)], genWords[r.IntN(28)], r.IntN(1000),
			genWords[r.IntN(28)], genWords[r.IntN(28)])
		tx := &webTx{uri: []byte(uri), method: []byte("GET"), headers: []string{"Host: www.example.com",
			"User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0", "Accept: text/html,*/*;q=0.8", "Cookie: session=8a7b6c"}}
		data := "GET " + uri + " HTTP/1.1\r\n"
		for _, h := range tx.headers {
			data += h + "\r\n"
		}
		out = append(out, &dissect.Env{Event: dissect.EvPacket, Flow: f, Pkt: &packet.Packet{TCPFlags: 24}, Data: []byte(data)},
			&dissect.Env{Event: dissect.EvStreamData, Flow: f, Data: []byte(data)},
			&dissect.Env{Event: 0, Flow: f, Tx: tx})
	}
	return out
}

// BenchmarkMatch is the cost of a request (packet, stream data, message) by number of rules.
func BenchmarkMatch(b *testing.B) {
	g := newRig(b)
	events := traffic(200)
	for _, count := range []int{0, 100, 1000, 17000} {
		p := g.compile(generated(g, count)...)
		m := p.NewMatcher()
		web := g.event("web.request")
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			b.ReportAllocs()
			i, hits := 0, 0
			for b.Loop() {
				for range 3 {
					e := events[i%len(events)]
					ev := e.Event
					if ev == 0 {
						ev = web
					}
					hits += len(m.Match(ev, e))
					i++
				}
			}
			b.ReportMetric(float64(p.Stats().Memory)/1e6, "set-MB")
		})
	}
}

// TestPrefilterOnTraffic compares, on generated rules and traffic, what matches with what would if every rule were
// judged at every event.
func TestPrefilterOnTraffic(t *testing.T) {
	g := newRig(t)
	rules := generated(g, 3000)
	words := &generator{rand.New(rand.NewPCG(1, 2)), g}
	for i := range 300 { // rules that match something
		rules = append(rules, rule(fmt.Sprintf("w%d", i), g.f("tcp"), &ir.Content{Buf: g.f([]string{"web.uri", "payload", "web.header"}[i%3]), Items: []ir.Item{
			&ir.Lit{Bytes: []byte(words.word()), NoCase: i%2 == 0}, &ir.Lit{Bytes: []byte(words.word()), Distance: n(int64(i % 7))}}}))
	}
	p := g.compile(rules...)
	m, brute := p.NewMatcher(), p.NewMatcher()
	web := g.event("web.request")
	total := 0
	for _, e := range traffic(200) {
		ev := e.Event
		if ev == 0 {
			ev = web
		}
		var want []string
		brute.begin(e)
		for _, r := range p.Rules {
			if slices.Contains(r.Events, ev) && !(ev == dissect.EvPacket && !r.either && len(r.Events) > 1) && brute.header(r.hdr) && brute.rule(r) {
				want = append(want, r.ID)
			}
		}
		got := ids(m.Match(ev, e))
		if got != strings.Join(want, " ") {
			t.Fatalf("event %d: got %s\nwant %v", ev, got, want)
		}
		total += len(want)
	}
	if total < 500 {
		t.Errorf("only %d matches: the test says little", total)
	}
}
