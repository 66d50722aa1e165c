package http2

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"
)

// listing is a sink that writes down what it hears.
type listing struct{ strings.Builder }

func (l *listing) field(name, value []byte) { fmt.Fprintf(l, "%s: %s\n", name, value) }
func (l *listing) tableUpdate(n uint64)     { fmt.Fprintf(l, "update %d\n", n) }
func (l *listing) badIndex()                { l.WriteString("bad index\n") }

// TestHPACK reads what golang.org/x/net's compressor writes: fields that repeat, of any size, with tables that change theirs.
func TestHPACK(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	var out bytes.Buffer
	enc := hpack.NewEncoder(&out)
	enc.SetMaxDynamicTableSizeLimit(1 << 16)
	var tab table
	tab.reset()
	names := []string{":path", ":method", "cookie", "x-a", "x-b", "content-length", "user-agent"}
	for block := range 2000 {
		if rnd.IntN(20) == 0 {
			enc.SetMaxDynamicTableSize(uint32(rnd.IntN(1 << (4 + rnd.IntN(13)))))
		}
		out.Reset()
		var want strings.Builder
		for range rnd.IntN(6) {
			f := hpack.HeaderField{Name: names[rnd.IntN(len(names))], Value: strings.Repeat(string(rune('a'+rnd.IntN(26))), rnd.IntN(1<<rnd.IntN(13))), Sensitive: rnd.IntN(9) == 0}
			if err := enc.WriteField(f); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&want, "%s: %s\n", f.Name, f.Value)
		}
		var got listing
		if err := tab.decode(out.Bytes(), &got, 1<<16); err != nil {
			t.Fatalf("block %d: %v", block, err)
		}
		var fields strings.Builder
		for _, l := range strings.SplitAfter(got.String(), "\n") {
			if !strings.HasPrefix(l, "update ") {
				fields.WriteString(l)
			}
		}
		if fields.String() != want.String() {
			t.Fatalf("block %d: got %.300s\nwant %.300s", block, fields.String(), want.String())
		}
		if len(tab.data) > 4<<16 {
			t.Fatalf("the table has %d bytes of memory", len(tab.data))
		}
	}
}

// TestHPACKBad has blocks that are wrong, and what is read of them.
func TestHPACKBad(t *testing.T) {
	for _, c := range []struct {
		block, want string
		err         error
	}{
		{"\x82\x84", ":method: GET\n:path: /\n", nil},
		{"\xbe\x82", "bad index\n:method: GET\n", nil},
		{"\x80", "bad index\n", nil},
		{"\x00\x01a\x01b", "a: b\n", nil},
		{"\x10\x01a\x01b", "a: b\n", nil},
		{"\x40\x01a\x01b\xbe", "a: b\na: b\n", nil},
		{"\x7e\x01b", "bad index\n", nil},
		{"\x40\x01a\x05b", "", errTruncated},
		{"\x40", "", errTruncated},
		{"\x82\x3f", ":method: GET\n", errTruncated},
		{"\x3f\xe1\x1f", "update 4096\n", nil},
		{"\xff\xff\xff\xff\xff\xff\x01", "", errOverflow},
		{"\x00\x81\xff\x01b", "", errHuffman},
	} {
		var tab table
		tab.reset()
		var got listing
		if err := tab.decode([]byte(c.block), &got, 1<<16); err != c.err || got.String() != c.want {
			t.Errorf("%q: %q, %v; want %q, %v", c.block, got.String(), err, c.want, c.err)
		}
	}
}

// TestTableCap has a table that its sender makes large, with the smallest entries there are.
func TestTableCap(t *testing.T) {
	var tab table
	tab.reset()
	tab.resize(1<<31, 1<<20)
	if tab.max != 1<<20 {
		t.Errorf("the table may have %d bytes", tab.max)
	}
	for range 100_000 {
		tab.add(nil, nil)
	}
	if n := len(tab.ents) - tab.first; n > maxEntries {
		t.Errorf("%d entries, at most %d are to be kept", n, maxEntries)
	}
	if len(tab.ents) > 4*maxEntries {
		t.Errorf("memory for %d entries", len(tab.ents))
	}
}
