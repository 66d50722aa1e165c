package sensor

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/config"
)

// TestReloadsDoNotLeak reloads rules, scripts and feeds many times while the engine waits for packets.
func TestReloadsDoNotLeak(t *testing.T) {
	u := newSetup(t, soakFiles())
	s, h := u.start(2)
	packets := traffic(t, 10*time.Second, "http_browse.pcap", "dns_lookup.pcap")
	feed := func() {
		for _, p := range packets {
			if err := s.Feed(p.Link, time.Unix(0, p.Time), p.Data, int(p.Len)); err != nil {
				t.Fatal(err)
			}
		}
	}
	heap := func() uint64 {
		for range 3 {
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	rounds, alerts := 200, 0
	if testing.Short() {
		rounds = 100
	}
	var early uint64
	var goroutines int
	for range 40 { // until all batches have been in use
		feed()
	}
	for i := range rounds {
		u.write("rules/edited.nids", edited(i))
		u.write("scripts/edited.lua", fmt.Sprintf("-- %d\n", i)+fmt.Sprintf(detector, "EDITED"))
		u.write("feeds/ips.txt", fmt.Sprintf("198.51.100.%d\n", i%200+1))
		if i%10 == 0 {
			feed()
			h.mu.Lock()
			alerts += len(h.alerts["EDIT-0"])
			clear(h.alerts)
			h.mu.Unlock()
		}
		if _, err := s.Reload(); err != nil {
			t.Fatal(err)
		}
		if i == rounds/4 {
			early, goroutines = heap(), runtime.NumGoroutine()
		}
	}
	if late := heap(); late > early+6<<20 {
		t.Errorf("%d kB are in use after %d reloads, %d kB after %d", late>>10, rounds, early>>10, rounds/4)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines after %d reloads, %d after %d", n, rounds, goroutines, rounds/4)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if st, want := s.Stats(), uint64(len(packets)*(40+rounds/10)); st.Packets != want {
		t.Errorf("%d packets of %d", st.Packets, want)
	}
	if alerts == 0 {
		t.Error("no alerts")
	}
}

// TestFeedThenReload: what was fed before a reload is judged by the rules of before.
func TestFeedThenReload(t *testing.T) {
	packets := traffic(t, 10*time.Second, "http_browse.pcap")
	want := 0
	for _, workers := range []int{0, 1, 2} { // 0: without a reload
		u := newSetup(t, map[string]string{"luanids.yaml": "rules: { files: [a.nids] }\nscripts: { files: [none] }\nalert_manager: { dedup: { window: 0s } }\n",
			"a.nids": `rule OLD { when http.path startswith "/" }`})
		s, h := u.start(max(workers, 1))
		feed := func(list []capture.Packet) {
			for _, p := range list {
				if err := s.Feed(p.Link, time.Unix(0, p.Time), p.Data, int(p.Len)); err != nil {
					t.Fatal(err)
				}
			}
		}
		half := len(packets) / 2
		feed(packets[:half])
		u.write("a.nids", `rule NEW { when http.path startswith "/" }`)
		if workers > 0 {
			if _, err := s.Reload(); err != nil {
				t.Fatal(err)
			}
		}
		feed(packets[half:])
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		old, new := len(h.alerts["OLD"]), len(h.alerts["NEW"])
		if workers == 0 {
			want = old
		} else if old == 0 || new == 0 || old+new != want {
			t.Errorf("%d workers: %d alerts of the old rule and %d of the new one, want %d together", workers, old, new, want)
		}
	}
}

func TestFeedRefuses(t *testing.T) {
	none := func(st *config.Settings) { st.Rules.Files, st.Scripts.Files = []string{"none"}, []string{"none"} }
	s, err := New(Options{Configure: none})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_700_000_000, 0)
	for want, err := range map[error]error{
		errTooLong: s.Feed(capture.LinkEthernet, now, make([]byte, capture.MaxPacketBytes+1), 0),
		errTime:    s.Feed(capture.LinkEthernet, time.Time{}, []byte{1}, 0),
		nil:        s.Feed(capture.LinkEthernet, now, nil, 0),
		errUsed:    s.Run(t.Context(), newFeed()),
	} {
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Feed(capture.LinkEthernet, now, []byte{1}, 0); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, err := s.Reload(); err == nil || !strings.Contains(err.Error(), "the run is over") {
		t.Errorf("reload after Close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// closes is a sink that tells when it is closed.
type closes struct{ n int }

func (c *closes) Name() string             { return "closes" }
func (c *closes) Alert(*alert.Alert) error { return nil }
func (c *closes) Close() error             { c.n++; return nil }

func TestCloseWithoutRun(t *testing.T) {
	sink := &closes{}
	s, err := New(Options{Sinks: []engine.AlertSink{sink}, EVE: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil || sink.n != 1 {
		t.Errorf("closed %d times, %v", sink.n, err)
	}
}

func TestLoadErrorsHavePlaces(t *testing.T) {
	for want, files := range map[string]map[string]string{
		"DIR/luanids.yaml:2: unknown setting rulez (did you mean rules?)": {"luanids.yaml": "workers: 1\nrulez: {}\n"},
		"DIR/a.nids:1: unknown field http.pth":                            {"luanids.yaml": "rules: { files: [a.nids] }\n", "a.nids": `rule A { when http.pth == "x" }`},
		"DIR/a.lua:2: syntax error":                                       {"luanids.yaml": "scripts: { files: [a.lua] }\n", "a.lua": "local x\nend\n"},
		"DIR/feed.json":                                                   {"luanids.yaml": "intel: { feeds: [feed.json] }\n", "feed.json": "{"},
		"no rule files":                                                   {"luanids.yaml": "rules: { files: [empty] }\n", "empty/readme": ""},
	} {
		u := newSetup(t, files)
		_, err := New(Options{Source: config.Source{File: u.path("luanids.yaml")}})
		var bad *LoadError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), strings.ReplaceAll(want, "DIR", u.dir)) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestReport words what reloads change.
func TestReport(t *testing.T) {
	r := Report{Took: 812 * time.Millisecond, Rules: Diff{17417, 17420, 4, 1, 0}, Scripts: Diff{10, 10, 0, 0, 1}, Intel: Diff{Before: 5, After: 5},
		Lists: Diff{2, 2, 0, 0, 1}, Files: []string{"/etc/luanids/rules/a.rules", "b.txt"}}
	want := "reloaded in 812ms (a.rules, b.txt): rules 17417 -> 17420 (+4 -1), lists 2 (1 changed), scripts 10 (1 changed), intel unchanged"
	if got := r.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	r = Report{Took: 1840 * time.Millisecond, Settings: []config.Change{{Key: "suppression"}}, Restart: []config.Change{{Key: "stream.depth"}}}
	want = "reloaded in 1.8 s: rules unchanged, scripts unchanged, intel unchanged, settings suppression, only after a restart: stream.depth"
	if got := r.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestFiles: everything that was read is watched, also what rules and scripts name.
func TestFiles(t *testing.T) {
	files := soakFiles()
	files["rules/always.nids"] = "include \"../included.nids\"\n" + always
	files["included.nids"] = `rule INCLUDED { when http.path == "/" }`
	files["scripts/plain.lua"] = "local lib = require(\"lib.util\")\n" + plainLua
	files["scripts/lib/util.lua"] = "return {}"
	u := newSetup(t, files)
	s, _ := u.start(1)
	defer s.Close()
	got := s.Files()
	for _, want := range []string{"luanids.yaml", "rules", "included.nids", "rules/words.txt", "scripts", "scripts/lib/util.lua", "feeds"} {
		if !slices.Contains(got, u.path(want)) {
			t.Errorf("%s is not watched; these are: %q", want, got)
		}
	}
}
