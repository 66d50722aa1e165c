package syntax

// Op is an operator.
type Op uint8

// The operators, loosest first.
const (
	OpOr Op = iota + 1
	OpAnd
	OpNot

	OpEq
	OpNe
	OpLt
	OpLe
	OpGt
	OpGe
	OpIn
	OpNotIn
	OpContains
	OpStarts
	OpEnds
	OpMatch    // ~
	OpNotMatch // !~

	OpBitOr
	OpBitXor
	OpBitAnd
	OpShl
	OpShr
	OpAdd
	OpSub
	OpMul
	OpDiv
	OpMod
	OpNeg
)

// opInfo says how an operator is written and how tightly it binds.
type opInfo struct {
	text string
	prec int
}

const (
	precOr = iota + 1
	precAnd
	precNot
	precCompare
	precBitOr
	precBitXor
	precBitAnd
	precShift
	precAdd
	precMul
	precUnary
	precPrimary
)

// ops is the table of operators, indexed by Op.
var ops = [...]opInfo{
	OpOr: {"or", precOr}, OpAnd: {"and", precAnd}, OpNot: {"not", precNot},
	OpEq: {"==", precCompare}, OpNe: {"!=", precCompare}, OpLt: {"<", precCompare}, OpLe: {"<=", precCompare},
	OpGt: {">", precCompare}, OpGe: {">=", precCompare}, OpIn: {"in", precCompare}, OpNotIn: {"not in", precCompare},
	OpContains: {"contains", precCompare}, OpStarts: {"startswith", precCompare}, OpEnds: {"endswith", precCompare},
	OpMatch: {"~", precCompare}, OpNotMatch: {"!~", precCompare},
	OpBitOr: {"|", precBitOr}, OpBitXor: {"^", precBitXor}, OpBitAnd: {"&", precBitAnd},
	OpShl: {"<<", precShift}, OpShr: {">>", precShift}, OpAdd: {"+", precAdd}, OpSub: {"-", precAdd},
	OpMul: {"*", precMul}, OpDiv: {"/", precMul}, OpMod: {"%", precMul}, OpNeg: {"-", precUnary},
}

// String gives the operator as it is written.
func (o Op) String() string {
	if int(o) < len(ops) {
		return ops[o].text
	}
	return "?"
}

// Compares tells whether o compares two operands.
func (o Op) Compares() bool { return o >= OpEq && o <= OpNotMatch }

// infix finds the binary operator that a token is; the bool tells whether there is one.
// "not in" is two tokens and found by the parser.
func infix(text string) (Op, bool) {
	switch text {
	case "||":
		return OpOr, true
	case "&&":
		return OpAnd, true
	case "=~", "matches":
		return OpMatch, true
	}
	for o := OpOr; o < OpNeg; o++ {
		if o != OpNot && ops[o].text == text {
			return o, true
		}
	}
	return 0, false
}

var infixes = func() map[string]Op {
	m := map[string]Op{}
	for _, t := range []string{"||", "&&", "=~", "matches"} {
		m[t], _ = infix(t)
	}
	for o := OpOr; o < OpNeg; o++ {
		if o != OpNot && o != OpNotIn {
			m[ops[o].text] = o
		}
	}
	return m
}()
