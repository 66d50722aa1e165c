package dissect

// Spares are used up transactions that a parser keeps for the next ones.
type Spares[T any] []*T

// Get gives one that was used, to be reset by whoever takes it, or a new one.
func (s *Spares[T]) Get() *T {
	n := len(*s)
	if n == 0 {
		return new(T)
	}
	t := (*s)[n-1]
	*s = (*s)[:n-1]
	return t
}

// Put keeps one, unless limit are kept.
func (s *Spares[T]) Put(t *T, limit int) {
	if len(*s) < limit {
		*s = append(*s, t)
	}
}
