package sensor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/config"
)

// traffic reads captures into memory, one after the other in time, so that they take span together.
func traffic(t testing.TB, span time.Duration, names ...string) []capture.Packet {
	t.Helper()
	var all []capture.Packet
	now := int64(1_700_000_000e9)
	for _, n := range names {
		src, err := capture.Open([]string{"../../testdata/captures/" + n}, capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		first, last := int64(-1), int64(0)
		for {
			var b capture.Batch
			if err := src.ReadBatch(&b); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			for _, p := range b.Packets {
				if first < 0 {
					first = p.Time
				}
				last = max(last, p.Time-first)
				p.Time, p.File, p.Num = now+p.Time-first, nil, uint64(len(all)+1)
				all = append(all, p)
			}
		}
		src.Close()
		now += last + 1e9
	}
	start := all[0].Time
	scale := float64(span) / float64(all[len(all)-1].Time-start)
	for i := range all {
		all[i].Time = start + int64(float64(all[i].Time-start)*scale)
	}
	return all
}

// loop is a source that gives packets over and over, time going on, until it is stopped; then it ends with the pass.
type loop struct {
	mu      sync.Mutex
	packets []capture.Packet
	pass    int64 // time of one
	at, n   int
	stop    int // passes to give
	given   capture.Stats
}

func newLoop(packets []capture.Packet, passes int) *loop {
	return &loop{packets: packets, stop: passes, pass: packets[len(packets)-1].Time - packets[0].Time + 1e9}
}

// finish ends the source with the pass that goes on, and tells how many there are.
func (l *loop) finish() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stop = l.n + 1
	return l.stop
}

func (l *loop) ReadBatch(b *capture.Batch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	b.Reset()
	for {
		if l.at == len(l.packets) {
			l.at, l.n = 0, l.n+1
		}
		if l.n >= l.stop {
			if len(b.Packets) == 0 {
				return io.EOF
			}
			return nil
		}
		p := l.packets[l.at]
		p.Time += int64(l.n) * l.pass
		p.Num = l.given.Packets + 1
		if !b.Add(&p) {
			return nil
		}
		l.at++
		l.given.Packets++
		l.given.Bytes += uint64(len(p.Data))
	}
}

func (l *loop) Stats() capture.Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.given
}

func (l *loop) Close() error { return nil }

// setup is a folder with all that a sensor reads.
type setup struct {
	t   testing.TB
	dir string
}

func newSetup(t testing.TB, files map[string]string) *setup {
	u := &setup{t: t, dir: t.TempDir()}
	for name, text := range files {
		u.write(name, text)
	}
	return u
}

func (u *setup) path(name string) string { return filepath.Join(u.dir, name) }

func (u *setup) write(name, text string) {
	u.t.Helper()
	if err := os.MkdirAll(filepath.Dir(u.path(name)), 0o755); err != nil {
		u.t.Fatal(err)
	}
	if err := os.WriteFile(u.path(name), []byte(text), 0o644); err != nil {
		u.t.Fatal(err)
	}
}

// replace writes a file beside and renames it into place, as editors do.
func (u *setup) replace(name, text string) {
	u.t.Helper()
	u.write(name+".new~", text)
	if err := os.Rename(u.path(name+".new~"), u.path(name)); err != nil {
		u.t.Fatal(err)
	}
}

func (u *setup) remove(name string) {
	u.t.Helper()
	if err := os.Remove(u.path(name)); err != nil {
		u.t.Fatal(err)
	}
}

// heard gathers what a sensor says and alerts.
type heard struct {
	mu     sync.Mutex
	alerts map[string][]string // by rule
	words  chan string
}

func (h *heard) alert(a *alert.Alert) {
	h.mu.Lock()
	defer h.mu.Unlock()
	text := fmt.Sprintf("%d %v:%d %v:%d %d", a.Time, a.Src, a.SrcPort, a.Dst, a.DstPort, a.FlowID)
	for _, e := range a.Evidence {
		text += fmt.Sprintf(" %s=%v", e.Name, e.Value)
	}
	h.alerts[a.RuleID] = append(h.alerts[a.RuleID], text)
}

func (h *heard) say(kind string) func(string, ...any) {
	return func(format string, args ...any) {
		select {
		case h.words <- kind + fmt.Sprintf(format, args...):
		default:
		}
	}
}

// want waits for a message that contains the text.
func (h *heard) want(t testing.TB, text string) string {
	t.Helper()
	deadline := time.After(20 * time.Second)
	var others []string
	for {
		select {
		case w := <-h.words:
			if strings.Contains(w, text) {
				return w
			}
			others = append(others, w)
		case <-deadline:
			t.Fatalf("nobody said %q, but\n%s", text, strings.Join(others, "\n"))
		}
	}
}

// start makes a sensor of the folder's luanids.yaml.
func (u *setup) start(workers int) (*Sensor, *heard) {
	u.t.Helper()
	h := &heard{alerts: map[string][]string{}, words: make(chan string, 1000)}
	s, err := New(Options{
		Source:  config.Source{File: u.path("luanids.yaml"), Flags: []config.Flag{{Name: "--workers", Key: "workers", Values: []string{fmt.Sprint(workers)}}}},
		OnAlert: h.alert, Warn: h.say("warning: "), Tell: h.say(""),
		Configure: func(st *config.Settings) { st.Reload.Debounce = 10 * time.Millisecond },
	})
	if err != nil {
		u.t.Fatal(err)
	}
	return s, h
}

// background runs f until the test's end or until it is stopped, which waits for it.
func background(t testing.TB, f func(ctx context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); f(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}
