package capture

import "time"

// LinkType is a link-layer header type as pcap files number them (LINKTYPE_*,
// https://www.tcpdump.org/linktypes.html).
type LinkType uint16

// The link types that the decoder understands.
const (
	LinkNull     LinkType = 0   // BSD loopback, host byte order
	LinkEthernet LinkType = 1   // Ethernet
	LinkPPP      LinkType = 9   // PPP, RFC 1661
	LinkRaw12    LinkType = 12  // raw IP, as some systems number it
	LinkRaw14    LinkType = 14  // raw IP, as OpenBSD numbers it
	LinkPPPHDLC  LinkType = 50  // PPP in HDLC-like framing, RFC 1662
	LinkRaw      LinkType = 101 // raw IPv4 or IPv6
	LinkLoop     LinkType = 108 // OpenBSD loopback, network byte order
	LinkSLL      LinkType = 113 // Linux cooked v1
	LinkIPv4     LinkType = 228 // raw IPv4
	LinkIPv6     LinkType = 229 // raw IPv6
	LinkSLL2     LinkType = 276 // Linux cooked v2
)

// MaxTime is the latest time that a packet can have, in the year 2116. Later ones, which only
// broken files hold, are moved here, so that adding a time-out to a packet's time never overflows.
const MaxTime int64 = 1 << 62

// MaxPacketBytes is the longest packet that a capture file may hold, as in libpcap
// (MAXIMUM_SNAPLEN). A record that claims more is corrupt.
const MaxPacketBytes = 262144

// Packet is one captured frame. Data aliases the batch that carries it and is valid until
// that batch is released.
type Packet struct {
	Data []byte
	Time int64  // nanoseconds since the Unix epoch, 0..MaxTime
	Len  uint32 // length on the wire, at least len(Data), which the snap length may have cut
	Num  uint64 // 1-based number of the packet in the whole run, in the order of delivery
	Link LinkType
	If   uint16 // interface within its source, 0 where there is but one
	VLAN uint16 // tag that the kernel stripped (TCI), with HasVLAN
	// HasVLAN says that VLAN holds a tag which is not in Data.
	HasVLAN bool
	// Unsummed says that the transport checksum was not computed yet, but left to hardware: it says nothing (live).
	Unsummed bool
	// File is the capture that the packet comes from, as it was named; nil from an interface.
	File *string
	// Iface is the interface that it was captured on; nil from a file.
	Iface *string
}

// Batch is a run of packets and the memory that holds their bytes. It is filled by a
// Source and reused: Reset forgets the packets and keeps the memory.
type Batch struct {
	Packets []Packet
	// Now is the time that a live source reached when it handed out the batch, also with no
	// packet in it, so that timers run on an idle link; 0 from files.
	Now  int64
	buf  []byte
	held []*chunk // that packets are in, where they were not copied to buf
	kept int      // bytes of these packets
}

// Limits of one batch: whichever is reached first closes it. The longest packet fits.
const (
	BatchPackets = 256
	BatchBytes   = MaxPacketBytes
)

// Reset empties the batch for the next fill.
func (b *Batch) Reset() {
	b.Packets = b.Packets[:0]
	b.buf = b.buf[:0]
	b.Now, b.kept = 0, 0
	b.Release()
}

// Release gives back the memory of packets that were read in place: their bytes are no longer valid. Reset does so too.
func (b *Batch) Release() {
	for i, c := range b.held {
		c.release()
		b.held[i] = nil
	}
	b.held = b.held[:0]
}

// hold keeps a chunk from being used for something else.
func (b *Batch) hold(c *chunk) {
	if n := len(b.held); n > 0 && b.held[n-1] == c {
		return
	}
	c.users.Add(1)
	b.held = append(b.held, c)
}

// keep appends p, the bytes of which are in memory that b holds, and says whether there was room.
func (b *Batch) keep(p *Packet) bool {
	if b.Packets == nil {
		b.Packets = make([]Packet, 0, BatchPackets)
	}
	if len(b.Packets) >= BatchPackets || b.kept+len(p.Data) > BatchBytes {
		return false
	}
	b.kept += len(p.Data)
	b.Packets = append(b.Packets, *p)
	return true
}

// Add appends p with a copy of its bytes, and says whether there was room: a full batch is left
// as it was. The memory of a batch is allocated once, at its first use.
func (b *Batch) Add(p *Packet) bool {
	if cap(b.buf) == 0 {
		b.buf = make([]byte, 0, BatchBytes)
	}
	if b.Packets == nil {
		b.Packets = make([]Packet, 0, BatchPackets)
	}
	from := len(b.buf)
	to := from + len(p.Data)
	if to > cap(b.buf) || len(b.Packets) >= BatchPackets {
		return false
	}
	// The memory never moves: packets that are in the batch point into it.
	b.buf = b.buf[:to]
	copy(b.buf[from:], p.Data)
	b.Packets = append(b.Packets, *p)
	b.Packets[len(b.Packets)-1].Data = b.buf[from:to:to]
	return true
}

// Source delivers packets in batches.
type Source interface {
	// ReadBatch resets b and fills it. It returns io.EOF, with no packets in b, at the end; a
	// *TruncatedError (also with no packets) is reported once before it where the capture
	// ends within a packet. A live source returns after its block time-out with what it has.
	// A batch without packets and without error can also come from files, where a filter
	// passes next to nothing.
	//
	// Every error of a source of files other than io.EOF (*TruncatedError, *CorruptError,
	// *LinkTypeError, ...) is about one file, is reported once, after that file's whole packets,
	// and ends that file alone: calling again goes on with the other files, up to io.EOF.
	ReadBatch(b *Batch) error
	// Stats tells what was read and lost so far. It may be called from any goroutine.
	Stats() Stats
	Close() error
}

// Stats counts what a source read and what it lost, by cause.
type Stats struct {
	Packets  uint64 // handed out
	Bytes    uint64 // of captured data handed out
	Filtered uint64 // not handed out because of the BPF filter
	Skipped  uint64 // records that could not be used (unknown block, bad interface)
	Dropped  uint64 // lost by the kernel (live)
	Kernel   uint64 // that the kernel had for us, with those that it dropped (live)
	Freezes  uint64 // times that a ring was full (live)
	CardLost uint64 // lost by the network card before the kernel had them (live)
	Total    int64  // size of the input in bytes as stored (compressed), 0 when unknown
	Done     int64  // how many of them were read, for progress
	First    time.Time
}
