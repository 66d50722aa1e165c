package http2

import (
	"testing"

	"golang.org/x/net/http2"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// maxInput keeps the byte by byte run short.
const maxInput = 4 << 10

// pieces splits the input of FuzzHTTP2: each piece has a byte that says who speaks (bit 0) and whether it is a gap (bit 1), and a byte of length. It
// tells whether there was a gap.
func pieces(r *dissecttest.Recorder, data []byte, slow bool) (gaps bool) {
	for len(data) >= 2 {
		dir, gap, n := dissect.Dir(data[0]&1), data[0]&2 != 0, int(data[1])
		data = data[2:]
		n = min(n, len(data))
		switch {
		case gap:
			r.Gap(dir, n)
			gaps = true
		case slow:
			r.Trickle(dir, string(data[:n]))
		default:
			r.Data(dir, string(data[:n]))
		}
		if !gap {
			data = data[n:]
		}
	}
	return gaps
}

// seed is the input for what the sides say in turn.
func seed(say ...string) (out []byte) {
	for i, s := range say {
		for len(s) > 0 {
			n := min(len(s), 255)
			out = append(append(out, byte(i&1), byte(n)), s[:n]...)
			s = s[n:]
		}
	}
	return out
}

// FuzzHTTP2 gives a conversation at once and byte by byte: both must say the same, but for how often bodies grow.
func FuzzHTTP2(f *testing.F) {
	c, s := client(), server()
	ask := c.get(1, "/dns-query?dns=AAABAAABAAAAAAAAB2V4YW1wbGUDY29tAAABAAE", "accept", "application/dns-message").sent()
	f.Add(seed(ask, s.headers(1, false, ":status", "200", "content-type", "application/dns-message").body(1, true, reply).sent()))
	c, s = client(), server()
	_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.block(":method", "POST", ":path", "/"), PadLength: 9, EndHeaders: true, Priority: http2.PriorityParam{Weight: 41}})
	_ = c.WriteDataPadded(1, true, []byte("data"), make([]byte, 5))
	_ = c.WriteRSTStream(3, 1)
	_ = c.WritePing(false, [8]byte{1})
	_ = c.WriteWindowUpdate(1, 100)
	_ = s.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, BlockFragment: s.block(":path", "/style"), EndHeaders: true})
	_ = s.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: s.block(":status", "200")})
	_ = s.WriteContinuation(1, true, s.block("content-encoding", "gzip"))
	_ = s.body(1, true, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03").WriteGoAway(1, 0, nil)
	f.Add(append(seed(c.sent(), s.sent()), 3, 9, 0, 9, 0, 0, 0, 4, 1, 0, 0, 0, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxInput {
			return
		}
		whole, slow := recorder("http.uri", "http.stat_code", "http2.frametype", "http2.header"), recorder("http.uri", "http.stat_code", "http2.frametype", "http2.header")
		whole.Ctx.Limits.Frames, slow.Ctx.Limits.Frames = true, true
		gaps := pieces(whole, data, false)
		pieces(slow, data, true)
		a, b := lines(whole.End(dissect.EndFIN)), lines(slow.End(dissect.EndFIN))
		// After a gap it depends on the pieces where a frame is looked for.
		if a != b && !gaps {
			t.Errorf("byte by byte:\n%s\nat once:\n%s", b, a)
		}
	})
}
