package lua

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// openStrings replaces the library string: the same functions, with bounded results and
// bounded pattern matching.
func openStrings(v *vm) {
	L := v.L
	glua.OpenString(L)
	L.SetTop(0)
	m := L.G.Global.RawGetString("string").(*glua.LTable)
	for name, fn := range map[string]glua.LGFunction{
		"find": strFind, "match": strMatch, "gmatch": strGmatch, "gsub": strGsub, "rep": strRep, "format": strFormat,
		"lower": strMap(lower), "upper": strMap(upper), "reverse": strMap(reverse),
		"byte": strByte, "split": strSplit,
	} {
		m.RawSetString(name, L.NewFunction(fn))
	}
	m.RawSetString("dump", glua.LNil)
	m.RawSetString("gfind", glua.LNil)
	m.RawSetString("__metatable", glua.LString("protected"))
}

func strMap(f func(string) string) glua.LGFunction {
	return func(L *glua.LState) int {
		s := L.CheckString(1)
		vmOf(L).meter.charge(len(s) >> 4)
		L.Push(glua.LString(f(s)))
		return 1
	}
}

// lower and upper change ASCII letters only: names and payloads are bytes, not text.
func lower(s string) string { return mapCase(s, 'A', 'Z') }
func upper(s string) string { return mapCase(s, 'a', 'z') }

func mapCase(s string, from, to byte) string {
	for i := range len(s) {
		if s[i] < from || s[i] > to {
			continue
		}
		b := []byte(s)
		for ; i < len(b); i++ {
			if b[i] >= from && b[i] <= to {
				b[i] ^= 0x20
			}
		}
		return string(b)
	}
	return s
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// start converts Lua's position, counted from 1 or from the end, to an offset.
func start(i, n int) int {
	if i < 0 {
		i = max(n+i+1, 1)
	}
	return max(i, 1) - 1
}

func strByte(L *glua.LState) int {
	s := L.CheckString(1)
	i := L.OptInt(2, 1)
	from := start(i, len(s))
	to := L.OptInt(3, from+1)
	if to < 0 {
		to = len(s) + to + 1
	}
	to = min(to, len(s))
	if to-from > maxUnpack {
		L.RaiseError("string slice too long")
	}
	for k := from; k < to; k++ {
		L.Push(smallNumbers[s[k]])
	}
	return max(to-from, 0)
}

// strSplit is string.split(s, separator [, most]), which Lua lacks.
func strSplit(L *glua.LState) int {
	s, sep, n := L.CheckString(1), L.CheckString(2), L.OptInt(3, -1)
	if sep == "" {
		L.ArgError(2, "an empty separator")
	}
	vmOf(L).meter.charge(len(s) >> 2)
	t := L.NewTable()
	for i, part := range strings.SplitN(s, sep, n) {
		t.RawSetInt(i+1, glua.LString(part))
	}
	L.Push(t)
	return 1
}

func strRep(L *glua.LState) int {
	s, n := L.CheckString(1), L.CheckNumber(2)
	v := vmOf(L)
	if n < 1 || s == "" {
		L.Push(glua.LString(""))
		return 1
	}
	if float64(n)*float64(len(s)) > float64(v.limits.StringBytes) {
		v.tooLong(L)
	}
	v.meter.charge(len(s) * int(n) >> 6)
	L.Push(glua.LString(strings.Repeat(s, int(n))))
	return 1
}

// search runs a pattern and charges for what it did.
func (v *vm) search(L *glua.LState, m *matcher, s, pat string, from int) (int, int) {
	steps := v.limits.PatternSteps
	at, end, err := m.find(s, pat, from, steps)
	v.meter.charge((steps - max(m.steps, 0)) / 4)
	if err != "" {
		L.RaiseError("%s: %q", err, pat)
	}
	return at, end
}

// push pushes capture i, or the whole match where there are none.
func (m *matcher) push(L *glua.LState, i, s, e int) {
	L.Push(m.get(L, i, s, e))
}

func (m *matcher) get(L *glua.LState, i, s, e int) glua.LValue {
	if i >= m.level {
		if i != 0 {
			L.RaiseError("invalid capture index")
		}
		return glua.LString(m.src[s:e])
	}
	c := m.capture[i]
	switch c.size {
	case capPosition:
		return glua.LNumber(c.start + 1)
	case capOpen:
		L.RaiseError("unfinished capture")
	}
	return glua.LString(m.src[c.start : c.start+c.size])
}

func (m *matcher) pushAll(L *glua.LState, s, e int) int {
	n := max(m.level, 1)
	for i := range n {
		m.push(L, i, s, e)
	}
	return n
}

func strFind(L *glua.LState) int { return strSearch(L, true) }

func strMatch(L *glua.LState) int { return strSearch(L, false) }

func strSearch(L *glua.LState, find bool) int {
	v := vmOf(L)
	s, pat := L.CheckString(1), L.CheckString(2)
	from := start(L.OptInt(3, 1), len(s))
	if from > len(s) {
		L.Push(glua.LNil)
		return 1
	}
	if find && (L.ToBool(4) || !special(pat)) {
		v.meter.charge(len(s) >> 6)
		i := strings.Index(s[from:], pat)
		if i < 0 {
			L.Push(glua.LNil)
			return 1
		}
		L.Push(glua.LNumber(from + i + 1))
		L.Push(glua.LNumber(from + i + len(pat)))
		return 2
	}
	var m matcher
	at, end := v.search(L, &m, s, pat, from)
	if at < 0 {
		L.Push(glua.LNil)
		return 1
	}
	if !find {
		return m.pushAll(L, at, end)
	}
	L.Push(glua.LNumber(at + 1))
	L.Push(glua.LNumber(end))
	if m.level == 0 {
		return 2
	}
	return 2 + m.pushAll(L, at, end)
}

func strGmatch(L *glua.LState) int {
	s, pat := L.CheckString(1), L.CheckString(2)
	from := 0
	L.Push(L.NewFunction(func(L *glua.LState) int {
		if from > len(s) {
			L.Push(glua.LNil)
			return 1
		}
		var m matcher
		at, end := vmOf(L).search(L, &m, s, pat, from)
		if at < 0 {
			from = len(s) + 1
			L.Push(glua.LNil)
			return 1
		}
		if from = end; end == at {
			from++
		}
		return m.pushAll(L, at, end)
	}))
	return 1
}

func strGsub(L *glua.LState) int {
	v := vmOf(L)
	s, pat, repl := L.CheckString(1), L.CheckString(2), L.CheckAny(3)
	most := L.OptInt(4, len(s)+1)
	switch repl.(type) {
	case glua.LString, glua.LNumber, *glua.LTable, *glua.LFunction:
	default:
		L.ArgError(3, "string, function or table expected")
	}
	var b []byte
	n, at := 0, 0
	anchored := strings.HasPrefix(pat, "^")
	for n < most && at <= len(s) {
		var m matcher
		i, end := v.search(L, &m, s, pat, at)
		if i < 0 {
			break
		}
		n++
		b = append(b, s[at:i]...)
		b = append(b, v.replacement(L, &m, repl, i, end)...)
		if len(b) > v.limits.StringBytes {
			v.tooLong(L)
		}
		if at = end; end == i {
			if i < len(s) {
				b = append(b, s[i])
			}
			at++
		}
		if anchored {
			break
		}
	}
	if at < len(s) {
		b = append(b, s[at:]...)
	}
	if len(b) > v.limits.StringBytes {
		v.tooLong(L)
	}
	v.meter.charge(len(b) >> 6)
	L.Push(glua.LString(b))
	L.Push(glua.LNumber(n))
	return 2
}

// replacement gives what gsub puts in the place of one match.
func (v *vm) replacement(L *glua.LState, m *matcher, repl glua.LValue, s, e int) string {
	whole := m.src[s:e]
	var x glua.LValue
	switch r := repl.(type) {
	case *glua.LTable:
		x = L.GetTable(r, m.get(L, 0, s, e))
	case *glua.LFunction:
		L.Push(r)
		n := m.pushAll(L, s, e)
		L.Call(n, 1)
		x = L.Get(-1)
		L.Pop(1)
	default:
		text, _ := plain(repl)
		return expand(L, m, text, s, e)
	}
	if glua.LVIsFalse(x) {
		return whole
	}
	text, ok := plain(x)
	if !ok {
		L.RaiseError("invalid replacement value (a %s)", x.Type())
	}
	return text
}

// expand replaces %0 to %9 of a replacement string.
func expand(L *glua.LState, m *matcher, text string, s, e int) string {
	if !strings.Contains(text, "%") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		switch c := text[i]; {
		case c == '0':
			b.WriteString(m.src[s:e])
		case digit(c):
			x, _ := plain(m.get(L, int(c-'1'), s, e))
			b.WriteString(x)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// strFormat is string.format of Lua 5.1.
func strFormat(L *glua.LState) int {
	v := vmOf(L)
	format := L.CheckString(1)
	var b []byte
	arg := 1
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b = append(b, format[i])
			continue
		}
		from := i
		for i++; i < len(format) && strings.IndexByte("-+ #0123456789.", format[i]) >= 0; i++ {
		}
		if i == len(format) {
			L.RaiseError("invalid conversion to 'format': it ends with %%")
		}
		spec, verb := format[from:i], format[i]
		if len(spec) > 8 {
			L.RaiseError("invalid conversion to 'format': %s is too long", spec)
		}
		if verb == '%' {
			b = append(b, '%')
			continue
		}
		arg++
		b = v.formatOne(L, b, spec, verb, arg)
		if len(b) > v.limits.StringBytes {
			v.tooLong(L)
		}
	}
	v.meter.charge(len(b) >> 4)
	L.Push(glua.LString(b))
	return 1
}

func (v *vm) formatOne(L *glua.LState, b []byte, spec string, verb byte, arg int) []byte {
	if wide(spec) {
		L.RaiseError("invalid conversion to 'format': width or precision above 99")
	}
	switch verb {
	case 'd', 'i':
		return fmt.Appendf(b, spec+"d", int64(L.CheckNumber(arg)))
	case 'u':
		return fmt.Appendf(b, spec+"d", uint64(int64(L.CheckNumber(arg))))
	case 'c':
		return append(b, byte(L.CheckInt(arg)))
	case 'x', 'X', 'o':
		return fmt.Appendf(b, spec+string(verb), uint64(int64(L.CheckNumber(arg))))
	case 'e', 'E', 'f', 'g', 'G':
		f := float64(L.CheckNumber(arg))
		if verb == 'g' && !strings.Contains(spec, ".") && f == math.Trunc(f) && math.Abs(f) < 1e15 && len(spec) == 1 {
			return strconv.AppendInt(b, int64(f), 10)
		}
		if (verb == 'g' || verb == 'G') && !strings.Contains(spec, ".") {
			spec += ".6"
		}
		return fmt.Appendf(b, spec+string(verb), f)
	case 'q':
		return strconv.AppendQuote(b, L.CheckString(arg))
	case 's':
		x := L.CheckAny(arg)
		s, ok := plain(x)
		if !ok {
			L.Push(L.G.Global.RawGetString("tostring"))
			L.Push(x)
			L.Call(1, 1)
			s = L.Get(-1).String()
			L.Pop(1)
		}
		if spec == "%" {
			return append(b, s...)
		}
		return fmt.Appendf(b, spec+"s", s)
	}
	L.RaiseError("invalid conversion to 'format': %s%c", spec, verb)
	return b
}

// wide tells whether a width or precision has more than two digits, as Lua forbids.
func wide(spec string) bool {
	n := 0
	for i := range len(spec) {
		if digit(spec[i]) {
			n++
		} else {
			n = 0
		}
		if n > 2 {
			return true
		}
	}
	return false
}
