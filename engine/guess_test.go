package engine

import (
	"strings"
	"testing"
)

// TestGuessedMessage wants alerts on bytes of a stream to tell of the message that came with them, if asked for and marked as a guess.
func TestGuessedMessage(t *testing.T) {
	c := &tcpConn{host: 1, port: 1000}
	c.open()
	c.frame(true, 0x18, "GET /first HTTP/1.1\r\nHost: a.example\r\n\r\n")
	c.frame(false, 0x18, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	c.frame(true, 0x18, "GET /second HTTP/1.1\r\nHost: b.example\r\n\r\n")
	c.frame(false, 0x18, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	for _, on := range []bool{false, true} {
		cfg := withRules(t, `alert tcp any any -> any any (content:"b.example"; sid:1;)`, nil)
		cfg.GuessTx = on
		_, eve := run(t, cfg, &frames{list: c.out})
		alert := ""
		for line := range strings.Lines(eve) {
			if strings.Contains(line, `"event_type":"alert"`) {
				alert += line
			}
		}
		if strings.Count(alert, "\n") != 1 {
			t.Fatalf("alerts: %s", alert)
		}
		for _, s := range []string{`"tx_guessed":true`, `"tx_id":1`, `"url":"/second"`} {
			if strings.Contains(alert, s) != on {
				t.Errorf("asked for %v: %s in %s", on, s, alert)
			}
		}
	}
}

// TestMessageOfDatagram wants alerts on bytes of a datagram to tell of the message that it is, where the rule names the protocol.
func TestMessageOfDatagram(t *testing.T) {
	for rule, want := range map[string]bool{
		`alert tftp any any -> any any (content:"kiln"; sid:1;)`:           true,
		`alert tftp any any -> any any (pkt_data; content:"kiln"; sid:1;)`: true,
		`alert udp any any -> any any (content:"kiln"; sid:1;)`:            false,
	} {
		_, eve := run(t, withRules(t, rule, nil), &frames{list: [][]byte{datagram(true, 4000, 69, "\x00\x01kiln.cfg\x00octet\x00")}})
		alerts := 0
		for line := range strings.Lines(eve) {
			if !strings.Contains(line, `"event_type":"alert"`) {
				continue
			}
			alerts++
			if strings.Contains(line, `"tftp":{"packet":"read","file":"kiln.cfg"`) != want || strings.Contains(line, "tx_guessed") {
				t.Errorf("%s: %s", rule, line)
			}
		}
		if alerts != 1 {
			t.Errorf("%s: %d alerts", rule, alerts)
		}
	}
}
