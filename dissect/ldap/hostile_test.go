package ldap

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/ber"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// fed gives a parser that was fed messages of a direction again and again.
func fed(times int, dir dissect.Dir, data string) *parser {
	r := dissecttest.New(Spec())
	r.Quiet = true
	p := new(parser)
	for _, x := range []struct {
		dir   dissect.Dir
		data  string
		times int
	}{{ts, search(1, present1), 1}, {dir, data, times}} {
		for range x.times {
			r.Ctx.Begin(r.Spec)
			p.Data(r.Ctx, x.dir, []byte(x.data))
		}
	}
	return p
}

// memory is what a parser's transactions hold, bytes.
func memory(p *parser) (n int) {
	for _, t := range p.open {
		n += cap(t.data) + cap(t.text) + 100*cap(t.responses) + 8*cap(t.returned) + 8*cap(t.requested)
	}
	return n
}

// TestHeld: what a connection keeps has a bound, however small, or large, its messages are.
func TestHeld(t *testing.T) {
	empty := msg(1, v(0x73))
	long := msg(2, v(0x63, octets("dc=x"), "\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00", v(0xa3, octets("cn"), octets(strings.Repeat("\x01", 60000))), v(ber.Sequence)))
	for _, c := range []struct {
		name  string
		dir   dissect.Dir
		data  string
		times int
	}{{"empty references", tc, strings.Repeat(empty, 1000), 200}, {"searches without an answer", ts, long, 300}} {
		if n := memory(fed(c.times, c.dir, c.data)); n > 16<<20 {
			t.Errorf("%s: %d bytes are kept", c.name, n)
		}
	}
}
