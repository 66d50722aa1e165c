package engine

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine/flowtable"
)

// windowBytes is how much of a stream's past is kept for rules whose match straddles segments.
const windowBytes = 2048

// windows hands out the memory of stream windows and takes it back. What a shard may have is
// bounded, so that the bound does not depend on the number of workers; a stream that gets none
// is judged segment by segment.
type windows struct {
	max     int // windows of one shard
	used    [flowtable.Shards]int
	free    [][]byte
	refused uint64 // windows that were not kept
	joined  []byte // a window and new data together, while rules are judged
}

// get gives memory for a window of a shard, nil at the cap.
func (p *windows) get(shard int) []byte {
	if p.used[shard] >= p.max {
		p.refused++
		return nil
	}
	p.used[shard]++
	if n := len(p.free); n > 0 {
		b := p.free[n-1]
		p.free = p.free[:n-1]
		return b
	}
	return make([]byte, 0, windowBytes)
}

// release empties a window and takes its memory back.
func (p *windows) release(win *flowtable.Window, shard int) {
	if win.Buf != nil {
		p.used[shard]--
		p.free = append(p.free, win.Buf[:0])
		win.Buf = nil
	}
}

// seen is what rules are to see of a stream: new bytes together with the end of what was before,
// as in dissect.Env.
type seen struct {
	Data    []byte
	DataOff uint64
	New     int
}

// join puts new bytes behind the window.
func (w *worker) join(f *flowtable.Flow, dir dissect.Dir, off uint64, data []byte) {
	win := &f.Window[dir]
	w.seen = seen{data, off, 0}
	if n := len(win.Buf); n > 0 && win.End == off {
		w.windows.joined = append(append(w.windows.joined[:0], win.Buf...), data...)
		w.seen = seen{w.windows.joined, off - uint64(n), n}
	}
}

// inspect judges stream rules on what join has put together.
func (w *worker) inspect(f *flowtable.Flow, dir dissect.Dir, off uint64, data []byte) {
	win := &f.Window[dir]
	w.setEnv(f, dir)
	e := &w.env
	e.Carry = &win.Carry
	e.Data, e.DataOff, e.New = w.seen.Data, w.seen.DataOff, w.seen.New
	seen := e.Data
	w.match(dissect.EvStreamData, e)
	if w.rules.bare {
		return
	}
	if win.Buf == nil {
		win.Buf = w.windows.get(flowtable.ShardOf(f.Hash))
	}
	win.End = off + uint64(len(data))
	if win.Buf != nil {
		win.Buf = append(win.Buf[:0], seen[max(0, len(seen)-windowBytes):]...)
	}
}
