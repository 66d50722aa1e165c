package http

// addHeader adds a header to the message: name and value are already the message's own memory
// unless joined. It returns which anomalies (repeated, differing Content-Length) it found.
func (m *Message) addHeader(name, value []byte) (repeated, clDiffers bool) {
	m.uncache()
	old := m.findExact(name)
	if old == nil {
		m.Headers = append(m.Headers, Header{Name: name, Value: value})
		return false, false
	}
	if !old.Repeated {
		repeated = true
	} else if m.reps++; m.reps > maxRepetitions {
		return false, false
	}
	old.Repeated = true
	if equalFold(name, "content-length") {
		a, aok := parseContentLength(old.Value)
		b, bok := parseContentLength(value)
		return repeated, !aok || !bok || a != b
	}
	// A value at the arena's end grows in place: many repetitions are not quadratic.
	n := len(m.arena) - len(old.Value)
	if len(old.Value) == 0 || n < 0 || cap(m.arena) == 0 || &m.arena[n] != &old.Value[0] {
		n = len(m.arena)
		m.arena = append(m.arena, old.Value...)
	}
	m.arena = append(m.arena, ", "...)
	m.arena = append(m.arena, value...)
	old.Value = m.arena[n:]
	return repeated, false
}

// uncache says that the buffers made from the headers are out of date.
func (m *Message) uncache() {
	m.normFor, m.namesFor, m.startFor, m.listFor, m.rawFor = -1, -1, -1, -1, -1
}

// maxRepetitions is how often headers of a message may repeat before more are ignored (libhtp).
const maxRepetitions = 64

func (m *Message) findExact(name []byte) *Header {
	for i := range m.Headers {
		h := &m.Headers[i]
		if len(h.Name) != len(name) {
			continue
		}
		same := true
		for j := range name {
			if h.Name[j] != name[j] && lower(h.Name[j]) != lower(name[j]) {
				same = false
				break
			}
		}
		if same {
			return h
		}
	}
	return nil
}

// parseContentLength reads the first decimal number in b; junk around it is skipped, as
// browsers do.
func parseContentLength(b []byte) (int64, bool) {
	i := 0
	for i < len(b) && (b[i] < '0' || b[i] > '9') {
		i++
	}
	if i == len(b) {
		return 0, false
	}
	var v int64
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		if v > (1<<62)/10 {
			return 0, false
		}
		v = v*10 + int64(b[i]-'0')
	}
	return v, true
}
