package engine

import (
	"net/netip"
	"time"

	"github.com/luanids/luanids/capture/inject"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/reassembly/tcp"
)

// A reset lands only if its sequence number is the next one that the receiver expects (RFC 5961 section
// 3.2), and a connection under load moves on while the reset is on its way. So resets are sent in
// volleys with the numbers of the moment: the quiet side is hit by the first, falls silent, and
// then the other side stands still too.

const (
	// maxVolleys are the volleys for one connection, over about two seconds.
	maxVolleys = 14
	firstGap   = 2 * time.Millisecond // between volleys; it doubles
	longestGap = 256 * time.Millisecond
	// ahead is how many resets go past the last byte seen of a direction that moves, and aheadBytes how
	// far they are apart: a full segment of Ethernet.
	ahead      = 2
	aheadBytes = 1448
	// maxKilling is how many connections of a worker are followed at a time.
	maxKilling = 1024
)

// responding is a worker's part in active response.
type responding struct {
	responder *responder
	killing   []*killing
	resetBuf  [80]byte
	pulse     pulse
}

// killing is a connection that is being cut.
type killing struct {
	flow    *flowtable.Flow // nil when it ended
	volleys int
	gap     time.Duration
	next    time.Time
	sent    [2]uint32 // at the last volley
}

// respond takes what was asked for and goes on with what is being cut. It is called between
// batches, also empty ones.
func (w *worker) respond() {
	w.pulse.beat()
	r := w.responder
	if !r.on() {
		return
	}
	if w.id < len(r.boxes) && r.boxes[w.id].full.Load() {
		for _, k := range r.boxes[w.id].takeAll() {
			w.beginKill(k)
			if k.left.Add(-1) == 0 && !k.found.Load() {
				r.counts.gone.Add(1)
			}
		}
	}
	if len(w.killing) == 0 {
		return
	}
	now := r.clock()
	left := w.killing[:0]
	for _, k := range w.killing {
		if w.goOnKilling(k, now) {
			left = append(left, k)
		}
	}
	clear(w.killing[len(left):])
	w.killing = left
}

// beginKill finds the flow. Only its owner has it: the others were asked in vain.
func (w *worker) beginKill(k *killRequest) {
	hash := hashKey(&k.key, w.keys.seed)
	sh := w.shards[flowtable.ShardOf(hash)]
	if sh == nil {
		return
	}
	f, _ := sh.Find(&k.key, hash)
	if f == nil || f.ID != k.id {
		return
	}
	k.found.Store(true)
	if f.Kill != nil || len(w.killing) >= maxKilling {
		return
	}
	x := &killing{flow: f, gap: firstGap}
	f.Kill = x
	w.killing = append(w.killing, x)
}

// goOnKilling sends a volley if it is time, and tells whether more may follow.
func (w *worker) goOnKilling(k *killing, now time.Time) bool {
	f := k.flow
	if f == nil || k.volleys > 0 && f.Conn.State() == tcp.StateClosed {
		return false
	}
	if now.Before(k.next) {
		return true
	}
	for d := range dissect.Dir(2) {
		w.volley(k, d)
	}
	k.volleys++
	k.next, k.gap = now.Add(k.gap), min(2*k.gap, longestGap)
	return k.volleys < maxVolleys
}

// volley sends resets to the receiver of direction d, as if its sender had reset the connection.
func (w *worker) volley(k *killing, d dissect.Dir) {
	f := k.flow
	c := f.ConnDir(d)
	acked, next, sent := f.Conn.Sequence(c)
	_, _, ack := f.Conn.Sequence(c.Rev())
	r := inject.Reset{Src: f.Key.Src.Netip(), Dst: f.Key.Dst.Netip(), SrcPort: f.Key.SrcPort, DstPort: f.Key.DstPort,
		Ack: ack, Window: w.responder.cookie}
	link := inject.Link{Dst: f.EthDst, Src: f.EthSrc, VLANs: tags(&f.Flow)}
	if d == dissect.ToClient {
		r.Src, r.Dst, r.SrcPort, r.DstPort = r.Dst, r.Src, r.DstPort, r.SrcPort
		link.Dst, link.Src = link.Src, link.Dst
	}
	numbers := append(make([]uint32, 0, 3+ahead), sent)
	if next != sent {
		numbers = append(numbers, next)
	}
	if acked != sent && acked != next {
		numbers = append(numbers, acked)
	}
	if k.volleys > 0 && sent != k.sent[d] {
		for i := range uint32(ahead) {
			numbers = append(numbers, sent+(i+1)*aheadBytes)
		}
	}
	k.sent[d] = sent
	for _, r.Seq = range numbers {
		w.sendReset(&r, &link)
	}
}

func (w *worker) sendReset(r *inject.Reset, l *inject.Link) {
	p := w.responder
	if err := p.cfg.Sender.Send(r.Append(w.resetBuf[:0]), l); err != nil {
		if p.counts.failed.Add(1) == 1 {
			p.warn("response: a reset to %s could not be sent %s: %v; more of the kind are counted as respond.failed_packets",
				netip.AddrPortFrom(r.Dst, r.DstPort), p.cfg.Sender, err)
		}
		return
	}
	p.counts.packets.Add(1)
}

// tags are the VLAN tags of a flow, the outer first.
func tags(f *dissect.Flow) []uint16 {
	n := 0
	for n < len(f.VLANs) && f.VLANs[n] != 0 {
		n++
	}
	return f.VLANs[:n]
}

// ownReset tells whether a packet of a connection that is being cut is a reset of ours, which the
// stream must not take for one of its ends'.
func (w *worker) ownReset(f *flowtable.Flow, p *packet.Packet) bool {
	if p.TCPFlags != packet.RST|packet.ACK || p.TCPWindow != w.responder.cookie || len(p.Payload) > 0 {
		return false
	}
	w.responder.counts.own.Add(1)
	return true
}

// endKill forgets a flow that ends.
func (w *worker) endKill(f *flowtable.Flow) {
	if k, ok := f.Kill.(*killing); ok {
		k.flow = nil
	}
}
