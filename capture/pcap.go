package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// Magic numbers of pcap files, as read in the byte order of the file
// (draft-ietf-opsawg-pcap, section 4; the modified one is Alexey Kuznetzov's of Red Hat 6, which
// libpcap reads as well).
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34
)

const (
	pcapFileHeader     = 24
	pcapRecordHeader   = 16
	pcapModifiedHeader = 24 // adds interface index, protocol and packet type
)

// format reads the records of one capture file.
type format interface {
	// next reads the next packet into p. Its Data are valid until the following call. After
	// errWouldBlock the call can be repeated; any other error is final.
	next(p *Packet) error
}

// pcapReader reads pcap files of any byte order and time resolution.
type pcapReader struct {
	*window
	file   *fileReader // for the wording of errors
	swap   bool        // the file is big-endian
	header int         // length of a record header
	frac   int64       // nanoseconds in a unit of the second half of a timestamp
	link   LinkType
	// swapLen and maybeSwapLen tell of old files with the two lengths of a record exchanged.
	swapLen, maybeSwapLen bool
}

// isPcap says whether b begins with the magic number of a pcap file.
func isPcap(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	le, be := binary.LittleEndian.Uint32(b), binary.BigEndian.Uint32(b)
	return isPcapMagic(le) || isPcapMagic(be)
}

func isPcapMagic(m uint32) bool {
	return m == magicMicro || m == magicNano || m == magicModified
}

// newPcapReader reads the file header.
func newPcapReader(f *fileReader) (*pcapReader, error) {
	p := &pcapReader{window: &f.window, file: f, header: pcapRecordHeader, frac: 1000}
	h, err := p.need(pcapFileHeader)
	if err != nil {
		return nil, f.endError(err, whatHeader, pcapFileHeader, len(h))
	}
	if !isPcapMagic(binary.LittleEndian.Uint32(h)) {
		p.swap = true
	}
	switch p.u32(h) {
	case magicNano:
		p.frac = 1
	case magicModified:
		p.header = pcapModifiedHeader
	}
	major, minor := p.u16(h[4:]), p.u16(h[6:])
	if major != 2 {
		return nil, f.corrupt(fmt.Sprintf("pcap version %d.%d is not known (2.4 is)", major, minor))
	}
	// Versions up to 2.2 wrote the length on the wire first; 2.3 was written both ways.
	p.swapLen, p.maybeSwapLen = minor < 3, minor == 3
	// The upper six bits tell of a frame check sequence, which the decoder takes for a trailer.
	link := p.u32(h[20:]) & 0x03ffffff
	p.link = LinkType(link)
	if link > 0xffff || !p.link.Supported() {
		return nil, &LinkTypeError{Path: f.path, Link: p.link}
	}
	p.pos += pcapFileHeader
	return p, nil
}

func (p *pcapReader) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if p.swap {
		v = bits.ReverseBytes32(v)
	}
	return v
}

func (p *pcapReader) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if p.swap {
		v = bits.ReverseBytes16(v)
	}
	return v
}

func (p *pcapReader) next(pk *Packet) error {
	h, err := p.need(p.header)
	if err != nil {
		if len(h) == 0 && err == io.EOF {
			return io.EOF
		}
		return p.file.endError(err, whatRecord, int64(p.header), len(h))
	}
	h = h[:pcapRecordHeader]
	sec, frac, caplen, wire := p.u32(h), p.u32(h[4:]), p.u32(h[8:]), p.u32(h[12:])
	if p.swapLen || p.maybeSwapLen && caplen > wire {
		caplen, wire = wire, caplen
	}
	if caplen > MaxPacketBytes {
		return p.file.corrupt(tooLong(caplen))
	}
	n := p.header + int(caplen)
	rec, err := p.need(n)
	if err != nil {
		return p.file.endError(err, whatRecord, int64(n), len(rec))
	}
	p.pos += n
	pk.Data = rec[p.header:n:n]
	pk.Time = min(int64(sec)*1e9+int64(frac)*p.frac, MaxTime)
	pk.Len = max(wire, caplen)
	pk.Link = p.link
	return nil
}

func tooLong(n uint32) string {
	return fmt.Sprintf("a packet record claims %d bytes, more than the %d that a packet can have", n, MaxPacketBytes)
}
