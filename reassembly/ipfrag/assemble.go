package ipfrag

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect/packet"
)

// insert stores a fragment and gives it the bytes that are its by the policy. overlap says
// that it shared some with others; ok is false when there was no room.
func (d *Defrag) insert(t *tracker, off, end int32, data []byte) (overlap, ok bool) {
	wins := false // whether any byte is to be taken from the fragment
	at := off
	for _, s := range t.segs {
		if s.end <= off {
			continue
		}
		if s.start >= end {
			break
		}
		overlap = true
		o := &t.frags[s.frag]
		if s.start > at || t.policy.takes(off, end, o.off, o.end) {
			wins = true
			break
		}
		at = s.end
	}
	if !wins && at >= end {
		return overlap, true // nothing new in it
	}
	n, ok := d.store(t, off, end, data)
	if !ok {
		return overlap, false
	}
	d.merge(t, n)
	return overlap, true
}

// store keeps a fragment's bytes, and makes room for them by giving up other datagrams,
// oldest first.
func (d *Defrag) store(t *tracker, off, end int32, data []byte) (int32, bool) {
	if len(t.frags) >= MaxDatagramFrags {
		return 0, false
	}
	for d.frags >= d.cfg.MaxFrags {
		d.Stats.MaxFragsHits++
		if d.byUse.Oldest() == t {
			return 0, false
		}
		d.evict()
	}
	for !d.mem.fits(len(data) + fragCost) {
		d.Stats.MemCapHits++
		if d.byUse.Oldest() == t {
			return 0, false
		}
		d.evict()
	}
	var b []byte
	if len(t.frags) == 0 && len(data) <= len(t.data0) {
		b = t.data0[:len(data)]
		d.mem.used += smallest
	} else {
		b = d.mem.get(len(data))
	}
	copy(b, data)
	d.mem.used += fragCost
	d.frags++
	t.frags = append(t.frags, frag{off: off, end: end, data: b})
	return int32(len(t.frags) - 1), true
}

// merge works fragment n into the segments: segments that lose to it are cut back to what it
// does not cover, and it gets what no winner holds.
func (d *Defrag) merge(t *tracker, n int32) {
	f := &t.frags[n]
	if len(t.segs) == 0 {
		t.segs = append(t.segs, seg{f.off, f.end, n})
		return
	}
	out := d.spare[:0]
	at := f.off // what lies before is settled
	for _, s := range t.segs {
		if s.end <= f.off || s.start >= f.end {
			if s.start >= f.end && at < f.end {
				out = append(out, seg{at, f.end, n})
				at = f.end
			}
			out = append(out, s)
			continue
		}
		o := &t.frags[s.frag]
		if t.policy.takes(f.off, f.end, o.off, o.end) {
			if s.start < f.off {
				out = append(out, seg{s.start, f.off, s.frag})
			}
			if s.end > f.end {
				out = append(out, seg{at, f.end, n}, seg{f.end, s.end, s.frag})
				at = f.end
			}
			continue
		}
		if at < s.start {
			out = append(out, seg{at, s.start, n})
		}
		out = append(out, s)
		at = s.end
	}
	if at < f.end {
		out = append(out, seg{at, f.end, n})
	}
	d.spare = out
	t.segs = append(t.segs[:0], out...)
}

// complete tells whether the datagram has its end and no hole.
func (t *tracker) complete() bool {
	if !t.seenLast || len(t.hdr) == 0 {
		return false
	}
	at := int32(0)
	for _, s := range t.segs {
		if s.start != at {
			break
		}
		at = s.end
	}
	return at >= t.end
}

// length is what the datagram's length field will say.
func (t *tracker) length() int {
	n := len(t.hdr) + int(t.end)
	if t.key.version == 6 {
		n -= ipv6HdrLen // not part of the payload length
	}
	return n
}

const ipv6HdrLen = 40

// setHeader keeps the header of the first fragment, as the whole datagram will have it apart
// from lengths. It is false for IPv6 headers past MaxHeader.
func (t *tracker) setHeader(p *packet.Packet) bool {
	if p.IPVersion == 4 {
		t.hdr = append(t.hdr[:0], p.IPHeader()...)
		return true
	}
	h := p.Data[p.IPOff:p.FragHdrOff]
	if len(h) > MaxHeader {
		return false
	}
	t.hdr = append(t.hdr[:0], h...)
	t.hdr[lastNext(t.hdr)] = p.Data[p.FragHdrOff]
	return true
}

// lastNext finds the next-header field of the last header in an IPv6 header chain.
func lastNext(h []byte) int {
	at := 6
	for next, off := h[6], ipv6HdrLen; off+8 <= len(h); {
		n := 8 + int(h[off+1])*8
		if next == packet.ProtoAH {
			n = max(12, (int(h[off+1])+2)*4)
		}
		if off+n > len(h) {
			break
		}
		at, next, off = off, h[off], off+n
	}
	return at
}

// assemble writes the datagram into the next output buffer.
func (d *Defrag) assemble(t *tracker) []byte {
	b := append(d.out[d.nextOut][:0], t.hdr...)
	for _, s := range t.segs {
		if s.start >= t.end {
			break
		}
		f := &t.frags[s.frag]
		b = append(b, f.data[s.start-f.off:min(s.end, t.end)-f.off]...)
	}
	d.out[d.nextOut] = b
	d.nextOut = (d.nextOut + 1) % outBuffers
	if t.key.version == 6 {
		binary.BigEndian.PutUint16(b[4:], uint16(len(b)-ipv6HdrLen))
		return b
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	b[6], b[7] = b[6]&^0x3f, 0 // no offset, no more fragments
	b[10], b[11] = 0, 0
	binary.BigEndian.PutUint16(b[10:], packet.Checksum(b[:len(t.hdr)]))
	return b
}
