package engine

import (
	"strings"
	"testing"
)

// TestDropEndsJudgement checks that a rule to drop takes its flow out of judgement from the next packet on, unless it is about single packets.
func TestDropEndsJudgement(t *testing.T) {
	conn := func() *frames {
		c := &tcpConn{host: 1, port: 2000}
		c.open()
		c.frame(true, 0x18, "GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
		c.frame(false, 0x18, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		c.frame(true, 0x18, "GET /second HTTP/1.1\r\nHost: a\r\n\r\n")
		c.frame(false, 0x18, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		c.frame(true, 0x11, "")
		c.frame(false, 0x11, "")
		return &frames{list: c.out, step: 1e6}
	}
	const uris = `alert http any any -> any any (http.uri; content:"/first"; sid:1;)` + "\n" + `alert http any any -> any any (http.uri; content:"/second"; sid:2;)` + "\n"
	for _, tt := range []struct {
		name, rule, action string
		alerts             [3]int // by sid from 1
	}{
		{"none", ``, "", [3]int{1, 1, 0}},
		{"on a message", `drop http any any -> any any (http.method; content:"GET"; sid:3;)`, "drop", [3]int{1, 0, 1}},
		{"on the stream", `drop tcp any any -> any any (content:"/first"; sid:3;)`, "drop", [3]int{1, 0, 1}},
		{"on packets", `drop tcp any any -> any any (flags:S; sid:3;)`, "", [3]int{1, 1, 1}},
		{"alert", `alert http any any -> any any (http.method; content:"GET"; sid:3;)`, "", [3]int{1, 1, 2}},
	} {
		_, eve := run(t, withRules(t, uris+tt.rule, nil), conn())
		for i, n := range tt.alerts {
			if got := strings.Count(eve, `"signature_id":`+string(rune('1'+i))+`,`); got != n {
				t.Errorf("%s: %d alerts of rule %d, want %d", tt.name, got, i+1, n)
			}
		}
		if got := strings.Contains(eve, `"action":"drop"`); got != (tt.action != "") {
			t.Errorf("%s: the flow record says drop: %v", tt.name, got)
		}
	}
}
