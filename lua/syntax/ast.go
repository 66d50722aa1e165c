package syntax

// Node is an expression: its bytes in the text are From to To.
type Node interface{ Span() (from, to int) }

// At is where a node is.
type At struct{ From, To int }

// Span implements Node.
func (a At) Span() (from, to int) { return a.From, a.To }

// The expressions.
type (
	// Name is a variable: a local one, or a global where Var is nil.
	Name struct {
		At
		Name    string
		Var     *Var
		Visible *Scope // the locals that can be seen here
	}
	// Const is nil, true, false, a number, or `...`.
	Const struct {
		At
		Text string
	}
	// String is a literal.
	String struct {
		At
		Value string
		off   []int
	}
	// Func is a function's parameters and body.
	Func struct {
		At
		Params []*Var
		Vararg bool
		Body   []Stmt
	}
	// Table is a constructor.
	Table struct {
		At
		Fields []Field
	}
	// Index is Of.Name, or Of[Key].
	Index struct {
		At
		Of   Node
		Key  Node   // nil for .Name
		Name string // also of ["Name"]
		Sel  At     // where Name is
	}
	// Call is Fn(Args), or Of:Method(Args).
	Call struct {
		At
		Fn     Node // nil of a method
		Of     Node
		Method string
		Sel    At // where Method is
		Args   []Node
	}
	// Binary is L Op R.
	Binary struct {
		At
		Op   string
		L, R Node
	}
	// Unary is Op X; Op "(" is an expression in parentheses.
	Unary struct {
		At
		Op string
		X  Node
	}
)

// Field is an entry of a constructor: Name = Value, [Key] = Value, or Value.
type Field struct {
	Name  string
	Sel   At   // of Name
	Key   Node // of [Key]
	Value Node
}

// Stmt is a statement.
type Stmt interface{}

// The statements.
type (
	// Local is local Vars = Exprs.
	Local struct {
		Vars  []*Var
		Exprs []Node
	}
	// Assign is L = R.
	Assign struct {
		L, R []Node
	}
	// Do is an expression as a statement: a call.
	Do struct{ X Node }
	// Function is function Target() ... end, with Method where there is a colon; of local function, Var is set.
	Function struct {
		Target Node
		Var    *Var
		Method bool
		Fn     *Func
	}
	// Block is a loop, a branch or do ... end: its conditions and bodies in their order.
	Block struct {
		Exprs  []Node
		Vars   []*Var // of for
		Bodies [][]Stmt
	}
	// Return is return Exprs.
	Return struct{ Exprs []Node }
)

// Kind says how a local came to be.
type Kind uint8

// The kinds.
const (
	KindLocal Kind = iota
	KindParam
	KindLoop
)

// Var is a local variable.
type Var struct {
	At
	Name     string
	Kind     Kind
	Init     Node // what it is made as; nil for nothing or one of several values
	Assigned int  // how often it is assigned to later
	Reads    int
}

// Scope is a list of visible locals, the latest first.
type Scope struct {
	Var    *Var
	Parent *Scope
}

// Find gives the local of that name, nil for none.
func (s *Scope) Find(name string) *Var {
	for ; s != nil; s = s.Parent {
		if s.Var.Name == name {
			return s.Var
		}
	}
	return nil
}

// Names lists the visible locals.
func (s *Scope) Names() (out []string) {
	for ; s != nil; s = s.Parent {
		out = append(out, s.Var.Name)
	}
	return out
}

// Chunk is a script.
type Chunk struct {
	Body []Stmt
	Vars []*Var // all locals, in the order of the text
}

// Offset gives the offset in the text of byte i of a string's value; of its end for what is past it.
func (s *String) Offset(i int) int {
	if i >= 0 && i < len(s.off) {
		return s.off[i]
	}
	if len(s.off) > 0 {
		return s.off[len(s.off)-1] + 1
	}
	return s.To - 1
}
