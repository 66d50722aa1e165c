package http2

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/luanids/luanids/dissect"
)

// direct feeds a parser whose state can be looked at.
func direct(dir dissect.Dir, pieces ...string) *parser {
	r := recorder()
	r.Quiet = true
	p := r.Spec.New().(*parser)
	for _, s := range pieces {
		r.Ctx.Begin(r.Spec)
		p.Data(r.Ctx, dir, []byte(s))
	}
	return p
}

// memory is what the header fields of a connection's streams take, bytes.
func memory(p *parser) (n int) {
	for _, st := range p.streams {
		for d := range st.carried {
			m := st.Tx().Message(dissect.Dir(d))
			for i := range m.Sent {
				n += len(m.Sent[i].Name) + len(m.Sent[i].Value)
			}
		}
	}
	return n
}

// TestBombs: many streams that refer to one long entry of the table again and again take no more than a bound.
func TestBombs(t *testing.T) {
	c := client()
	long := strings.Repeat("x", 4000)
	c.headers(1, false, ":method", "GET", ":path", "/", "x", long)
	block := append(c.block(":method", "GET", ":path", "/"), strings.Repeat("\xbe", 250)...)
	for id := uint32(3); id < 801; id += 2 {
		_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndHeaders: true})
	}
	p := direct(toServer, c.sent())
	if n := memory(p); n > 32<<20 {
		t.Errorf("%d streams with %d bytes of header fields", len(p.streams), n)
	}
}

// TestManyInterim: interim responses leave nothing behind.
func TestManyInterim(t *testing.T) {
	c, s := client(), server()
	c.get(1, "/")
	for range 20000 {
		s.headers(1, false, ":status", "103", "link", "</style.css>; rel=preload")
	}
	s.headers(1, false, ":status", "200", "server", "at last")
	r := recorder("http.server", "http.stat_code")
	r.Data(toServer, c.sent())
	r.Lines = nil
	r.Data(toClient, s.sent())
	if got := r.Text(); !strings.Contains(got, `http.response to_client http.server="at last" http.stat_code=200`) {
		t.Errorf("got %s", got[max(0, len(got)-300):])
	}
}

// TestResets: frames that end streams cost the same however many streams are open.
func TestResets(t *testing.T) {
	cost := func(open int) time.Duration {
		c := client()
		for i := range open {
			c.headers(uint32(2*i+1), false, ":method", "GET", ":path", "/")
		}
		setup := c.sent()
		for i := range 20000 {
			_ = c.WriteRSTStream(uint32(2*(open+i)+1), http2.ErrCodeCancel)
		}
		r := recorder()
		r.Quiet = true
		r.Data(toServer, setup)
		data := c.sent()
		begin := time.Now()
		r.Data(toServer, data)
		return time.Since(begin)
	}
	few, many := cost(10), cost(4000)
	t.Log(few, many)
	if many > 25*few && many > 150*time.Millisecond {
		t.Errorf("%v with 10 streams, %v with 4000", few, many)
	}
}

// TestGivenUpBlock: a header block whose stream is gone keeps the table in step.
func TestGivenUpBlock(t *testing.T) {
	c := client()
	r := recorder("http.user_agent")
	r.Ctx.Limits.Settings = map[string]string{"http2.max-streams": "2"}
	block := c.block(":method", "GET", ":path", "/", "user-agent", "first")
	_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block[:2]})
	r.Data(toServer, c.sent())
	for id := uint32(2); id < 8; id += 2 { // the server makes other streams meanwhile
		r.Data(toClient, fmt.Sprintf("\x00\x00\x04\x08\x00\x00\x00\x00%c\x00\x00\x00\x01", id))
	}
	_ = c.WriteContinuation(1, true, block[2:])
	c.get(3, "/b", "user-agent", "first") // by its place in the table
	r.Data(toServer, c.sent())
	if got := r.Text(); !strings.Contains(got, `http.request to_server http.user_agent="first"`) || strings.Contains(got, "invalid_header") {
		t.Error(got)
	}
}
