package ssh

import (
	"bytes"
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// auth tells the outcome of authentication (RFC 4252) from the sizes of encrypted messages.
//
// The proposals that both sides sent in the clear fix cipher and MAC, and with them the exact
// size on the wire of a message of known length (RFC 4253 section 6): USERAUTH_SUCCESS is one
// byte, the only message of that size that a server sends at this stage. USERAUTH_FAILURE
// lists the methods that are left, and has the same size each time; its first appearance
// teaches it. Any other size is a step on the way (PK_OK, INFO_REQUEST). A client's first
// request that is too short for a password is the method "none", which asks for the list of
// methods and is not counted. Zeek's SSH analyzer works from sizes likewise, though from packet
// sizes alone.
//
// With ciphers that leave the length of a packet in the clear (AES-GCM, and MACs of the kind
// "-etm") packets are told apart exactly. Otherwise each piece of data in one direction is taken
// for one message, which the ping-pong of authentication mostly makes it: the result is then
// likely and not certain. Compression from the start makes sizes meaningless: no verdict.
type auth struct {
	form    [2]form
	on      bool // both forms are known
	lost    bool // bytes are missing
	over    bool // a verdict was given, nothing is looked at
	opened  bool // the client asked for the service
	ready   bool // the server answered that
	first   bool // a request to authenticate was answered
	asked   int  // size of the client's request that waits for an answer, 0 for none
	failure int  // size of USERAUTH_FAILURE, 0 as long as it is not known
	none    int  // size of the client's request of the method "none", 0 for none
	// maybe says that the last answer could be a success together with what follows it; the
	// client's next message decides.
	maybe bool
}

// form is how packets of a direction are made.
type form struct {
	block int  // what sizes are a multiple of
	mac   int  // bytes behind the packet
	apart bool // the length is no part of what is padded
	clear bool // the length is not encrypted
}

// size is the size on the wire of a packet with the given payload.
func (f form) size(payload int) int {
	const minPadding = 4
	n := 1 + payload + minPadding
	if !f.apart {
		n += 4
	}
	n = (n + f.block - 1) / f.block * f.block
	if f.apart {
		n += 4
	}
	return n + f.mac
}

// most is the longest payload that a packet of size n can have.
func (f form) most(n int) int { return n - f.mac - 4 - 1 - 4 }

var ciphers = map[string]form{
	"chacha20-poly1305@openssh.com": {8, 16, true, false},
	"aes128-gcm@openssh.com":        {16, 16, true, true}, "aes256-gcm@openssh.com": {16, 16, true, true},
	"AEAD_AES_128_GCM": {16, 16, true, true}, "AEAD_AES_256_GCM": {16, 16, true, true},
	"aes128-ctr": {block: 16}, "aes192-ctr": {block: 16}, "aes256-ctr": {block: 16},
	"aes128-cbc": {block: 16}, "aes192-cbc": {block: 16}, "aes256-cbc": {block: 16},
	"rijndael-cbc@lysator.liu.se": {block: 16},
	"3des-cbc":                    {block: 8}, "3des-ctr": {block: 8}, "blowfish-cbc": {block: 8}, "cast128-cbc": {block: 8},
	"arcfour": {block: 8}, "arcfour128": {block: 8}, "arcfour256": {block: 8},
}

type macForm struct {
	size int
	etm  bool
}

var macs = map[string]macForm{
	"hmac-sha2-256": {32, false}, "hmac-sha2-512": {64, false}, "hmac-sha1": {20, false},
	"hmac-sha1-96": {12, false}, "hmac-md5": {16, false}, "hmac-md5-96": {12, false},
	"umac-64@openssh.com": {8, false}, "umac-128@openssh.com": {16, false},
	"hmac-ripemd160": {20, false}, "hmac-ripemd160@openssh.com": {20, false},
	"hmac-sha2-256-etm@openssh.com": {32, true}, "hmac-sha2-512-etm@openssh.com": {64, true},
	"hmac-sha1-etm@openssh.com": {20, true}, "hmac-sha1-96-etm@openssh.com": {12, true},
	"hmac-md5-etm@openssh.com": {16, true}, "umac-64-etm@openssh.com": {8, true},
	"umac-128-etm@openssh.com": {16, true}, "hmac-ripemd160-etm@openssh.com": {20, true},
}

// begin takes what was agreed on.
func (a *auth) begin(s *Session) {
	a.on = true
	for d := range a.form {
		f, ok := ciphers[string(s.Cipher[d])]
		if ok && f.mac == 0 {
			var m macForm
			m, ok = macs[string(s.MAC[d])]
			f.mac, f.apart, f.clear = m.size, m.etm, m.etm
		}
		a.on = a.on && ok && string(s.Comp[d]) != "zlib"
		a.form[d] = f
	}
}

// secret takes encrypted bytes.
func (p *parser) secret(c *dissect.Ctx, dir dissect.Dir, b []byte) int {
	a := &p.auth
	if a.over || a.lost || !a.on {
		return len(b)
	}
	f := a.form[dir]
	if !f.clear {
		a.message(c, &p.s, dir, len(b))
		return len(b)
	}
	if len(b) < 4 {
		c.Need(4)
		return 0
	}
	n := int(binary.BigEndian.Uint32(b))
	if n < 5 || n > maxRecord {
		a.lost = true
		return len(b)
	}
	a.message(c, &p.s, dir, 4+n+f.mac)
	p.side[dir].skip = dissect.Skip(4 + n + f.mac)
	return p.side[dir].skip.Pass(len(b))
}

// message takes a message of n bytes.
func (a *auth) message(c *dissect.Ctx, s *Session, dir dissect.Dir, n int) {
	if dir == dissect.ToServer {
		a.request(c, s, n)
	} else {
		a.answer(c, s, n)
	}
}

func (a *auth) request(c *dissect.Ctx, s *Session, n int) {
	if a.maybe && n == a.form[dissect.ToServer].size(openSession)+a.form[dissect.ToServer].size(noMoreSessions) {
		a.succeed(c, s)
		return
	}
	a.maybe = false
	if !a.opened {
		a.opened = true
		return
	}
	a.asked = n
}

// Payload lengths of messages with fixed content.
const (
	success        = 1  // USERAUTH_SUCCESS
	openSession    = 24 // CHANNEL_OPEN of a session
	noMoreSessions = 34 // OpenSSH's global request no-more-sessions@openssh.com
	minFailure     = 1 + 4 + 4 + 1
	maxFailure     = 160 // a long list of methods
	// maxNone is the longest request of the method "none": for a user name of up to 19 bytes.
	maxNone = 50
)

func (a *auth) answer(c *dissect.Ctx, s *Session, n int) {
	if !a.opened {
		return // EXT_INFO (RFC 8308)
	}
	if !a.ready {
		a.ready = true // SERVICE_ACCEPT
		return
	}
	f := a.form[dissect.ToClient]
	if a.asked == 0 {
		// Two messages in a row: the first was a banner, and taught a wrong size.
		if a.first && s.Failures == 0 && a.plausible(n) {
			a.failure = n
		}
		return
	}
	asked := a.asked
	a.asked = 0
	probe := !a.first && a.form[dissect.ToServer].most(asked) <= maxNone
	if probe {
		a.none = asked
	}
	switch {
	case n == f.size(success):
		a.succeed(c, s)
		return
	case a.failure == 0 && a.plausible(n) && !a.keyAccepted(asked, n):
		a.failure = n
		fallthrough
	case n == a.failure:
		a.first = true
		if !probe && !a.empty(s, asked) {
			s.Failures++
			s.Result = "failure"
			c.Emit(evFailure, s)
		}
	case n > f.size(success)+f.block:
		a.maybe = true
	}
	a.first = true
}

func (a *auth) plausible(n int) bool {
	most := a.form[dissect.ToClient].most(n)
	return most >= minFailure && most <= maxFailure
}

// keyAccepted tells whether the answer n to a request of size asked can be PK_OK, which
// repeats the key of the request without user name and the names of service and method.
func (a *auth) keyAccepted(asked, n int) bool {
	const minKeyRequest, minLess, maxLess = 96, 24, 72
	most := a.form[dissect.ToServer].most(asked)
	less := most - a.form[dissect.ToClient].most(n)
	return most >= minKeyRequest && less >= minLess && less <= maxLess
}

// empty tells OpenSSH's request of the method "keyboard-interactive", which says nothing yet: a
// server refuses it at once where that method is not set up. It is 24 bytes longer than the one
// of the method "none"; OpenSSH pads all that holds a password to more than that.
func (a *auth) empty(s *Session, asked int) bool {
	const longer = 24
	if a.none == 0 || !bytes.HasPrefix(s.Client.Software, []byte("OpenSSH")) {
		return false
	}
	d, block := asked-a.none, a.form[dissect.ToServer].block
	return d > longer-block && d < longer+block
}

func (a *auth) succeed(c *dissect.Ctx, s *Session) {
	a.over = true
	s.Result = "success"
	c.EmitDir(evSuccess, s, dissect.ToClient)
}

// end says that nothing was found out, where authentication had begun.
func (a *auth) end(c *dissect.Ctx, s *Session) {
	if a.opened && !a.over && s.Result == "" {
		s.Result = "undetermined"
		c.Emit(evUndetermined, s)
	}
}
