package engine

import (
	"strings"
	"testing"
)

// TestBitsOfMessages: a flag that a rule sets on a request is found at the response of the same message, and of no other.
func TestBitsOfMessages(t *testing.T) {
	c := &tcpConn{host: 1, port: 2000}
	c.open()
	for _, uri := range []string{"/first", "/marked", "/last"} {
		c.frame(true, 0x18, "GET "+uri+" HTTP/1.1\r\nHost: a\r\n\r\n")
		c.frame(false, 0x18, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
	c.frame(true, 0x11, "")
	c.frame(false, 0x11, "")
	const rules = `alert http any any -> any any (http.uri; content:"/marked"; xbits:set,seen,track tx; noalert; sid:1;)
alert http1:response_complete any any -> any any (xbits:isset,seen,track tx; sid:2;)
`
	_, eve := run(t, withRules(t, rules, nil), &frames{list: c.out, step: 1e6})
	var alerts []string
	for line := range strings.Lines(eve) {
		if strings.Contains(line, `"event_type":"alert"`) {
			alerts = append(alerts, line)
		}
	}
	if len(alerts) != 1 || !strings.Contains(alerts[0], `"signature_id":2,`) || !strings.Contains(alerts[0], `"tx_id":1,`) {
		t.Errorf("alerts %q, want one of rule 2 on the message with tx_id 1", alerts)
	}
}
