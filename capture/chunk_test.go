package capture

import (
	"bytes"
	"io"
	"testing"
)

// Packets stay as they were read while the source goes on to fill other batches, from one file (in place), from several and from a
// compressed one, up to the largest packets.
func TestBatchesKeepTheirBytes(t *testing.T) {
	dir := t.TempDir()
	plain := synthetic(t, 20_000)
	var large bytes.Buffer
	w, err := NewWriter(&large, LinkEthernet, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		p := &Packet{Data: bytes.Repeat([]byte{byte(i)}, MaxPacketBytes-100*i), Len: MaxPacketBytes, Time: int64(i), Link: LinkEthernet}
		if err := w.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	for name, paths := range map[string][]string{
		"one":     {write(t, dir, "one", plain)},
		"several": {write(t, dir, "a", plain), write(t, dir, "b", plain)},
		"gzip":    {write(t, dir, "gz", gz(t, plain))},
		"large":   {write(t, dir, "large", large.Bytes())},
	} {
		s, err := Open(paths, Options{})
		if err != nil {
			t.Fatal(name, err)
		}
		const ahead = 8
		var batches [ahead]Batch
		var copies [ahead][][]byte
		for n := 0; err == nil; n++ {
			i := n % ahead
			for k := range batches[i].Packets {
				if !bytes.Equal(batches[i].Packets[k].Data, copies[i][k]) {
					t.Fatalf("%s: packet %d changed while %d batches were read", name, batches[i].Packets[k].Num, ahead-1)
				}
			}
			err = s.ReadBatch(&batches[i])
			copies[i] = copies[i][:0]
			size := 0
			for _, p := range batches[i].Packets {
				copies[i] = append(copies[i], bytes.Clone(p.Data))
				size += len(p.Data)
			}
			if size > BatchBytes {
				t.Errorf("%s: a batch of %d bytes", name, size)
			}
		}
		if err != io.EOF {
			t.Error(name, err)
		}
		for i := range batches {
			batches[i].Release()
		}
		free := &s.(*source).chunks
		for _, c := range free.free {
			if u := c.users.Load(); u != 0 {
				t.Errorf("%s: a free chunk has %d users", name, u)
			}
		}
		if n := len(free.free); n == 0 || n > ahead+2 {
			t.Errorf("%s: %d chunks for %d batches", name, n, ahead)
		}
		s.Close()
	}
}
