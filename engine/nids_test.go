package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lua"
)

// printing is a host that keeps what scripts print.
type printing struct {
	*ScriptHost
	out strings.Builder
}

func (p *printing) Print(text string) { p.out.WriteString(text) }

func (p *printing) Problem(x lua.Problem) { fmt.Fprintf(&p.out, "PROBLEM %s\n", x) }

// runScript runs a script on a capture and gives what it printed.
func runScript(t *testing.T, script, capture string, workers int) string {
	t.Helper()
	cfg := DefaultConfig()
	schema, err := NewSchema(&cfg.EVEOptions)
	if err != nil {
		t.Fatal(err)
	}
	host := &printing{ScriptHost: NewScriptHost(t.Logf)}
	rt, problems := lua.Load(schema, []lua.Source{{Name: "a.lua", Text: script}}, lua.Options{Host: host})
	for _, p := range problems {
		t.Fatal(p)
	}
	filters, err := rt.FilterRules()
	if err != nil {
		t.Fatal(err)
	}
	var rules []*ir.Rule
	for _, f := range filters {
		rules = append(rules, f.Rule)
	}
	prog, _ := match.Compile(schema, rules, match.Options{NoWarnings: true})
	cfg.Workers, cfg.Schema, cfg.Program, cfg.Scripts, cfg.ScriptHost = workers, schema, prog, rt, host.ScriptHost
	cfg.ChecksumRules = rt.ChecksumRules()
	if _, err := Replay(context.Background(), cfg, capture); err != nil {
		t.Fatal(err)
	}
	return host.out.String()
}

// TestNidsFace: streams, datagrams and packets reach the libnids face, whatever the number of workers; filtered and
// plain handlers of one event are called in the order in which they registered.
func TestNidsFace(t *testing.T) {
	for _, c := range []struct {
		name, capture, script string
		want                  []string
	}{
		{"streams", "tcp_loss.pcap", `
local states = {}
nids.register_tcp(function(tcp)
  states[tcp.nids_state] = (states[tcp.nids_state] or 0) + 1
  if tcp.nids_state == nids.JUST_EST then tcp.client.collect = true end
  if tcp.nids_state == nids.CLOSE then print(tcp.addr[2][2], tcp.client.count > 0, tcp.server.count) end
end)
nids.on("exit", function() print(states[nids.JUST_EST] .. " begun", states[nids.CLOSE] .. " closed", states[nids.DATA] > 10) end)`,
			[]string{"80\ttrue\t0\n", "4 begun\t4 closed\ttrue\n"}},
		{"packets", "fragments.pcap", `
local udp, ip, frag, last = 0, 0, 0, 0
nids.register_udp(function(addrs, payload, packet) udp = udp + 1 last = math.max(last, #payload) end)
nids.register_ip(function(packet) ip = ip + 1 end)
nids.register_ip_frag(function(packet) frag = frag + 1 end)
nids.on("exit", function() print(udp > 0, ip > 0, frag > ip, last) end)`,
			[]string{"true\ttrue\ttrue\t8000\n"}},
		{"order", "http_browse.pcap", `
local order = {}
nids.on("http.request", 'http.uri contains "index"', function() order[#order + 1] = 1 end)
nids.on("http.request", function() order[#order + 1] = 2 end)
nids.on("http.request", 'http.method == "GET"', function() order[#order + 1] = 3 end)
nids.on("exit", function() print(order[1], order[2], order[3], order[4], order[5]) end)`,
			[]string{"1\t2\t3\t2\t3\n"}},
	} {
		first := runScript(t, c.script, "../testdata/captures/"+c.capture, 1)
		for _, w := range c.want {
			if !strings.Contains(first, w) {
				t.Errorf("%s: %q is not in %q", c.name, w, first)
			}
		}
		for _, workers := range []int{2, 8} {
			if got := runScript(t, c.script, "../testdata/captures/"+c.capture, workers); got != first {
				t.Errorf("%s: %d workers: %q, one: %q", c.name, workers, got, first)
			}
		}
	}
}
