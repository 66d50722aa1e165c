package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// The captures of the tests are written here byte by byte, apart from the code under test.

// rec is a packet as the tests write it and want it back.
type rec struct {
	t     int64 // ns
	data  string
	wire  uint32 // 0: len(data)
	link  LinkType
	iface uint16
}

func (r rec) wireLen() uint32 { return max(r.wire, uint32(len(r.data))) }

// fields appends numbers in a byte order.
func fields(o binary.AppendByteOrder, b []byte, values ...any) []byte {
	for _, v := range values {
		switch v := v.(type) {
		case uint8:
			b = append(b, v)
		case uint16:
			b = o.AppendUint16(b, v)
		case uint32:
			b = o.AppendUint32(b, v)
		case uint64:
			b = o.AppendUint64(b, v)
		case string:
			b = append(b, v...)
		}
	}
	return b
}

// pcapFile writes a pcap file; unit is the ns of a unit of the second half of a time.
func pcapFile(o binary.AppendByteOrder, magic uint32, minor uint16, link uint32, unit int64, recs ...rec) []byte {
	b := fields(o, nil, magic, uint16(2), minor, uint32(0), uint32(0), uint32(65535), link)
	for _, r := range recs {
		a, c := uint32(len(r.data)), r.wireLen()
		if minor < 3 {
			a, c = c, a
		}
		b = fields(o, b, uint32(r.t/1e9), uint32(r.t%1e9/unit), a, c)
		if magic == 0xa1b2cd34 {
			b = fields(o, b, uint32(7), uint16(0x800), uint8(1), uint8(0))
		}
		b = append(b, r.data...)
	}
	return b
}

// microPcap writes a little-endian µs pcap of Ethernet packets.
func microPcap(recs ...rec) []byte {
	return pcapFile(binary.LittleEndian, 0xa1b2c3d4, 4, 1, 1000, recs...)
}

// ngBlock writes a pcapng block around a body, which it pads.
func ngBlock(o binary.AppendByteOrder, typ uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	n := uint32(len(body) + 12)
	return fields(o, nil, typ, n, string(body), n)
}

func ngSHB(o binary.AppendByteOrder) []byte {
	return ngBlock(o, 0x0a0d0d0a, fields(o, nil, uint32(0x1a2b3c4d), uint16(1), uint16(0), ^uint64(0)))
}

func ngIDB(o binary.AppendByteOrder, link LinkType, snap uint32, options ...any) []byte {
	b := fields(o, nil, uint16(link), uint16(0), snap)
	return ngBlock(o, 1, fields(o, b, options...))
}

func ngEPB(o binary.AppendByteOrder, iface uint32, stamp uint64, data string, wire uint32) []byte {
	return ngBlock(o, 6, fields(o, nil, iface, uint32(stamp>>32), uint32(stamp), uint32(len(data)), wire, data))
}

func ngPB(o binary.AppendByteOrder, iface uint16, stamp uint64, data string) []byte {
	n := uint32(len(data))
	return ngBlock(o, 2, fields(o, nil, iface, uint16(0xffff), uint32(stamp>>32), uint32(stamp), n, n, data))
}

func ngSPB(o binary.AppendByteOrder, data string, wire uint32) []byte {
	return ngBlock(o, 3, fields(o, nil, wire, data))
}

func gz(t testing.TB, b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zst(t testing.TB, b []byte) []byte {
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(b)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// write puts a file into the folder of the test, whose path it gives.
func write(t testing.TB, dir, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// result is all that came out of a source.
type result struct {
	recs  []rec
	errs  []error // of ReadBatch, without io.EOF
	stats Stats
	warns []string
	nums  []uint64
}

// drain reads a source to its end.
func drain(t testing.TB, paths []string, opt Options) (result, error) {
	t.Helper()
	var res result
	opt.Warn = func(w string) { res.warns = append(res.warns, w) }
	s, err := Open(paths, opt)
	if err != nil {
		return res, err
	}
	var b Batch
	for {
		err := s.ReadBatch(&b)
		if err != nil && len(b.Packets) > 0 {
			t.Fatalf("an error came together with packets: %v", err)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			if res.errs = append(res.errs, err); len(res.errs) > 1000 {
				t.Fatalf("errors without end: %v", err)
			}
		}
		for i := range b.Packets {
			p := &b.Packets[i]
			res.recs = append(res.recs, rec{p.Time, string(p.Data), p.Len, p.Link, p.If})
			res.nums = append(res.nums, p.Num)
		}
	}
	if err := s.ReadBatch(&b); err != io.EOF {
		t.Fatalf("after the end: %v, want io.EOF again", err)
	}
	res.stats = s.Stats()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return res, nil
}

// drainBytes reads one capture from memory.
func drainBytes(t testing.TB, b []byte) (result, error) {
	t.Helper()
	return drain(t, []string{"-"}, Options{Stdin: bytes.NewReader(b)})
}

// equalRecs compares packets; link and wire length of 0 in want mean Ethernet and uncut.
func equalRecs(t testing.TB, got, want []rec) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d packets, want %d", len(got), len(want))
	}
	for i, w := range want {
		w.wire = w.wireLen()
		if w.link == 0 {
			w.link = LinkEthernet
		}
		if got[i] != w {
			t.Fatalf("packet %d:\n got %+v\nwant %+v", i+1, got[i], w)
		}
	}
}

func readerOf(b []byte) io.Reader { return bytes.NewReader(b) }
