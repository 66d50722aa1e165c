package engine

import (
	"encoding/json"
	"strings"
	"testing"
)

// records gives the records of a type, as parsed JSON.
func records(t *testing.T, eve, kind string) (list []map[string]any) {
	t.Helper()
	for line := range strings.Lines(eve) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if r["event_type"] == kind {
			list = append(list, r)
		}
	}
	return list
}

// member gives a record's member by its dotted path as JSON, "" for none; a number is an index.
func member(rec map[string]any, path string) string {
	var v any = rec
	for part := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[part]
		case []any:
			if len(x) == 0 || part != "0" {
				return ""
			}
			v = x[0]
		default:
			return ""
		}
	}
	if v == nil {
		return ""
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// formConn is a request with a body, and its response.
func formConn() *tcpConn {
	c := &tcpConn{host: 1, port: 2000}
	c.open()
	c.frame(true, 0x18, "POST /form HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 10.9.8.7\r\nContent-Length: 7\r\n\r\nuser=\x01b")
	c.frame(false, 0x18, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; a=b\r\nContent-Length: 5\r\n\r\nhello")
	c.frame(true, 0x11, "")
	c.frame(false, 0x11, "")
	return c
}

// TestMembersOfAlerts wants members of alert records that only some rules and settings bring.
func TestMembersOfAlerts(t *testing.T) {
	const rules = `alert http any any -> any any (http.uri; content:"/form"; flowint:seen,=,3; flowbits:set,marked; noalert; sid:1;)
reject http any any -> any any (http.stat_code; content:"200"; pcre:"/(?P<pkt_code>2..)/"; target:dest_ip; sid:2;)
rejectboth http any any -> any any (http.stat_code; content:"200"; sid:3;)
rejectdst udp any any -> any any (sid:4;)
alert http any any -> any any (http.stat_code; content:"200"; filestore; sid:5;)
`
	cfg := withRules(t, rules, nil)
	cfg.FileStore = FileStore{Dir: t.TempDir(), MaxSize: 1 << 20}
	if err := cfg.FileStore.Prepare(); err != nil {
		t.Fatal(err)
	}
	a := &cfg.EVEOptions.Alerts
	a.HTTPBody, a.HTTPBodyPrint, a.Verdict = true, true, true
	udp := append([]byte(nil), formConn().out[0]...)
	udp[23] = 17
	udp[38], udp[39] = 0, 20
	_, eve := run(t, cfg, &frames{list: append(formConn().out, udp), step: 1e6})
	alerts := map[string]map[string]any{}
	for _, r := range records(t, eve, "alert") {
		alerts[member(r, "alert.signature_id")] = r
	}
	for _, x := range []struct{ sid, path, want string }{
		{"2", "alert.action", `"blocked"`},
		{"2", "verdict", `{"action":"alert","reject":["tcp-reset"],"reject-target":"to_client"}`},
		{"2", "alert.target.port", "2000"},
		{"2", "alert.source.port", "7777"},
		{"2", "metadata.flowints", `{"seen":3}`},
		{"2", "metadata.pktvars", `[{"code":"200"}]`},
		{"2", "metadata.flowbits", `["marked"]`},
		{"2", "http.xff", `"10.9.8.7"`},
		{"2", "http.http_request_body", `"dXNlcj0BYg=="`},
		{"2", "http.http_request_body_printable", `"user=.b"`},
		{"3", "verdict.reject-target", `"both"`},
		{"4", "verdict", `{"action":"alert","reject":["icmp-prohib"],"reject-target":"to_server"}`},
		{"5", "alert.action", `"allowed"`},
		{"5", "verdict", `{"action":"alert"}`},
	} {
		if got := member(alerts[x.sid], x.path); got != x.want {
			t.Errorf("rule %s: %s is %s, want %s", x.sid, x.path, got, x.want)
		}
	}
	for _, r := range records(t, eve, "fileinfo") {
		want := ""
		if member(r, "fileinfo.size") == "5" { // the response's: the request's file was over when the rule asked
			want = "[5]"
		}
		if got := member(r, "fileinfo.sid"); got != want || member(r, "http.http_request_body") != "" {
			t.Errorf("sid is %s, want %s; %v", got, want, r)
		}
	}
	for _, r := range records(t, eve, "flow") {
		if got := member(r, "metadata.flowints.seen"); member(r, "proto") == `"TCP"` && got != "3" {
			t.Errorf("flow record: flowints.seen is %s, want 3", got)
		}
	}
}

// TestFramesTellWhereTheyBegin: requests that segments divide at any place, and what a message of several frames has in them.
func TestFramesTellWhereTheyBegin(t *testing.T) {
	const requests = "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /bb HTTP/1.1\r\nHost: x\r\n\r\n"
	for cut := 1; cut < len(requests); cut += 9 {
		c := &tcpConn{host: 1, port: 2000}
		c.open()
		c.frame(true, 0x18, requests[:cut])
		c.frame(true, 0x18, requests[cut:])
		c.frame(false, 0x18, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		cfg := withRules(t, "", nil)
		cfg.EVEOptions.Protocols = map[string]bool{"frame": true}
		_, eve := run(t, cfg, &frames{list: c.out, step: 1e6})
		var got []string
		for _, r := range records(t, eve, "frame") {
			got = append(got, member(r, "frame.direction")+" "+member(r, "frame.stream_offset")+"+"+member(r, "frame.length"))
		}
		if want := `"toserver" 0+28, "toserver" 28+29, "toclient" 0+38`; strings.Join(got, ", ") != want {
			t.Errorf("cut at %d: %v, want %s", cut, got, want)
		}
	}
}

// TestFlowWithoutSession: of packets that belong to no connection, the flow's record tells the flags alone, as in Suricata.
func TestFlowWithoutSession(t *testing.T) {
	c := &tcpConn{host: 1, port: 2000, seq: 5, ack: 9}
	c.frame(true, 0x18, "data")
	e, eve := run(t, withRules(t, "", nil), &frames{list: c.out, step: 1e6})
	for _, r := range records(t, eve, "flow") {
		if member(r, "tcp.tcp_flags") != `"18"` || member(r, "tcp.state") != "" || member(r, "tcp.ts_max_regions") != "" {
			t.Errorf("tcp is %s", member(r, "tcp"))
		}
	}
	if n := counter(e, "flow.end.tcp_state.none"); n != 0 {
		t.Errorf("flow.end.tcp_state.none is %d: a flow without a session has no state", n)
	}
}

// TestFilesOfAlerts: an alert on a body tells of its file as far as it came, that it is being stored, and which rules asked for that.
func TestFilesOfAlerts(t *testing.T) {
	c := &tcpConn{host: 1, port: 2000}
	c.open()
	c.frame(true, 0x18, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
	c.frame(false, 0x18, "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\nMZ"+strings.Repeat("a", 98))
	c.frame(false, 0x18, strings.Repeat("b", 200))
	const rules = `alert http any any -> any any (flow:to_client; file.data; content:"MZa"; filestore; sid:7;)
alert http any any -> any any (flow:to_client; http.response_body; content:"aaa"; sid:8;)
`
	for _, rule := range []bool{true, false} {
		cfg := withRules(t, rules, nil)
		cfg.EVEOptions.Alerts.RuleMetadata = rule
		cfg.FileStore = FileStore{Dir: t.TempDir(), MaxSize: 1 << 20}
		if err := cfg.FileStore.Prepare(); err != nil {
			t.Fatal(err)
		}
		_, eve := run(t, cfg, &frames{list: c.out, step: 1e6})
		list := records(t, eve, "alert")
		if len(list) != 2 {
			t.Fatalf("%d alerts, want 2", len(list))
		}
		for _, r := range list {
			size, storing, sid := member(r, "files.0.size"), member(r, "files.0.storing"), member(r, "files.0.sid")
			asks := member(r, "alert.signature_id") == "7"
			if rule && (size == "0" || asks && (storing != "true" || sid != "[7]")) || !rule && size != "" {
				t.Errorf("metadata of rules %v: files is %s", rule, member(r, "files"))
			}
		}
	}
}

// TestAnomaliesShowPackets: the first 32 bytes of the packet, where that is set and anomalies of packets are written.
func TestAnomaliesShowPackets(t *testing.T) {
	frame := formConn().out[0]
	short := append([]byte(nil), frame...)
	short[17] = 10 // IP says that it is shorter than its header
	for _, on := range []bool{true, false} {
		cfg := withRules(t, "", nil)
		a := &cfg.EVEOptions.Anomalies
		a.Decode, a.PacketHdr = true, on
		_, eve := run(t, cfg, &frames{list: [][]byte{short, frame[:20]}, step: 1e6})
		list := records(t, eve, "anomaly")
		if len(list) != 2 {
			t.Fatalf("%d anomalies, want 2\n%s", len(list), eve)
		}
		for i, n := range []int{32, 20} {
			var shown []byte
			if err := json.Unmarshal([]byte(member(list[i], "packet")), &shown); on && (err != nil || len(shown) != n) || !on && err == nil {
				t.Errorf("set %v: packet %d is %s, want %d bytes", on, i, member(list[i], "packet"), n)
			}
		}
	}
}

// TestProxiedRecords: records of HTTP and of its files name the client behind the proxy, where that is set.
func TestProxiedRecords(t *testing.T) {
	for mode, want := range map[string]string{
		"overwrite":  `http "10.9.8.7"->"10.1.0.1" ; fileinfo "10.9.8.7"->"10.1.0.1" ; fileinfo "10.1.0.1"->"10.9.8.7" ; `,
		"extra-data": `http "10.0.0.1"->"10.1.0.1" "10.9.8.7"; fileinfo "10.0.0.1"->"10.1.0.1" "10.9.8.7"; fileinfo "10.1.0.1"->"10.0.0.1" "10.9.8.7"; `,
		"":           `http "10.0.0.1"->"10.1.0.1" ; fileinfo "10.0.0.1"->"10.1.0.1" ; fileinfo "10.1.0.1"->"10.0.0.1" ; `,
	} {
		cfg := withRules(t, "", nil)
		cfg.EVEOptions.Settings = map[string]string{"http.xff.enabled": "yes", "http.xff.mode": mode, "xff.enabled": "yes", "xff.mode": mode}
		if mode == "" {
			cfg.EVEOptions.Settings = nil
		}
		_, eve := run(t, cfg, &frames{list: formConn().out, step: 1e6})
		got := ""
		for _, kind := range []string{"http", "fileinfo"} {
			for _, r := range records(t, eve, kind) {
				got += kind + " " + member(r, "src_ip") + "->" + member(r, "dest_ip") + " " + member(r, "xff") + "; "
			}
		}
		if got = strings.ReplaceAll(got, "\\u003e", ">"); got != want {
			t.Errorf("mode %q: %s\nwant %s", mode, got, want)
		}
	}
}
