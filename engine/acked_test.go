package engine

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lang/suricata"
)

// withRules gives a configuration with rules of Suricata's syntax; files are what they name.
func withRules(t *testing.T, rules string, files map[string]string) Config {
	t.Helper()
	cfg := DefaultConfig()
	cfg.CheckChecksums = false
	schema, err := NewSchema(&cfg.EVEOptions)
	if err != nil {
		t.Fatal(err)
	}
	list, skipped := suricata.Load(schema, "test.rules", []byte(rules), suricata.Options{ReadFile: func(name string) ([]byte, error) {
		if s, ok := files[name]; ok {
			return []byte(s), nil
		}
		return nil, os.ErrNotExist
	}})
	if len(skipped) > 0 {
		t.Fatal(skipped)
	}
	cfg.Schema = schema
	cfg.Program, _ = match.Compile(schema, list, match.Options{})
	return cfg
}

// told lists records of some types as "type packet source", in order.
func told(t *testing.T, eve string, types string) string {
	var out []string
	for line := range strings.Lines(eve) {
		var r struct {
			Type string `json:"event_type"`
			Num  int    `json:"pcap_cnt"`
			Src  string `json:"pkt_src"`
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		if strings.Contains(types, r.Type) {
			out = append(out, fmt.Sprint(r.Type, " ", r.Num, " ", r.Src))
		}
	}
	return strings.Join(out, ", ")
}

const (
	ackFlag  = 0x10
	pushFlag = 0x18
	getRoot  = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	okEmpty  = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
)

// TestRecordsWaitForAcknowledgement: messages are told with the packet that acknowledges them, alerts
// with the next one of their direction, and what nobody acknowledges at the end.
func TestRecordsWaitForAcknowledgement(t *testing.T) {
	const rules = `alert http any any -> any any (http.method; content:"GET"; sid:1;)`
	for _, tt := range []struct {
		name   string
		inline bool
		after  func(c *tcpConn) // packet 4 is the request
		want   string
	}{
		{"acknowledged", false, func(c *tcpConn) {
			c.frame(false, ackFlag, "")
			c.frame(false, pushFlag, okEmpty)
			c.frame(true, ackFlag, "")
		}, "alert 7 wire/pcap, http 7 wire/pcap"},
		{"never acknowledged", false, func(*tcpConn) {}, "http 0 stream (flow timeout), alert 0 stream (flow timeout)"},
		{"inline", true, func(c *tcpConn) { c.frame(false, pushFlag, okEmpty) }, "alert 4 wire/pcap, http 5 wire/pcap"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &tcpConn{host: 1, port: 2000}
			c.open()
			c.frame(true, pushFlag, getRoot)
			tt.after(c)
			cfg := withRules(t, rules, nil)
			cfg.TCP.Inline = tt.inline
			e, eve := run(t, cfg, &frames{list: c.out, step: 1e6})
			if got := told(t, eve, "alert http"); got != tt.want {
				t.Errorf("told %s, want %s", got, tt.want)
			}
			if n := counter(e, "detect.alert"); n != 1 {
				t.Errorf("%d alerts, want 1", n)
			}
		})
	}
}

// TestSuppressedAlertIsNotTold: a threshold that holds an alert back holds its late record back as well.
func TestSuppressedAlertIsNotTold(t *testing.T) {
	c := &tcpConn{host: 1, port: 2000}
	c.open()
	for range 3 {
		c.frame(true, pushFlag, getRoot)
		c.frame(false, pushFlag, okEmpty)
	}
	c.frame(true, ackFlag, "")
	cfg := withRules(t, `alert http any any -> any any (http.method; content:"GET"; threshold:type limit, track by_src, count 1, seconds 60; sid:1;)`, nil)
	_, eve := run(t, cfg, &frames{list: c.out, step: 1e6})
	if got := told(t, eve, "alert"); got != "alert 6 wire/pcap" {
		t.Errorf("told %q, want one alert, at packet 6", got)
	}
}

// TestPacketsKnowAcknowledgedProtocol: a packet is of a protocol once the bytes that show it are acknowledged.
func TestPacketsKnowAcknowledgedProtocol(t *testing.T) {
	c := &tcpConn{host: 1, port: 2000}
	c.open()
	c.frame(true, pushFlag, getRoot)
	c.frame(false, ackFlag, "")
	c.frame(true, ackFlag, "")
	cfg := withRules(t, `alert http any any -> any any (sid:1;)`, nil)
	_, eve := run(t, cfg, &frames{list: c.out, step: 1e6})
	if got := told(t, eve, "alert"); got != "alert 5 wire/pcap, alert 6 wire/pcap" {
		t.Errorf("told %s", got)
	}
}

func TestTaggedPacketsAreTold(t *testing.T) {
	for rule, want := range map[string]string{
		`flags:S; tag:session,2,packets;`:   "alert 1 wire/pcap, packet 2 wire/pcap, packet 3 wire/pcap",
		`flags:S; tag:host,1,packets,src;`:  "alert 1 wire/pcap, packet 2 wire/pcap",
		`flags:S; tag:host,40,bytes,dst;`:   "alert 1 wire/pcap",
		`flags:S; tag:session,60,seconds;`:  "alert 1 wire/pcap, packet 2 wire/pcap, packet 3 wire/pcap, packet 4 wire/pcap, packet 5 wire/pcap, packet 6 wire/pcap, packet 7 wire/pcap",
		`flags:SA; tag:session,99,packets;`: "alert 2 wire/pcap, packet 3 wire/pcap, packet 4 wire/pcap, packet 5 wire/pcap, packet 6 wire/pcap, packet 7 wire/pcap",
		// Of a stream from the packet on with which Suricata raises the alert.
		`flow:only_stream; content:"hello"; tag:session,99,packets;`:  "alert 6 wire/pcap, packet 7 wire/pcap",
		`flow:only_stream; content:"hello"; tag:host,99,packets,src;`: "alert 6 wire/pcap, packet 7 wire/pcap",
	} {
		for workers := 1; workers <= 2; workers++ {
			c := &tcpConn{host: 1, port: 2000}
			c.open()
			c.frame(true, pushFlag, "hello")
			c.frame(false, ackFlag, "")
			c.frame(true, pushFlag, "you")
			c.frame(false, ackFlag, "")
			cfg := withRules(t, "alert tcp any any -> any any ("+rule+" sid:1;)", nil)
			cfg.Workers = workers
			_, eve := run(t, cfg, &frames{list: c.out, step: 1e6})
			if got := told(t, eve, "alert packet"); got != want {
				t.Errorf("%s, %d workers: told %s, want %s", rule, workers, got, want)
			}
		}
	}
}

// TestAlertsTellWhatRulesFound: the object of a JSON data set, a captured group, and an entropy.
func TestAlertsTellWhatRulesFound(t *testing.T) {
	c := &tcpConn{host: 1, port: 2000}
	c.open()
	c.frame(true, pushFlag, getRoot)
	c.frame(false, ackFlag, "")
	c.frame(true, ackFlag, "")
	cfg := withRules(t, `alert http any any -> any any (http.host; dataset:isset,bad,type string,load bad.json,format json,value_key name.host,context_key bad_host,remove_key; sid:1;)
alert http any any -> any any (http.protocol; pcre:"/^HTTP.([0-9.]+)/, flow:version"; entropy: value < 8; sid:2;)
`, map[string]string{"bad.json": `[{"name": {"host": "b"}, "n": 1}, {"name": {"host": "a"}, "n": 2}, {"name": {"host": "a"}, "n": 3}]`})
	_, eve := run(t, cfg, &frames{list: c.out, step: 1e6})
	for _, want := range []string{`"context":{"bad_host":{"n":2,"name":{}}}`, `"flowvars":[{"version":"1.1"}]`, `"entropy":{"http_protocol":2.5}`} {
		if !strings.Contains(eve, want) {
			t.Errorf("no %s in\n%s", want, eve)
		}
	}
}

// TestPayloadTellsOfGaps: an alert shows what came of the stream until it is written, missing bytes in words.
func TestPayloadTellsOfGaps(t *testing.T) {
	c := &tcpConn{host: 1, port: 2000}
	c.open()
	c.frame(true, pushFlag, "VERY")
	c.seq += 4
	c.frame(true, pushFlag, "DATA")
	cfg := withRules(t, `alert tcp-stream any any -> any any (content:"VERY"; sid:1;)`, nil)
	cfg.EVEOptions.Alerts.PayloadPrintable = true
	_, eve := run(t, cfg, &frames{list: c.out, step: 1e6})
	if want := `"payload_printable":"VERY[4 bytes missing]DATA","stream":1`; !strings.Contains(eve, want) {
		t.Errorf("no %s in\n%s", want, eve)
	}
}
