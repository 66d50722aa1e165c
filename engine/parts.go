package engine

import (
	"math"
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/aged"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/lua"
)

// A client may fetch a file in parts, each over another connection (Content-Range, RFC 9110 section 14.4). The flows of the parts
// belong to any workers; so workers hand the bytes on as records, and the ordered stage puts the file together, in the order of
// packets and hence the same for any number of workers. A file that is complete is judged and logged there as a file of the flow
// that brought its last part, by a worker of its own that has no flows.

// PartsConfig bounds what is kept of files that come in parts.
type PartsConfig struct {
	// Memcap is for bytes that came before their turn, of all files together; 0 puts no files together.
	Memcap int
	// Timeout is how long a file waits for its next part, nanoseconds of packet time.
	Timeout int64
}

// DefaultParts gives the defaults; the timeout is Suricata's.
func DefaultParts() PartsConfig { return PartsConfig{Memcap: 32 << 20, Timeout: 60e9} }

// maxWholes is how many files are put together at a time; past it the one that got nothing for longest is given up.
const maxWholes = 256

// maxPieces is how many pieces of a file wait at a time, so that finding their places stays cheap; past it the file is given up. Programs
// that fetch in parts have a few dozen connections.
const maxPieces = 4096

// pieceCost is what a piece costs besides its bytes.
const pieceCost = 64

// filePart is a part of a file on its way to the ordered stage. What end is not, only one side touches.
type filePart struct {
	key      string
	at, size uint64
	came     uint64 // bytes of it so far; of the ordered stage
	end      *partEnd
}

// partEnd is where a part ended: what the whole is said to be of, if it is complete then.
type partEnd struct {
	flow flowtable.Flow
	pkt  packet.Packet
	tx   any
	spec *dissect.Spec
	name []byte
	txID uint64
	id   uint32
	dir  dissect.Dir
	now  int64
}

// usesParts tells whether anybody looks at files.
func (v *view) usesParts() bool {
	return v.cfg.Parts.Memcap > 0 && (v.gathers || v.eve != nil && v.eve.Options().Core[eve.Fileinfo] ||
		v.rules.wants[dissect.EvFile] || v.rules.wants[dissect.EvFileData])
}

// PartBegin implements dissect.Parts.
func (w *worker) PartBegin(f *dissect.File, key []byte, at, size uint64) dissect.Part {
	return &partWriter{w, &filePart{key: string(key), at: at, size: size}}
}

// partWriter implements dissect.Part.
type partWriter struct {
	w *worker
	p *filePart
}

// Write implements dissect.Part.
func (x *partWriter) Write(b []byte) {
	w := x.w
	line := w.wrote(append(w.lines(), b...))
	w.out.records = append(w.out.records, record{stamp: w.stamp, serial: w.serial, line: line, part: x.p})
}

// End implements dissect.Part.
func (x *partWriter) End(f *dissect.File) {
	w := x.w
	if w.flow == nil {
		return
	}
	end := &partEnd{spec: f.Proto, name: slices.Clone(f.Name), txID: f.TxID, id: f.ID, dir: f.Dir, now: w.now}
	end.flow.Flow = w.flow.Flow
	end.flow.Parser, end.flow.Vars, end.flow.MACs = nil, w.flow.Vars.Clone(), nil
	if w.pkt != nil {
		end.pkt = *w.pkt
	}
	if f.Proto != nil && f.Proto.Clone != nil && f.Tx != nil {
		end.tx = f.Proto.Clone(f.Tx)
	}
	last := &filePart{key: x.p.key, at: x.p.at, size: x.p.size, end: end} // the other is in use already
	w.out.records = append(w.out.records, record{stamp: w.stamp, serial: w.serial, part: last})
}

// joiner puts files together; it is the ordered stage's.
type joiner struct {
	e     *Engine
	files map[string]*whole
	used  aged.List[whole, *whole]
	kept  int     // bytes that wait
	w     *worker // made when first needed, and anew after a reload
	host  joinHost
	out   result
	stats joinStats
}

type joinStats struct{ parts, files, dropped, timedOut uint64 }

// joinHost keeps a file quiet until it is complete.
type joinHost struct {
	*worker
	loud bool
}

// FileEvent implements dissect.Host.
func (h *joinHost) FileEvent(e *dissect.Env, ended bool) {
	if h.loud {
		h.worker.FileEvent(e, ended)
	}
}

// whole is a file of which parts have come.
type whole struct {
	aged.Links[whole]
	key        string
	size, next uint64 // all before next is in f
	f          dissect.File
	waiting    []filePiece // what came before its turn, by offset
	last       int64
}

type filePiece struct {
	at   uint64
	data []byte
}

func (p *filePiece) end() uint64 { return p.at + uint64(len(p.data)) }

// take takes a record about a part: bytes, or its end.
func (j *joiner) take(o *ordered, rec *record, data []byte) {
	p := rec.part
	if p.end != nil {
		j.ended(o, rec)
		return
	}
	x := j.files[p.key]
	if x == nil || x.size != p.size {
		if x = j.begin(o, p); x == nil {
			return
		}
	}
	if p.came == 0 {
		j.stats.parts++
	}
	x.last = o.now
	j.used.Touch(x)
	at := p.at + p.came
	p.came += uint64(len(data))
	if at >= x.size {
		return
	}
	data = data[:min(uint64(len(data)), x.size-at)]
	if at > x.next {
		j.keep(x, at, data)
		return
	}
	if skip := x.next - at; skip < uint64(len(data)) {
		j.write(x, data[skip:])
		j.drain(x)
	}
}

// begin begins a file.
func (j *joiner) begin(o *ordered, p *filePart) *whole {
	if j.w == nil && !j.hire(o) {
		return nil
	}
	if old := j.files[p.key]; old != nil { // of another size: the resource was replaced
		j.drop(old)
	}
	if len(j.files) >= maxWholes {
		j.drop(j.used.Oldest())
		j.stats.dropped++
	}
	x := &whole{key: p.key, size: p.size}
	j.files[p.key] = x
	j.used.Add(x)
	j.w.ctx.OpenFile(&x.f, nil, nil)
	x.f.LookFrom(math.MaxInt, 0) // rules look at it once it is complete
	return x
}

// hire makes the worker that judges and logs.
func (j *joiner) hire(o *ordered) bool {
	w := j.e.newWorker(flowtable.Shards) // past the last: it has no shards
	cfg := *o.cfg
	if inWorkers(cfg.Scripts) {
		cfg.Scripts = nil // they have their state in the workers of the flows
	}
	v, err := j.e.newView(w, &cfg)
	if err != nil {
		o.warn("files in parts: %v", err)
		return false
	}
	w.setView(v)
	w.out, w.responder, w.ctx.Parts = &j.out, o.responder, nil
	j.host = joinHost{worker: w}
	w.ctx.Host = &j.host
	j.w = w
	if j.files == nil {
		j.files = map[string]*whole{}
	}
	return true
}

// inWorkers tells whether scripts have parts that run in the workers.
func inWorkers(rt *lua.Runtime) bool {
	return rt != nil && (len(rt.Predicates()) > 0 || slices.ContainsFunc(rt.Subscriptions(), func(s lua.Subscription) bool { return s.Parallel }))
}

func (j *joiner) write(x *whole, b []byte) {
	x.next += uint64(len(b))
	j.w.ctx.WriteFile(&x.f, b)
}

// keep keeps bytes that came before their turn.
func (j *joiner) keep(x *whole, at uint64, data []byte) {
	i := len(x.waiting)
	for i > 0 && x.waiting[i-1].at > at {
		i--
	}
	if i > 0 {
		switch before := &x.waiting[i-1]; {
		case before.end() >= at+uint64(len(data)):
			return
		case before.end() >= at: // it goes on
			data = data[before.end()-at:]
			before.data = append(before.data, data...)
			j.grown(len(data))
			return
		}
	}
	if len(x.waiting) == maxPieces {
		j.drop(x)
		j.stats.dropped++
		return
	}
	x.waiting = slices.Insert(x.waiting, i, filePiece{at, slices.Clone(data)})
	j.grown(len(data) + pieceCost)
}

// grown counts bytes that wait, and gives up files that got nothing for longest where there are too many.
func (j *joiner) grown(n int) {
	for j.kept += n; j.kept > j.w.cfg.Parts.Memcap; {
		x := j.used.Oldest()
		for x != nil && len(x.waiting) == 0 {
			x = x.Newer()
		}
		if x == nil {
			return
		}
		j.drop(x)
		j.stats.dropped++
	}
}

// drain writes what has its turn now.
func (j *joiner) drain(x *whole) {
	n := 0
	for ; n < len(x.waiting) && x.waiting[n].at <= x.next; n++ {
		p := &x.waiting[n]
		if skip := x.next - p.at; skip < uint64(len(p.data)) {
			j.write(x, p.data[skip:])
		}
		j.kept -= len(p.data) + pieceCost
	}
	if n > 0 {
		x.waiting = slices.Delete(x.waiting, 0, n)
	}
}

// drop forgets a file.
func (j *joiner) drop(x *whole) {
	for _, p := range x.waiting {
		j.kept -= len(p.data) + pieceCost
	}
	x.waiting = nil
	delete(j.files, x.key)
	j.used.Remove(x)
	j.w.ctx.CloseFile(&x.f, dissect.FileTruncated, "limit")
}

// ended closes, judges and logs the file of a part that has ended, if it is complete.
func (j *joiner) ended(o *ordered, rec *record) {
	end := rec.part.end
	x := j.files[rec.part.key]
	if x == nil || x.size != rec.part.size || x.next < x.size || j.w == nil {
		return
	}
	w, flow, pkt := j.w, &end.flow, &end.pkt
	if pkt.Data == nil {
		pkt = nil
	}
	w.pkt, w.flow, w.dir, w.stamp, w.serial, w.now = pkt, flow, end.dir, rec.stamp, rec.serial, end.now
	w.rules.seq = 1 << 15 // apart from the ids of the flow's own alerts
	w.setEnv(flow, end.dir)
	f := &x.f
	f.Name, f.Proto, f.Tx, f.TxID, f.ID, f.Dir = end.name, end.spec, end.tx, end.txID, end.id, end.dir
	j.host.loud = true
	w.guard.run(w, func(w *worker) { w.ctx.CloseFile(f, dissect.FileClosed, "") })
	j.host.loud = false
	w.flushAlerts()
	w.pkt, w.flow = nil, nil
	j.stats.files++
	j.drop(x)
	for i := range j.out.records {
		o.record(&j.out.records[i])
	}
	j.out = result{} // it is rare
}

// tick gives up files for which nothing has come for long.
func (j *joiner) tick(now int64) {
	for x := j.used.Oldest(); x != nil && now-x.last > j.w.cfg.Parts.Timeout; x = j.used.Oldest() {
		j.drop(x)
		j.stats.timedOut++
	}
}

// reload lets go of what belongs to the old rules; files that wait go with them.
func (j *joiner) reload() {
	for x := j.used.Oldest(); x != nil; x = j.used.Oldest() {
		j.drop(x)
	}
	j.w, j.host = nil, joinHost{}
}

func (e *Engine) partCounters(c func(string, uint64)) {
	s := &e.order.join.stats
	c("parts", s.parts)
	c("joined", s.files)
	c("dropped", s.dropped)
	c("timed_out", s.timedOut)
}
