package mime

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// lines gives the body of a message to a parser in pieces of at most n bytes, as protocols do whose lines may be longer than what they take at a time.
type lines struct {
	carrier
	n int
}

func (k *lines) Data(c *dissect.Ctx, _ dissect.Dir, data []byte) int {
	k.begin(c)
	for line := range strings.Lines(string(data)) {
		text := strings.TrimRight(line, "\r\n")
		for k.p.HeadersDone && len(text) > k.n {
			k.p.Line(c, []byte(text[:k.n]), 0)
			text = text[k.n:]
		}
		k.p.Line(c, []byte(text), len(line)-len(strings.TrimRight(line, "\r\n")))
	}
	return len(data)
}

// TestPiecesOfLines: how a long line is cut changes nothing of what it encodes.
func TestPiecesOfLines(t *testing.T) {
	for enc, text := range map[string]string{
		"quoted-printable": "a=41b=\r\nc=3D=3D41=\t\r\nd=zz=4",
		"base64":           "YWJj\r\nZG VmZw==\r\naGk=",
	} {
		msg := "Content-Type: a/b; name=f\r\nContent-Transfer-Encoding: " + enc + "\r\n\r\n"
		want := ""
		for _, n := range []int{100, 1, 2, 3, 4, 5, 6, 7} {
			o := DefaultOptions()
			spec := carrierSpec(o)
			spec.New = func() dissect.Parser { return &lines{carrier{o: o}, n} }
			r := dissecttest.New(spec)
			r.Data(dissect.ToServer, msg+text)
			r.End(dissect.EndFIN)
			if len(r.Files) != 1 {
				t.Fatalf("%d files", len(r.Files))
			}
			got := string(r.Files[0].Content)
			if n == 100 {
				want = got
			} else if got != want {
				t.Errorf("%s in pieces of %d: %q, want %q", enc, n, got, want)
			}
		}
		if !strings.HasPrefix(want, "a") {
			t.Errorf("%s: %q", enc, want)
		}
	}
}

// TestEncodings: comments, several header fields, and values that are none hide no encoding that mail programs undo.
func TestEncodings(t *testing.T) {
	for _, cte := range []string{
		"Content-Transfer-Encoding: base64",
		"Content-Transfer-Encoding: BASE64 ",
		"Content-Transfer-Encoding: base64 (of course)",
		"Content-Transfer-Encoding: (of course) base64",
		"Content-Transfer-Encoding: (a (b) \\) c) base64; x=y",
		"Content-Transfer-Encoding:\r\n base64",
		"Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: unknown",
		"Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64",
	} {
		r := parse(t, "Content-Type: a/b; name=f\r\n"+cte+"\r\n\r\naGVsbG8=\r\n", DefaultOptions())
		if len(r.Files) != 1 || string(r.Files[0].Content) != "hello" {
			t.Errorf("%s: %q", cte, r.Files[0].Content)
		}
	}
	r := parse(t, "Content-Type: message/rfc822 (a mail)\r\n\r\nContent-Type: a/b; name=inner\r\n\r\nx", DefaultOptions())
	if len(r.Files) != 1 || string(r.Files[0].Name) != "inner" {
		t.Errorf("a message with a comment: %+v", r.Files)
	}
}

// TestUnderscores: =5F is an underscore, _ is a blank (RFC 2047 section 4.2).
func TestUnderscores(t *testing.T) {
	if got := string(Decode(nil, []byte("=?utf-8?q?a=5Fb_c?="))); got != "a_b c" {
		t.Errorf("got %q", got)
	}
}

// TestEncodedNames: the name of a file is kept as it was sent, and as people see it, of which its extension is.
func TestEncodedNames(t *testing.T) {
	for _, c := range []struct{ header, name, shown string }{
		{`Content-Disposition: attachment; filename="=?utf-8?B?aW52b2ljZS5kb2Nt?="`, "=?utf-8?B?aW52b2ljZS5kb2Nt?=", "invoice.docm"},
		{`Content-Type: a/b; name="=?iso-8859-1?Q?M=E4rz_2024=2Eexe?="`, "=?iso-8859-1?Q?M=E4rz_2024=2Eexe?=", "März 2024.exe"},
		{`Content-Disposition: attachment; filename="=?utf-8?q?a=2E?= =?utf-8?q?exe?="`, "=?utf-8?q?a=2E?= =?utf-8?q?exe?=", "a.exe"},
		{`Content-Disposition: attachment; filename*=utf-8''a%2Eexe`, "a.exe", ""},
		{`Content-Disposition: attachment; filename="plain.pdf"`, "plain.pdf", ""},
	} {
		r := parse(t, c.header+"\r\n\r\nx", DefaultOptions())
		if len(r.Files) != 1 || string(r.Files[0].Name) != c.name || string(r.Files[0].Shown) != c.shown {
			t.Errorf("%s: name %q, shown %q", c.header, r.Files[0].Name, r.Files[0].Shown)
		}
	}
}

// TestDeepMessages: what is too deep within messages is said to be, whatever it is within.
func TestDeepMessages(t *testing.T) {
	o := DefaultOptions()
	for kind, n := range map[string]int{"message/rfc822": o.MaxDepth + 1, "multipart/mixed; boundary=b": o.MaxDepth + 1} {
		msg := strings.Repeat("Content-Type: "+kind+"\r\n\r\n--b\r\n", n)
		if kind == "message/rfc822" {
			msg = strings.ReplaceAll(msg, "--b\r\n", "")
		}
		r := parse(t, msg, o)
		if !strings.Contains(r.Text(), " bits=") {
			t.Errorf("%s: %s", kind, r.Text())
		}
	}
}
