package engine

import (
	"strconv"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/ftp"
	"github.com/luanids/luanids/dissect/packet"
)

// TestAnnouncedFlows wants each data connection of FTP sessions to be known for what it is, with its file, whichever worker has
// the control connection.
func TestAnnouncedFlows(t *testing.T) {
	for _, workers := range []int{1, 8} {
		cfg := everything(t)
		cfg.Workers = workers
		_, eve := replay(t, cfg, "../testdata/captures/ftp_session.pcap.gz")
		for what, want := range map[string]int{`"event_type":"ftp_data"`: 10, `"event_type":"fileinfo"`: 6, `"parent_id"`: 10} {
			if got := strings.Count(eve, what); got < want {
				t.Errorf("%d workers: %d times %s, want at least %d", workers, got, what, want)
			}
		}
	}
}

// TestPins checks that flows go where they were announced, in both directions and whatever their own hash, until nothing was seen of
// them for long.
func TestPins(t *testing.T) {
	p := newPins([]*dissect.Spec{ftp.Spec()})
	a, b := packet.V4([]byte{10, 0, 0, 1}), packet.V4([]byte{10, 0, 0, 2})
	tcp := func(src, dst packet.Addr, sport, dport uint16, hash uint64, payload string) *packet.Packet {
		return &packet.Packet{Layers: packet.LayerTCP, Src: src, Dst: dst, SrcPort: sport, DstPort: dport, Hash: hash, Payload: []byte(payload)}
	}
	const control, other = uint64(5)<<58 | 77, uint64(9)<<58 | 88
	now := int64(1e18)
	p.apply(tcp(b, a, 21, 4000, control, "227 Entering Passive Mode (10,0,0,2,4,1).\r\n"), now)
	for i, pkt := range []*packet.Packet{tcp(a, b, 5000, 1025, other, ""), tcp(b, a, 1025, 5000, other, "")} {
		if p.apply(pkt, now+1e9); pkt.Hash != uint64(5)<<58|88 {
			t.Errorf("%d: hash %x", i, pkt.Hash)
		}
	}
	c := packet.V4([]byte{10, 0, 0, 3})
	for i, pkt := range []*packet.Packet{tcp(a, c, 5000, 1025, other, ""), tcp(a, b, 5000, 1026, other, "")} {
		if p.apply(pkt, now+1e9); pkt.Hash != other {
			t.Errorf("%d: a flow that nobody announced was moved", i)
		}
	}
	late := tcp(a, b, 5000, 1025, other, "")
	if p.apply(late, now+2*pinFor); late.Hash != other || len(p.m) != 0 {
		t.Errorf("kept for good: %d", len(p.m))
	}
	p.apply(tcp(a, b, 4000, 21, control, "TYPE I\r\nPORT 10,0,0,1,4,2\r\nPORT 10,0,0,1,4,3\r\n"), now)
	p.apply(tcp(a, b, 4000, 22, control, "TYPE I\r\nPORT 10,0,0,1,4,4\r\n"), now)
	for port, moved := range map[uint16]bool{1026: true, 1027: true, 1028: false} {
		pkt := tcp(b, a, 20, port, other, "")
		if p.apply(pkt, now); (pkt.Hash != other) != moved {
			t.Errorf("port %d: moved %v, want %v", port, !moved, moved)
		}
	}
	clear(p.m)
	for port := range uint16(maxPins + 10) {
		p.apply(tcp(b, a, 21, 4000, control, "229 Extended (|||"+strconv.Itoa(int(port)+1000)+"|)\r\n"), now+2*pinFor)
	}
	if len(p.m) != maxPins || p.refused != 10 {
		t.Errorf("%d pins, %d refused", len(p.m), p.refused)
	}
	plain := tcp(a, b, 80, 80, other, "GET / HTTP/1.1\r\n\r\n")
	if n := testing.AllocsPerRun(100, func() { p.apply(plain, now) }); n != 0 {
		t.Errorf("%v allocations for a packet", n)
	}
}

// TestPinsOfPieces checks that an announcement is known however its line is cut into packets, on any port, also when pieces are sent
// again, and that little is kept of what announces nothing.
func TestPinsOfPieces(t *testing.T) {
	const control, other = uint64(5)<<58 | 77, uint64(9)<<58 | 88
	a, b := packet.V4([]byte{10, 0, 0, 1}), packet.V4([]byte{10, 0, 0, 2})
	for _, line := range []string{"PORT 10,0,0,1,4,1\r\n", "noop\r\nport 10,0,0,1,4,1\r\nNLST\r\n",
		"227 Entering Passive Mode (10,0,0,2,4,1).\r\n", "eprt |1|10.0.0.1|1025|\n"} {
		for size := 1; size <= len(line); size++ {
			for _, port := range []uint16{21, 2121} {
				if port != 21 && size >= minAnnounced {
					continue // lines in the midst of packets are looked for on the usual ports only
				}
				p := newPins([]*dissect.Spec{ftp.Spec()})
				for at := 0; at < len(line); at += size {
					pkt := &packet.Packet{Layers: packet.LayerTCP, Src: a, Dst: b, SrcPort: 4000, DstPort: port, Hash: control,
						Seq: uint32(0xfffffff0 + at), Payload: []byte(line[at:min(at+size, len(line))])}
					p.apply(pkt, 1)
					if at > size {
						pkt.Seq -= uint32(size)
						pkt.Payload = []byte(line[at-size : at])
						p.apply(pkt, 1) // the piece before, again
					}
				}
				data := &packet.Packet{Layers: packet.LayerTCP, Src: b, Dst: a, SrcPort: 20, DstPort: 1025, Hash: other}
				if p.apply(data, 2); data.Hash == other {
					t.Errorf("%q in pieces of %d to port %d announced nothing", line, size, port)
				}
				if p.open != 0 {
					t.Errorf("%q in pieces of %d: %d lines are kept", line, size, p.open)
				}
			}
		}
	}
	p := newPins([]*dissect.Spec{ftp.Spec()})
	long := strings.Repeat("x", maxLineStart)
	seq := uint32(0)
	for _, piece := range []string{"P", "OST / HTTP/1.1\r\n", "22", "0 ready\r\n", "PORT ", long, "10,0,0,1,4,1\r\n"} {
		p.apply(&packet.Packet{Layers: packet.LayerTCP, Src: a, Dst: b, SrcPort: 4000, DstPort: 21, Hash: control, Seq: seq,
			Payload: []byte(piece)}, 1)
		seq += uint32(len(piece))
	}
	if len(p.m) != 0 || p.open != 0 {
		t.Errorf("%d ports that nobody announced, %d lines kept", len(p.m), p.open)
	}
}
