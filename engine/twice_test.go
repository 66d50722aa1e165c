package engine

import (
	"testing"
)

// TestBeginningsMatchTwice wants a rule on the beginning of a stream to match on the packet, and on the stream, which Suricata looks at when
// a later packet comes: as one alert each. Inline both are looked at together.
func TestBeginningsMatchTwice(t *testing.T) {
	c := &tcpConn{host: 1, port: 1000}
	c.open()
	c.frame(true, 0x18, "HELLO there\n")
	c.frame(false, 0x18, "welcome\n")
	c.frame(true, 0x18, "go on\n")
	c.frame(false, 0x10, "")
	for rule, want := range map[string][2]string{
		`content:"HELLO"; depth:5;`: {"alert 4 wire/pcap, alert 6 wire/pcap", "alert 4 wire/pcap"},
		`content:"HELLO";`:          {"alert 6 wire/pcap", "alert 4 wire/pcap"},
		`content:"HELLO"; depth:5; stream_size:server,<,100000;`: {"alert 6 wire/pcap", "alert 4 wire/pcap"},
		`content:"HELLO"; depth:5; dsize:12;`:                    {"alert 4 wire/pcap", "alert 4 wire/pcap"},
	} {
		for i, inline := range []bool{false, true} {
			cfg := withRules(t, "alert tcp any any -> any any ("+rule+" sid:1;)", nil)
			cfg.TCP.Inline = inline
			_, eve := run(t, cfg, &frames{list: c.out})
			if got := told(t, eve, "alert"); got != want[i] {
				t.Errorf("%s inline %v: %s, want %s", rule, inline, got, want[i])
			}
		}
	}
}
