package output

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// gate is a file that writes nothing before it is opened.
type gate struct {
	open chan struct{}
	mu   sync.Mutex
	got  bytes.Buffer
}

func (g *gate) Write(b []byte) (int, error) {
	<-g.open
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.got.Write(b)
}

func TestStreamOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "eve.json")
	f, err := NewRotating(path, RotateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := NewStream("eve", f, StreamOptions{Block: true, Bytes: 1000})
	var want strings.Builder
	for i := range 5000 {
		line := fmt.Sprintf("{\"n\":%d}\n", i)
		want.WriteString(line)
		if _, err := s.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want.String() {
		t.Errorf("%d bytes of %d, or out of order; %v", len(got), want.Len(), err)
	}
	if n := s.Counts(); n != (Counts{Written: 5000}) {
		t.Errorf("%+v", n)
	}
}

// TestStreamDrops: live, a disk that stands still costs records, whole ones, and not the engine.
func TestStreamDrops(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	s := NewStream("eve", g, StreamOptions{Bytes: 100, Delay: time.Millisecond})
	begun := time.Now()
	for i := range 1000 {
		fmt.Fprintf(s, "line %3d\n", i)
	}
	if time.Since(begun) > 5*time.Second {
		t.Error("a disk that stands still held up the writer")
	}
	close(g.open)
	err := s.Close()
	n := s.Counts()
	if n.Dropped == 0 || n.Dropped+n.Written != 1000 || err == nil || !strings.Contains(err.Error(), "of 1000 records were not written: the disk could not keep up") {
		t.Errorf("%+v, %v", n, err)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(g.got.String(), "\n"), "\n") {
		if len(line) != 8 {
			t.Errorf("a torn line: %q", line)
		}
	}
}

// TestStreamWaits: in a replay nothing is lost.
func TestStreamWaits(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	s := NewStream("eve", g, StreamOptions{Block: true, Bytes: 100, Delay: time.Millisecond})
	go func() {
		time.Sleep(20 * time.Millisecond)
		close(g.open)
	}()
	for i := range 1000 {
		fmt.Fprintf(s, "line %3d\n", i)
	}
	if err := s.Close(); err != nil || s.Counts() != (Counts{Written: 1000}) {
		t.Errorf("%+v, %v", s.Counts(), err)
	}
}

func TestStreamFullDisk(t *testing.T) {
	f, err := NewRotating("/dev/full", RotateOptions{})
	if err != nil {
		t.Skip(err)
	}
	var warnings []string
	s := NewStream("eve", f, StreamOptions{Block: true, Delay: time.Millisecond, Warn: func(format string, args ...any) {
		warnings = append(warnings, fmt.Sprintf(format, args...))
	}})
	for range 3 {
		fmt.Fprint(s, "a\nb\n")
		time.Sleep(5 * time.Millisecond)
	}
	err = s.Close()
	if err == nil || !strings.Contains(err.Error(), "6 of 6 records were not written: write /dev/full: no space left") {
		t.Error(err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "output eve: write /dev/full: no space left on device; the engine runs on") {
		t.Errorf("%q", warnings)
	}
	if s.Close() != nil {
		t.Error("a second Close says something")
	}
}

// partly writes some of what it gets, and fails.
type partly struct{ n int }

func (p partly) Write(b []byte) (int, error) { return p.n, errors.New("broken") }

func TestStreamCountsWhatWasWritten(t *testing.T) {
	s := NewStream("eve", partly{5}, StreamOptions{})
	fmt.Fprint(s, "a\nb\ncccc\n")
	_ = s.Close()
	if n := s.Counts(); n != (Counts{Written: 2, Failed: 1}) {
		t.Errorf("%+v", n)
	}
}

// TestStreamConcurrent is for the race detector: counters are read while others write.
func TestStreamConcurrent(t *testing.T) {
	s := NewStream("eve", &bytes.Buffer{}, StreamOptions{Block: true, Bytes: 64, Delay: time.Millisecond})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				fmt.Fprint(s, "0123456789\n")
				s.Depth()
				s.Counts()
			}
		})
	}
	wg.Wait()
	if err := s.Close(); err != nil || s.Counts().Written != 2000 {
		t.Errorf("%+v, %v", s.Counts(), err)
	}
}

func BenchmarkStream(b *testing.B) {
	s := NewStream("eve", discard{}, StreamOptions{Block: true})
	line := []byte(strings.Repeat("x", 500) + "\n")
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = s.Write(line)
	}
	_ = s.Close()
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
