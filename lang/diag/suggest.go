package diag

import "sync"

// maxCompared is how many pairs of names a Suggester compares: some thousand searches among the fields. Files with more that is
// unknown are no rules, or share one mistake.
const maxCompared = 1 << 20

// Suggester looks for names like those that are unknown, the same name once, and gives up in files that are full of them. The zero value
// will do; it may be used by several goroutines.
type Suggester struct {
	mu    sync.Mutex
	found map[string][]string // by kind and name
	spent int
}

// Nearest is the function of that name, among the candidates of a kind.
func (s *Suggester) Nearest(kind, name string, candidates func() []string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := kind + "\x00" + name
	if near, ok := s.found[key]; ok || s.spent > maxCompared {
		return near
	}
	list := candidates()
	s.spent += len(list)
	near := Nearest(name, list)
	if s.found == nil {
		s.found = map[string][]string{}
	}
	s.found[key] = near
	return near
}
