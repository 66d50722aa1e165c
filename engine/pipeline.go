package engine

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect/packet"
)

// Run reads src to its end, or until ctx is done, and reports everything that comes of it. It
// may be called once.
func (e *Engine) Run(ctx context.Context, src capture.Source) error {
	e.live.snap.Lock()
	e.source = src
	e.live.snap.Unlock()
	e.reloads.begun()
	defer e.reloads.end()
	var err error
	switch {
	case len(e.rings) > 0:
		err = e.runRings()
	case len(e.workers) == 1:
		err = e.runInline(ctx, src)
	default:
		err = e.runParallel(ctx, src)
	}
	return errors.Join(err, e.finish())
}

// fill reads the next batch of frames; done is true at the end. A capture that ends within a
// packet, or is damaged, is a warning: what came before it counts, and other files follow.
func (e *Engine) fill(ctx context.Context, src capture.Source, b *batch) (done bool, err error) {
	if ctx.Err() != nil {
		return true, nil
	}
	err = src.ReadBatch(&b.frames)
	switch {
	case err == nil:
		return false, nil
	case errors.Is(err, io.EOF):
		return true, nil
	}
	e.broken++
	e.warn("%v", err)
	if e.broken > maxBroken {
		return true, fmt.Errorf("%d captures could not be read to their end; the last: %w", e.broken, err)
	}
	return false, nil
}

// maxBroken is how many damaged captures of one run are only warned of.
const maxBroken = 100_000

// runInline is the whole engine on one goroutine: a frame is decoded and worked on at once,
// and what came of a batch goes through the ordered stage before the next is read.
func (e *Engine) runInline(ctx context.Context, src capture.Source) error {
	w := e.workers[0]
	b := newBatch(1)
	b.results[0].alone = true
	for {
		b.reset()
		if b.swap = e.takeSwap(); b.swap != nil { // in an empty batch: nobody waits for packets
			w.busy.Lock()
			w.adopt(b.swap)
			e.order.take(b)
			w.busy.Unlock()
			continue
		}
		done, err := e.fill(ctx, src, b)
		w.busy.Lock()
		w.take(&e.dispatch, b)
		e.order.take(b)
		w.respond()
		w.busy.Unlock()
		e.liveDue(len(b.frames.Packets) < capture.BatchPackets)
		if done {
			for shard := range flushSteps {
				b.reset()
				e.flushBatch(b, shard)
				w.busy.Lock()
				w.process(b)
				e.order.take(b)
				w.busy.Unlock()
			}
			return err
		}
	}
}

// inlineSink works on packets as they are decoded.
type inlineSink struct {
	w     *worker
	batch *batch
	depth int
	pkts  [packet.MaxTunnels + 4]packet.Packet
}

func (s *inlineSink) slot() *packet.Packet {
	s.depth = (s.depth + 1) % len(s.pkts)
	return &s.pkts[s.depth]
}
func (s *inlineSink) packet(p *packet.Packet)      { s.w.packet(p) }
func (s *inlineSink) tick(stamp uint64, now int64) { s.w.tick(stamp, now) }
func (s *inlineSink) keep(b []byte) []byte         { return s.batch.keep(b) }

// runParallel has several goroutines read, work and order, see crew. A batch is
// handed from stage to stage whole: there is no lock and no channel operation per packet.
func (e *Engine) runParallel(ctx context.Context, src capture.Source) error {
	var made madeStack
	for _, w := range e.workers {
		w.made = &made
	}
	var err error
	done, flushed := false, 0
	fill := func(b *batch) bool {
		switch {
		case !done:
			if b.swap = e.takeSwap(); b.swap == nil { // in an empty batch: nobody waits for packets
				done, err = e.fill(ctx, src, b)
				e.decode(b)
			}
		case flushed < flushSteps:
			b.flush = flushed
			flushed++
		default:
			return false
		}
		return true
	}
	take := func(b *batch) {
		e.order.busy.Lock()
		e.order.take(b)
		e.order.busy.Unlock()
		e.liveDue(true)
		made.put(b)
		b.frames.Release()
	}
	newCrew(e.workers, stages{fill, e.dispatchBatch, take}).run(e.cfg.Workers)
	return err
}

// decode makes packets of a batch of frames, each in the place of its frame.
func (e *Engine) decode(b *batch) {
	e.reading.Lock()
	defer e.reading.Unlock()
	for i := range b.frames.Packets {
		e.outer.Decode(b.slot(), &b.frames.Packets[i])
	}
}

// dispatchBatch deals the packets of a batch to the workers.
func (e *Engine) dispatchBatch(b *batch) {
	e.dispatching.Lock()
	defer e.dispatching.Unlock()
	if b.flush >= 0 {
		e.flushBatch(b, b.flush)
	}
	for i := range b.frames.Packets {
		e.dispatch.advance(b.frames.Packets[i].Time, b)
		e.dispatch.deliver(b.pkts[i], b)
	}
	if b.frames.Now > 0 {
		e.dispatch.advance(b.frames.Now, b)
	}
}
