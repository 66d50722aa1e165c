package capture

import (
	"bytes"
	"errors"
	"testing"
)

func TestWriter(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, LinkRaw, 8)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []Packet{
		{Data: []byte("short"), Len: 5, Time: 1600000000123456789, Link: LinkRaw},
		{Data: []byte("longer than that"), Len: 1000, Time: 4294967295*sec + 999999999, Link: LinkRaw},
		{Link: LinkRaw},
	} {
		if err := w.Write(&p); err != nil {
			t.Fatal(err)
		}
	}
	want := []rec{
		{t: 1600000000123456789, data: "short", link: LinkRaw},
		{t: 4294967295*sec + 999999999, data: "longer t", wire: 1000, link: LinkRaw},
		{link: LinkRaw},
	}
	if b := pcapFile(le, 0xa1b23c4d, 4, 101, 1, want...); !bytes.Equal(out.Bytes()[24:], b[24:]) {
		t.Errorf("\n got %x\nwant %x", out.Bytes(), b)
	}
	res, err := drainBytes(t, out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	equalRecs(t, res.recs, want)
}

// A tag that the kernel took out is put back where it was.
func TestWriterVLAN(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, LinkEthernet, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := Packet{Data: []byte("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00payload"), Len: 100, VLAN: 0x2064, HasVLAN: true, Link: LinkEthernet}
	if err := w.Write(&p); err != nil {
		t.Fatal(err)
	}
	res, err := drainBytes(t, out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	equalRecs(t, res.recs, []rec{{data: "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x81\x00\x20\x64\x08\x00payload", wire: 104}})
}

func TestWriterErrors(t *testing.T) {
	full := errors.New("disk full")
	if _, err := NewWriter(refusing{full}, LinkEthernet, 0); !errors.Is(err, full) {
		t.Errorf("header: %v", err)
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, LinkEthernet, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []Packet{{Link: LinkRaw}, {Link: LinkEthernet, Time: -1}, {Link: LinkEthernet, Time: 1 << 62}} {
		if err := w.Write(&p); err == nil {
			t.Errorf("%+v was written", p)
		}
	}
	if out.Len() != 24 {
		t.Errorf("refused packets left %d bytes", out.Len()-24)
	}
	w.w = refusing{full}
	if err := w.Write(&Packet{Link: LinkEthernet}); !errors.Is(err, full) {
		t.Errorf("packet: %v", err)
	}
	w.w = &out
	p := Packet{Link: LinkEthernet, Data: make([]byte, 60)}
	out.Grow(1 << 20)
	if n := testing.AllocsPerRun(100, func() { w.Write(&p) }); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

type refusing struct{ err error }

func (r refusing) Write([]byte) (int, error) { return 0, r.err }
