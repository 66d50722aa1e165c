package check

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

// What is behind a comparison that does not fit, for the hint.

// unquoted reports a text without quotes on the right of a comparison with a text: http.method == GET.
func (c *checker) unquoted(b *syntax.Binary, l val) bool {
	n, ok := b.R.(*syntax.Name)
	if !ok || l.bad() || l.x == nil || class(l.t) != classText && c.named(l.x) == nil || c.known(n.Text) {
		return false
	}
	if near := c.scope.suggest(n.Text); len(near) > 0 && strings.Contains(n.Text, ".") {
		return false // a field, misspelled
	}
	what := c.text(b.L)
	if f := c.named(l.x); f != nil && class(l.t) != classText {
		what = f.Name
	}
	c.report(diag.Unquoted(n.Range(), n.Text, fmt.Sprintf("%s %s %q", what, b.Op, n.Text)))
	return true
}

// known tells whether a name means something.
func (c *checker) known(name string) bool {
	_, event := c.scope.Schema.EventByName(name)
	return event || c.scope.lets[name] != nil || c.scope.Schema.Field(name) != nil
}

// named gives the field that has the names of what a numeric field counts: dns.rcode.name for dns.rcode.
func (c *checker) named(x ir.Expr) *dissect.Field {
	if e := fieldOf(x); e != nil && class(e.Type) == classInt {
		for _, name := range []string{e.Name + ".name", e.Name + "_name"} {
			if f := c.scope.Schema.Field(name); f != nil && class(f.Type) == classText {
				return f
			}
		}
	}
	return nil
}

// mismatch says that l and r do not go together, and what might help.
func (c *checker) mismatch(b *syntax.Binary, l, r val) {
	c.report(diag.TypeMismatch(b.Range(), b.Op.String(), c.text(b.L), l.kind(), c.text(b.R), r.kind(), c.repair(b, l, r)))
}

// repair looks for the slip behind a mismatch.
func (c *checker) repair(b *syntax.Binary, l, r val) string {
	k := r.konst()
	if k == nil || l.x == nil {
		return ""
	}
	switch {
	case class(l.t) == classText && class(r.t) != classText:
		if f := fieldOf(l.x); f != nil && c.scope.Schema.Field(f.Name+".number") != nil {
			return fmt.Sprintf("write %s.number %s %s", f.Name, b.Op, c.text(b.R))
		}
		switch b.Op {
		case syntax.OpEq, syntax.OpNe, syntax.OpContains, syntax.OpStarts, syntax.OpEnds:
			return fmt.Sprintf("write %q in quotes", c.text(b.R))
		}
		return fmt.Sprintf("write to_int(%s) %s %s, or len(%s) for its length", c.text(b.L), b.Op, c.text(b.R), c.text(b.L))
	case class(r.t) != classText:
		return ""
	}
	s := string(k.V.B)
	switch class(l.t) {
	case classInt:
		if _, err := strconv.ParseInt(s, 0, 64); err == nil {
			return "write " + s + " without quotes"
		}
		if f := c.scope.Schema.Field(strings.ToLower(s)); f != nil && f.Type == dissect.TBool {
			return "write " + f.Name + " alone"
		}
		if f := c.named(l.x); f != nil {
			return fmt.Sprintf("write %s %s %q", f.Name, b.Op, s)
		}
		if e, ok := l.x.(*ir.Field); ok && e.F.Name == "tcp.flags" {
			return "write tcp.syn and tcp.ack_flag, or a mask: tcp.flags & 0x12 == 0x12"
		}
	case classIP:
		return "write " + s + " without quotes"
	case classBool:
		if s == "true" || s == "false" {
			return "write " + s + " without quotes"
		}
	}
	return ""
}
