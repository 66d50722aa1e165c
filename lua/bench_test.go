package lua

import (
	"testing"

	"github.com/luanids/luanids/dissect"
)

func benchEvent(b *testing.B, name, script string, e *dissect.Env) {
	r := load(b, Options{}, script).ok()
	id, _ := r.schema.EventByName(name)
	s := r.pool.Take(id, r.schema, e)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		r.rt.Deliver(0, s)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	for _, p := range r.host.Problems {
		b.Fatalf("%s\n%s", p, p.Trace)
	}
}

func requestEnv() *dissect.Env {
	return &dissect.Env{Time: 5e9, Flow: testFlow(1), Tx: &message{URI: []byte("/index.html?a=1"), Method: "GET"}}
}

func BenchmarkEmptyCallback(b *testing.B) {
	benchEvent(b, "http.request", `nids.on("http.request", function(ev) end)`, requestEnv())
}

func BenchmarkFieldRead(b *testing.B) {
	benchEvent(b, "http.request", `nids.on("http.request", function(ev) local x = ev.http.uri end)`, requestEnv())
}

func BenchmarkAddressRead(b *testing.B) {
	benchEvent(b, "http.request", `nids.on("http.request", function(ev) local x = ev.src.ip end)`, requestEnv())
}

func BenchmarkStoreUpdate(b *testing.B) {
	benchEvent(b, "http.request", `local s = nids.store { key = "src.ip, dst.ip, dst.port", ttl = "1h" }
nids.on("http.request", function(ev) s:incr(ev) end)`, requestEnv())
}

func BenchmarkSeriesPush(b *testing.B) {
	benchEvent(b, "flow.end", `local s = nids.store { key = "src.ip, dst.ip", ttl = "1h", value = function() return nids.series(2048) end }
nids.on("flow.end", function(flow) s:get(flow):push(flow.start, flow.bytes_to_server) end)`, &dissect.Env{Time: 5e9, Flow: testFlow(1)})
}

func BenchmarkStreamData(b *testing.B) {
	data := make([]byte, 1460)
	b.SetBytes(int64(len(data)))
	benchEvent(b, "stream.data", `local n = 0 nids.on("stream.data", function(ev) n = n + #ev.data end)`,
		&dissect.Env{Time: 5e9, Flow: testFlow(1), Data: data})
}

// BenchmarkStreamDataLibnids is the same through the libnids face.
func BenchmarkStreamDataLibnids(b *testing.B) {
	data := make([]byte, 1460)
	b.SetBytes(int64(len(data)))
	benchEvent(b, "stream.data", `nids.register_tcp(function(tcp)
  if tcp.nids_state == nids.JUST_EST then tcp.server.collect = true
  elseif tcp.nids_state == nids.DATA then local x = tcp.server.count_new end
end)`, &dissect.Env{Time: 5e9, Flow: testFlow(1), Data: data})
}

// BenchmarkSpikes is a count that is held against a baseline in steps, by key.
func BenchmarkSpikes(b *testing.B) {
	benchEvent(b, "flow.end", `local s = nids.spikes { key = "server.ip", every = "10s", floor = 100 }
nids.on("flow.end", function(flow) s:add(flow) end)`, &dissect.Env{Time: 5e9, Flow: testFlow(1)})
}

func BenchmarkSnapshot(b *testing.B) {
	s := testSchema(b, false)
	p, e := NewPool(), requestEnv()
	id, _ := s.EventByName("http.request")
	b.ReportAllocs()
	for range b.N {
		p.Take(id, s, e).Release()
	}
}

// TestEventsAllocateLittle: an event is one object; a read allocates nothing but a new string.
func TestEventsAllocateLittle(t *testing.T) {
	for _, c := range []struct {
		script string
		most   float64
	}{
		{`nids.on("http.request", function(ev) end)`, 1},
		{`nids.on("http.request", function(ev) local a, b, c = ev.http.uri, ev.src.ip, ev.dst.port end)`, 1},
		{`local s = nids.store { key = "src.ip, http.uri" } nids.on("http.request", function(ev) s:incr(ev) end)`, 2},
	} {
		r := load(t, Options{}, c.script).ok()
		id, _ := r.schema.EventByName("http.request")
		s := r.pool.Take(id, r.schema, requestEnv())
		if n := testing.AllocsPerRun(2000, func() { r.rt.Deliver(0, s) }); n > c.most {
			t.Errorf("%s: %v allocations, want at most %v", c.script, n, c.most)
		}
	}
}
