package engine

import (
	"strings"
	"testing"
	"time"
)

// TestElephants: a flow whose server sends much is one from the packet on that makes it so, for rules and in its record; only if rates are measured.
func TestElephants(t *testing.T) {
	conn := func() *frames {
		c := &tcpConn{host: 1, port: 2000}
		c.open()
		c.frame(true, 0x18, "GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
		c.frame(false, 0x18, "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"+strings.Repeat("a", 900))
		c.frame(false, 0x18, strings.Repeat("b", 1100))
		c.frame(true, 0x11, "")
		c.frame(false, 0x11, "")
		return &frames{list: c.out, step: 1e6}
	}
	const rules = `alert tcp any any -> any any (flow.elephant:toclient; flowbits:isnotset,told; flowbits:set,told; sid:1;)
alert tcp any any -> any any (flow.elephant:toserver; sid:2;)
alert tcp any any -> any any (flow.elephant:both; sid:3;)
alert tcp any any -> any any (flow.elephant:either; flow:to_server; sid:4;)
`
	for _, tt := range []struct {
		bytes  uint64
		alerts [5]int // by sid
	}{
		{0, [5]int{}}, {1 << 20, [5]int{}}, {2000, [5]int{1: 1, 4: 1}},
	} {
		cfg := withRules(t, rules, nil)
		cfg.Flow.Rate.Bytes, cfg.Flow.Rate.Interval = tt.bytes, time.Second
		e, eve := run(t, cfg, conn())
		for sid, n := range tt.alerts {
			if got := strings.Count(eve, `"signature_id":`+string(rune('0'+sid))+`,`); got != n {
				t.Errorf("from %d bytes on: %d alerts of rule %d, want %d", tt.bytes, got, sid, n)
			}
		}
		want := tt.alerts != [5]int{}
		if got := strings.Contains(eve, `"elephant":true`); got != want {
			t.Errorf("from %d bytes on: the flow record says elephant: %v", tt.bytes, got)
		}
		for _, c := range e.Counters() {
			if c.Name == "flow.elephant" && (c.Value == 1) != want {
				t.Errorf("from %d bytes on: the counter is %d", tt.bytes, c.Value)
			}
		}
	}
}
