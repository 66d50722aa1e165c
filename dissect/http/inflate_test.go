package http

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand"
	"testing"
)

func inflate(f *inflater, in []byte, step int) (out []byte, err error) {
	f.reset()
	for len(in) > 0 && f.state != infDone {
		n := min(step, len(in))
		if err := f.run(in[:n], func(b []byte) bool { out = append(out, b...); return true }); err != nil {
			return out, err
		}
		in = in[n:]
	}
	return out, nil
}

func deflated(b []byte, level int) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, level)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

// samples are texts that exercise all block types and long distances.
func samples() [][]byte {
	rnd := rand.New(rand.NewSource(1))
	noise := make([]byte, 200_000)
	rnd.Read(noise)
	words := []byte{}
	for len(words) < 300_000 {
		words = append(words, noise[rnd.Intn(1000):][:rnd.Intn(300)]...)
	}
	return [][]byte{{}, []byte("a"), bytes.Repeat([]byte("a"), 100_000), noise, words}
}

func TestInflate(t *testing.T) {
	var f inflater
	for i, s := range samples() {
		for _, level := range []int{flate.HuffmanOnly, 0, 1, 6, 9} {
			in := deflated(s, level)
			for _, step := range []int{1, 3, 1460, 1 << 20} {
				out, err := inflate(&f, in, step)
				if err != nil || !bytes.Equal(out, s) || f.state != infDone {
					t.Fatalf("sample %d level %d step %d: %d of %d bytes, %v", i, level, step, len(out), len(s), err)
				}
			}
		}
	}
}

// FuzzInflate compares with the standard library: where it decodes, so must this; where it
// fails, this gives at least what it gave.
func FuzzInflate(f *testing.F) {
	for _, s := range samples() {
		f.Add(deflated(s[:min(len(s), 2000)], 6), uint16(7))
	}
	f.Add([]byte{0x05, 0xe0, 0x81, 0x08, 0, 0, 0, 0, 0x20}, uint16(1))
	var inf inflater
	f.Fuzz(func(t *testing.T, in []byte, step uint16) {
		want, werr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(in)), 1<<20))
		if len(want) == 1<<20 {
			return
		}
		got, err := inflate(&inf, in, int(step)+1)
		if !bytes.HasPrefix(got, want) {
			t.Fatalf("got %d bytes, want %d (%v, %v)", len(got), len(want), err, werr)
		}
		if werr == nil && (err != nil || inf.state != infDone || len(got) != len(want)) {
			t.Fatalf("the library decodes this, but not we: %v", err)
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	page := bytes.Repeat([]byte(`<li class="item"><a href="/path/to/page">A title of moderate length</a></li>`), 800)
	for i := range page {
		if i%37 == 0 {
			page[i] = byte('a' + i*7%26)
		}
	}
	in := deflated(page, 6)
	var f inflater
	b.ReportAllocs()
	b.SetBytes(int64(len(page)))
	n := 0
	emit := func(p []byte) bool { n += len(p); return true }
	for b.Loop() {
		f.reset()
		if err := f.run(in, emit); err != nil {
			b.Fatal(err)
		}
	}
}
