package regex

// Regex is a compiled expression, safe for concurrent use.
type Regex struct{ src string }

func compile(pattern string, flags Flags) (*Regex, error) { return &Regex{src: pattern}, nil }
func compilePCRE(s string) (*Regex, Modifiers, error)     { return &Regex{src: s}, Modifiers{}, nil }

// String gives the pattern.
func (r *Regex) String() string { return r.src }

// Backtracks says that the expression needs the backtracking engine.
func (r *Regex) Backtracks() bool { return false }

// Literal is the longest string that every match contains, nil if none is known. With fold it is in
// lower case and occurs in any case.
func (r *Regex) Literal() (lit []byte, fold bool) { return nil, false }
