package suricata

import (
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

var tlsNames = map[string]string{
	"sslv2": "SSLv2", "sslv3": "SSLv3", "tls1.0": "TLSv1", "tls1.1": "TLS 1.1", "tls1.2": "TLS 1.2", "tls1.3": "TLS 1.3",
	"1.0": "TLSv1", "1.1": "TLS 1.1", "1.2": "TLS 1.2", "1.3": "TLS 1.3",
}

// tlsVersion reads ssl_version:!tls1.2,tls1.3 and tls.version:1.2: the version of the side that the message is of.
func tlsVersion(b *builder, v string) *problem {
	client, server := b.l.schema.Field("tls.client.version"), b.l.schema.Field("tls.version")
	if client == nil || server == nil {
		return fail("protocol tls is not supported yet")
	}
	// A ! in front of the first turns the whole list around.
	v, neg := strings.CutPrefix(strings.ToLower(unquote(v)), "!")
	var names []string
	for _, name := range list(v) {
		known := tlsNames[name]
		if known == "" {
			return fail("unknown version %q", name)
		}
		names = append(names, known)
	}
	set := ir.NewStrSet(false, names...)
	b.notIPOnly = true
	b.conds = append(b.conds, cond{byDir: func(d dirs) (ir.Expr, *dissect.Field) {
		f := server
		if d == toServer {
			f = client
		}
		x := &ir.Field{F: f}
		return orNot(&ir.In{X: x, Set: set}, x, neg), f
	}})
	return nil
}

// sslState asks whether one of the steps of the handshake was seen.
func sslState(b *builder, v string) *problem {
	f := b.l.schema.Field("tls.state")
	if f == nil {
		return fail("protocol tls is not supported yet")
	}
	var yes, no []string
	for _, name := range strings.FieldsFunc(v, func(r rune) bool { return r == '|' || r == ',' || r == ' ' }) {
		name, neg := strings.CutPrefix(name, "!")
		switch name {
		case "client_hello", "server_hello", "client_keyx", "server_keyx":
		default:
			return fail("unknown state %q", name)
		}
		if neg {
			no = append(no, name)
		} else {
			yes = append(yes, name)
		}
	}
	seen := func(names []string) ir.Expr {
		return &ir.Quant{F: f, Body: &ir.In{X: &ir.Elem{F: f}, Set: ir.NewStrSet(false, names...)}, Pos: b.pos()}
	}
	var xs []ir.Expr
	if len(yes) > 0 {
		xs = append(xs, seen(yes))
	}
	if len(no) > 0 {
		xs = append(xs, &ir.Not{X: seen(no)})
	}
	if len(xs) == 0 {
		return fail("a state is missing")
	}
	b.notIPOnly = true
	b.conds = append(b.conds, cond{x: orOf(xs), field: f})
	return nil
}

// legacyText makes the handler of keywords that look for a text in a field.
func legacyText(field string) handler {
	return func(b *builder, v string) *problem {
		f := b.l.schema.Field(field)
		if f == nil {
			return b.unknown(field)
		}
		v, neg := strings.CutPrefix(v, "!")
		text := unquote(strings.TrimSpace(v))
		b.notIPOnly = true
		return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) {
			return orNot(&ir.StrTest{Op: ir.Contains, X: x, Y: ir.Str(text), Pos: b.pos()}, x, neg), nil
		})
	}
}

func sshVersion(b *builder, v string) *problem {
	f := b.l.schema.Field("ssh.proto")
	if f == nil {
		return fail("protocol ssh is not supported yet")
	}
	b.notIPOnly = true
	v = unquote(v)
	return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) {
		if v == "2_compat" {
			return &ir.In{X: x, Set: ir.NewStrSet(false, "2", "2.0", "1.99")}, nil
		}
		return &ir.Cmp{Op: ir.Eq, X: x, Y: ir.Str(v)}, nil
	})
}

func certFlag(field string) handler {
	return func(b *builder, v string) *problem {
		f := b.l.schema.Field(field)
		if f == nil {
			return b.unknown(field)
		}
		return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) { return x, nil })
	}
}
