package tcp

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

// A script is a list of packets and what must come of them, one a line:
//
//	C SA seq=1 ack=1 win=100 ws=7 ts=5/4 urg=1 t=3 md5 tfo "payload" x100
//
// C or S sends; then the flags (S A F R P U E C, or - for none). Sequence and acknowledgement
// numbers are relative to the ISNs, as tcpdump prints them; by default they are those of a
// well-behaved sender. A packet with a leading ! does not count for these defaults. "x"*N
// repeats the payload. Other lines:
//
//	= > "GET"       data to the server; < is to the client; long data as "= > 1000 bytes"
//	= < gap 5       a gap
//	= > end fin     the end of a direction
//	= ! name        an event
//	? flag ...      flags of the packet's Result, with - when it must not be set
//	state name      the state
//	close           the engine closes the connection (timeout)
//
// Everything that a packet causes must be listed behind it.
type script struct {
	t        *testing.T
	a        *Assembler
	c        Conn
	log      []string
	off      [2]uint64
	ended    [2]int
	isn, nxt [2]uint32
	last     Result
	time     int64
	swapped  bool
}

func (s *script) Data(c *Conn, dir dissect.Dir, off uint64, data []byte) {
	if off != s.off[dir] {
		s.t.Errorf("data at offset %d, want %d", off, s.off[dir])
	}
	if len(data) == 0 {
		s.t.Error("Data call without data")
	}
	s.off[dir] += uint64(len(data))
	if len(data) > 500 {
		s.logf("%s %d bytes", arrow(dir), len(data))
		return
	}
	s.logf("%s %q", arrow(dir), data)
}

func (s *script) Gap(c *Conn, dir dissect.Dir, off uint64, n int) {
	if off != s.off[dir] {
		s.t.Errorf("gap at offset %d, want %d", off, s.off[dir])
	}
	s.off[dir] += uint64(n)
	s.logf("%s gap %d", arrow(dir), n)
}

func (s *script) End(c *Conn, dir dissect.Dir, why dissect.EndReason) {
	if s.ended[dir]++; s.ended[dir] > 1 {
		s.t.Errorf("End called %d times", s.ended[dir])
	}
	s.logf("%s end %s", arrow(dir), [...]string{"fin", "rst", "timeout", "capture", "depth"}[why])
}

func (s *script) Event(c *Conn, dir dissect.Dir, e Event) { s.logf("! %s", e.Name()) }

func (s *script) logf(f string, args ...any) { s.log = append(s.log, fmt.Sprintf(f, args...)) }

func arrow(d dissect.Dir) string { return [...]string{">", "<"}[d] }

func (s *script) run(text string) {
	s.t.Helper()
	where := ""
	check := func() {
		if len(s.log) > 0 {
			s.t.Errorf("%s: not expected: %s", where, strings.Join(s.log, "; "))
			s.log = nil
		}
	}
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if k := strings.Index(line, " #"); k >= 0 {
			line = strings.TrimSpace(line[:k])
		}
		if line == "" || line[0] == '#' {
			continue
		}
		op, rest, _ := strings.Cut(line, " ")
		switch op {
		case "=":
			want := strings.TrimSpace(rest)
			if len(s.log) == 0 || s.log[0] != want {
				s.t.Fatalf("line %d %q after %s: got %q", n+1, line, where, s.log)
			}
			s.log = s.log[1:]
		case "?":
			for _, f := range strings.Fields(rest) {
				name, neg := strings.CutPrefix(f, "-")
				if s.last.Has(resultFlags[name]) == neg {
					s.t.Errorf("line %d: %s: flag %s: result %b", n+1, where, f, s.last)
				}
			}
		case "state":
			if s.c.State().String() != rest {
				s.t.Errorf("line %d: after %s: state %s, want %s", n+1, where, s.c.State(), rest)
			}
		case "close":
			check()
			where = fmt.Sprintf("line %d close", n+1)
			s.a.Close(&s.c, dissect.EndTimeout, s)
		default:
			check()
			where = fmt.Sprintf("line %d %q", n+1, line)
			s.packet(op, rest)
		}
	}
	check()
}

var resultFlags = map[string]Result{"valid": Valid, "delivered": Delivered, "buffered": Buffered,
	"retransmission": Retransmission, "keepalive": KeepAlive, "started": Started,
	"established": Established, "closed": Closed, "new": NewSession, "reversed": Reversed,
	"nosession": NoSession}

func (s *script) packet(op, rest string) {
	count := true
	if op == "!" {
		count = false
		op, rest, _ = strings.Cut(rest, " ")
	}
	d := 0
	if op == "S" {
		d = 1
	} else if op != "C" {
		s.t.Fatalf("bad script line: %s %s", op, rest)
	}
	payload := ""
	if k := strings.IndexByte(rest, '"'); k >= 0 {
		q := strings.LastIndexByte(rest, '"')
		payload = rest[k+1 : q]
		if f, ok := strings.CutPrefix(strings.TrimSpace(rest[q+1:]), "*"); ok {
			n, _ := strconv.Atoi(f)
			payload = strings.Repeat(payload, n)
		}
		rest = rest[:k]
	}
	fields := strings.Fields(rest)
	p := packet.Packet{Layers: packet.LayerTCP, Payload: []byte(payload), TCPWindow: 8192}
	for _, f := range fields[0] {
		if k := strings.IndexRune("FSRPAUEC", f); k >= 0 {
			p.TCPFlags |= 1 << k
		}
	}
	p.Seq = s.nxt[d]
	if p.TCPFlags&packet.SYN != 0 {
		p.Seq = s.isn[d]
	}
	if p.TCPFlags&packet.ACK != 0 {
		p.AckNum = s.nxt[d^1]
	}
	s.time += 1e6
	for _, f := range fields[1:] {
		k, v, _ := strings.Cut(f, "=")
		num := func(v string) uint32 { n, _ := strconv.ParseInt(v, 10, 64); return uint32(n) }
		switch k {
		case "seq":
			p.Seq = s.isn[d] + num(v)
		case "ack":
			p.AckNum = s.isn[d^1] + num(v)
		case "rawack":
			p.AckNum = num(v)
		case "win":
			p.TCPWindow = uint16(num(v))
		case "ws":
			p.TCPOpt.HasWScale, p.TCPOpt.WScale = true, uint8(num(v))
		case "ts":
			val, ecr, _ := strings.Cut(v, "/")
			p.TCPOpt.HasTimestamp, p.TCPOpt.TSVal, p.TCPOpt.TSEcr = true, num(val), num(ecr)
		case "urg":
			p.TCPUrgent = uint16(num(v))
		case "t":
			s.time += int64(num(v)) * 1e9
		case "tfo":
			p.TCPOpt.HasTFO = true
		case "md5":
			p.Data = append(make([]byte, 20), 1, 1, 19, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
			p.L4HdrLen = 40
		default:
			s.t.Fatalf("bad script word %q", f)
		}
	}
	p.Time = s.time
	p.Src[15], p.Dst[15] = byte(d), byte(1-d)
	if end := p.Seq + uint32(len(payload)) + uint32(p.TCPFlags>>1&1+p.TCPFlags&1); count && int32(end-s.nxt[d]) > 0 {
		s.nxt[d] = end
	}
	dir := dissect.Dir(d)
	if s.swapped {
		dir ^= 1
	}
	s.last = s.a.Packet(&s.c, &p, dir, s)
}

func newScript(t *testing.T, cfg Config, cl, sv uint32) *script {
	return &script{t: t, a: New(cfg), isn: [2]uint32{cl, sv}, nxt: [2]uint32{cl, sv}, time: 1e18}
}

// Every script runs with sequence numbers far from and around the wrap.
var isns = [][2]uint32{{1000, 5000}, {0xffffffff, 0}, {0xfffffffd, 0xfffffff8}, {0x7ffffffe, 0x7ffffff0},
	{0xffffff00, 0xffffe000}}

func runScripts(t *testing.T, text string, cfg Config) {
	for _, isn := range isns {
		t.Run(fmt.Sprintf("isn %x %x", isn[0], isn[1]), func(t *testing.T) {
			s := newScript(t, cfg, isn[0], isn[1])
			s.run(text)
			if s.c.State() != StateNone {
				s.log = nil
				s.a.Close(&s.c, dissect.EndCapture, s)
				if s.ended != [2]int{1, 1} {
					t.Errorf("End was called %v times", s.ended)
				}
				if n := poolUse(s.a); n != s.a.MemUse() {
					t.Errorf("%d bytes in use, %d in the pool after close", s.a.MemUse(), n)
				}
			}
		})
	}
}

// poolUse counts what lies in the pool: all of the memory, once all connections are closed.
func poolUse(a *Assembler) (n uint64) {
	for class, s := range a.mem.free {
		for ; s != nil; s = s.next {
			n += uint64(classSizes[class] + segmentOverhead)
		}
	}
	for _, q := range a.mem.queues {
		n += uint64(cap(q.items)) * itemSize
	}
	n += uint64(len(a.mem.hs)) * handshakeSize
	for _, r := range a.mem.rings {
		n += uint64(len(r.buf))
	}
	return n
}

// The scripts are testdata/*.txt: sections "-- name [option ...]", each a script.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts in testdata", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, sec := range strings.Split("\n"+string(text), "\n-- ")[1:] {
			head, body, _ := strings.Cut(sec, "\n")
			name, opts, _ := strings.Cut(head, "[")
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+strings.TrimSpace(name), func(t *testing.T) {
				runScripts(t, body, scriptConfig(t, strings.TrimSuffix(opts, "]")))
			})
		}
	}
}

func scriptConfig(t *testing.T, opts string) Config {
	cfg := DefaultConfig()
	for _, o := range strings.Fields(opts) {
		k, v, _ := strings.Cut(o, "=")
		n, _ := strconv.Atoi(v)
		switch k {
		case "midstream":
			cfg.Midstream = true
		case "async":
			cfg.AsyncOneside = true
		case "inline":
			cfg.Inline = true
		case "liberal":
			cfg.LiberalTimestamps = true
		case "depth":
			cfg.Depth = uint64(n)
		case "memcap":
			cfg.Memcap = uint64(n)
		case "segments":
			cfg.MaxSegments = n
		case "overlap":
			cfg.OverlapWindow = n
		case "synqueue":
			cfg.MaxSynQueued, cfg.MaxSynAckQueued = n, n
		case "ooblimit":
			cfg.OOBLimit = n
		case "urgent":
			cfg.Urgent, _ = UrgentByName(v)
		case "policy":
			p, ok := PolicyByName(v)
			if !ok {
				t.Fatalf("no policy %q", v)
			}
			cfg.Policy = func(packet.Addr) Policy { return p }
		default:
			t.Fatalf("bad option %q", o)
		}
	}
	return cfg
}
