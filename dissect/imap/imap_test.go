package imap

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

const (
	toServer = dissect.ToServer
	toClient = dissect.ToClient
)

func TestConversation(t *testing.T) {
	const want = `imap.response to_client imap.response.status="OK" imap.response.tag="*" imap.response.text="IMAP4rev1 ready"
imap.response to_client imap.response.status="GO" imap.response.tag="+" imap.response.text="on"
imap.command to_server imap.arguments="\"ann\" secret" imap.command="LOGIN" imap.tag="a1"
imap.response to_client imap.response.status="OK" imap.response.tag="a1" imap.response.text="welcome"
imap.command to_server imap.arguments="1 BODY[]" imap.command="FETCH" imap.tag="a2"
imap.response to_client imap.response.status="1" imap.response.tag="*" imap.response.text="FETCH (BODY[] "
imap.response to_client imap.response.status="OK" imap.response.tag="a2" imap.response.text="done"
`
	for _, slow := range []bool{false, true} {
		r := dissecttest.New(Spec())
		feed := r.Data
		if slow {
			feed = r.Trickle
		}
		feed(toClient, "* OK IMAP4rev1 ready\r\n")
		feed(toServer, "a1 login \"ann\" {6}\r\n")
		feed(toClient, "+ go on\r\n")
		feed(toServer, "secret\r\n")
		feed(toClient, "a1 OK welcome\r\n")
		feed(toServer, "a2 FETCH 1 BODY[]\r\n")
		feed(toClient, "* 1 FETCH (BODY[] {18}\r\nSubject: x\r\n\r\na2 OK)\r\na2 OK done\r\n")
		if got := r.End(dissect.EndFIN); got != want {
			t.Errorf("slow %v: got\n%s\nwant\n%s", slow, got, want)
		}
		if n := r.Ctx.Flow.TxCount; n != 2 {
			t.Errorf("%d transactions", n)
		}
	}
}

// TestGap wants a loss within a literal to be of no matter, and lines behind another to be found again.
func TestGap(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Data(toClient, "* 1 FETCH (BODY[] {100}\r\n"+strings.Repeat("x", 40)).Gap(toClient, 60)
	r.Data(toClient, ")\r\na2 OK done\r\n").Gap(toClient, 5)
	r.Data(toClient, "rest of a line\r\na3 NO\r\n")
	got := r.End(dissect.EndFIN)
	if strings.Count(got, "imap.response ") != 3 || !strings.Contains(got, `tag="a2"`) || !strings.Contains(got, `tag="a3"`) {
		t.Errorf("got\n%s", got)
	}
}

func TestStartTLS(t *testing.T) {
	for answer, want := range map[string]string{"t OK go\r\n\x16\x03": "tls", "t BAD no\r\n": "", "u OK other\r\n": ""} {
		r := dissecttest.New(Spec())
		r.Data(toServer, "t StartTLS\r\n").Data(toClient, answer)
		if r.Upgraded != want {
			t.Errorf("%q: upgraded to %q, want %q", answer, r.Upgraded, want)
		}
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{toClient, "* OK ready\r\n", false, dissect.Yes},
		{toClient, "* pre", false, dissect.More},
		{toClient, "* something", true, dissect.No},
		{toClient, "220 mx\r\n", true, dissect.No},
		{toServer, "* OK ready\r\n", false, dissect.Reversed},
		{toClient, "a1 login x y\r\n", true, dissect.Reversed},
		{toServer, "1 capability\r\n", false, dissect.Yes},
		{toServer, "a1 CAPA", false, dissect.More},
		{toServer, "a1 CAPABILITYX\r\n", false, dissect.No},
		{toServer, "a1 login x y\r\n", false, dissect.No},
		{toServer, "a1 login x y\r\n", true, dissect.Yes},
		{toServer, "GET / HTTP/1.1\r\n", true, dissect.No},
		{toServer, "a tag that is far too long", true, dissect.No},
		{toServer, "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", true, dissect.No},
		{toServer, "a1", true, dissect.More},
		{toServer, "a1 ID", true, dissect.More},
	} {
		if got := probe(c.dir, []byte(c.data), c.hint); got != c.want {
			t.Errorf("%v %q hint %v: %v, want %v", c.dir, c.data, c.hint, got, c.want)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	a, b := []byte("a1 SELECT inbox\r\n"), []byte("* 18 EXISTS\r\na1 OK done\r\n")
	run := func() {
		r.Bytes(toServer, a)
		r.Bytes(toClient, b)
	}
	run()
	if n := testing.AllocsPerRun(50, run); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
	if names := dissecttest.FieldAllocs(Spec(), &Line{name: []byte("x")}); len(names) > 0 {
		t.Errorf("fields that allocate: %v", names)
	}
}

func FuzzIMAP(f *testing.F) {
	f.Add([]byte("a login {3}\r\nabc\r\n\x00* OK\r\na OK\r\n"))
	f.Add([]byte("a STARTTLS\r\n\x00a OK\r\n"))
	f.Add([]byte("\x00* OK\r\n\x00a APPEND x {9}\r\nb NOOP\r\n\x00a NO\r\n\x00c COMPRESS DEFLATE\r\n\x00\x01gap\x00\x01gap\x00* BYE\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		run := func(slow bool) string {
			r := dissecttest.New(Spec())
			r.Conversation(data, slow)
			return r.End(dissect.EndFIN)
		}
		if whole, slow := run(false), run(true); whole != slow {
			t.Errorf("byte by byte:\n%s\nat once:\n%s", slow, whole)
		}
	})
}
