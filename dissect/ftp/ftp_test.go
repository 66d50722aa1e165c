package ftp

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

// talk runs a conversation: lines after "C: " and "S: ", each ended by CRLF.
func talk(r *dissecttest.Recorder, text string, trickle bool) {
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		dir := dissect.ToServer
		if line[0] == 'S' {
			dir = dissect.ToClient
		}
		if data := line[min(3, len(line)):] + "\r\n"; trickle {
			r.Trickle(dir, data)
		} else {
			r.Data(dir, data)
		}
	}
}

func recorder(fields ...string) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Fields = fields
	return r
}

func TestConversation(t *testing.T) {
	const text = `S: 220-welcome
S: 220-  to the server
S: 220 ready
C: user alice
S: 331 password?
C: PASS wrong
S: 530 no
C: PASS right
S: 230 yes
C: PASV
S: 227 Entering Passive Mode (10,0,0,1,200,13).
C: RETR a file.txt
S: 150 coming
S: 226 done
C: EPRT |1|10.0.0.9|5282|
S: 200 ok
C: STOR
C: NOOP
S: 501 what?
S: 200 ok
C: QUIT`
	const want = `ftp.tx to_client ftp.completion_code=["220"] ftp.reply=["220-welcome" "220-  to the server" "ready"]
ftp.request to_server ftp.command="USER" ftp.command_data="alice"
ftp.tx to_client ftp.command="USER" ftp.command_data="alice" ftp.completion_code=["331"] ftp.reply=["password?"] ftp.reply_received=1
ftp.request to_server ftp.command="PASS" ftp.command_data="wrong"
ftp.tx to_client ftp.command="PASS" ftp.command_data="wrong" ftp.completion_code=["530"] ftp.reply=["no"] ftp.reply_received=1
ftp.auth.failure to_client ftp.command="PASS" ftp.command_data="wrong" ftp.completion_code=["530"] ftp.reply=["no"] ftp.reply_received=1
ftp.request to_server ftp.command="PASS" ftp.command_data="right"
ftp.tx to_client ftp.command="PASS" ftp.command_data="right" ftp.completion_code=["230"] ftp.reply=["yes"] ftp.reply_received=1
ftp.auth.success to_client ftp.command="PASS" ftp.command_data="right" ftp.completion_code=["230"] ftp.reply=["yes"] ftp.reply_received=1
ftp.request to_server ftp.command="PASV" ftp.command_data=""
ftp.tx to_client ftp.command="PASV" ftp.command_data="" ftp.completion_code=["227"] ftp.dynamic_port=51213 ftp.mode="passive" ftp.reply=["Entering Passive Mode (10,0,0,1,200,13)."] ftp.reply_received=1
`
	fields := []string{"ftp.command", "ftp.command_data", "ftp.completion_code", "ftp.dynamic_port", "ftp.mode", "ftp.reply", "ftp.reply_received"}
	for _, slow := range []bool{false, true} {
		r := recorder(fields...)
		talk(r, text, slow)
		got := r.End(dissect.EndFIN)
		if !strings.HasPrefix(got, want) {
			t.Errorf("slow %v: got\n%s\nwant\n%s", slow, got, want)
		}
		for _, line := range []string{
			`ftp.tx to_client ftp.command="RETR" ftp.command_data="a file.txt" ftp.completion_code=["150" "226"] ftp.reply=["coming" "done"] ftp.reply_received=1`,
			`ftp.tx to_client ftp.command="EPRT" ftp.command_data="|1|10.0.0.9|5282|" ftp.completion_code=["200"] ftp.dynamic_port=5282 ftp.mode="active" ftp.reply=["ok"] ftp.reply_received=1`,
			`ftp.tx to_client ftp.command="STOR" ftp.command_data="" ftp.completion_code=["501"]`,
			`ftp.tx to_client ftp.command="NOOP" ftp.command_data="" ftp.completion_code=["200"]`,
			`ftp.tx to_client ftp.command="QUIT" ftp.command_data="" ftp.reply_received=0`,
		} {
			if !strings.Contains(got, line) {
				t.Errorf("slow %v: no %s in\n%s", slow, line, got)
			}
		}
	}
	r := recorder()
	talk(r, text, false)
	if want := `{"ftp":{"command":"PASV","completion_code":["227"],"reply":["Entering Passive Mode (10,0,0,1,200,13)."],` +
		`"reply_truncated":false,"mode":"passive","dynamic_port":51213,"reply_received":"yes"}}`; r.Records[4] != want {
		t.Errorf("EVE: got %s", r.Records[4])
	}
}

func TestLimits(t *testing.T) {
	r := recorder("ftp.command")
	r.Data(dissect.ToServer, "RETR "+strings.Repeat("x", 5000)+"\r\nNOOP\r\n")
	if got := r.End(dissect.EndFIN); strings.Count(got, "ftp.request to_server") != 2 || !strings.Contains(got, "request_command_too_long") {
		t.Errorf("a long command: %s", got)
	}
	r = recorder("ftp.command")
	r.Ctx.Limits.Settings = map[string]string{"ftp.max-tx": "2"}
	r.Data(dissect.ToServer, "NOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\n")
	if got := r.End(dissect.EndFIN); strings.Count(got, "ftp.tx") != 4 || strings.Count(got, "too_many_transactions") != 1 || r.Capped["transactions"] != 2 {
		t.Errorf("many commands: %s", got)
	}
	r = recorder("ftp.command")
	r.Data(dissect.ToServer, "RETR a\r\n")
	if got := r.Text(); !strings.Contains(got, "file_before_port") {
		t.Errorf("no port: %s", got)
	}
}

func TestUpgrade(t *testing.T) {
	r := recorder()
	talk(r, "S: 220 x\nC: AUTH TLS\nS: 234 go", false)
	if r.Upgraded != "tls" {
		t.Errorf("upgraded to %q", r.Upgraded)
	}
}

func TestPorts(t *testing.T) {
	for line, want := range map[string]uint16{
		"PORT 10,0,0,1,200,13\r\n":                           51213,
		"port 10,0,0,1,0,20\r\n":                             20,
		"PORT 10,0,0,1,200\r\n":                              0,
		"PORT 10,0,0,1,200,256\r\n":                          0,
		"EPRT |2|2001:db8::1|5282|\r\n":                      5282,
		"EPRT |2|2001:db8::1|5282\r\n":                       0,
		"227 Entering Passive Mode (10,0,0,1,4,1).\r\n":      1025,
		"227 Entering Passive Mode 10,0,0,1,4,1\r\n":         1025,
		"229 Entering Extended Passive Mode (|||6446|)\r\n":  6446,
		"229 Entering Extended Passive Mode (|||99999|)\r\n": 0,
		"250 nothing of the sort (10,0,0,1,4,1)\r\n":         0,
	} {
		if got := Announced([]byte(line)); got != want {
			t.Errorf("%q: %d, want %d", line, got, want)
		}
	}
}

func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{dissect.ToClient, "220 ready\r\n", true, dissect.Yes},
		{dissect.ToClient, "220 ready\r\n", false, dissect.No},
		{dissect.ToClient, "220 (vsFTPd 3.0.3)\r\n", false, dissect.Yes},
		{dissect.ToClient, "220 mx ESMTP\r\n", true, dissect.No},
		{dissect.ToClient, "22", false, dissect.More},
		{dissect.ToServer, "USER a\r\n", true, dissect.Yes},
		{dissect.ToServer, "USER a\r\n", false, dissect.Yes},
		{dissect.ToServer, "user a", false, dissect.More},
		{dissect.ToServer, "USER a\r", false, dissect.More},
		{dissect.ToServer, "USER a 0 * :b\r\n", false, dissect.No},
		{dissect.ToServer, "USER a\r\nNICK b\r\n", false, dissect.No},
		{dissect.ToServer, "USER\r\n", false, dissect.No},
		{dissect.ToClient, "USER a\r\n", false, dissect.No},
		{dissect.ToServer, "220-ftp\r\n", true, dissect.Reversed},
		{dissect.ToServer, "GET / HTTP/1.1\r\n", true, dissect.No},
	} {
		if got := probe(tt.dir, []byte(tt.data), tt.hint); got != tt.want {
			t.Errorf("%v %q hint %v: %v, want %v", tt.dir, tt.data, tt.hint, got, tt.want)
		}
	}
}

// TestCapture reads sessions of curl and vsftpd.
func TestCapture(t *testing.T) {
	flows, err := replay.File(filepath.Join("../../testdata/captures", "ftp_session.pcap.gz"), Spec, replay.Options{Setup: func(r *dissecttest.Recorder) {
		r.Fields = []string{"ftp.command", "ftp.dynamic_port"}
	}})
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, f := range flows {
		text += f.Text()
	}
	for want, n := range map[string]int{`ftp.tx to_client ftp.command="RETR"`: 4, "ftp.auth.success": 8, "anomaly": 0} {
		if got := strings.Count(text, want); got < n || n == 0 && got > 0 {
			t.Errorf("%s: %d times", want, got)
		}
	}
}

func TestData(t *testing.T) {
	r := dissecttest.New(DataSpec())
	p := DataSpec().New().(*dataParser)
	p.Expected(&transfer{command: "RETR", name: "a.txt"})
	r.Fields = []string{"ftp_data.command", "ftp_data.filename"}
	if p.tx.name != "a.txt" || !p.tx.file() {
		t.Errorf("%+v", p.tx)
	}
	r.Data(dissect.ToClient, "hello")
	r.Gap(dissect.ToClient, 3)
	if got := r.End(dissect.EndFIN); !strings.Contains(got, "ftp_data to_client") {
		t.Errorf("got %s", got)
	}
}

func TestNoAllocations(t *testing.T) {
	r := recorder()
	r.Quiet = true
	hello, command, reply := []byte("220 x\r\n"), []byte("NOOP\r\n"), []byte("200 ok\r\n")
	run := func() {
		r.Bytes(dissect.ToClient, hello)
		for range 10 {
			r.Bytes(dissect.ToServer, command)
			r.Bytes(dissect.ToClient, reply)
		}
		r.End(dissect.EndFIN)
		r.Restart()
	}
	run()
	if n := testing.AllocsPerRun(50, run); n > 0 {
		t.Errorf("%v allocations for a session, want none", n)
	}
}

// FuzzFTP gives both sides' bytes, which take turns at each NUL. A parser that gets them one at a time must say the same.
func FuzzFTP(f *testing.F) {
	for _, s := range []string{
		"\x00220-x\r\n220 y\r\n\x00USER a\r\nPASS b\r\n\x00331 c\r\n230 d\r\n\x00PASV\r\n\x00227 (1,2,3,4,5,6)\r\n\x00RETR f\r\n\x00150 g\r\n226 h\r\n",
		"PORT 1,2,3,4,5,6\r\nSTOR a\r\nEPRT |2|::1|99|\r\nEPSV\r\n\x00200 a\r\n150 b\r\n226 c\r\n200 d\r\n229 (|||88|)\r\n",
		"AUTH TLS\r\n\x00234 go\r\n\x00\x16\x03",
		"\xff\xf4ABOR\r\n\x01\x00\x01250 x",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		run := func(slow bool) string {
			r := dissecttest.New(Spec())
			r.Conversation(data, slow)
			return r.End(dissect.EndCapture)
		}
		if whole, slow := run(false), run(true); whole != slow {
			t.Errorf("byte by byte:\n%s\nat once:\n%s", slow, whole)
		}
		Announced(data)
	})
}
