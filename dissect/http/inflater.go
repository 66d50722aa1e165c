package http

// Inflater decodes messages in DEFLATE that may refer to those before them (RFC 7692 section 7.2). The zero value is ready.
type Inflater struct{ f inflater }

// flushed ends a message; senders leave it out (RFC 7692 section 7.2.1).
var flushed = []byte{0, 0, 0xff, 0xff}

// Reset forgets what came before.
func (i *Inflater) Reset() { i.f.reset() }

// Message decodes a message and hands pieces of it to emit, which returns false to stop. After an error, and where emit has stopped it,
// Reset is due.
func (i *Inflater) Message(in []byte, emit func([]byte) bool) error {
	i.f.bits, i.f.nbits, i.f.state, i.f.last = 0, 0, infBlock, false
	ok := true
	all := func(b []byte) bool {
		ok = ok && emit(b)
		return ok
	}
	if err := i.f.run(in, all); err != nil || !ok || i.f.state == infDone {
		return err
	}
	return i.f.run(flushed, all)
}
