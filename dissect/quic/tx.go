package quic

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/tls"
)

// Tx is a packet that shows something, with the hello that it made complete.
type Tx struct {
	dissect.MatchState
	id         uint64
	kind       Kind
	client     bool // it comes from the client
	version    uint32
	versionRaw []byte
	dcid, scid []byte
	offered    []byte     // versions of a Version Negotiation packet
	hello      *tls.Hello // nil where no hello was completed
	ja3, ja4   []byte
	ja3Hash    []byte
	// Google's versions
	sni, ua       []byte
	hasSNI, hasUA bool
	cyu           []fingerprint
	text          []byte // of cyu
	scratch       []byte
}

// fingerprint is the ends of a text and of its MD5 in Tx.text.
type fingerprint struct{ text, hash [2]int }

// TxID implements dissect.Numbered.
func (t *Tx) TxID() uint64 { return t.id }

func (t *Tx) reset() {
	t.MatchState.Reset()
	*t = Tx{MatchState: t.MatchState, versionRaw: t.versionRaw[:0], dcid: t.dcid[:0], scid: t.scid[:0], offered: t.offered[:0], ja3: t.ja3[:0], ja4: t.ja4[:0],
		ja3Hash: t.ja3Hash[:0], sni: t.sni[:0], ua: t.ua[:0], cyu: t.cyu[:0], text: t.text[:0], scratch: t.scratch[:0]}
}

func (t *Tx) clone() *Tx {
	c := *t
	c.MatchState = dissect.MatchState{}
	c.scratch = nil
	for _, b := range []*[]byte{&c.versionRaw, &c.dcid, &c.scid, &c.offered, &c.ja3, &c.ja4, &c.ja3Hash, &c.sni, &c.ua, &c.text} {
		*b = bytes.Clone(*b)
	}
	c.cyu = slices.Clone(t.cyu)
	if t.hello != nil {
		h := t.hello.Clone()
		c.hello = &h
	}
	return &c
}

// begin makes t ready for a packet.
func (t *Tx) begin(id uint64, dir dissect.Dir, h *header) {
	t.reset()
	t.id, t.kind, t.client, t.version = id, h.kind, dir == dissect.ToServer, h.version
	t.versionRaw = append(t.versionRaw, h.versionRaw...)
	t.dcid, t.scid = append(t.dcid, h.dcid...), append(t.scid, h.scid...)
	if h.kind == VersionNegotiation {
		t.offered = append(t.offered, h.payload[:min(len(h.payload), 4*maxOffered)]...)
	}
}

// maxOffered is how many versions of a Version Negotiation packet are kept.
const maxOffered = 64

// setHello takes a complete hello, and makes its fingerprints.
func (t *Tx) setHello(h *tls.Hello) {
	t.hello = h
	t.ja3 = h.AppendJA3(t.ja3[:0], !t.client)
	sum := md5.Sum(t.ja3)
	t.ja3Hash = hex.AppendEncode(t.ja3Hash[:0], sum[:])
	if t.client {
		t.ja4, t.scratch = h.AppendJA4(t.ja4[:0], 'q', t.scratch)
	}
	if name := h.SNI(); name != nil {
		t.sni, t.hasSNI = append(t.sni[:0], name...), true
	}
}

func (t *Tx) serverName() []byte {
	if !t.hasSNI {
		return nil
	}
	return t.sni
}

func (t *Tx) userAgent() []byte {
	if !t.hasUA {
		return nil
	}
	return t.ua
}

// versionName is the version as records have it: 1, 6b3343cf, Q046.
func (t *Tx) versionName(b []byte) []byte {
	switch t.version {
	case 0x51303339, q043, q044, q045, q046:
		return append(b, t.versionRaw...)
	}
	const digits = "0123456789abcdef"
	started := false
	for shift := 28; shift >= 0; shift -= 4 {
		if d := t.version >> shift & 15; d != 0 || started || shift == 0 {
			b, started = append(b, digits[d]), true
		}
	}
	return b
}
