package lua

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"net/netip"
)

// TestEntriesAreSmall: what a store's entry takes is what it is counted with, and no more than is stated in docs/operate.md.
func TestEntriesAreSmall(t *testing.T) {
	const n = 20000
	for _, c := range []struct {
		name, value string
		use         string
		most        int64
	}{
		{"number", "0", "s:incr(f)", 200},
		{"distinct", `function() return nids.distinct("1h", 128) end`, "s:get(f):add(80)", 400},
		{"counter", `function() return nids.counter("30m") end`, "s:get(f):add()", 400},
		{"series", `function() return nids.series(2048) end`, "s:get(f):push(f.time, 1)", 400},
		{"two objects", `function() return { nids.distinct("1h"), nids.trw() } end`, "s:get(f)[1]:add(1)", 700},
	} {
		r := load(t, Options{}, fmt.Sprintf(`local s = nids.store { key = "src.ip, dst.ip", max = 1e6, value = %s }
nids.on("flow.end", function(f) %s end)`, c.value, c.use)).ok()
		id, _ := r.schema.EventByName("flow.end")
		before := heap()
		for i := range n {
			f := testFlow(1)
			f.Key.Src = packet.FromNetip(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
			s := r.pool.Take(id, r.schema, &dissect.Env{Time: 5e9, Flow: f})
			r.rt.Deliver(0, s)
			s.Release()
		}
		r.noProblems()
		v := r.rt.vms[0]
		v.measure()
		took, counted := int64(heap()-before)/n, v.stores[0].bytes()/n
		t.Logf("%s: %d bytes an entry, counted with %d", c.name, took, counted)
		if took > c.most || counted < took*3/4 {
			t.Errorf("%s: %d bytes an entry, counted with %d; want at most %d, and to be counted", c.name, took, counted, c.most)
		}
		runtime.KeepAlive(r)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
