package syntax

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/luanids/luanids/lang/diag"
)

// Parse implements participle.Parseable.
func (l *Lit) Parse(lex *lexer.PeekingLexer) error {
	t := lex.Peek()
	switch t.Type {
	case tInt, tFloat, tSize, tDuration, tIP, tString, tBytes, tRegex:
	case tBad:
		return &problem{badToken(t)}
	default:
		return participle.NextMatch
	}
	if p := l.decode(t); p != nil {
		return p
	}
	lex.Next()
	return nil
}

// Parse implements participle.Parseable.
func (w *Word) Parse(lex *lexer.PeekingLexer) error {
	t := lex.Peek()
	switch t.Type {
	case tIdent, tInt, tFloat:
		if startsStmt(lex) {
			return participle.NextMatch // the word is missing, the next statement begins
		}
	case tBad:
		return &problem{badToken(t)}
	default:
		return participle.NextMatch
	}
	w.rng, w.Text = tokenRange(*t), t.Value
	lex.Next()
	return nil
}

// Parse implements participle.Parseable.
func (id *ID) Parse(lex *lexer.PeekingLexer) error {
	if lex.Peek().Type != tString {
		return id.Word.Parse(lex)
	}
	l := &Lit{}
	if err := l.Parse(lex); err != nil {
		return err
	}
	id.rng, id.Text = l.rng, l.Str
	return nil
}

// Parse implements participle.Parseable.
func (m *MetaPairs) Parse(lex *lexer.PeekingLexer) error {
	for {
		p := &MetaPair{Key: &ID{}}
		if err := p.Key.Parse(lex); err != nil {
			if err == participle.NextMatch { //nolint:errorlint // participle's marker
				err = unexpected(lex.Peek(), "a key")
			}
			return err
		}
		x := exprParser{lex: lex}
		var err error
		if p.Value, err = x.unary(); err != nil {
			return err
		}
		p.rng = p.Key.Range().Join(p.Value.Range())
		m.List = append(m.List, p)
		if lex.Peek().Value != "," {
			return nil
		}
		lex.Next()
	}
}

// Parse implements participle.Parseable: the name of a let or list, or {value, value = 'shown', ...}.
func (v *SetValues) Parse(lex *lexer.PeekingLexer) error {
	x := exprParser{lex: lex}
	if t := lex.Peek(); t.Type == tIdent {
		e, err := x.primary()
		if err != nil {
			return err
		}
		var ok bool
		if v.From, ok = e.(*Name); !ok {
			return unexpected(t, "values in { }, or the name of a list")
		}
		return nil
	}
	if err := x.expect("{"); err != nil {
		return err
	}
	for !x.word("}") {
		if len(v.List) > 0 {
			if err := x.separator("}"); err != nil {
				return err
			}
			if x.word("}") {
				break // a comma may follow the last value
			}
		}
		e := &SetValue{}
		var err error
		if e.Value, err = x.unary(); err != nil {
			return err
		}
		if x.accept("=") {
			e.Shown = &Lit{}
			if err := e.Shown.Parse(lex); err != nil {
				if err == participle.NextMatch { //nolint:errorlint // participle's marker
					err = unexpected(lex.Peek(), "what alerts show, as JSON in quotes")
				}
				return err
			}
		}
		v.List = append(v.List, e)
	}
	lex.Next()
	return nil
}

// String writes the id as the language has it.
func (id *ID) String() string {
	lex := newLexer(id.Text, diag.Pos{Line: 1, Col: 1})
	t, _ := lex.Next()
	if t.Value == id.Text && (t.Type == tIdent || t.Type == tInt || t.Type == tFloat) {
		return id.Text
	}
	return Quote(id.Text)
}

// decode makes l the literal that a token is.
func (l *Lit) decode(t *lexer.Token) *problem {
	l.rng, l.Raw = tokenRange(*t), t.Value
	var d *diag.Diagnostic
	switch t.Type {
	case tInt:
		l.Kind = LitInt
		d = l.integer()
	case tFloat:
		l.Kind = LitFloat
		l.Float, _ = strconv.ParseFloat(strings.ReplaceAll(t.Value, "_", ""), 64)
	case tSize:
		l.Kind = LitSize
		d = l.units(sizeUnits)
	case tDuration:
		l.Kind = LitDuration
		d = l.units(durationUnits)
	case tIP:
		l.Kind = LitIP
		d = l.address()
	case tString:
		l.Kind = LitString
		d = l.text()
	case tBytes:
		l.Kind = LitBytes
		d = l.bytes()
	case tRegex:
		l.Kind = LitRegex
		i := strings.LastIndexByte(t.Value, '/')
		l.Str, l.Flags = unescapeSlashes(t.Value[1:i]), t.Value[i+1:]
	}
	if d != nil {
		return &problem{*d}
	}
	return nil
}

// unescapeSlashes undoes the one escape that the delimiter asks for.
func unescapeSlashes(s string) string {
	if !strings.Contains(s, `\/`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if s[i+1] != '/' {
				b.WriteByte('\\')
			}
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func (l *Lit) integer() *diag.Diagnostic {
	u, err := strconv.ParseUint(strings.ReplaceAll(l.Raw, "_", ""), 0, 64)
	if len(l.Raw) > 1 && l.Raw[0] == '0' && l.Raw[1] != 'x' && l.Raw[1] != 'X' { // 007 is seven, not octal
		u, err = strconv.ParseUint(strings.ReplaceAll(l.Raw, "_", ""), 10, 64)
	}
	if err != nil {
		d := diag.BadNumber(l.rng, l.Raw)
		if ne, ok := err.(*strconv.NumError); ok && ne.Err == strconv.ErrRange { //nolint:errorlint // strconv gives just that
			d = diag.NumberTooBig(l.rng, l.Raw)
		}
		return &d
	}
	l.Int, l.Big = int64(u), u > math.MaxInt64
	return nil
}

var (
	sizeUnits = map[string]float64{"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
		"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
	durationUnits = map[string]float64{"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
		"d": 24 * 3600e9, "w": 7 * 24 * 3600e9}
)

// units adds up numbers with units: 10MiB, 1h30m.
func (l *Lit) units(units map[string]float64) *diag.Diagnostic {
	sum, rest := 0.0, strings.ReplaceAll(l.Raw, "_", "")
	for rest != "" {
		n := len(rest) - len(strings.TrimLeft(rest, "0123456789."))
		v, err := strconv.ParseFloat(rest[:n], 64)
		rest = rest[n:]
		n = strings.IndexAny(rest, "0123456789.")
		if n < 0 {
			n = len(rest)
		}
		unit, ok := units[rest[:n]]
		if err != nil || !ok {
			d := diag.BadNumber(l.rng, l.Raw)
			return &d
		}
		sum += v * unit
		rest = rest[n:]
	}
	if sum >= math.MaxInt64 {
		d := diag.NumberTooBig(l.rng, l.Raw)
		return &d
	}
	l.Int = int64(math.Round(sum))
	return nil
}

func (l *Lit) address() *diag.Diagnostic {
	addr, bits, block := strings.Cut(l.Raw, "/")
	a, err := netip.ParseAddr(addr)
	n := a.BitLen()
	if block && err == nil {
		n, err = strconv.Atoi(bits)
	}
	if err != nil || n > a.BitLen() {
		d := diag.BadPrefix(l.rng, l.Raw)
		return &d
	}
	l.IP, l.Block = netip.PrefixFrom(a, n), block
	return nil
}

// text undoes the escapes of a string.
func (l *Lit) text() *diag.Diagnostic {
	raw := l.Raw[1 : len(l.Raw)-1]
	if l.Raw[0] == '\'' || strings.IndexByte(raw, '\\') < 0 {
		l.Str = raw
		return nil
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			b.WriteByte(raw[i])
			continue
		}
		n := unescape(&b, raw[i:])
		if n == 0 {
			d := diag.BadEscape(l.rng, raw[i:min(i+2, len(raw))])
			return &d
		}
		i += n - 1
	}
	l.Str = b.String()
	return nil
}

// unescape appends what the escape at the beginning of s stands for, and gives its length, 0 if it is none.
func unescape(b *strings.Builder, s string) int {
	if len(s) < 2 {
		return 0
	}
	if i := strings.IndexByte(`nrt0"\'`, s[1]); i >= 0 {
		b.WriteByte("\n\r\t\x00\"\\'"[i])
		return 2
	}
	switch s[1] {
	case 'x':
		if len(s) >= 4 {
			if v, err := strconv.ParseUint(s[2:4], 16, 8); err == nil {
				b.WriteByte(byte(v))
				return 4
			}
		}
	case 'u':
		end := strings.IndexByte(s, '}')
		if end > 3 && s[2] == '{' {
			if v, err := strconv.ParseUint(s[3:end], 16, 32); err == nil && utf8.ValidRune(rune(v)) {
				b.WriteRune(rune(v))
				return end + 1
			}
		}
	}
	return 0
}

// bytes reads the pairs of digits of a byte string; spaces between pairs mean nothing.
func (l *Lit) bytes() *diag.Diagnostic {
	raw := l.Raw[2 : len(l.Raw)-1]
	b := make([]byte, 0, len(raw)/2)
	for i := 0; i < len(raw); i++ {
		if raw[i] == ' ' || raw[i] == '\t' {
			continue
		}
		v, err := strconv.ParseUint(raw[i:min(i+2, len(raw))], 16, 8)
		if err != nil || i+2 > len(raw) {
			d := diag.BadBytes(l.rng)
			return &d
		}
		b = append(b, byte(v))
		i++
	}
	l.Str = string(b)
	return nil
}
