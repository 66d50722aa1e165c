package dissect

// MatchState is what the rules remember of one message, or file, whose events repeat while
// it grows, so that each rule matches it once and no byte is scanned twice. Protocols embed it in the
// structs of such messages, and Reset it when they reuse one.
type MatchState struct {
	Matched []uint32 // rules that have matched
	Carry   []uint32 // rules whose prefilter hit and that may be completed by what comes
	Judged  int      // size at which Carry was judged last, bytes
	Came    uint64   // events that came, as the rules number those that may not
	Program uint32   // serial number of the set of rules that wrote this
	scanned []scannedTo
	// StoreFiles says by direction that a rule asked for the message's files to be stored, StoreSIDs which ones did.
	StoreFiles [2]bool
	StoreSIDs  []uint32
	Mutable
}

type scannedTo struct {
	slot uint32
	n    int
}

// Matchable is a message that keeps a MatchState; embedding one makes it so.
type Matchable interface{ RuleState() *MatchState }

// RuleState implements Matchable.
func (s *MatchState) RuleState() *MatchState { return s }

// Reset forgets everything, and keeps the memory.
func (s *MatchState) Reset() {
	s.Matched, s.Carry, s.scanned, s.Judged = s.Matched[:0], s.Carry[:0], s.scanned[:0], 0
	s.Came, s.StoreFiles, s.StoreSIDs, s.Mutable = 0, [2]bool{}, s.StoreSIDs[:0], Mutable{}
}

// Forget makes all buffers count as new: the rules have changed. Which have matched, and which wait, stays.
func (s *MatchState) Forget() { s.scanned, s.Judged = s.scanned[:0], 0 }

// Seen tells how much of a growing buffer was scanned before, and notes that it is scanned
// up to n now. A buffer that became shorter counts as new.
func (s *MatchState) Seen(slot uint32, n int) int {
	for i := range s.scanned {
		if s.scanned[i].slot == slot {
			old := s.scanned[i].n
			s.scanned[i].n = n
			if old > n {
				return 0
			}
			return old
		}
	}
	s.scanned = append(s.scanned, scannedTo{slot, n})
	return 0
}
