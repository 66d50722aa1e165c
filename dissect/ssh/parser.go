package ssh

import (
	"bytes"
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// Events, in the order of the Spec.
const (
	evBanner dissect.Local = iota
	evClientBanner
	evServerBanner
	evClientKex
	evServerKex
	evKex
	evFailure
	evSuccess
	evUndetermined
	evFrame
)

// Frames, in the order of the Spec. The header of a packet is its two lengths and the message number.
const (
	frHeader = iota
	frData
	frPDU
)

var frames = []string{"record_hdr", "record_data", "record_pdu"}

// Anomalies, in the order of the Spec.
const (
	anBanner = iota
	anLongBanner
	anRecord
	anLongKex
)

var anomalies = []string{
	anBanner:     "invalid_banner",
	anLongBanner: "long_banner",
	anRecord:     "invalid_record",
	anLongKex:    "long_kex_record",
}

const (
	// maxBanner is the longest banner without its end of line that is taken for one, as in Suricata (RFC 4253 section 4.2 allows 253);
	// of a longer one the beginning is taken.
	maxBanner = 256
	// maxLines is how many lines a server may send before its banner.
	maxLines = 32
	// recordHead is the length of a packet, of its padding, and the message number.
	recordHead = 6
	// maxKex is the longest KEXINIT that is looked at.
	maxKex = 64 << 10
	// maxRecord is the longest packet that makes sense; RFC 4253 section 6.1 asks for 35000.
	maxRecord  = 1 << 20
	maxPending = maxKex + 1024
)

// Message numbers (RFC 4250 section 4.1.2).
const (
	msgKexInit = 20
	msgNewKeys = 21
)

// stage is how far one direction has come.
type stage uint8

const (
	atBanner  stage = iota
	atLine          // the rest of a long line before the banner
	atEOL           // the rest of a banner that is too long
	atPackets       // packets in the clear
	atSecret        // encrypted
	atNothing       // nothing is looked at any more
)

type side struct {
	stage stage
	skip  dissect.Skip // a packet that nobody looks at
	lines int          // before the banner
	kex   bool
}

type parser struct {
	s      Session
	side   [2]side
	ends   dissect.Ends
	auth   auth
	logged bool
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	s := &p.side[dir]
	for pos := 0; ; {
		if pos += s.skip.Pass(len(data) - pos); pos == len(data) {
			return pos
		}
		used := 0
		switch s.stage {
		case atBanner:
			used = p.banner(c, dir, s, data[pos:])
		case atLine, atEOL:
			i := bytes.IndexByte(data[pos:], '\n')
			if i < 0 {
				return len(data)
			}
			used = i + 1
			if s.stage == atLine {
				s.stage = atBanner
			} else {
				s.stage = atPackets
			}
		case atPackets:
			used = p.packet(c, dir, s, data[pos:])
		case atSecret:
			used = p.secret(c, dir, data[pos:])
		default:
			return len(data)
		}
		if used == 0 && s.stage != atNothing {
			return pos
		}
		pos += used
	}
}

// banner takes a line of the banner phase, or 0 when it is not complete.
func (p *parser) banner(c *dissect.Ctx, dir dissect.Dir, s *side, b []byte) int {
	end := bytes.IndexByte(b, '\n')
	if end < 0 && len(b) <= maxBanner+1 { // a CR may be there
		return 0
	}
	line, used := b, end+1
	if end >= 0 {
		line = b[:end]
	}
	if !bytes.HasPrefix(line, []byte("SSH-")) {
		if dir == dissect.ToClient && s.lines < maxLines {
			if s.lines++; end < 0 {
				used, s.stage = len(b), atLine
			}
			return used
		}
		c.Anomaly(anBanner, &p.s)
		c.Failed()
		s.stage = atNothing
		return 0
	}
	s.stage = atPackets
	if line = bytes.TrimSuffix(line, []byte{'\r'}); len(line) > maxBanner || end < 0 {
		c.Anomaly(anLongBanner, &p.s)
		line = line[:min(len(line), maxBanner)]
		if end < 0 {
			used, s.stage = len(b), atEOL
		}
	}
	if !p.s.side(dir).parseBanner(line) {
		c.Anomaly(anBanner, &p.s)
		c.Failed()
		s.stage = atNothing
		return 0
	}
	c.Emit(evBanner, &p.s)
	if dir == dissect.ToServer {
		c.Emit(evClientBanner, &p.s)
	} else {
		c.Emit(evServerBanner, &p.s)
	}
	return used
}

// packet takes an unencrypted packet (RFC 4253 section 6), or 0 when it is not complete.
func (p *parser) packet(c *dissect.Ctx, dir dissect.Dir, s *side, b []byte) int {
	if len(b) < recordHead {
		c.Need(recordHead)
		return 0
	}
	if p.s.Client.version1() || p.s.Server.version1() {
		s.stage = atNothing // its packets are made otherwise
		return 0
	}
	n := int(binary.BigEndian.Uint32(b))
	if n < 2 || n > maxRecord {
		c.Anomaly(anRecord, &p.s)
		c.Failed()
		s.stage = atNothing
		return 0
	}
	if c.WantsFrames() && (b[5] != msgKexInit || s.kex || n > maxKex || len(b) >= 4+n) {
		here := b[:min(len(b), 4+n)]
		c.Frame(frHeader, here[:recordHead], recordHead, &p.s)
		c.Frame(frData, here[recordHead:], int64(4+n-recordHead), &p.s)
		c.Frame(frPDU, here, int64(4+n), &p.s)
	}
	switch b[5] {
	case msgKexInit:
		if s.kex {
			break
		}
		if n > maxKex {
			c.Anomaly(anLongKex, &p.s)
			break
		}
		if len(b) < 4+n {
			c.Need(4 + n)
			return 0
		}
		s.kex = true
		p.kexInit(c, dir, b[recordHead:4+n])
		return 4 + n
	case msgNewKeys:
		s.stage = atSecret
		if p.side[dir.Rev()].stage == atSecret && c.Flow != nil {
			c.Flow.Encrypted = true
		}
	}
	s.skip = dissect.Skip(4 + n - recordHead)
	return recordHead
}

func (p *parser) kexInit(c *dissect.Ctx, dir dissect.Dir, b []byte) {
	x := p.s.side(dir)
	if !x.parseKex(b) {
		c.Anomaly(anRecord, &p.s)
		return
	}
	if c.Limits == nil || c.Limits.HASSH {
		x.fingerprint(dir)
	}
	if dir == dissect.ToServer {
		c.Emit(evClientKex, &p.s)
	} else {
		c.Emit(evServerKex, &p.s)
	}
	if p.side[dir.Rev()].kex && p.s.Client.hasKex && p.s.Server.hasKex {
		p.s.negotiate()
		p.auth.begin(&p.s)
		p.log(c)
	}
}

func (p *parser) log(c *dissect.Ctx) {
	if !p.logged {
		p.logged = true
		c.Emit(evKex, &p.s)
	}
}

// Gap implements dissect.Parser. Without its packets in the clear a direction says nothing
// more, and the sizes of encrypted messages are no longer certain.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	s := &p.side[dir]
	if s.skip.Gap(n) {
		return
	}
	p.auth.lost = true
	s.stage = atNothing
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	if s := &p.side[dir]; s.stage == atBanner && len(rest) > 0 && bytes.HasPrefix(rest, []byte("SSH-")) {
		p.banner(c, dir, s, append(append([]byte(nil), rest...), '\n'))
	}
	if !p.ends.Both(dir) {
		return
	}
	if p.s.Client.Banner != nil || p.s.Server.Banner != nil {
		p.log(c)
	}
	p.auth.end(c, &p.s)
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.s.reset()
	p.side, p.ends = [2]side{}, dissect.Ends{}
	p.auth = auth{}
	p.logged = false
}
