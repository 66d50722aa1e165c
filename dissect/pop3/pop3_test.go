package pop3

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

const toServer, toClient = dissect.ToServer, dissect.ToClient

// talk is a conversation: lines of the client begin with C, the server's with S.
func talk(r *dissecttest.Recorder, text string, slow bool) *dissecttest.Recorder {
	for line := range strings.Lines(text) {
		dir := toServer
		if line[0] == 'S' {
			dir = toClient
		}
		line = strings.TrimRight(line[2:], "\n") + "\r\n"
		if slow {
			r.Trickle(dir, line)
		} else {
			r.Data(dir, line)
		}
	}
	return r
}

const session = `S +OK POP3 ready
C user ada
S +OK
C PASS a secret
S -ERR [AUTH] no
C AUTH PLAIN
S + 
C AGFkYQBzZWNyZXQ=
S +OK welcome
C LIST
S +OK 2 messages
S 1 120
S ..5
S .
C LIST 1
S +OK 1 120
C RETR 1
S +OK 120 octets
S Subject: x
S 
S ..
S .
C XTND y
S -ERR what
C QUIT
`

var records = []string{
	`{"pop3":{"response":{"success":true,"status":"OK","header":"POP3 ready","data":[]}}}`,
	`{"pop3":{"request":{"command":"USER","args":["ada"]},"response":{"success":true,"status":"OK","header":"","data":[]}}}`,
	`{"pop3":{"request":{"command":"PASS","args":["a","secret"]},"response":{"success":false,"status":"ERR","header":"[AUTH] no","data":[]}}}`,
	`{"pop3":{"request":{"command":"AUTH","args":["PLAIN"]},"response":{"success":true,"status":"OK","header":"","data":[]}}}`,
	`{"pop3":{"request":{"command":"<SASL DATA>","args":[]},"response":{"success":true,"status":"OK","header":"welcome","data":[]}}}`,
	`{"pop3":{"request":{"command":"LIST","args":[]},"response":{"success":true,"status":"OK","header":"2 messages","data":["1 120",".5"]}}}`,
	`{"pop3":{"request":{"command":"LIST","args":["1"]},"response":{"success":true,"status":"OK","header":"1 120","data":[]}}}`,
	`{"pop3":{"request":{"command":"RETR","args":["1"]},"response":{"success":true,"status":"OK","header":"120 octets","data":[]}}}`,
	`{"pop3":{"request":{"command":"XTND","args":["y"]},"response":{"success":false,"status":"ERR","header":"what","data":[]}}}`,
	`{"pop3":{"request":{"command":"QUIT","args":[]}}}`,
}

func TestSession(t *testing.T) {
	for _, slow := range []bool{false, true} {
		r := talk(dissecttest.New(Spec()), session, slow)
		text := r.End(dissect.EndFIN)
		if got := strings.Join(r.Records, "\n"); got != strings.Join(records, "\n") {
			t.Errorf("slow: %v\n%s\nwant\n%s", slow, got, strings.Join(records, "\n"))
		}
		if strings.Count(text, "anomaly") != 1 || !strings.Contains(text, "anomaly pop3.unknown_command") {
			t.Errorf("anomalies:\n%s", text)
		}
		if want := `pop3.command="RETR" pop3.data_size=17`; !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestAnomalies(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Ctx.Limits.Settings = map[string]string{"pop3.max-tx": "3"}
	talk(r, "S +OK "+strings.Repeat("x", 600)+"\nC RETR\nC USER "+strings.Repeat("x", 300)+"\nC NOOP\nC NOOP\nS noise\n", false)
	text := r.Text()
	for _, a := range []string{"response_too_long", "incorrect_argument_count", "request_too_long", "too_many_transactions"} {
		if strings.Count(text, "anomaly pop3."+a) != 1 {
			t.Errorf("not one %s:\n%s", a, text)
		}
	}
	talk(r, "C LIST\nC CAPA "+strings.Repeat("a ", maxArgs+1)+"\n", false)
	r.End(dissect.EndFIN)
	if r.Capped["transactions"] != 3 || r.Capped["texts"] != 1 {
		t.Errorf("counted: %v", r.Capped)
	}
}

func TestTLS(t *testing.T) {
	r := talk(dissecttest.New(Spec()), "S +OK POP3\nC STLS\nS +OK begin\n", false)
	if r.Upgraded != "tls" || len(r.Records) != 2 {
		t.Errorf("upgraded to %q, records %v", r.Upgraded, r.Records)
	}
}

// TestGap: what is lost of a mail does not matter, and commands are found behind a loss.
func TestGap(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Ctx.Flow.Midstream = true
	talk(r, "C RETR 1\nS +OK\nS Subject: x\n", false)
	r.Gap(toClient, 1000).Gap(toServer, 10)
	talk(r, "S st of a line\nS last\nS .\nC of a line\nC NOOP\nS +OK\n", false)
	r.End(dissect.EndFIN)
	if len(r.Records) != 2 || !strings.Contains(r.Records[1], "NOOP") || !strings.Contains(r.Records[1], "OK") {
		t.Errorf("records %v", r.Records)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{toServer, "+OK 2 320\r\n", true, dissect.Reversed}, {toServer, "+OK 2 320\r\n", false, dissect.No},
		{toClient, "+OK ready\r\n", true, dissect.Yes}, {toClient, "+OK\r\n", false, dissect.No}, {toClient, "+OK Dovecot ready.\r\n", false, dissect.Yes},
		{toClient, "+OK my po", false, dissect.More}, {toClient, "* OK IMAP", true, dissect.No}, {toServer, "USER x\r\n", true, dissect.Yes},
		{toServer, "USER x\r\n", false, dissect.No}, {toServer, "CAPA\r\n", false, dissect.Yes}, {toServer, "GET / HTTP/1.1\r\n", true, dissect.No},
		{toServer, "ca", true, dissect.More}, {toClient, "-ERR busy\r\n", true, dissect.Yes},
	} {
		if got := probe(c.dir, []byte(c.data), c.hint); got != c.want {
			t.Errorf("%v %q %v: %v, want %v", c.dir, c.data, c.hint, got, c.want)
		}
	}
}

func TestAllocs(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	q, a := []byte("LIST\r\n"), []byte("+OK\r\n1 2\r\n2 3\r\n.\r\n")
	if n := testing.AllocsPerRun(100, func() {
		r.Bytes(toServer, q)
		r.Bytes(toClient, a)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	tx := new(Tx)
	tx.reset(0)
	tx.cmd = lookup([]byte("user"))
	tx.args = append(tx.args, tx.keep([]byte("ada")))
	if names := dissecttest.FieldAllocs(Spec(), tx); len(names) > 0 {
		t.Errorf("fields allocate: %v", names)
	}
}

func FuzzParser(f *testing.F) {
	f.Add([]byte("USER x\r\n\x00+OK\r\n\x00RETR 1\r\n\x00+OK\r\nx\r\n.\r\n"), true)
	f.Add([]byte("AUTH PLAIN\r\n\x00+ \r\n\x00abc\r\n\x00\x01+OK\r\n\x00LIST\r\n\x00+OK\r\n1 2\r\n"), false)
	f.Fuzz(func(t *testing.T, data []byte, slow bool) {
		r := dissecttest.New(Spec())
		r.Conversation(data, slow)
		r.End(dissect.EndFIN)
		if asked, done := strings.Count(r.Text(), "pop3.request "), len(r.Records); asked > done {
			t.Errorf("%d commands, %d records", asked, done)
		}
	})
}

func BenchmarkList(b *testing.B) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	q, a := []byte("LIST\r\n"), []byte("+OK\r\n"+strings.Repeat("1 200\r\n", 50)+".\r\n")
	b.SetBytes(int64(len(q) + len(a)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(toServer, q)
		r.Bytes(toClient, a)
	}
}
