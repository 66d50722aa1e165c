package suricata

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// transform makes the handler of a transformation of the sticky buffer.
func transform(op ir.TOp) handler {
	return func(b *builder, v string) *problem {
		step := ir.TStep{Op: op}
		if v != "" {
			if op != ir.TGunzip && op != ir.TZlibDeflate {
				return fail("takes no options")
			}
			n, ok := strings.CutPrefix(v, "max-size ")
			size, ok2 := quantity(n)
			if !ok || !ok2 || size <= 0 || size > 1<<30 {
				return fail("unknown option %q", v)
			}
			step.N = int(size)
		}
		return b.step(step)
	}
}

// maxSteps caps the transformations of a buffer.
const maxSteps = 16

// step adds a transformation: what comes after it, up to the next buffer, is about its result.
func (b *builder) step(s ir.TStep) *problem {
	if b.sticky == nil {
		return fail("there is no sticky buffer before it")
	}
	if b.in64 {
		return fail("base64_data cannot be transformed")
	}
	if len(b.steps) == maxSteps {
		return fail("too many transformations")
	}
	b.steps = append(b.steps[:len(b.steps):len(b.steps)], s)
	b.cur, b.last = nil, nil
	return nil
}

func xorTransform(b *builder, v string) *problem {
	key, err := hex.DecodeString(unquote(v))
	if err != nil || len(key) == 0 || len(key) > 255 {
		return fail("the key must be bytes in hex")
	}
	return b.step(ir.TStep{Op: ir.TXor, Arg: key})
}

func pcreTransform(b *builder, v string) *problem {
	c := b.l.regex("/" + strings.ReplaceAll(unquotePlain(v), "/", `\/`) + "/")
	if c.err != nil {
		return fail("%v", c.err)
	}
	if c.re.Groups() < 1 {
		return fail("the expression needs a group ( )")
	}
	return b.step(ir.TStep{Op: ir.TPcreXform, Re: c.re})
}

// unquotePlain takes only the quotes off.
func unquotePlain(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

func base64Transform(b *builder, v string) *problem {
	s := ir.TStep{Op: ir.TFromBase64}
	for _, o := range list(v) {
		f := strings.Fields(o)
		if len(f) == 0 {
			continue
		}
		if len(f) != 2 {
			return fail("unknown option %q", o)
		}
		n, err := strconv.ParseUint(f[1], 10, 16)
		switch {
		case f[0] == "bytes" && err == nil:
			s.N = int(n)
		case f[0] == "offset" && err == nil:
			s.Offset = int(n)
		case f[0] == "mode" && f[1] == "rfc4648":
		case f[0] == "mode" && f[1] == "rfc2045":
			s.Mode = ir.Base64RFC2045
		case f[0] == "mode" && f[1] == "strict":
			s.Mode = ir.Base64Strict
		default:
			return fail("unknown option %q", o)
		}
	}
	return b.step(s)
}
