package syntax

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/luanids/luanids/lang/diag"
)

// The grammar is the struct tags in ast.go, which participle reads. What it cannot do well is
// given to it as productions written by hand: expressions (expr.go), because of operator
// precedence, and the two lists below, declarations and statements, because they are where
// parsing goes on after an error.
var options = []participle.Option{
	participle.Lexer(definition{}),
	participle.UseLookahead(1),
	participle.ParseTypeWith(parseExpr),
	participle.ParseTypeWith(parseStmt),
}

// production parses one declaration or statement; the next token is its first.
type production func(lex *lexer.PeekingLexer) (any, error)

func produce[T any](opts ...participle.Option) production {
	p := participle.MustBuild[T](append(slices.Clip(options), opts...)...)
	return func(lex *lexer.PeekingLexer) (any, error) {
		return p.ParseFromLexer(lex, participle.AllowTrailing(true))
	}
}

// decls and stmts are the productions by the word that they begin with ("" is a step). They
// are made by grammar, not by initialisers: the statements' productions refer to their own list.
var decls, stmts map[string]production

// stmtOrder lists the statements' keywords in canonical order.
var stmtOrder []string

// grammar builds the parsers when one is first needed.
var grammar = sync.OnceFunc(func() {
	one := func(words []string, p production) {
		for _, w := range words {
			stmts[w] = p
			stmtOrder = append(stmtOrder, w)
		}
	}
	stmts = map[string]production{}
	one([]string{"when"}, produce[When]())
	one([]string{"on"}, produce[On]())
	one([]string{"threshold"}, produce[Threshold]())
	one([]string{"set", "unset", "toggle"}, produce[Set]())
	one([]string{"severity"}, produce[Severity]())
	one([]string{"confidence"}, produce[Confidence]())
	one([]string{"mitre"}, produce[Mitre]())
	one([]string{"tags"}, produce[Tags]())
	one([]string{"evidence"}, produce[Evidence]())
	one(textWords, produce[Text]())
	one(choiceWords, produce[Choice]())
	one(numberWords, produce[Number]())
	one(flagWords, produce[Flag]())
	one([]string{"ref"}, produce[Ref]())
	one([]string{"metadata"}, produce[Metadata]())
	one([]string{"tag"}, produce[TagPackets]())
	one([]string{"context"}, produce[Context]())
	stmts[""] = produce[Step]()
	decls = map[string]production{
		"rule": produce[Rule](), "sequence": produce[Sequence](), "let": produce[Let](),
		"list": produce[List](), "dataset": produce[Dataset](), "include": produce[Include](), "test": produce[Test](participle.UseLookahead(0)),
	}
})

var (
	textWords   = []string{"description", "false_positives"}
	choiceWords = []string{"classtype", "action", "target", "inspect", "scope"}
	numberWords = []string{"gid", "sid", "rev", "priority"}
	flagWords   = []string{"noalert", "alert", "disabled", "filestore", "filestore_message", "filestore_message_to_server", "filestore_message_to_client",
		"filestore_flow", "filestore_flow_to_server", "filestore_flow_to_client", "tlsstore", "nolog", "nolog_flow", "bypass", "untracked"}
)

// DeclWords are the words that begin declarations.
func DeclWords() []string {
	return []string{"rule", "sequence", "let", "list", "dataset", "include", "test"}
}

// StmtWords are the words that begin statements, in canonical order.
func StmtWords() []string {
	grammar()
	return stmtOrder
}

// problem is a syntax error as participle hands it through.
type problem struct{ diag.Diagnostic }

func (p *problem) Error() string { return p.Summary }

// Parse reads src, which stands in its file at the beginning of the line at. What could not
// be parsed is in the tree as *Bad, and in the list.
func Parse(src string, at diag.Pos) (*File, diag.List) {
	grammar()
	sc := newLexer(src, at)
	lex, _ := lexer.Upgrade(sc) // the scanner never fails
	f := &File{Comments: sc.comments}
	f.rng = diag.Range{Start: at, End: tokenRange(*lastToken(lex)).End}
	p := recovery{lex: lex, first: lex.MakeCheckpoint()}
	for !lex.Peek().EOF() {
		f.Decls = append(f.Decls, p.decl())
	}
	return f, problems(f)
}

// ParseExpr reads one expression, the value of --var.
func ParseExpr(src string) (Expr, diag.List) {
	grammar()
	lex, _ := lexer.Upgrade(newLexer(src, diag.Pos{Line: 1, Col: 1}))
	x, err := parseExpr(lex)
	if err == nil && !lex.Peek().EOF() {
		err = unexpected(lex.Peek(), "the end")
	}
	if err != nil {
		return nil, diag.List{explain(err, lex)}
	}
	return x, nil
}

func lastToken(lex *lexer.PeekingLexer) *lexer.Token {
	c := lex.MakeCheckpoint()
	for !lex.Peek().EOF() {
		lex.Next()
	}
	t := lex.Peek()
	lex.LoadCheckpoint(c)
	return t
}

// recovery parses lists of declarations and statements, and finds where to go on after an error.
type recovery struct {
	lex   *lexer.PeekingLexer
	first lexer.Checkpoint // the beginning
}

// decl parses a declaration; after an error it skips to the next line that begins one.
func (p recovery) decl() Decl {
	start, at := p.lex.Peek(), p.lex.RawCursor()
	prod, ok := decls[start.Value]
	var err error
	if ok {
		var d any
		if d, err = prod(p.lex); err == nil {
			return d.(Decl)
		}
	} else if start.Type == tBad {
		err = &problem{badToken(start)}
	} else {
		err = &problem{diag.NotADeclaration(tokenRange(*start), start.Value, diag.Nearest(start.Value, DeclWords()))}
	}
	bad := &Bad{Problem: explain(err, p.lex)}
	if p.opensSet(start, at) {
		bad.Problem = diag.NotClosed(tokenRange(*start).Join(tokenRange(p.lex.Range(at+1, at+2)[0])), "let "+p.lex.Range(at+1, at+2)[0].Value)
	}
	if isUnclosed(start, err, p.lex) {
		bad.Others = p.within(at)
		bad.Problem = diag.NotClosed(tokenRange(*start).Join(tokenRange(p.lex.Range(at+1, at+2)[0])),
			start.Value+" "+p.lex.Range(at+1, at+2)[0].Value)
	}
	last := start
	for first := p.lex.Peek() == start; ; first = false {
		t := p.lex.Peek()
		if t.EOF() || !first && beginsLine(p.lex) && decls[t.Value] != nil {
			break
		}
		last = p.lex.Next()
	}
	bad.rng = tokenRange(*start).Join(tokenRange(*last))
	return bad
}

// opensSet tells whether a let from token at on ends amid a set.
func (p recovery) opensSet(start *lexer.Token, at lexer.RawCursor) bool {
	if start.Value != "let" || !p.lex.Peek().EOF() || p.lex.RawCursor() < at+2 {
		return false
	}
	depth := 0
	for _, t := range p.lex.Range(at, p.lex.RawCursor()) {
		switch t.Value {
		case "{":
			depth++
		case "}":
			depth--
		}
	}
	return depth > 0
}

// within parses the statements of a block that is not closed again, from the token at which
// it begins, for what is wrong with them; and leaves the lexer where they end.
func (p recovery) within(at lexer.RawCursor) diag.List {
	here := p.lex.MakeCheckpoint()
	p.lex.LoadCheckpoint(p.first)
	for p.lex.RawCursor() < at || p.lex.Peek().Value != "{" && !p.lex.Peek().EOF() {
		p.lex.Next()
	}
	p.lex.Next()
	var l diag.List
	for {
		s, err := parseStmt(p.lex)
		if err != nil || s == nil {
			break
		}
		if bad, ok := s.(*Bad); ok {
			l = append(l, bad.Problem)
		}
	}
	if p.lex.RawCursor() < here.RawCursor() {
		p.lex.LoadCheckpoint(here)
	}
	return l
}

// isUnclosed tells whether a block's error is that another declaration, or the end, came first.
func isUnclosed(start *lexer.Token, err error, lex *lexer.PeekingLexer) bool {
	var u *participle.UnexpectedTokenError
	if !errors.As(err, &u) || start.Value != "rule" && start.Value != "sequence" && start.Value != "test" {
		return false
	}
	if u.Unexpected.Pos.Offset == start.Pos.Offset || lex.RawCursor() < 3 || strings.Contains(expectation(u), "{") {
		return false
	}
	return u.Unexpected.EOF() || decls[u.Unexpected.Value] != nil
}

// beginsLine tells whether the next token is the first of its line.
func beginsLine(lex *lexer.PeekingLexer) bool {
	c := lex.RawCursor()
	return c == 0 || lex.Range(c-1, c)[0].Pos.Line < lex.Peek().Pos.Line
}

// startsStmt tells whether the next token begins a statement on a line of its own, so that it
// cannot be what is missing before. After a comma a list goes on.
func startsStmt(lex *lexer.PeekingLexer) bool {
	t, c := lex.Peek(), lex.RawCursor()
	return t.Type == tIdent && stmts[t.Value] != nil && beginsLine(lex) && (c == 0 || lex.Range(c-1, c)[0].Value != ",")
}

// parseStmt parses a statement of a body; a bad one is skipped up to the next statement that
// begins a line, or to the end of the body.
func parseStmt(lex *lexer.PeekingLexer) (Stmt, error) {
	start, from := lex.Peek(), lex.RawCursor()
	if start.EOF() || start.Value == "}" {
		return nil, participle.NextMatch
	}
	if beginsLine(lex) && decls[start.Value] != nil {
		return nil, participle.NextMatch // a brace is missing
	}
	prod := stmts[start.Value]
	if prod == nil || start.Type != tIdent {
		if !beginsStep(lex) {
			return skipStmt(lex, from, notAStatement(start, beginsLine(lex), lex.Range(max(from, 1)-1, from)))
		}
		prod = stmts[""]
	}
	s, err := prod(lex)
	if err != nil {
		return skipStmt(lex, from, err)
	}
	return s.(Stmt), nil
}

// notAStatement says what is wrong with a token that begins no statement.
func notAStatement(t *lexer.Token, beginsLine bool, before []lexer.Token) *problem {
	first := len(before) > 0 && before[0].Value == "{"
	at := tokenRange(*t)
	near := diag.Nearest(t.Value, stmtOrder)
	switch {
	case t.Type == tBad:
		return &problem{badToken(t)}
	case t.Value == "=" && !beginsLine:
		return &problem{diag.SingleEquals(at)}
	case t.Type == tIdent && strings.Contains(t.Value, ".") && (first || beginsLine):
		return &problem{diag.Unexpected(at, t.Value, "", "a condition stands behind when; a step of a sequence begins with a label: a: "+t.Value)}
	case t.Type != tIdent || !beginsLine && len(near) == 0:
		return &problem{diag.Unexpected(at, t.Value, "", habit(t, ""))}
	}
	return &problem{diag.NotAStatement(at, t.Value, near)}
}

// beginsStep tells whether a step of a sequence comes: "a:" or "then".
func beginsStep(lex *lexer.PeekingLexer) bool {
	if lex.Peek().Value == "then" {
		return true
	}
	c := lex.MakeCheckpoint()
	defer lex.LoadCheckpoint(c)
	return lex.Next().Type == tIdent && lex.Peek().Value == ":"
}

func skipStmt(lex *lexer.PeekingLexer, from lexer.RawCursor, err error) (Stmt, error) {
	bad := &Bad{Problem: explain(err, lex)}
	start := &lex.Range(from, from+1)[0]
	last := start
	depth := 0
	for i := range lex.Range(from, lex.RawCursor()) { // the error may be amid a set
		last = &lex.Range(from, lex.RawCursor())[i]
		switch last.Value {
		case "{":
			depth++
		case "}":
			depth--
		}
	}
	for first := lex.RawCursor() == from; ; first = false {
		t := lex.Peek()
		if t.EOF() {
			break
		}
		if !first && beginsLine(lex) && (stmts[t.Value] != nil || decls[t.Value] != nil || t.Value == "}" || beginsStep(lex) ||
			depth == 0 && t.Type == tIdent && infixes[t.Value] == 0 && !operators[t.Value] && endsOperand(last)) {
			break
		}
		switch t.Value {
		case "{":
			depth++
		case "}":
			depth--
		}
		if depth < 0 {
			break
		}
		last = lex.Next()
	}
	bad.rng = tokenRange(*start).Join(tokenRange(*last))
	return bad, nil
}

// endsOperand tells whether an expression can end with a token, so that a word after it on a
// new line is meant to be a statement.
func endsOperand(t *lexer.Token) bool {
	switch t.Type {
	case tOp:
		return t.Value == ")" || t.Value == "]" || t.Value == "}"
	case tIdent:
		return !operators[t.Value] && infixes[t.Value] == 0
	}
	return true
}

// problems collects what the Bad nodes of a tree say.
func problems(f *File) diag.List {
	var l diag.List
	body := func(b []Stmt) {
		for _, s := range b {
			if bad, ok := s.(*Bad); ok {
				l = append(l, bad.Problem)
			}
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *Bad:
			l = append(append(l, d.Problem), d.Others...)
		case *Rule:
			body(d.Body)
		case *Sequence:
			body(d.Body)
		}
	}
	return l
}

// explain turns an error of the parser into a diagnostic.
func explain(err error, lex *lexer.PeekingLexer) diag.Diagnostic {
	var p *problem
	if errors.As(err, &p) {
		return p.Diagnostic
	}
	var u *participle.UnexpectedTokenError
	if errors.As(err, &u) {
		return unexpected(&u.Unexpected, expectation(u)).Diagnostic
	}
	return diag.Syntax(tokenRange(*lex.Peek()), err.Error())
}

// unexpected says that a token cannot stand where it does.
func unexpected(t *lexer.Token, want string) *problem {
	at := tokenRange(*t)
	switch want {
	case ",":
		want = "a comma"
	case ",}":
		want = "a comma or }"
	case ",]":
		want = "a comma or ]"
	}
	switch {
	case t.EOF():
		return &problem{diag.UnexpectedEnd(at, want)}
	case t.Type == tBad:
		return &problem{badToken(t)}
	}
	return &problem{diag.Unexpected(at, t.Value, want, habit(t, want))}
}

// badToken says what is wrong with a token that is none.
func badToken(t *lexer.Token) diag.Diagnostic {
	at := tokenRange(*t)
	switch c := t.Value[0]; {
	case c == '"' || c == '\'' || c == 'x' && len(t.Value) > 1:
		return diag.OpenString(at)
	case t.Value[0] == '/' && strings.HasPrefix(t.Value, "//"):
		return diag.BadCharacter(at, "//", "a comment begins with #")
	case c == '/':
		return diag.OpenRegex(at)
	case isDigit(c) && strings.Count(t.Value, ".") > 1:
		return diag.BadAddress(at, t.Value)
	case isDigit(c):
		return diag.BadNumber(at, t.Value)
	}
	hint := habits[t.Value]
	if r, _ := utf8.DecodeRuneInString(t.Value); hint == "" && unicode.IsLetter(r) {
		hint = `names are of ASCII letters; an id with others stands in quotes, as texts do`
	}
	return diag.BadCharacter(at, t.Value, hint)
}
