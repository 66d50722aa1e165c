package http

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

const (
	maxBoundary    = 200     // longest boundary that is accepted, bytes (Suricata)
	maxPartHeaders = 8 << 10 // headers of one part
)

// boundary gives the boundary of a multipart Content-Type, nil when there is none.
func boundary(ct []byte) []byte {
	b := param(ct, "boundary=")
	if len(b) >= maxBoundary {
		return nil
	}
	return b
}

// multipart splits a request body of type multipart/form-data (RFC 7578) into parts; those
// with a file name become files. Input comes in pieces of any size.
type multipart struct {
	mark  []byte // CR LF, two hyphens and the boundary
	buf   []byte // input that may be the beginning of the mark, or unfinished headers
	state mpState
	isFile,
	sawData bool
}

type mpState uint8

const (
	mpPreamble mpState = iota
	mpHeaders
	mpData
	mpAfter // the mark was seen: end of the form, or another part
	mpDone
)

func (mp *multipart) reset(boundary []byte) {
	mp.mark = append(append(mp.mark[:0], "\r\n--"...), boundary...)
	// The first mark has no line end before it: pretend there was one.
	mp.buf = append(trim(mp.buf), "\r\n"...)
	mp.state, mp.isFile, mp.sawData = mpPreamble, false, false
}

// write takes more of the body.
func (mp *multipart) write(p *Parser, s *side, b []byte) {
	if len(mp.buf) > 0 {
		mp.buf = append(mp.buf, b...)
		b = mp.buf
	}
	for {
		n, ok := mp.step(p, s, b)
		b = b[n:]
		if !ok {
			break
		}
	}
	if cap(mp.buf) > 0 && len(b) <= cap(mp.buf) {
		mp.buf = mp.buf[:copy(mp.buf[:cap(mp.buf)], b)]
	} else {
		mp.buf = append(mp.buf[:0], b...)
	}
}

func (mp *multipart) step(p *Parser, s *side, b []byte) (n int, ok bool) {
	switch mp.state {
	case mpPreamble, mpData:
		i := bytes.Index(b, mp.mark)
		if i < 0 {
			n = len(b) - tailMatch(b, mp.mark)
			mp.data(p, s, b[:n])
			return n, false
		}
		mp.data(p, s, b[:i])
		mp.partEnd(p, s)
		mp.state = mpAfter
		return i + len(mp.mark), true
	case mpAfter:
		if len(b) < 2 {
			return 0, false
		}
		if b[0] == '-' && b[1] == '-' {
			mp.state = mpDone
			return len(b), false
		}
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			if len(b) > maxPartHeaders {
				mp.state = mpPreamble
				return len(b), false
			}
			return 0, false
		}
		mp.state = mpHeaders
		// The line end stays: it is that of an empty header block, when nothing follows.
		return max(i-1, 0), true
	case mpHeaders:
		i := bytes.Index(b, []byte("\r\n\r\n"))
		if i < 0 {
			if len(b) > maxPartHeaders {
				p.raise(p.ctx, s.tx, anMultipartError)
				mp.state = mpPreamble
				return len(b), false
			}
			return 0, false
		}
		mp.partHeaders(p, s, b[:i])
		mp.state = mpData
		// Two of the bytes may begin the next mark: a part without data.
		return i + 2, true
	}
	return len(b), false
}

// tailMatch gives the length of the longest end of b that begins mark.
func tailMatch(b, mark []byte) int {
	for n := min(len(b), len(mark)-1); n > 0; n-- {
		if bytes.Equal(b[len(b)-n:], mark[:n]) {
			return n
		}
	}
	return 0
}

func (mp *multipart) partHeaders(p *Parser, s *side, b []byte) {
	mp.isFile, mp.sawData = false, false
	for len(b) > 0 {
		line := b
		if i := bytes.Index(b, []byte("\r\n")); i >= 0 {
			line, b = b[:i], b[i+2:]
		} else {
			b = nil
		}
		if len(line) == 0 {
			continue
		}
		colon := bytes.IndexByte(line, ':')
		if colon < 0 || colon == len(line)-1 {
			p.raise(p.ctx, s.tx, anMultipartHeader)
			continue
		}
		if equalFold(trimSpace(line[:colon]), "content-disposition") {
			if fn := param(line[colon+1:], "filename="); fn != nil {
				mp.isFile = true
				p.openFile(s, fn)
			}
		}
	}
}

// data takes content of a part. Its first two bytes are the line end that ended the headers.
func (mp *multipart) data(p *Parser, s *side, b []byte) {
	if mp.state != mpData || !mp.isFile {
		return
	}
	if !mp.sawData {
		if len(b) < 2 {
			return
		}
		mp.sawData = true
		b = b[2:]
	}
	p.ctx.WriteFile(&s.file, b)
}

func (mp *multipart) partEnd(p *Parser, s *side) {
	if mp.state != mpData || !mp.isFile {
		return
	}
	if !mp.sawData {
		p.raise(p.ctx, s.tx, anMultipartNoFile)
	}
	p.ctx.CloseFile(&s.file, dissect.FileClosed, "")
	mp.isFile = false
}

// end ends the body: a part without its mark is cut short.
func (mp *multipart) end(p *Parser, s *side, st dissect.FileState, why string) {
	if mp.state != mpData || !mp.isFile {
		return
	}
	mp.data(p, s, mp.buf)
	if st == dissect.FileClosed {
		st, why = dissect.FileTruncated, "boundary missing"
	}
	p.ctx.CloseFile(&s.file, st, why)
	mp.isFile = false
}

func (mp *multipart) gap(p *Parser, s *side) {
	mp.data(p, s, mp.buf)
	mp.buf = mp.buf[:0]
	p.ctx.GapFile(&s.file)
	if mp.state != mpData {
		mp.state = mpPreamble
	}
}
