package syntax

import (
	"strconv"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/luanids/luanids/lang/diag"
)

// has parses the chain of x has [...]; with neg the words "not has" are being read.
func (p *exprParser) has(at diag.Range, q Quant, x Expr, neg bool) (Expr, error) {
	p.lex.Next()
	h := &Has{Quant: q, X: x}
	var err error
	if h.Items, err = p.items(); err != nil {
		return nil, err
	}
	h.rng = p.from(at)
	if !neg {
		return h, nil
	}
	u := &Unary{Op: OpNot, X: h}
	u.rng = h.rng
	return u, nil
}

// items parses [item, item...].
func (p *exprParser) items() ([]*Item, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	open := p.lex.Peek()
	if err := p.expect("["); err != nil {
		return nil, err
	}
	var items []*Item
	for !p.word("]") {
		if len(items) > 0 {
			if err := p.separator("]"); err != nil {
				return nil, err
			}
			if p.word("]") {
				break
			}
		}
		it, err := p.item()
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	p.lex.Next()
	if len(items) == 0 {
		return nil, &problem{diag.EmptyChain(tokenRange(*open))}
	}
	return items, nil
}

func (p *exprParser) item() (*Item, error) {
	at := tokenRange(*p.lex.Peek())
	it := &Item{Not: p.accept("!") || p.accept("not")}
	err := p.element(it)
	it.rng = p.from(at)
	return it, err
}

// element parses what an item is, with its options.
func (p *exprParser) element(it *Item) error {
	t := p.lex.Peek()
	switch t.Type {
	case tString, tBytes:
		it.Kind, it.Lit = ItemPattern, &Lit{}
	case tRegex:
		it.Kind, it.Lit = ItemRegex, &Lit{}
	case tBad:
		return &problem{badToken(t)}
	case tIdent:
		return p.wordItem(it, t)
	default:
		return &problem{diag.ChainElement(tokenRange(*t), t.Value)}
	}
	if err := it.Lit.Parse(p.lex); err != nil {
		return err
	}
	return p.opts(it)
}

// wordItem parses an item that begins with a word.
func (p *exprParser) wordItem(it *Item, t *lexer.Token) error {
	var err error
	switch t.Value {
	case "let":
		return p.letItem(it)
	case "jump":
		p.lex.Next()
		it.Kind = ItemJump
		if it.Num, err = p.numAt(); err != nil {
			return err
		}
	case "isdataat":
		p.lex.Next()
		it.Kind = ItemDataAt
		if it.Value, it.Rel, err = p.signed(); err != nil {
			return err
		}
	case "size", "entropy":
		p.lex.Next()
		it.Kind = map[string]ItemKind{"size": ItemSize, "entropy": ItemEntropy}[t.Value]
		if err := p.itemTest(it); err != nil {
			return err
		}
	case "asn1":
		p.lex.Next()
		it.Kind = ItemASN1
	case "base64":
		p.lex.Next()
		it.Kind = ItemBase64
		if err = p.opts(it); err == nil {
			if err = p.expect("has"); err == nil {
				it.Sub, err = p.items()
			}
		}
		return err
	default:
		if !IsNumType(t.Value) {
			return &problem{diag.ChainElement(tokenRange(*t), t.Value)}
		}
		it.Kind = ItemTest
		if it.Num, err = p.numAt(); err != nil {
			return err
		}
		// The options that say what the number is may stand before the comparison.
		if err := p.opts(it); err != nil {
			return err
		}
		if err := p.itemTest(it); err != nil {
			return err
		}
	}
	return p.opts(it)
}

// letItem parses let n = u16be +2 * 4.
func (p *exprParser) letItem(it *Item) error {
	p.lex.Next()
	it.Kind = ItemLet
	t := p.lex.Next()
	if t.Type != tIdent {
		return unexpected(t, "the name of a variable")
	}
	it.Var = &Word{Text: t.Value}
	it.Var.rng = tokenRange(*t)
	err := p.expect("=")
	if err == nil {
		it.Num, err = p.numAt()
	}
	if err == nil {
		err = p.opts(it)
	}
	if err != nil {
		return err
	}
	if op := infixes[p.lex.Peek().Value]; op == OpAdd || op == OpSub || op == OpMul || op == OpDiv || op == OpShl || op == OpShr {
		p.lex.Next()
		it.Op = op
		if it.Value, err = p.operand(); err != nil {
			return err
		}
	}
	return p.opts(it)
}

// itemTest parses an operator and what a number is compared with.
func (p *exprParser) itemTest(it *Item) error {
	t := p.lex.Peek()
	it.Op = infixes[t.Value]
	if it.Open = t.Value == "between" && t.Type == tIdent; it.Open {
		it.Op = OpIn
	}
	if it.Op != OpIn && it.Op != OpBitAnd && it.Op != OpBitXor && (it.Op < OpEq || it.Op > OpGe) {
		return unexpected(t, "a comparison (== != < <= > >= & ^ in between)")
	}
	p.lex.Next()
	var err error
	if it.Value, err = p.operand(); err != nil || it.Op != OpIn {
		return err
	}
	if err = p.expect(".."); err == nil {
		it.Hi, err = p.operand()
	}
	return err
}

// IsNumType tells whether a word names an encoding of numbers: u8 i16le u32be u16dce, dec4
// hex8 oct3 num10 (that many digits; num reads 0x and 0 prefixes), or one of them without a
// size, which the option bytes then gives. A size of 0 reads nothing and is 0, as jumps of imported rules want.
func IsNumType(w string) bool {
	for _, text := range []string{"dec", "hex", "oct", "num"} {
		if n, ok := strings.CutPrefix(w, text); ok {
			v, err := strconv.Atoi(n)
			return n == "" || err == nil && v >= 0 && v <= 23 && (n == "0" || n[0] != '0')
		}
	}
	if w == "" || w[0] != 'u' && w[0] != 'i' {
		return false
	}
	n := strings.TrimLeft(w[1:], "0123456789")
	digits := w[1 : len(w)-len(n)]
	switch digits {
	case "8":
		return n == ""
	case "", "0", "16", "24", "32", "40", "48", "56", "64":
		return n == "be" || n == "le" || n == "dce"
	}
	return false
}

// numAt parses the encoding of a number and where it stands.
func (p *exprParser) numAt() (*NumAt, error) {
	t := p.lex.Next()
	if t.Type != tIdent || !IsNumType(t.Value) {
		return nil, unexpected(t, "a kind of number such as u8, u16be, u32le or dec4")
	}
	n := &NumAt{Type: &Word{Text: t.Value}}
	n.Type.rng = tokenRange(*t)
	next := p.lex.Peek()
	var err error
	if next.Type == tInt || next.Value == "+" || next.Value == "-" || next.Type == tIdent && !isOption(next.Value) && next.Value != "in" && next.Value != "between" {
		n.Pos, n.Rel, err = p.signed()
	}
	return n, err
}

// signed parses a number that counts from the last match if it has a sign.
func (p *exprParser) signed() (*Operand, bool, error) {
	switch {
	case p.accept("+"):
		o, err := p.operand()
		return o, true, err
	case p.word("-"):
		o, err := p.operand()
		return o, true, err
	}
	o, err := p.operand()
	return o, false, err
}

// operand parses a number, perhaps negative, or a variable.
func (p *exprParser) operand() (*Operand, error) {
	o := &Operand{}
	at := tokenRange(*p.lex.Peek())
	neg := p.accept("-")
	t := p.lex.Peek()
	switch {
	case t.Type == tIdent && !neg:
		p.lex.Next()
		o.Var, o.Raw = t.Value, t.Value
	case t.Type == tInt || t.Type == tSize || t.Type == tFloat:
		l := &Lit{}
		if err := l.Parse(p.lex); err != nil {
			return nil, err
		}
		o.Raw, o.Num, o.Float = t.Value, l.Int, l.Float
		if l.Kind != LitFloat {
			o.Float = float64(l.Int)
		}
		if neg {
			o.Num, o.Float = -o.Num, -o.Float
		}
	default:
		return nil, unexpected(t, "a number or a variable")
	}
	o.rng = p.from(at)
	return o, nil
}

// optionArgs says what follows an option's name.
var optionArgs = map[string]string{
	"nocase": "", "startswith": "", "endswith": "", "relative": "", "align": "?", "fast": "2?",
	"offset": "s", "depth": "n", "distance": "n", "within": "n", "at": "s", "bytes": "n", "mask": "n",
	"times": "n", "plus": "n", "from": "w", "mode": "w", "oversize": "n", "bitstring": "", "double": "", "as": "w",
}

func isOption(w string) bool {
	_, ok := optionArgs[w]
	return ok
}

// itemOptions lists the options of each kind of element.
var itemOptions = map[ItemKind]struct{ what, opts string }{
	ItemPattern: {"a pattern", "nocase at offset depth distance within startswith endswith fast"},
	ItemRegex:   {"a regular expression", "relative distance within offset depth"},
	ItemTest:    {"a byte test", "bytes mask"},
	ItemLet:     {"an extraction", "bytes mask align"},
	ItemJump:    {"a jump", "bytes mask times align from plus"},
	ItemDataAt:  {"isdataat", "nothing"},
	ItemSize:    {"size", "nothing"},
	ItemEntropy: {"entropy", "bytes offset as"},
	ItemASN1:    {"asn1", "offset oversize bitstring double"},
	ItemBase64:  {"base64", "bytes offset mode"},
}

// opts parses the options of an element.
func (p *exprParser) opts(it *Item) error {
	for {
		t := p.lex.Peek()
		args, known := optionArgs[t.Value]
		if t.Type != tIdent || (!known && (t.Value == "has" || t.Value == "in")) {
			return nil
		}
		info := itemOptions[it.Kind]
		list := strings.Fields(info.opts)
		if !contains(list, t.Value) {
			return &problem{diag.BadOption(tokenRange(*t), t.Value, info.what, diag.Nearest(t.Value, list), strings.Join(list, ", "))}
		}
		p.lex.Next()
		o := Opt{Name: t.Value}
		var err error
		switch args {
		case "n":
			o.Value, err = p.operand()
		case "s":
			o.Value, o.Rel, err = p.signed()
		case "w":
			o.Word = p.lex.Next().Value
		case "?", "2?":
			if p.lex.Peek().Type == tInt {
				o.Value, err = p.operand()
				if err == nil && args == "2?" {
					o.Len, err = p.operand()
				}
			}
		}
		if err != nil {
			return err
		}
		o.rng = p.from(tokenRange(*t))
		it.Opts = append(it.Opts, o)
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
