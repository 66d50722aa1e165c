package suricata

import (
	"math/bits"
	"strconv"
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// conv reads the options that the byte keywords have in common; ok false: it is another.
func conv(c *ir.Conv, relative *bool, opt string) (ok bool, err *problem) {
	word, arg, _ := strings.Cut(opt, " ")
	switch arg = strings.TrimSpace(arg); word {
	case "relative":
		*relative = true
	case "big":
		c.Little = false
	case "little":
		c.Little = true
	case "endian":
		if arg != "big" && arg != "little" {
			return true, fail("endian is big or little")
		}
		c.Little = arg == "little"
	case "string":
		c.String = true
		if arg != "" {
			return conv(c, relative, arg)
		}
	case "hex":
		c.Base = 16
	case "dec":
		c.Base = 10
	case "oct":
		c.Base = 8
	case "dce":
		c.DCE = true
	case "bitmask":
		m, e := strconv.ParseUint(arg, 0, 32)
		if e != nil || m == 0 {
			m, e = strconv.ParseUint(strings.TrimPrefix(arg, "0x"), 16, 32)
		}
		if e != nil || m == 0 {
			return true, fail("the bitmask %s is no number", arg)
		}
		c.Bitmask = uint32(m)
	default:
		return false, nil
	}
	return true, nil
}

// width reads and checks how many bytes make the number.
func (b *builder) width(c *ir.Conv, s string) (err *problem) {
	if c.Bytes, err = b.num(s); err != nil {
		return err
	}
	return nil
}

func checkWidth(c *ir.Conv) *problem {
	n := c.Bytes
	switch {
	case n.Var != "":
	case c.String && (n.N < 0 || n.N > 23):
		return fail("%d digits: at most 23 can be read", n.N)
	case !c.String && (n.N < 1 || n.N > 8):
		return fail("%d bytes: 1 to 8 can be read", n.N)
	case !c.String && n.N == 1:
		c.Little = false // one byte has no order
	}
	return nil
}

var testOps = map[string]ir.TestOp{
	"<": ir.TestLt, ">": ir.TestGt, "=": ir.TestEq, "==": ir.TestEq, "<=": ir.TestLe, ">=": ir.TestGe,
	"&": ir.TestAnd, "^": ir.TestXor,
}

func byteTest(b *builder, v string) *problem {
	p := list(v)
	if len(p) < 4 {
		return fail("wants bytes, operator, value, offset")
	}
	it := &ir.ByteTest{Pos: b.pos()}
	if err := b.width(&it.Conv, p[0]); err != nil {
		return err
	}
	op := p[1]
	if rest, neg := strings.CutPrefix(op, "!"); neg {
		it.Neg, op = true, strings.TrimSpace(rest)
		if op == "" {
			op = "="
		}
	}
	var ok bool
	if it.Op, ok = testOps[op]; !ok {
		return fail("unknown operator %q", p[1])
	}
	var err *problem
	if it.Value, err = b.num(p[2]); err != nil {
		return err
	}
	if it.Offset, err = b.num(p[3]); err != nil {
		return err
	}
	for _, o := range p[4:] {
		if ok, err := conv(&it.Conv, &it.Relative, o); err != nil || !ok {
			return orUnknown(err, o)
		}
	}
	if err := checkWidth(&it.Conv); err != nil {
		return err
	}
	if it.DCE {
		if err := needDCE(b); err != nil {
			return err
		}
	}
	b.addAfter(it, it.Relative)
	return nil
}

// needDCE notes that an option takes the byte order from the header of a call: the rule is about DCERPC.
func needDCE(b *builder) *problem {
	if b.l.schema.Spec("dcerpc") == nil {
		return fail("the option dce needs DCERPC, which the engine does not have")
	}
	b.rpc = true
	return nil
}

func orUnknown(err *problem, opt string) *problem {
	if err != nil {
		return err
	}
	return fail("unknown option %q", opt)
}

func byteJump(b *builder, v string) *problem {
	p := list(v)
	if len(p) < 2 {
		return fail("wants bytes, offset")
	}
	it := &ir.ByteJump{Pos: b.pos()}
	if err := b.width(&it.Conv, p[0]); err != nil {
		return err
	}
	var err *problem
	if it.Offset, err = b.num(p[1]); err != nil {
		return err
	}
	for _, o := range p[2:] {
		word, arg, _ := strings.Cut(o, " ")
		switch word {
		case "align":
			it.Align = true
		case "from_beginning":
			it.FromBeginning = true
		case "from_end":
			it.FromEnd = true
			if it.FromBeginning {
				return fail("from_beginning and from_end exclude each other")
			}
		case "multiplier":
			n, err := b.num(arg)
			if err != nil || n.Var != "" || n.N < 1 || n.N > 65535 {
				return fail("the multiplier must be 1 to 65535")
			}
			it.Multiplier = n.N
		case "post_offset":
			if it.Post, err = b.num(arg); err != nil {
				return err
			}
		default:
			if ok, err := conv(&it.Conv, &it.Relative, o); err != nil || !ok {
				return orUnknown(err, o)
			}
		}
	}
	if it.Bytes.Var == "" && it.Bytes.N == 0 && !it.String {
		// No bytes: a jump by post_offset alone.
		b.addAfter(it, it.Relative)
		return nil
	}
	if err := checkWidth(&it.Conv); err != nil {
		return err
	}
	if it.DCE {
		if err := needDCE(b); err != nil {
			return err
		}
	}
	b.addAfter(it, it.Relative)
	return nil
}

func byteExtract(b *builder, v string) *problem {
	p := list(v)
	if len(p) < 3 {
		return fail("wants bytes, offset, name")
	}
	it := &ir.ByteExtract{Name: p[2], Pos: b.pos()}
	if err := b.width(&it.Conv, p[0]); err != nil {
		return err
	}
	var err *problem
	if it.Offset, err = b.num(p[1]); err != nil {
		return err
	}
	for _, o := range p[3:] {
		word, arg, _ := strings.Cut(o, " ")
		n, e := strconv.ParseInt(strings.TrimSpace(arg), 10, 32)
		switch {
		case word == "align" && e == nil && (n == 2 || n == 4):
			it.Align = int(n)
		case word == "multiplier" && e == nil && n >= 1 && n <= 65535:
			it.Multiplier = n
		default:
			if ok, err := conv(&it.Conv, &it.Relative, o); err != nil || !ok {
				return orUnknown(err, o)
			}
		}
	}
	if err := checkWidth(&it.Conv); err != nil {
		return err
	}
	if it.DCE {
		if err := needDCE(b); err != nil {
			return err
		}
	}
	return b.declare(it.Name, it, it.Relative)
}

// declare adds an item that sets a variable.
func (b *builder) declare(name string, it ir.Item, relative bool) *problem {
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return fail("%q is no name for a variable", name)
	}
	if b.vars == nil {
		b.vars = map[string]bool{}
	}
	b.vars[name] = true
	b.addAfter(it, relative)
	return nil
}

func byteMath(b *builder, v string) *problem {
	it := &ir.ByteMath{Pos: b.pos()}
	need := map[string]bool{"bytes": true, "offset": true, "oper": true, "rvalue": true, "result": true}
	for _, o := range list(v) {
		word, arg, _ := strings.Cut(o, " ")
		arg = strings.TrimSpace(arg)
		delete(need, word)
		var err *problem
		switch word {
		case "bytes":
			err = b.width(&it.Conv, arg)
		case "offset":
			it.Offset, err = b.num(arg)
		case "oper":
			switch arg {
			case "+", "-", "*", "/":
				it.Op = arg[0]
			case "<<", ">>":
				it.Op = arg[0]
			default:
				err = fail("unknown operator %q", arg)
			}
		case "rvalue":
			it.R, err = b.num(arg)
		case "result":
			it.Name = arg
		default:
			var ok bool
			if ok, err = conv(&it.Conv, &it.Relative, o); !ok && err == nil {
				err = fail("unknown option %q", o)
			}
		}
		if err != nil {
			return err
		}
	}
	for name := range need {
		return fail("%s is missing", name)
	}
	if err := checkWidth(&it.Conv); err != nil {
		return err
	}
	if it.DCE {
		if err := needDCE(b); err != nil {
			return err
		}
	}
	if it.Bitmask != 0 && bits.Len32(it.Bitmask) == 0 {
		return fail("the bitmask is empty")
	}
	return b.declare(it.Name, it, it.Relative)
}

// base64Decode decodes a part of the buffer at hand; base64_data sends what follows there.
func base64Decode(b *builder, v string) *problem {
	it := &ir.Base64{Pos: b.pos()}
	for _, o := range list(v) {
		word, arg, _ := strings.Cut(o, " ")
		n, e := strconv.ParseUint(strings.TrimSpace(arg), 10, 31)
		switch {
		case word == "":
		case word == "bytes" && e == nil && n > 0:
			it.Bytes = int(n)
		case word == "offset" && e == nil:
			it.Offset = int(n)
		case word == "relative":
			it.Relative = true
		default:
			return fail("unknown option %q", o)
		}
	}
	b.in64 = false
	b.addAfter(it, it.Relative)
	b.base64 = it
	return nil
}

func base64Data(b *builder, v string) *problem {
	if b.base64 == nil {
		return fail("there is no base64_decode before it")
	}
	b.in64, b.last = true, nil
	return nil
}
