package dissect

import (
	"strings"
	"testing"
)

func TestLineReader(t *testing.T) {
	var r LineReader
	long := strings.Repeat("x", MaxLine+10) + "\n"
	in := "one\r\ntwo\n\n" + long + "three\r\nopen"
	var got []string
	for in != "" {
		line, n, cut, ok := r.Next(ToServer, []byte(in))
		if n == 0 {
			break
		}
		if ok {
			s := string(line)
			if cut {
				s = s[:4] + "..."
			}
			got = append(got, s)
		}
		in = in[n:]
	}
	if want := "one|two||xxxx...|three"; strings.Join(got, "|") != want || in != "open" {
		t.Errorf("got %q, rest %q", got, in)
	}
	r.Skip(ToClient, true) // behind a gap, the rest of a line is passed over
	if _, n, _, ok := r.Next(ToClient, []byte("rest\nnext\n")); n != 5 || ok || r.Skipping(ToClient) {
		t.Errorf("after a gap: %d bytes, line %v", n, ok)
	}
}
