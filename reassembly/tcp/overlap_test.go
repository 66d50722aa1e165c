package tcp

import (
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// TestIgnoreOverlaps sends a segment twice with different bytes behind a hole: counted in any case, an event unless that is switched off.
func TestIgnoreOverlaps(t *testing.T) {
	for _, ignore := range []bool{false, true} {
		var c Conn
		var s sink
		a := New(Config{IgnoreOverlaps: ignore})
		send := func(dir dissect.Dir, flags uint8, seq, ack uint32, data string) {
			a.Packet(&c, &packet.Packet{TCPFlags: flags, Seq: seq, AckNum: ack, TCPWindow: 999, Payload: []byte(data)}, dir, &s)
		}
		send(dissect.ToServer, packet.SYN, 10, 0, "")
		send(dissect.ToClient, packet.SYN|packet.ACK, 20, 11, "")
		send(dissect.ToServer, packet.ACK, 11, 21, "")
		send(dissect.ToServer, packet.ACK, 15, 21, "abcd")
		send(dissect.ToServer, packet.ACK, 15, 21, "xbcd")
		if n := s.events[EvReassemblyOverlapDifferentData]; (n == 0) != ignore || a.Stats.OverlapDiffData == 0 {
			t.Errorf("ignored %v: %d events, %d counted", ignore, n, a.Stats.OverlapDiffData)
		}
	}
}
