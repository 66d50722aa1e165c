package websocket

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// alone packs a message that refers to no other.
func alone(s string) string {
	var p packer
	return p.message(s)
}

// noise is a text that hardly packs, n bytes long.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for range n {
		b.WriteByte(byte(r.Uint32()))
	}
	return b.String()
}

// TestPackedGoesOn: a message that cannot be unpacked does not hide those behind it that need nothing of it.
func TestPackedGoesOn(t *testing.T) {
	for _, c := range []struct {
		name, first string
		gap         int
		anomaly     string
	}{
		{"unpacks to very much", frame(0xc1, key, alone(strings.Repeat("\x00", maxInflated+1000))), 0, "anomaly websocket.reassembly_limit_reached\n"},
		{"is cut", frame(0xc1, key, alone(noise(100_000))), 0, "anomaly websocket.skip_end_of_payload\n"},
		{"is lost", frame(0xc1, key, alone("what")), 7, ""},
		{"is broken", frame(0xc1, key, "\xff\xff\xff\xff"), 0, ""},
	} {
		r := dissecttest.New(Spec())
		r.Fields = []string{"websocket.opcode"}
		r.Data(dissect.ToServer, c.first)
		if c.gap > 0 {
			r.Gap(dissect.ToServer, c.gap)
		}
		if before := r.Text(); !strings.Contains(before, c.anomaly) {
			t.Errorf("%s: no anomaly in %s", c.name, before)
		}
		if n := r.Capped["unpacked"]; (n == 1) != (c.name == "unpacks to very much") {
			t.Errorf("%s: counted %v", c.name, r.Capped)
		}
		r.Lines, r.Fields = nil, []string{"websocket.payload"}
		r.Data(dissect.ToServer, frame(0xc1, key, alone("a secret")))
		if got := r.Text(); !strings.HasSuffix(got, `websocket.payload="a secret"`+"\n") {
			t.Errorf("%s: behind it came %.200q", c.name, got)
		}
	}
}

// TestManyBombs: messages that unpack to very much are not unpacked for ever.
func TestManyBombs(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	p := new(parser)
	bomb := []byte(frame(0xc1, 0, alone(strings.Repeat("\x00", maxInflated+1000))))
	for range maxBombs + 1 {
		r.Ctx.Begin(r.Spec)
		p.Data(r.Ctx, dissect.ToServer, bomb)
	}
	if !p.dirs[dissect.ToServer].raw {
		t.Error("it goes on")
	}
}
