// Package replay runs one protocol's parser over the flows of a capture file, for the tests of
// protocols. Its reassembly is simple: segments are put in order, what never comes is a gap.
package replay

import (
	"io"
	"sort"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/packet"
)

// Flow is a flow of the capture and what the parser said of it.
type Flow struct {
	*dissecttest.Recorder
	Key dissect.FlowKey
	// Known says that the protocol's probe accepted the flow.
	Known   bool
	failed  bool
	started [2]bool
	next    [2]uint32
	early   [2][]segment
	first   [2][]byte
}

type segment struct {
	seq  uint32
	data []byte
}

// Options say how File works.
type Options struct {
	// Any gives every flow to the parser; otherwise the protocol's probe must accept it.
	Any bool
	// Setup prepares the recorder of a new flow; may be nil.
	Setup func(*dissecttest.Recorder)
}

// File runs the protocol over the TCP or UDP flows of a capture, and gives those that it
// recognised, in the order of their first packets.
func File(path string, spec func() *dissect.Spec, o Options) ([]*Flow, error) {
	src, err := capture.Open([]string{path}, capture.Options{})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	r := &run{flows: map[dissect.FlowKey]*Flow{}, spec: spec, o: o}
	dec := packet.NewDecoder(packet.DefaultConfig())
	var b capture.Batch
	for {
		err := src.ReadBatch(&b)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		for i := range b.Packets {
			var p packet.Packet
			dec.Decode(&p, &b.Packets[i])
			r.packet(&p)
		}
	}
	return r.finish(), nil
}

type run struct {
	flows map[dissect.FlowKey]*Flow
	list  []*Flow
	spec  func() *dissect.Spec
	o     Options
}

func (r *run) packet(p *packet.Packet) {
	if !p.Has(packet.LayerTCP) && !p.Has(packet.LayerUDP) {
		return
	}
	key := dissect.FlowKey{Src: p.Src, Dst: p.Dst, SrcPort: p.SrcPort, DstPort: p.DstPort, Proto: p.IPProto}
	dir := dissect.ToServer
	f := r.flows[key]
	if f == nil {
		rev := key
		rev.Src, rev.Dst, rev.SrcPort, rev.DstPort = key.Dst, key.Src, key.DstPort, key.SrcPort
		if f = r.flows[rev]; f != nil {
			dir = dissect.ToClient
		}
	}
	if f == nil {
		f = &Flow{Recorder: dissecttest.New(r.spec()), Key: key}
		f.Ctx.Flow.Key = key
		f.Known = r.o.Any
		if r.o.Setup != nil {
			r.o.Setup(f.Recorder)
		}
		r.flows[key] = f
		r.list = append(r.list, f)
	}
	f.Ctx.Time = p.Time
	if p.Has(packet.LayerUDP) {
		f.data(dir, p.Payload)
		return
	}
	f.segment(dir, p)
}

func (f *Flow) segment(dir dissect.Dir, p *packet.Packet) {
	seq := p.Seq
	if p.TCPFlags&packet.SYN != 0 {
		f.started[dir], f.next[dir] = true, seq+1
		return
	}
	if !f.started[dir] {
		f.started[dir], f.next[dir] = true, seq
	}
	if len(p.Payload) > 0 {
		f.early[dir] = append(f.early[dir], segment{seq, append([]byte(nil), p.Payload...)})
		f.drain(dir)
	}
}

// drain gives what is in order.
func (f *Flow) drain(dir dissect.Dir) {
	sort.SliceStable(f.early[dir], func(i, j int) bool {
		return int32(f.early[dir][i].seq-f.early[dir][j].seq) < 0
	})
	for len(f.early[dir]) > 0 {
		s := f.early[dir][0]
		skip := int32(f.next[dir] - s.seq)
		if skip < 0 {
			return
		}
		f.early[dir] = f.early[dir][1:]
		if int(skip) < len(s.data) {
			f.next[dir] = s.seq + uint32(len(s.data))
			f.data(dir, s.data[skip:])
		}
	}
}

func (f *Flow) data(dir dissect.Dir, data []byte) {
	if f.failed || len(data) == 0 {
		return
	}
	if !f.Known {
		f.probe(dir, data)
		return
	}
	f.Data(dir, string(data))
}

func (f *Flow) probe(dir dissect.Dir, data []byte) {
	det := f.Spec.TCP
	if f.Key.Proto == packet.ProtoUDP {
		det = f.Spec.UDP
		f.first = [2][]byte{}
	}
	if det == nil {
		f.failed = true
		return
	}
	f.first[dir] = append(f.first[dir], data...)
	hint := false
	for _, p := range det.Ports {
		hint = hint || p == f.Key.DstPort
	}
	v := det.Probe(dir, f.first[dir], hint)
	if v != dissect.Yes && v != dissect.ByPort {
		f.failed = v == dissect.No && f.Key.Proto == packet.ProtoTCP
		return
	}
	f.Known = true
	for d := range f.first {
		if len(f.first[d]) > 0 {
			f.Data(dissect.Dir(d), string(f.first[d]))
		}
	}
}

func (r *run) finish() []*Flow {
	var known []*Flow
	for _, f := range r.list {
		for d := range f.early {
			for len(f.early[d]) > 0 && f.Known {
				gap := f.early[d][0].seq - f.next[d]
				f.next[d] += gap
				f.Gap(dissect.Dir(d), int(gap))
				f.drain(dissect.Dir(d))
			}
		}
		if f.Known {
			f.End(dissect.EndCapture)
			known = append(known, f)
		}
	}
	return known
}
