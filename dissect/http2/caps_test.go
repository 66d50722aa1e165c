package http2

import (
	"strings"
	"testing"

	"golang.org/x/net/http2"
)

// TestFieldCaps: header fields past the caps are left out and counted.
func TestFieldCaps(t *testing.T) {
	many := client()
	fields := []string{":method", "GET", ":path", "/"}
	for range 2000 {
		fields = append(fields, "x", "y")
	}
	r := recorder("none")
	if r.Data(toServer, many.headers(1, true, fields...).sent()); r.Capped["fields"] < 900 {
		t.Errorf("counted: %v", r.Capped)
	}

	bomb := client()
	bomb.headers(1, true, ":method", "GET", ":path", "/", "x", strings.Repeat("x", 4000))
	r = recorder("none")
	p := r.Spec.New().(*parser)
	say := func() {
		r.Ctx.Dir = toServer
		r.Ctx.Begin(r.Spec)
		p.Data(r.Ctx, toServer, []byte(bomb.sent()))
	}
	say()
	p.expanded = maxExpanded
	block := append(bomb.block(":method", "GET", ":path", "/"), strings.Repeat("\xbe", 10)...)
	_ = bomb.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, BlockFragment: block, EndStream: true, EndHeaders: true})
	if say(); r.Capped["expanded"] < 9 {
		t.Errorf("counted: %v", r.Capped)
	}
}
