package lua

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// program is a compiled script: immutable, run by one VM or several.
type program struct {
	name   string
	text   string
	source string // text, with a first line #! blanked
	proto  *glua.FunctionProto
	// uses are the members of nids that the script names, with the first line of each.
	uses map[string]int
	// handlers are the literal handlers of nids.on, whose reads tell what is needed.
	handlers []literalHandler
	flags    []string // that x:set_flag("name") names
}

// short is the script's name without folder and .lua.
func (p *program) short() string { return strings.TrimSuffix(path.Base(p.name), ".lua") }

// compileSource parses and compiles a script.
func compileSource(s Source, lim *Limits) (*program, []Problem) {
	if len(s.Text) > lim.Source {
		return nil, []Problem{{Pos: Pos{File: s.Name}, Kind: SyntaxError,
			Msg: fmt.Sprintf("the script has %d bytes, more than %d", len(s.Text), lim.Source)}}
	}
	if strings.HasPrefix(s.Text, "\x1b") {
		return nil, []Problem{{Pos: Pos{File: s.Name}, Kind: SyntaxError, Msg: "this is bytecode, not Lua source"}}
	}
	text := s.Text
	if strings.HasPrefix(text, "#") { // #!/usr/bin/env luanids
		line, _, _ := strings.Cut(text, "\n")
		text = strings.Repeat(" ", len(line)) + text[len(line):]
	}
	chunk, err := parse.Parse(strings.NewReader(text), s.Name)
	if err != nil {
		return nil, []Problem{syntaxProblem(s.Name, text, err)}
	}
	p := &program{name: s.Name, text: s.Text, source: text, uses: map[string]int{}}
	r := rewriter{prog: p, constants: !rebindsNids.MatchString(text)}
	r.stmts(chunk)
	if r.deep > 0 {
		return nil, []Problem{{Pos: Pos{s.Name, r.deep}, Kind: SyntaxError, Msg: fmt.Sprintf("nested more than %d deep", maxNesting)}}
	}
	if p.proto, err = compileChunk(chunk, s.Name); err != nil {
		return nil, []Problem{syntaxProblem(s.Name, text, err)}
	}
	return p, nil
}

// compileChunk calls the interpreter's compiler, whose panics are errors too.
func compileChunk(chunk []ast.Stmt, name string) (proto *glua.FunctionProto, err error) {
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("the script cannot be compiled: %v", x)
		}
	}()
	return glua.Compile(chunk, name)
}

// Globals that no script can name: what stands for the operator `..`, and for reads of an event.
const (
	concatName = "(concat)"
	readName   = "(read)"
)

// rewriter goes through a script's syntax. It replaces the operator `..` by a call, since the
// interpreter's own would make a string of any length within one instruction, and reads of events, and notes
// what the script names.
type rewriter struct {
	prog  *program
	depth int
	deep  int // line of what is nested too deep, 0 for nothing
	// chains of the handler that is being looked at, by the name of its parameter.
	params []handlerParam
	// constants says that nids.DATA and the like can be written as numbers.
	constants bool
}

// rebindsNids finds scripts that may mean something else by nids.
var rebindsNids = regexp.MustCompile(`\bnids\s*[,=]|,\s*nids\b`)

type handlerParam struct {
	name    string
	handler *literalHandler
}

// literalHandler is a call nids.on("event", ..., function(ev) ... end).
type literalHandler struct {
	event string
	// reads are the names that the function reads of its event, dotted.
	reads []read
}

type read struct {
	name string
	line int
}

// maxNesting bounds the recursion over a script, here and in the interpreter's compiler: a stack that overflows
// takes the process down.
const maxNesting = 1000

// enter counts a level; false where there are too many.
func (r *rewriter) enter(at ast.PositionHolder) bool {
	r.depth++
	if r.depth > maxNesting && r.deep == 0 {
		r.deep = max(at.Line(), 1)
	}
	return r.deep == 0
}

func (r *rewriter) stmts(list []ast.Stmt) {
	for _, s := range list {
		if r.enter(s) {
			r.stmt(s)
		}
		r.depth--
	}
}

func (r *rewriter) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		for i, e := range s.Lhs {
			if a, ok := e.(*ast.AttrGetExpr); ok {
				a.Object, a.Key = r.expr(a.Object), r.expr(a.Key)
			} else {
				s.Lhs[i] = r.expr(e)
			}
		}
		r.exprs(s.Rhs)
	case *ast.LocalAssignStmt:
		r.exprs(s.Exprs)
	case *ast.FuncCallStmt:
		s.Expr = r.expr(s.Expr)
	case *ast.DoBlockStmt:
		r.stmts(s.Stmts)
	case *ast.WhileStmt:
		s.Condition = r.expr(s.Condition)
		r.stmts(s.Stmts)
	case *ast.RepeatStmt:
		s.Condition = r.expr(s.Condition)
		r.stmts(s.Stmts)
	case *ast.IfStmt:
		s.Condition = r.expr(s.Condition)
		r.stmts(s.Then)
		r.stmts(s.Else)
	case *ast.NumberForStmt:
		s.Init, s.Limit = r.expr(s.Init), r.expr(s.Limit)
		if s.Step != nil {
			s.Step = r.expr(s.Step)
		}
		r.stmts(s.Stmts)
	case *ast.GenericForStmt:
		r.exprs(s.Exprs)
		r.stmts(s.Stmts)
	case *ast.FuncDefStmt:
		r.stmts(s.Func.Stmts)
	case *ast.ReturnStmt:
		r.exprs(s.Exprs)
	}
}

func (r *rewriter) exprs(list []ast.Expr) {
	for i, e := range list {
		list[i] = r.expr(e)
	}
}

// expr rewrites what is below e, and gives what stands in its place.
func (r *rewriter) expr(e ast.Expr) ast.Expr {
	if r.enter(e) {
		e = r.below(e)
	}
	r.depth--
	return e
}

func (r *rewriter) below(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.AttrGetExpr:
		return r.attr(e)
	case *ast.TableExpr:
		for _, f := range e.Fields {
			if f.Key != nil {
				f.Key = r.expr(f.Key)
			}
			f.Value = r.expr(f.Value)
		}
	case *ast.FuncCallExpr:
		r.call(e)
	case *ast.LogicalOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.RelationalOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.StringConcatOpExpr:
		return r.concat(e)
	case *ast.ArithmeticOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.UnaryLenOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.FunctionExpr:
		r.stmts(e.Stmts)
	}
	return e
}

// concat makes a .. b .. c a call with three arguments.
func (r *rewriter) concat(e *ast.StringConcatOpExpr) ast.Expr {
	call := hidden(e, concatName)
	var next ast.Expr = e
	for {
		c, ok := next.(*ast.StringConcatOpExpr)
		if !ok {
			break
		}
		call.Args = append(call.Args, r.expr(c.Lhs))
		next = c.Rhs
	}
	last := r.expr(next)
	switch x := last.(type) { // one value of a call or of `...`, not all
	case *ast.FuncCallExpr:
		x.AdjustRet = true
	case *ast.Comma3Expr:
		x.AdjustRet = true
	}
	call.Args = append(call.Args, last)
	return call
}

func (r *rewriter) call(e *ast.FuncCallExpr) {
	if e.Method == "set_flag" && len(e.Args) > 0 {
		if name, ok := e.Args[0].(*ast.StringExpr); ok {
			r.prog.flags = append(r.prog.flags, name.Value)
		}
	}
	if e.Func != nil {
		e.Func = r.expr(e.Func)
	}
	if e.Receiver != nil {
		e.Receiver = r.expr(e.Receiver)
	}
	if h := onHandler(e); h != nil {
		r.handler(e, h)
		return
	}
	r.exprs(e.Args)
}

// onHandler recognises nids.on("event", ..., function(ev) ... end), and nids.register_tcp(function(tcp) ... end).
func onHandler(e *ast.FuncCallExpr) *ast.FunctionExpr {
	f, ok := e.Func.(*ast.AttrGetExpr)
	if !ok || len(e.Args) == 0 || !isName(f.Object, "nids") {
		return nil
	}
	if isText(f.Key, "register_tcp") {
		fn, ok := e.Args[0].(*ast.FunctionExpr)
		if !ok || len(fn.ParList.Names) == 0 {
			return nil
		}
		return fn
	}
	if len(e.Args) < 2 || !isText(f.Key, "on") {
		return nil
	}
	fn, ok := e.Args[len(e.Args)-1].(*ast.FunctionExpr)
	if _, named := e.Args[0].(*ast.StringExpr); !ok || !named || len(fn.ParList.Names) == 0 {
		return nil
	}
	return fn
}

func isName(e ast.Expr, name string) bool {
	x, ok := e.(*ast.IdentExpr)
	return ok && x.Value == name
}

func isText(e ast.Expr, text string) bool {
	x, ok := e.(*ast.StringExpr)
	return ok && x.Value == text
}

func (r *rewriter) handler(e *ast.FuncCallExpr, fn *ast.FunctionExpr) {
	h := &literalHandler{} // of a TCP stream
	if name, ok := e.Args[0].(*ast.StringExpr); ok {
		h.event = name.Value
	}
	r.params = append(r.params, handlerParam{fn.ParList.Names[0], h})
	r.exprs(e.Args)
	r.params = r.params[:len(r.params)-1]
	r.prog.handlers = append(r.prog.handlers, *h)
}

// attr notes nids.NAME and EVENT.NAME.NAME. The latter becomes one call: the interpreter would make
// two, and an object for the name each time.
func (r *rewriter) attr(e *ast.AttrGetExpr) ast.Expr {
	if isName(e.Object, "nids") {
		if k, ok := e.Key.(*ast.StringExpr); ok {
			if _, seen := r.prog.uses[k.Value]; !seen {
				r.prog.uses[k.Value] = e.Line()
			}
			if n, ok := nidsStateOf(k.Value); ok && r.constants {
				x := &ast.NumberExpr{Value: strconv.Itoa(n)}
				x.SetLine(e.Line())
				x.SetLastLine(e.LastLine())
				return x
			}
		}
		return e
	}
	if name, of, h := r.chain(e); h != nil {
		h.reads = append(h.reads, read{name, e.Line()})
		return hidden(e, readName, of, &ast.StringExpr{Value: name})
	}
	e.Object, e.Key = r.expr(e.Object), r.expr(e.Key)
	return e
}

// hidden makes a call of one of the functions that no script can name.
func hidden(at ast.Expr, name string, args ...ast.Expr) *ast.FuncCallExpr {
	fn := &ast.IdentExpr{Value: name}
	call := &ast.FuncCallExpr{Func: fn, Args: args, AdjustRet: true}
	for _, x := range append([]ast.Expr{fn, call}, args...) {
		if x.Line() == 0 {
			x.SetLine(at.Line())
			x.SetLastLine(at.LastLine())
		}
	}
	return call
}

// chain gives the dotted name that e reads of a handler's event, and the event.
func (r *rewriter) chain(e *ast.AttrGetExpr) (string, *ast.IdentExpr, *literalHandler) {
	k, ok := e.Key.(*ast.StringExpr)
	if !ok {
		return "", nil, nil
	}
	switch o := e.Object.(type) {
	case *ast.IdentExpr:
		for i := len(r.params) - 1; i >= 0; i-- {
			if r.params[i].name == o.Value {
				return k.Value, o, r.params[i].handler
			}
		}
	case *ast.AttrGetExpr:
		if name, of, h := r.chain(o); h != nil {
			return name + "." + k.Value, of, h
		}
	}
	return "", nil, nil
}
