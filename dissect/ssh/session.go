package ssh

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"

	"github.com/luanids/luanids/dissect"
)

// Side is what one side says of itself.
type Side struct {
	Banner   []byte // the whole line, nil as long as there was none
	Proto    []byte // protocol version, "2.0"
	Software []byte // software version, "OpenSSH_9.2p1"
	Comments []byte // what follows the software version, nil for nothing
	// HASSH is the MD5 of HASSHString (github.com/salesforce/hassh), empty when not computed.
	HASSH, HASSHString []byte

	hasKex bool
	kex    []byte // the proposal, kept for its names
	lists  [lists][2]uint16
	banner []byte
}

// The name lists of a KEXINIT (RFC 4253 section 7.1).
const (
	listKex = iota
	listHostKey
	listCipherToServer
	listCipherToClient
	listMACToServer
	listMACToClient
	listCompressionToServer
	listCompressionToClient
	listLanguageToServer
	listLanguageToClient
	lists
)

// Session is what is known of an SSH connection: the one transaction of a flow.
type Session struct {
	dissect.MatchState
	Client, Server Side
	// What both sides agree on, by RFC 4253 section 7.1; nil as long as that is not known.
	Kex, HostKey      []byte
	Cipher, MAC, Comp [2][]byte // by direction
	// Failures counts attempts to authenticate that failed; Result is "success", "failure",
	// "undetermined", or "" before anything is known.
	Failures int
	Result   string
}

// TxID implements dissect.Numbered: a flow has one session.
func (s *Session) TxID() uint64 { return 0 }

func (s *Session) side(dir dissect.Dir) *Side {
	if dir == dissect.ToServer {
		return &s.Client
	}
	return &s.Server
}

func (s *Session) reset() {
	*s = Session{Client: s.Client.emptied(), Server: s.Server.emptied()}
}

// keepKex is the most memory of a proposal, and of what HASSH is made of, that is kept for the next flow, bytes. Real ones have a few kB.
const keepKex = 8 << 10

func (x *Side) emptied() Side {
	if cap(x.kex) > keepKex || cap(x.HASSHString) > keepKex {
		x.kex, x.HASSHString = nil, nil
	}
	return Side{HASSH: x.HASSH[:0], HASSHString: x.HASSHString[:0], kex: x.kex[:0], banner: x.banner[:0]}
}

// Clone makes a copy that shares nothing with s.
func (s *Session) Clone() *Session {
	c := *s
	c.MatchState = dissect.MatchState{}
	c.Client, c.Server = s.Client.clone(), s.Server.clone()
	if s.Kex != nil {
		c.negotiate()
	}
	return &c
}

func (x *Side) clone() Side {
	c := *x
	c.kex = append([]byte(nil), x.kex...)
	c.HASSH = append([]byte(nil), x.HASSH...)
	c.HASSHString = append([]byte(nil), x.HASSHString...)
	c.banner = nil
	if x.Banner != nil {
		c.parseBanner(x.Banner)
	}
	return c
}

// parseBanner splits "SSH-protoversion-softwareversion SP comments" (RFC 4253 section 4.2).
func (x *Side) parseBanner(line []byte) bool {
	x.banner = append(x.banner[:0], line...)
	x.Banner = x.banner
	rest := x.Banner[len("SSH-"):]
	i := bytes.IndexByte(rest, '-')
	if i <= 0 {
		return false
	}
	x.Proto, rest = rest[:i:i], rest[i+1:]
	if i = bytes.IndexByte(rest, ' '); i >= 0 {
		x.Software, x.Comments = rest[:i:i], rest[i+1:]
	} else {
		x.Software = rest
	}
	return true
}

// version1 tells a side that speaks version 1 only; 1.99 means both (RFC 4253 section 5.1).
func (x *Side) version1() bool {
	return bytes.HasPrefix(x.Proto, []byte("1.")) && string(x.Proto) != "1.99"
}

// parseKex reads the payload of a KEXINIT behind its number: a cookie of 16 bytes, then ten
// lists of names.
func (x *Side) parseKex(b []byte) bool {
	x.kex = append(x.kex[:0], b...)
	pos := 16
	for i := range x.lists {
		if len(b)-pos < 4 {
			return false
		}
		n := int(binary.BigEndian.Uint32(b[pos:]))
		pos += 4
		if n < 0 || n > len(b)-pos || pos+n > 1<<16-1 {
			return false
		}
		x.lists[i] = [2]uint16{uint16(pos), uint16(n)}
		pos += n
	}
	x.hasKex = true
	return true
}

func (x *Side) list(i int) []byte {
	if !x.hasKex {
		return nil
	}
	l := x.lists[i]
	return x.kex[l[0] : l[0]+l[1] : l[0]+l[1]]
}

func (x *Side) fingerprint(dir dissect.Dir) {
	s := x.HASSHString[:0]
	for i, l := range [...]int{listKex, listCipherToServer, listMACToServer, listCompressionToServer} {
		if i > 0 {
			s = append(s, ';')
			if dir == dissect.ToClient {
				l++ // the list for the other direction
			}
		}
		s = append(s, x.list(l)...)
	}
	x.HASSHString = s
	sum := md5.Sum(s)
	x.HASSH = hex.AppendEncode(x.HASSH[:0], sum[:])
}

// negotiate finds what the proposals lead to: the client's first choice that the server has.
func (s *Session) negotiate() {
	pick := func(i int) []byte { return choose(s.Client.list(i), s.Server.list(i)) }
	s.Kex, s.HostKey = pick(listKex), pick(listHostKey)
	for d := range s.Cipher {
		s.Cipher[d] = pick(listCipherToServer + d)
		s.MAC[d] = pick(listMACToServer + d)
		s.Comp[d] = pick(listCompressionToServer + d)
	}
}

// maxNames is how many names of a list are looked at for what both sides agree on; real lists have up to thirty. A list of 64 KiB could
// have tens of thousands, each to be compared with as many.
const maxNames = 256

// choose gives the first name of the list want that the list have holds, nil for none.
func choose(want, have []byte) []byte {
	for range maxNames {
		if len(want) == 0 {
			break
		}
		name, rest := cut(want)
		for i, h := 0, have; len(h) > 0 && i < maxNames; i++ {
			var other []byte
			if other, h = cut(h); bytes.Equal(name, other) {
				return name
			}
		}
		want = rest
	}
	return nil
}

func cut(list []byte) (name, rest []byte) {
	if i := bytes.IndexByte(list, ','); i >= 0 {
		return list[:i:i], list[i+1:]
	}
	return list, nil
}
