package ir

// Walk calls f for a condition and all conditions that it is made of.
func Walk(x Expr, f func(Expr)) {
	f(x)
	switch x := x.(type) {
	case *And:
		for _, y := range x.X {
			Walk(y, f)
		}
	case *Or:
		for _, y := range x.X {
			Walk(y, f)
		}
	case *Not:
		Walk(x.X, f)
	case *Quant:
		Walk(x.Body, f)
	}
}
