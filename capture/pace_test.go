package capture

import (
	"io"
	"math"
	"testing"
	"time"
)

// listSource delivers packets in batches of three.
type listSource struct {
	times []int64
	at    int
}

func (s *listSource) ReadBatch(b *Batch) error {
	b.Reset()
	if s.at == len(s.times) {
		return io.EOF
	}
	for n := 0; n < 3 && s.at < len(s.times); n++ {
		b.Add(&Packet{Data: []byte("data"), Time: s.times[s.at], Len: 4, Num: uint64(s.at + 1)})
		s.at++
	}
	return nil
}

func (s *listSource) Stats() Stats { return Stats{Packets: uint64(s.at), Bytes: uint64(4 * s.at)} }
func (s *listSource) Close() error { return nil }

// TestPace replays with a clock of its own and notes when each packet came.
func TestPace(t *testing.T) {
	const sec = int64(time.Second)
	times := []int64{100 * sec, 101 * sec, 101*sec + sec/2, 101 * sec /* back */, 105 * sec, 105 * sec, 165 * sec}
	src, err := Pace(&listSource{times: times}, 10)
	if err != nil {
		t.Fatal(err)
	}
	p := src.(*pacer)
	clock := time.Unix(5000, 0)
	began := clock
	p.now = func() time.Time { return clock }
	longest := time.Duration(0)
	p.sleep = func(d time.Duration) { longest = max(longest, d); clock = clock.Add(d) }
	var got []time.Duration
	empty := 0
	for {
		var b Batch
		if err := src.ReadBatch(&b); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if b.Now != 0 {
			t.Error("a paced batch says that time goes on")
		}
		if len(b.Packets) == 0 {
			empty++
		}
		for _, pkt := range b.Packets {
			got = append(got, clock.Sub(began))
			if n := len(got); pkt.Num != uint64(n) || src.Stats().Packets < uint64(n) || src.Stats().Packets > uint64(n+len(b.Packets)) {
				t.Errorf("packet %d came as the %dth; counted %d", pkt.Num, n, src.Stats().Packets)
			}
		}
	}
	want := []time.Duration{0, 100 * time.Millisecond, 150 * time.Millisecond, 150 * time.Millisecond,
		500 * time.Millisecond, 500 * time.Millisecond, 6500 * time.Millisecond}
	if len(got) != len(want) {
		t.Fatalf("%d packets, want %d", len(got), len(want))
	}
	for i := range want {
		if d := got[i] - want[i]; d < 0 || d > time.Millisecond {
			t.Errorf("packet %d came after %v, want %v", i+1, got[i], want[i])
		}
	}
	if longest > pauseMax || empty == 0 {
		t.Errorf("the reader waited %v at a time, with %d empty batches", longest, empty)
	}
	if s := src.Stats(); s.Packets != 7 || s.Bytes != 28 {
		t.Errorf("stats %+v", s)
	}
}

func TestPaceSpeeds(t *testing.T) {
	for _, speed := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := Pace(&listSource{}, speed); err == nil {
			t.Errorf("speed %v is taken", speed)
		}
	}
	// A time so far off that it has no duration must not come at once.
	src, _ := Pace(&listSource{times: []int64{0, MaxTime}}, 1e-9)
	p := src.(*pacer)
	slept := 0
	p.sleep = func(time.Duration) { slept++ }
	var b Batch
	for range 3 {
		if err := src.ReadBatch(&b); err != nil {
			t.Fatal(err)
		}
	}
	if slept < 2 {
		t.Error("the packet came at once")
	}
}
