package lang

import (
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/langtest"
)

// generated makes the text of n rules of the make-up of imported ones.
func generated(n int) []byte {
	var b strings.Builder
	b.WriteString("let HOME_NET = {10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16}\nlet HTTP_PORTS = {80, 8000..8010, 8080}\n\n")
	for i := range n {
		fmt.Fprintf(&b, "rule %d \"ET MALWARE generated check number %d\" {\n", 2000000+i, i)
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "  when        src.ip in HOME_NET and to_server and established and http.method == \"GET\"\n"+
				"              and http.uri has [\"/gate%d.php?id=\" nocase, \"&v=%d\" distance 0 within 40]\n"+
				"              and http.uri ~ /\\/gate%d\\.php\\?id=[a-f0-9]{8,32}&v=\\d+$/i\n", i, i, i)
		case 1:
			fmt.Fprintf(&b, "  when        dst.port in HTTP_PORTS and http.user_agent startswith \"Agent%d/\" and http.host endswith \".evil%d.com\" nocase\n", i, i)
		case 2:
			fmt.Fprintf(&b, "  when        dns.query endswith \".domain%d.example\" nocase\n", i)
		case 3:
			fmt.Fprintf(&b, "  when        tcp and established and to_server and dst.port == %d\n"+
				"              and payload has [x\"de ad %02x %02x\" at 0, \"token%d\" distance 4 within 64, u16be +2 > 512, !\"END\"]\n", 1024+i%60000, i>>8&255, i&255, i)
		}
		fmt.Fprintf(&b, "  threshold   limit 1 in 60s by src.ip\n  severity    medium\n  classtype   trojan-activity\n  sid         %d\n  rev         3\n"+
			"  ref         url \"www.example.com/analysis/%d\"\n  metadata    created_at \"2012_03_04\", former_category \"MALWARE\", updated_at \"2019_07_26\"\n}\n\n", 2000000+i, i)
	}
	return []byte(b.String())
}

func BenchmarkLoad20000(b *testing.B) {
	text := generated(20000)
	fsys := fstest.MapFS{"big.nids": {Data: text}}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		rs, list := Load(langtest.Schema(), []string{"big.nids"}, Options{FS: fsys})
		if len(list) > 0 || len(rs.Rules) != 20000 {
			b.Fatalf("%d rules, %v", len(rs.Rules), list.Err())
		}
	}
}

// TestLoadLarge keeps an eye on memory: 20,000 rules must fit in 250 MB. (Time is for the benchmark: machines differ.)
func TestLoadLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	text := generated(20000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begin := time.Now()
	rs, list := Check(langtest.Schema(), "big.nids", text, Options{})
	if len(list) > 0 {
		t.Fatal(list)
	}
	took := time.Since(begin)
	runtime.GC()
	runtime.ReadMemStats(&after)
	held := (after.HeapAlloc - before.HeapAlloc) >> 20
	t.Logf("%d rules, %d kB of text: %v, %d MB held, %d MB from the system", len(rs.Rules), len(text)>>10, took, held, after.Sys>>20)
	if held > 120 || after.Sys>>20 > 250 {
		t.Errorf("%d MB held, %d MB from the system", held, after.Sys>>20)
	}
	runtime.KeepAlive(rs)
}

func TestListEntries(t *testing.T) {
	files := fstest.MapFS{
		"r.nids": {Data: []byte("list hashes of sha256 from \"h.txt\"\nlist nets of ip from \"n.txt\"\nlist names from \"d.txt\" nocase\n" +
			"rule A { when file.sha256 in hashes or src.ip in nets or file.name in names }\n")},
		"h.txt": {Data: []byte("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855\nabc\n")},
		"n.txt": {Data: []byte("10.0.0.0/8\n\n# comment\n2001:db8::1 # trailing\nnot an address\n")},
		"d.txt": {Data: []byte("One\r\ntwo\r\n")},
	}
	rs, list := Load(langtest.Schema(), []string{"r.nids"}, Options{FS: files})
	if len(list) != 2 || list[0].Code != "list-entry" || list[0].File != "h.txt" || list[0].Range.Start.Line != 2 ||
		list[1].File != "n.txt" || list[1].Range.Start.Line != 5 {
		t.Errorf("%+v", list)
	}
	if len(rs.Lists) != 3 || rs.Lists[1].Entries != 3 || rs.Lists[2].Path != "d.txt" {
		t.Errorf("%+v", rs.Lists)
	}
}

func TestOverrides(t *testing.T) {
	src := []byte("let HOME = {10.0.0.0/8}\nlet WEB = {80}\nrule A { when src.ip in HOME and dst.port in WEB }\n")
	for _, v := range []string{"[192.168.0.0/16,!192.168.1.0/24]", "192.168.0.0/16", "{192.168.0.0/16}", "192.168.0.1, 192.168.0.2", "any", "!10.0.0.0/8"} {
		rs, list := Check(langtest.Schema(), "a.nids", src, Options{Vars: map[string]string{"HOME": v}, WarnUnused: true})
		if len(list) > 0 || len(rs.Rules) != 1 {
			t.Errorf("%s: %v", v, list)
			continue
		}
		set := rs.Rules[0].When.(*ir.And).X[0].(*ir.In).Set.(*ir.IPSet)
		if set.Has(netip.MustParseAddr("10.1.2.3")) != (v == "any") {
			t.Errorf("%s: the let is not overridden", v)
		}
	}
	if rs, list := Check(langtest.Schema(), "a.nids", src, Options{Vars: map[string]string{"WEB": "any"}}); len(list) > 0 ||
		!rs.Rules[0].When.(*ir.And).X[1].(*ir.In).Set.(*ir.IntSet).Has(65535) {
		t.Errorf("any port: %v", list)
	}
	_, list := Check(langtest.Schema(), "a.nids", src, Options{Vars: map[string]string{"HMOE": "1.2.3.4"}, WarnUnused: true})
	if len(list) != 1 || list[0].Code != "unknown-var" || list[0].Hint != "did you mean HOME?" {
		t.Errorf("%+v", list)
	}
	if _, list = Check(langtest.Schema(), "a.nids", src, Options{Vars: map[string]string{"HOME": "{{"}}); list.Errors() == 0 {
		t.Error("a bad value is taken")
	}
}

func TestIncludesOnce(t *testing.T) {
	files := fstest.MapFS{
		"a.nids":     {Data: []byte("include \"sub/b.nids\"\ninclude \"sub/b.nids\"\nrule A { when dst.port in WEB }\n")},
		"sub/b.nids": {Data: []byte("include \"c.nids\"\nlet WEB = {80}\n")},
		"sub/c.nids": {Data: []byte("rule C { when dst.port in WEB }\n")},
	}
	rs, list := Load(langtest.Schema(), []string{"."}, Options{FS: files, WarnUnused: true})
	if len(list) > 0 || len(rs.Rules) != 2 || len(rs.Files) != 3 {
		t.Errorf("%d rules of %v: %v", len(rs.Rules), rs.Files, list)
	}
}

// Pieces of a file are cut at lines: positions must count from its beginning all the same.
func TestPositionsInLargeFiles(t *testing.T) {
	text := string(generated(200)) + "rule LAST { when http.urii == \"x\" }\n"
	_, list := Check(langtest.Schema(), "big.nids", []byte(text), Options{})
	if len(list) != 1 {
		t.Fatal(list)
	}
	at := list[0].Range
	if text[at.Start.Offset:at.End.Offset] != "http.urii" || at.Start.Line != strings.Count(text, "\n") {
		t.Errorf("line %d, %q", at.Start.Line, text[at.Start.Offset:at.End.Offset])
	}
}

func TestDeepNesting(t *testing.T) {
	for _, text := range []string{strings.Repeat("(", 500) + "tcp" + strings.Repeat(")", 500), strings.Repeat("not ", 500) + "tcp",
		strings.Repeat("-", 500) + "5 == 5", "dst.port in " + strings.Repeat("{", 500)} {
		_, list := Check(langtest.Schema(), "a.nids", []byte("rule A { when "+text+" }"), Options{})
		if !slices.ContainsFunc(list, func(d diag.Diagnostic) bool { return d.Code == "too-deep" }) {
			t.Errorf("%.20s...: %v", text, list)
		}
	}
	long := "tcp" + strings.Repeat(" and dst.port != 5", 20000)
	if _, list := Check(langtest.Schema(), "a.nids", []byte("rule A { when "+long+" }"), Options{}); list.Errors() > 0 {
		t.Errorf("a long condition: %v", list[0])
	}
}

// A file without end is an error, not the end of memory.
func TestEndlessFile(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip("no such device here")
	}
	_, list := Check(langtest.Schema(), "a.nids", []byte("list X from \"/dev/zero\"\nrule A { when http.host in X }\n"), Options{})
	if len(list) != 1 || !strings.Contains(list[0].Summary, "larger than 64 MiB") {
		t.Errorf("%v", list)
	}
}
