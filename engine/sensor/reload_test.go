package sensor

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/capture"
)

// always are rules of every kind that nobody edits. What they find must not depend on what happens to the others.
const always = `
rule ALW-HTTP "A page" { when http.path startswith "/" evidence http.method, http.uri }
rule ALW-ANSWER "The answer to a request" { when http.method == "GET" and http.stat_code == 200 }
rule ALW-POST "Posted" { when http.method == "POST" set flow.flag("posted") noalert }
rule ALW-AFTER "An answer after a POST of the flow" { when flow.flag("posted") and http.stat_code > 0 }
rule ALW-BODY "A word in a page" { when http.response_body contains "html" nocase }
rule ALW-STREAM "Bytes over segments" { when tcp and payload has ["HTTP/1.1 ", "Server: " distance 0] }
rule ALW-DNS "A question" { when exists(dns.query) evidence dns.query }
rule ALW-MANY "Many requests" { when http.method == "GET" threshold 20 in 60s by client.ip }
rule ALW-LIMIT "Now and then" { when tcp.syn and not tcp.ack_flag threshold limit 3 in 60s by src.ip }
rule ALW-COUNT "Counted by host" { when http.stat_code == 404 set host.counter("missing", client.ip) += 1 for 1h noalert }
rule ALW-SEEN "A hundred pages that do not exist" { when http.stat_code == 404 and host.counter("missing", client.ip) > 100 }
rule ALW-LONG "Asked of a script" { when is_long(http.uri, 12) }
rule ALW-FLAGGED "Behind what a script has flagged" { when http.method == "GET" and flow.flag("by-script") }
rule ALW-HOST "Of a host that a script has flagged" { when http.method == "POST" and host.flag("marked", client.ip) }
sequence ALW-SEQ "Asked, then looked up" by client.ip within 60s { a: 5 of http.method == "GET" b: exists(dns.query) }
`

const detector = `
local d = nids.detector { id = "LUA-%[1]s", title = "Every tenth request" }
local n = nids.store { name = "n", key = "client.ip", max = 1000 }
nids.on("http.request", function(ev)
  local c = n:incr(ev)
  if c %% 10 == 0 then d:alert(ev, 1, { count = c }) end
end)
`

// plain counts in a variable of its own, which only a script has that was not loaded again.
const plainLua = `
local d = nids.detector { id = "LUA-PLAIN", title = "Every tenth answer" }
local n = 0
nids.predicate("is_long", { "string", "int" }, function(s, n) return #s > n end)
nids.on("http.request", 'http.uri contains "index"', function(ev) ev:set_flag("by-script") nids.set_host_flag(ev.src.ip, "marked", "1h") end)
nids.on("http.response", "http.stat_code == 200", function(ev)
  n = n + 1
  if n % 10 == 0 then d:alert(ev, 1, { count = n }) end
end)
`

func soakFiles() map[string]string {
	return map[string]string{
		"luanids.yaml": `
rules: { files: [rules] }
scripts: { files: [scripts] }
intel: { feeds: [feeds] }
alert_manager: { dedup: { window: 0s }, correlation: { threshold: 0 }, rate: { alerts: 0 } }
`,
		"rules/always.nids":    always,
		"rules/edited.nids":    edited(0),
		"rules/words.txt":      "first.example\n",
		"rules/more.rules":     `alert http any any -> any any (msg:"imported"; http.method; content:"GET"; sid:7; rev:1;)` + "\n",
		"scripts/plain.lua":    plainLua,
		"scripts/parallel.lua": strings.ReplaceAll(fmt.Sprintf(detector, "PARALLEL"), "local d", "nids.parallel()\nlocal d"),
		"scripts/edited.lua":   fmt.Sprintf(detector, "EDITED"),
		"feeds/ips.txt":        "203.0.113.1\n",
	}
}

func edited(version int) string {
	return fmt.Sprintf(`
list words of string from "words.txt"
rule EDIT-WORD "A word of a list" { when http.host in words or http.path == "/version-%d" }
rule EDIT-%d "Comes and goes" { when http.method == "GET" set flow.flag("edit-%d") }
`, version, version%3, version%5)
}

// edit is something that people do to files while the engine runs, and what they should hear of it.
type edit struct {
	do   func(u *setup, round int)
	hear string
}

func edits() []edit {
	return []edit{
		{func(u *setup, n int) { u.write("rules/edited.nids", edited(n+1)) }, "rules "},
		{func(u *setup, n int) { u.replace("rules/edited.nids", edited(n+2)) }, "rules "},
		{func(u *setup, n int) {
			u.write("rules/edited.nids", "\nrule BROKEN \"x\" { when http.pth == \"x\" }\n")
		},
			"nothing was reloaded: DIR/rules/edited.nids:2: unknown field http.pth"},
		{func(u *setup, n int) { u.replace("rules/edited.nids", edited(n+1)) }, "rules "},
		{func(u *setup, n int) {
			u.replace("rules/words.txt", fmt.Sprintf("first.example\nword-%d.example\n", n))
		}, "reloaded in"},
		{func(u *setup, n int) {
			u.write("scripts/edited.lua", fmt.Sprintf("-- %d\n", n)+fmt.Sprintf(detector, "EDITED"))
		}, "scripts "},
		{func(u *setup, n int) { u.write("scripts/edited.lua", "\nlocal x = = 1\n") }, "nothing was reloaded: DIR/scripts/edited.lua:2: syntax error"},
		{func(u *setup, n int) {
			u.replace("scripts/edited.lua", fmt.Sprintf("-- mended %d\n", n)+fmt.Sprintf(detector, "EDITED"))
		}, "scripts "},
		{func(u *setup, n int) { u.write("scripts/a_new_one.lua", fmt.Sprintf(detector, "NEW")) }, "scripts 3 -> 4 (+1)"},
		{func(u *setup, n int) { u.remove("scripts/a_new_one.lua") }, "scripts 4 -> 3 (-1)"},
		{func(u *setup, n int) {
			u.replace("feeds/ips.txt", fmt.Sprintf("203.0.113.1\n198.51.100.%d\n", n%200+1))
		}, "intel "},
		{func(u *setup, n int) { u.replace("feeds/broken.json", "{") }, "nothing was reloaded: DIR/feeds/broken.json"},
		{func(u *setup, n int) { u.remove("feeds/broken.json") }, "reloaded in"},
		{func(u *setup, n int) {
			u.replace("luanids.yaml", soakFiles()["luanids.yaml"]+fmt.Sprintf("suppression: [ { rule_id: 'EDIT-*', reason: 'round %d' } ]\n", n))
		}, "settings suppression"},
		{func(u *setup, n int) { u.replace("luanids.yaml", "\nrulez: {}\n") }, "nothing was reloaded: DIR/luanids.yaml:2: unknown setting rulez"},
		{func(u *setup, n int) { u.replace("luanids.yaml", soakFiles()["luanids.yaml"]) }, "settings suppression"},
		{func(u *setup, n int) {
			u.replace("rules/more.rules", `alert http any any -> any any (msg:"imported"; http.method; contant:"GET"; sid:7; rev:2;)`+"\n")
		},
			"nothing was reloaded: DIR/rules/more.rules:1"},
		{func(u *setup, n int) {
			u.replace("rules/more.rules", soakFiles()["rules/more.rules"]+fmt.Sprintf("# %d\n", n))
		}, "reloaded in"},
		{func(u *setup, n int) { u.remove("rules/edited.nids") }, "rules "},
		{func(u *setup, n int) { u.write("rules/edited.nids", edited(n)) }, "rules "},
	}
}

var soakCaptures = []string{"http_browse.pcap", "web_attacks.pcap.gz", "dns_lookup.pcap", "http_pipeline.pcap", "http_load.pcap.gz",
	"tcp_loss.pcap", "http_encodings.pcap", "dir_bruteforce.pcap", "eicar_http.pcap", "apt_like.pcap.gz", "http_ipv6.pcap", "smtp_mail.pcap"}

// TestReloadWhileReplaying edits, replaces, breaks and mends all that there is a hundred times while traffic is
// replayed in (ten times) real time, and compares with a run in which nobody touches anything.
func TestReloadWhileReplaying(t *testing.T) {
	rounds := 100
	if testing.Short() {
		rounds = 2 * len(edits())
	}
	packets := traffic(t, 10*time.Second, soakCaptures...)
	for _, workers := range []int{1, 2} {
		t.Run(fmt.Sprintf("workers=%d", workers), func(t *testing.T) {
			before := runtime.NumGoroutine()
			passes, got, stats := soak(t, workers, packets, rounds)
			_, want, calm := soak(t, workers, packets, -passes)
			for _, c := range []string{"capture.packets", "capture.bytes", "decoder.pkts", "flow.total", "flow.tcp", "flow.udp", "tcp.sessions",
				"tcp.reassembly_gap", "app_layer.tx.http", "app_layer.tx.dns_udp", "detect.internal_errors", "app_layer.pending_overflow"} {
				if stats[c] != calm[c] {
					t.Errorf("%s: %d, and %d where nobody reloads", c, stats[c], calm[c])
				}
			}
			if stats["capture.packets"] != uint64(passes*len(packets)) || stats["decoder.pkts"] != stats["capture.packets"] {
				t.Errorf("%d packets were read and %d decoded, of %d", stats["capture.packets"], stats["decoder.pkts"], passes*len(packets))
			}
			for id := range want {
				if strings.HasPrefix(id, "EDIT") || id == "LUA-NEW" {
					continue
				}
				if !slices.Equal(got[id], want[id]) {
					t.Errorf("%s: %s", id, difference(got[id], want[id]))
				}
			}
			for _, id := range []string{"ALW-HTTP", "ALW-AFTER", "ALW-BODY", "ALW-STREAM", "ALW-DNS", "ALW-MANY", "ALW-LIMIT", "ALW-SEEN", "ALW-SEQ",
				"ALW-LONG", "ALW-FLAGGED", "ALW-HOST",
				"LUA-PLAIN", "LUA-EDITED", "LUA-PARALLEL", "7"} {
				if len(want[id]) == 0 {
					t.Errorf("%s never alerts: the test tests nothing", id)
				}
			}
			if len(got["EDIT-0"])+len(got["EDIT-1"])+len(got["EDIT-2"]) == 0 {
				t.Error("no rule that was edited alerts")
			}
			for range 50 { // the last goroutines end after the run
				if runtime.NumGoroutine() <= before+1 {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			if n := runtime.NumGoroutine(); n > before+1 {
				t.Errorf("%d goroutines, %d before", n, before)
			}
		})
	}
}

func difference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("%d alerts, want %d; number %d is\n%s, want\n%s", len(got), len(want), i, got[i], want[i])
		}
	}
	return fmt.Sprintf("%d alerts, want %d", len(got), len(want))
}

// soak runs with so many edits, at ten times the speed; or, if negative, so many passes of the traffic at
// full speed without any.
func soak(t *testing.T, workers int, packets []capture.Packet, rounds int) (passes int, alerts map[string][]string, counters map[string]uint64) {
	u := newSetup(t, soakFiles())
	s, h := u.start(workers)
	var src capture.Source
	if rounds < 0 {
		passes = -rounds
		src = newLoop(packets, passes)
		if err := s.Run(t.Context(), src); err != nil {
			t.Fatal(err)
		}
	} else {
		l := newLoop(packets, 1<<30)
		var err error
		if src, err = capture.Pace(l, 10); err != nil {
			t.Fatal(err)
		}
		stop := background(t, s.Watch)
		ran := make(chan error, 1)
		go func() { ran <- s.Run(context.Background(), src) }()
		list := edits()
		for i := range rounds {
			e := &list[i%len(list)]
			e.do(u, i)
			h.want(t, strings.ReplaceAll(e.hear, "DIR", u.dir))
			if st := s.Stats(); st.Packets == 0 && i > 50 {
				t.Fatal("counters do not count")
			}
		}
		passes = l.finish()
		if err := <-ran; err != nil {
			t.Fatal(err)
		}
		stop()
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	counters = map[string]uint64{}
	for _, c := range s.Stats().Counters {
		counters[c.Name] = c.Value
	}
	return passes, h.alerts, counters
}
