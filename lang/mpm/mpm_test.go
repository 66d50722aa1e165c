package mpm

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// naive is what Scan must agree with.
func naive(pats []Pattern, data []byte, from int) []uint32 { return naiveAt(pats, data, from, 0) }

// naiveAt is so where the data is at base.
func naiveAt(pats []Pattern, data []byte, from, base int) []uint32 {
	var out []uint32
	low := lower(data)
	for i, p := range pats {
		n := len(p.Bytes) + len(p.Sets)
		want, in := p.Bytes, data
		if p.NoCase {
			want, in = lower(p.Bytes), low
		}
		for at := 0; n > 0 && at+n <= len(data); at++ {
			if at+n > from && (p.MaxEnd == 0 || base+at+n <= p.MaxEnd) &&
				(p.Sets != nil && inSets(data[at:at+n], p.Sets) || p.Sets == nil && bytes.Equal(in[at:at+n], want)) {
				out = append(out, uint32(i))
				break
			}
		}
	}
	return out
}

func lower(b []byte) []byte {
	b = bytes.Clone(b)
	for i, c := range b {
		if c-'A' < 26 {
			b[i] = c | 0x20
		}
	}
	return b
}

// ways makes sets of the patterns for all ways to look for them that the processor has.
func ways(pats []Pattern) (sets []*Set) {
	for _, windows := range []bool{false, true} {
		for _, vector := range []bool{false, true} {
			if vector && (windows && !canWindows || !canVector) {
				continue
			}
			s := build(pats, windows)
			s.vector = vector
			sets = append(sets, s)
		}
	}
	return sets
}

// scan scans in all ways, and panics if they differ.
func scan(sets []*Set, data []byte, from int) []uint32 { return scanAt(sets, data, from, 0) }

func scanAt(sets []*Set, data []byte, from, base int) []uint32 {
	hits := scanOnce(sets[0], data, from, base)
	for i, s := range sets[1:] {
		if other := scanOnce(s, data, from, base); !slices.Equal(hits, other) {
			panic(fmt.Sprintf("%q from %d: way 0 %v, way %d %v", data, from, hits, i+1, other))
		}
	}
	return hits
}

func scanOnce(s *Set, data []byte, from, base int) []uint32 {
	seen := Seen{Base: base}
	seen.Reset(s.Len())
	hits := s.Scan(data, from, &seen, nil)
	slices.Sort(hits)
	return hits
}

func randomBytes(r *rand.Rand, n int, alphabet string) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return b
}

func TestScanAgreesWithNaiveSearch(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, alphabet := range []string{"ab", "aAbB@`", "\x00\x01\xff", "abcdefGHIJ /.\r\n"} {
		for round := range 300 {
			var pats []Pattern
			for range r.IntN(40) {
				pats = append(pats, Pattern{Bytes: randomBytes(r, r.IntN(14), alphabet), NoCase: r.IntN(2) == 0})
			}
			if round == 0 { // enough for the big bit map
				for range 1200 {
					pats = append(pats, Pattern{Bytes: randomBytes(r, 5+r.IntN(20), alphabet), NoCase: r.IntN(2) == 0})
				}
			}
			s := ways(pats)
			for range 5 {
				data := randomBytes(r, r.IntN(200), alphabet)
				from := 0
				if len(data) > 0 {
					from = r.IntN(len(data) + 1)
				}
				if got, want := scan(s, data, from), naive(pats, data, from); !slices.Equal(got, want) {
					t.Fatalf("data %q from %d: got %v, want %v", data, from, got, want)
				}
			}
		}
	}
}

// TestWindowsAgree compares what the processor finds in the tables with what a loop finds.
func TestWindowsAgree(t *testing.T) {
	if !canWindows {
		t.Skip("the processor has no such instructions")
	}
	r := rand.New(rand.NewPCG(19, 20))
	var want, got [windowChunk + 4]uint16
	for _, n := range []int{1, 20, 64, 65, 300, 2000} {
		w := build(generated(n), true).windows
		for range 200 {
			d := text(4000)[r.IntN(1500):]
			if r.IntN(2) == 0 {
				d = make([]byte, 2500)
			}
			d = d[:r.IntN(windowChunk+70)]
			looked := min(len(d), windowChunk)
			if k := r.IntN(1 + looked/64); r.IntN(2) == 0 {
				looked = 64 * k
			}
			if looked == 0 {
				continue
			}
			for i := range w.tables {
				k := w.tables[i].pass(d[:looked], d, want[:0])
				m := windows16(&w.tables[i], &d[0], looked, len(d), &got[0])
				if w.narrow {
					m = windows8(&w.tables[i], &d[0], looked, len(d), &got[0])
				}
				if !slices.Equal(want[:k], got[:m]) {
					t.Fatalf("%d patterns, %d of %d bytes: got %v, want %v", n, looked, len(d), got[:m], want[:k])
				}
				for k > 0 && int(want[k-1])+4 > len(d) {
					k--
				}
				m = siftWindows(&d[0], &got[0], k, &w.bits[0], uint64(w.shift))
				if k = w.sift(d, want[:k]); !slices.Equal(want[:k], got[:m]) {
					t.Fatalf("%d patterns, %d of %d bytes, sifted: got %v, want %v", n, looked, len(d), got[:m], want[:k])
				}
			}
		}
	}
}

// TestPlaced has patterns that must end early.
func TestPlaced(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	for round := range 2000 {
		alphabet := []string{"ab", "aAbB", "\x00\x01"}[round%3]
		var pats []Pattern
		for range 1 + r.IntN(12) {
			p := Pattern{Bytes: randomBytes(r, 1+r.IntN(4)*r.IntN(5), alphabet), NoCase: r.IntN(2) == 0}
			if r.IntN(4) > 0 {
				p.MaxEnd = max(0, len(p.Bytes)+r.IntN(14)-2)
			}
			pats = append(pats, p)
		}
		s := ways(pats)
		for range 5 {
			data := randomBytes(r, r.IntN(30), alphabet)
			from, base := r.IntN(1+len(data)), r.IntN(3)*r.IntN(9)
			if got, want := scanAt(s, data, from, base), naiveAt(pats, data, from, base); !slices.Equal(got, want) {
				t.Fatalf("data %q from %d at %d: got %v, want %v", data, from, base, got, want)
			}
		}
	}
}

// TestSets has patterns of sets of bytes among others.
func TestSets(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	for round := range 300 {
		alphabet := []string{"abAB01", "aAbBcCdD 0123456789", "\x00\xffab"}[round%3]
		var pats []Pattern
		for range 1 + r.IntN(12) {
			p := Pattern{Sets: make([]ByteSet, 5+r.IntN(6))}
			for i := range p.Sets {
				for range 1 + r.IntN(3)*r.IntN(4) {
					c := alphabet[r.IntN(len(alphabet))]
					p.Sets[i][c>>6] |= 1 << (c & 63)
				}
			}
			if r.IntN(20) == 0 {
				p.Sets[r.IntN(len(p.Sets))] = ByteSet{} // is never found
			}
			if Usable(p.Sets) {
				pats = append(pats, p, Pattern{Bytes: randomBytes(r, 1+r.IntN(8), alphabet)})
			}
		}
		s := ways(pats)
		for range 5 {
			data := randomBytes(r, r.IntN(200), alphabet)
			if got, want := scan(s, data, 0), naive(pats, data, 0); !slices.Equal(got, want) {
				t.Fatalf("data %q: got %v, want %v", data, got, want)
			}
		}
	}
}

// TestRuns has patterns at the ends of runs of bytes, where the scan skips what it has seen.
func TestRuns(t *testing.T) {
	var pats []Pattern
	for _, p := range []string{"\x00\x00\x00\x00\x00\x01", "\x00\x00\x00\x00\x00", "AAAAAAAAB", "ABABABABAB", "BABAC", "    x", "abcabcabcd", "AAAAA"} {
		pats = append(pats, Pattern{Bytes: []byte(p)})
	}
	r := rand.New(rand.NewPCG(11, 12))
	for range 3000 {
		var data []byte
		for range 1 + r.IntN(4) {
			unit := []string{"\x00", "A", "AB", " ", "abc", "a\x00", "AAAB", "aabbccdd"}[r.IntN(8)]
			data = append(data, bytes.Repeat([]byte(unit), r.IntN(40))...)
			data = append(data, randomBytes(r, r.IntN(3), "\x01BCxd ")...)
		}
		for n := 0; n <= len(pats); n++ { // more patterns make more reason to look closer
			if got, want := scan(ways(pats[:n]), data, 0), naive(pats[:n], data, 0); !slices.Equal(got, want) {
				t.Fatalf("%d patterns in %q: got %v, want %v", n, data, got, want)
			}
		}
	}
}

// TestLongData has buffers of several blocks, with patterns at the seams.
func TestLongData(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	pats := append(generated(300), Pattern{Bytes: []byte("|~|")}, Pattern{Bytes: []byte("#~#~#")}, Pattern{Bytes: []byte("\x00\x00\x00~")})
	s := ways(pats)
	for range 30 {
		data := bytes.Clone(text(5000)[:r.IntN(5000)])
		for range 1 + r.IntN(20) {
			p := pats[len(pats)-1-r.IntN(10)].Bytes
			if at := max(0, 32*r.IntN(1+len(data)/32)+r.IntN(6)-len(p)); at < len(data) {
				copy(data[at:], p)
			}
		}
		data = slices.Clip(data)
		from := r.IntN(1 + len(data))
		if r.IntN(2) == 0 {
			from = 0
		}
		if got, want := scan(s, data, from), naive(pats, data, from); !slices.Equal(got, want) {
			t.Fatalf("%d bytes from %d: got %v, want %v", len(data), from, got, want)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("union\x00Select\x00a\x00ab"), []byte("UNION SELECT ab"), uint8(3))
	f.Add([]byte("\xff\xff\xff\xff\xff\x00"), []byte("\xff\xff\xff\xff\xff\xff\xff"), uint8(0))
	f.Fuzz(func(t *testing.T, patterns, data []byte, from uint8) {
		var pats []Pattern
		for i, p := range bytes.Split(patterns, []byte{0}) {
			pats = append(pats, Pattern{Bytes: p, NoCase: i%2 == 0, MaxEnd: i % 5 * int(from)})
		}
		if got, want := scan(ways(pats), data, int(from)), naive(pats, data, int(from)); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestNeedle(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		alphabet := []string{"ab", "aAbB@`", "abcdefGHIJ /."}[r.IntN(3)]
		p := Pattern{Bytes: randomBytes(r, r.IntN(10), alphabet), NoCase: r.IntN(2) == 0}
		data := randomBytes(r, r.IntN([]int{60, 300}[r.IntN(2)]), alphabet)
		if r.IntN(2) == 0 { // so that long ones are there as well, where the search takes them many bytes at a time
			copy(data[r.IntN(len(data)+1):], p.Bytes)
		}
		want := bytes.Index(data, p.Bytes)
		if p.NoCase {
			want = bytes.Index(lower(data), lower(p.Bytes))
		}
		n := NewNeedle(p)
		if got := n.Index(data); got != want {
			t.Fatalf("%q in %q: got %d, want %d", p.Bytes, data, got, want)
		}
		if n.At(data) != (want == 0) {
			t.Fatalf("%q at the start of %q: got %v", p.Bytes, data, n.At(data))
		}
	}
}

func TestScanDoesNotAllocate(t *testing.T) {
	s := New(generated(2000))
	data := text(4096)
	var seen Seen
	hits := make([]uint32, 0, 64)
	n := testing.AllocsPerRun(100, func() {
		seen.Reset(s.Len())
		hits = s.Scan(data, 0, &seen, hits[:0])
	})
	if n != 0 {
		t.Errorf("%v allocations a scan", n)
	}
}

// generated makes patterns like those of published rulesets: words, paths, parameters.
func generated(n int) []Pattern {
	r := rand.New(rand.NewPCG(5, 6))
	words := []string{"admin", "index", "login", "upload", "cmd", "exec", "shell", "User-Agent", "id", "php", "asp", "get",
		"file", "path", "config", "wp-content", "plugins", "include", "component", "option", "view", "task", "page", "show"}
	var out []Pattern
	for range n {
		var b []byte
		for range 1 + r.IntN(3) {
			b = append(b, words[r.IntN(len(words))]...)
			b = append(b, "/?&=._-|: "[r.IntN(10)])
			b = append(b, randomBytes(r, 2+r.IntN(6), "abcdefghijklmnopqrstuvwxyz0123456789_")...)
		}
		out = append(out, Pattern{Bytes: b, NoCase: r.IntN(3) > 0})
	}
	return out
}

func text(n int) []byte {
	r := rand.New(rand.NewPCG(7, 8))
	var b []byte
	for len(b) < n {
		at := r.IntN(len(commonText) - 100)
		b = append(b, commonText[at:at+20+r.IntN(80)]...)
		b = append(b, randomBytes(r, r.IntN(60), "abcdefghijklmnopqrstuvwxyzABCDEF0123456789/.&=%")...)
	}
	return b[:n]
}

func BenchmarkScan(b *testing.B) {
	binary := make([]byte, 1400)
	r := rand.New(rand.NewPCG(9, 10))
	for i := range binary {
		binary[i] = byte(r.Uint32())
	}
	for _, n := range []int{10, 100, 500, 1000, 2000, 4000, 17000, 100000} {
		pats := generated(n)
		for _, in := range []struct {
			name string
			data []byte
		}{{"text", text(1400)}, {"binary", binary}, {"short", text(40)}} {
			for _, way := range []struct {
				name            string
				can             bool
				windows, vector bool
			}{{"scalar", true, false, false}, {"anchors", canVector, false, true}, {"windows", canWindows && n <= maxWindows, true, true}} {
				if !way.can {
					continue
				}
				b.Run(fmt.Sprintf("%d/%s/%s", n, in.name, way.name), func(b *testing.B) {
					s := build(pats, way.windows)
					s.vector = way.vector
					var seen Seen
					hits := make([]uint32, 0, 64)
					b.SetBytes(int64(len(in.data)))
					b.ReportAllocs()
					for b.Loop() {
						seen.Reset(s.Len())
						hits = s.Scan(in.data, 0, &seen, hits[:0])
					}
				})
			}
		}
	}
}

func BenchmarkNew(b *testing.B) {
	pats := generated(17000)
	b.ReportAllocs()
	for b.Loop() {
		New(pats)
	}
}

func BenchmarkNeedle(b *testing.B) {
	data := text(1400)
	for _, p := range []Pattern{{Bytes: []byte("/never/there"), NoCase: true}, {Bytes: []byte("elephant"), NoCase: true}, {Bytes: []byte("elephant"), NoCase: false}} {
		n := NewNeedle(p)
		b.Run(fmt.Sprintf("%s/%v", p.Bytes, p.NoCase), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				n.Index(data)
			}
		})
	}
}

func TestMaxEnd(t *testing.T) {
	s := New([]Pattern{{Bytes: []byte("ab"), MaxEnd: 4}, {Bytes: []byte("needle"), MaxEnd: 10}, {Bytes: []byte("needle")}, {Bytes: []byte("x"), MaxEnd: 1}})
	for _, tt := range []struct {
		in   string
		base int
		want []uint32
	}{{"..ab....", 0, []uint32{0}}, {"...ab", 0, nil}, {"..ab", 1, nil}, {"....needle", 0, []uint32{1, 2}}, {".....needle", 0, []uint32{2}}, {"xx", 0, []uint32{3}}, {".x", 0, nil}} {
		seen := Seen{Base: tt.base}
		seen.Reset(s.Len())
		got := s.Scan([]byte(tt.in), 0, &seen, nil)
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q at %d: got %v, want %v", tt.in, tt.base, got, tt.want)
		}
	}
}
