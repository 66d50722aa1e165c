package smtp

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
)

// TestLongFrame: of a frame past MaxFrame the beginning is shown, and that is counted.
func TestLongFrame(t *testing.T) {
	for size, cut := range map[int]uint64{dissect.MaxFrame / 2: 0, 2 * dissect.MaxFrame: 1} {
		r := recorder("none")
		r.Ctx.Limits.Frames = true
		talk(r, "S: 220 mx\nC: HELO a\nS: 250 ok\nC: DATA\nS: 354 go", false)
		r.Data(dissect.ToServer, strings.Repeat(strings.Repeat("x", 62)+"\r\n", size/64)+".\r\n")
		if r.End(dissect.EndFIN); r.Ctx.FramesCut != cut {
			t.Errorf("%d bytes: %d frames counted, want %d", size, r.Ctx.FramesCut, cut)
		}
	}
}
