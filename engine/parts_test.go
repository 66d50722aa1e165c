package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
)

// rangeFlows makes one connection for each part of a file, in the order given; hole leaves out the last byte of that part.
func rangeFlows(content string, size, hole int, order []int) *frames {
	var all frames
	for i, n := range order {
		from, to := n*size, min((n+1)*size, len(content))
		body := content[from:to]
		c := &tcpConn{host: uint16(i * 7), port: uint16(2000 + i)}
		c.open()
		c.frame(true, 0x18, fmt.Sprintf("GET /big.bin HTTP/1.1\r\nHost: files.example\r\nRange: bytes=%d-%d\r\n\r\n", from, to-1))
		head := fmt.Sprintf("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n", from, to-1, len(content), len(body))
		if n == hole {
			body = body[:len(body)-1]
		}
		c.frame(false, 0x18, head+body[:len(body)/2])
		c.frame(true, 0x10, "")
		c.frame(false, 0x18, body[len(body)/2:])
		c.frame(true, 0x11, "")
		all.list = append(all.list, c.out...)
	}
	return &all
}

// TestPartsAreJoined wants a file whose parts came over several flows, in any order and some twice, judged and logged as a whole:
// once, and the same for any number of workers.
func TestPartsAreJoined(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	content := b.String()
	straddle := content[7990:8010] // half of it in one part, half in the next
	sum := sha256.Sum256([]byte(content))
	digest := hex.EncodeToString(sum[:])
	rules := fmt.Sprintf(`alert http any any -> any any (file.data; content:"%s"; filename:"big"; sid:1;)
alert http any any -> any any (filesha256:list; sid:2;)
`, strings.ReplaceAll(straddle, "\n", "|0a|"))
	last := (len(content) - 1) / 2000
	order := []int{3, 2, 2, 0, 1}
	for n := last; n > 3; n-- {
		order = append(order, n)
	}
	for _, hole := range []int{-1, 5} {
		var first string
		for _, workers := range []int{1, 2, 8} {
			cfg := withRules(t, rules, map[string]string{"list": digest + "\n"})
			cfg.Workers = workers
			e, eve := run(t, cfg, rangeFlows(content, 2000, hole, order))
			eve = withoutUptime(eve)
			want := 1
			if hole >= 0 {
				want = 0
			}
			for _, s := range []string{fmt.Sprintf(`"stored":false,"size":%d,"tx_id":0}}`, len(content)), `"signature_id":1,`, `"signature_id":2,`} {
				if got := strings.Count(eve, s); got != want {
					t.Errorf("hole %d, %d workers: %s comes %d times, want %d", hole, workers, s, got, want)
				}
			}
			if n := counter(e, "file_parts.joined"); n != uint64(want) {
				t.Errorf("%d files were joined, want %d", n, want)
			}
			if first == "" {
				first = eve
			} else if eve != first {
				t.Errorf("hole %d, %d workers: %s", hole, workers, difference(first, eve))
			}
		}
	}
}

// TestPartsAreBounded floods with parts whose beginning never comes.
func TestPartsAreBounded(t *testing.T) {
	cfg := withRules(t, "", nil)
	cfg.Parts.Memcap = 64 << 10
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	j := &e.order.join
	data := make([]byte, 1000)
	for i := range 5000 {
		p := &filePart{key: fmt.Sprint(i % 700), at: uint64(i)*3000 + 1, size: 1 << 40}
		j.take(&e.order, &record{part: p}, data)
		if j.kept > cfg.Parts.Memcap || len(j.files) > maxWholes {
			t.Fatalf("%d bytes of %d files wait", j.kept, len(j.files))
		}
	}
	if j.stats.dropped == 0 {
		t.Error("nothing was given up")
	}
	j.tick(cfg.Parts.Timeout + 1)
	if len(j.files) != 0 || j.kept != 0 {
		t.Errorf("after the timeout %d bytes of %d files wait", j.kept, len(j.files))
	}
}

// TestManyPieces wants a file in very many pieces given up, not sorted for ever.
func TestManyPieces(t *testing.T) {
	w := new(worker)
	w.view.cfg = &Config{Parts: DefaultParts()}
	j := &joiner{files: map[string]*whole{}, w: w}
	x := &whole{key: "f", size: 1 << 30}
	j.files[x.key] = x
	j.used.Add(x)
	begin := time.Now()
	n := 0
	for at := uint64(400_000); at > 2 && j.files[x.key] != nil; at -= 2 {
		j.keep(x, at, []byte{'x'})
		n++
	}
	if j.files[x.key] != nil || n > 2*maxPieces || j.kept != 0 || j.stats.dropped != 1 {
		t.Errorf("%d pieces, kept %d, %v", n, j.kept, time.Since(begin))
	}
}
