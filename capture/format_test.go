package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
)

const sec = int64(1e9)

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

func TestPcapVariants(t *testing.T) {
	micro := []rec{{t: 1600000000*sec + 123456000, data: "first"}, {t: 4294967295 * sec, data: "", wire: 60}, {t: 0, data: "third!", wire: 1500}}
	nano := []rec{{t: 1600000000*sec + 123456789, data: "first"}, {t: 5, data: "second", wire: 99}}
	for _, c := range []struct {
		name  string
		magic uint32
		minor uint16
		unit  int64
		recs  []rec
	}{
		{"micro", 0xa1b2c3d4, 4, 1000, micro},
		{"nano", 0xa1b23c4d, 4, 1, nano},
		{"modified", 0xa1b2cd34, 4, 1000, micro},
		{"lengths swapped, 2.2", 0xa1b2c3d4, 2, 1000, micro},
		{"2.3", 0xa1b2c3d4, 3, 1000, micro},
	} {
		for _, o := range []binary.AppendByteOrder{le, be} {
			t.Run(c.name+" "+o.String(), func(t *testing.T) {
				res, err := drainBytes(t, pcapFile(o, c.magic, c.minor, 1, c.unit, c.recs...))
				if err != nil || res.errs != nil {
					t.Fatal(err, res.errs)
				}
				equalRecs(t, res.recs, c.recs)
				if res.nums[0] != 1 || res.nums[len(res.nums)-1] != uint64(len(c.recs)) {
					t.Errorf("numbers %v", res.nums)
				}
			})
		}
	}
}

// Version 2.3 was written both ways; the shorter length is that of the data.
func TestPcap23Swapped(t *testing.T) {
	b := fields(le, nil, uint32(0xa1b2c3d4), uint16(2), uint16(3), uint64(0), uint32(96), uint32(1),
		uint32(1), uint32(0), uint32(1000), uint32(3), "abc")
	res, err := drainBytes(t, b)
	if err != nil || res.errs != nil {
		t.Fatal(err, res.errs)
	}
	equalRecs(t, res.recs, []rec{{t: sec, data: "abc", wire: 1000}})
}

func TestLinkTypes(t *testing.T) {
	for _, l := range []LinkType{LinkNull, LinkEthernet, LinkPPP, LinkRaw12, LinkRaw14, LinkPPPHDLC, LinkRaw, LinkLoop, LinkSLL, LinkIPv4, LinkIPv6, LinkSLL2} {
		// With the bits that tell of a frame check sequence.
		res, err := drainBytes(t, pcapFile(be, 0xa1b2c3d4, 4, uint32(l)|0x24000000, 1000, rec{data: "x"}))
		if err != nil || len(res.recs) != 1 || res.recs[0].link != l {
			t.Errorf("%v: %v, %+v", l, err, res.recs)
		}
	}
	_, err := drainBytes(t, pcapFile(le, 0xa1b2c3d4, 4, 127, 1000))
	var lt *LinkTypeError
	if !errors.As(err, &lt) || lt.Link != 127 || !strings.Contains(err.Error(), "127 (IEEE 802.11 Wi-Fi with radiotap header) is not supported") {
		t.Errorf("radiotap: %v", err)
	}
}

func TestPcapng(t *testing.T) {
	for _, o := range []binary.AppendByteOrder{le, be} {
		t.Run(o.String(), func(t *testing.T) {
			var b []byte
			for _, block := range [][]byte{
				ngSHB(o),
				ngIDB(o, LinkEthernet, 0),
				ngIDB(o, LinkRaw, 4, uint16(2), uint16(3), "eth\x00", uint16(9), uint16(1), "\x09\x00\x00\x00", uint16(0), uint16(0)),
				ngBlock(o, 4, []byte("names")),
				ngEPB(o, 0, 1600000000123456, "micro", 60),
				ngEPB(o, 1, 1600000000123456789, "nano", 4),
				ngPB(o, 1, 7, "old"),
				ngSPB(o, "simple", 6),
				ngBlock(o, 0xbad, make([]byte, 600<<10)), // longer than the read buffer
				ngBlock(o, 0x12345678, []byte("of the future")),
				// A second section, in the other byte order, starts with no interface.
				ngSHB(other(o)),
				ngIDB(other(o), LinkSLL2, 3, uint16(14), uint16(8), uint64(1600000000), uint16(9), uint16(1), "\x03\x00\x00\x00"),
				ngEPB(other(o), 0, 1500, "offset", 0),
				ngSPB(other(o), "simple", 6), // cut to the snap length
				ngBlock(other(o), 5, []byte("statistics")),
			} {
				b = append(b, block...)
			}
			res, err := drainBytes(t, b)
			if err != nil || res.errs != nil {
				t.Fatal(err, res.errs)
			}
			equalRecs(t, res.recs, []rec{
				{t: 1600000000123456000, data: "micro", wire: 60},
				{t: 1600000000123456789, data: "nano", link: LinkRaw, iface: 1},
				{t: 7, data: "old", link: LinkRaw, iface: 1},
				{t: 7, data: "simple"},
				{t: 1600000001500000000, data: "offset", link: LinkSLL2},
				{t: 1600000001500000000, data: "sim", wire: 6, link: LinkSLL2},
			})
			if res.stats.Skipped != 1 {
				t.Errorf("skipped %d, want the block of unknown type alone", res.stats.Skipped)
			}
		})
	}
}

func other(o binary.AppendByteOrder) binary.AppendByteOrder {
	if o.String() == le.String() {
		return be
	}
	return le
}

func TestNgClock(t *testing.T) {
	for _, c := range []struct {
		resol  byte
		offset int64
		stamp  uint64
		want   int64
	}{
		{0, 0, 3, 3 * sec},
		{6, 0, 1600000000000001, 1600000000000001000},
		{9, 0, 1600000000000000001, 1600000000000000001},
		{12, 0, 1600000000999, 1600000000},
		{27, 0, 1 << 63, 9},
		{0x80, 0, 2, 2 * sec},
		{0x80 | 1, 0, 3, 1500000000},
		{0x80 | 32, 0, 1600000000<<32 | 1<<31, 1600000000500000000},
		{0x80 | 63, 0, 1 << 62, 500000000},
		{6, 1600000000, 1, 1600000000000001000},
		{6, -1, 2000000, sec},
		{6, -5, 2000000, 0},
		{0, 0, ^uint64(0), MaxTime},
		{6, 0, ^uint64(0), MaxTime},
		{0x80 | 1, 0, ^uint64(0), MaxTime},
		{0, 1<<63 - 1, ^uint64(0), MaxTime},
		{0, -1 << 63, ^uint64(0), 427387904},
	} {
		clock, ok := newNgClock(c.resol, c.offset)
		if got := clock.nanoseconds(c.stamp); !ok || got != c.want {
			t.Errorf("resolution %#02x, offset %d: stamp %d is %d, want %d", c.resol, c.offset, c.stamp, got, c.want)
		}
	}
	for _, resol := range []byte{28, 127, 0x80 | 64, 0xff} {
		if _, ok := newNgClock(resol, 0); ok {
			t.Errorf("resolution %#02x was accepted", resol)
		}
	}
}

func TestPcapngInterfaces(t *testing.T) {
	head := append(ngSHB(le), ngIDB(le, 127, 0)...)
	_, errs := drainAll(t, append(head, ngEPB(le, 0, 0, "wifi", 4)...))
	var lt *LinkTypeError
	if len(errs) != 1 || !errors.As(errs[0], &lt) {
		t.Errorf("only unsupported interfaces: %v, want a LinkTypeError", errs)
	}
	b := append(head, ngIDB(le, LinkEthernet, 0)...)
	for range 3 {
		b = append(b, ngEPB(le, 0, 0, "wifi", 4)...)
	}
	b = append(b, ngEPB(le, 9, 0, "nowhere", 7)...)
	b = append(b, ngEPB(le, 1, 5, "wire", 4)...)
	res, err := drainBytes(t, b)
	if err != nil || res.errs != nil {
		t.Fatal(err, res.errs)
	}
	equalRecs(t, res.recs, []rec{{t: 5000, data: "wire", iface: 1}})
	if res.stats.Skipped != 4 || len(res.warns) != 2 {
		t.Errorf("skipped %d, want 4; warnings %q, want 2", res.stats.Skipped, res.warns)
	}
}

// drainAll gives the packets and all errors, that of Open among them.
func drainAll(t testing.TB, b []byte) ([]rec, []error) {
	t.Helper()
	res, err := drainBytes(t, b)
	if err != nil {
		return nil, []error{err}
	}
	return res.recs, res.errs
}

func TestCorrupt(t *testing.T) {
	ng := append(ngSHB(le), ngIDB(le, LinkEthernet, 0)...)
	ng = append(ng, ngEPB(le, 0, 1000, "good", 4)...)
	pcap := microPcap(rec{t: sec, data: "good"})
	badEnd := ngEPB(le, 0, 0, "abcd", 4)
	badEnd[len(badEnd)-4]++
	shortSection := ngBlock(le, 0x0a0d0d0a, fields(le, nil, uint32(0x1a2b3c4d)))
	future := ngSHB(le)
	future[12] = 2
	for _, c := range []struct {
		name  string
		intro []byte
		bad   []byte
		want  string
	}{
		{"pcap record length", pcap, fields(le, nil, uint64(0), uint32(262145), uint32(5)), "claims 262145 bytes"},
		{"block length 0", ng, make([]byte, 16), "a block claims a length of 0 bytes"},
		{"block length odd", ng, fields(le, nil, uint32(5), uint32(13), make13()), "a block claims a length of 13 bytes"},
		{"block length huge", ng, fields(le, nil, uint32(5), uint32(17<<20)), "a block claims a length of 17825792 bytes"},
		{"trailing length", ng, badEnd, "says 36 bytes at its start and 37 at its end"},
		{"packet longer than block", ng, ngBlock(le, 6, fields(le, nil, uint32(0), uint64(0), uint32(5), uint32(5), "abcd")), "a packet of 5 bytes is in a block of 36"},
		{"packet too long", ng, ngBlock(le, 6, fields(le, nil, uint32(0), uint64(0), uint32(1<<20), uint32(5), "abcd")), "claims 1048576 bytes"},
		{"short packet block", ng, ngBlock(le, 6, []byte("abcd")), "a packet block has 16 bytes"},
		{"short simple block", ng, ngBlock(le, 3, nil), "a simple packet block has 12 bytes"},
		{"short interface", ng, ngBlock(le, 1, []byte("abcd")), "an interface description block has 16 bytes"},
		{"time resolution", ng, ngIDB(le, 1, 0, uint16(9), uint16(1), "\x7f\x00\x00\x00"), "if_tsresol) of 0x7f"},
		{"byte order", ng, ngBlock(le, 0x0a0d0d0a, make([]byte, 16)), "byte-order mark 00 00 00 00"},
		{"short section", ng, shortSection, "a section header block has 16 bytes"},
		{"section version", ng, future, "pcapng version 2.0 is not known"},
		{"no interface", ng, append(ngSHB(le), ngEPB(le, 0, 0, "abcd", 4)...), "before any interface"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := append(append([]byte{}, c.intro...), c.bad...)
			recs, errs := drainAll(t, append(b, pcap...))
			equalRecs(t, recs, []rec{{t: recs[0].t, data: "good"}})
			var bad *CorruptError
			if len(errs) != 1 || !errors.As(errs[0], &bad) || !strings.Contains(bad.Error(), c.want) {
				t.Fatalf("errors %v, want one with %q", errs, c.want)
			}
			if want := int64(len(c.intro)); c.name != "no interface" && bad.Offset != want {
				t.Errorf("offset %d, want %d", bad.Offset, want)
			}
		})
	}
	_, errs := drainAll(t, pcapFile(le, 0xa1b2c3d4, 4, 1, 1000)[:6:6])
	if len(errs) != 1 {
		t.Errorf("pcap of 6 bytes: %v", errs)
	}
	b := microPcap()
	b[4] = 9
	if _, errs = drainAll(t, b); len(errs) != 1 || !strings.Contains(errs[0].Error(), "pcap version 9.4 is not known") {
		t.Errorf("pcap version 9: %v", errs)
	}
}

func make13() string { return strings.Repeat("x", 13) }

// A file that ends at any byte gives exactly its whole packets, then one TruncatedError.
func TestTruncated(t *testing.T) {
	ngFile := append(ngSHB(be), ngIDB(be, LinkEthernet, 0, uint16(9), uint16(1), "\x09\x00\x00\x00")...)
	ends := map[string][]int{"ng": {len(ngFile)}}
	for i, block := range [][]byte{ngEPB(be, 0, 1, "one", 3), ngPB(be, 0, 2, "two"), ngBlock(be, 4, []byte("names")), ngSPB(be, "three", 5)} {
		ngFile = append(ngFile, block...)
		if i != 2 {
			ends["ng"] = append(ends["ng"], len(ngFile))
		}
	}
	pcap := microPcap(rec{data: "one"}, rec{data: ""}, rec{data: "three"})
	ends["pcap"] = []int{24, 24 + 16 + 3, 24 + 16 + 3 + 16, len(pcap)}
	boundary := map[string][]int{ // where the file may end without anything missing
		"pcap": ends["pcap"],
		"ng":   append([]int{len(ngSHB(be)), len(ngFile) - len(ngSPB(be, "three", 5))}, ends["ng"]...),
	}
	for name, file := range map[string][]byte{"pcap": pcap, "ng": ngFile} {
		for cut := range len(file) + 1 {
			whole := -1
			for _, e := range ends[name] {
				if cut >= e {
					whole++
				}
			}
			atBoundary := false
			for _, e := range boundary[name] {
				atBoundary = atBoundary || cut == e
			}
			recs, errs := drainAll(t, file[:cut])
			if len(recs) != max(whole, 0) {
				t.Fatalf("%s cut at %d: %d packets, want %d", name, cut, len(recs), whole)
			}
			checkCut(t, fmt.Sprintf("%s cut at %d", name, cut), errs, cut, atBoundary)
		}
	}
}

// checkCut wants one TruncatedError where a file was cut to size bytes within something.
func checkCut(t *testing.T, what string, errs []error, size int, boundary bool) {
	t.Helper()
	if boundary {
		if len(errs) != 0 {
			t.Fatalf("%s: %v, want no error", what, errs)
		}
		return
	}
	if len(errs) != 1 {
		t.Fatalf("%s: errors %v, want one", what, errs)
	}
	var cut *TruncatedError
	var alien *NotCaptureError
	switch {
	case size < 4 && errors.As(errs[0], &alien):
	case size >= 4 && errors.As(errs[0], &cut):
		if cut.Offset != int64(size) || cut.Record+cut.Found != cut.Offset || cut.Wanted <= cut.Found {
			t.Fatalf("%s: %+v", what, cut)
		}
	default:
		t.Fatalf("%s: %v", what, errs[0])
	}
}

func TestTruncatedText(t *testing.T) {
	b := microPcap(rec{data: "one"}, rec{data: "three"})
	dir := t.TempDir()
	path := write(t, dir, "cut.pcap", b[:len(b)-2])
	res, err := drain(t, []string{path}, Options{})
	if err != nil || len(res.errs) != 1 {
		t.Fatal(err, res.errs)
	}
	want := path + ": truncated at byte 62: the last packet record, at byte 43, is cut short (wanted 21 bytes, found 19); all whole packets were read"
	if res.errs[0].Error() != want {
		t.Errorf("\n got %s\nwant %s", res.errs[0], want)
	}
}

// Compressed streams that end early give the packets that can be had.
func TestTruncatedCompressed(t *testing.T) {
	var recs []rec
	for i := range 300 {
		recs = append(recs, rec{t: int64(i) * 1000, data: fmt.Sprintf("packet %d %x", i, i*7919)})
	}
	plain := microPcap(recs...)
	for name, packed := range map[string][]byte{"gzip": gz(t, plain), "zstd": zst(t, plain)} {
		for cut := 0; cut < len(packed); cut += 1 + cut/16 {
			got, errs := drainAll(t, packed[:cut])
			if len(errs) != 1 {
				t.Fatalf("%s cut at %d: errors %v, want one", name, cut, errs)
			}
			if len(got) > 0 {
				equalRecs(t, got, recs[:len(got)])
				var te *TruncatedError
				if !errors.As(errs[0], &te) || te.Packed != name {
					t.Errorf("%s cut at %d: %v", name, cut, errs[0])
				}
			}
		}
		whole, errs := drainAll(t, packed)
		if len(errs) != 0 {
			t.Fatal(errs)
		}
		equalRecs(t, whole, recs)
	}
	damaged := gz(t, plain)
	damaged[len(damaged)-5] ^= 1 // in the checksum
	got, errs := drainAll(t, damaged)
	var bad *CorruptError
	if len(got) != len(recs) || len(errs) != 1 || !errors.As(errs[0], &bad) || !strings.Contains(bad.Reason, "gzip stream is damaged") {
		t.Errorf("wrong checksum: %d packets, %v", len(got), errs)
	}
}
