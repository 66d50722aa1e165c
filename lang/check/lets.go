package check

import "github.com/luanids/luanids/lang/syntax"

// letOrder puts lets behind those that they use, and finds those that are defined by themselves (Tarjan's strongly connected components).
type letOrder struct {
	scope  *Scope
	seen   map[*let]int // how many were seen before it, from 1
	open   []*let       // seen, and not yet in a component
	inOpen map[*let]bool
	out    []*let
}

// sorted gives all lets, each behind those that it uses; those that are defined by themselves are marked as cyclic.
func (s *Scope) sorted() []*let {
	o := letOrder{scope: s, seen: map[*let]int{}, inOpen: map[*let]bool{}}
	for _, l := range s.order {
		o.visit(l)
	}
	for _, l := range s.lets { // what --var gives
		o.visit(l)
	}
	return o.out
}

// visit goes through what l uses, and gives the earliest seen of the lets that use each other with l.
func (o *letOrder) visit(l *let) int {
	if l = o.scope.lets[l.name]; o.seen[l] > 0 {
		if o.inOpen[l] {
			return o.seen[l]
		}
		return len(o.seen) + 1 // it has a component of its own
	}
	own := len(o.seen) + 1
	o.seen[l], o.inOpen[l] = own, true
	at := len(o.open)
	o.open = append(o.open, l)
	low := own
	syntax.Walk(l.value, func(e syntax.Expr) {
		n, ok := e.(*syntax.Name)
		if !ok {
			return
		}
		if used := o.scope.lets[n.Text]; used != nil {
			l.cyclic = l.cyclic || used == l
			low = min(low, o.visit(used))
		}
	})
	if low < own {
		return low
	}
	for _, member := range o.open[at:] {
		member.cyclic = member.cyclic || len(o.open)-at > 1
		o.inOpen[member] = false
		o.out = append(o.out, member)
	}
	o.open = o.open[:at]
	return own
}
