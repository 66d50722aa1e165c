package lang

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

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
