// Package capture brings packets in: capture files (pcap, pcapng, compressed, merged, from
// stdin) and, through the same Source interface, live interfaces. It also compiles BPF filters.
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

// Packet is one captured frame. Data aliases the batch that carries it and is valid until
// that batch is released.
type Packet struct {
	Data []byte
	Time int64  // nanoseconds since the Unix epoch
	Len  uint32 // length on the wire; Data may be shorter (snap length)
	Num  uint64 // 1-based number of the packet in the whole run, in time order
	Link LinkType
	If   uint16 // interface within its source, 0 where there is but one
	VLAN uint16 // tag that the kernel stripped (TCI), with HasVLAN
	// HasVLAN says that VLAN holds a tag which is not in Data.
	HasVLAN bool
}

// Batch is a run of packets and the memory that holds their bytes. It is filled by a
// Source and reused: Reset forgets the packets and keeps the memory.
type Batch struct {
	Packets []Packet
	// Now is the time that a live source reached when it handed out the batch, also with no
	// packet in it, so that timers run on an idle link; 0 from files.
	Now int64
	buf []byte
}

// Limits of one batch: whichever is reached first closes it.
const (
	BatchPackets = 256
	BatchBytes   = 256 << 10
)

// Reset empties the batch for the next fill.
func (b *Batch) Reset() {
	b.Packets = b.Packets[:0]
	b.buf = b.buf[:0]
	b.Now = 0
}

// Source delivers packets in batches.
type Source interface {
	// ReadBatch resets b and fills it. It returns io.EOF, with no packets in b, at the end; a
	// *TruncatedError (also with no packets) is reported once before it where the capture
	// ends within a packet. A live source returns after its block time-out with what it has.
	ReadBatch(b *Batch) error
	// Stats tells what was read and lost so far.
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
	Total    int64  // size of the input in bytes, 0 when unknown
	Done     int64  // how many of them were read, for progress
	First    time.Time
}
