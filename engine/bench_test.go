package engine

import (
	"context"
	"io"
	"testing"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/reassembly/tcp"
)

// The stages of the pipeline, each with all that comes before it left out. MB/s is of frames.

// mixed reads the packets of all captures, with memory of their own.
func mixed(b *testing.B) (list []capture.Packet, size int64) {
	src, err := capture.Open(captures(b), capture.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer src.Close()
	for {
		var batch capture.Batch
		switch err := src.ReadBatch(&batch); err {
		case nil:
		case io.EOF:
			return list, size
		default:
			b.Fatal(err)
		}
		for i := range batch.Packets {
			list = append(list, batch.Packets[i])
			size += int64(len(batch.Packets[i].Data))
		}
	}
}

// sinkhole takes what the dispatcher makes and does nothing with it.
type sinkhole struct {
	pkts [packet.MaxTunnels + 4]packet.Packet
	n    int
	side []byte
}

func (s *sinkhole) slot() *packet.Packet {
	s.n = (s.n + 1) % len(s.pkts)
	return &s.pkts[s.n]
}
func (s *sinkhole) packet(*packet.Packet) {}
func (s *sinkhole) tick(uint64, int64)    {}
func (s *sinkhole) keep(b []byte) []byte {
	s.side = append(s.side[:0], b...)
	return s.side
}

func BenchmarkStageDecode(b *testing.B) {
	list, size := mixed(b)
	d := packet.NewDecoder(packet.DefaultConfig())
	var p packet.Packet
	b.SetBytes(size / int64(len(list)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.Decode(&p, &list[i%len(list)])
	}
}

// BenchmarkStageDispatch decodes, follows tunnels, puts fragments together and hashes.
func BenchmarkStageDispatch(b *testing.B) {
	list, size := mixed(b)
	e, err := New(Config{Workers: 1, WindowMemcap: 1 << 20, AppMemcap: 1 << 20, TCP: tcp.DefaultConfig(), Flow: flowtable.DefaultConfig(),
		Decode: packet.DefaultConfig(), Limits: dissect.DefaultLimits()})
	if err != nil {
		b.Fatal(err)
	}
	var s sinkhole
	b.SetBytes(size / int64(len(list)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e.dispatch.frame(&list[i%len(list)], &s)
	}
}

// nothing takes what reassembly gives and does nothing with it.
type nothing struct{ bytes int }

func (n *nothing) Data(_ *tcp.Conn, _ dissect.Dir, _ uint64, d []byte) { n.bytes += len(d) }
func (n *nothing) Gap(*tcp.Conn, dissect.Dir, uint64, int)             {}
func (n *nothing) End(*tcp.Conn, dissect.Dir, dissect.EndReason)       {}
func (n *nothing) Event(c *tcp.Conn, dir dissect.Dir, e tcp.Event)     {}

// BenchmarkStageFlow finds the flow of each packet, and makes those that are new.
func BenchmarkStageFlow(b *testing.B) {
	list, size := mixed(b)
	cfg := DefaultConfig()
	var st flowtable.Stats
	var pool flowtable.Pool
	sh := flowtable.NewShard(&cfg.Flow, &st, &pool)
	d := packet.NewDecoder(cfg.Decode)
	var keys dispatcher
	type tuple struct {
		key  dissect.FlowKey
		hash uint64
	}
	var all []tuple
	for i := range list {
		var p packet.Packet
		var k dissect.FlowKey
		if d.Decode(&p, &list[i]); p.WantsFlow {
			keys.flowKey(&p, &k)
			all = append(all, tuple{k, hashKey(&k, 0)})
		}
	}
	b.SetBytes(size / int64(len(list)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		t := &all[i%len(all)]
		if f, _ := sh.Find(&t.key, t.hash); f == nil && !sh.Full() {
			sh.Insert(&t.key, t.hash, 1)
		}
	}
}

// BenchmarkStageTCP is reassembly of one connection's in-order segments.
func BenchmarkStageTCP(b *testing.B) {
	c := &tcpConn{host: 1, port: 2000}
	c.open()
	d := packet.NewDecoder(packet.DefaultConfig())
	cfg := tcp.DefaultConfig()
	cfg.Depth = 0 // no limit
	a := tcp.New(cfg)
	var conn tcp.Conn
	var p packet.Packet
	var n nothing
	feed := func(f []byte, dir dissect.Dir) {
		d.Decode(&p, &capture.Packet{Data: f, Len: uint32(len(f)), Link: capture.LinkEthernet})
		a.Packet(&conn, &p, dir, &n)
	}
	feed(c.out[0], dissect.ToServer)
	feed(c.out[1], dissect.ToClient)
	feed(c.out[2], dissect.ToServer)
	c.out = nil
	c.frame(true, 0x18, picture+picture)
	c.frame(false, 0x10, "")
	b.SetBytes(int64(len(c.out[0]) + len(c.out[1])))
	b.ReportAllocs()
	for b.Loop() {
		feed(c.again(c.out[0], true), dissect.ToServer)
		feed(c.again(c.out[1], false), dissect.ToClient)
	}
	if n.bytes < b.N*len(picture) {
		b.Fatalf("only %d bytes were reassembled", n.bytes)
	}
}

// BenchmarkStageAppLayer is each kind of traffic of the steady state, without and with the EVE log.
func BenchmarkStageAppLayer(b *testing.B) {
	for _, tt := range traffic {
		for _, log := range []bool{false, true} {
			name := tt.name
			if log {
				name += ", EVE"
			}
			b.Run(name, func(b *testing.B) {
				cfg := DefaultConfig()
				l := newLine(b, cfg)
				if !log {
					l.e.workers[0].eve = nil
				}
				step := tt.setup(l)
				step()
				l.bytes = 0
				step()
				b.SetBytes(int64(l.bytes))
				b.ReportAllocs()
				for b.Loop() {
					step()
					l.end()
				}
			})
		}
	}
}

func BenchmarkStageEVE(b *testing.B) {
	o := eve.DefaultOptions()
	x := eve.NewEncoder(&o)
	f := &dissect.Flow{ID: 12345, Start: 1_700_000_000e9, Last: 1_700_000_009e9, State: dissect.FlowEstablished}
	f.Key = dissect.FlowKey{Proto: packet.ProtoTCP, IPVersion: 4, SrcPort: 1000, DstPort: 80,
		Src: packet.V4([]byte{10, 0, 0, 1}), Dst: packet.V4([]byte{10, 0, 0, 2})}
	end := eve.FlowEnd{Reason: "timeout", TCP: &eve.TCPEnd{State: "closed"}}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = x.Flow(buf[:0], f, f.Last, end)
	}
	b.SetBytes(int64(len(buf)))
}

// BenchmarkWhole replays all captures of testdata from disk, with the EVE log on.
func BenchmarkWhole(b *testing.B) {
	for _, tt := range []struct {
		name    string
		workers int
		rules   bool
	}{{"1 worker", 1, false}, {"2 workers", 2, false}, {"1 worker, rules that ship", 1, true}} {
		b.Run(tt.name, func(b *testing.B) {
			cfg := DefaultConfig()
			if tt.rules {
				cfg = everything(b)
			}
			cfg.Workers, cfg.EVE = tt.workers, io.Discard
			src, err := capture.Open(captures(b), capture.Options{Loop: b.N})
			if err != nil {
				b.Fatal(err)
			}
			defer src.Close()
			e, err := New(cfg)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			if err := e.Run(context.Background(), src); err != nil {
				b.Fatal(err)
			}
			st := src.Stats()
			b.SetBytes(int64(st.Bytes) / int64(b.N))
			b.ReportMetric(float64(st.Packets)/b.Elapsed().Seconds(), "packets/s")
		})
	}
}
