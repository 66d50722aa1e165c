package lang

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/luanids/luanids/lang/langtest"
)

// FuzzLoad wants no panic of the checker, and none that takes over a second.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/check/*.nids", "../rules/*.nids"} {
		files, _ := filepath.Glob(pattern)
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			if len(text) < 8<<10 {
				f.Add(text)
			}
		}
	}
	f.Add([]byte("let A = A\nlet B = {B, C}\nlet C = {B}\nrule R { when A and src.ip in B }"))
	f.Add([]byte("rule R { when src.ip in 0.0.0.1..255.255.255.254 and src.ip in ::1..ffff:: }"))
	f.Add([]byte("rule R { when any(dns.query: all(dns.answers.rrname: dns.answers.rrname == dns.query)) }"))
	f.Add([]byte("rule R { when dst.port in -9223372036854775808..9223372036854775807 and 5 % 0 == 1 }"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 32<<10 {
			return
		}
		begin := time.Now()
		Load(langtest.Schema(), []string{"f.nids"}, Options{FS: fstest.MapFS{"f.nids": {Data: text}}, WarnUnused: true, Workers: 1})
		if d := time.Since(begin); d > time.Second {
			t.Errorf("took %v", d)
		}
	})
}
