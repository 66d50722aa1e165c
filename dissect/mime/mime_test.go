package mime

import (
	"bytes"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// carrier is a protocol that carries one message and nothing else.
type carrier struct {
	o Options
	p Parser
	b bool // begun
}

func (k *carrier) Data(c *dissect.Ctx, _ dissect.Dir, data []byte) int {
	k.begin(c)
	k.p.Write(c, data)
	k.p.Flush(c)
	return len(data)
}

func (k *carrier) begin(c *dissect.Ctx) {
	if k.b {
		return
	}
	k.b = true
	k.p.OnHeaders = func(c *dissect.Ctx) { c.Emit(0, &k.p.Message) }
	k.p.Begin(&k.o, &k.p.Message)
}

func (k *carrier) Gap(c *dissect.Ctx, _ dissect.Dir, _ int) {
	k.begin(c)
	k.p.Gap(c)
}

func (k *carrier) End(c *dissect.Ctx, dir dissect.Dir, _ dissect.EndReason, _ []byte) {
	if dir == dissect.ToServer {
		k.begin(c)
		k.p.End(c, dissect.FileClosed, "")
		c.Emit(1, &k.p.Message)
	}
}

func (k *carrier) Reset() { k.p.Reset(); k.b = false }

func carrierSpec(o Options) *dissect.Spec {
	header := func(name string) func(*Message) []byte {
		return func(m *Message) []byte { return m.Header(name) }
	}
	return &dissect.Spec{
		Name: "mail", New: func() dissect.Parser { return &carrier{o: o} },
		Events: []dissect.Event{{Name: "mail.header", Phase: 1}, {Name: "mail.done", Phase: 2, Final: true}},
		Fields: []dissect.Field{
			dissect.Str("from", "mail.header", "", (*Message).From),
			dissect.Str("subject", "mail.header", "", header("subject")),
			dissect.Str("subject.text", "mail.header", "", (*Message).Subject),
			dissect.Strs("attachment", "mail.done", "", (*Message).Attachment),
			dissect.Strs("link", "mail.done", "", (*Message).Link),
			dissect.Strs("url", "mail.done", "", (*Message).URL),
			dissect.Str("md5", "mail.done", "", (*Message).BodyMD5),
			dissect.Int("bits", "mail.done", "", func(m *Message) (int64, bool) { return int64(m.Bits), m.Bits != 0 }),
			dissect.Int("parts", "mail.done", "", func(m *Message) (int64, bool) { return int64(m.Parts), true }),
		},
	}
}

// parse gives what is found in a message, whose lines may end in LF alone.
func parse(t testing.TB, msg string, o Options) *dissecttest.Recorder {
	t.Helper()
	r := dissecttest.New(carrierSpec(o))
	r.Data(dissect.ToServer, msg)
	r.End(dissect.EndFIN)
	return r
}

func TestMessages(t *testing.T) {
	for _, c := range []struct{ name, msg, want string }{
		{"headers unfold without the first blank", "From: a@b\nSubject: one\n  two\n\tthree\n\nx\n",
			`mail.header to_server from="a@b" subject="one twothree" subject.text="one twothree"
mail.done to_server from="a@b" parts=1 subject="one twothree" subject.text="one twothree"
`},
		{"encoded words", "Subject: =?utf-8?Q?caf=C3=A9_?= =?ISO-8859-1?b?4A==?= x\n\n",
			`mail.header to_server subject="=?utf-8?Q?caf=C3=A9_?= =?ISO-8859-1?b?4A==?= x" subject.text="café à x"
mail.done to_server parts=1 subject="=?utf-8?Q?caf=C3=A9_?= =?ISO-8859-1?b?4A==?= x" subject.text="café à x"
`},
		{"nested multiparts, where one boundary begins with the other", `Content-Type: multipart/mixed; boundary= "b"

preamble http://not.seen/
--b
Content-Type: multipart/alternative; boundary="b-in"

--b-in
Content-Type: text/html
Content-Transfer-Encoding: quoted-printable

<a href=3D"http://w=
ww.example/x?a=3D1">
--b-in--
--b
Content-Type: application/octet-stream; name=x
Content-Transfer-Encoding: BASE64
Content-Disposition: attachment; filename="a b.bin"

AAEC
Aw==
--b--
epilogue
`, `mail.header to_server
file to_server name="a b.bin" state=CLOSED size=4
mail.done to_server attachment=["a b.bin"] link=["http://www.example/x?a=1"] parts=2 url=["www.example/x?a=1"]
`},
		{"a forwarded message is a file, and so is what it carries", `Content-Type: multipart/mixed; boundary=o

--o
Content-Type: message/rfc822; name=m.eml

Subject: inner
Content-Type: multipart/mixed; boundary=i

--i
Content-Disposition: attachment; filename=f.txt

text
--i--
--o--
`, `mail.header to_server
file to_server name="f.txt" state=CLOSED size=4
file to_server name="m.eml" state=CLOSED size=121
mail.done to_server attachment=["m.eml" "f.txt"] parts=1
`},
		{"an attachment without a name", "Content-Type: application/pdf\n\n%PDF-\n",
			`mail.header to_server
file to_server name="" state=CLOSED size=5
mail.done to_server parts=1
`},
		{"faults", "Content-Type: text/plain; name=f\nContent-Transfer-Encoding: quoted-printable\n\na=zz=\n",
			`mail.header to_server
file to_server name="f" state=CLOSED size=4
mail.done to_server attachment=["f"] bits=2 parts=1
`},
		{"a multipart without boundary", "Content-Type: multipart/mixed\n\nhttp://x.example/\n",
			`mail.header to_server
mail.done to_server bits=256 link=["http://x.example/"] parts=1 url=["x.example/"]
`},
		{"a message without a header", "see http://x.example/\nand\n", `mail.header to_server
mail.done to_server link=["http://x.example/"] parts=1 url=["x.example/"]
`},
		{"a message that ends in its header", "Subject: s", `mail.header to_server subject="s" subject.text="s"
mail.done to_server parts=0 subject="s" subject.text="s"
`},
	} {
		for _, eol := range []string{"\n", "\r\n"} {
			if eol == "\r\n" && strings.Contains(c.want, "m.eml") {
				continue // whose size depends on the line ends
			}
			msg := strings.ReplaceAll(c.msg, "\n", eol)
			if got := parse(t, msg, DefaultOptions()).Text(); got != c.want {
				t.Errorf("%s (%q):\n%s\nwant\n%s", c.name, eol, got, c.want)
			}
		}
	}
}

func TestFileContent(t *testing.T) {
	const head = "Content-Disposition: attachment; filename=f\nContent-Transfer-Encoding: "
	for _, c := range []struct{ name, msg, want string }{
		{"base64 with a blank and junk", head + "base64\n\nSGVs bG8h\n#SGk\n=\n", "Hello!Hi"},
		{"base64 in odd lines", head + "base64\n\nS\nGVsb\nG8h\n", "Hello!"},
		{"base64 padded twice", head + "base64\n\nSGk=\nSGk=\n", "HiHi"},
		{"base64 without padding", head + "base64\n\nSGk\n", "Hi"},
		{"quoted-printable", head + "quoted-printable\n\na=3D=\nb=c3=BC \nc\n", "a=b\xc3\xbc \nc"},
		{"as it is, but for the last line end", head + "8bit\n\na\n\nb\n\n", "a\n\nb\n"},
	} {
		r := parse(t, c.msg, DefaultOptions())
		if len(r.Files) != 1 {
			t.Fatalf("%s: %d files", c.name, len(r.Files))
		}
		if got := string(r.Files[0].Content); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestParam(t *testing.T) {
	for _, c := range []struct{ field, name, want string }{
		{`attachment; filename=a.txt`, "filename", "a.txt"},
		{`attachment; FileName = "a;b.txt" ; size=3`, "filename", "a;b.txt"},
		{`attachment; filename="C:\dir\f.exe"; x=y`, "filename", `C:\dir\f.exe`},
		{`attachment; filename="a\"b"; x=y`, "filename", `a\"b`},
		{`attachment; filename="open`, "filename", `"open`},
		{`attachment; filename*=UTF-8''na%20me%2Etxt`, "filename", "na me.txt"},
		{`attachment; filename*0="lo"; filename*2=c; filename*1="ng."`, "filename", "long.c"},
		{`attachment; filename*0*=utf-8''a%41; filename*1="%41"`, "filename", "aA%41"},
		{`text/plain; filename2=x`, "filename", ""},
		{`text/plain`, "name", ""},
		{`text/plain; ; =; name=`, "name", ""},
		{`text/plain; name=a; name=b`, "name", "b"},
	} {
		if got, _ := Param(nil, []byte(c.field), c.name); string(got) != c.want {
			t.Errorf("%s: got %q, want %q", c.field, got, c.want)
		}
	}
}

func TestURLs(t *testing.T) {
	o := DefaultOptions()
	o.Schemes, o.KeepScheme = []string{"https://", "mailto://"}, true
	const text = "\nsee (HTTPS://a.example/x), <https://b.example>\n'ftp://c.example/' xhttps://no mailto://d@e]\nhttps://last.example/y"
	r := parse(t, text, o)
	want := `mail.header to_server
mail.done to_server link=["HTTPS://a.example/x)," "https://b.example" "mailto://d@e" "ftp://c.example/" "https://last.example/y"] parts=1 url=["https://last.example/y" "mailto://d@e" "https://b.example" "HTTPS://a.example/x),"]
`
	if got := r.Text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCaps(t *testing.T) {
	o := DefaultOptions()
	var b strings.Builder
	for i := range 3 * o.MaxDepth {
		id := strings.Repeat("x", i+1)
		b.WriteString("Content-Type: multipart/mixed; boundary=" + id + "\n\n--" + id + "\n")
	}
	r := parse(t, b.String()+"\nend\n", o)
	if !strings.Contains(r.Text(), "bits=512") {
		t.Errorf("nesting too deep is not told: %s", r.Text())
	}
	var p Parser
	p.Begin(&o, nil)
	c := dissecttest.New(carrierSpec(o)).Ctx
	for range 10_000 {
		p.Line(c, []byte("X-Header: "+strings.Repeat("v", 200)), 2)
	}
	p.Line(c, nil, 2)
	for range 1000 {
		p.Line(c, []byte("http://"+strings.Repeat("u", 5000)), 2)
	}
	p.End(c, dissect.FileClosed, "")
	if p.Bits&TooDeep == 0 || p.Headers() > maxHeaders || cap(p.arena) > 2*maxHeaderBytes || cap(p.strings) > 2*maxStrings {
		t.Errorf("headers %d, arena %d, strings %d", p.Headers(), cap(p.arena), cap(p.strings))
	}
	p.Reset()
	if cap(p.arena) > keepArena || cap(p.strings) > keepStrings {
		t.Error("Reset keeps too much")
	}
}

func TestGap(t *testing.T) {
	const head = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment; filename=f\nContent-Transfer-Encoding: base64\n\n"
	r := dissecttest.New(carrierSpec(DefaultOptions()))
	r.Data(dissect.ToServer, head+"QUFB\nQUF").Gap(dissect.ToServer, 100).Data(dissect.ToServer, "kJC\nQ0ND\n--b\nContent-Disposition: attachment; filename=g\n\nok\n--b--\n")
	want := `mail.header to_server
file to_server name="f" state=TRUNCATED size=6
file to_server name="g" state=CLOSED size=2
mail.done to_server attachment=["f" "g"] parts=2
`
	if got := r.End(dissect.EndFIN); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func FuzzMIME(f *testing.F) {
	f.Add([]byte("Subject: =?utf-8?B?aGk=?=\r\nContent-Type: multipart/mixed;\r\n boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nhttp://a=\r\nb\r\n--b\r\nContent-Disposition: attachment; filename*0=a; filename*1=b\r\nContent-Transfer-Encoding: base64\r\n\r\nQUFB\r\n--b--\r\n"))
	f.Add([]byte("Content-Type: message/rfc822; name=m\n\nContent-Type: multipart/x; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nA: b\n\n--b--\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		o := DefaultOptions()
		o.BodyMD5 = true
		whole := parse(t, string(data), o)
		r := dissecttest.New(carrierSpec(o))
		r.Trickle(dissect.ToServer, string(data))
		if got := r.End(dissect.EndFIN); got != whole.Text() {
			t.Errorf("bit by bit:\n%s\nat once:\n%s", got, whole.Text())
		}
		for i := range r.Files {
			if !bytes.Equal(r.Files[i].Content, whole.Files[i].Content) {
				t.Errorf("file %d differs: %q, %q", i, r.Files[i].Content, whole.Files[i].Content)
			}
		}
	})
}
