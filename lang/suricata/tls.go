package suricata

import (
	"slices"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// tlsVersions are the versions as tls.version names them, sslVersions as ssl_version does, with the names that fields have.
var (
	tlsVersions = map[string]string{"1.0": "TLSv1", "1.1": "TLS 1.1", "1.2": "TLS 1.2", "1.3": tls13}
	sslVersions = map[string]string{"sslv2": "SSLv2", "sslv3": "SSLv3", "tls1.0": "TLSv1", "tls1.1": "TLS 1.1", "tls1.2": "TLS 1.2", "tls1.3": tls13}
)

const tls13 = "TLS 1.3"

// tls13Drafts are the numbers of drafts of TLS 1.3, which keywords take for it.
var tls13Drafts = ir.Range{Lo: 0x7f00, Hi: 0x7fff}

// tlsVersion reads tls.version: one version, or its number as the wire has it (0x7f12).
func tlsVersion(b *builder, v string) *problem {
	v = unquote(strings.TrimSpace(v))
	if hex, ok := strings.CutPrefix(v, "0x"); ok {
		n, err := strconv.ParseUint(hex, 16, 16)
		if err != nil || len(hex) != 4 {
			return fail("%q is no number of a version: four digits in hex are wanted (0x0303)", v)
		}
		return b.onVersion(".number", func(x *ir.Field, _ ir.Expr) ir.Expr {
			return &ir.Cmp{Op: ir.Eq, X: x, Y: ir.Int(int64(n)), Pos: b.pos()}
		})
	}
	name := tlsVersions[v]
	if name == "" {
		return fail("unknown version %q: there are 1.0, 1.1, 1.2, 1.3, and numbers (0x0303)", v)
	}
	return b.ofVersions([]string{name}, false)
}

// sslVersion reads ssl_version: versions with commas or blanks between them; a ! in front of the first turns the whole list around.
func sslVersion(b *builder, v string) *problem {
	v, neg := strings.CutPrefix(strings.TrimSpace(v), "!")
	var names []string
	for _, word := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		name := sslVersions[strings.ToLower(word)]
		switch {
		case name == "" && strings.HasPrefix(word, "!"):
			return fail("a ! stands before the first version, and is about all of them")
		case name == "":
			return fail("unknown version %q: there are sslv2, sslv3, tls1.0, tls1.1, tls1.2, tls1.3", word)
		case slices.Contains(names, name):
			return fail("%s stands there twice", word)
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return fail("a version is missing")
	}
	return b.ofVersions(names, neg)
}

// ofVersions asks for one of some versions by their names.
func (b *builder) ofVersions(names []string, neg bool) *problem {
	set := ir.NewStrSet(false, names...)
	drafts := slices.Contains(names, tls13)
	return b.onVersion("", func(x *ir.Field, number ir.Expr) ir.Expr {
		var t ir.Expr = &ir.In{X: x, Set: set}
		if drafts {
			t = &ir.Or{X: []ir.Expr{t, &ir.In{X: number, Set: ir.NewIntSet(tls13Drafts)}}}
		}
		return orNot(t, x, neg)
	})
}

// onVersion adds a condition on the version of the side that the message is of: on its name, or with ".number" behind it on its number.
// The condition gets the field, and the one of the number.
func (b *builder) onVersion(form string, test func(x *ir.Field, number ir.Expr) ir.Expr) *problem {
	var fields, numbers [2]*dissect.Field
	for i, name := range [...]string{"tls.client.version", "tls.version"} {
		fields[i], numbers[i] = b.l.schema.Field(name+form), b.l.schema.Field(name+".number")
		if fields[i] == nil || numbers[i] == nil {
			return fail("protocol tls is not supported yet")
		}
	}
	b.notIPOnly = true
	b.conds = append(b.conds, cond{byDir: func(d dirs) (ir.Expr, *dissect.Field) {
		i := 1
		if d == toServer {
			i = 0
		}
		return test(&ir.Field{F: fields[i]}, &ir.Field{F: numbers[i]}), fields[i]
	}})
	return nil
}

// sslStates are the steps of a handshake. Nothing is ever of the last one.
var sslStates = []string{"client_hello", "server_hello", "client_keyx", "server_keyx", "unknown"}

// sslState asks for the step of the handshake that a message is: for one of several with | or , between them. With a ! it is any but that.
func sslState(b *builder, v string) *problem {
	f := b.l.schema.Field("tls.step")
	if f == nil {
		return fail("protocol tls is not supported yet")
	}
	var yes, no []string
	for word := range strings.SplitSeq(strings.ReplaceAll(v, ",", "|"), "|") {
		name, neg := strings.CutPrefix(strings.TrimSpace(word), "!")
		if !slices.Contains(sslStates, name) {
			return fail("unknown state %q%s; there are %s, with | between them", name, didYouMean(name, sslStates), strings.Join(sslStates, ", "))
		}
		if neg {
			no = append(no, name)
		} else {
			yes = append(yes, name)
		}
	}
	x := &ir.Field{F: f}
	var xs []ir.Expr
	if len(yes) > 0 {
		xs = append(xs, &ir.In{X: x, Set: ir.NewStrSet(false, yes...)})
	}
	if len(no) > 0 {
		xs = append(xs, orNot(&ir.In{X: x, Set: ir.NewStrSet(false, no...)}, x, true))
	}
	b.notIPOnly = true
	b.conds = append(b.conds, cond{x: orOf(xs), field: f})
	return nil
}

// serverCert makes the handler of a keyword that is about the server's certificate only.
func serverCert(h handler) handler {
	return func(b *builder, v string) *problem {
		before := len(b.conds)
		err := h(b, v)
		for i := before; i < len(b.conds); i++ {
			b.conds[i].dirs = toClient
		}
		return err
	}
}

// numberOf makes the handler of a number in a field.
func numberOf(field string) handler {
	return func(b *builder, v string) *problem {
		if v == "" {
			return fail("a value is missing")
		}
		return b.generic(field, v, true)
	}
}

// legacyText makes the handler of keywords that look for a text in a field; bare says that it need not stand in quotes.
func legacyText(field string, bare bool) handler {
	return func(b *builder, v string) *problem {
		f := b.l.schema.Field(field)
		if f == nil {
			return b.unknown(field)
		}
		v, neg := strings.CutPrefix(v, "!")
		v = strings.TrimSpace(v)
		if err := quoted(v); err != nil && !(bare && !strings.Contains(v, `"`)) {
			return err
		}
		text := unquote(v)
		if text == "" {
			return fail("the text is empty")
		}
		b.notIPOnly = true
		return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) {
			return orNot(&ir.StrTest{Op: ir.Contains, X: x, Y: ir.Str(text), Pos: b.pos()}, x, neg), nil
		})
	}
}

// tlsStore asks for the certificates to be stored. As in Suricata it makes the rule one on TLS.
func tlsStore(b *builder, v string) *problem {
	spec := b.l.schema.Spec("tls")
	switch {
	case spec == nil:
		return fail("protocol tls is not supported yet")
	case b.spec == nil && (b.proto.ip || b.proto.tcp) && !b.proto.pktOnly && !b.proto.header:
		b.spec, b.appName = spec, spec.Name
		b.proto = protocol{app: true, tcp: true}
	case b.spec != spec:
		return fail("it is of protocol tls, and the rule is about %s", b.h.proto)
	}
	b.notIPOnly = true
	b.r.Effects = append(b.r.Effects, &ir.StoreCerts{})
	return nil
}

// certExpired asks whether a certificate's validity was over when it was seen, to the second; certValid for the opposite: that it has not
// begun yet does not matter to Suricata.
func certExpired(b *builder, v string) *problem { return b.certEnd(false) }
func certValid(b *builder, v string) *problem   { return b.certEnd(true) }

func (b *builder) certEnd(valid bool) *problem {
	f := b.l.schema.Field("tls.cert_expired")
	if f == nil {
		return b.unknown("tls.cert_expired")
	}
	return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) { return orNot(x, x, valid), nil })
}
