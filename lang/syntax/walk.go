package syntax

// Walk calls f for x and every expression in it.
func Walk(x Expr, f func(Expr)) {
	if x == nil {
		return
	}
	f(x)
	switch x := x.(type) {
	case *Index:
		Walk(x.X, f)
	case *Call:
		for _, a := range x.Args {
			Walk(a, f)
		}
	case *Unary:
		Walk(x.X, f)
	case *Binary:
		Walk(x.L, f)
		Walk(x.R, f)
	case *QuantBlock:
		Walk(x.Field, f)
		Walk(x.Body, f)
	case *RangeLit:
		Walk(x.Lo, f)
		Walk(x.Hi, f)
	case *SetLit:
		for _, e := range x.Elems {
			Walk(e.X, f)
		}
	case *Has:
		Walk(x.X, f)
	}
}
