package suricata

import (
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// ikeAttributes are the attributes of a security association that ike.chosen_sa_attribute knows.
var ikeAttributes = []string{"alg_enc", "alg_hash", "alg_auth", "alg_dh", "alg_prf", "sa_group_type", "sa_life_type", "sa_life_duration", "sa_key_length", "sa_field_size"}

// ikeChosenAttribute asks for an attribute of the security association that the server chose: alg_hash=2.
func ikeChosenAttribute(b *builder, v string) *problem {
	name, number, ok := strings.Cut(unquote(v), "=")
	name = strings.TrimSpace(name)
	f := b.l.schema.Field("ike.sa." + name)
	known := false
	for _, a := range ikeAttributes {
		known = known || a == name
	}
	n, isNumber := u32(strings.TrimSpace(number))
	switch {
	case !known:
		return fail("there is no attribute %q, there are %s%s", name, strings.Join(ikeAttributes, ", "), didYouMean(name, ikeAttributes))
	case !ok || !isNumber:
		return fail("wants an attribute and its number: alg_hash=2")
	case f == nil:
		return b.unknown("ike.chosen_sa_attribute")
	}
	b.notIPOnly = true
	x := &ir.Field{F: f, Pos: b.pos()}
	b.conds = append(b.conds, cond{x: &ir.Cmp{Op: ir.Eq, X: x, Y: ir.Int(int64(n)), Pos: b.pos()}, field: f, dirs: toClient})
	return nil
}
