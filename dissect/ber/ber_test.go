package ber

import (
	"bytes"
	"testing"
)

func TestReadHead(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Head
		st   Status
	}{
		{"\x30\x03", Head{0x30, 16, 2, 3}, OK},
		{"\x30\x81\x80", Head{0x30, 16, 3, 128}, OK},
		{"\x30\x84\x00\x00\x01\x00", Head{0x30, 16, 6, 256}, OK},
		{"\x7f\x81\x02\x05", Head{0x7f, 130, 4, 5}, OK},
		{"", Head{}, Short},
		{"\x30", Head{}, Short},
		{"\x30\x82\x01", Head{}, Short},
		{"\x1f\x81", Head{}, Short},
		{"\x30\x80", Head{}, Bad},
		{"\x30\x84\x7f\xff\xff\xff", Head{}, Bad},
		{"\x30\x89\x00\x00\x00\x00\x00\x00\x00\x00\x01", Head{}, Bad},
		{"\x1f\x81\x81\x81\x81\x01\x00", Head{}, Bad},
	} {
		h, st := ReadHead([]byte(c.in))
		if st != c.st || st == OK && h != c.want {
			t.Errorf("%x: %+v %d, want %+v %d", c.in, h, st, c.want, c.st)
		}
	}
}

func TestReader(t *testing.T) {
	r := New([]byte("\x30\x0b\x02\x01\x07\x04\x02ab\x80\x02\xff\x00\x05\x00"))
	in := r.In(Sequence)
	if n := in.Int(Integer); n != 7 || in.Failed {
		t.Errorf("number %d, failed %v", n, in.Failed)
	}
	if _, ok := in.If(Boolean); ok {
		t.Error("took a string for a truth value")
	}
	if s, ok := in.If(OctetString); !ok || string(s) != "ab" {
		t.Errorf("string %q %v", s, ok)
	}
	if n := in.Int(Context); n != -256 || in.Failed || in.More() {
		t.Errorf("number %d, %+v", n, in)
	}
	if r.Want(Null); r.Failed || r.More() {
		t.Errorf("at the end %+v", r)
	}
	if r.Want(Null); !r.Failed {
		t.Error("took a value past the end")
	}
	for _, c := range []struct {
		in  string
		cut bool
	}{{"\x04\x05abc", true}, {"\x04", true}, {"\x04\x80abc", false}, {"\x02\x01\x01", false}} {
		r := New([]byte(c.in))
		if r.Want(OctetString); !r.Failed || r.Cut != c.cut || r.More() {
			t.Errorf("%x: %+v", c.in, r)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		in    string
		i     int64
		iok   bool
		u     uint64
		uok   bool
		label string
	}{
		{"", 0, false, 0, false, "empty"},
		{"\xff", -1, true, 255, true, "-1"},
		{"\x00\x80", 128, true, 128, true, "128"},
		{"\x00\x00\x00\x00\x00\x00\x00\x00\x01", 1, true, 1, true, "zeros"},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xfe", -2, true, 0, false, "ones"},
		{"\x00\xff\xff\xff\xff\xff\xff\xff\xff", 0, false, 1<<64 - 1, true, "64 bits"},
		{"\x01\x00\x00\x00\x00\x00\x00\x00\x00", 0, false, 0, false, "65 bits"},
	} {
		if v, ok := ParseInt([]byte(c.in)); v != c.i || ok != c.iok {
			t.Errorf("%s: ParseInt %d %v", c.label, v, ok)
		}
		if v, ok := ParseUint([]byte(c.in)); v != c.u || ok != c.uok {
			t.Errorf("%s: ParseUint %d %v", c.label, v, ok)
		}
	}
	for in, want := range map[string]string{"\x2b\x06\x01\x02\x01": "1.3.6.1.2.1", "\x88\x37\x03": "2.999.3", "": "", "\x2b\x86": "1.3?", "\x2b\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f": "1.3?"} {
		if got := string(AppendOID(nil, []byte(in))); got != want {
			t.Errorf("%x: %s, want %s", in, got, want)
		}
	}
}

// FuzzReader checks that values lie within what they were read from, in order, and that reading ends.
func FuzzReader(f *testing.F) {
	f.Add([]byte("\x30\x0b\x02\x01\x07\x04\x02ab\x80\x02\xff\x00"))
	f.Add([]byte("\x7f\x81\x02\x81\x01a\x06\x03\x2b\x86\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := New(data)
		for r.More() {
			before := r.B
			_, body, ok := r.Next()
			if !ok {
				if !r.Failed || r.More() {
					t.Fatalf("stopped without a failure at %x", before)
				}
				break
			}
			if len(body)+len(r.B) >= len(before) || !bytes.HasSuffix(before[:len(before)-len(r.B)], body) {
				t.Fatalf("value %x is not at the beginning of %x", body, before)
			}
			AppendOID(nil, body)
		}
	})
}
