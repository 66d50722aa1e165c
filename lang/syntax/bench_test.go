package syntax

import (
	"fmt"
	"strings"
	"testing"
)

// etLike makes n rules of the make-up of imported ones.
func etLike(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `rule %d "ET TROJAN Generated check number %d for the benchmark" {
  when        to_server and established and http.method == "GET"
              and http.uri has ["/gate%d.php?id=" nocase, "&v=%d" distance 0 within 40]
              and http.user_agent startswith "Mozilla/4.0" and http.header has ["Accept-Language" nocase]
              and http.uri ~ /\/gate%d\.php\?id=[a-f0-9]{8,32}&v=\d+$/i
  threshold   limit 1 in 60s by src.ip
  severity    medium
  classtype   trojan-activity
  sid         %d
  rev         3
  ref         url "www.example.com/analysis/%d"
  metadata    created_at "2012_03_04", former_category "MALWARE", updated_at "2019_07_26"
}

`, 2000000+i, i, i, i, i, 2000000+i, i)
	}
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	src := etLike(1000)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, l := Parse(src, start); len(l) > 0 {
			b.Fatal(l[0])
		}
	}
}
