package dissecttest

import "runtime"

// Kept is how much memory a parser holds, bytes, when a flow is over and it waits for the next one: the engine keeps a thousand of them. use sends what
// takes most.
func Kept(fresh func() *Recorder, use func(r *Recorder)) int {
	const parsers = 8
	var all [parsers]*Recorder
	for i := range all {
		all[i] = fresh()
		all[i].Quiet = true
	}
	before := heap()
	for _, r := range all {
		use(r)
		r.Restart()
		r.Lines, r.Records, r.Files = nil, nil, nil
	}
	after := heap()
	runtime.KeepAlive(all)
	return (after - before) / parsers
}

func heap() int {
	runtime.GC()
	runtime.GC() // what was in pools goes at the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
