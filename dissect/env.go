package dissect

import (
	"github.com/luanids/luanids/dissect/packet"
)

// Dir is a direction of a flow. The client is who sent the first packet, unless the content
// shows that it was the server.
type Dir uint8

// The two directions.
const (
	ToServer Dir = 0
	ToClient Dir = 1
)

// Rev is the other direction.
func (d Dir) Rev() Dir { return d ^ 1 }

// String gives "to_server" or "to_client".
func (d Dir) String() string {
	if d == ToServer {
		return "to_server"
	}
	return "to_client"
}

// Env is what a field accessor looks at: the event being judged with all that belongs to it.
// It is reused; nothing may keep a pointer to it or to what its slices alias.
type Env struct {
	Event EventID
	Dir   Dir            // of the packet or message
	Time  int64          // packet time, nanoseconds since the Unix epoch
	Pkt   *packet.Packet // nil where no packet caused the event (a time-out)
	Flow  *Flow          // nil for packets without one
	Tx    any            // the protocol's message: a pointer to its struct, nil for packet events
	// Guessed says that Tx is a message that merely came with the bytes.
	Guessed bool
	// Carrier is the message that carries Tx (the HTTP request of a DNS query over HTTPS), nil for most.
	Carrier any
	File    *File  // for file events
	Frame   *Frame // for events of frames, nil otherwise
	// Data is the bytes of a data event: the packet's payload; for stream.data the window that is
	// inspected: some bytes that were there before (so that what straddles segments is found), then
	// the new ones from New on.
	Data []byte
	New  int
	// DataOff is the offset of Data[0] in the stream, counted from the stream's first byte.
	DataOff uint64
	// Carry is, for stream.data, the list of rules whose prefilter hit earlier in this stream
	// and which may be completed by the new bytes. The matcher reads and rewrites it (bounded).
	Carry *[]uint32
	// Name is the anomaly's name, for anomaly events.
	Name string
}
