package modbus

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// The header (MBAP, section 3.1.3 of the guide): transaction, protocol, length of what follows from the unit on, unit. The function follows.
const (
	prefixLen = 6 // of the header up to its length, bytes
	headLen   = prefixLen + 2
	// minLength and maxLength are what the length may say: unit, function and up to 252 bytes of data.
	minLength = 2
	maxLength = 254
	maxBody   = maxLength - 2
)

// Most that one message may read or write.
const (
	maxBits      = 2000
	maxRegisters = 125
	maxReadBytes = 250
)

// kind is what the data of a message is.
type kind uint8

const (
	kindNone kind = iota
	kindException
	kindDiagnostic
	kindMEI
	kindReadRequest
	kindReadResponse
	kindWrite     // one value, or in responses how many were written
	kindWriteMany // a request with several values
	kindMask
	kindReadWrite // kindReadRequest and kindWriteMany
	kindBytes
)

// message is a request or a response, or the place of one.
type message struct {
	there                         bool
	unit, raw                     uint8 // raw is the function with exceptionBit
	access                        access
	category                      category
	faults                        fault
	kind                          kind
	transaction, protocol, length uint16
	sub                           uint16 // of a diagnostic or an encapsulated interface, or an exception
	readAddress, readQuantity     uint16
	writeAddress                  uint16
	writeQuantity                 uint16 // in kindWrite the value
	andMask, orMask               uint16
	dataOff                       int // in body, of what follows the numbers above
	n                             int
	body                          [maxBody]byte // behind the function
}

func (m *message) code() uint8 { return m.raw &^ exceptionBit }

// data is what follows the numbers that the function has.
func (m *message) data() []byte { return m.body[m.dataOff:m.n] }

func (m *message) all() []byte { return m.body[:m.n] }

// start takes the beginning of the header.
func (m *message) start(b []byte) {
	m.there, m.kind, m.faults, m.category, m.access, m.unit, m.raw, m.dataOff, m.n = true, kindNone, 0, catNone, 0, 0, 0, 0, 0
	m.transaction, m.protocol, m.length = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint16(b[4:])
	if m.protocol != 0 {
		m.faults = badProtocol
	}
	if m.length < minLength || m.length > maxLength {
		m.faults |= badLength
	}
}

// read takes a whole message whose length is right.
func (m *message) read(b []byte, dir dissect.Dir) {
	m.start(b)
	m.unit, m.raw = b[prefixLen], b[prefixLen+1]
	m.access = accessOf(m.code())
	m.n = copy(m.body[:], b[headLen:])
	r := reader{b: m.all()}
	if dir == dissect.ToServer {
		m.request(&r)
	} else {
		m.response(&r)
	}
	if r.short {
		m.faults |= badLength
		if m.kind == kindNone {
			m.kind = kindBytes
		}
	} else if r.at < len(r.b) {
		m.faults |= badLength
	}
	m.categorize()
}

func (m *message) categorize() {
	switch code := m.code(); {
	case code == fcDiagnostic && m.kind != kindDiagnostic, code == fcMEI && m.kind != kindMEI:
	case code == fcDiagnostic && diagnosticName(m.sub) == "Reserved", code == fcMEI && meiName(m.sub) == unknown:
		m.category = catReserved
	case FunctionName(code) == "":
		m.category = categoryOf(m.raw)
	default:
		m.category = catAssigned
	}
}

// reader takes numbers off a body; short says that it had ended.
type reader struct {
	b     []byte
	at    int
	short bool
}

func (r *reader) u8() uint8 {
	if r.at >= len(r.b) {
		r.short = true
		return 0
	}
	r.at++
	return r.b[r.at-1]
}

func (r *reader) u16() uint16 {
	if r.at+2 > len(r.b) {
		r.short = true
		return 0
	}
	r.at += 2
	return binary.BigEndian.Uint16(r.b[r.at-2:])
}

// rest takes all that is left as the data of the message.
func (m *message) rest(r *reader) { m.dataOff, r.at = r.at, len(r.b) }

func (m *message) request(r *reader) {
	code := m.code()
	if m.raw == 0 || m.raw >= exceptionBit {
		m.faults |= badFunction
	}
	switch code {
	case fcDiagnostic:
		if m.n != 4 {
			m.faults |= badLength
		}
		m.diagnostic(r)
		if m.kind == kindDiagnostic && m.n == 4 && !diagnosticFits(m.sub, m.data()) {
			m.faults |= badValue
		}
		return
	case fcMEI:
		m.mei(r)
		return
	}
	if !m.fits(code) {
		m.faults |= badLength
		m.bytes(r)
		return
	}
	if m.access&accRead != 0 {
		m.readRequest(r)
	}
	switch {
	case m.access&accWrite != 0 && !r.short:
		m.writeRequest(r)
	case m.access == 0:
		m.bytes(r)
	}
}

// fits tells whether a request has as much data as its function wants, where that is the same always.
func (m *message) fits(code uint8) bool {
	switch code {
	case fcReadFile, fcWriteFile:
		return m.n > 0
	case fcReadExceptionStatus, fcGetEventCounter, fcGetEventLog, fcReportServerID:
		return m.n == 0
	case fcReadFIFO:
		return m.n == 2
	}
	return true
}

// diagnosticFits tells whether the data of a diagnostic is among the values that its subfunction has.
func diagnosticFits(sub uint16, data []byte) bool {
	switch name := diagnosticName(sub); {
	case sub == 0, sub == 4, name == "Reserved": // any data; listen only
		return true
	case sub == 1: // restart, with the log cleared or not
		return data[1] == 0 && (data[0] == 0 || data[0] == 0xff)
	case sub == 3: // a character
		return data[1] == 0
	}
	return data[0] == 0 && data[1] == 0
}

func (m *message) response(r *reader) {
	code := m.code()
	switch {
	case m.raw >= exceptionBit:
		m.exception(r)
	case code == fcDiagnostic:
		m.diagnostic(r)
	case code == fcMEI:
		m.mei(r)
	case code == fcReadExceptionStatus && m.n != 1, code == fcGetEventCounter && m.n != 4:
		m.faults |= badLength
		m.bytes(r)
	case m.access&accRead != 0:
		m.readResponse(r)
	case m.access&accWrite != 0:
		m.writeResponse(r)
	default:
		m.bytes(r)
	}
}

func (m *message) bytes(r *reader) {
	m.kind = kindBytes
	m.rest(r)
}

func (m *message) exception(r *reader) {
	n := uint16(r.u8())
	if r.short {
		return
	}
	m.kind, m.sub = kindException, n
	if exceptionName(n) == unknown || n == excParity && m.code() != fcReadFile && m.code() != fcWriteFile {
		m.faults |= badException
	}
}

func (m *message) diagnostic(r *reader) {
	if m.n < 2 {
		m.faults |= badLength
		return
	}
	m.kind, m.sub = kindDiagnostic, r.u16()
	m.rest(r)
}

func (m *message) mei(r *reader) {
	if m.n < 1 {
		m.faults |= badLength
		return
	}
	m.kind, m.sub = kindMEI, uint16(r.u8())
	m.rest(r)
}

// tooMany tells whether a message names more values than one may have.
func (m *message) tooMany(quantity uint16) bool {
	if m.access&accBits != 0 {
		return quantity > maxBits
	}
	return quantity > maxRegisters
}

// bytesOf is how many bytes so many values take.
func (m *message) bytesOf(quantity uint16) int {
	if m.access&accBits != 0 {
		return (int(quantity) + 7) / 8
	}
	return 2 * int(quantity)
}

func (m *message) readRequest(r *reader) {
	address, quantity := r.u16(), r.u16()
	if r.short {
		return
	}
	if quantity == 0 || m.tooMany(quantity) {
		m.faults |= badValue
	}
	m.kind, m.readAddress, m.readQuantity = kindReadRequest, address, quantity
	m.dataOff = r.at
}

func (m *message) readResponse(r *reader) {
	if m.n < 1 {
		m.faults |= badLength
		return
	}
	if count := int(r.u8()); count < 1 || count > maxReadBytes || count != m.n-1 {
		m.faults |= badValue
	}
	m.kind = kindReadResponse
	m.rest(r)
}

func (m *message) writeRequest(r *reader) {
	address := r.u16()
	switch {
	case m.access&accSingle != 0:
		value := r.u16()
		if r.short {
			return
		}
		if m.access&accCoils != 0 && value != 0 && value != 0xff00 {
			m.faults |= badValue
		}
		m.kind, m.writeAddress, m.writeQuantity = kindWrite, address, value
	case m.access&accMultiple != 0:
		quantity, count := r.u16(), int(r.u8())
		if r.short {
			return
		}
		if quantity == 0 || count != len(r.b)-r.at {
			m.faults |= badLength
		}
		if m.tooMany(quantity) || count != m.bytesOf(quantity) {
			m.faults |= badValue
		}
		if m.kind == kindReadRequest {
			m.kind = kindReadWrite
		} else {
			m.kind = kindWriteMany
		}
		m.writeAddress, m.writeQuantity = address, quantity
		m.rest(r)
	default:
		m.mask(r, address)
	}
}

func (m *message) mask(r *reader, address uint16) {
	and, or := r.u16(), r.u16()
	if r.short {
		return
	}
	m.kind, m.writeAddress, m.andMask, m.orMask = kindMask, address, and, or
}

func (m *message) writeResponse(r *reader) {
	address := r.u16()
	if m.access&(accSingle|accMultiple) == 0 {
		m.mask(r, address)
		return
	}
	value := r.u16()
	if r.short {
		return
	}
	if m.access&accMultiple != 0 && (value == 0 || m.tooMany(value)) {
		m.faults |= badValue
	}
	m.kind, m.writeAddress, m.writeQuantity = kindWrite, address, value
}
