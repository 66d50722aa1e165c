package jsonw

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/quick"
)

func TestStrings(t *testing.T) {
	for in, want := range map[string]string{
		"":                      `""`,
		"plain text":            `"plain text"`,
		"a\"b\\c":               `"a\"b\\c"`,
		"tab\tnl\ncr\r":         `"tab\tnl\ncr\r"`,
		"\x00\x1f\x7f":          `"\u0000\u001f\u007f"`,
		"grüße ☺":               `"grüße ☺"`,
		"ü\n":                   `"ü\n"`,
		"half \xc3":             `"half \\xc3"`,
		"\xff\x00\n\"ok\"":      `"\\xff\u0000\n\"ok\""`,
		"\u2028 is fine \u2029": "\"\u2028 is fine \u2029\"",
	} {
		if got := string(AppendString(nil, in)); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
		if got := string(AppendString(nil, []byte(in))); got != want {
			t.Errorf("bytes %q: got %s, want %s", in, got, want)
		}
	}
}

func TestWhateverComesIsValidJSON(t *testing.T) {
	f := func(key, val []byte, n int64) bool {
		var w Writer
		w.Object()
		w.KeyBytes(key)
		w.Bytes(val)
		w.Key("n")
		w.Int(n)
		w.OpenArray("list")
		w.Printable(val)
		w.Base64(val)
		w.EndArray()
		w.End()
		return json.Valid(w.B)
	}
	if err := quick.Check(f, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
}

func TestCommas(t *testing.T) {
	var w Writer
	w.Object()
	w.Open("a")
	w.End()
	w.OpenArray("b")
	w.Array()
	w.EndArray()
	w.Int(1)
	w.EndArray()
	w.Members([]byte(`"c":2`))
	w.Key("d")
	w.Raw([]byte("null"))
	w.End()
	if want := `{"a":{},"b":[[],1],"c":2,"d":null}`; string(w.B) != want {
		t.Errorf("got %s, want %s", w.B, want)
	}
}

func TestNoAllocations(t *testing.T) {
	var w Writer
	val := []byte(strings.Repeat("text \xff", 20))
	if n := testing.AllocsPerRun(100, func() {
		w.Reset()
		w.Object()
		w.Key("k")
		w.Bytes(val)
		w.End()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkString(b *testing.B) {
	s := []byte("/path/of/ordinary/length?with=query&and=more")
	buf := make([]byte, 0, 256)
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendString(buf[:0], s)
	}
}

// TestPrintable wants what C's isprint calls printable, and line ends.
func TestPrintable(t *testing.T) {
	var w Writer
	w.Printable([]byte("a\tb\r\n\"\\\x00\x7f\xe9~ "))
	if got, want := string(w.B), `"a.b\r\n\"\\...~ "`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
