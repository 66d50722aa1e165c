package engine

import (
	"context"
	"encoding/binary"
	"io"
	"testing"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine/eve"
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

// FuzzEngine feeds frames through the whole engine: whatever they are, nothing may panic, and
// every flow that began must end.
func FuzzEngine(f *testing.F) {
	for _, path := range captures(f) {
		src, err := capture.Open([]string{path}, capture.Options{})
		if err != nil {
			f.Fatal(err)
		}
		var b capture.Batch
		if src.ReadBatch(&b) == nil {
			var list [][]byte
			for i := range b.Packets[:min(40, len(b.Packets))] {
				if b.Packets[i].Link == capture.LinkEthernet {
					list = append(list, b.Packets[i].Data)
				}
			}
			f.Add(pack(list))
		}
		src.Close()
	}
	schema, err := NewSchema(&eve.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg := DefaultConfig()
		cfg.Workers, cfg.Schema, cfg.CheckChecksums, cfg.TCP.Midstream = 1, schema, false, true
		cfg.Limits.KeepBodies, cfg.Limits.HashMD5 = true, true
		allRecords(&cfg)
		cfg.EVE = io.Discard
		var complaint string
		cfg.Warn = func(format string, a ...any) { complaint = format }
		e, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Run(context.Background(), &frames{list: unpack(data), step: 1e7}); err != nil {
			t.Fatal(err)
		}
		if n := counter(e, "detect.internal_errors"); n != 0 {
			t.Errorf("%d panics: %s", n, complaint)
		}
		if n := counter(e, "flow.active"); n != 0 {
			t.Errorf("%d flows never ended", n)
		}
	})
}
