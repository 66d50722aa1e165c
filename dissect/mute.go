package dissect

// Muter is a message that rules can keep out of the log; embedding a MatchState or a Mutable makes it one.
type Muter interface {
	Mute()
	Muted() bool
}

// Mutable implements Muter. The zero value is logged.
type Mutable struct{ muted bool }

// Mute implements Muter.
func (m *Mutable) Mute() { m.muted = true }

// Muted implements Muter.
func (m *Mutable) Muted() bool { return m.muted }
