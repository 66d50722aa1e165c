package lua

import (
	"testing"
	"unsafe"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// TestDiscarded: who makes events learns which streams a handler does not want any more, and of no others.
func TestDiscarded(t *testing.T) {
	r := load(t, Options{}, `
nids.on("http.request", function(ev) ev:discard() end)
nids.on("http.request", function(ev) end)
nids.register_tcp(function(tcp) end)`).ok()
	r.http(1, "/")
	tcp := r.tcpSub(0)
	r.tcp(0, TCPEstablished, testFlow(2), 0, "") // nothing is to be collected
	for _, c := range []struct {
		serial uint64
		sub    int
		want   bool
	}{{1, 0, true}, {1, 1, false}, {2, 0, false}, {2, tcp, true}, {1, tcp, false}, {1 << 50, 0, false}} {
		if got := r.rt.Discarded(c.serial, c.sub); got != c.want {
			t.Errorf("flow %d, handler %d: %v", c.serial, c.sub, got)
		}
	}
	r.noProblems()
}

// TestFramesThatStay: where frames outlive the snapshots they are not copied, other data is.
func TestFramesThatStay(t *testing.T) {
	schema := testSchema(t, true)
	frame := []byte("header:payload")
	p := &packet.Packet{Data: frame, Payload: frame[7:], IPVersion: 4}
	pool := NewPool()
	for _, keep := range []bool{false, true} {
		pool.KeepFrames = keep
		s := pool.Take(dissect.EvPacket, schema, &dissect.Env{Pkt: p, Data: p.Payload})
		if string(s.Env.Data) != "payload" || string(s.Env.Pkt.Data) != "header:payload" {
			t.Errorf("keep %v: %q of %q", keep, s.Env.Data, s.Env.Pkt.Data)
		}
		if shared := unsafe.SliceData(s.Env.Pkt.Data) == unsafe.SliceData(frame); shared != keep {
			t.Errorf("keep %v: shared %v", keep, shared)
		}
		s.Release()
		window := []byte("before payload")
		s = pool.Take(dissect.EvStreamData, schema, &dissect.Env{Pkt: p, Data: window, New: 7})
		window[0] = 'X'
		if string(s.Env.Data) != "before payload" {
			t.Errorf("keep %v: a window was not copied: %q", keep, s.Env.Data)
		}
		s.Release()
	}
}
