package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packetfields"
)

// frames is a source of frames made in the test.
type frames struct {
	list [][]byte
	at   int
	step int64 // nanoseconds between frames
}

func (s *frames) ReadBatch(b *capture.Batch) error {
	b.Reset()
	for s.at < len(s.list) {
		s.at++
		p := capture.Packet{Data: s.list[s.at-1], Time: 1_700_000_000e9 + int64(s.at)*s.step,
			Len: uint32(len(s.list[s.at-1])), Num: uint64(s.at), Link: capture.LinkEthernet}
		if !b.Add(&p) {
			s.at--
			return nil
		}
	}
	if len(b.Packets) == 0 {
		return io.EOF
	}
	return nil
}

func (s *frames) Stats() capture.Stats { return capture.Stats{Packets: uint64(s.at)} }
func (s *frames) Close() error         { return nil }

// tcpConn builds the frames of one connection; checksums are left wrong and not checked.
type tcpConn struct {
	host, port uint16
	seq, ack   uint32
	out        [][]byte
}

func (c *tcpConn) frame(toServer bool, flags byte, payload string) {
	b := make([]byte, 54, 54+len(payload))
	copy(b[12:], []byte{8, 0, 0x45, 0})
	binary.BigEndian.PutUint16(b[16:], uint16(40+len(payload)))
	b[22], b[23] = 64, 6
	src, dst := []byte{10, 0, byte(c.host >> 8), byte(c.host)}, []byte{10, 1, 0, 1}
	sp, dp, seq, ack := c.port, uint16(7777), &c.seq, &c.ack
	if !toServer {
		src, dst, sp, dp, seq, ack = dst, src, dp, sp, ack, seq
	}
	copy(b[26:], src)
	copy(b[30:], dst)
	binary.BigEndian.PutUint16(b[34:], sp)
	binary.BigEndian.PutUint16(b[36:], dp)
	binary.BigEndian.PutUint32(b[38:], *seq)
	binary.BigEndian.PutUint32(b[42:], *ack)
	b[46], b[47] = 0x50, flags
	binary.BigEndian.PutUint16(b[48:], 65535)
	*seq += uint32(len(payload))
	if flags&3 != 0 {
		*seq++
	}
	var sum uint32
	for i := 14; i < 34; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	binary.BigEndian.PutUint16(b[24:], ^uint16(sum))
	c.out = append(c.out, append(b, payload...))
}

func (c *tcpConn) open() {
	c.frame(true, 2, "")
	c.frame(false, 0x12, "")
	c.frame(true, 0x10, "")
}

// boom is a protocol whose parser panics on "BOOM" and counts what else it gets.
type boom struct{}

var boomSeen int

func (boom) Data(_ *dissect.Ctx, _ dissect.Dir, data []byte) int {
	if bytes.Contains(data, []byte("BOOM")) {
		panic("parser bug")
	}
	boomSeen += len(data)
	return len(data)
}
func (boom) Gap(*dissect.Ctx, dissect.Dir, int)                       {}
func (boom) End(*dissect.Ctx, dissect.Dir, dissect.EndReason, []byte) {}
func (boom) Reset()                                                   {}

func boomSpec() *dissect.Spec {
	return &dissect.Spec{Name: "boom", New: func() dissect.Parser { return boom{} },
		TCP: &dissect.Detect{Probe: func(_ dissect.Dir, data []byte, _ bool) dissect.Verdict {
			if data[0] == 'B' {
				return dissect.Yes
			}
			return dissect.No
		}}}
}

func run(t testing.TB, cfg Config, src capture.Source) (*Engine, string) {
	t.Helper()
	var eve bytes.Buffer
	cfg.EVE = &eve
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(context.Background(), src); err != nil {
		t.Fatal(err)
	}
	return e, eve.String()
}

func counter(e *Engine, name string) uint64 {
	for _, c := range e.Counters() {
		if c.Name == name {
			return c.Value
		}
	}
	return 1<<64 - 1
}

func TestPanicCostsOneFlow(t *testing.T) {
	schema, err := dissect.NewSchema([]*dissect.Spec{boomSpec()}, append(packetfields.Fields(), coreFields()...))
	if err != nil {
		t.Fatal(err)
	}
	var all frames
	for i := range 20 {
		c := &tcpConn{host: uint16(i), port: 2000}
		c.open()
		if i%5 == 0 {
			c.frame(true, 0x18, "BOOM")
		}
		c.frame(true, 0x18, "Bytes")
		all.list = append(all.list, c.out...)
	}
	var warnings []string
	boomSeen = 0
	cfg := DefaultConfig()
	cfg.Workers, cfg.Schema, cfg.CheckChecksums = 1, schema, false
	cfg.Warn = func(f string, a ...any) { warnings = append(warnings, fmt.Sprintf(f, a...)) }
	e, eve := run(t, cfg, &all)
	if n := counter(e, "detect.internal_errors"); n != 4 {
		t.Errorf("%d panics were counted, want 4", n)
	}
	if boomSeen != 16*len("Bytes") {
		t.Errorf("the other flows gave %d bytes, want %d", boomSeen, 16*len("Bytes"))
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "parser bug") || !strings.Contains(warnings[0], "engine_test.go") {
		t.Errorf("want one warning with the panic and its stack, got %q", warnings)
	}
	if n := strings.Count(eve, `"parser_panic.boom"`); n != 4 {
		t.Errorf("%d anomaly records, want 4", n)
	}
	if n := strings.Count(eve, `"event_type":"flow"`); n != 20 {
		t.Errorf("%d flow records, want 20", n)
	}
}

// captures gives the captures of testdata.
func captures(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("../testdata/captures/*.pcap*")
	if err != nil || len(files) < 5 {
		t.Fatalf("testdata/captures: %d captures, %v", len(files), err)
	}
	return files
}

func replay(t testing.TB, cfg Config, files ...string) (*Engine, string) {
	t.Helper()
	src, err := capture.Open(files, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	return run(t, cfg, src)
}

// allRecords switches every record type on.
func allRecords(cfg *Config) {
	for i := range cfg.EVEOptions.Core {
		cfg.EVEOptions.Core[i] = true
	}
	cfg.EVEOptions.Anomalies.Decode, cfg.EVEOptions.Anomalies.Stream = true, true
	cfg.EVEOptions.CommunityID, cfg.EVEOptions.Ethernet = true, true
	cfg.EVEOptions.Protocols = map[string]bool{"ntp": true}
}

// TestMemoryIsBoundedByConfiguration floods a small table.
func TestMemoryIsBoundedByConfiguration(t *testing.T) {
	var all frames
	for i := range 60000 {
		c := &tcpConn{host: uint16(i), port: uint16(1000 + i>>16)}
		c.frame(true, 2, "")
		all.list = append(all.list, c.out...)
	}
	cfg := DefaultConfig()
	cfg.Workers, cfg.CheckChecksums = 2, false
	cfg.Flow.MaxFlows = 6400
	e, eve := run(t, cfg, &all)
	evicted, total := counter(e, "flow.evicted"), counter(e, "flow.total")
	if total != 60000 || evicted < 60000-6400 {
		t.Errorf("%d flows, %d evicted; want 60000 and at least %d", total, evicted, 60000-6400)
	}
	if n := strings.Count(eve, `"reason":"forced"`); uint64(n) != evicted {
		t.Errorf("%d flow records say forced, %d flows were evicted", n, evicted)
	}
	found := false
	for _, l := range e.Summary().Lost {
		found = found || strings.Contains(l.Name, "evicted") && l.Value == evicted
	}
	if !found {
		t.Errorf("the summary does not tell of the evictions: %v", e.Summary().Lost)
	}
}

func TestTruncatedCaptureIsAWarning(t *testing.T) {
	data, err := os.ReadFile("../testdata/captures/dns_lookup.pcap")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cut.pcap")
	if err := os.WriteFile(path, data[:len(data)-7], 0o644); err != nil {
		t.Fatal(err)
	}
	var warnings []string
	cfg := DefaultConfig()
	cfg.Warn = func(f string, a ...any) { warnings = append(warnings, fmt.Sprintf(f, a...)) }
	whole, _ := replay(t, DefaultConfig(), "../testdata/captures/dns_lookup.pcap")
	cut, _ := replay(t, cfg, path)
	if a, b := whole.Summary().Packets, cut.Summary().Packets; b != a-1 {
		t.Errorf("%d packets of %d were processed, want all but the last", b, a)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], fmt.Sprint(len(data)-7)) {
		t.Errorf("want one warning with the offset %d, got %q", len(data)-7, warnings)
	}
}
