package engine

import (
	"strings"
	"testing"
)

// TestEmptyValuesAreInNoSet: as in Suricata an empty buffer matches no dataset, whatever is asked.
func TestEmptyValuesAreInNoSet(t *testing.T) {
	c := &tcpConn{host: 1, port: 1000}
	c.open()
	c.frame(true, 0x18, "GET /x HTTP/1.1\r\nHost: a.example\r\nUser-Agent:\r\n\r\n")
	c.frame(false, 0x18, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	cfg := withRules(t, `alert http any any -> any any (http.user_agent; dataset:isnotset,a,type string; sid:1;)
alert http any any -> any any (http.user_agent; dataset:set,b,type string; sid:2;)
alert http any any -> any any (http.host; dataset:isnotset,a,type string; sid:3;)
alert http any any -> any any (http.host; dataset:set,b,type string; sid:4;)
alert http any any -> any any (http.host; dataset:unset,a,type string; sid:5;)
alert http any any -> any any (http.request_body; dataset:isnotset,a,type string; sid:6;)
`, nil)
	cfg.Workers = 1
	_, eve := run(t, cfg, &frames{list: c.out})
	var got []string
	for _, sid := range []string{"1", "2", "3", "4", "5", "6"} {
		if strings.Contains(eve, `"signature_id":`+sid+`,`) {
			got = append(got, sid)
		}
	}
	if s := strings.Join(got, " "); s != "3 4" {
		t.Errorf("rules that match: %s, want 3 4", s)
	}
}
