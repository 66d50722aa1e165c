package smtp

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/mime"
)

// maxLine is the longest line of the client that is taken as a whole, bytes.
const maxLine = dissect.MaxLine

type mode uint8

const (
	commands mode = iota
	inData        // between DATA and the dot
	inChunk       // within the bytes of a BDAT
)

type parser struct {
	tx   Tx
	conn conn
	mime mime.Parser
	// piece is the frame of the data, where frames are wanted.
	piece dissect.Piece
	raw   dissect.File // the whole mail, with raw extraction
	mode  mode
	// left is how many bytes of the BDAT chunk are to come, and last that it is the last one.
	left  uint64
	last  bool
	queue queue
	// lines counts the lines of the mail since DATA, for a DATA that is rejected afterwards.
	lines uint64
	body  bool // a mail was begun and not ended
	multi bool // within a reply of several lines
	// authNext says that the client's next line answers a challenge (RFC 4954 section 4).
	authNext   bool
	authStep   int
	rset       bool // a RSET was sent that ends the transaction
	greeted    bool // the greeting came, or is not to be expected any more
	heard      bool // the server said something, and all of what it said was seen
	failed     bool // a reply could not be understood
	gapped     bool // bytes of the mail being read are missing
	stopped    bool // handed over to TLS
	presumed   bool // DATA was not seen
	loose      loose
	stale      bool // the reply to the last command may be among what is missing
	torn       torn // where the next line begins is not known
	lineReader dissect.LineReader
	mid        bool // within a long line of a mail
	ends       dissect.Ends
	limits     *dissect.Limits
	config     config
}

func newParser() *parser {
	p := new(parser)
	p.tx.conn = &p.conn
	p.mime.OnHeaders = p.headersDone
	return p
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if p.limits != c.Limits {
		p.limits, p.config = c.Limits, loadConfig(c.Limits)
	}
	n := 0
	for n < len(data) && !p.stopped {
		var k int
		switch {
		case dir == dissect.ToServer && p.startsTLS(data[n]):
			p.toTLS(c)
			return n
		case p.torn[dir] && !p.rejoin(dir, data[n:]):
			return n
		case dir == dissect.ToServer && p.mode == inChunk && !p.lineReader.Skipping(dir):
			k = p.chunk(c, data[n:])
		case dir == dissect.ToServer && p.mode == inData && !p.lineReader.Skipping(dir):
			k = p.dataLine(c, data[n:])
		default:
			k = p.line(c, dir, data[n:])
		}
		if k == 0 {
			break
		}
		n += k
	}
	if p.mode != commands && dir == dissect.ToServer && p.tx.mail != nil {
		p.mime.Flush(c)
	}
	return n
}

// line takes a line of commands or replies, and gives its length, 0 when it is not complete.
func (p *parser) line(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	line, n, cut, ok := p.lineReader.Next(dir, data)
	if !ok {
		return n
	}
	if dir == dissect.ToClient {
		c.Frame(frResponse, data[:n], int64(n), p.current())
		p.replyLine(c, line)
	} else {
		p.commandLine(c, line)
		c.Frame(frCommand, data[:n], int64(n), p.current())
		if !cut { // as Suricata does, so that rules that want the end of the line and rules that want the text alone match
			c.Frame(frCommand, line, int64(len(line)), p.current())
		}
	}
	if cut {
		p.anomaly(c, anTruncatedLine)
		if dir == dissect.ToClient {
			p.anomaly(c, anLongReply)
		} else {
			p.anomaly(c, anLongCommand)
		}
	}
	return n
}

// current is the transaction at hand, nil for none.
func (p *parser) current() any {
	if p.tx.begun {
		return &p.tx
	}
	return nil
}

// dataLine takes a line of a mail (RFC 5321 section 4.5.2), and gives its length with its end.
func (p *parser) dataLine(c *dissect.Ctx, data []byte) int {
	line, eol, n := dissect.LinePiece(data)
	if n == 0 {
		return 0
	}
	if p.loose.waits && !p.mid && p.decide(c, line) {
		return p.line(c, dissect.ToServer, data)
	}
	if eol == 0 && !p.mid && !p.mime.HeadersDone {
		p.anomaly(c, anTruncatedLine)
	}
	p.frame(c, data[:n])
	if string(line) == "." && eol > 0 && !p.mid {
		if eol == 2 && !p.loose.before {
			p.dot(c)
		} else {
			p.loose.waits, p.loose.eol = true, eol
		}
		return n
	}
	p.mailLine(c, line, eol)
	p.mid, p.loose.before = eol == 0, eol == 1
	return n
}

// dot ends a mail.
func (p *parser) dot(c *dissect.Ctx) {
	p.loose = loose{}
	p.push(c, cmdDot)
	p.endMail(c, dissect.FileClosed, "")
}

// frame gathers the frame of the data.
func (p *parser) frame(c *dissect.Ctx, b []byte) {
	if c.WantsFrames() {
		p.piece.AddInput(c, b)
	}
}

// mailLine gives a line to the mail, with the dot removed that protects one.
func (p *parser) mailLine(c *dissect.Ctx, line []byte, eol int) {
	p.lines++
	if len(line) > 1 && line[0] == '.' && !p.mid && p.mode == inData {
		line = line[1:]
		p.mime.Stuffed = true
	}
	if p.raw.IsOpen() {
		c.WriteFile(&p.raw, line)
		c.WriteFile(&p.raw, crlf[2-eol:])
		return
	}
	if p.tx.mail == nil {
		return
	}
	p.mime.Line(c, line, eol)
	if p.mime.Bits != 0 {
		p.mimeAnomalies(c)
	}
}

// headersDone is told of the header of a mail.
func (p *parser) headersDone(c *dissect.Ctx) { c.EmitDir(evEmail, &p.tx, dissect.ToServer) }

var crlf = []byte{'\r', '\n'}

// chunk takes bytes of a BDAT chunk (RFC 3030 section 2), and gives how many. Lines of the mail
// may straddle chunks.
func (p *parser) chunk(c *dissect.Ctx, data []byte) int {
	n := len(data)
	if uint64(n) > p.left {
		n = int(p.left)
	}
	p.left -= uint64(n)
	p.frame(c, data[:n])
	switch {
	case p.raw.IsOpen():
		c.WriteFile(&p.raw, data[:n])
	case p.tx.mail != nil:
		p.mime.Write(c, data[:n])
		p.mimeAnomalies(c)
	}
	if p.left == 0 {
		p.mode = commands
		if p.last {
			p.endMail(c, dissect.FileClosed, "")
		}
	}
	return n
}

// beginMail begins the content of a mail.
func (p *parser) beginMail(c *dissect.Ctx) {
	p.body, p.mid, p.lines, p.gapped, p.presumed = true, false, 0, false, false
	p.loose = loose{}
	switch {
	case p.config.raw:
		c.OpenFile(&p.raw, rawName, &p.tx)
		p.raw.LookFrom(c.Limits.SMTP.InspectMinSize, c.Limits.SMTP.InspectWindow)
	case !p.config.blind:
		p.mime.Begin(&p.config.mime, &p.tx)
		p.tx.mail = &p.mime.Message
	}
	c.EmitDir(evData, &p.tx, dissect.ToServer)
}

// rawName is the name of the file that raw extraction makes of a mail, as in Suricata.
var rawName = []byte("rawmsg")

// endMail ends the mail and the transaction.
func (p *parser) endMail(c *dissect.Ctx, state dissect.FileState, why string) {
	p.closeMail(c, state, why)
	p.endTx(c)
}

// closeMail ends the content of the mail.
func (p *parser) closeMail(c *dissect.Ctx, state dissect.FileState, why string) {
	p.endContent(c, state, why)
	old := c.Dir
	c.Dir = dissect.ToServer // whoever ended it
	c.PieceFrame(frData, &p.piece, p.current())
	c.Dir = old
	p.piece.Reset()
}

// endContent ends the files of the mail, and the mail.
func (p *parser) endContent(c *dissect.Ctx, state dissect.FileState, why string) {
	p.mode = commands
	if p.raw.IsOpen() {
		c.CloseFile(&p.raw, state, why)
	}
	if p.body = false; p.tx.mail == nil || p.mime.Done {
		return
	}
	p.mime.End(c, state, why)
	countMailCaps(c, p.mime.Cut)
	p.tx.complete = state == dissect.FileClosed && !p.gapped
	p.mimeAnomalies(c)
	c.EmitDir(evBody, &p.tx, dissect.ToServer)
}

// beginTx begins a transaction.
func (p *parser) beginTx(c *dissect.Ctx) {
	p.tx.reset(c.NextTxID())
	p.tx.begun, p.rset = true, false
}

// endTx ends the transaction, and a mail of it that has not ended: one that came in chunks and without the last.
func (p *parser) endTx(c *dissect.Ctx) {
	if p.body && (p.mime.Size > 0 || p.raw.IsOpen()) {
		p.closeMail(c, dissect.FileTruncated, "no end")
	}
	p.body = false
	if p.tx.begun && !p.tx.done {
		p.tx.done = true
		c.EmitDir(evTx, &p.tx, dissect.ToServer)
	}
}

// anomaly reports an anomaly once in a transaction, while there is one.
func (p *parser) anomaly(c *dissect.Ctx, n int) {
	if !p.tx.begun || p.tx.done || p.tx.seen&(1<<n) != 0 {
		return
	}
	p.tx.seen |= 1 << n
	c.Anomaly(n, &p.tx)
}

// mimeBits tells which anomaly stands for which of the mail's.
var mimeBits = []struct {
	bit mime.Anomalies
	n   int
}{
	{mime.InvalidBase64, anBase64}, {mime.InvalidQP, anQP}, {mime.LongLine, anLongLine},
	{mime.LongEncodedLine, anLongEncLine}, {mime.LongHeaderName, anLongHeaderName},
	{mime.LongHeaderValue, anLongHeaderValue}, {mime.LongBoundary, anLongBoundary},
	{mime.LongFilename, anLongFilename}, {mime.Malformed, anMalformed}, {mime.TooDeep, anParseFailed},
}

func (p *parser) mimeAnomalies(c *dissect.Ctx) {
	for _, m := range mimeBits {
		if p.mime.Bits&m.bit != 0 {
			p.anomaly(c, m.n)
		}
	}
}

// Gap implements dissect.Parser.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	if p.stopped {
		return
	}
	p.lineReader.Skip(dir, true)
	p.torn[dir] = true
	if dir == dissect.ToClient {
		p.lostReplies()
		return
	}
	p.authNext = false
	switch p.mode {
	case inData:
		if p.presumed && p.lines == 0 { // the missing bytes are before the mail
			p.lineReader.Skip(dir, false)
			p.torn[dir] = false
			return
		}
		p.lostMail(c)
	case inChunk:
		p.lostMail(c)
		if n < 0 || uint64(n) > p.left {
			p.mode = commands
			p.lineReader.Skip(dir, true)
			p.torn[dir] = true
			return
		}
		p.left -= uint64(n)
		if p.left == 0 {
			p.mode = commands
			if p.last {
				p.endMail(c, dissect.FileTruncated, "gap")
			}
		}
	}
}

// lostMail says that a piece of the mail is missing; the line in which that is goes on.
func (p *parser) lostMail(c *dissect.Ctx) {
	p.gapped, p.mid = true, true
	p.lineReader.Skip(dissect.ToServer, false)
	p.torn[dissect.ToServer] = false
	if p.raw.IsOpen() {
		c.GapFile(&p.raw)
	}
	if p.tx.mail != nil {
		p.mime.Gap(c)
	}
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	over := p.ends.Both(dir)
	if p.loose.waits && p.ends[dissect.ToServer] && len(rest) == 0 {
		p.dot(c)
	}
	if p.mode != commands && p.ends[dissect.ToServer] {
		if dir == dissect.ToServer && len(rest) > 0 && p.mode == inData {
			p.mailLine(c, rest, 0)
		}
		reason := "flow end"
		if why == dissect.EndDepth {
			reason = "limit"
		}
		p.closeMail(c, dissect.FileTruncated, reason)
	}
	if over {
		p.endTx(c)
	}
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.mime.Reset()
	p.piece.Reset()
	p.conn.reset()
	p.tx.reset(0)
	p.queue.reset()
	p.raw.Tx = nil
	*p = parser{tx: p.tx, conn: p.conn, mime: p.mime, piece: p.piece, raw: p.raw, queue: p.queue,
		limits: p.limits, config: p.config}
	p.tx.conn = &p.conn
}
