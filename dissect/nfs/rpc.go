package nfs

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// program is NFS's number among those of ONC RPC.
const program = 100003

const (
	// markLen is the length of a record mark over TCP (RFC 5531 section 11); lastFragment is set in the last of a record.
	markLen      = 4
	lastFragment = 1 << 31
	// minCall is the shortest call that recognition believes in, bytes: over UDP shorter ones are pings, as for Suricata.
	minCall, minCallUDP = 40, 48
	// maxRecord is the longest record that recognition, and resynchronisation, believe in, bytes.
	maxRecord = 4 << 20
)

// Flavors of authentication (RFC 5531 section 8.2).
const (
	authUnix = 1
	authGSS  = 6
)

var flavors = [...]string{"NULL", "UNIX", "SHORT", "DH", "KERB", "RSA", "GSS"}

// xdr reads values as RFC 4506 encodes them. After what was not there, it gives zeros.
type xdr struct {
	b   []byte
	bad bool
}

func (r *xdr) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.b) {
		r.bad = true
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *xdr) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *xdr) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// opaque reads bytes behind their length, of at most limit, with padding.
func (r *xdr) opaque(limit int) []byte {
	n := int(r.u32())
	if n > limit {
		r.bad = true
		return nil
	}
	b := r.take(n)
	r.take(min(-n&3, len(r.b))) // the last may lack it
	return b
}

// content reads bytes behind their length, of which the end may not be here: missing is how much.
func (r *xdr) content() (b []byte, missing int) {
	n := int(r.u32())
	if r.bad || n > maxRecord {
		r.bad = true
		return nil, 0
	}
	k := min(n, len(r.b))
	b = r.take(k)
	r.take(min(-n&3, len(r.b)))
	return b, n - k
}

// Services of RPCSEC_GSS (RFC 2203 section 5.3.2), and its procedure that carries calls.
const (
	integrity  = 2
	privacy    = 3
	rpcsecData = 0
)

// header is that of a call.
type header struct {
	xid, prog, vers, proc uint32
	flavor                uint32
	machine               []byte
	uid, gid              uint32
	behind                [2]uint32 // the two words right behind the name, with what pads it
	service               uint32    // of RPCSEC_GSS (RFC 2203): 2 integrity, 3 privacy
	gssProc               uint32
}

// sealed tells whether nobody but the two can read the arguments: they are encrypted, or those of an exchange of keys.
func (h *header) sealed() bool {
	return h.flavor == authGSS && (h.gssProc != rpcsecData || h.service == privacy)
}

// unwrapped takes the wrapper of RPCSEC_GSS that protects what is in it from being changed off (RFC 2203 section 5.3.2.2).
func (r *xdr) unwrapped(service uint32) {
	if service == integrity {
		r.u32()
		r.u32()
	}
}

// call reads the header of a call, of which xid and type were read; false: it is none.
func (r *xdr) call(h *header) bool {
	vers := r.u32()
	h.prog, h.vers, h.proc = r.u32(), r.u32(), r.u32()
	if r.bad || vers != 2 {
		return false
	}
	h.flavor = r.u32()
	c := xdr{b: r.opaque(400)} // the longest that RFC 5531 section 8.2 allows
	switch h.flavor {
	case authUnix:
		c.u32()
		name := c
		h.machine = c.opaque(255)
		name.take(4 + len(h.machine))
		h.behind = [2]uint32{name.u32(), name.u32()}
		h.uid, h.gid = c.u32(), c.u32()
	case authGSS:
		c.u32()
		h.gssProc = c.u32()
		c.u32()
		h.service = c.u32()
	}
	r.u32() // verifier
	r.opaque(400)
	return !r.bad
}

// probeTCP takes a record with a call of NFS; on the usual port a reply too.
func probeTCP(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	if data[0] == 0 && hint {
		return fragmented(dir, data, hint)
	}
	if data[0]&0x80 == 0 {
		return dissect.No
	}
	if len(data) < markLen+12 {
		return dissect.More
	}
	n := int(binary.BigEndian.Uint32(data) &^ lastFragment)
	if n > maxRecord || n < 24 {
		return dissect.No
	}
	return probeRPC(dir, data[markLen:], n, minCall, hint)
}

// probeUDP does the same for a datagram.
func probeUDP(dir dissect.Dir, data []byte, hint bool) dissect.Verdict {
	return probeRPC(dir, data, len(data), minCallUDP, hint)
}

// probeRPC takes a message of n bytes, of which b may be the beginning.
func probeRPC(dir dissect.Dir, b []byte, n, least int, hint bool) dissect.Verdict {
	const call, reply = 0, 1
	if len(b) < 24 {
		if n < 24 || len(b) >= 8 && binary.BigEndian.Uint32(b[4:]) > reply {
			return dissect.No
		}
		return dissect.More
	}
	be := binary.BigEndian
	switch be.Uint32(b[4:]) {
	case call:
		if vers := be.Uint32(b[16:]); n < least || be.Uint32(b[8:]) != 2 || be.Uint32(b[12:]) != program || vers < 2 || vers > 4 {
			return dissect.No
		}
		if dir == dissect.ToClient {
			return dissect.Reversed
		}
		return dissect.Yes
	case reply:
		if hint && dir == dissect.ToClient && n >= 32 && be.Uint32(b[8:]) == 0 && be.Uint32(b[12:]) <= authGSS && be.Uint32(b[16:]) <= 400 {
			return dissect.Yes
		}
	}
	return dissect.No
}
