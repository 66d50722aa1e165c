package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/alert"
)

// A capture for an alert holds the packets of its flow: those before it, as far as they are still remembered, the one
// that raised it, and some after it. Workers hand every packet to the ordered stage as a record among the others, so that
// what a file holds does not depend on their number. The ordered stage remembers the last packets of all
// flows in one ring of bounded memory, in which each packet leads to the one before it of its flow. A
// goroutine of its own writes the files.

// PcapConfig says which alerts get a capture and what it holds. Files are called ALERT_ID.pcap: another replay of the
// same capture writes the same files.
type PcapConfig struct {
	// Dir is the folder for the files, which is made if it is not there; empty for no captures.
	Dir string
	// Failing is why the folder could not be used when that was tried, if it is to be tried again with each capture.
	Failing error
	// Before and After bound the packets of the flow up to the alert, with the one that raised it, and after it.
	Before, After int
	// Wait is how long packets after the alert are waited for, in packet time.
	Wait time.Duration
	// Memory bounds the packets that are remembered, of all flows together, and once more those of files that
	// are not written yet; bytes.
	Memory int
	// MaxFiles and MaxBytes bound the files in the folder; the oldest go. 0 for no bound.
	MaxFiles int
	MaxBytes int64
	// MinSeverity is the least severity of alerts that get a capture.
	MinSeverity alert.Severity
	// Drop has a slow disk cost captures, which are counted, instead of holding up the engine: for live.
	Drop bool
}

// DefaultPcap gives the defaults, with no folder.
func DefaultPcap() PcapConfig {
	return PcapConfig{Before: 100, After: 100, Wait: 10 * time.Second, Memory: 64 << 20, MaxFiles: 10_000, MaxBytes: 10 << 30}
}

const (
	maxOpenPcaps = 4096    // captures of alerts that wait for packets
	maxPcapBytes = 4 << 20 // of one capture
	// bytesPerKept is how much memory stands for one remembered packet: it decides how many there may be.
	bytesPerKept = 256
)

// kept is a remembered packet. Its bytes are in alertPcaps.ring.
type kept struct {
	hash    uint64 // of its flow
	before  uint64 // number of the flow's packet before it, 0 for none
	at      uint64 // where its bytes begin, counted from the first byte ever written
	time    int64
	num     uint64 // of the packet in the run
	n, wire uint32
	link    capture.LinkType
	vlan    uint16
	hasVLAN bool
}

// alertPcaps is the part of the ordered stage that makes captures of alerts.
type alertPcaps struct {
	cfg  PcapConfig
	ring []byte
	head uint64 // bytes ever written to the ring, with what was left out at its end
	// list holds the packets with the numbers first to next - 1, each at its number modulo the length.
	list        []kept
	first, next uint64
	last        map[uint64]uint64 // number of a flow's last packet, by hash
	open        map[uint64][]*alertPcap
	byTime      []*alertPcap // those in open, in the order of their alerts
	held        int          // bytes of those in open
	files       *pcapWriter
}

// alertPcap is the capture of one alert, in the making.
type alertPcap struct {
	name    string
	hash    uint64
	until   int64
	left    int // packets still to come
	bytes   int
	packets []capture.Packet
	done    bool
}

// usePcaps makes the folder, and what else captures of alerts take.
func (o *ordered) usePcaps(c *Config) error {
	if c.Pcap.Dir == "" {
		return nil
	}
	files, err := newPcapWriter(&c.Pcap, c.Warn)
	if err != nil {
		return err
	}
	memory := max(c.Pcap.Memory, 1<<20)
	o.pcaps = &alertPcaps{cfg: c.Pcap, ring: make([]byte, memory), list: make([]kept, memory/bytesPerKept), first: 1, next: 1,
		last: map[uint64]uint64{}, open: map[uint64][]*alertPcap{}, files: files}
	return nil
}

// packet remembers a packet of a flow, and adds it to the captures that wait for it. joined says that it ended a
// datagram of fragments.
func (p *alertPcaps) packet(hash uint64, f *capture.Packet, joined bool) {
	if joined && p.join(hash, f) {
		return
	}
	p.late(hash, f)
	n := uint64(len(f.Data))
	size := uint64(len(p.ring))
	if n > size {
		return
	}
	if at := p.head % size; at+n > size {
		p.head += size - at // a packet is never divided
	}
	for p.first < p.next && (p.next-p.first == uint64(len(p.list)) || p.head+n-p.list[p.first%uint64(len(p.list))].at > size) {
		p.forget()
	}
	copy(p.ring[p.head%size:], f.Data)
	p.list[p.next%uint64(len(p.list))] = kept{hash: hash, before: p.last[hash], at: p.head, time: f.Time, num: f.Num, n: uint32(n), wire: f.Len,
		link: f.Link, vlan: f.VLAN, hasVLAN: f.HasVLAN}
	p.last[hash] = p.next
	p.next++
	p.head += n
}

// late adds a packet to the captures that wait for it.
func (p *alertPcaps) late(hash uint64, f *capture.Packet) {
	if len(p.open) == 0 {
		return
	}
	for _, s := range p.open[hash] {
		if f.Time <= s.until {
			p.add(s, f, append([]byte(nil), f.Data...))
			s.left--
		}
		if f.Time > s.until || s.left <= 0 || s.bytes >= maxPcapBytes {
			p.finish(s)
		}
	}
	p.sweep(hash)
}

// join gives a flow the fragments of a datagram, of which the last was remembered just now: only the whole datagram tells
// which flow they are of. It is false when there is nothing to be done.
func (p *alertPcaps) join(hash uint64, f *capture.Packet) bool {
	size := uint64(len(p.list))
	newest := p.next - 1
	last := p.list[newest%size]
	if newest < p.first || last.num != f.Num || last.hash == hash {
		return false
	}
	var numbers []uint64
	for n := newest; n >= p.first; n = p.list[n%size].before {
		numbers = append(numbers, n)
		p.list[n%size].hash = hash
	}
	p.list[numbers[len(numbers)-1]%size].before = p.last[hash]
	delete(p.last, last.hash)
	p.last[hash] = newest
	for _, n := range slices.Backward(numbers) {
		one := p.packetOf(n)
		p.late(hash, &one)
	}
	return true
}

// packetOf gives a remembered packet; its bytes are the ring's.
func (p *alertPcaps) packetOf(n uint64) capture.Packet {
	k := &p.list[n%uint64(len(p.list))]
	at := k.at % uint64(len(p.ring))
	return capture.Packet{Data: p.ring[at : at+uint64(k.n)], Time: k.time, Len: k.wire, Num: k.num, Link: k.link, VLAN: k.vlan, HasVLAN: k.hasVLAN}
}

// forget lets go of the oldest packet.
func (p *alertPcaps) forget() {
	k := &p.list[p.first%uint64(len(p.list))]
	if p.last[k.hash] == p.first {
		delete(p.last, k.hash)
	}
	p.first++
}

// reported begins the capture of an alert that outputs get.
func (p *alertPcaps) reported(a *alert.Alert) {
	if p == nil || a.FlowHash == 0 || a.Severity < p.cfg.MinSeverity {
		return
	}
	s := &alertPcap{name: a.ID + pcapExt, hash: a.FlowHash, until: a.Time + int64(p.cfg.Wait), left: p.cfg.After}
	p.past(s)
	if len(s.packets) == 0 && s.left == 0 {
		return
	}
	a.Pcap = s.name
	if s.left <= 0 || s.bytes >= maxPcapBytes || len(p.byTime) >= maxOpenPcaps || p.held > len(p.ring) {
		if s.left > 0 {
			p.files.cut.Add(1)
		}
		p.finish(s)
		return
	}
	p.open[s.hash] = append(p.open[s.hash], s)
	p.byTime = append(p.byTime, s)
}

// past gives a capture the packets that are remembered of its flow.
func (p *alertPcaps) past(s *alertPcap) {
	size := uint64(len(p.list))
	var numbers []uint64
	bytes := 0
	for n := p.last[s.hash]; n >= p.first && n > 0 && len(numbers) < p.cfg.Before && bytes < maxPcapBytes; n = p.list[n%size].before {
		numbers = append(numbers, n)
		bytes += int(p.list[n%size].n)
	}
	slices.Sort(numbers) // fragments may have come between others
	all := make([]byte, 0, bytes)
	for _, n := range numbers {
		one := p.packetOf(n)
		from := len(all)
		all = append(all, one.Data...)
		p.add(s, &one, all[from:len(all):len(all)])
	}
}

// add appends a packet, whose bytes are the capture's own.
func (p *alertPcaps) add(s *alertPcap, f *capture.Packet, data []byte) {
	one := *f
	one.Data = data
	s.packets = append(s.packets, one)
	s.bytes += len(data)
	p.held += len(data)
}

// finish hands a capture to the writer. It stays in the lists until the next sweep.
func (p *alertPcaps) finish(s *alertPcap) {
	if !s.done {
		s.done = true
		p.held -= s.bytes
		p.files.write(s)
	}
}

// sweep takes the captures of a flow that are done out of the lists.
func (p *alertPcaps) sweep(hash uint64) {
	list := p.open[hash]
	kept := list[:0]
	for _, s := range list {
		if !s.done {
			kept = append(kept, s)
		}
	}
	if len(kept) == len(list) {
		return
	}
	clear(list[len(kept):])
	if len(kept) == 0 {
		delete(p.open, hash)
	} else {
		p.open[hash] = kept
	}
	live := p.byTime[:0]
	for _, s := range p.byTime {
		if !s.done {
			live = append(live, s)
		}
	}
	clear(p.byTime[len(live):])
	p.byTime = live
}

// tick ends the captures whose time is over.
func (p *alertPcaps) tick(now int64) {
	if p == nil {
		return
	}
	for i := 0; i < len(p.byTime); {
		s := p.byTime[i]
		if s.until >= now {
			i++
			continue
		}
		p.finish(s)
		p.sweep(s.hash)
	}
}

// close writes all that is open and ends the writer.
func (p *alertPcaps) close() error {
	if p == nil {
		return nil
	}
	for _, s := range p.byTime {
		p.finish(s)
	}
	clear(p.open)
	p.byTime = nil
	return p.files.close()
}

// tape hands a packet to the ordered stage, for captures of alerts.
func (w *worker) tape(p *packet.Packet) {
	list := w.frames.Packets
	// Numbers grow, but only those of a replay have no holes: each of several rings counts in steps.
	if i, ok := slices.BinarySearchFunc(list, p.Num, func(f capture.Packet, n uint64) int { return cmp.Compare(f.Num, n) }); ok {
		w.out.records = append(w.out.records, record{stamp: p.Stamp, hash: p.Hash, frame: &list[i], joined: p.Reassembled})
	}
}
