package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

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
		if s := c.usual(l.x, c.text(b.R)); s != "" {
			return fmt.Sprintf("write %s %s %q", c.text(b.L), b.Op, s)
		}
		if f := c.number(l.x); f != nil && class(r.t) == classInt {
			return fmt.Sprintf("write %s %s %s", f.Name, b.Op, c.text(b.R))
		}
		if hex, ok := strings.CutPrefix(c.text(b.R), "0x"); ok && len(hex)%2 == 0 {
			return fmt.Sprintf("bytes are written x%q", hex)
		}
		if f := fieldOf(l.x); f != nil && c.scope.Schema.Field(f.Name+".number") != nil {
			return fmt.Sprintf("write %s.number %s %s", f.Name, b.Op, c.text(b.R))
		}
		switch b.Op {
		case syntax.OpEq, syntax.OpNe, syntax.OpContains, syntax.OpStarts, syntax.OpEnds:
			return fmt.Sprintf("write %q in quotes", c.text(b.R))
		}
		return fmt.Sprintf("write to_int(%s) %s %s, or len(%s) for its length", c.text(b.L), b.Op, c.text(b.R), c.text(b.L))
	case class(l.t) == classBool && class(r.t) == classInt && (b.Op == syntax.OpEq || b.Op == syntax.OpNe):
		if (k.V.I != 0) == (b.Op == syntax.OpEq) {
			return "write " + c.text(b.L) + " alone"
		}
		return "write not " + c.text(b.L)
	case class(r.t) != classText:
		return ""
	}
	s := string(k.V.B)
	switch class(l.t) {
	case classFloat:
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			return "write " + s + " without quotes"
		}
	case classInt:
		if l.t == dissect.TTime {
			return moment(c.text(b.L), b.Op.String(), s)
		}
		if x, list := syntax.ParseExpr(s); len(list) == 0 {
			if lit, ok := x.(*syntax.Lit); ok && (lit.Kind == syntax.LitSize || lit.Kind == syntax.LitDuration) {
				return "write " + s + " without quotes"
			}
		}
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

// moment words a comparison of a time with a date.
func moment(what, op, date string) string {
	for _, form := range []string{time.DateOnly, time.DateTime, time.RFC3339, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(form, date); err == nil {
			return fmt.Sprintf("write epoch(%s) %s %d", what, op, t.Unix())
		}
	}
	return "times are compared in seconds since 1970, epoch(" + what + "), or by hour(" + what + ") and weekday(" + what + ")"
}

// number gives the field that has the numbers of what a field has the names of: dns.rrtype for dns.qtype.
func (c *checker) number(x ir.Expr) *dissect.Field {
	f := fieldOf(x)
	if f == nil {
		return nil
	}
	proto := parent(f.Name)
	for _, name := range []string{f.Name + ".number", strings.TrimSuffix(f.Name, ".name"), strings.TrimSuffix(f.Name, "_name"), proto + ".rrtype"} {
		if n := c.scope.Schema.Field(name); n != nil && class(n.Type) == classInt && (n.Name != proto+".rrtype" || strings.HasSuffix(f.Name, "type")) {
			return n
		}
	}
	return nil
}

// usual gives the form in which a field has a value that is written otherwise, "" for none: TLS 1.2 for TLSv1.2, TXT for txt.
func (c *checker) usual(x ir.Expr, text string) string {
	f := fieldOf(x)
	if f == nil || len(f.Usual) == 0 || slices.Contains(f.Usual, text) {
		return ""
	}
	bare := bareForm(text)
	for _, u := range f.Usual {
		b := bareForm(u)
		if b == bare || len(bare) > 1 && strings.Trim(bare, "0123456789") == "" && strings.HasSuffix(b, bare) {
			return u
		}
	}
	return ""
}

// bareForm has the letters and digits of a text, in small letters, without the v of a version.
func bareForm(s string) string {
	var b strings.Builder
	s = strings.ToLower(s)
	for i := range len(s) {
		switch c := s[i]; {
		case c == 'v' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9':
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteByte(c)
		}
	}
	return b.String()
}
