package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Writer writes a pcap file with nanosecond times.
type Writer struct {
	w    io.Writer
	link LinkType
	snap int
	rec  []byte // one record, reused
}

const (
	vlanTagAt    = 12 // in an Ethernet frame, behind the addresses
	vlanTagBytes = 4
	vlanTPID     = 0x8100 // IEEE 802.1Q
)

// NewWriter writes the file header to w. All packets must be of one link type; what they have
// beyond snaplen bytes is cut off; 0 means MaxPacketBytes.
func NewWriter(w io.Writer, link LinkType, snaplen int) (*Writer, error) {
	if snaplen <= 0 || snaplen > MaxPacketBytes {
		snaplen = MaxPacketBytes
	}
	h := fileHeader(link, snaplen)
	if _, err := w.Write(h[:]); err != nil {
		return nil, err
	}
	return &Writer{w: w, link: link, snap: snaplen}, nil
}

// fileHeader is the header of a pcap file (draft-ietf-opsawg-pcap, section 4).
func fileHeader(link LinkType, snaplen int) (h [pcapFileHeader]byte) {
	le := binary.LittleEndian
	le.PutUint32(h[0:], magicNano)
	le.PutUint16(h[4:], 2)
	le.PutUint16(h[6:], 4)
	le.PutUint32(h[16:], uint32(snaplen))
	le.PutUint32(h[20:], uint32(link))
	return h
}

// Write adds a packet. A VLAN tag that the kernel had stripped goes back into the frame. Each
// packet is one Write to the underlying writer, so that a file which is being written ends with a
// whole packet; wrap it in a bufio.Writer where that does not matter.
func (w *Writer) Write(p *Packet) error {
	if p.Link != w.link {
		return fmt.Errorf("pcap writer: a packet of link type %s cannot go to a file of %s", p.Link, w.link)
	}
	sec := p.Time / 1e9
	if p.Time < 0 || sec > math.MaxUint32 {
		return fmt.Errorf("pcap writer: time %d ns is out of the range of pcap files", p.Time)
	}
	rec := append(w.rec[:0], make([]byte, pcapRecordHeader)...)
	wire := p.Len
	if p.HasVLAN && w.link == LinkEthernet && len(p.Data) >= vlanTagAt {
		rec = append(rec, p.Data[:vlanTagAt]...)
		rec = binary.BigEndian.AppendUint16(rec, vlanTPID)
		rec = binary.BigEndian.AppendUint16(rec, p.VLAN)
		rec = append(rec, p.Data[vlanTagAt:]...)
		wire += vlanTagBytes
	} else {
		rec = append(rec, p.Data...)
	}
	if len(rec) > pcapRecordHeader+w.snap {
		rec = rec[:pcapRecordHeader+w.snap]
	}
	w.rec = rec
	n := uint32(len(rec) - pcapRecordHeader)
	le := binary.LittleEndian
	le.PutUint32(rec[0:], uint32(sec))
	le.PutUint32(rec[4:], uint32(p.Time%1e9))
	le.PutUint32(rec[8:], n)
	le.PutUint32(rec[12:], max(wire, n))
	_, err := w.w.Write(rec)
	return err
}
