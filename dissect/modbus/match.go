package modbus

// answers tells whether a response may belong to a request, and whether it says the same.
func (m *message) answers(q *message) (same, ok bool) {
	if m.transaction != q.transaction || m.unit != q.unit || m.code() != q.code() {
		return false, false
	}
	switch {
	case m.category != catAssigned || m.kind == kindException: // what a response of an unknown function has to be like is not known
		return true, true
	case m.kind == kindBytes && q.kind == kindBytes:
		return true, true
	case m.kind == kindBytes:
		return true, m.faults&badLength != 0
	case q.kind == kindBytes:
		return true, q.faults&badLength != 0
	}
	return m.agrees(q)
}

// agrees compares what a response says with what its request asked for; false, false: they are of different kinds.
func (m *message) agrees(q *message) (same, comparable bool) {
	switch m.kind {
	case kindReadResponse:
		if q.kind == kindReadRequest || q.kind == kindReadWrite {
			return len(m.data()) == q.bytesOf(q.readQuantity), true
		}
	case kindWrite:
		if q.kind == kindWrite || q.kind == kindWriteMany {
			return m.writeAddress == q.writeAddress && m.writeQuantity == q.writeQuantity, true
		}
	case kindMask:
		if q.kind == kindMask {
			return m.writeAddress == q.writeAddress && m.andMask == q.andMask && m.orMask == q.orMask, true
		}
	case kindDiagnostic, kindMEI:
		return true, q.kind == m.kind && q.sub == m.sub
	}
	return false, false
}

// span gives the first and the last address that a message names, counted from 1 as people do; of one that reads and writes those that
// it writes to.
func (m *message) span() (first, last int64, ok bool) {
	address, quantity := m.writeAddress, m.writeQuantity
	switch m.kind {
	case kindWrite, kindMask:
		return int64(address) + 1, int64(address) + 1, true
	case kindReadRequest:
		address, quantity = m.readAddress, m.readQuantity
	case kindWriteMany, kindReadWrite:
	default:
		return 0, 0, false
	}
	if quantity == 0 || quantity > 0xffff-address {
		return 0, 0, false
	}
	return int64(address) + 1, int64(address) + int64(quantity), true
}

// written gives the i-th value that a request writes, and its address counted from 1. Coils have 0 and 1.
func (m *message) written(i int) (address, value int64, ok bool) {
	switch m.kind {
	case kindWrite:
		if i > 0 || m.access&accSingle == 0 {
			return 0, 0, false
		}
		if value = int64(m.writeQuantity); m.access&accCoils != 0 && value != 0 {
			value = 1
		}
		return int64(m.writeAddress) + 1, value, true
	case kindWriteMany, kindReadWrite:
		if i < int(m.writeQuantity) {
			value, ok = m.value(i)
		}
	}
	return int64(m.writeAddress) + 1 + int64(i), value, ok
}

// value gives the i-th value in the data of a message.
func (m *message) value(i int) (int64, bool) {
	b := m.data()
	if m.access&accBits != 0 {
		if i/8 >= len(b) {
			return 0, false
		}
		return int64(b[i/8] >> (i % 8) & 1), true
	}
	if 2*i+1 >= len(b) {
		return 0, false
	}
	return int64(b[2*i])<<8 | int64(b[2*i+1]), true
}
