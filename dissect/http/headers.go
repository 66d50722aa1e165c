package http

import "bytes"

// Flags of a header as it was written.
const (
	hfFolded       = 1 << iota // continued on further lines
	hfLeadingSpace             // white space before the name: a fold that is none
	hfTrailSpace               // white space between name and colon
	hfNonToken                 // the name has characters that RFC 9110 section 5.6.2 forbids
	hfNoColon
	hfEmptyName
	hfLFCR // the line ended with LF CR
)

// scan is one header as found in the input. Value is a part of the input, or of the scanner's
// own buffer when lines were joined.
type scan struct {
	name, value []byte
	joined      bool
	flags       int
	n           int // bytes of the input that it takes
}

// maxFolds caps the continuation lines of one header, as libhtp does: more make a new header.
const maxFolds = 128

// lineScanner finds headers in the input of one direction. Which line ends and which folds
// count differs between requests and responses, because servers and browsers differ.
type lineScanner struct {
	response bool
	final    bool   // no more input will come: what is there must do
	buf      []byte // of joined values
	lfcr     bool   // the last header's line ended with LF CR
}

type scanResult uint8

const (
	scanHeader scanResult = iota
	scanEnd               // the empty line; n says how long
	scanMore              // not enough input to tell
)

// next looks at the beginning of d for a header or the end of headers.
func (l *lineScanner) next(d []byte, s *scan) scanResult {
	if len(d) == 0 {
		return scanMore
	}
	if r, n := l.emptyLine(d); r != scanHeader {
		s.n = n
		return r
	}
	if l.quick(d, s) {
		return scanHeader
	}
	*s = scan{}
	off, colon := l.name(d)
	if colon {
		s.name = d[:off]
		i := off + 1
		for i < len(d) && (d[i] == ' ' || d[i] == '\t') {
			i++
		}
		if !l.value(d, i, s) {
			return scanMore
		}
		l.nameFlags(s)
		return scanHeader
	}
	if !l.value(d, 0, s) {
		return scanMore
	}
	s.flags |= hfNoColon
	return scanHeader
}

// quick handles the ordinary case: a line that ends with CR LF, has a colon and no other CR,
// and is followed by a byte that cannot continue it.
func (l *lineScanner) quick(d []byte, s *scan) bool {
	nl := bytes.IndexByte(d, '\n')
	if nl < 1 || d[nl-1] != '\r' || nl+1 >= len(d) {
		return false
	}
	switch c := d[nl+1]; {
	case c == ' ' || c == '\t' || c == 0 || c == '\n':
		return false
	case c == '\r':
		if nl+2 >= len(d) || d[nl+2] != '\n' {
			return false
		}
	}
	line := d[:nl-1]
	if l.response && bytes.IndexByte(line, '\r') >= 0 {
		return false
	}
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		return false
	}
	*s = scan{name: line[:colon], value: trimSpace(line[colon+1:]), n: nl + 1}
	l.lfcr = false
	l.nameFlags(s)
	return true
}

func (l *lineScanner) nameFlags(s *scan) {
	if len(s.name) == 0 {
		s.flags |= hfEmptyName
		return
	}
	if isSpace(s.name[0]) {
		s.flags |= hfLeadingSpace
	}
	if isSpace(s.name[len(s.name)-1]) {
		s.flags |= hfTrailSpace
	}
	s.name = trimSpace(s.name)
	for _, c := range s.name {
		if !tokenChar[c] {
			s.flags |= hfNonToken
			break
		}
	}
}

// emptyLine tells whether d begins with the line that ends the headers.
func (l *lineScanner) emptyLine(d []byte) (scanResult, int) {
	switch d[0] {
	case '\n':
		// After a line that ended with LF CR, LF CR is the empty line; LF alone otherwise.
		if l.response && l.lfcr {
			if len(d) < 2 {
				if l.final {
					return scanEnd, 1
				}
				return scanMore, 0
			}
			if d[1] == '\r' {
				return scanEnd, 2
			}
		}
		return scanEnd, 1
	case '\r':
		if len(d) < 2 {
			if l.final {
				return scanEnd, 1
			}
			return scanMore, 0
		}
		if d[1] == '\n' {
			return scanEnd, 2
		}
		if l.response {
			return scanEnd, 1
		}
	}
	return scanHeader, 0
}

// name finds the colon that ends a name. A name may go on after a line end that is followed by
// a space: the fold belongs to it.
func (l *lineScanner) name(d []byte) (off int, colon bool) {
	var ended byte
	for i, c := range d {
		switch {
		case ended == 0:
			if c == ':' {
				return i, true
			}
			if c == '\n' || l.response && c == '\r' {
				ended = c
			}
		case c == ' ':
			ended = 0
		case c == '\n' && ended == '\r':
			ended = c
		default:
			return 0, false
		}
	}
	return 0, false
}

// line is one line of a value: d[from:to], its line end, and whether it goes on after that.
type line struct {
	to    int
	eol   int // length of the line end
	fold  bool
	flags int
}

// valueLine reads one line of a value; ok is false when more input is needed to tell.
func (l *lineScanner) valueLine(d []byte, from int) (ln line, ok bool) {
	i := l.indexEOL(d, from)
	if i < 0 {
		if l.final {
			return line{to: len(d)}, true
		}
		return ln, false
	}
	n, lfcr, ok := l.eol(d, i)
	if !ok {
		return ln, false
	}
	ln = line{to: i, eol: n}
	if lfcr {
		ln.flags = hfLFCR
	}
	if i+n >= len(d) {
		return ln, l.final
	}
	if c := d[i+n]; c == ' ' || c == '\t' || c == 0 {
		ln.fold = true
	}
	return ln, true
}

// indexEOL finds where a line end begins. Only browsers take a CR alone for one.
func (l *lineScanner) indexEOL(d []byte, from int) int {
	nl := bytes.IndexByte(d[from:], '\n')
	end := len(d)
	if nl >= 0 {
		end = from + nl
	}
	if l.response {
		if cr := bytes.IndexByte(d[from:end], '\r'); cr >= 0 {
			return from + cr
		}
	}
	if nl < 0 {
		return -1
	}
	if end > from && d[end-1] == '\r' {
		return end - 1
	}
	return end
}

// eol gives the length of the line end at i. Besides CR LF and LF there are deformed ones that
// peers skip: LF CR CR LF before an empty line, and for browsers CR LF CR with more CR and
// white space.
func (l *lineScanner) eol(d []byte, i int) (n int, lfcr, ok bool) {
	at := func(k int) int {
		if i+k < len(d) {
			return int(d[i+k])
		}
		return -1
	}
	known := func(k int) bool { return i+k < len(d) || l.final }
	if d[i] == '\n' {
		if !known(1) {
			return 0, false, false
		}
		if at(1) != '\r' {
			return 1, false, true
		}
		if !known(2) {
			return 0, false, false
		}
		if at(2) == '\r' {
			if !known(3) {
				return 0, false, false
			}
			if at(3) == '\n' {
				if !known(4) || at(4) == '\r' && !known(5) {
					return 0, false, false
				}
				if at(4) == '\n' || at(4) == '\r' && at(5) == '\n' {
					return 4, false, true
				}
				if !l.response {
					return 2, false, true // LF CR before CR LF
				}
			}
		}
		if l.response {
			return 2, true, true
		}
		return 1, false, true
	}
	// CR: alone (browsers only), or CR LF.
	if !known(1) {
		return 0, false, false
	}
	if at(1) != '\n' {
		return 1, false, true
	}
	if !l.response {
		return 2, false, true
	}
	if !known(2) {
		return 0, false, false
	}
	if at(2) != '\r' {
		return 2, false, true
	}
	k := 3
	for at(k) == '\r' || at(k) == ' ' || at(k) == '\t' {
		k++
	}
	if !known(k) {
		return 0, false, false
	}
	if k == 3 {
		return 2, false, true
	}
	if at(k) == '\n' {
		k++
		if !known(k) {
			return 0, false, false
		}
	}
	if at(k) == '\r' && !known(k+1) {
		return 0, false, false
	}
	if at(k) == '\n' || at(k) == '\r' && at(k+1) == '\n' {
		return 2, false, true
	}
	return k, false, true
}

// value reads a value from d[from:] with all its folds into s; false: more input is needed.
func (l *lineScanner) value(d []byte, from int, s *scan) bool {
	ln, ok := l.valueLine(d, from)
	if !ok {
		return false
	}
	end := ln.to + ln.eol
	s.flags |= ln.flags
	s.value = d[from:ln.to]
	if !ln.fold {
		s.n = end
		return l.done(s)
	}
	l.buf = append(l.buf[:0], s.value...)
	at := end + 1 // after the fold's white space
	rest := at
	foldChar := d[end]
	for folds := 0; ; folds++ {
		if l.response {
			isName, known := l.startsName(d, at)
			if !known {
				return false
			}
			if isName { // not a fold but a header after white space
				rest = at
				break
			}
		}
		ln, ok = l.valueLine(d, at)
		if !ok {
			return false
		}
		s.flags |= hfFolded | ln.flags
		next := ln.to + ln.eol
		if len(l.buf) > 0 {
			if foldChar == 0 {
				foldChar = ' '
			}
			l.buf = append(l.buf, foldChar)
		}
		switch {
		case ln.to > at || ln.eol > 1:
			l.buf = append(l.buf, d[at:ln.to]...)
			rest = next
			if ln.fold {
				rest++
			}
		case ln.eol == 1 && !ln.fold && next < len(d) && d[next] == '\n':
			rest = next
		}
		if ln.eol == 0 || !ln.fold || folds+1 >= maxFolds {
			if ln.eol == 0 {
				rest = next
			}
			break
		}
		foldChar = d[next]
		at = next + 1
	}
	s.value, s.joined, s.n = l.buf, true, rest
	return l.done(s)
}

func (l *lineScanner) done(s *scan) bool {
	l.lfcr = s.flags&hfLFCR != 0
	s.value = trimSpace(s.value)
	return true
}

// startsName tells whether d[i:] reads like a name and a colon.
func (l *lineScanner) startsName(d []byte, i int) (is, known bool) {
	for i < len(d) && (d[i] == ' ' || d[i] == '\t') {
		i++
	}
	from := i
	for i < len(d) && tokenChar[d[i]] {
		i++
	}
	token := i > from
	for i < len(d) && (d[i] == ' ' || d[i] == '\t') {
		i++
	}
	if i >= len(d) {
		return false, l.final
	}
	return token && d[i] == ':', true
}

// tokenChar marks the characters of names (RFC 9110 section 5.6.2, token).
var tokenChar = func() (t [256]bool) {
	for c := 0x21; c < 0x7f; c++ {
		t[c] = bytes.IndexByte([]byte(`()<>@,;:\"/[]?={}`), byte(c)) < 0
	}
	return
}()

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}
