package engine

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestMidstreamPolicies holds flows without a handshake against the table of Suricata's guide (exception-policies.rst, IDS mode).
func TestMidstreamPolicies(t *testing.T) {
	const rules = `alert http any any -> any any (http.uri; content:"/t"; sid:1;)
alert tcp any any -> any any (content:"GET /one"; sid:2;)
alert ip any any -> any any (sid:3;)
`
	for _, c := range []struct {
		midstream       bool
		policy, flow    string // of the flow's record
		http            int    // records
		alerts          string // by sid
		counter, logged string
	}{
		{false, "ignore", "new", 0, "2:1 3:2", "", `[{"target":"stream_midstream","policy":"ignore"}]`},
		{true, "ignore", "closed", 3, "1:2 2:1 3:2", "", `[{"target":"stream_midstream","policy":"ignore"}]`},
		{false, "auto", "new", 0, "2:1 3:2", "", `[{"target":"stream_midstream","policy":"ignore"}]`},
		{true, "auto", "closed", 3, "1:2 2:1 3:2", "", `[{"target":"stream_midstream","policy":"ignore"}]`},
		{false, "pass-flow", "new pass", 0, "", "pass_flow=8 bypass=0 reject=0", `[{"target":"stream_midstream","policy":"pass_flow"}]`},
		{true, "pass-flow", "closed pass", 3, "", "pass_flow=1", `[{"target":"stream_midstream","policy":"pass_flow"}]`},
		{false, "bypass", "bypassed pass", 0, "", "pass_flow=0 bypass=1 reject=0", `[{"target":"stream_midstream","policy":"bypass"}]`},
		{false, "reject", "new", 0, "2:1 3:2", "pass_flow=0 bypass=0 reject=8", `[{"target":"stream_midstream","policy":"reject"}]`},
	} {
		cfg := withRules(t, rules, nil)
		p, err := ParsePolicy(c.policy)
		if err != nil {
			t.Fatal(err)
		}
		cfg.TCP.Midstream, cfg.Exceptions.Midstream, cfg.Workers = c.midstream, p, 1
		e, eve := run(t, cfg, &frames{list: threeRequests().out[3:]})
		http, alerts, flow, logged := 0, map[int]int{}, "", ""
		for line := range strings.Lines(eve) {
			var r struct {
				Type  string `json:"event_type"`
				Alert struct {
					SID int `json:"signature_id"`
				}
				Flow struct {
					State, Action string
					Exceptions    json.RawMessage `json:"exception_policy"`
				}
			}
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			switch r.Type {
			case "http":
				http++
			case "alert":
				alerts[r.Alert.SID]++
			case "flow":
				flow, logged = strings.TrimSpace(r.Flow.State+" "+r.Flow.Action), string(r.Flow.Exceptions)
			}
		}
		var list, counters []string
		for sid := 1; sid <= 3; sid++ {
			if alerts[sid] > 0 {
				list = append(list, fmt.Sprintf("%d:%d", sid, alerts[sid]))
			}
		}
		for _, n := range e.Counters() {
			if name, ok := strings.CutPrefix(n.Name, "exception_policy.tcp.midstream."); ok {
				counters = append(counters, fmt.Sprintf("%s=%d", name, n.Value))
			}
		}
		got := fmt.Sprint(flow, "; ", http, "; ", list, "; ", counters, "; ", logged)
		want := fmt.Sprint(c.flow, "; ", c.http, "; ", strings.Fields(c.alerts), "; ", strings.Fields(c.counter), "; ", c.logged)
		if got != want {
			t.Errorf("midstream %v, %s:\n got %s\nwant %s", c.midstream, c.policy, got, want)
		}
	}
}

// TestPoliciesThatMakeNoSense are refused at the start, as in Suricata.
func TestPoliciesThatMakeNoSense(t *testing.T) {
	for p := PolicyUnset; p < policyCount; p++ {
		for _, midstream := range []bool{false, true} {
			ok := p <= PolicyAuto || p == PolicyPassFlow || !midstream && (p == PolicyBypass || p == PolicyReject)
			cfg := DefaultConfig()
			cfg.TCP.Midstream, cfg.Exceptions.Midstream = midstream, p
			if _, err := New(cfg); (err == nil) != ok {
				t.Errorf("midstream %v, policy %q: %v", midstream, p, err)
			}
		}
	}
}

// TestParserErrorPolicies: what a parser that gives up means for the rest of its flow.
func TestParserErrorPolicies(t *testing.T) {
	c := &tcpConn{host: 1, port: 1022}
	c.open()
	c.frame(true, 0x18, "SSH-2.0-client\r\n")
	c.frame(false, 0x18, "SSH-2.0-server\r\n")
	c.frame(true, 0x18, "\xff\xff\xff\xff too long for SSH")
	c.frame(true, 0x18, "needle one\n")
	c.frame(true, 0x18, "needle two\n")
	for _, p := range []struct {
		policy, flow string
		alerts       int
	}{
		{"ignore", `"exception_policy":[{"target":"app_layer_error","policy":"ignore"}]`, 2},
		{"pass-flow", `"action":"pass"`, 0},
		{"drop-flow", `"action":"drop"`, 0},
		{"pass-packet", `"policy":"pass_packet"`, 2},
		{"bypass", `"bypass":"local"`, 0},
	} {
		cfg := withRules(t, `alert tcp any any -> any any (content:"needle"; sid:1;)`, nil)
		cfg.Workers, cfg.TCP.Inline = 1, true
		cfg.Exceptions.ParserError, _ = ParsePolicy(p.policy)
		cfg.Exceptions.PerProto = true
		e, eve := run(t, cfg, &frames{list: c.out})
		n := strings.Count(eve, `"signature_id":1,`)
		if n != p.alerts || !strings.Contains(eve, p.flow) {
			t.Errorf("%s: %d alerts, want %d and %s in\n%s", p.policy, n, p.alerts, p.flow, eve)
		}
		if name := strings.ReplaceAll(p.policy, "-", "_"); p.policy != "ignore" && counter(e, "app_layer.error.ssh.exception_policy."+name) != 1 {
			t.Errorf("%s is not counted by protocol", p.policy)
		}
	}
}
