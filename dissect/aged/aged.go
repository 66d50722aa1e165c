// Package aged keeps things in the order of their last use, so that the one unused for longest can go when a table is
// full or its time is over. The links are in the things themselves: keeping the order allocates nothing.
package aged

// Links are embedded in what a List keeps.
type Links[T any] struct{ older, newer *T }

// Age gives the links to their list.
func (l *Links[T]) Age() *Links[T] { return l }

// Older gives the neighbour that was used before, nil for the oldest.
func (l *Links[T]) Older() *T { return l.older }

// Newer gives the neighbour that was used after, nil for the newest.
func (l *Links[T]) Newer() *T { return l.newer }

// Thing is a pointer to a struct that embeds Links.
type Thing[T any] interface {
	*T
	Age() *Links[T]
}

// List is in the order of last use. A thing is in one list at most. The zero List is empty.
type List[T any, P Thing[T]] struct{ oldest, newest *T }

// Oldest gives the thing that was used first, nil if there is none.
func (l *List[T, P]) Oldest() *T { return l.oldest }

// Newest gives the thing that was used last, nil if there is none.
func (l *List[T, P]) Newest() *T { return l.newest }

// Add puts a thing that is in no list at the new end.
func (l *List[T, P]) Add(x *T) {
	a := P(x).Age()
	a.older, a.newer = l.newest, nil
	if l.newest != nil {
		P(l.newest).Age().newer = x
	} else {
		l.oldest = x
	}
	l.newest = x
}

// Remove takes a thing of the list out.
func (l *List[T, P]) Remove(x *T) {
	a := P(x).Age()
	if a.older != nil {
		P(a.older).Age().newer = a.newer
	} else {
		l.oldest = a.newer
	}
	if a.newer != nil {
		P(a.newer).Age().older = a.older
	} else {
		l.newest = a.older
	}
	a.older, a.newer = nil, nil
}

// Touch makes a thing of the list the newest.
func (l *List[T, P]) Touch(x *T) {
	if x != l.newest {
		l.Remove(x)
		l.Add(x)
	}
}
