package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// Block types of pcapng (draft-ietf-opsawg-pcapng, section 10.1).
const (
	ngSection      = 0x0a0d0d0a
	ngInterface    = 1
	ngPacket       = 2 // obsolete
	ngSimple       = 3
	ngNames        = 4
	ngStatistics   = 5
	ngEnhanced     = 6
	ngJournal      = 9
	ngSecrets      = 10
	ngCustom       = 0x00000bad
	ngCustomNoCopy = 0x40000bad
)

const (
	ngByteOrder = 0x1a2b3c4d
	// ngMaxBlock is the longest block that is taken for real, as in Wireshark.
	ngMaxBlock = 16 << 20
	// ngMaxInterfaces bounds the interfaces of a section: Packet.If counts to it.
	ngMaxInterfaces = 1 << 16
	ngMinBlock      = 12
	ngSectionFixed  = 28
	ngIfaceFixed    = 20
	ngPacketFixed   = 32 // of enhanced and obsolete packet blocks, with the trailing length
	ngSimpleFixed   = 16
)

// Options of an interface description block (section 4.2).
const (
	ngOptEnd      = 0
	ngOptTsResol  = 9
	ngOptTsOffset = 14
)

// ngIface is what an interface description block says.
type ngIface struct {
	link  LinkType
	ok    bool // the link type is supported
	said  bool // that it is not
	snap  uint32
	clock ngClock
}

// pcapngReader reads pcapng files: sections of either byte order, each with its interfaces.
type pcapngReader struct {
	*window
	file   *fileReader
	swap   bool // the section is big-endian
	ifaces []ngIface
	usable bool  // an interface of the section has a supported link type
	last   int64 // time of the packet before, which a simple packet block takes
}

// isPcapng says whether b begins with a section header block.
func isPcapng(b []byte) bool {
	return len(b) >= 4 && binary.LittleEndian.Uint32(b) == ngSection
}

// newPcapngReader reads the first section header.
func newPcapngReader(f *fileReader) (*pcapngReader, error) {
	r := &pcapngReader{window: &f.window, file: f}
	b, err := r.need(ngSectionFixed)
	if err != nil {
		return nil, f.endError(err, whatHeader, ngSectionFixed, len(b))
	}
	if err := r.block(nil, ngSection); err != nil && err != errNoPacket {
		if t, ok := err.(*TruncatedError); ok {
			t.What = whatHeader
		}
		return nil, err
	}
	return r, nil
}

func (r *pcapngReader) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if r.swap {
		v = bits.ReverseBytes32(v)
	}
	return v
}

func (r *pcapngReader) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if r.swap {
		v = bits.ReverseBytes16(v)
	}
	return v
}

// errNoPacket says that a block was read that carries no packet.
var errNoPacket = errors.New("no packet")

func (r *pcapngReader) next(p *Packet) error {
	for {
		b, err := r.need(8)
		if err != nil {
			if len(b) == 0 && err == io.EOF {
				return io.EOF
			}
			return r.file.endError(err, whatBlock, 8, len(b))
		}
		if err := r.block(p, r.u32(b)); err != errNoPacket {
			return err
		}
	}
}

// block reads one block of the given type and, where it is a packet, fills p.
func (r *pcapngReader) block(p *Packet, typ uint32) error {
	if typ == ngSection { // reads the same in both byte orders
		if err := r.byteOrder(); err != nil {
			return err
		}
	}
	b, err := r.need(8)
	if err != nil {
		return r.file.endError(err, whatBlock, 8, len(b))
	}
	size := r.u32(b[4:])
	if size < ngMinBlock || size%4 != 0 || size > ngMaxBlock {
		return r.file.corrupt(fmt.Sprintf("a block claims a length of %d bytes (multiples of 4 from %d to %d are possible)", size, ngMinBlock, ngMaxBlock))
	}
	n := int(size)
	switch typ {
	case ngSection, ngInterface, ngPacket, ngSimple, ngEnhanced:
		if b, err = r.need(n); err != nil {
			what := whatBlock
			if typ == ngPacket || typ == ngSimple || typ == ngEnhanced {
				what = whatRecord
			}
			return r.file.endError(err, what, int64(n), len(b))
		}
		if end := r.u32(b[n-4:]); end != size {
			return r.file.corrupt(fmt.Sprintf("a block says %d bytes at its start and %d at its end", size, end))
		}
	default:
		return r.other(typ, n)
	}
	switch typ {
	case ngSection:
		err = r.section(b)
	case ngInterface:
		err = r.iface(b)
	case ngSimple:
		err = r.simple(p, b)
	default:
		err = r.packet(p, b, typ == ngPacket)
	}
	if err == nil || err == errNoPacket {
		r.pos += n
	}
	return err
}

// other passes over a block that carries no packets, however long.
func (r *pcapngReader) other(typ uint32, n int) error {
	if r.noRead && r.end-r.pos < n {
		return errWouldBlock
	}
	from := r.offset()
	if done, err := r.skip(int64(n)); err != nil {
		e := r.file.endError(err, whatBlock, int64(n), int(done))
		if t, ok := e.(*TruncatedError); ok {
			t.Offset, t.Record = from+done, from
		}
		return e
	}
	switch typ {
	case ngNames, ngStatistics, ngJournal, ngSecrets, ngCustom, ngCustomNoCopy:
	default:
		*r.file.skipped++
	}
	return errNoPacket
}

// byteOrder learns the byte order of a section from its header, before its length is read.
func (r *pcapngReader) byteOrder() error {
	b, err := r.need(12)
	if err != nil {
		return r.file.endError(err, whatBlock, ngSectionFixed, len(b))
	}
	switch {
	case binary.LittleEndian.Uint32(b[8:]) == ngByteOrder:
		r.swap = false
	case binary.BigEndian.Uint32(b[8:]) == ngByteOrder:
		r.swap = true
	default:
		return r.file.corrupt(fmt.Sprintf("a section header has the byte-order mark % x (4d 3c 2b 1a or its reverse is possible)", b[8:12]))
	}
	return nil
}

func (r *pcapngReader) section(b []byte) error {
	if len(b) < ngSectionFixed {
		return r.file.corrupt(fmt.Sprintf("a section header block has %d bytes, fewer than %d", len(b), ngSectionFixed))
	}
	// Minor version 2 was written by mistake and means 1.0.
	if major, minor := r.u16(b[12:]), r.u16(b[14:]); major != 1 || minor != 0 && minor != 2 {
		return r.file.corrupt(fmt.Sprintf("pcapng version %d.%d is not known (1.0 is)", major, minor))
	}
	r.ifaces = r.ifaces[:0]
	r.usable = false
	return errNoPacket
}

func (r *pcapngReader) iface(b []byte) error {
	if len(b) < ngIfaceFixed {
		return r.file.corrupt(fmt.Sprintf("an interface description block has %d bytes, fewer than %d", len(b), ngIfaceFixed))
	}
	if len(r.ifaces) == ngMaxInterfaces {
		return r.file.corrupt(fmt.Sprintf("a section describes more than %d interfaces", ngMaxInterfaces))
	}
	i := ngIface{link: LinkType(r.u16(b[8:])), snap: r.u32(b[12:])}
	i.ok = i.link.Supported()
	r.usable = r.usable || i.ok
	resol, offset := byte(6), int64(0)
	for opt := b[16 : len(b)-4]; len(opt) >= 4; {
		code, n := r.u16(opt), int(r.u16(opt[2:]))
		opt = opt[4:]
		if code == ngOptEnd || n > len(opt) {
			break
		}
		switch {
		case code == ngOptTsResol && n >= 1:
			resol = opt[0]
		case code == ngOptTsOffset && n >= 8:
			if r.swap {
				offset = int64(binary.BigEndian.Uint64(opt))
			} else {
				offset = int64(binary.LittleEndian.Uint64(opt))
			}
		}
		opt = opt[min((n+3)&^3, len(opt)):]
	}
	var ok bool
	if i.clock, ok = newNgClock(resol, offset); !ok {
		return r.file.corrupt(fmt.Sprintf("interface %d has a time resolution (if_tsresol) of %#02x, finer than a 64-bit time stamp can use", len(r.ifaces), resol))
	}
	r.ifaces = append(r.ifaces, i)
	return errNoPacket
}

// packet reads an enhanced packet block (section 4.3) or an obsolete packet block (appendix A),
// which differ in the size of the interface number alone.
func (r *pcapngReader) packet(p *Packet, b []byte, obsolete bool) error {
	if len(b) < ngPacketFixed {
		return r.file.corrupt(fmt.Sprintf("a packet block has %d bytes, fewer than %d", len(b), ngPacketFixed))
	}
	id := r.u32(b[8:])
	if obsolete {
		id = uint32(r.u16(b[8:]))
	}
	caplen, wire := r.u32(b[20:]), r.u32(b[24:])
	if caplen > MaxPacketBytes {
		return r.file.corrupt(tooLong(caplen))
	}
	if int(caplen) > len(b)-ngPacketFixed {
		return r.file.corrupt(fmt.Sprintf("a packet of %d bytes is in a block of %d", caplen, len(b)))
	}
	i, err := r.usableIface(id)
	if err != nil {
		return err
	}
	r.last = i.clock.nanoseconds(uint64(r.u32(b[12:]))<<32 | uint64(r.u32(b[16:])))
	r.give(p, i, id, b[28:28+caplen], wire)
	return nil
}

// simple reads a simple packet block (section 4.4). It belongs to interface 0, has no time, for
// which that of the packet before is taken, and was cut to the interface's snap length.
func (r *pcapngReader) simple(p *Packet, b []byte) error {
	if len(b) < ngSimpleFixed {
		return r.file.corrupt(fmt.Sprintf("a simple packet block has %d bytes, fewer than %d", len(b), ngSimpleFixed))
	}
	i, err := r.usableIface(0)
	if err != nil {
		return err
	}
	wire := r.u32(b[8:])
	n := min(wire, uint32(len(b)-ngSimpleFixed))
	if i.snap > 0 {
		n = min(n, i.snap)
	}
	if n > MaxPacketBytes {
		return r.file.corrupt(tooLong(n))
	}
	r.give(p, i, 0, b[12:12+n], wire)
	return nil
}

func (r *pcapngReader) give(p *Packet, i *ngIface, id uint32, data []byte, wire uint32) {
	p.Data = data[:len(data):len(data)]
	p.Time = r.last
	p.Len = max(wire, uint32(len(data)))
	p.Link = i.link
	p.If = uint16(id)
}

// usableIface finds the interface of a packet. errNoPacket tells to pass over a packet of an
// interface that is not described or cannot be decoded, while there are others that can.
func (r *pcapngReader) usableIface(id uint32) (*ngIface, error) {
	if int64(id) >= int64(len(r.ifaces)) {
		if len(r.ifaces) == 0 {
			return nil, r.file.corrupt("a packet comes before any interface is described")
		}
		r.file.skipf("a packet names interface %d, which is not described; such packets are skipped", id)
		return nil, errNoPacket
	}
	i := &r.ifaces[id]
	if i.ok {
		return i, nil
	}
	if !r.usable {
		return nil, &LinkTypeError{Path: r.file.path, Link: i.link}
	}
	if i.said {
		*r.file.skipped++
		return nil, errNoPacket
	}
	i.said = true
	r.file.skipf("interface %d has link type %d, which is not supported; its packets are skipped", id, uint32(i.link))
	return nil, errNoPacket
}

// ngClock turns the time stamps of an interface to nanoseconds. Its unit is mul/div ns or,
// where shift is not 0, 2^-shift s.
type ngClock struct {
	mul, div uint64
	shift    uint8
	offset   int64 // seconds
}

// newNgClock reads if_tsresol (power of ten, or of two with the top bit) and if_tsoffset.
func newNgClock(resol byte, offset int64) (ngClock, bool) {
	c := ngClock{mul: 1, div: 1, offset: offset}
	exp := resol & 0x7f
	switch {
	case resol&0x80 != 0:
		if exp == 0 {
			c.mul = 1e9
		}
		c.shift = exp
		return c, exp < 64
	case exp <= 9:
		for ; exp < 9; exp++ {
			c.mul *= 10
		}
	default:
		for ; exp > 9 && c.div < 1e18; exp-- {
			c.div *= 10
		}
	}
	return c, exp == 9
}

// nanoseconds gives the time of a stamp, within 0..MaxTime.
func (c *ngClock) nanoseconds(stamp uint64) int64 {
	var ns uint64
	if c.shift == 0 {
		hi, lo := bits.Mul64(stamp, c.mul)
		if hi != 0 {
			lo = 1 << 63
		}
		ns = lo
		if c.div > 1 {
			ns /= c.div
		}
	} else {
		hi, lo := bits.Mul64(stamp, 1e9)
		ns = hi<<(64-c.shift) | lo>>c.shift
		if hi>>c.shift != 0 {
			ns = 1 << 63
		}
	}
	if ns > uint64(MaxTime) {
		ns = uint64(MaxTime)
	}
	if c.offset == 0 {
		return int64(ns)
	}
	const most = MaxTime / 1e9
	sum := int64(ns) + min(max(c.offset, -most), most)*1e9 // at most 1<<63 - 1
	return min(max(sum, 0), MaxTime)
}
