package capture

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// synthetic writes a capture of n packets with the sizes of common traffic.
func synthetic(t testing.TB, n int) []byte {
	var out bytes.Buffer
	w, err := NewWriter(&out, LinkEthernet, 0)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	data := make([]byte, 1514)
	for i := range data {
		data[i] = byte(rnd.Uint32() >> 30) // compresses about as traffic does
	}
	sizes := []int{60, 60, 66, 66, 74, 120, 350, 1514}
	for i := range n {
		size := sizes[rnd.IntN(len(sizes))]
		if err := w.Write(&Packet{Data: data[:size], Len: uint32(size), Time: int64(i) * 1000, Link: LinkEthernet}); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// Once the first batches are through, reading allocates nothing. The gzip decoder makes small
// tables for each of its blocks, of many packets.
func TestReadAllocs(t *testing.T) {
	plain := synthetic(t, 100_000)
	ng := append(ngSHB(le), ngIDB(le, LinkEthernet, 0)...)
	for i := range 100_000 {
		ng = append(ng, ngEPB(le, 0, uint64(i), "some packet or other", 20)...)
	}
	dir := t.TempDir()
	a, b := write(t, dir, "a", plain), write(t, dir, "b", plain)
	for name, c := range map[string]struct {
		paths  []string
		filter string
		most   float64
	}{
		"pcap":     {[]string{a}, "", 0},
		"filtered": {[]string{a}, testFilter("greater 70"), 0},
		"pcapng":   {[]string{write(t, dir, "ng", ng)}, "", 0},
		"merge":    {[]string{a, b}, "", 0},
		"gzip":     {[]string{write(t, dir, "gz", gz(t, plain))}, "", 10},
	} {
		s, err := Open(c.paths, Options{Filter: c.filter})
		if err != nil {
			t.Fatal(err)
		}
		var batch Batch
		read := func() {
			if err := s.ReadBatch(&batch); err != nil {
				t.Fatal(name, err)
			}
		}
		for range 20 {
			read()
		}
		if n := testing.AllocsPerRun(100, read); n > c.most {
			t.Errorf("%s: %v allocations a batch", name, n)
		}
		s.Close()
	}
}

func benchmarkRead(b *testing.B, opt Options, size int64, paths ...string) {
	b.SetBytes(size)
	b.ReportAllocs()
	var batch Batch
	packets := uint64(0)
	for b.Loop() {
		s, err := Open(paths, opt)
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			err = s.ReadBatch(&batch)
		}
		if !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
		packets += s.Stats().Packets
		s.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
}

func BenchmarkRead(b *testing.B) {
	plain := synthetic(b, 400_000)
	dir := b.TempDir()
	file := write(b, dir, "x.pcap", plain)
	size := int64(len(plain))
	b.Run("pcap", func(b *testing.B) { benchmarkRead(b, Options{}, size, file) })
	b.Run("filter", func(b *testing.B) { benchmarkRead(b, Options{Filter: testFilter("greater 70")}, size, file) })
	b.Run("gzip", func(b *testing.B) { benchmarkRead(b, Options{}, size, write(b, dir, "x.gz", gz(b, plain))) })
	b.Run("zstd", func(b *testing.B) { benchmarkRead(b, Options{}, size, write(b, dir, "x.zst", zst(b, plain))) })
	b.Run("merge2", func(b *testing.B) { benchmarkRead(b, Options{}, 2*size, file, file) })
}

// What BenchmarkRead/pcap cannot beat: reading the file and doing nothing with it.
func BenchmarkReadRaw(b *testing.B) {
	plain := synthetic(b, 400_000)
	path := filepath.Join(b.TempDir(), "x")
	if err := os.WriteFile(path, plain, 0o600); err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, readBuffer)
	b.SetBytes(int64(len(plain)))
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			_, err = f.Read(buf)
		}
		f.Close()
	}
}
