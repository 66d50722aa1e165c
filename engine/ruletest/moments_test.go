package ruletest

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/lang"
)

// cut writes the first n packets of a capture (pcap, little-endian), and tells whether there were as many.
func cut(t *testing.T, file, to string, n int) bool {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	end := 24
	for range n {
		if end+16 > len(b) {
			return false
		}
		end += 16 + int(binary.LittleEndian.Uint32(b[end+8:]))
	}
	if err := os.WriteFile(to, b[:end], 0o600); err != nil {
		t.Fatal(err)
	}
	return true
}

// TestMessagesThatEndEarly cuts a capture off anywhere: a rule whose alternatives need different parts of a message
// matches each message once, whether bodies and answers come or not.
func TestMessagesThatEndEarly(t *testing.T) {
	const rules = `
rule ALL { when exists(http.method) }
rule HTML { when http.uri contains "html" }
rule HTML-OR-BODY { when http.uri contains "html" or http.request_body contains "never there" }
rule HTML-OR-STATUS { when http.uri contains "html" or http.stat_code == 999 }
rule NOT-THAT-STATUS { when http.uri contains "never there" or http.stat_code != 999 }
rule POST { when http.method == "POST" }
rule BODY { when http.request_body contains "=" }
rule POST-OR-BODY { when http.method == "POST" or http.request_body contains "=" }
rule FOUR { when http.stat_code in 400..499 }
rule POST-OR-FOUR { when http.method == "POST" or http.stat_code in 400..499 }
`
	dir := t.TempDir()
	file := filepath.Join(dir, "x.nids")
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	schema, err := engine.NewSchema(&eve.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &replays{ctx: context.Background(), schema: schema, paths: []string{file}, load: lang.Options{}}
	most := 0
	for n := 10; ; n += 13 {
		to := filepath.Join(dir, fmt.Sprint(n, ".pcap"))
		if !cut(t, "../../testdata/captures/http_browse.pcap", to, n) {
			break
		}
		c, err := r.replay(to)
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, c["ALL"])
		for _, p := range [][2]string{{"HTML-OR-BODY", "HTML"}, {"HTML-OR-STATUS", "HTML"}, {"NOT-THAT-STATUS", "ALL"}} {
			if c[p[0]] != c[p[1]] {
				t.Errorf("%d packets: %s matches %d times, %s %d times", n, p[0], c[p[0]], p[1], c[p[1]])
			}
		}
		for _, p := range [][3]string{{"POST-OR-BODY", "POST", "BODY"}, {"POST-OR-FOUR", "POST", "FOUR"}} {
			if a, b, both := c[p[1]], c[p[2]], c[p[0]]; both < max(a, b) || both > a+b {
				t.Errorf("%d packets: %s matches %d times, its parts %d and %d times", n, p[0], both, a, b)
			}
		}
	}
	if most < 15 {
		t.Errorf("the capture has %d requests only", most)
	}
}
