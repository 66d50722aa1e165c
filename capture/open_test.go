package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNotACapture(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{"", "the file is empty"},
		{"%PDF-1.7\n", "looks like a PDF document (first bytes 25 50 44 46)"},
		{"\x7fELF\x02\x01", "looks like an ELF program"},
		{"PK\x03\x04....", "looks like a zip archive"},
		{"<!DOCTYPE html><html>", "looks like an HTML page"},
		{"\n  <HTML>", "looks like an HTML page"},
		{`{"a": 1}`, "looks like JSON"},
		{"Dear all,\nno capture today. Grüße", "looks like text"},
		{"# rules\nalert tcp any any -> any any (sid:1;)", "looks like detection rules"},
		{"snoop\x00\x00\x00\x00\x00\x00\x02", "looks like a snoop capture"},
		{"\xfd7zXZ\x00", "looks like xz-compressed data"},
		{"BZh91AY", "looks like bzip2-compressed data"},
		{strings.Repeat("\x00", 100), "looks like zero bytes only"},
		{"\x01\x02\x03\x04\x05", "its kind is unknown (first bytes 01 02 03 04)"},
		{string(gz(t, []byte("some text"))), "the gzip stream in it looks like text"},
		{string(zst(t, nil)), "the zstd stream in it is empty"},
	} {
		_, err := drainBytes(t, []byte(c.data))
		var alien *NotCaptureError
		if !errors.As(err, &alien) || !strings.Contains(err.Error(), "stdin: not a capture file: "+c.want) ||
			!strings.Contains(err.Error(), "pcap and pcapng files are read") {
			t.Errorf("%.20q: %v, want %q", c.data, err, c.want)
		}
	}
}

func TestPathErrors(t *testing.T) {
	dir := t.TempDir()
	good := write(t, dir, "morning.pcap", microPcap())
	noRead := write(t, dir, "secret.pcap", microPcap())
	if err := os.Chmod(noRead, 0); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty")
	write(t, dir, "empty/notes.txt", []byte("hello"))
	for _, c := range []struct {
		paths []string
		want  string
		is    error
	}{
		{nil, "no capture file given", nil},
		{[]string{""}, "empty name", nil},
		{[]string{"-", "-"}, "stdin (-) can be read only once", nil},
		{[]string{filepath.Join(dir, "mornin.pcap")}, "no such file; did you mean " + good + "?", fs.ErrNotExist},
		{[]string{filepath.Join(dir, "void", "x.pcap")}, "no such file, and no folder " + filepath.Join(dir, "void"), fs.ErrNotExist},
		{[]string{empty}, "no captures in this folder (none of the 1 files in it is one)", nil},
		{[]string{noRead}, "no permission to read it (mode ----------)", fs.ErrPermission},
	} {
		if c.is == fs.ErrPermission && os.Getuid() == 0 {
			continue
		}
		_, err := drain(t, c.paths, Options{Stdin: bytes.NewReader(microPcap())})
		if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%q: %v, want %q", c.paths, err, c.want)
		}
	}
	_, err := drain(t, []string{"-"}, Options{Stdin: bytes.NewReader(microPcap()), Loop: 2})
	if err == nil || !strings.Contains(err.Error(), "stdin: cannot be read 2 times over") {
		t.Errorf("stdin in a loop: %v", err)
	}
}

func TestEmptyCapture(t *testing.T) {
	for name, b := range map[string][]byte{"pcap": microPcap(), "pcapng": ngSHB(le)} {
		res, err := drain(t, []string{write(t, t.TempDir(), name, b)}, Options{Loop: 3, Filter: testFilter("udp")})
		if err != nil || len(res.recs)+len(res.errs) > 0 {
			t.Errorf("%s without packets: %v %+v", name, err, res)
		}
	}
}

// A lone file keeps its order, also where its times jump back.
func TestLoneFileOrder(t *testing.T) {
	recs := []rec{{t: 9 * sec, data: "a"}, {t: 1 * sec, data: "b"}, {t: 5 * sec, data: "c"}}
	res, err := drain(t, []string{write(t, t.TempDir(), "x", microPcap(recs...))}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	equalRecs(t, res.recs, recs)
}

func TestMerge(t *testing.T) {
	dir := t.TempDir()
	a := write(t, dir, "a.pcap", microPcap(rec{t: 1 * sec, data: "a1"}, rec{t: 4 * sec, data: "a4"}, rec{t: 2 * sec, data: "a2, late"}))
	b := write(t, dir, "b.pcap.gz", gz(t, microPcap(rec{t: 1 * sec, data: "b1"}, rec{t: 3 * sec, data: "b3"}, rec{t: 4 * sec, data: "b4"})))
	ng := append(ngSHB(le), ngIDB(le, LinkRaw, 0)...)
	ng = append(ng, ngEPB(le, 0, 3500000, "c3.5", 4)...)
	c := write(t, dir, "c.zst", zst(t, append(ng, ngEPB(le, 0, 9000000, "c9", 2)...)))
	write(t, dir, "readme.txt", []byte("not a capture"))
	write(t, dir, "none.pcap", microPcap())
	d := microPcap(rec{t: 0, data: "d0"}, rec{t: 4 * sec, data: "d4"})
	got := func(paths ...string) string {
		res, err := drain(t, paths, Options{Stdin: bytes.NewReader(d)})
		if err != nil || res.errs != nil {
			t.Fatal(err, res.errs)
		}
		var s []string
		for i, r := range res.recs {
			s = append(s, r.data)
			if res.nums[i] != uint64(i+1) {
				t.Errorf("packet %d has number %d", i+1, res.nums[i])
			}
		}
		return strings.Join(s, " ")
	}
	if s, want := got(a, b, c), "a1 b1 b3 c3.5 a4 a2, late b4 c9"; s != want {
		t.Errorf("a b c:\n got %s\nwant %s", s, want)
	}
	if s, want := got(c, b, a), "b1 a1 b3 c3.5 b4 a4 a2, late c9"; s != want {
		t.Errorf("c b a:\n got %s\nwant %s", s, want)
	}
	if s, want := got("-", dir), "d0 a1 b1 b3 c3.5 d4 a4 a2, late b4 c9"; s != want {
		t.Errorf("- and the folder:\n got %s\nwant %s", s, want)
	}
	res, err := drain(t, []string{dir}, Options{})
	if err != nil || len(res.warns) != 1 || !strings.Contains(res.warns[0], "readme.txt: not a capture file: looks like text") {
		t.Errorf("warnings about the folder: %q, %v", res.warns, err)
	}
}

// The merge is the same however few files may be open at a time.
func TestMergeManyFiles(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var all []rec
	var paths []string
	dir := t.TempDir()
	for i := range 60 {
		var recs []rec
		now := rnd.Int64N(1000)
		for j := range 200 {
			now += rnd.Int64N(20)
			recs = append(recs, rec{t: now * 1e6, data: strings.Repeat(fmt.Sprintf("%d.%d ", i, j), 40)})
		}
		all = append(all, recs...)
		b := microPcap(recs...)
		if i%3 == 1 {
			b = gz(t, b)
		} else if i%3 == 2 {
			b = zst(t, b)
		}
		paths = append(paths, write(t, dir, fmt.Sprint(i), b))
	}
	slices.SortStableFunc(all, func(a, b rec) int { return int(a.t - b.t) })
	for _, limit := range []int{1, 7, maxOpenFiles} {
		s := &source{opt: Options{Warn: func(string) {}}, pool: fdPool{limit: limit}, passes: 1}
		if err := s.open(paths); err != nil {
			t.Fatal(err)
		}
		var got []rec
		var b Batch
		for {
			err := s.ReadBatch(&b)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := len(s.pool.open); n > limit {
				t.Fatalf("%d files are open, more than %d", n, limit)
			}
			for _, p := range b.Packets {
				got = append(got, rec{p.Time, string(p.Data), p.Len, p.Link, p.If})
			}
		}
		equalRecs(t, got, all)
		st := s.Stats()
		if st.Done != st.Total || st.Total == 0 {
			t.Errorf("done %d of %d", st.Done, st.Total)
		}
		if err := s.Close(); err != nil || len(s.pool.open) != 0 {
			t.Errorf("after the end %d files are open, %v", len(s.pool.open), err)
		}
	}
}

// One bad file among several costs what is missing in it, and no more.
func TestMergeBadFile(t *testing.T) {
	dir := t.TempDir()
	a := microPcap(rec{t: 1 * sec, data: "a1"}, rec{t: 3 * sec, data: "a3"})
	pa := write(t, dir, "a", a[:len(a)-1])
	pb := write(t, dir, "b", microPcap(rec{t: 2 * sec, data: "b2"}, rec{t: 4 * sec, data: "b4"}))
	pc := write(t, dir, "c", append(microPcap(), fields(le, nil, uint64(0), ^uint64(0))...))
	for _, loop := range []int{1, 3} {
		res, err := drain(t, []string{pa, pb, pc}, Options{Loop: loop})
		if err != nil {
			t.Fatal(err)
		}
		if len(res.recs) != 3*loop || res.recs[2].data != "b4" {
			t.Errorf("packets %+v", res.recs)
		}
		var cut *TruncatedError
		var bad *CorruptError
		if len(res.errs) != 2 || !errors.As(res.errs[0], &bad) || !errors.As(res.errs[1], &cut) || cut.Path != pa {
			t.Errorf("errors %v, want that of c, then that of a, once each", res.errs)
		}
	}
}

func TestLoop(t *testing.T) {
	dir := t.TempDir()
	a := write(t, dir, "a", microPcap(rec{t: 10 * sec, data: "a10"}, rec{t: 12 * sec, data: "a12"}))
	b := write(t, dir, "b.gz", gz(t, microPcap(rec{t: 11 * sec, data: "b11"})))
	res, err := drain(t, []string{a, b}, Options{Loop: 3})
	if err != nil || res.errs != nil {
		t.Fatal(err, res.errs)
	}
	var want []rec
	for i := range int64(3) {
		shift := i * (2*sec + loopGap)
		want = append(want, rec{t: 10*sec + shift, data: "a10"}, rec{t: 11*sec + shift, data: "b11"}, rec{t: 12*sec + shift, data: "a12"})
	}
	equalRecs(t, res.recs, want)
	if st := res.stats; st.Packets != 9 || st.Bytes != 27 || st.Done != st.Total || st.Total%3 != 0 || st.Total == 0 {
		t.Errorf("stats %+v", st)
	}
	if !slices.IsSorted(res.nums) || res.nums[8] != 9 {
		t.Errorf("numbers %v", res.nums)
	}
}

func TestStats(t *testing.T) {
	var recs []rec
	for i := range 2000 {
		recs = append(recs, rec{t: int64(i+1) * sec, data: strings.Repeat(fmt.Sprint(i), 100)})
	}
	packed := gz(t, microPcap(recs...))
	path := write(t, t.TempDir(), "x", packed)
	s, err := Open([]string{path}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var b Batch
	if err := s.ReadBatch(&b); err != nil || len(b.Packets) != BatchPackets {
		t.Fatalf("first batch: %d packets, %v", len(b.Packets), err)
	}
	st := s.Stats()
	if st.Total != int64(len(packed)) || st.Done <= 0 || st.Done > st.Total || !st.First.Equal(time.Unix(1, 0)) || st.Packets != BatchPackets {
		t.Errorf("%+v", st)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if err := s.ReadBatch(&b); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// What a pipe has brought is delivered before more is waited for.
func TestPipeIsPrompt(t *testing.T) {
	ng := append(ngSHB(le), ngIDB(le, LinkEthernet, 0)...)
	for name, parts := range map[string][][]byte{
		"pcap":   {microPcap(), microPcap(rec{t: 1000, data: "one"})[24:], microPcap(rec{t: 2000, data: "two"})[24:]},
		"pcapng": {ng, append(ngEPB(le, 0, 1, "one", 3), ngBlock(le, 5, make([]byte, 100))...), ngEPB(le, 0, 2, "two", 3)},
	} {
		t.Run(name, func(t *testing.T) {
			r, w := io.Pipe()
			go func() { w.Write(parts[0]) }()
			s, err := Open([]string{"-"}, Options{Stdin: r})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			var b Batch
			for i, want := range []string{"one", "two"} {
				go func() { w.Write(parts[i+1]) }()
				if err := s.ReadBatch(&b); err != nil || len(b.Packets) != 1 || string(b.Packets[0].Data) != want {
					t.Fatalf("%v, %+v, want the packet %q alone", err, b.Packets, want)
				}
			}
			w.Close()
			if err := s.ReadBatch(&b); err != io.EOF {
				t.Errorf("at the end: %v", err)
			}
		})
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("the disk is gone")
	b := microPcap(rec{data: "one"})
	res, err := drain(t, []string{"-"}, Options{Stdin: io.MultiReader(bytes.NewReader(b), failing{broken})})
	if err != nil || len(res.recs) != 1 || len(res.errs) != 1 || !errors.Is(res.errs[0], broken) {
		t.Errorf("%v, %+v", err, res)
	}
	if want := "stdin: cannot be read at byte 43: the disk is gone"; res.errs[0].Error() != want {
		t.Errorf("%q, want %q", res.errs[0], want)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// The largest packet fits a batch, one byte more is refused.
func TestLargestPacket(t *testing.T) {
	big := strings.Repeat("x", MaxPacketBytes)
	recs := []rec{{t: 1000, data: "small"}, {t: 2000, data: big}, {t: 3000, data: "small"}}
	got, errs := drainAll(t, microPcap(recs...))
	if errs != nil {
		t.Fatal(errs)
	}
	equalRecs(t, got, recs)
	if _, errs = drainAll(t, microPcap(rec{data: big + "x"})); len(errs) != 1 {
		t.Errorf("a packet of %d bytes: %v", len(big)+1, errs)
	}
}
