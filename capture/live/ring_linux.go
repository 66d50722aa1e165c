package live

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/luanids/luanids/capture"
)

// ring is one AF_PACKET socket with its TPACKET_V3 ring (Documentation/networking/packet_mmap.rst). One goroutine
// reads it.
type ring struct {
	sock   int
	mem    []byte
	block  int // bytes of a block
	blocks int
	at     int            // number of the block that is read, or waited for
	left   uint32         // packets in it that were not read; 0: the block is the kernel's
	off    int            // in mem: the header of the next packet
	ready  bool           // pkt is the next packet
	pkt    capture.Packet // points into the ring
	kind   kind
	snap   int          // bytes of a packet that are taken
	loop   int          // number of the loopback interface if its packets must be seen once only, else -1
	filter *capture.BPF // nil if the kernel filters
	// filtered counts what filter did not let pass; read by others.
	filtered atomic.Uint64
}

// kind is what the packets of an interface look like.
type kind struct {
	link   capture.LinkType
	cooked bool // the kernel takes the link-layer header off, and we put one of Linux cooked v2 there
}

// The layout of a block, uapi/linux/if_packet.h: struct tpacket_block_desc.
const (
	blockStatus = 8
	blockCount  = 12
	blockFirst  = 16
	// headroom is kept free before each packet, for a VLAN tag or a cooked header.
	headroom   = 32
	llOff      = 48 // struct sockaddr_ll behind struct tpacket3_hdr
	frameSize  = 2048
	sll2Len    = 20
	tagLen     = 4
	macsLen    = 12
	outgoing   = 4 // PACKET_OUTGOING
	minBlocks  = 4
	defaultTag = unix.ETH_P_8021Q
)

// openSocket makes a packet socket that receives nothing yet.
func openSocket(k kind) (int, error) {
	typ := unix.SOCK_RAW
	if k.cooked {
		typ = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(unix.AF_PACKET, typ|unix.SOCK_CLOEXEC, 0)
	switch {
	case err == nil:
		return fd, nil
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return -1, err
	case errors.Is(err, unix.EAFNOSUPPORT), errors.Is(err, unix.EPROTONOSUPPORT), errors.Is(err, unix.EINVAL):
		return -1, fmt.Errorf("%w (%w)", errNoRings, err)
	}
	return -1, fmt.Errorf("AF_PACKET socket: %w", err)
}

// newRing gives a socket its ring. Where there is not enough memory it takes a smaller one, and says so.
func newRing(fd int, k kind, s *Settings, warn func(string, ...any)) (*ring, error) {
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return nil, fmt.Errorf("%w (TPACKET_V3: %w)", errNoRings, err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_RESERVE, headroom); err != nil {
		return nil, fmt.Errorf("PACKET_RESERVE: %w", err)
	}
	r := &ring{sock: fd, block: s.BlockBytes, blocks: s.RingBytes / s.BlockBytes, snap: s.SnapLen, kind: k, loop: -1}
	for {
		req := unix.TpacketReq3{Block_size: uint32(r.block), Block_nr: uint32(r.blocks), Frame_size: frameSize,
			Frame_nr: uint32(r.block / frameSize * r.blocks), Retire_blk_tov: uint32(s.BlockTimeout.Milliseconds())}
		err := unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.ENOMEM) || r.blocks/2 < minBlocks {
			return nil, fmt.Errorf("ring of %d blocks of %d bytes: %w", r.blocks, r.block, err)
		}
		r.blocks /= 2
	}
	if n := s.RingBytes / s.BlockBytes; r.blocks < n {
		warn("the kernel has no memory for a ring of %d MiB, took %d MiB; bursts are lost sooner (capture.ring_size)", s.RingBytes>>20, r.blocks*r.block>>20)
	}
	mem, err := unix.Mmap(fd, 0, r.block*r.blocks, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping the ring: %w", err)
	}
	r.mem = mem
	return r, nil
}

func (r *ring) word(off int) *uint32 { return (*uint32)(unsafe.Pointer(&r.mem[off])) }

// peek implements port.
func (r *ring) peek() *capture.Packet {
	if r.ready {
		return &r.pkt
	}
	for {
		if r.left == 0 && !r.nextBlock() {
			return nil
		}
		if r.parse() {
			r.ready = true
			return &r.pkt
		}
		r.skip()
	}
}

// advance implements port.
func (r *ring) advance() {
	r.ready = false
	r.skip()
}

// nextBlock begins the next block if the kernel has handed it over.
func (r *ring) nextBlock() bool {
	base := r.at * r.block
	for atomic.LoadUint32(r.word(base+blockStatus))&unix.TP_STATUS_USER != 0 {
		if r.left = *r.word(base + blockCount); r.left > 0 {
			r.off = base + int(*r.word(base + blockFirst))
			return true
		}
		base = r.giveBack()
	}
	return false
}

// giveBack returns the block to the kernel, and gives the offset of the next.
func (r *ring) giveBack() int {
	atomic.StoreUint32(r.word(r.at*r.block+blockStatus), unix.TP_STATUS_KERNEL)
	if r.at++; r.at == r.blocks {
		r.at = 0
	}
	return r.at * r.block
}

// skip moves to the next packet of the block; behind its last the block is the kernel's again.
func (r *ring) skip() {
	if r.left--; r.left == 0 {
		r.giveBack()
		return
	}
	r.off += int(*r.word(r.off)) // tp_next_offset
}

// parse makes pkt of the packet at off. It returns false for one that is not to be seen.
func (r *ring) parse() bool {
	h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&r.mem[r.off]))
	ll := r.mem[r.off+llOff : r.off+llOff+unix.SizeofSockaddrLinklayer]
	if r.loop >= 0 && ll[10] == outgoing && int(binary.NativeEndian.Uint32(ll[4:8])) == r.loop {
		return false // it comes again as incoming
	}
	from, n := r.off+int(h.Mac), int(h.Snaplen)
	size := h.Len
	tagged := h.Status&unix.TP_STATUS_VLAN_VALID != 0
	switch {
	case r.kind.cooked:
		from, n, size = r.cook(h, ll, from, n, size, tagged)
	case tagged && r.kind.link == capture.LinkEthernet && n >= macsLen:
		from, n, size = r.putTag(h, from, n, size)
	}
	n = min(n, r.snap)
	r.pkt = capture.Packet{Data: r.mem[from : from+n : from+n], Len: max(size, uint32(n)), Link: r.kind.link,
		Time:     int64(h.Sec)*1e9 + int64(h.Nsec),
		Unsummed: h.Status&unix.TP_STATUS_CSUMNOTREADY != 0}
	if r.filter != nil && !r.filter.Matches(&r.pkt) {
		r.filtered.Add(1)
		return false
	}
	return true
}

// tag gives the VLAN tag that the kernel took off: its type and the two bytes behind it.
func tag(h *unix.Tpacket3Hdr) (tpid, tci uint16) {
	tpid = defaultTag
	if h.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 && h.Hv1.Vlan_tpid != 0 {
		tpid = h.Hv1.Vlan_tpid
	}
	return tpid, uint16(h.Hv1.Vlan_tci)
}

// putTag puts the tag back where it was on the wire: behind the addresses, which move into the headroom.
func (r *ring) putTag(h *unix.Tpacket3Hdr, from, n int, size uint32) (int, int, uint32) {
	to := from - tagLen
	copy(r.mem[to:], r.mem[from:from+macsLen])
	tpid, tci := tag(h)
	binary.BigEndian.PutUint16(r.mem[to+macsLen:], tpid)
	binary.BigEndian.PutUint16(r.mem[to+macsLen+2:], tci)
	return to, n + tagLen, size + tagLen
}

// cook puts a header of Linux cooked v2 before the packet (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html).
func (r *ring) cook(h *unix.Tpacket3Hdr, ll []byte, from, n int, size uint32, tagged bool) (int, int, uint32) {
	proto := binary.BigEndian.Uint16(ll[2:4])
	if tagged { // the tag's type in the header, the tag and the type of the rest behind it
		tpid, tci := tag(h)
		from -= tagLen
		n, size = n+tagLen, size+tagLen
		binary.BigEndian.PutUint16(r.mem[from:], tci)
		binary.BigEndian.PutUint16(r.mem[from+2:], proto)
		proto = tpid
	}
	from -= sll2Len
	b := r.mem[from : from+sll2Len]
	binary.BigEndian.PutUint16(b[0:], proto)
	binary.BigEndian.PutUint16(b[2:], 0)
	binary.BigEndian.PutUint32(b[4:], binary.NativeEndian.Uint32(ll[4:8])) // sll_ifindex
	binary.BigEndian.PutUint16(b[8:], binary.NativeEndian.Uint16(ll[8:10]))
	b[10] = ll[10] // sll_pkttype
	b[11] = ll[11] // sll_halen
	copy(b[12:20], ll[12:20])
	return from, n + sll2Len, size + sll2Len
}

// fd implements port.
func (r *ring) fd() int { return r.sock }

// trouble implements port.
func (r *ring) trouble() error {
	n, err := unix.GetsockoptInt(r.sock, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return err
	}
	if n != 0 {
		return unix.Errno(n)
	}
	return nil
}

// stats implements port. The kernel begins to count anew each time.
func (r *ring) stats() (portStats, error) {
	s, err := unix.GetsockoptTpacketStatsV3(r.sock, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return portStats{}, err
	}
	return portStats{packets: uint64(s.Packets), drops: uint64(s.Drops), freezes: uint64(s.Freeze_q_cnt), filtered: r.filtered.Swap(0)}, nil
}

// close implements port.
func (r *ring) close() {
	_ = unix.Munmap(r.mem)
	_ = unix.Close(r.sock)
	r.mem, r.left, r.ready = nil, 0, false
}
