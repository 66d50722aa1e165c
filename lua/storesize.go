package lua

import (
	"math"

	glua "github.com/yuin/gopher-lua"
)

// Stores know what they take: a value is measured again only once a script has had it in its hands. Looking through all
// values every time would cost more than the scripts themselves where stores are large.

// put sets the value of an entry.
func (s *store) put(e *entry, value glua.LValue) {
	e.value = value
	switch x := value.(type) {
	case *glua.LTable, *glua.LUserData, *glua.LFunction:
		s.mark(e)
	case glua.LString:
		s.resize(e, sizeBox+int64(len(x)))
	default:
		s.resize(e, sizeBox)
	}
}

// shown gives the value of an entry to a script, which may change it.
func (s *store) shown(e *entry) glua.LValue {
	switch e.value.(type) {
	case *glua.LTable, *glua.LUserData:
		s.mark(e)
	}
	return e.value
}

func (s *store) mark(e *entry) {
	if !e.dirty {
		e.dirty = true
		s.dirty = append(s.dirty, e)
	}
}

func (s *store) resize(e *entry, n int64) {
	n = min(n, math.MaxInt32)
	s.valueBytes += n - int64(e.size)
	e.size = int32(n)
}

// markAll has all values measured: some may be held together with others, and counted twice.
func (s *store) markAll() {
	for e := s.first; e != nil; e = e.next {
		s.shown(e)
	}
}

// measure measures the values that may have changed. What the walker has seen before is somebody else's.
func (s *store) measure(w *walker) {
	for _, e := range s.dirty {
		if !e.dirty {
			continue // dropped since
		}
		e.dirty = false
		before := w.bytes
		w.add(e.value)
		w.run()
		s.resize(e, w.bytes-before)
		w.bytes = before
	}
	if cap(s.dirty) > keepDirty {
		s.dirty = nil
	}
	s.dirty = s.dirty[:0]
}

// look gives what the store takes now, without taking note of it.
func (s *store) look(w *walker) int64 {
	n := s.bytes()
	for _, e := range s.dirty {
		if !e.dirty {
			continue
		}
		before := w.bytes
		w.add(e.value)
		w.run()
		n += w.bytes - before - int64(e.size)
		w.bytes = before
	}
	return n
}

// keepDirty is for how many entries the list is kept between measurements.
const keepDirty = 4 << 10

// bytes is what the store takes with its values, as last measured.
func (s *store) bytes() int64 {
	return int64(len(s.index))*sizeOfEntry + s.keyBytes + s.valueBytes
}
