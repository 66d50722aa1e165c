package rfb

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/luanids/luanids/dissect"
)

const (
	// versionLen is the length of a version: RFB 003.008\n (RFC 6143 section 7.1.1).
	versionLen = 12
	// secretLen is the length of challenge and response (section 7.2.2).
	secretLen = 16
	// formatLen is the length of a pixel format (section 7.4), initLen that of a ServerInit up to its name (section 7.3.2).
	formatLen = 16
	initLen   = 4 + formatLen + 4
	// maxText is how much of a desktop's name, or of a reason for a refusal, is looked at, bytes.
	maxText = 4096
)

// Security types that are followed (section 7.1.2). 0: the server refuses.
const (
	secNone = 1
	secVNC  = 2
)

// stage is the message that is due next, of either side.
type stage uint8

const (
	atServerVersion stage = iota
	atClientVersion
	atTypes    // the server's list
	atType     // version 3.3: the server decides
	atChoice   // the client's
	atResponse // the client's, to a challenge
	atChallenge
	atResult
	atReason
	atClientInit
	atServerInit
	atNothing // nothing is looked at any more
)

// byClient tells who sends the message.
func (s stage) byClient() bool {
	return s == atClientVersion || s == atChoice || s == atResponse || s == atClientInit
}

// Session is what is known of a connection.
type Session struct {
	dissect.MatchState
	id       uint64
	versions [2]version // of server and client
	types    []byte
	chosen   int64 // -1: none was
	secrets  [2][]byte
	status   int64 // -1: none was
	reason   []byte
	shared   int8 // -1: the client has not said
	width    uint16
	height   uint16
	format   [formatLen]byte
	name     []byte
	shown    bool // the server has said what it shows
}

// version is the text of a version.
type version struct {
	there        bool
	major, minor [3]byte
}

// TxID implements dissect.Numbered.
func (s *Session) TxID() uint64 { return s.id }

func (s *Session) reset() {
	s.MatchState.Reset()
	*s = Session{MatchState: s.MatchState, types: s.types[:0], secrets: [2][]byte{s.secrets[0][:0], s.secrets[1][:0]},
		reason: s.reason[:0], name: s.name[:0], chosen: -1, status: -1, shared: -1}
}

func (s *Session) clone() *Session {
	n := *s
	n.MatchState = dissect.MatchState{}
	n.types, n.reason, n.name = bytes.Clone(s.types), bytes.Clone(s.reason), bytes.Clone(s.name)
	n.secrets = [2][]byte{bytes.Clone(s.secrets[0]), bytes.Clone(s.secrets[1])}
	return &n
}

// atLeast tells whether the client asked for this minor version of 3, or a later one: RealVNC's are up to 5.0.
func (s *Session) atLeast(minor string) bool {
	v := &s.versions[1]
	return string(v.major[:]) > "003" || string(v.minor[:]) >= minor
}

// parseVersion reads a version.
func parseVersion(b []byte) (v version, ok bool) {
	if len(b) < versionLen || string(b[:4]) != "RFB " || b[7] != '.' || b[11] != '\n' {
		return v, false
	}
	copy(v.major[:], b[4:])
	copy(v.minor[:], b[8:])
	v.there = true
	digits := func(b []byte) bool {
		return !slices.ContainsFunc(b, func(c byte) bool { return c < '0' || c > '9' })
	}
	return v, digits(v.major[:]) && digits(v.minor[:])
}

// probe takes the version that the server begins with.
func probe(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	const begin = "RFB "
	n := min(len(data), len(begin))
	switch {
	case string(data[:n]) != begin[:n]:
		return dissect.No
	case len(data) < versionLen:
		return dissect.More
	}
	if _, ok := parseVersion(data); !ok {
		return dissect.No
	}
	if dir == dissect.ToServer {
		return dissect.ByPort // a server that connects to a viewer, or a connection seen from its second packet on
	}
	return dissect.Yes
}

type parser struct {
	s      Session
	stage  stage
	skip   [2]dissect.Skip // a text that nobody looks at
	server dissect.Dir     // direction in which the server sends
	begun  bool
	logged bool
	ends   dissect.Ends
}

// Data implements dissect.Parser.
func (p *parser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if !p.begun {
		p.begun, p.server = true, dir // the server speaks first, also where it connects to a viewer
		p.s.reset()
		p.s.id = c.NextTxID()
	}
	for n := 0; n < len(data); {
		if k := p.skip[dir].Pass(len(data) - n); k > 0 {
			n += k
			continue
		}
		if p.stage == atNothing {
			return len(data)
		}
		if p.stage.byClient() == (dir == p.server) {
			p.stop(c, anConfused)
			return len(data)
		}
		k, short := p.message(data[n:])
		if short > 0 {
			c.Need(short)
			return n
		}
		c.Frame(frPDU, data[n:n+k], int64(k)+int64(p.skip[dir]), &p.s)
		n += k
		p.after(c)
	}
	return len(data)
}

// stop gives the handshake up, for a reason.
func (p *parser) stop(c *dissect.Ctx, anomaly int) {
	p.stage = atNothing
	c.Failed()
	c.Anomaly(anomaly, &p.s)
	p.log(c)
}

func (p *parser) log(c *dissect.Ctx) {
	if !p.logged {
		p.logged = true
		c.EmitDir(evTx, &p.s, p.server)
	}
}

// message reads the message that is due, and tells its length, or in short how many bytes it takes.
func (p *parser) message(b []byte) (n, short int) {
	s := &p.s
	n = p.size(b)
	if n > len(b) {
		return 0, n
	}
	switch b = b[:n]; p.stage {
	case atServerVersion:
		s.versions[0], _ = parseVersion(b)
	case atClientVersion:
		s.versions[1], _ = parseVersion(b)
	case atTypes:
		s.types = append(s.types, b[1:]...)
	case atType:
		s.chosen = int64(binary.BigEndian.Uint32(b))
	case atChoice:
		s.chosen = int64(b[0])
	case atChallenge:
		s.secrets[0] = append(s.secrets[0], b...)
	case atResponse:
		s.secrets[1] = append(s.secrets[1], b...)
	case atResult:
		s.status = int64(binary.BigEndian.Uint32(b))
	case atReason:
		s.reason = append(s.reason, b[4:]...)
		p.skip[p.server] = rest(b)
	case atClientInit:
		if s.shared = 0; b[0] != 0 {
			s.shared = 1
		}
	case atServerInit:
		s.width, s.height = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		copy(s.format[:], b[4:])
		s.name = append(s.name, b[initLen:]...)
		p.skip[p.server] = rest(b[initLen-4:])
		s.shown = true
	}
	return n, 0
}

// rest is how much of a text behind its length is passed over.
func rest(b []byte) dissect.Skip {
	if n := binary.BigEndian.Uint32(b); n > maxText {
		return dissect.Skip(n - maxText)
	}
	return 0
}

// size is the length of the message that is due: at least as many bytes are wanted as it says.
func (p *parser) size(b []byte) int {
	text := func(head int) int {
		if len(b) < head {
			return head
		}
		return head + int(min(binary.BigEndian.Uint32(b[head-4:]), maxText))
	}
	switch p.stage {
	case atServerVersion, atClientVersion:
		return versionLen
	case atTypes:
		return 1 + int(b[0])
	case atChallenge, atResponse:
		return secretLen
	case atReason:
		return text(4)
	case atServerInit:
		return text(initLen)
	case atType, atResult:
		return 4
	}
	return 1
}

// after goes on behind a message.
func (p *parser) after(c *dissect.Ctx) {
	s := &p.s
	switch p.stage {
	case atServerVersion:
		p.next(c, s.versions[0].there, atClientVersion)
	case atClientVersion:
		to := atTypes
		if !s.atLeast("007") { // RFC 6143 section 7.1.1
			to = atType
		}
		p.next(c, s.versions[1].there, to)
	case atTypes:
		if p.stage = atChoice; len(s.types) == 0 {
			p.stage = atReason
		}
	case atType, atChoice:
		p.choose(c)
	case atChallenge:
		p.stage = atResponse
	case atResponse:
		p.stage = atResult
	case atResult:
		p.judge(c)
	case atReason:
		p.stage = atNothing
		p.log(c)
	case atClientInit:
		p.stage = atServerInit
	case atServerInit:
		p.stage = atNothing
		p.log(c)
	}
}

func (p *parser) next(c *dissect.Ctx, ok bool, to stage) {
	if p.stage = to; !ok {
		p.stop(c, anMalformed)
	}
}

// choose goes on behind the choice of a security type (section 7.1.2).
func (p *parser) choose(c *dissect.Ctx) {
	s := &p.s
	c.EmitDir(evSecurity, s, p.server.Rev())
	switch {
	case s.chosen == 0 && p.stage == atType:
		p.stage = atReason
	case s.chosen == secNone && s.atLeast("008"):
		p.stage = atResult
	case s.chosen == secNone:
		p.stage = atClientInit
	case s.chosen == secVNC:
		p.stage = atChallenge
	default:
		p.stop(c, anSecurity)
	}
}

// judge goes on behind the result of authentication (section 7.1.3).
func (p *parser) judge(c *dissect.Ctx) {
	c.EmitDir(evResult, &p.s, p.server)
	switch p.s.status {
	case 0:
		p.stage = atClientInit
	case 1:
		p.stage = atReason
	default:
		p.stop(c, anResult)
	}
}

// Gap implements dissect.Parser. Only behind the handshake nothing is lost by it.
func (p *parser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	if p.skip[dir].Gap(n) {
		return
	}
	if p.begun && p.stage != atNothing {
		p.log(c)
	}
	p.stage = atNothing
}

// End implements dissect.Parser.
func (p *parser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	if p.ends.Both(dir) && p.begun {
		p.log(c)
	}
}

// Reset implements dissect.Parser.
func (p *parser) Reset() {
	p.s.reset()
	*p = parser{s: p.s}
}
