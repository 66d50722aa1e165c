package capture

import (
	"testing"
)

// checkFuzz reads any bytes as a capture and checks what holds for every input.
func checkFuzz(t *testing.T, b []byte) {
	if len(b) > 1<<20 {
		return
	}
	if compression(b) != "" { // the decompressors have fuzzers of their own
		return
	}
	res, err := drainBytes(t, b)
	if err != nil {
		return
	}
	if len(res.errs) > 1 {
		t.Errorf("%d errors of one file", len(res.errs))
	}
	total := 0
	for i, r := range res.recs {
		total += len(r.data)
		if r.t < 0 || r.t > MaxTime || r.wire < uint32(len(r.data)) || len(r.data) > MaxPacketBytes || !r.link.Supported() {
			t.Errorf("packet %d: time %d, %d of %d bytes, link type %d", i, r.t, len(r.data), r.wire, r.link)
		}
	}
	if total > len(b) || uint64(total) != res.stats.Bytes {
		t.Errorf("%d bytes of packets (%d counted) from %d bytes", total, res.stats.Bytes, len(b))
	}
	if res.stats.Done != int64(len(b)) && len(res.errs) == 0 {
		t.Errorf("%d of %d bytes were read without an error", res.stats.Done, len(b))
	}
}

func FuzzPcap(f *testing.F) {
	recs := []rec{{t: sec, data: "abc"}, {t: 2 * sec, data: "defgh", wire: 100}}
	for _, magic := range []uint32{magicMicro, magicNano, magicModified} {
		f.Add(pcapFile(le, magic, 4, 1, 1000, recs...))
		f.Add(pcapFile(be, magic, 3, 101, 1000, recs...))
	}
	cut := pcapFile(le, magicMicro, 2, 276, 1000, recs...)
	f.Add(cut[:len(cut)-2])
	f.Fuzz(checkFuzz)
}

func FuzzPcapng(f *testing.F) {
	b := append(ngSHB(le), ngIDB(le, LinkEthernet, 4, uint16(9), uint16(1), "\x09\x00\x00\x00", uint16(14), uint16(8), uint64(7))...)
	b = append(b, ngEPB(le, 0, 77, "enhanced", 9)...)
	b = append(b, ngSPB(le, "simple", 6)...)
	b = append(b, ngPB(le, 0, 88, "obsolete")...)
	b = append(b, ngBlock(le, 99, []byte("unknown"))...)
	f.Add(b)
	b = append(b, ngSHB(be)...)
	b = append(b, ngIDB(be, 127, 0)...)
	b = append(b, ngIDB(be, LinkRaw, 0, uint16(9), uint16(1), "\xa0\x00\x00\x00")...)
	b = append(b, ngEPB(be, 1, 77, "enhanced", 9)...)
	f.Add(b)
	f.Add(append(b, ngEPB(be, 0, 77, "radiotap", 9)...))
	f.Add(b[:len(b)-3])
	f.Fuzz(checkFuzz)
}
