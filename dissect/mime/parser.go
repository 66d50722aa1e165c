package mime

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"hash"

	"github.com/luanids/luanids/dissect"
)

// Options say how a message is parsed.
type Options struct {
	Base64, QP bool // undo these encodings; otherwise such parts are not looked into
	// HeaderValueDepth caps the bytes of a header field that are kept; those that tell the
	// structure of the message are kept longer.
	HeaderValueDepth int
	URLs             bool
	// Schemes are those of the URLs listed, each with "://" at its end.
	Schemes    []string
	KeepScheme bool // list URLs with their scheme
	BodyMD5    bool
	MaxURLs    int
	MaxDepth   int // nested multiparts and messages
}

func (o *Options) lists(scheme string) bool {
	for _, s := range o.Schemes {
		if s == scheme {
			return true
		}
	}
	return false
}

// DefaultOptions are Suricata's.
func DefaultOptions() Options {
	return Options{Base64: true, QP: true, HeaderValueDepth: 2000, URLs: true,
		Schemes: []string{"http://"}, MaxURLs: 256, MaxDepth: 16}
}

// Limits on lines and headers, bytes.
const (
	maxLine        = 998
	maxEncodedLine = 76
	maxHeaderName  = 75
	maxHeaderValue = 2000
	maxBoundary    = 254
	maxFilename    = 255
	// keepStructure is what is kept of header fields that tell the structure, whatever the depth set.
	keepStructure = 8 << 10
	// maxHeaderBytes and maxHeaders cap the headers kept at a time, of the message and of the part.
	maxHeaderBytes = 128 << 10
	maxHeaders     = 1024
	// outBytes is how much decoded content is gathered before it is handed on.
	outBytes = 8 << 10
)

type state uint8

const (
	inHeaders state = iota
	inBody
	inNothing // before the first and after the last boundary of a multipart
)

type encoding uint8

const (
	plain encoding = iota
	encBase64
	encQP
	encSkip // an encoding that is not undone
)

// frame is a multipart or an embedded message that is being read.
type frame struct {
	boundary int           // where in bounds its boundary begins; it ends where the next frame's does
	file     *dissect.File // of an embedded message that has a name
	hold     uint8         // line end withheld, see part.hold
}

// part is the entity being read.
type part struct {
	enc    encoding
	text   bool // search it for URLs
	file   *dissect.File
	base64 base64
	// hold is the line end that belongs to the content only if another line follows (RFC 2046
	// section 5.1.1): 0, 1 for LF, 2 for CRLF.
	hold uint8
}

// Parser reads one message. The zero value is ready after Begin.
type Parser struct {
	Message
	o      *Options
	tx     any
	state  state
	mid    bool // the last piece was not the end of a line
	broken bool // bytes of this line are missing
	part   part
	qp     qp
	frames []frame
	bounds []byte
	files  []*dissect.File // pool
	used   int             // of files
	out    []byte          // decoded content that was not handed on yet
	tail   []byte          // line of text that has no end yet
	name   []byte
	shown  []byte // name without encoded words, empty where it has none
	// Stuffed tells the next call of Line that a dot was removed before the line (RFC 5321 section
	// 4.5.2): the digest of the body is of what was carried.
	Stuffed bool
	// OnHeaders is called when the header of the message is complete; may be nil.
	OnHeaders func(c *dissect.Ctx)
	piece     []byte // of a line, from Write
	cut       bool   // the header field being read is longer than what is kept
	vlen      int    // its true length
	sum       hash.Hash
	digest    bool // of this message's body is asked for: the options may change while it is read
}

// Begin makes p ready for a message; tx is what the files that it carries belong to. The
// options are used as long as the message is read.
func (p *Parser) Begin(o *Options, tx any) {
	p.Message.reset()
	p.o, p.tx = o, tx
	p.strip = !o.KeepScheme
	p.state, p.mid, p.broken, p.part = inHeaders, false, false, part{}
	p.frames, p.bounds, p.used = p.frames[:0], p.bounds[:0], 0
	p.out, p.tail, p.cut, p.vlen, p.Stuffed = p.out[:0], p.tail[:0], false, 0, false
	p.piece, p.qp.n = p.piece[:0], 0
	if p.digest = o.BodyMD5; p.digest {
		if p.sum == nil {
			p.sum = md5.New()
		}
		p.sum.Reset()
	}
}

var (
	crlf = []byte{'\r', '\n'}
	dot  = []byte{'.'}
)

// Line takes a line and how many bytes end it: 2 for CRLF, 1 for LF, and 0 for a piece of a line
// whose rest comes with the next call.
func (p *Parser) Line(c *dissect.Ctx, line []byte, eol int) {
	p.Size += uint64(len(line) + eol)
	if len(line) > maxLine {
		p.Bits |= LongLine
	}
	fresh := !p.mid
	p.mid = eol == 0
	if p.HeadersDone && p.digest {
		if p.Stuffed {
			p.sum.Write(dot)
		}
		p.sum.Write(line)
		p.sum.Write(crlf[2-eol:])
	}
	p.Stuffed = false
	if fresh && len(line) > 1 && line[0] == '-' && line[1] == '-' && len(p.frames) > 0 && p.boundary(c, line, eol) {
		return
	}
	if len(p.frames) > 0 {
		p.embedded(c, line, eol)
	}
	switch p.state {
	case inHeaders:
		p.headerLine(c, line, eol, fresh)
	case inBody:
		p.body(c, line, eol)
	}
	if eol > 0 {
		p.broken = false
	}
}

// maxPiece is the longest piece of a line that Write takes at a time, bytes.
const maxPiece = 4 << 10

// Write takes any bytes of the message: for protocols that say how long it is, rather than
// mark its end.
func (p *Parser) Write(c *dissect.Ctx, data []byte) {
	for len(data) > 0 {
		room := maxPiece - len(p.piece)
		i := bytes.IndexByte(data[:min(room, len(data))], '\n')
		switch {
		case i >= 0 && len(p.piece) == 0:
			p.whole(c, data[:i+1])
			data = data[i+1:]
		case i >= 0:
			p.piece = append(p.piece, data[:i+1]...)
			p.whole(c, p.piece)
			p.piece, data = p.piece[:0], data[i+1:]
		default:
			k := min(room, len(data))
			p.piece, data = append(p.piece, data[:k]...), data[k:]
			if len(p.piece) == maxPiece {
				p.writePiece(c)
			}
		}
	}
}

func (p *Parser) writePiece(c *dissect.Ctx) {
	if len(p.piece) > 0 {
		p.Line(c, p.piece, 0)
		p.piece = p.piece[:0]
	}
}

// whole takes a line with its end.
func (p *Parser) whole(c *dissect.Ctx, line []byte) {
	eol := 1
	if len(line) > 1 && line[len(line)-2] == '\r' {
		eol = 2
	}
	p.Line(c, line[:len(line)-eol], eol)
}

// Gap says that bytes are missing. What comes next is taken for the rest of a line.
func (p *Parser) Gap(c *dissect.Ctx) {
	p.writePiece(c)
	p.flush(c)
	p.mid, p.broken = true, true
	p.part.base64, p.qp.n = base64{}, 0
	p.tail = p.tail[:0]
	if p.part.file != nil {
		c.GapFile(p.part.file)
	}
	for i := range p.frames {
		if f := p.frames[i].file; f != nil {
			c.GapFile(f)
		}
	}
}

// Flush hands on what is decoded.
func (p *Parser) Flush(c *dissect.Ctx) { p.flush(c) }

// End ends the message: state and why are for files that are not complete.
func (p *Parser) End(c *dissect.Ctx, state dissect.FileState, why string) {
	if p.Done {
		return
	}
	p.writePiece(c)
	p.headersComplete(c)
	p.endPart(c, state, why)
	p.pop(c, 0, state, why)
	if p.digest {
		var sum [md5.Size]byte
		hex.Encode(p.md5[:], p.sum.Sum(sum[:0]))
		p.HasMD5 = true
	}
	p.Done = true
}

// Reset gives up memory beyond what ordinary messages need.
func (p *Parser) Reset() {
	p.Message.reset()
	p.o, p.tx = nil, nil
	if cap(p.bounds) > keepArena {
		p.bounds = nil
	}
	if len(p.files) > 2 {
		clear(p.files[2:])
		p.files = p.files[:2]
	}
	for _, f := range p.files {
		f.Tx = nil
		if cap(f.Content) > keepArena {
			f.Content = nil
		}
	}
}

// newFile takes a file from the pool.
func (p *Parser) newFile() *dissect.File {
	if p.used == len(p.files) {
		p.files = append(p.files, new(dissect.File))
	}
	p.used++
	return p.files[p.used-1]
}

// body takes a line of the content of a part.
func (p *Parser) body(c *dissect.Ctx, line []byte, eol int) {
	if p.part.file == nil && !p.part.text {
		return
	}
	switch p.part.enc {
	case encBase64:
		if p.broken {
			return // where its groups begin is not known
		}
		if len(line) > maxEncodedLine {
			p.Bits |= LongEncodedLine
		}
		var ok bool
		p.out, ok = p.part.base64.decode(p.out, line)
		if !ok {
			p.Bits |= InvalidBase64
		}
	case encQP:
		if len(line) > maxEncodedLine {
			p.Bits |= LongEncodedLine
		}
		p.release()
		var soft, ok bool
		p.out, soft, ok = p.qp.decode(p.out, line, eol > 0)
		if !ok {
			p.Bits |= InvalidQP
		}
		if !soft {
			p.part.hold = uint8(eol)
		}
	case plain:
		p.release()
		p.out = append(p.out, line...)
		p.part.hold = uint8(eol)
	}
	if len(p.out) >= outBytes {
		p.flush(c)
	}
}

// release appends the line end withheld.
func (p *Parser) release() {
	if p.part.hold > 0 {
		p.out = append(p.out, crlf[2-p.part.hold:]...)
		p.part.hold = 0
	}
}

// flush hands decoded content on.
func (p *Parser) flush(c *dissect.Ctx) {
	if len(p.out) == 0 {
		return
	}
	if p.part.file != nil {
		c.WriteFile(p.part.file, p.out)
	}
	if p.part.text {
		p.text(p.out)
	}
	p.out = p.out[:0]
}

// endPart ends the entity being read.
func (p *Parser) endPart(c *dissect.Ctx, state dissect.FileState, why string) {
	switch p.part.enc {
	case encBase64:
		p.out = p.part.base64.pad(p.out)
	case encQP:
		p.out, _, _ = p.qp.decode(p.out, nil, true)
	}
	p.flush(c)
	p.endText()
	if p.part.file != nil {
		c.CloseFile(p.part.file, state, why)
		p.used--
	}
	p.part = part{}
	if p.HeadersDone {
		p.truncateHeaders()
	}
}

// truncateHeaders forgets the headers of a part.
func (p *Parser) truncateHeaders() {
	if len(p.headers) > p.main {
		p.arena = p.arena[:p.headers[p.main].name.off]
		p.headers = p.headers[:p.main]
	}
}

// pop ends the frames from n on.
func (p *Parser) pop(c *dissect.Ctx, n int, state dissect.FileState, why string) {
	for len(p.frames) > n {
		f := &p.frames[len(p.frames)-1]
		if f.file != nil {
			c.CloseFile(f.file, state, why)
			p.used--
			f.file = nil
		}
		p.bounds = p.bounds[:f.boundary]
		p.frames = p.frames[:len(p.frames)-1]
	}
}

// embedded writes a line to the files of the embedded messages that it is part of.
func (p *Parser) embedded(c *dissect.Ctx, line []byte, eol int) {
	for i := range p.frames {
		f := &p.frames[i]
		if f.file == nil {
			continue
		}
		if f.hold > 0 {
			c.WriteFile(f.file, crlf[2-f.hold:])
		}
		c.WriteFile(f.file, line)
		f.hold = uint8(eol)
	}
}

func (p *Parser) boundaryOf(i int) []byte {
	end := len(p.bounds)
	if i+1 < len(p.frames) {
		end = p.frames[i+1].boundary
	}
	return p.bounds[p.frames[i].boundary:end]
}

// boundary tells whether a line is the boundary of one of the multiparts being read, and if
// so goes on to the next part. The innermost one counts, and one that matches exactly before
// one that is only the beginning of the line.
func (p *Parser) boundary(c *dissect.Ctx, line []byte, eol int) bool {
	level, closing := -1, false
	for i := len(p.frames) - 1; i >= 0; i-- {
		b := p.boundaryOf(i)
		if len(b) == 0 || !bytes.HasPrefix(line[2:], b) {
			continue
		}
		rest := trimRight(line[2+len(b):])
		if len(rest) == 0 || len(rest) == 2 && rest[0] == '-' && rest[1] == '-' {
			level, closing = i, len(rest) > 0
			break
		}
		if level < 0 {
			level, closing = i, bytes.HasPrefix(rest, []byte("--"))
		}
	}
	if level < 0 {
		return false
	}
	p.endPart(c, dissect.FileClosed, "")
	p.pop(c, level+1, dissect.FileClosed, "")
	p.embedded(c, line, eol)
	p.state = inHeaders
	if closing {
		p.state = inNothing
	}
	return true
}
