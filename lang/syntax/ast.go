package syntax

import (
	"net/netip"
	"time"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/luanids/luanids/lang/diag"
)

// Node is the place of a part of the tree that the parser's own code makes.
type Node struct{ rng diag.Range }

// Range is where the node stands.
func (n *Node) Range() diag.Range { return n.rng }

// At sets where the node stands, for trees that are not parsed.
func (n *Node) At(r diag.Range) { n.rng = r }

// Parsed is the place of a part of the tree that participle makes: the tokens it consists of.
type Parsed struct{ Tokens []lexer.Token }

// Range is where the node stands.
func (p *Parsed) Range() diag.Range {
	if len(p.Tokens) == 0 {
		return diag.Range{}
	}
	return diag.Range{Start: tokenRange(p.Tokens[0]).Start, End: tokenRange(p.Tokens[len(p.Tokens)-1]).End}
}

// File is the tree of one file, or of a piece of one.
type File struct {
	Node
	Decls    []Decl
	Comments []Comment
}

// Decl is a top-level declaration: *Rule, *Sequence, *Let, *List, *Dataset, *Include, *Test or *Bad.
type Decl interface{ Range() diag.Range }

// Word is one word: a name, a number, or an identifier with dashes.
type Word struct {
	Node
	Text string
}

// ID is the id of a rule: a word, or in quotes what is none ("3:19187").
type ID struct{ Word }

// Rule is a rule declaration.
type Rule struct {
	Parsed
	ID    *ID    `parser:"'rule' @@"`
	Title *Lit   `parser:"@@?"`
	Body  []Stmt `parser:"'{' @@* '}'"`
}

// Sequence is a declaration of steps that follow each other.
type Sequence struct {
	Parsed
	ID     *ID    `parser:"'sequence' @@"`
	Title  *Lit   `parser:"@@?"`
	By     []Expr `parser:"('by' @@ (',' @@)*)?"`
	Within *Lit   `parser:"('within' @@)?"`
	Body   []Stmt `parser:"'{' @@* '}'"`
}

// Let names an expression.
type Let struct {
	Parsed
	Name  *Word `parser:"'let' @@"`
	Value Expr  `parser:"'=' @@"`
}

// List names the values in a file.
type List struct {
	Parsed
	Name *Word `parser:"'list' @@"`
	Of   *Word `parser:"('of' @@)?"`
	File *Lit  `parser:"'from' @@"`
	// NoCase makes the list match whatever the case.
	NoCase bool `parser:"@'nocase'?"`
}

// Dataset gives a data set the values that it begins with.
type Dataset struct {
	Parsed
	Name   *Lit      `parser:"'dataset' @@"`
	Most   *Lit      `parser:"('limit' @@)?"` // values that it keeps
	Values SetValues `parser:"'=' @@"`
}

// SetValues are the values of a data set. Imported sets are large, so they have a parser of their own.
type SetValues struct {
	From *Name // a let or list that has them, nil: List does
	List []*SetValue
}

// SetValue is a value of a data set, and what alerts are to tell of it, as JSON; nil for nothing.
type SetValue struct {
	Value Expr
	Shown *Lit
}

// Include reads another file as if its declarations stood here.
type Include struct {
	Parsed
	File *Lit `parser:"'include' @@"`
}

// Test says what a rule must do on captures and on messages made for the purpose.
type Test struct {
	Parsed
	ID    *ID         `parser:"'test' @@"`
	Cases []*TestCase `parser:"'{' @@* '}'"`
}

// TestCase is one input and the number of alerts that it must give.
type TestCase struct {
	Parsed
	Capture *Lit       `parser:"( 'pcap' @@"`
	Steps   []*TestMsg `parser:"| @@ ('then' @@)* )"`
	Alerts  *Lit       `parser:"'alerts' @@"`
}

// TestMsg is a synthetic event: its name and values of its fields.
type TestMsg struct {
	Parsed
	Repeat *Lit         `parser:"(@@ 'of')?"`
	Event  *Word        `parser:"@@"`
	Fields []*TestField `parser:"'{' (@@ ','?)* '}'"`
	Every  *Lit         `parser:"('every' @@)?"`
	After  *Lit         `parser:"('after' @@)?"`
}

// TestField gives a field of a synthetic event its value.
type TestField struct {
	Parsed
	Name  *Word `parser:"@@"`
	Key   *Lit  `parser:"('[' @@ ']')?"`
	Value Expr  `parser:"@@"`
}

// Bad stands for a piece of source that could not be parsed.
type Bad struct {
	Node
	Problem diag.Diagnostic
	Others  diag.List // within it
}

// Stmt is a statement of a rule or sequence: one of the types below, or *Bad.
type Stmt interface{ Range() diag.Range }

// The statements. KeywordOf names the word that each begins with.
type (
	// When is the rule's condition; several are joined by and.
	When struct {
		Parsed
		Cond Expr `parser:"'when' @@"`
	}
	// Severity is informational, low, medium, high or critical.
	Severity struct {
		Parsed
		Level *Word `parser:"'severity' @@"`
	}
	// Confidence is a number from 0 to 1.
	Confidence struct {
		Parsed
		Value *Lit `parser:"'confidence' @@"`
	}
	// Mitre lists ATT&CK techniques or tactics.
	Mitre struct {
		Parsed
		IDs []*Word `parser:"'mitre' @@ (',' @@)*"`
	}
	// Tags lists free words.
	Tags struct {
		Parsed
		Tags []*Word `parser:"'tags' @@ (',' @@)*"`
	}
	// Threshold limits or aggregates a rule's alerts.
	Threshold struct {
		Parsed
		Kind     string `parser:"'threshold' @('limit' | 'every' | 'both' | 'after' | 'backoff')?"`
		Count    *Lit   `parser:"@@"`
		Distinct *Value `parser:"('distinct' @@)?"`
		// Fixed windows begin with a first match; others slide.
		Fixed  bool `parser:"( 'in' @'fixed'?"`
		Window *Lit `parser:"  @@"`
		// Times is by how much a backoff waits longer each time; it has no window.
		Times *Lit   `parser:"| 'times' @@ )"`
		By    []Expr `parser:"('by' @@ (',' @@)*)?"`
	}
	// Evidence lists what an alert shows.
	Evidence struct {
		Parsed
		Fields []Expr `parser:"'evidence' @@ (',' @@)*"`
	}
	// Set changes a flag or a counter when the rule matches.
	Set struct {
		Parsed
		Verb   string `parser:"@Ident"`
		Target Expr   `parser:"@@"`
		Op     string `parser:"( @('=' | '+=' | '-=')"`
		Value  Expr   `parser:"  @@ )?"`
		For    *Lit   `parser:"('for' @@)?"`
	}
	// Context adds to alerts what a data set tells of a value.
	Context struct {
		Parsed
		Key *Lit `parser:"'context' @@"`
		Of  Expr `parser:"'from' @@"`
	}
	// On pins the event at which a rule is judged.
	On struct {
		Parsed
		Event *Word `parser:"'on' @@"`
	}
	// Metadata is a key with a value.
	Metadata struct {
		Parsed
		Pairs MetaPairs `parser:"'metadata' @@"`
	}
	// Ref is a reference: its kind (url, cve, md5...) and its text.
	Ref struct {
		Parsed
		Kind  *ID  `parser:"'ref' @@"`
		Value *Lit `parser:"@@"`
	}
	// Text is a statement whose argument is one string.
	Text struct {
		Parsed
		Keyword string `parser:"@Ident"`
		Value   *Lit   `parser:"@@"`
	}
	// Number is a statement whose argument is one integer.
	Number struct {
		Parsed
		Keyword string `parser:"@Ident"`
		Value   *Lit   `parser:"@@"`
	}
	// Choice is a statement whose argument is one word.
	Choice struct {
		Parsed
		Keyword string `parser:"@Ident"`
		Value   *ID    `parser:"@@"`
	}
	// Flag is a statement without argument.
	Flag struct {
		Parsed
		Keyword string `parser:"@Ident"`
	}
	// TagPackets asks for packets after the alert to be logged.
	TagPackets struct {
		Parsed
		Of    string `parser:"'tag' @('session' | 'src' | 'dst')"`
		Limit *Lit   `parser:"'for' @@"`
		Unit  string `parser:"@('packets')?"`
	}
	// Step is a step of a sequence.
	Step struct {
		Parsed
		Label  *Word `parser:"(@@ ':')?"`
		Then   bool  `parser:"@'then'?"`
		Not    bool  `parser:"@'not'?"`
		Count  *Lit  `parser:"(@@ 'of')?"`
		Cond   Expr  `parser:"@@"`
		Within *Lit  `parser:"('within' @@)?"`
	}
)

// MetaPair is one key of a metadata statement.
type MetaPair struct {
	Node
	Key   *ID
	Value Expr
}

// MetaPairs is a list of keys with values. Imported rules have many, so it has a parser of its own.
type MetaPairs struct{ List []*MetaPair }

// Value is an expression without comparisons, where "in" belongs to what is around it.
type Value struct{ X Expr }

// Range is where the value stands.
func (v *Value) Range() diag.Range { return v.X.Range() }

// Expr is an expression: one of the types below.
type Expr interface{ Range() diag.Range }

// LitKind is the kind of a literal.
type LitKind uint8

// The kinds of literals.
const (
	LitInt LitKind = iota + 1
	LitFloat
	LitString
	LitBytes
	LitRegex
	LitIP
	LitSize
	LitDuration
	LitBool
)

// Lit is a literal.
type Lit struct {
	Node
	Kind LitKind
	Raw  string // as in the source
	Int  int64  // LitInt, LitSize (bytes), LitBool
	// Big is set for integers above the largest int64: Int then holds the same bits.
	Big   bool
	Float float64
	Str   string // LitString, LitBytes: the value; LitRegex: the pattern
	Flags string // LitRegex
	IP    netip.Prefix
	// Block says that a prefix length was written.
	Block bool
}

// Duration is the value of a duration literal.
func (l *Lit) Duration() time.Duration { return time.Duration(l.Int) }

type (
	// Name is a field, a let, a list, an event or a bare flag.
	Name struct {
		Node
		Text string
	}
	// Index picks from a multi-valued field: http.header["Host"], dns.answers.rrname[0], or [-1] for the last.
	Index struct {
		Node
		X   Expr
		Neg bool // a number counts from the end
		Key *Lit
	}
	// Call is a function call.
	Call struct {
		Node
		Func *Word
		Args []Expr
	}
	// Unary is not x or -x.
	Unary struct {
		Node
		Op Op
		X  Expr
	}
	// Binary is an operator with two operands.
	Binary struct {
		Node
		Op     Op
		OpAt   diag.Range
		Quant  Quant // of a comparison
		L, R   Expr
		NoCase bool // of a comparison of text
	}
	// QuantBlock is any(field: condition): Body sees the field's values one at a time.
	QuantBlock struct {
		Node
		Quant Quant
		Field *Name
		Body  Expr
	}
	// RangeLit is lo..hi; either end may be nil.
	RangeLit struct {
		Node
		Lo, Hi Expr
	}
	// SetLit is {a, b, !c}.
	SetLit struct {
		Node
		Elems []SetElem
	}
	// Has is a content chain on a buffer.
	Has struct {
		Node
		Quant Quant
		X     Expr
		Items []*Item
	}
)

// SetElem is an element of a set, or with Not an exception from it.
type SetElem struct {
	Not bool
	X   Expr
}

// Quant says which values of a multi-valued field a comparison is about.
type Quant uint8

// The quantifiers. A comparison without one means any.
const (
	QuantNone Quant = iota
	QuantAny
	QuantAll
	QuantNo // "none"
)

// String is the quantifier's word.
func (q Quant) String() string { return [...]string{"", "any", "all", "none"}[q&3] }

// ItemKind is the kind of an element of a content chain.
type ItemKind uint8

// The elements of content chains.
const (
	ItemPattern ItemKind = iota + 1 // "text" or x"bytes"
	ItemRegex                       // /regex/
	ItemTest                        // u16be +2 > 512
	ItemLet                         // let n = u16be +2
	ItemJump                        // jump u16be +2
	ItemDataAt                      // isdataat 10
	ItemSize                        // size > 9
	ItemEntropy                     // entropy > 6.5
	ItemASN1                        // asn1 offset +3 oversize 1024
	ItemBase64                      // base64 offset 3 has [...]
)

// Item is an element of a content chain.
type Item struct {
	Node
	Not   bool
	Kind  ItemKind
	Lit   *Lit     // ItemPattern, ItemRegex
	Var   *Word    // ItemLet
	Num   *NumAt   // ItemTest, ItemLet, ItemJump
	Op    Op       // ItemTest, ItemSize, ItemEntropy; ItemLet: arithmetic, or 0
	Value *Operand // right of Op; ItemDataAt: the position
	Hi    *Operand // with OpIn: the range's end
	Open  bool     // with OpIn: the range's ends are outside (between)
	Rel   bool     // ItemDataAt: the position counts from the end of the last match
	Opts  []Opt
	Sub   []*Item // ItemBase64
}

// NumAt is a number in the buffer: its encoding and where it stands.
type NumAt struct {
	Type *Word    // u8, u16be, dec4...
	Rel  bool     // the position counts from the end of the last match
	Pos  *Operand // nil: 0
}

// Opt is an option of an element: its name and, for most, a value.
type Opt struct {
	Node
	Name  string
	Rel   bool // the value was written with a sign
	Value *Operand
	Len   *Operand // fast: the second number
	Word  string   // from start, mode strict, as name
}

// Operand is a number or the name of an extracted variable.
type Operand struct {
	Node
	Raw   string // as written, without sign
	Num   int64  // with sign
	Float float64
	Var   string // set: a variable
}
