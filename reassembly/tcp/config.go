package tcp

import (
	"math/bits"

	"github.com/luanids/luanids/dissect/packet"
)

// Defaults of Config, Suricata's where it has the setting.
const (
	DefaultDepth           = 1 << 20   // stream.reassembly.depth
	DefaultMemcap          = 256 << 20 // stream.reassembly.memcap
	DefaultMaxSegments     = 2048
	DefaultMaxSynQueued    = 10 // stream.max-syn-queued
	DefaultMaxSynAckQueued = 5  // stream.max-synack-queued
	DefaultOOBLimit        = 65535

	maxOverlapWindow = 1 << 20
)

// Urgent says what becomes of the urgent byte (stream.reassembly.urgent.policy).
type Urgent uint8

// The urgent policies.
const (
	// UrgentOOB takes the byte out of the stream, as sockets do by default (RFC 6093 section 3).
	UrgentOOB    Urgent = iota
	UrgentInline        // the byte is data like any other (SO_OOBINLINE)
	UrgentDrop          // segments with URG are not part of the stream
	UrgentGap           // the byte is a gap of one
)

var urgentNames = [...]string{"oob", "inline", "drop", "gap"}

// String gives Suricata's name of the policy.
func (u Urgent) String() string { return urgentNames[u&3] }

// UrgentByName finds an urgent policy by Suricata's name.
func UrgentByName(name string) (Urgent, bool) {
	for i, n := range urgentNames {
		if n == name {
			return Urgent(i), true
		}
	}
	return UrgentOOB, false
}

// Config holds the settings of an Assembler. Zero numbers take the default, except Depth.
type Config struct {
	// Midstream picks up connections whose handshake was not seen (stream.midstream).
	Midstream bool
	// AsyncOneside follows connections of which only one direction is captured
	// (stream.async-oneside).
	AsyncOneside bool
	// Inline raises the events that only matter where packets can be dropped.
	Inline bool
	// Depth is how many bytes of each direction are delivered; 0 is without limit.
	Depth uint64
	// FileDepth is Depth for connections that CarriesFiles was called for, where it is more.
	FileDepth uint64
	// Memcap bounds the bytes of buffers for out-of-order segments, in use and pooled.
	Memcap uint64
	// MaxSegments bounds the out-of-order segments of one direction; past it the first hole
	// is given up.
	MaxSegments int
	// MaxSynQueued and MaxSynAckQueued bound the differing SYNs and SYN/ACKs of one handshake
	// that are remembered, at most 10 of each.
	MaxSynQueued, MaxSynAckQueued int
	// Urgent is what becomes of urgent bytes, UrgentLimit what becomes of them after OOBLimit
	// of one direction (an attacker who hides a stream in urgent bytes).
	Urgent, UrgentLimit Urgent
	OOBLimit            int
	// IgnoreOverlaps raises no event where segments overlap with different bytes (stream.reassembly.check-overlap-different-data).
	IgnoreOverlaps bool
	// LiberalTimestamps takes packets with timestamps that RFC 7323 refuses.
	LiberalTimestamps bool
	// OverlapWindow is how many of the last delivered bytes of each direction are kept to
	// compare retransmissions with. 0: only buffered segments are compared. It costs a copy of
	// every byte, and this much (rounded up to a power of 2, at most 1 MiB) memory (counted in Memcap) for each direction with data.
	OverlapWindow int
	// Policy gives the overlap policy of the host that receives; nil means bsd for all.
	Policy func(dst packet.Addr) Policy
}

// DefaultConfig gives the defaults.
func DefaultConfig() Config {
	return Config{Depth: DefaultDepth, UrgentLimit: UrgentDrop}
}

func (c *Config) fill() {
	if c.Memcap == 0 {
		c.Memcap = DefaultMemcap
	}
	if c.MaxSegments <= 0 {
		c.MaxSegments = DefaultMaxSegments
	}
	if c.MaxSynQueued <= 0 {
		c.MaxSynQueued = DefaultMaxSynQueued
	}
	if c.MaxSynAckQueued <= 0 {
		c.MaxSynAckQueued = DefaultMaxSynAckQueued
	}
	c.MaxSynQueued = min(c.MaxSynQueued, maxVariants)
	c.MaxSynAckQueued = min(c.MaxSynAckQueued, maxVariants)
	if c.OverlapWindow > 0 { // a power of 2, see ring
		c.OverlapWindow = 1 << bits.Len(uint(min(c.OverlapWindow, maxOverlapWindow)-1))
	}
	if c.OOBLimit <= 0 || c.OOBLimit > DefaultOOBLimit {
		c.OOBLimit = DefaultOOBLimit
	}
}
