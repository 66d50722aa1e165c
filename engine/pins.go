package engine

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/flowtable"
)

// pins put flows that another flow announces (an FTP data connection) into the shard of the one that announces them. The
// worker that learns of the announcement is then the one that sees the announced flow, before and after it in the order of
// packets, however many workers there are. The dispatcher knows of announcements by the first bytes of a packet, on the protocol's usual
// ports by those of each line: commands and replies may come several at a time, and in pieces (pinlines.go).
type pins struct {
	words   []uint32 // first four bytes of announcements, letters in either case
	ports   []func(payload []byte) uint16
	usual   []uint16 // ports of the protocols
	m       map[pinKey]*pin
	bits    []uint64 // by port, whether one is pinned
	swept   int64
	refused uint64
	starts  []lineStart // of lines that are not complete
	open    int         // of starts
}

// pinKey is a port of one of two hosts.
type pinKey struct {
	lo, hi packet.Addr
	port   uint16
}

type pin struct {
	shard uint64 // the bits of a hash that choose it, see flowtable.ShardOf
	until int64
}

const (
	maxPins   = 4096
	pinFor    = int64(3600e9) // since its last packet: as long as flows live
	sweepPins = int64(60e9)
	shardBits = uint64(flowtable.Shards-1) << 58
	eitherBit = 0x20202020 // of letters: upper and lower case
)

// newPins gathers the announcements of the protocols, nil without any.
func newPins(specs []*dissect.Spec) *pins {
	p := &pins{m: map[pinKey]*pin{}, bits: make([]uint64, 1<<16/64), starts: make([]lineStart, lineStarts)}
	for _, s := range specs {
		if s.Announces == nil {
			continue
		}
		for _, word := range s.Announces.Begins {
			p.words = append(p.words, binary.BigEndian.Uint32([]byte(word))|eitherBit)
			p.ports = append(p.ports, s.Announces.Port)
		}
		if s.TCP != nil {
			p.usual = append(p.usual, s.TCP.Ports...)
		}
	}
	if len(p.words) == 0 {
		return nil
	}
	return p
}

// apply chooses the shard of a packet's flow, and takes note of what the packet announces.
func (p *pins) apply(pkt *packet.Packet, now int64) {
	if pkt.Layers&packet.LayerTCP == 0 || pkt.Quoted {
		return
	}
	if len(p.m) > 0 {
		p.pinned(pkt, now)
	}
	b := pkt.Payload
	if len(b) == 0 {
		return
	}
	if p.open > 0 {
		if l := p.startOf(pkt); l != nil {
			if b = p.goOn(l, pkt, now); len(b) == 0 {
				return
			}
		}
	}
	p.announced(pkt, b, now)
	if len(b) >= minAnnounced && !slices.Contains(p.usual, pkt.DstPort) && !slices.Contains(p.usual, pkt.SrcPort) {
		return
	}
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 || i+1 == len(b) {
			return
		}
		b = b[i+1:]
		p.announced(pkt, b, now)
	}
}

// minAnnounced is how many bytes an announcement has at least: packets with fewer are pieces of lines.
const minAnnounced = 8

// announced takes note of what bytes of a packet announce that begin with a line. A line that is not complete is kept.
func (p *pins) announced(pkt *packet.Packet, b []byte, now int64) {
	which := p.word(b)
	if which < 0 {
		return
	}
	if len(b) >= minAnnounced {
		if port := p.ports[which](b); port != 0 {
			p.add(pkt, port, now)
		}
	}
	if bytes.IndexByte(b[:min(len(b), maxLineStart)], '\n') < 0 {
		p.keepStart(pkt, b)
	}
}

func (p *pins) pinned(pkt *packet.Packet, now int64) {
	for _, port := range [...]uint16{pkt.DstPort, pkt.SrcPort} {
		if p.bits[port>>6]&(1<<(port&63)) == 0 {
			continue
		}
		if x := p.m[pinKeyOf(pkt, port)]; x != nil && x.until >= now {
			x.until = now + pinFor
			pkt.Hash = pkt.Hash&^shardBits | x.shard
			return
		}
	}
	if now-p.swept > sweepPins {
		p.sweep(now)
	}
}

func pinKeyOf(pkt *packet.Packet, port uint16) pinKey {
	k := pinKey{pkt.Src, pkt.Dst, port}
	if bytes.Compare(k.lo[:], k.hi[:]) > 0 {
		k.lo, k.hi = k.hi, k.lo
	}
	return k
}

func (p *pins) add(pkt *packet.Packet, port uint16, now int64) {
	k := pinKeyOf(pkt, port)
	x := p.m[k]
	if x == nil {
		if len(p.m) >= maxPins {
			p.sweep(now)
		}
		if len(p.m) >= maxPins {
			p.refused++
			return
		}
		x = &pin{}
		p.m[k] = x
		p.bits[port>>6] |= 1 << (port & 63)
	} else if x.until >= now && x.shard != pkt.Hash&shardBits {
		return // a connection of another control connection uses the port
	}
	x.shard, x.until = pkt.Hash&shardBits, now+pinFor
}

// sweep forgets pins that nothing uses.
func (p *pins) sweep(now int64) {
	p.swept = now
	clear(p.bits)
	for k, x := range p.m {
		if x.until < now {
			delete(p.m, k)
			continue
		}
		p.bits[k.port>>6] |= 1 << (k.port & 63)
	}
}
