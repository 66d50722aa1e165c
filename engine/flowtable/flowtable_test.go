package flowtable

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

func key(n uint32) dissect.FlowKey {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return dissect.FlowKey{Src: packet.V4(b[:]), Dst: packet.V4([]byte{10, 0, 0, 1}), SrcPort: 1000, DstPort: 80, Proto: packet.ProtoUDP, IPVersion: 4}
}

func shard(maxFlows int) (*Shard, *Stats) {
	cfg, st := DefaultConfig(), &Stats{}
	cfg.MaxFlows = maxFlows * Shards
	s := NewShard(&cfg, st, &Pool{})
	s.Tick(1000*second, nil)
	return s, st
}

func TestFindGivesTheDirection(t *testing.T) {
	s, _ := shard(100)
	k := key(1)
	f := s.Insert(&k, 7, 1000*second)
	if got, dir := s.Find(&k, 7); got != f || dir != dissect.ToServer {
		t.Fatalf("the same tuple: got %p %v, want %p to_server", got, dir, f)
	}
	r := k
	r.Src, r.Dst, r.SrcPort, r.DstPort = k.Dst, k.Src, k.DstPort, k.SrcPort
	if got, dir := s.Find(&r, 7); got != f || dir != dissect.ToClient {
		t.Fatalf("the reverse tuple: got %p %v, want %p to_client", got, dir, f)
	}
	other := k
	other.VLANs[0] = 5
	if got, _ := s.Find(&other, 7); got != nil {
		t.Fatal("another VLAN found the flow")
	}
}

func TestTimeoutsByState(t *testing.T) {
	s, st := shard(100)
	quiet, busy := key(1), key(2)
	s.Insert(&quiet, 1, 1000*second)
	b := s.Insert(&busy, 2, 1000*second)
	b.State = dissect.FlowEstablished
	var out []*Flow
	for sec := int64(1001); sec <= 1032; sec++ {
		out = s.Tick(sec*second, out)
	}
	if len(out) != 1 || out[0].Key != quiet {
		t.Fatalf("after 32 s %d flows are over, want the new one only (time-out 30 s)", len(out))
	}
	s.Release(out[0])
	b.Last = 1200 * second // a packet: the time-out counts from it
	if out = s.Tick(1400*second, nil); len(out) != 0 {
		t.Fatal("a flow ended 200 s after its last packet; established flows have 300 s")
	}
	if out = s.Tick(1502*second, nil); len(out) != 1 || st.TimedOut != 2 || s.Len() != 0 {
		t.Fatalf("after 302 s: %d flows over, %d counted, %d left; want 1, 2, 0", len(out), st.TimedOut, s.Len())
	}
}

func TestLongJumpOfTime(t *testing.T) {
	s, _ := shard(10000)
	for n := range uint32(1000) {
		k := key(n)
		s.Insert(&k, uint64(n), 1000*second)
	}
	if out := s.Tick(1000_000*second, nil); len(out) != 1000 {
		t.Fatalf("after a jump of days %d of 1000 flows are over", len(out))
	}
}

// TestNoFlowOutlivesItsTimeout steps through time in leaps of all sizes.
func TestNoFlowOutlivesItsTimeout(t *testing.T) {
	s, _ := shard(10000)
	r := rand.New(rand.NewPCG(1, 2))
	live := map[*Flow]bool{}
	now := int64(1000) * second
	for n := range uint32(3000) {
		k := key(n)
		f := s.Insert(&k, uint64(n)*0x9e3779b97f4a7c15, now)
		f.State = dissect.FlowState(r.IntN(2))
		live[f] = true
		now += r.Int64N(int64(1)<<r.IntN(11)) * second / 4
		for _, f := range s.Tick(now, nil) {
			if !s.Expired(f, now) || !live[f] {
				t.Fatalf("flow %d ended too early or twice", f.Hash)
			}
			delete(live, f)
		}
		for f := range live { // ended within two seconds of the time-out
			if s.Expired(f, now-2*second) {
				t.Fatalf("flow %d outlived its time-out by %d s", f.Hash, (now-f.Last-s.cfg.timeout(f))/second)
			}
		}
	}
	if s.Len() != len(live) {
		t.Fatalf("%d flows in the table, want %d", s.Len(), len(live))
	}
}

func TestEvictionTakesASilentFlow(t *testing.T) {
	s, _ := shard(64)
	for n := range uint32(64) {
		k := key(n)
		f := s.Insert(&k, uint64(n)*0x9e3779b97f4a7c15, 1000*second)
		f.Last = int64(1000+n) * second
	}
	if !s.Full() {
		t.Fatal("64 flows do not fill a shard of 64")
	}
	v := s.Victim()
	if v == nil || v.Last >= 1050*second {
		t.Fatalf("the victim was seen %v; flows silent for longer were there", v.Last/second)
	}
	s.Remove(v)
	s.Release(v)
	if s.Full() || s.Len() != 63 {
		t.Fatalf("after an eviction the shard has %d flows", s.Len())
	}
}

func TestDrainGivesAll(t *testing.T) {
	s, st := shard(1000)
	for n := range uint32(500) {
		k := key(n)
		s.Insert(&k, uint64(n)*0x9e3779b97f4a7c15, 1000*second).Serial = uint64(500 - n)
	}
	out := s.Drain(nil)
	SortBySerial(out)
	if len(out) != 500 || s.Len() != 0 || st.Active != 0 || out[0].Serial != 1 || out[499].Serial != 500 {
		t.Fatalf("drained %d flows, %d left, %d active, serials %d..%d", len(out), s.Len(), st.Active, out[0].Serial, out[len(out)-1].Serial)
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	s, _ := shard(1000)
	now, n := int64(2000)*second, uint32(0)
	var out []*Flow
	step := func() {
		for range 50 {
			n++
			k := key(n)
			s.Insert(&k, uint64(n)*0x9e3779b97f4a7c15, now)
		}
		now += 40 * second
		out = s.Tick(now, out[:0])
		for _, f := range out {
			s.Release(f)
		}
	}
	for range 100 {
		step()
	}
	if a := testing.AllocsPerRun(100, step); a > 0 {
		t.Fatalf("%v allocations a round of 50 flows", a)
	}
}

func BenchmarkFind(b *testing.B) {
	s, _ := shard(1 << 16)
	keys := make([]dissect.FlowKey, 1<<14)
	for i := range keys {
		keys[i] = key(uint32(i))
		s.Insert(&keys[i], uint64(i)*0x9e3779b97f4a7c15, 1000*second)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		n := i & (len(keys) - 1)
		if f, _ := s.Find(&keys[n], uint64(n)*0x9e3779b97f4a7c15); f == nil {
			b.Fatal("lost")
		}
	}
}
