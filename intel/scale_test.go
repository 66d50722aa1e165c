package intel

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// million makes a feed of a million indicators of all kinds, each with a description of its own.
func million(b *bytes.Buffer) {
	b.WriteString("indicator,category,severity,description\n")
	for i := range 1_000_000 {
		switch i % 5 {
		case 0:
			fmt.Fprintf(b, "%d.%d.%d.%d", 11+i%200, i>>16&255, i>>8&255, i&255)
		case 1:
			fmt.Fprintf(b, "10.%d.%d.%d/28", i>>14&255, i>>6&255, i<<2&240)
		case 2:
			fmt.Fprintf(b, "host%d.some-longer-name.example", i)
		case 3:
			b.WriteString("http://site")
			fmt.Fprintf(b, "%d.example/path/to/file%d.exe?id=%d", i%1000, i, i)
		case 4:
			fmt.Fprintf(b, "%032x%032x", i, i*i)
		}
		fmt.Fprintf(b, ",c%d,high,Campaign number %d seen by someone\n", i%50, i)
	}
}

// TestMillion: a million entries take at most 150 MB, and a look-up does not allocate.
func TestMillion(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	var b bytes.Buffer
	million(&b)
	p := filepath.Join(t.TempDir(), "m.csv")
	if err := os.WriteFile(p, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	b = bytes.Buffer{}
	before := heap()
	start := time.Now()
	db, problems := Load([]string{p})
	took := time.Since(start)
	if len(problems) > 0 {
		t.Fatal(problems[0])
	}
	used := heap() - before
	t.Logf("%d indicators (%d duplicates) in %.1f MB, loaded in %v", db.Total(), db.Duplicates(), float64(used)/1e6, took.Round(time.Millisecond))
	if used > 150e6 || db.Total()+db.Duplicates() != 1_000_000 {
		t.Errorf("%d bytes for %d indicators; at most 150 MB are allowed", used, db.Total())
	}
	if got := brief(db, "url", "http://site998.example/path/to/file998.exe?id=998", 0); got != "site998.example/path/to/file998.exe?id=998 c48 high Campaign number 998 seen by someone" {
		t.Errorf("got %q", got)
	}
	ip4, ip6 := netip.MustParseAddr("10.250.1.1"), netip.MustParseAddr("2001:db8::1")
	host, target := []byte("www.site7.example"), []byte("/index.html?session=abcdef")
	digest, _ := hex.DecodeString("275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f")
	if n := testing.AllocsPerRun(100, func() {
		db.IP(ip4, 1)
		db.IP(ip6, 1)
		db.DomainBytes(host, 1)
		db.Domain("a.b.c.example", 1)
		db.Request(host, target, 1)
		db.HashBytes(digest, 1)
		db.JA3("e7d705a3286e19ea42f587b344ee6865", 1)
		db.JA4("t13d1516h2_8daaf6152771_b186095e22b6", 1)
	}); n > 0 {
		t.Errorf("%v allocations a look-up", n)
	}
	runtime.KeepAlive(db)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func FuzzLoad(f *testing.F) {
	f.Add("a.yaml", []byte(pynids))
	f.Add("a.csv", []byte("ip,severity\n192.0.2.1,high\n"))
	f.Add("a.json", []byte(`{"type":"bundle","objects":[{"type":"indicator","pattern":"[ipv4-addr:value = '1.2.3.4']"}]}`))
	f.Add("a.json", []byte(`{"response":[{"Event":{"Attribute":[{"type":"ip-dst","value":"1.2.3.4"}]}}]}`))
	f.Add("a.txt", []byte("1.2.3.4-1.2.3.9\n||x.example^\nhttp://a/b\n"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		l := &loader{b: newBuilder(), db: &DB{}}
		l.feed(name, data)
		l.db.store = l.b.finish()
		for _, e := range l.db.entries { // what was stored is found under the name it is shown by
			m := l.db.match(&e)
			kind := map[Kind]string{IP: "ip", Domain: "domain", URL: "url", Hash: "hash", JA3: "ja3", JA4: "ja4"}[e.kind]
			if kind == "" || e.kind == JA4 && len(m.Indicator) > 128 {
				continue
			}
			if _, ok, _ := l.db.Lookup(kind, m.Indicator, 0); !ok {
				t.Errorf("%s %q is stored and not found", kind, m.Indicator)
			}
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	var buf bytes.Buffer
	million(&buf)
	p := filepath.Join(b.TempDir(), "m.csv")
	if err := os.WriteFile(p, buf.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	db, _ := Load([]string{p, "default"})
	ip := netip.MustParseAddr("93.184.216.34")
	name := []byte("www.static.content.example.org")
	host, target := []byte("www.site7.example"), []byte("/index.html?session=abcdef")
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"ip", func() { db.IP(ip, 1) }},
		{"domain", func() { db.DomainBytes(name, 1) }},
		{"request", func() { db.Request(host, target, 1) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.f()
			}
		})
	}
}
