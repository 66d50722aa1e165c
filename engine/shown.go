package engine

import (
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine/flowtable"
)

// shown are, by direction of the connection, the bytes of a stream that alerts show as their payload: what came since the
// last packet at which all was acknowledged, as Suricata keeps its segments. Missing bytes are told in words.
type shown struct {
	buf [2][]byte
	end [2]uint64 // stream offset behind them
}

const (
	maxShown      = 4 << 10 // bytes of a direction, where the payload's size is not bounded otherwise
	maxShownBytes = 1 << 20 // of one shard
)

// show keeps bytes of a stream for the payload of alerts.
func (w *worker) show(f *flowtable.Flow, dir dissect.Dir, off uint64, data []byte) {
	s, _ := f.Shown.(*shown)
	if s == nil {
		if w.shownBytes[flowtable.ShardOf(f.Hash)] >= maxShownBytes {
			return
		}
		s = &shown{}
		f.Shown = s
	}
	most := w.cfg.EVEOptions.Alerts.PayloadBuffer
	if most <= 0 {
		most = maxShown
	}
	n := len(s.buf[dir])
	s.buf[dir] = append(s.buf[dir], data[:min(len(data), max(0, most-n))]...)
	s.end[dir] = off
	w.shownBytes[flowtable.ShardOf(f.Hash)] += len(s.buf[dir]) - n
}

// showGap tells of missing bytes.
func (w *worker) showGap(f *flowtable.Flow, dir dissect.Dir, off uint64, n int) {
	var text [48]byte
	b := append(strconv.AppendInt(append(text[:0], '['), int64(n), 10), " bytes missing]"...)
	w.show(f, dir, off, b)
}

// inspected forgets what is shown of a direction once a packet of it comes and all was acknowledged.
func (w *worker) inspected(f *flowtable.Flow, dir dissect.Dir) {
	if s, _ := f.Shown.(*shown); s != nil && len(s.buf[dir]) > 0 && f.Conn.Acked(dir) >= s.end[dir] {
		w.shownBytes[flowtable.ShardOf(f.Hash)] -= len(s.buf[dir])
		s.buf[dir] = s.buf[dir][:0]
	}
}

// unshow gives the memory back at the end of a flow.
func (w *worker) unshow(f *flowtable.Flow) {
	if s, _ := f.Shown.(*shown); s != nil {
		w.shownBytes[flowtable.ShardOf(f.Hash)] -= len(s.buf[0]) + len(s.buf[1])
		f.Shown = nil
	}
}

// payloadOf is what the alerts of a direction show, nil where it is not kept.
func payloadOf(f *flowtable.Flow, dir dissect.Dir) []byte {
	if s, _ := f.Shown.(*shown); s != nil {
		return s.buf[dir]
	}
	return nil
}
