package engine

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/manager"
)

const pcapRules = `
rule PCAP-1 "Traversal or injection" {
  when     http.uri ~ /union[\s+]+select|passwd|script|sleep|or 1=1/i
  severity high
}
rule PCAP-2 "A request" {
  when     http.method == "GET"
  severity low
}
`

func pcapConfig(t *testing.T) Config {
	t.Helper()
	cfg := DefaultConfig()
	schema, err := NewSchema(&cfg.EVEOptions)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Schema, cfg.Program = schema, compiled(t, schema, pcapRules)
	cfg.Pcap.Dir, cfg.Pcap.MinSeverity = filepath.Join(t.TempDir(), "new", "pcap"), alert.High
	return cfg
}

var webAttacks = filepath.Join("..", "testdata", "captures", "web_attacks.pcap.gz")

// filesIn reads all files of a folder.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	m := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		m[e.Name()] = string(b)
	}
	return m
}

func packetsOf(t *testing.T, file string) (list []capture.Packet) {
	t.Helper()
	src, err := capture.Open([]string{file}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var b capture.Batch
	for src.ReadBatch(&b) == nil {
		for _, p := range b.Packets {
			p.Data = bytes.Clone(p.Data)
			list = append(list, p)
		}
	}
	return list
}

// TestAlertPcaps: each alert has a file by its id with the packets of its flow, to the byte the same for any number of
// workers, and replaying the file raises the alert again.
func TestAlertPcaps(t *testing.T) {
	cfg := pcapConfig(t)
	all := packetsOf(t, webAttacks)
	var first map[string]string
	for _, workers := range []int{1, 2, 8} {
		cfg.Workers = workers
		cfg.Pcap.Dir = filepath.Join(t.TempDir(), "pcap")
		alerts := alertsOf(t, cfg, webAttacks)
		files := filesIn(t, cfg.Pcap.Dir)
		n := 0
		for _, a := range alerts {
			if a.Severity < alert.High {
				if a.Pcap != "" {
					t.Errorf("%s alert has a capture", a.Severity)
				}
				continue
			}
			n++
			if a.Pcap != a.ID+".pcap" || files[a.Pcap] == "" {
				t.Fatalf("%d workers: %s has no capture %q", workers, a.ID, a.Pcap)
			}
		}
		if n < 3 || len(files) != n {
			t.Fatalf("%d workers: %d files of %d alerts", workers, len(files), n)
		}
		if first == nil {
			first = files
			checkPcaps(t, cfg, alerts, all)
		} else if !maps.Equal(first, files) {
			t.Errorf("%d workers: the files are others", workers)
		}
	}
}

func checkPcaps(t *testing.T, cfg Config, alerts []*alert.Alert, all []capture.Packet) {
	again := cfg
	again.Pcap.Dir = ""
	for _, a := range alerts {
		if a.Pcap == "" {
			continue
		}
		file := filepath.Join(cfg.Pcap.Dir, a.Pcap)
		list := packetsOf(t, file)
		want := all[a.PacketNum-1]
		if !slices.ContainsFunc(list, func(p capture.Packet) bool { return p.Time == want.Time && bytes.Equal(p.Data, want.Data) }) {
			t.Errorf("%s: packet %d, which raised the alert, is not in its capture of %d packets", a.RuleID, a.PacketNum, len(list))
		}
		if !slices.ContainsFunc(alertsOf(t, again, file), func(b *alert.Alert) bool { return b.RuleID == a.RuleID }) {
			t.Errorf("%s: its capture does not raise it", file)
		}
	}
}

// TestAlertPcapBounds: so many packets before, so many after, for so long; the oldest files go.
func TestAlertPcapBounds(t *testing.T) {
	for _, c := range []struct {
		before, after int
		wait          time.Duration
		most          int
	}{{2, 0, time.Minute, 2}, {1, 1, time.Minute, 2}, {3, 2, time.Minute, 5}, {4, 50, 0, 4 + 50}, {0, 3, time.Minute, 3}} {
		cfg := pcapConfig(t)
		cfg.Pcap.Before, cfg.Pcap.After, cfg.Pcap.Wait = c.before, c.after, c.wait
		alerts := alertsOf(t, cfg, webAttacks)
		n := 0
		for _, a := range alerts {
			if a.Pcap == "" {
				continue
			}
			n++
			list := packetsOf(t, filepath.Join(cfg.Pcap.Dir, a.Pcap))
			if len(list) > c.most || len(list) == 0 && c.before > 0 {
				t.Errorf("%+v: %d packets", c, len(list))
			}
			late := a.Time + int64(c.wait)
			if i := slices.IndexFunc(list, func(p capture.Packet) bool { return p.Time > late }); i >= 0 {
				t.Errorf("%+v: packet %d is from after the wait", c, i)
			}
		}
		if n == 0 {
			t.Errorf("%+v: no captures", c)
		}
	}
	cfg := pcapConfig(t)
	if err := os.MkdirAll(cfg.Pcap.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	old := "00000000-0000-8000-8000-000000000000.pcap"
	for _, name := range []string{old, "mine.pcap", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(cfg.Pcap.Dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Pcap.MaxFiles = 2
	var e *Engine
	e, _ = replay(t, cfg, webAttacks)
	files := filesIn(t, cfg.Pcap.Dir)
	if len(files) != 4 || files["mine.pcap"] != "x" || files["notes.txt"] != "x" || files[old] != "" {
		t.Errorf("files: %v", slices.Sorted(maps.Keys(files)))
	}
	if w, r := counter(e, "output.pcap.written"), counter(e, "output.pcap.removed"); w < 3 || r != w+1-2 {
		t.Errorf("%d written, %d removed", w, r)
	}
}

// sparse numbers packets as one of several rings does.
type sparse struct{ capture.Source }

func (s *sparse) ReadBatch(b *capture.Batch) error {
	err := s.Source.ReadBatch(b)
	for i := range b.Packets {
		b.Packets[i].Num = 3*b.Packets[i].Num + 1
	}
	return err
}

// TestAlertPcapNumbers: packets are found whatever their numbers are.
func TestAlertPcapNumbers(t *testing.T) {
	var want map[string]string
	for _, holes := range []bool{false, true} {
		cfg := pcapConfig(t)
		src, err := capture.Open([]string{webAttacks}, capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		if holes {
			src = &sparse{src}
		}
		run(t, cfg, src)
		contents := map[string]string{} // ids follow from numbers
		for _, text := range filesIn(t, cfg.Pcap.Dir) {
			contents[text] = ""
		}
		if want == nil {
			want = contents
		} else if len(want) < 3 || !maps.Equal(want, contents) {
			t.Errorf("the files differ where packets' numbers have holes")
		}
	}
}

// TestAlertPcapMemory: a small memory forgets the oldest packets, not the engine's sense.
func TestAlertPcapMemory(t *testing.T) {
	p := &alertPcaps{cfg: PcapConfig{Before: 1000}, ring: make([]byte, 1000), list: make([]kept, 8), first: 1, next: 1,
		last: map[uint64]uint64{}, open: map[uint64][]*alertPcap{}}
	for i := range 500 {
		n := 1 + i*37%400
		p.packet(uint64(i%3), &capture.Packet{Data: bytes.Repeat([]byte{byte(i)}, n), Time: int64(i), Len: uint32(n)}, false)
		total := 0
		for h := range uint64(3) {
			s := &alertPcap{hash: h}
			p.past(s)
			for k, q := range s.packets {
				total += len(q.Data)
				if int(q.Time)%3 != int(h) || k > 0 && q.Time <= s.packets[k-1].Time {
					t.Fatalf("packet %d: flow %d has the packet of %d", i, h, q.Time)
				}
				if len(q.Data) != 1+int(q.Time)*37%400 || q.Data[0] != byte(q.Time) || q.Data[len(q.Data)-1] != byte(q.Time) {
					t.Fatalf("packet %d: the bytes of %d are not its own", i, q.Time)
				}
			}
			if h == uint64(i%3) && (len(s.packets) == 0 || s.packets[len(s.packets)-1].Time != int64(i)) {
				t.Fatalf("packet %d is not remembered", i)
			}
		}
		if total > 1000 || len(p.last) > 3 {
			t.Fatalf("packet %d: %d bytes are remembered", i, total)
		}
	}
	p.packet(9, &capture.Packet{Data: make([]byte, 2000)}, false) // larger than the memory
	if p.last[9] != 0 {
		t.Error("a packet that has no room is remembered")
	}
}

// TestAlertPcapFragments: the captures of alerts on datagrams have all fragments, so that the alert is raised again.
func TestAlertPcapFragments(t *testing.T) {
	cfg := pcapConfig(t)
	cfg.Program = compiled(t, cfg.Schema, `
rule FRAG-1 "A datagram of fragments" {
  when     packet and ip.reassembled
  severity high
}
`)
	var first map[string]string
	for _, workers := range []int{1, 8} {
		cfg.Workers, cfg.Pcap.Dir = workers, filepath.Join(t.TempDir(), "pcap")
		alerts := alertsOf(t, cfg, filepath.Join("..", "testdata", "captures", "fragments.pcap"))
		files := filesIn(t, cfg.Pcap.Dir)
		if len(alerts) < 8 || len(files) != len(alerts) {
			t.Fatalf("%d workers: %d files of %d alerts", workers, len(files), len(alerts))
		}
		if first == nil {
			first = files
		} else if !maps.Equal(first, files) {
			t.Errorf("%d workers: the files are others", workers)
		}
		again := cfg
		again.Pcap.Dir = ""
		for _, a := range alerts {
			if len(alertsOf(t, again, filepath.Join(cfg.Pcap.Dir, a.Pcap))) == 0 {
				t.Errorf("packet %d: its capture does not raise the alert", a.PacketNum)
			}
		}
	}
}

// TestAlertPcapManaged: what is folded has no file.
func TestAlertPcapManaged(t *testing.T) {
	cfg := pcapConfig(t)
	cfg.Pcap.MinSeverity = alert.Info
	cfg.Manager = manager.DefaultConfig()
	alerts := alertsOf(t, cfg, webAttacks)
	with := 0
	for _, a := range alerts {
		if a.Pcap != "" {
			with++
		}
	}
	if files := filesIn(t, cfg.Pcap.Dir); len(files) != with || with == 0 || with > len(alerts) {
		t.Errorf("%d files of %d alerts", len(files), len(alerts))
	}
}

// TestAlertPcapFailures: a folder that cannot be is said at once; one that goes away costs captures, counted, and not
// the run.
func TestAlertPcapFailures(t *testing.T) {
	cfg := pcapConfig(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{filepath.Join(file, "x"), "/proc/nowhere"} {
		cfg.Pcap.Dir = dir
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), "captures of alerts: ") {
			t.Errorf("%s: %v", dir, err)
		}
	}
	cfg.Pcap.Dir = filepath.Join(t.TempDir(), "gone")
	var warnings []string
	cfg.Warn = func(f string, a ...any) { warnings = append(warnings, fmt.Sprintf(f, a...)) }
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(cfg.Pcap.Dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cfg.Pcap.Dir, nil, 0o600); err != nil { // else the folder would be made anew
		t.Fatal(err)
	}
	src, err := capture.Open([]string{webAttacks}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	err = e.Run(t.Context(), src)
	lost := counter(e, "output.pcap.failed_writes")
	if lost < 3 || err == nil || !strings.Contains(err.Error(), fmt.Sprintf("captures of alerts: %d of %d were not written: open ", lost, lost)) {
		t.Errorf("%d lost, %v", lost, err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "the engine runs on") {
		t.Errorf("warnings: %q", warnings)
	}
}

func TestIsAlertPcap(t *testing.T) {
	for name, want := range map[string]bool{"087e7458-6891-8809-aeff-27bf90dd6775.pcap": true, "087e7458-6891-8809-aeff-27bf90dd677g.pcap": false,
		"087e7458-6891-8809-aeff-27bf90dd6775": false, "a.pcap": false, "087e745806891-8809-aeff-27bf90dd6775.pcap": false} {
		if isAlertPcap(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
