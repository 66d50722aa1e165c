package lua

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// data is stream.data of a flow.
func (r *rig) data(f *dissect.Flow, dir dissect.Dir, old, fresh string) {
	r.fire("stream.data", &dissect.Env{Time: f.Last, Flow: f, Dir: dir, Data: []byte(old + fresh), New: len(old)})
}

func ended(n byte, flags uint8) *dissect.Flow {
	f := testFlow(n)
	f.State = dissect.FlowClosed
	f.TCPFlags = [2]uint8{flags, flags}
	return f
}

func TestPynidsExample(t *testing.T) {
	text, err := os.ReadFile("testdata/sniff.lua")
	if err != nil {
		t.Fatal(err)
	}
	r := load(t, Options{}, string(text)).ok()
	a, b := testFlow(1), testFlow(2)
	r.data(a, dissect.ToServer, "", "GET / HTTP/1.0\r\n")
	r.data(b, dissect.ToServer, "", "POST")
	r.data(a, dissect.ToServer, "GET / HTTP/1.0\r\n", "\r\n") // a window: the first bytes are old
	r.data(a, dissect.ToClient, "", "HTTP/1.0 200 OK")
	r.fire("flow.end", &dissect.Env{Time: 9e9, Flow: ended(1, packet.FIN)})
	r.rt.Exit()
	r.noProblems()
	want := "pid-less, and running\n" +
		"new connection from 10.0.0.1:40000 to 192.0.2.1:80\nnew connection from 10.0.0.2:40000 to 192.0.2.1:80\n" +
		"to server: GET / HTTP/1.0\r\n\r\n\nto client: HTTP/1.0 200 OK\n" +
		"to server: POST\nto client: \n" + "done\n"
	if got := r.printed(); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	if p := r.rt.NidsParams(); p["scan_num_hosts"] != 0.0 {
		t.Error(p)
	}
}

func TestTcpStreamStates(t *testing.T) {
	r := load(t, Options{}, `
nids.register_tcp(function(tcp)
  local s = tcp.server
  print(tcp.nids_state, s.count, s.count_new, s.offset, s.data)
  if tcp.nids_state == nids.JUST_EST then s.collect = 1 end
  if tcp.nids_state == nids.DATA and s.count == 6 then tcp:discard(2) end
end)`).ok()
	f := testFlow(1)
	r.data(f, dissect.ToServer, "", "abc")
	r.data(f, dissect.ToServer, "", "def") // discard(2): "f" stays
	r.data(f, dissect.ToServer, "", "ghi")
	r.data(f, dissect.ToClient, "", "not collected")
	r.fire("flow.end", &dissect.Env{Time: 9e9, Flow: ended(1, packet.RST)})
	r.fire("flow.end", &dissect.Env{Time: 9e9, Flow: ended(1, packet.RST)}) // told already
	r.noProblems()
	want := "1\t0\t0\t0\t\n2\t3\t3\t0\tabc\n2\t6\t3\t3\tdef\n2\t9\t3\t5\tfghi\n4\t9\t0\t9\t\n"
	if got := r.printed(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// tcpSub is the subscription that DeliverTCP wants.
func (r *rig) tcpSub(n int) int {
	for _, s := range r.rt.Subscriptions() {
		if s.Kind == SubTCP && s.Event == dissect.EvStreamData {
			if n--; n < 0 {
				return s.ID
			}
		}
	}
	r.t.Fatal("no handler of TCP")
	return -1
}

// tcp tells the n-th handler what happened to a connection.
func (r *rig) tcp(n int, ev TCPEvent, f *dissect.Flow, dir dissect.Dir, data string) {
	s := r.pool.Take(dissect.EvStreamData, r.schema, &dissect.Env{Time: 1e9, Flow: f, Dir: dir, Data: []byte(data)})
	defer s.Release()
	r.rt.DeliverTCP(r.tcpSub(n), ev, s)
}

// TestEngineTellsStates: with DeliverTCP, connections without data are told, and ends at once.
func TestEngineTellsStates(t *testing.T) {
	r := load(t, Options{}, `nids.register_tcp(function(tcp)
  print(tcp.nids_state, tcp.addr[1][1])
  tcp.client.collect = tcp.addr[1][1] ~= "10.0.0.3"
end)`).ok()
	r.tcp(0, TCPEstablished, testFlow(1), 0, "")
	r.tcp(0, TCPClosed, testFlow(1), 0, "")
	r.tcp(0, TCPEstablished, testFlow(3), 0, "") // collects nothing: is told no more
	r.tcp(0, TCPData, testFlow(3), 0, "x")
	r.tcp(0, TCPReset, testFlow(3), 0, "")
	r.tcp(0, TCPTimedOut, testFlow(4), 0, "")
	r.tcp(0, TCPExiting, testFlow(5), 0, "")
	r.fire("flow.end", &dissect.Env{Time: 9e9, Flow: ended(1, packet.FIN)})
	r.fire("flow.end", &dissect.Env{Time: 100e9, Flow: testFlow(2)}) // never seen before: both
	want := "1\t10.0.0.1\n3\t10.0.0.1\n1\t10.0.0.3\n1\t10.0.0.4\n5\t10.0.0.4\n1\t10.0.0.5\n6\t10.0.0.5\n1\t10.0.0.2\n5\t10.0.0.2\n"
	if got := r.printed(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestHandlersCollectForThemselves: each handler of register_tcp has its own streams and sees all states.
func TestHandlersCollectForThemselves(t *testing.T) {
	const handler = `nids.register_tcp(function(tcp)
  tcp.server.collect = true
  if tcp.nids_state == nids.DATA then print(NAME, tcp.server.data) if KEEP then tcp:discard(0) end end
end)`
	keep := strings.NewReplacer("NAME", `"keeps"`, "KEEP", "true").Replace(handler)
	drop := strings.NewReplacer("NAME", `"drops"`, "KEEP", "false").Replace(handler)
	r := load(t, Options{}, keep+"\n"+drop).ok()
	for _, data := range []string{"a", "b"} {
		for n := range 2 {
			r.tcp(n, TCPData, testFlow(1), dissect.ToServer, data)
		}
	}
	r.noProblems()
	if got, want := r.printed(), "keeps\ta\ndrops\ta\nkeeps\tab\ndrops\tb\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestUrgentBytes(t *testing.T) {
	r := load(t, Options{}, `nids.register_tcp(function(tcp)
  local s = tcp.server
  s.collect, s.collect_urg = true, true
  print(tcp.nids_state, s.count_new, s.count_new_urg, s.urgdata == "\0" and "" or s.urgdata, s.data)
end)`).ok()
	r.tcp(0, TCPData, testFlow(1), dissect.ToServer, "ab")
	r.tcp(0, TCPUrgent, testFlow(1), dissect.ToServer, "!")
	r.tcp(0, TCPData, testFlow(1), dissect.ToServer, "cd")
	r.noProblems()
	if got, want := r.printed(), "1\t0\t0\t\t\n2\t2\t0\t\tab\n2\t0\t1\t!\t\n2\t2\t0\t!\tcd\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestArguments(t *testing.T) {
	r := load(t, Options{Args: []string{"80", "--all"}}, `print(#nids.args, nids.args[1], nids.args[2], nids.args[3])`).ok()
	if got, want := r.printed(), "2\t80\t--all\tnil\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestChecksumRules(t *testing.T) {
	r := load(t, Options{}, `nids.chksum_ctl { { "10.1.0.0/16", true }, { "192.0.2.7", false }, { "0.0.0.0/0", false } }`).ok()
	var got strings.Builder
	for _, c := range r.rt.ChecksumRules() {
		fmt.Fprint(&got, c.Prefix, c.Check, " ")
	}
	if want := "10.1.0.0/16 true 192.0.2.7/32 false 0.0.0.0/0 false ::/0 false "; got.String() != want {
		t.Errorf("%q, want %q", got.String(), want)
	}
}

func TestNidsNext(t *testing.T) {
	r := load(t, Options{}, `
local n = 0
nids.register_udp(function(addrs, payload, pkt) n = n + 1 print("udp", addrs[1][1], addrs[2][2], payload) end)
while nids.next() == 1 do print("next", n) end
print("end", n)`).ok()
	f := testFlow(1)
	f.Key.Proto = packet.ProtoUDP
	for range 2 {
		r.data(f, dissect.ToServer, "", "x")
	}
	r.rt.Exit()
	r.noProblems()
	if got, want := r.printed(), "udp\t10.0.0.1\t80\tx\nnext\t1\nudp\t10.0.0.1\t80\tx\nnext\t2\nend\t2\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestNidsParams(t *testing.T) {
	for script, want := range map[string]string{
		`nids.param("n_tcp_stream")`:                         "did you mean n_tcp_streams?",
		`nids.param("n_tcp_streams", "many")`:                "must be a number",
		`nids.param("device", 3)`:                            "must be a string",
		`nids.param("n_hosts", 1.5)`:                         "whole number",
		`nids.init() nids.param("n_hosts", 1)`:               "before nids.init",
		`nids.getfd()`:                                       "no descriptor",
		`nids.chksum_ctl { { "10.0.0.0/99", true } }`:        "neither an address nor a prefix",
		`nids.register_tcp(1)`:                               "function expected",
		`assert(nids.param("device") == nil)`:                "",
		`assert(nids.param("queue_limit") == 20000)`:         "",
		`nids.param("filename", "x.pcap") nids.init()`:       "",
		`nids.on("http.request", function() nids.run() end)`: "",
	} {
		r := load(t, Options{}, script)
		got := ""
		if len(r.list) > 0 {
			got = r.list[0].Msg
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", script, got, want)
		}
	}
}

// TestStreamsAreBounded: connections and their data have caps.
func TestStreamsAreBounded(t *testing.T) {
	r := load(t, Options{Limits: Limits{StringBytes: 1000}}, `
nids.register_tcp(function(tcp)
  tcp.server.collect = true
  tcp:discard(0)
end)`).ok()
	f := testFlow(1)
	for range 30 {
		r.data(f, dissect.ToServer, "", strings.Repeat("x", 100))
	}
	n := r.rt.vms[0].libnids.tcp[0]
	if n.bytes != 1000 || !n.streams[1].halves[1].cut {
		t.Errorf("%d bytes", n.bytes)
	}
	n.face.max = 10
	for i := byte(1); i < 100; i++ {
		r.data(testFlow(i), dissect.ToServer, "", "x")
	}
	if len(n.streams) > 10 {
		t.Errorf("%d streams", len(n.streams))
	}
	r.noProblems()
}
