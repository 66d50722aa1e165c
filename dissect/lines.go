package dissect

import "bytes"

// MaxLine is the longest line that LineReader takes as a whole, bytes, as in Suricata. Longer ones are cut.
const MaxLine = 4096

// LineReader cuts the streams of a line protocol into lines. The zero value is ready.
type LineReader struct {
	// skip says that what comes next is the rest of a line: one that was cut, or behind a gap.
	skip [2]bool
}

// Next gives the line at the beginning of data without its end (CR LF, or LF), and how many bytes it takes. n is 0 where the
// line is not complete; ok is false where n bytes are to be passed over. cut says that the line was too long, and that only its
// beginning is here.
func (l *LineReader) Next(dir Dir, data []byte) (line []byte, n int, cut, ok bool) {
	i := bytes.IndexByte(data[:min(len(data), MaxLine)], '\n')
	if l.skip[dir] {
		if i < 0 {
			return nil, min(len(data), MaxLine), false, false
		}
		l.skip[dir] = false
		return nil, i + 1, false, false
	}
	n = i + 1
	if i < 0 {
		if len(data) < MaxLine {
			return nil, 0, false, false
		}
		i, n, cut = MaxLine, MaxLine, true
		l.skip[dir] = true
	}
	return bytes.TrimSuffix(data[:i], []byte{'\r'}), n, cut, true
}

// LinePiece gives the line at the beginning of data without its end, and how many bytes end it: 2 for CR LF, 1 for LF, 0 for a piece of
// MaxLine bytes of a longer line. n is how many bytes that takes, 0 where more are needed.
func LinePiece(data []byte) (line []byte, eol, n int) {
	i := bytes.IndexByte(data[:min(len(data), MaxLine)], '\n')
	switch {
	case i > 0 && data[i-1] == '\r':
		return data[:i-1], 2, i + 1
	case i >= 0:
		return data[:i], 1, i + 1
	case len(data) < MaxLine:
		return nil, 0, 0
	}
	return data[:MaxLine], 0, MaxLine
}

// Skipping tells whether the reader is within a line that it passes over.
func (l *LineReader) Skipping(dir Dir) bool { return l.skip[dir] }

// Skip makes the reader pass over what comes up to the next line, or, with false, no longer.
func (l *LineReader) Skip(dir Dir, on bool) { l.skip[dir] = on }
