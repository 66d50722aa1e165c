package testrun

import (
	"errors"
	"strings"
	"testing"

	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/langtest"
)

func run(t *testing.T, text string, opts Options) *Report {
	t.Helper()
	opts.Load.Files = map[string][]byte{"d/x.nids": []byte(text)}
	rep, err := Run(langtest.Schema(), []string{"d/x.nids"}, opts)
	if err != nil {
		t.Fatal(err)
	}
	if rep.Diagnostics.Errors() > 0 {
		t.Fatal(rep.Diagnostics)
	}
	return rep
}

// TestMessages plays messages of many kinds; every case says what must come of it.
func TestMessages(t *testing.T) {
	rep := run(t, `
rule PKT { when tcp and dst.port == 4444 and tcp.syn and not tcp.ack_flag and src.ip in 198.51.100.0/24 }
test PKT {
  packet { src.ip 198.51.100.7, dst.port 4444, tcp.flags 0x02 } alerts 1
  packet { src.ip 198.51.100.7, dst.port 4444, tcp.flags 0x12 } alerts 0
  packet { src.ip 10.0.0.7, dst.port 4444, tcp.syn true, tcp.ack_flag false } alerts 0
}
rule ICMP { when icmp and icmp.type == 8 and payload has ["abcd"] }
test ICMP { packet { icmp true, icmp.type 8, payload "xxabcd" } alerts 1  packet { icmp true, icmp.type 0, payload "abcd" } alerts 0 }
rule V6 { when udp and src.ip in 2001:db8::/32 and dst.port == 53 and payload has ["x"] }
test V6 { stream.data { udp true, src.ip 2001:db8::7, dst.port 53, payload "x" } alerts 1 }
rule STREAM { when tcp and payload has ["two parts"] }
test STREAM { stream.data { payload "in two parts" } alerts 1 }
rule RESP { when http.method == "GET" and http.stat_code == 500 and to_client and src.port == 80 }
test RESP { http.response { method "GET", stat_code 500 } alerts 1  http.request { method "GET" } alerts 0 }
rule BODY { when http.request_body contains "evil" }
test BODY { http.request { request_body "so evil" } alerts 1 }
rule NOBODY { when http.method == "POST" and not http.request_body contains "ok" }
test NOBODY { http.request_done { method "POST", request_body "bad" } alerts 1  http.request_done { method "POST", request_body "ok" } alerts 0 }
rule HDR { when http.request.headers["X-Id"] == "7" }
test HDR { http.request { request.headers["X-Other"] "8", request.headers["x-id"] "7" } alerts 1  http.request { request.headers["X-Other"] "7" } alerts 0 }
rule DNS { when all dns.answers.ttl < 10 and dns.answers.rrname == "b" }
test DNS { dns.response { answers.ttl {5, 6}, answers.rrname {"a", "b"} } alerts 1  dns.response { answers.ttl {5, 60}, answers.rrname {"a", "b"} } alerts 0 }
rule FILE { when file.name endswith ".exe" and file.size > 1kB }
test FILE { file { file.name "a.exe", file.size 2kB } alerts 1  file { file.name "a.exe", file.size 100 } alerts 0 }
rule FLAG { when http.path == "/a"  set flow.flag("a")  noalert }
rule AFTER { when flow.flag("a") and http.path == "/b" }
test AFTER { http.request { path "/a" } then http.request { path "/b" } alerts 1  http.request { path "/b" } alerts 0 }
rule WINDOW { when http.path == "/w"  threshold 3 in 10s by src.ip }
test WINDOW {
  3 of http.request { path "/w" } every 1s alerts 1
  3 of http.request { path "/w" } every 9s alerts 0
  3 of http.request { path "/w", src.ip 10.0.0.1..10.0.0.3 } every 1s alerts 0
  2 of http.request { path "/w" } then http.request { path "/w" } after 1m alerts 0
}
rule NAMES { when http.path == "/n3" }
test NAMES { 5 of http.request { path "/n$n" } alerts 1 }
sequence SEQ by client.ip within 5m { a: http.path == "/login" and http.request  then not http.response within 30s }
test SEQ { http.request { path "/login" } alerts 1  http.request { path "/login" } then http.response { stat_code 200 } alerts 0 }
`, Options{})
	if len(rep.Results) < 25 {
		t.Errorf("only %d cases ran", len(rep.Results))
	}
	for i := range rep.Results {
		if !rep.Results[i].OK() {
			t.Error(rep.Results[i].String())
		}
	}
	if strings.Join(rep.Untested, " ") != "" {
		t.Errorf("untested: %v", rep.Untested)
	}
}

func TestFailuresAndCaptures(t *testing.T) {
	var asked string
	rep := run(t, "rule A { when http.path == \"/a\" }\nrule B { when http.path == \"/b\" }\n"+
		"test A {\n  http.request { path \"/b\" } alerts 1\n  pcap \"../x.pcap\" alerts 2\n  pcap \"y.pcap\" alerts 0\n}\n",
		Options{Pcap: func(capture, rule string) (int, error) {
			if asked += capture + " " + rule + "\n"; strings.HasSuffix(capture, "y.pcap") {
				return 0, errors.New("no such file")
			}
			return 2, nil
		}})
	if rep.Failed != 2 || len(rep.Results) != 3 || strings.Join(rep.Untested, " ") != "B" || asked != "x.pcap A\nd/y.pcap A\n" {
		t.Errorf("%+v, asked %q", rep, asked)
	}
	if got := rep.Results[0].String(); got != "d/x.nids:4: A on http.request: 0 alerts, wanted 1" {
		t.Error(got)
	}
	rep = run(t, "rule A { when tcp and dst.port == 1 }\ntest A { pcap \"x.pcap\" alerts 2 }\n", Options{Load: lang.Options{}})
	if len(rep.Results) != 0 {
		t.Errorf("a capture without an engine: %+v", rep.Results)
	}
}
