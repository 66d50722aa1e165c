package dissect

// Skip is how many bytes are to come, in a direction of a stream, that nobody looks at: the rest of a message whose length is known. That
// tells also where the next message begins when some of them are missing.
type Skip uint64

// Pass takes as much as it can of n bytes that came, and gives how many those are.
func (s *Skip) Pass(n int) int {
	k := min(*s, Skip(max(n, 0)))
	*s -= k
	return int(k)
}

// Gap takes n bytes that are missing (as for Parser.Gap). false: more is missing than is passed over, so that where messages begin is not
// known any more, and nothing is passed over.
func (s *Skip) Gap(n int) (known bool) {
	if known = n >= 0 && Skip(n) <= *s; known {
		*s -= Skip(n)
	} else {
		*s = 0
	}
	return known
}

// Ends are the directions of a stream that are over.
type Ends [2]bool

// Both notes that a direction is over, and tells whether both are.
func (e *Ends) Both(dir Dir) bool {
	e[dir] = true
	return e[dir.Rev()]
}
