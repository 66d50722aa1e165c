package suricata

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// Rules on DCERPC are about calls over TCP and UDP, and about those over named pipes of SMB, whose fields have names of their own: such a
// rule is translated twice, the second time with b.pipes. A rule on protocol smb means the latter only.

// rpcSuffix is what the ID of a rule's second translation ends with.
const rpcSuffix = ".smb"

// rpcField finds a field of calls by its name below dcerpc.
func (b *builder) rpcField(name string) (*dissect.Field, *problem) {
	b.rpc = true
	prefix := "dcerpc."
	if b.pipes || b.spec != nil && b.spec.Name == "smb" {
		prefix = "smb.dcerpc."
	}
	f := b.l.schema.Field(prefix + name)
	if f == nil {
		return nil, fail("the engine has no field %s%s", prefix, name)
	}
	return f, nil
}

// alsoPipes tells whether a rule has to be translated a second time.
func (b *builder) alsoPipes() bool {
	switch {
	case b.pipes || b.l.schema.Spec("smb") == nil || b.l.schema.Field("smb.dcerpc.opnum") == nil:
		return false
	case b.spec != nil:
		return b.spec.Name == "dcerpc"
	}
	return b.rpc && b.proto.tcp
}

// either makes a condition that Suricata asks for in both directions: to the server at the request, to the client when it was answered.
func (b *builder) either(f, answered *dissect.Field, x ir.Expr) {
	b.notIPOnly = true
	b.conds = append(b.conds, cond{byDir: func(d dirs) (ir.Expr, *dissect.Field) {
		if d == toClient {
			return &ir.And{X: []ir.Expr{x, &ir.Exists{X: &ir.Field{F: answered}}}}, answered
		}
		return x, f
	}})
}

// uuidForm is a UUID in text.
var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// dceIface is an interface, with a comparison of its version after a comma. any_frag changes nothing: calls are judged whole.
func dceIface(b *builder, v string) *problem {
	p := list(v)
	if len(p) == 0 || !uuidForm.MatchString(p[0]) {
		return fail("wants a UUID: 367abb81-9844-35f1-ad32-98f038001003")
	}
	f, err := b.rpcField("iface")
	if err != nil {
		return err
	}
	terms := []ir.Expr{&ir.Cmp{Op: ir.Eq, X: &ir.Field{F: f, Pos: b.pos()}, Y: ir.Str(strings.ToLower(p[0])), Pos: b.pos()}}
	for i, o := range p[1:] {
		if o == "any_frag" {
			continue
		}
		version, err := b.rpcField("iface.version")
		if err != nil {
			return err
		}
		c, err := parseCmp(o)
		if err != nil || i > 0 {
			return fail("after the UUID comes a version to compare with, or any_frag, not %q", o)
		}
		if err = c.fits("dcerpc.iface.version"); err != nil {
			return err
		}
		terms = append(terms, c.on(&ir.Field{F: version, Pos: b.pos()}))
	}
	answered, err := b.rpcField("response.type")
	if err != nil {
		return err
	}
	b.either(f, answered, andOf(terms))
	return nil
}

// dceOpnum is a list of numbers and ranges, or a comparison.
func dceOpnum(b *builder, v string) *problem {
	f, err := b.rpcField("opnum")
	if err != nil {
		return err
	}
	answered, err := b.rpcField("response.type")
	if err != nil {
		return err
	}
	x := &ir.Field{F: f, Pos: b.pos()}
	if ranges, ok := opnums(v); ok {
		b.either(f, answered, &ir.In{X: x, Set: ir.NewIntSet(ranges...)})
		return nil
	}
	c, err := parseCmp(v)
	if err != nil {
		return fail("wants numbers of procedures: 12 or 0-11,24")
	}
	b.either(f, answered, c.on(x))
	return nil
}

// opnums reads a list as 12, or 0-11,24.
func opnums(v string) (ranges []ir.Range, ok bool) {
	for _, p := range list(v) {
		from, to, more := strings.Cut(p, "-")
		lo, err := strconv.ParseUint(strings.TrimSpace(from), 10, 32)
		if err != nil {
			return nil, false
		}
		hi := lo
		if more {
			if hi, err = strconv.ParseUint(strings.TrimSpace(to), 10, 32); err != nil || hi < lo {
				return nil, false
			}
		}
		ranges = append(ranges, ir.Range{Lo: int64(lo), Hi: int64(hi)})
	}
	return ranges, len(ranges) > 0
}

// dceStub sends contents to the arguments of calls, and to their results.
func dceStub(b *builder, v string) *problem {
	f, err := b.rpcField("stub_data")
	if err != nil {
		return err
	}
	answer, err := b.rpcField("response.stub_data")
	if err != nil {
		return err
	}
	name := "dcerpc.stub_data"
	for _, c := range b.chains {
		if c.buf.name == name && c.buf.ts == f.Name {
			b.setSticky(c.buf)
			return b.pickSide(v)
		}
	}
	b.setSticky(&buffer{name: name, ts: f.Name, tc: answer.Name})
	return b.pickSide(v)
}

// smbVersion is 1 or 2; SMB 3 counts as 2.
func smbVersion(b *builder, v string) *problem {
	v = strings.TrimSpace(v)
	if v != "1" && v != "2" {
		return fail("wants 1 or 2 (which stands for 3 too)")
	}
	f, done := b.l.schema.Field("smb.version"), b.l.schema.Field("smb.answered")
	if f == nil || done == nil {
		return fail("protocol smb is not supported yet")
	}
	if b.smbVersion {
		return fail("there is one already")
	}
	b.smbVersion = true
	c, err := parseCmp(v)
	if err != nil {
		return err
	}
	b.either(f, done, c.on(&ir.Field{F: f, Pos: b.pos()}))
	return nil
}
