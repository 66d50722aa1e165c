package engine

import (
	"strings"
	"testing"
)

// threeRequests is a connection with three requests.
func threeRequests() *tcpConn {
	c := &tcpConn{host: 1, port: 1000}
	c.open()
	for _, path := range []string{"/one", "/two", "/three"} {
		c.frame(true, 0x18, "GET "+path+" HTTP/1.1\r\nHost: a.example\r\n\r\n")
		c.frame(false, 0x18, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	}
	c.frame(true, 0x11, "")
	c.frame(false, 0x11, "")
	return c
}

// TestStreamsAreBypassed: what follows the depth, or a handshake, is only counted.
func TestStreamsAreBypassed(t *testing.T) {
	for _, c := range []struct {
		bypass    bool
		encrypted string
		depth     uint64
		capture   string
		bypassed  bool
		records   string // that there are nevertheless
	}{
		{false, "tls", 1, "tls_browse.pcap", false, ""},
		{true, "", 1 << 20, "tls_browse.pcap", false, "tls"},
		{true, "tls", 1 << 20, "tls_browse.pcap", true, "tls"},
		{false, "tls", 1 << 20, "tls_browse.pcap", false, "tls"},
		{true, "", 1, "http_browse.pcap", true, ""},
		{false, "", 1, "http_browse.pcap", false, ""},
		{true, "", 1 << 20, "http_browse.pcap", false, "http"},
	} {
		cfg := DefaultConfig()
		cfg.Workers, cfg.Bypass, cfg.TCP.Depth = 1, Bypass{c.bypass, map[string]bool{c.encrypted: true}}, c.depth
		e, eve := replay(t, cfg, "../testdata/captures/"+c.capture)
		if n := counter(e, "flow_bypassed.local_pkts"); (n > 0) != c.bypassed || strings.Contains(eve, `"bypass":"local"`) != c.bypassed {
			t.Errorf("%+v: %d packets bypassed", c, n)
		}
		if c.records != "" && !strings.Contains(eve, `"event_type":"`+c.records+`"`) {
			t.Errorf("%+v: no record of %s", c, c.records)
		}
	}
}

// TestRulesDecideOnFlows wants rules to end the work on a flow, or its records, from where they match.
func TestRulesDecideOnFlows(t *testing.T) {
	for name, c := range map[string]struct {
		rules               string
		urls                string // of the records
		alerts, flows       int
		bypassed, untracked uint64
		flow                string // of its record
	}{
		"nothing":         {`alert http any any -> any any (http.uri; content:"/t"; sid:1;)`, "/one /two /three", 2, 1, 0, 0, `"state":"closed","reason"`},
		"bypass":          {`alert http any any -> any any (http.uri; content:"/t"; bypass; sid:1;)`, "/one /two", 1, 1, 5, 0, `"state":"bypassed","bypass":"local","reason":"shutdown","alerted":true,"tx_cnt"`},
		"no log, message": {`config http any any -> any any (http.uri; content:"/two"; config:logging disable, type tx, scope tx; sid:1;)`, "/one /three", 0, 1, 0, 0, ""},
		"no log, flow":    {`config http any any -> any any (http.uri; content:"/two"; config:logging disable, type tx, scope flow; sid:1;)`, "/one", 0, 1, 0, 0, ""},
		"untracked":       {`config tcp:pre_flow any any <> any 7777 (config:tracking disable, type flow, scope packet; sid:1;)`, "", 0, 0, 0, 11, ""},
		"other port":      {`config tcp:pre_flow any any <> any 7778 (config:tracking disable, type flow, scope packet; sid:1;)`, "/one /two /three", 0, 1, 0, 0, ""},
	} {
		cfg := withRules(t, c.rules, nil)
		cfg.Workers = 1
		e, eve := run(t, cfg, &frames{list: threeRequests().out})
		var urls []string
		count := map[string]int{}
		for line := range strings.Lines(eve) {
			_, kind, _ := strings.Cut(line, `"event_type":"`)
			kind, _, _ = strings.Cut(kind, `"`)
			count[kind]++
			switch kind {
			case "http":
				_, url, _ := strings.Cut(line, `"url":"`)
				url, _, _ = strings.Cut(url, `"`)
				urls = append(urls, url)
			case "flow":
				if !strings.Contains(line, c.flow) {
					t.Errorf("%s: want %s in %s", name, c.flow, line)
				}
			}
		}
		if got := strings.Join(urls, " "); got != c.urls || count["alert"] != c.alerts || count["flow"] != c.flows {
			t.Errorf("%s: records of %q, %d alerts, %d flows; want %q, %d, %d", name, got, count["alert"], count["flow"], c.urls, c.alerts, c.flows)
		}
		if got := counter(e, "flow_bypassed.local_pkts"); got != c.bypassed {
			t.Errorf("%s: %d packets were bypassed, want %d", name, got, c.bypassed)
		}
		if got := counter(e, "flow.untracked"); got != c.untracked {
			t.Errorf("%s: %d packets were untracked, want %d", name, got, c.untracked)
		}
	}
}
