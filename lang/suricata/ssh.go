package suricata

import (
	"regexp"
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// sshVersions are what ssh.protoversion can name.
var sshVersions = regexp.MustCompile(`^[0-9]+([.-][0-9.-]*)?$`)

// sshVersion reads ssh.protoversion: a version of the protocol, or 2_compat for 2 in any form and 1.99, which stands for 1 and 2.
func sshVersion(b *builder, v string) *problem {
	f := b.l.schema.Field("ssh.proto")
	if f == nil {
		return fail("protocol ssh is not supported yet")
	}
	v = strings.TrimSpace(unquote(strings.TrimSpace(v)))
	compat := v == "2_compat"
	if !compat && !sshVersions.MatchString(v) {
		return fail("%q is no version: 2.0, 1.99 or 2_compat are wanted", short(v))
	}
	b.notIPOnly = true
	return b.onField(f, func(x ir.Expr) (ir.Expr, *problem) {
		if compat {
			return &ir.Or{X: []ir.Expr{&ir.StrTest{Op: ir.HasPrefix, X: x, Y: ir.Str("2"), Pos: b.pos()}, &ir.Cmp{Op: ir.Eq, X: x, Y: ir.Str("1.99"), Pos: b.pos()}}}, nil
		}
		return &ir.Cmp{Op: ir.Eq, X: x, Y: ir.Str(v), Pos: b.pos()}, nil
	})
}
