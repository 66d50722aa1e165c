package live

import (
	"fmt"
	"time"

	"github.com/luanids/luanids/capture"
)

// Settings are how interfaces are read. DefaultSettings has values for links up to some Gbit/s.
type Settings struct {
	// Method is how: MethodAuto, MethodRings or MethodPcap; "" is MethodAuto.
	Method string
	// RingBytes is the memory of one ring: what arrives while nobody reads, at most. There is one for each
	// interface and goroutine. The kernel cannot swap it out. 1 MiB to 2 GiB.
	RingBytes int
	// BlockBytes is how much of a ring is handed over at a time, a power of two from 64 KiB, at most a quarter of the ring. A
	// packet that is longer is cut.
	BlockBytes int
	// BlockTimeout is how long the kernel keeps a block that is not full, at least 1 ms: the price of a longer one
	// is later alerts, of a shorter one more wake-ups.
	BlockTimeout time.Duration
	// SnapLen is how many bytes of a packet are taken, 64 to capture.MaxPacketBytes.
	SnapLen int
	// Promiscuous takes packets for other hosts too.
	Promiscuous bool
	// Fanout has the kernel spread packets over one ring for each worker, by the two hosts that talk. Without it there is
	// one ring, and the packets are spread by luanids itself, which looks into tunnels to do so.
	Fanout bool
	// FanoutFlows has the kernel spread by flow and put IPv4 fragments together: a better balance where a few hosts exchange
	// most of it. FTP data connections, ICMP errors and the flows of a tunnel may then be apart from what they
	// belong to, and how fragments overlapped is not seen.
	FanoutFlows bool
}

// Methods of reading packets.
const (
	MethodAuto  = "auto"      // rings, or libpcap where there are none
	MethodRings = "af_packet" // rings or nothing
	MethodPcap  = "libpcap"   // one goroutine reads through libpcap, even where there are rings
)

// DefaultSettings are those of a run that says nothing.
func DefaultSettings() Settings {
	return Settings{Method: MethodAuto, RingBytes: 64 << 20, BlockBytes: 256 << 10, BlockTimeout: 5 * time.Millisecond,
		SnapLen: capture.MaxPacketBytes, Promiscuous: true, Fanout: true}
}

// Options say what is watched.
type Options struct {
	Settings
	Interfaces []string // names; "any" is all of them together
	Rings      int      // how many goroutines read, each with a share of the flows of all interfaces
	Filter     string   // tcpdump expression, "" for everything
	// Warn is told what goes wrong while packets are read, and when it is over.
	Warn func(format string, args ...any)
	// Opened, if it is set, is told the descriptor of every ring that is opened, those of an interface that came back too.
	// It is readable while packets wait. From several goroutines; it must not read or close the descriptor.
	Opened func(fd int)
}

// Any is the name that stands for all interfaces.
const Any = "any"

// Bounds of the settings.
const (
	minRing    = 1 << 20
	maxRing    = 2 << 30
	minBlock   = 64 << 10
	minSnapLen = 64
	maxTimeout = time.Second
)

// Check says what is wrong with settings, by the names that configuration files have for them.
func (s *Settings) Check() error {
	switch {
	case s.Method != "" && s.Method != MethodAuto && s.Method != MethodRings && s.Method != MethodPcap:
		return fmt.Errorf("capture.method: unknown method %q: use %s, %s or %s", s.Method, MethodAuto, MethodRings, MethodPcap)
	case s.RingBytes < minRing || s.RingBytes > maxRing:
		return fmt.Errorf("capture.ring_size: %d bytes is out of range: use 1mb to 2gb", s.RingBytes)
	case s.BlockBytes < minBlock || s.BlockBytes&(s.BlockBytes-1) != 0 || s.BlockBytes > s.RingBytes/4:
		return fmt.Errorf("capture.block_size: %d bytes: use a power of two from 64kb to a quarter of capture.ring_size (%d)", s.BlockBytes, s.RingBytes)
	case s.BlockTimeout < time.Millisecond || s.BlockTimeout > maxTimeout:
		return fmt.Errorf("capture.block_timeout: %v is out of range: use 1ms to 1s", s.BlockTimeout)
	case s.SnapLen < minSnapLen || s.SnapLen > capture.MaxPacketBytes:
		return fmt.Errorf("capture.snaplen: %d is out of range: use %d to %d", s.SnapLen, minSnapLen, capture.MaxPacketBytes)
	}
	return nil
}

// Lag is how much later than it arrived a packet may be handed over by a reader that does not fall behind: a
// block time-out may begin just after a packet, and last twice where the timer found the block just begun.
func (s *Settings) Lag() time.Duration { return 2*s.BlockTimeout + lagSlack }

// lagSlack is for the scheduler.
const lagSlack = 3 * time.Millisecond
