package sensor

import (
	"context"
	"encoding/base64"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/engine/config"
)

const keptRules = `alert http any any -> any any (http.host; dataset:set,hosts,type string,state hosts.lst; sid:1;)
alert dns any any -> any any (dns.query; to_md5; dataset:set,names,type md5,save below/names.lst; sid:2;)
alert http any any -> any any (http.host; to_sha256; dataset:set,sums,type sha256,state sums.lst; sid:3;)
alert ip any any -> any any (ip.src; dataset:set,all,type ip,state all.lst; sid:4;)
alert ip any any -> any any (ip.src; dataset:set,four,type ipv4,state four.lst; sid:5;)
alert http any any -> any any (http.host; dataset:set,raw,type md5,state raw.lst; sid:6;)
alert http any any -> any any (http.host; dataset:set,Declared; sid:7;)
`

// keeping makes a sensor that keeps data sets.
func (u *setup) keeping(sets ...string) (*Sensor, *heard) {
	u.t.Helper()
	h := &heard{alerts: map[string][]string{}, words: make(chan string, 1000)}
	s, err := New(Options{Source: config.Source{File: u.path("luanids.yaml"), Sets: sets}, OnAlert: h.alert, Warn: h.say("warning: "), Tell: h.say(""), Outputs: true,
		Configure: func(st *config.Settings) { st.Reload.Debounce = 10 * time.Millisecond }})
	if err != nil {
		u.t.Fatal(err)
	}
	return s, h
}

func (u *setup) lines(name string) []string {
	u.t.Helper()
	text, err := os.ReadFile(u.path(name))
	if err != nil {
		u.t.Fatal(err)
	}
	return strings.Fields(string(text))
}

func alertCounts(h *heard) map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[string]int{}
	for id, list := range h.alerts {
		out[id[strings.LastIndexByte(id, ':')+1:]] += len(list)
	}
	return out
}

const keepingConfig = "rules: { files: [kept.rules], data_dir: data }\nscripts: { files: [none] }\nalert_manager: { dedup: { window: 0s }, correlation: { threshold: 0 } }\n"

// TestDataSetsAreKept writes each type of set at the end of a run; another run has nothing new.
func TestDataSetsAreKept(t *testing.T) {
	u := newSetup(t, map[string]string{"luanids.yaml": keepingConfig, "kept.rules": keptRules,
		"declared.lst": base64.StdEncoding.EncodeToString([]byte("old.example")) + "\n"})
	sets := []string{"datasets.declared.type=string", "datasets.declared.state=" + u.path("declared.lst")}
	packets := traffic(t, time.Minute, "http_browse.pcap", "dns_lookup.pcap", "http_ipv6.pcap")
	s, h := u.keeping(sets...)
	if err := s.Run(context.Background(), newLoop(packets, 1)); err != nil {
		t.Fatal(err)
	}
	counts := alertCounts(h)
	for file, sid := range map[string]string{"hosts": "1", "below/names": "2", "sums": "3", "all": "4", "four": "5", "raw": "6"} {
		lines := u.lines("data/" + file + ".lst")
		if len(lines) != counts[sid] || len(lines) == 0 {
			t.Errorf("%s: %d values, and %d alerts that one is new", file, len(lines), counts[sid])
		}
		for _, l := range lines {
			var ok bool
			switch file {
			case "hosts":
				text, err := base64.StdEncoding.DecodeString(l)
				ok = err == nil && len(text) > 0
			case "below/names":
				ok = len(l) == 32 && strings.Trim(l, "0123456789abcdef") == ""
			case "raw": // the names that are as long as a digest
				ok = len(l) == 32
			case "sums":
				ok = len(l) == 64 && strings.Trim(l, "0123456789abcdef") == ""
			case "four":
				ok = strings.Count(l, ".") == 3
			case "all":
				ok = strings.Count(l, ".") == 3 || len(l) == 39 && strings.Count(l, ":") == 7
			}
			if !ok {
				t.Errorf("%s has %q", file, l)
			}
		}
	}
	if !slices.ContainsFunc(u.lines("data/all.lst"), func(l string) bool { return strings.Contains(l, ":") }) || slices.Equal(u.lines("data/all.lst"), u.lines("data/four.lst")) {
		t.Error("no address of IPv6 is kept")
	}
	if l := u.lines("declared.lst"); len(l) != 1+counts["7"] || len(l) < 2 || l[0] != base64.StdEncoding.EncodeToString([]byte("old.example")) {
		t.Errorf("the set that settings declare has %v", l)
	}
	if left, _ := os.ReadDir(u.path("data")); len(left) != 6 {
		t.Errorf("left behind: %v", left)
	}

	s, h = u.keeping(sets...)
	if err := s.Run(context.Background(), newLoop(packets, 1)); err != nil {
		t.Fatal(err)
	}
	if again := alertCounts(h); len(again) != 1 || again["2"] != counts["2"] { // that one is not loaded
		t.Errorf("the second run has %v, the first %v", again, counts)
	}
}

// TestDataSetsOverReloads writes sets at a reload, does not read them back, and is not reloaded by its own files.
func TestDataSetsOverReloads(t *testing.T) {
	u := newSetup(t, map[string]string{"luanids.yaml": keepingConfig, "kept.rules": keptRules})
	s, _ := u.keeping()
	defer s.Close()
	packets := traffic(t, time.Minute, "http_browse.pcap")
	for i := range packets {
		p := &packets[i]
		if err := s.Feed(p.Link, time.Unix(0, p.Time), p.Data, int(p.Len)); err != nil {
			t.Fatal(err)
		}
	}
	u.replace("kept.rules", strings.Replace(keptRules, "sid:7", "sid:8", 1))
	if _, err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	before := u.lines("data/hosts.lst")
	if len(before) == 0 {
		t.Fatal("the reload wrote nothing")
	}
	for _, p := range s.Paths() {
		if strings.Contains(p, "data/") {
			t.Errorf("%s is watched, and written by ourselves", p)
		}
	}
	u.write("data/hosts.lst", "bm9ib2R5\n") // what others write is not read while the engine runs
	if _, err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if after := u.lines("data/hosts.lst"); !slices.Equal(before, after) {
		t.Errorf("after the reload %v, at the end %v", before, after)
	}
}

// TestDataSetsThatCannotBeKept are told: at the start, where it can be known, and at the end.
func TestDataSetsThatCannotBeKept(t *testing.T) {
	u := newSetup(t, map[string]string{"luanids.yaml": strings.Replace(keepingConfig, ", data_dir: data", "", 1), "kept.rules": keptRules, "data": "a file\n"})
	s, h := u.keeping()
	h.want(t, "data sets that rules want kept are not (all, four, hosts, names, raw, sums)")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	u.write("luanids.yaml", keepingConfig)
	s, h = u.keeping()
	h.want(t, "data sets that rules want kept: mkdir")
	u.remove("data")
	if err := os.Mkdir(u.path("data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(u.path("data/hosts.lst"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "data set hosts is not saved: ") {
		t.Errorf("the end says %v", err)
	}
	if n := counterOf(s, "datasets.save_failed"); n < 2 { // below/names.lst too
		t.Errorf("%d files could not be written", n)
	}
}

func counterOf(s *Sensor, name string) uint64 {
	for _, c := range s.Stats().Counters {
		if c.Name == name {
			return c.Value
		}
	}
	return 0
}

// TestWhereRulesMayWrite leaves out rules that lead out of the folder, or may not write at all.
func TestWhereRulesMayWrite(t *testing.T) {
	rule := func(option string) string {
		return "alert http any any -> any any (http.host; dataset:set,x,type string," + option + "; sid:1;)\n"
	}
	for _, c := range []struct {
		option, set, want string
	}{
		{"state x.lst", "", ""},
		{"state a/b/x.lst", "", ""},
		{"save ..x/y..", "", ""},
		{"state /tmp/x.lst", "", "a rule may name files in the folder of data sets only"},
		{"save a/../../x", "", "a rule may name files in the folder of data sets only"},
		{"state ../data/x", "datasets.rules.allow-absolute-filenames=yes", ""},
		{"state x.lst", "datasets.rules.allow-write=no", "do not let rules write"},
		{"save x.lst", "datasets.rules.allow-write=false", "do not let rules write"},
		{"load x.lst", "datasets.rules.allow-write=no", "cannot read the file"},
		{"state x,load x", "", "state stands for load and save"},
		{"state x,save x", "", "state stands for load and save"},
		{"save x,save y", "", "stands twice"},
		{"save x,type string", "", ""},
	} {
		u := newSetup(t, map[string]string{"luanids.yaml": keepingConfig, "kept.rules": rule(c.option)})
		var sets []string
		if c.set != "" {
			sets = []string{c.set}
		}
		s, h := u.keeping(sets...)
		if c.want != "" {
			h.want(t, c.want)
		} else if len(s.SetFolders()) != 1 {
			t.Errorf("%s %s: no folder to write to, and said %d words", c.option, c.set, len(h.words))
		}
		s.Close()
	}
}
