package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine/manager"
)

// pack joins frames as FuzzEngine reads them: a two-byte length before each.
func pack(frames [][]byte) []byte {
	var out []byte
	for _, f := range frames {
		out = binary.BigEndian.AppendUint16(out, uint16(len(f)))
		out = append(out, f...)
	}
	return out
}

// unpack is the reverse; lengths beyond the end are cut.
func unpack(data []byte) (list [][]byte) {
	for len(data) >= 2 && len(list) < 200 {
		n := min(int(binary.BigEndian.Uint16(data)), len(data)-2)
		list = append(list, data[2:2+n])
		data = data[2+n:]
	}
	return list
}

// seedBytes bounds a seed: enough for the beginning of a conversation, and small enough that
// mutations meet something that matters.
const seedBytes = 4 << 10

// seeds gives the beginnings of all captures, and pieces from their middles.
func seeds(f *testing.F) (list [][]byte) {
	for _, path := range captures(f) {
		src, err := capture.Open([]string{path}, capture.Options{})
		if err != nil {
			f.Fatal(err)
		}
		var b capture.Batch
		if src.ReadBatch(&b) == nil && b.Packets[0].Link == capture.LinkEthernet {
			for from := 0; from < len(b.Packets); from += 100 {
				size, picked := 0, [][]byte(nil)
				for _, p := range b.Packets[from:] {
					if size += len(p.Data) + 2; size > seedBytes {
						break
					}
					picked = append(picked, p.Data)
				}
				list = append(list, pack(picked))
			}
		}
		src.Close()
	}
	return list
}

// FuzzEngine feeds frames through the whole engine with the rules that ship: whatever they are,
// nothing may panic, every flow that began must end, and every record must be JSON.
func FuzzEngine(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	cfg := everything(f)
	cfg.CheckChecksums, cfg.TCP.Midstream = false, true
	cfg.Frag.HashSize = 16 // an engine is made for each input
	cfg.Manager = manager.DefaultConfig()
	cfg.Manager.Dedup.MaxKeys, cfg.Manager.Correlation.MaxHosts = 3, 2
	cfg.Intel = feeds(f, "entries:\n  - cidr: 10.0.0.0/8\n  - cidr: 192.0.0.0/8\n  - domain: .example\n  - domain: .com\n  - url: http://10.0.0.1/\n")
	f.Fuzz(func(t *testing.T, data []byte) {
		var complaint string
		var log bytes.Buffer
		cfg.Warn = func(format string, a ...any) { complaint = fmt.Sprintf(format, a...) }
		cfg.EVE = &log
		e, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Run(t.Context(), &frames{list: unpack(data), step: 1e7}); err != nil {
			t.Fatal(err)
		}
		if n := counter(e, "detect.internal_errors"); n != 0 {
			t.Errorf("%d panics: %s", n, complaint)
		}
		if n := counter(e, "flow.active"); n != 0 {
			t.Errorf("%d flows never ended", n)
		}
		for line := range bytes.Lines(log.Bytes()) {
			if !json.Valid(line) {
				t.Errorf("not JSON: %s", line)
			}
		}
	})
}
