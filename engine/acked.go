package engine

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/flowtable"
)

// What comes of a TCP stream is found as soon as its bytes are there, and reported at once to
// all outputs but one: the EVE log names the packet that Suricata names. That is the one that acknowledges
// the bytes, for a message; and for an alert the next one behind it in the direction of the
// bytes. So these records wait here, a few packets at most. Those for which no such packet
// comes are written at the end of the flow. With stream.inline nothing waits, as in Suricata.

// Caps of what waits; what is over them is written at once.
const (
	maxWaiting      = 256                         // records of one flow
	maxWaitingBytes = 64 << 20 / flowtable.Shards // of one shard, whoever works on it
)

// waiting are the records of one flow that wait.
type waiting struct{ items []waitingItem }

// waitingItem is one record, and what it waits for. Directions are the connection's, which do
// not change when the flow's ends are swapped.
type waitingItem struct {
	body  eve.Body
	alert *alert.Alert // nil for other records
	certs *shownCerts  // body.Message are certificates to be stored; they wait like alerts
	until uint64       // stream offset behind the bytes that led to it
	dir   dissect.Dir  // of those bytes
	from  dissect.Dir  // of the record
	acked bool         // they are acknowledged: an alert waits for the next packet of dir
}

func (i *waitingItem) size() int {
	return len(i.body.Message) + len(i.body.Tail) + 128
}

// streamPlace is where in a stream a handler of the reassembler is at work.
type streamPlace struct {
	on    bool
	dir   dissect.Dir // of the connection
	until uint64
}

// at notes where in a stream the worker is, for the records that come of it.
func (w *worker) at(dir dissect.Dir, until uint64) { w.place = streamPlace{true, dir, until} }

// waits tells whether EVE records of the event at hand must wait for its bytes' acknowledgement.
func (w *worker) waits(f *flowtable.Flow) bool {
	return w.place.on && f != nil && w.pkt != nil && !w.cfg.TCP.Inline && !f.Conn.Async() && w.waitingBytes[flowtable.ShardOf(f.Hash)] < maxWaitingBytes &&
		(f.Waiting == nil || len(f.Waiting.(*waiting).items) < maxWaiting)
}

// wait keeps a record of the event at hand.
func (w *worker) wait(f *flowtable.Flow, from dissect.Dir, body eve.Body, a *alert.Alert) {
	list, _ := f.Waiting.(*waiting)
	if list == nil {
		list = w.spareWaiting()
		f.Waiting = list
	}
	list.items = append(list.items, waitingItem{body: body, alert: a, until: w.place.until, dir: w.place.dir, from: f.ConnDir(from)})
	w.waitingBytes[flowtable.ShardOf(f.Hash)] += list.items[len(list.items)-1].size()
}

// keepBody is how much memory of a record that waited is kept for others.
const keepBody = 4 << 10

// body gives memory for a record that is going to wait.
func (w *worker) body() []byte {
	n := len(w.bodies)
	if n == 0 {
		return make([]byte, 0, 512)
	}
	b := w.bodies[n-1]
	w.bodies = w.bodies[:n-1]
	return b
}

func (w *worker) recycleBody(b []byte) {
	if cap(b) > 0 && cap(b) <= keepBody && len(w.bodies) < maxSpareWaiting {
		w.bodies = append(w.bodies, b[:0])
	}
}

func (w *worker) spareWaiting() *waiting {
	n := len(w.spare)
	if n == 0 {
		return &waiting{}
	}
	list := w.spare[n-1]
	w.spare = w.spare[:n-1]
	return list
}

// acknowledged writes the records that have waited for packet p of connection direction dir.
func (w *worker) acknowledged(f *flowtable.Flow, p *packet.Packet, dir dissect.Dir) {
	list := f.Waiting.(*waiting)
	kept := list.items[:0]
	for i := range list.items {
		it := &list.items[i]
		due := false
		if it.dir == dir {
			due = it.acked
		} else if !it.acked && f.Conn.Acked(it.dir) >= it.until {
			it.acked = true
			due = it.alert == nil && it.certs == nil
		}
		if due {
			w.release(f, it, p)
		} else {
			kept = append(kept, *it)
		}
	}
	clear(list.items[len(kept):])
	list.items = kept
	if len(kept) == 0 {
		w.forget(f)
	}
}

// releaseAll writes all records that wait, at the end of the flow.
func (w *worker) releaseAll(f *flowtable.Flow) {
	list, _ := f.Waiting.(*waiting)
	if list == nil {
		return
	}
	for i := range list.items {
		w.release(f, &list.items[i], nil)
	}
	clear(list.items)
	list.items = list.items[:0]
	w.forget(f)
}

const maxSpareWaiting = 256

func (w *worker) forget(f *flowtable.Flow) {
	list := f.Waiting.(*waiting)
	f.Waiting = nil
	if len(w.spare) < maxSpareWaiting {
		w.spare = append(w.spare, list)
	}
}

// release writes one record: an alert's only if the ordered stage has let the alert pass.
func (w *worker) release(f *flowtable.Flow, it *waitingItem, p *packet.Packet) {
	w.waitingBytes[flowtable.ShardOf(f.Hash)] -= it.size()
	if it.certs != nil {
		w.shown(f, it.body.Message, it.certs, p)
		return
	}
	buf, at := w.eve.Late(w.lines(), &it.body, &f.Flow, f.ConnDir(it.from), p, w.now, payloadOf(f, it.dir))
	w.recycleBody(it.body.Message)
	it.body.Message = nil
	if it.alert == nil {
		w.line(buf)
		return
	}
	w.tagSession(it.alert.Rule, f)
	w.out.records = append(w.out.records, record{stamp: w.stamp, serial: w.serial, line: w.wrote(buf), alert: it.alert, at: at, late: true})
}

// lateAlert writes the EVE record of an alert that was raised before, for itself and for the
// sequences that it completed, if they were reported.
func (o *ordered) lateAlert(line []byte, at [2]int, a *alert.Alert, stamp uint64) {
	for _, r := range a.Reported {
		if r == a.Rule {
			o.tags.begin(a, stamp)
			o.write(o.withGeo(line, a))
		} else {
			o.write(o.withGeo(o.encoder.Other(line, at, r.Rule), a))
		}
	}
}

// unacknowledged notes that a protocol was recognised by bytes that are to be acknowledged yet.
func (w *worker) unacknowledged(f *flowtable.Flow) {
	f.AppUnacked = w.place.on && w.pkt != nil && !w.cfg.TCP.Inline && !f.Conn.Async()
	f.AppDir, f.AppUntil = w.place.dir, w.place.until
}
