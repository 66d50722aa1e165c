package ftp

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// TestManyCommands: more commands at once than may wait hide nothing of what follows, and replies still find theirs.
func TestManyCommands(t *testing.T) {
	r := recorder("ftp.command", "ftp.reply")
	r.Data(dissect.ToClient, "220 hi\r\n")
	r.Data(dissect.ToServer, strings.Repeat("NOOP\r\n", defaultMaxTx+10)+"PASV\r\nRETR a.exe\r\n")
	r.Data(dissect.ToClient, strings.Repeat("200 ok\r\n", defaultMaxTx+10)+"227 (10,0,0,1,4,1)\r\n150 coming\r\n226 done\r\n")
	got := r.End(dissect.EndFIN)
	if !strings.Contains(got, `ftp.tx to_client ftp.command="RETR" ftp.reply=["coming" "done"]`) || !strings.Contains(got, `ftp.command="PASV" ftp.reply=["(10,0,0,1,4,1)"]`) {
		t.Errorf("got ...%s", got[max(len(got)-500, 0):])
	}
	if n := strings.Count(got, "too_many_transactions"); n != 1 || r.Capped["transactions"] != 12 {
		t.Errorf("%d events, counted %v, want 1 and 12", n, r.Capped)
	}
}

// TestLostReply: one reply that was lost moves none of the others to another command.
func TestLostReply(t *testing.T) {
	const rest = "S: 227 (10,0,0,1,200,13)\nC: RETR a.exe\nS: 150 coming\nS: 226 done\n"
	for _, c := range []struct{ name, before, behind string }{
		{"found at once", "S: 220 hi\nC: TYPE I\n", "C: PASV\n" + rest},
		{"found with the next reply", "S: 220 hi\nC: TYPE I\nC: PASV\n", rest},
		{"the end of a long reply", "S: 220 hi\nC: FEAT\nS: 211-features\nS: UTF8\n", "C: PASV\n" + rest},
		{"the end of a long reply, found with the next", "S: 220 hi\nC: FEAT\nS: 211-features\nS: UTF8\nC: PASV\n", rest},
		{"a piece of a long reply", "S: 220 hi\nC: FEAT\nS: 211-features\n", "S: UTF8\nS: MDTM\nS: 211 end\nC: PASV\n" + rest},
	} {
		r := recorder("ftp.command", "ftp.reply")
		talk(r, c.before, false)
		r.Gap(dissect.ToClient, 12)
		talk(r, c.behind, false)
		got := r.End(dissect.EndFIN)
		for _, want := range []string{`ftp.command="RETR" ftp.reply=["coming" "done"]`, `ftp.command="PASV" ftp.reply=["(10,0,0,1,200,13)"]`} {
			if !strings.Contains(got, "ftp.tx to_client "+want) || len(r.Expected) != 1 {
				t.Errorf("%s: no %s in\n%s", c.name, want, got)
			}
		}
	}
}

// TestLostCommand: behind missing bytes a whole command is one.
func TestLostCommand(t *testing.T) {
	r := recorder("ftp.command")
	talk(r, "S: 220 hi\n", false)
	r.Gap(dissect.ToServer, 10)
	talk(r, "C: retr a.exe\n", false)
	r.Gap(dissect.ToServer, 10)
	talk(r, "C: the rest of a name.txt\nC: QUIT\n", false)
	if got := r.Text(); !strings.Contains(got, `"RETR"`) || strings.Contains(got, `"THE"`) || !strings.Contains(got, `"QUIT"`) {
		t.Errorf("got\n%s", got)
	}
}

// TestLostTLS: what follows AUTH TLS is TLS, whether the reply was seen or not.
func TestLostTLS(t *testing.T) {
	for _, gap := range []bool{false, true} {
		r := recorder()
		talk(r, "S: 220 hi\nC: AUTH TLS\n", false)
		if gap {
			r.Gap(dissect.ToClient, 10)
		}
		if r.Data(dissect.ToServer, "\x16\x03\x01"); r.Upgraded != "tls" {
			t.Errorf("gap %v: upgraded to %q", gap, r.Upgraded)
		}
	}
}

// TestTelnetControls: controls of Telnet within a command are no part of it (RFC 959 section 4.1.3), as servers have it.
func TestTelnetControls(t *testing.T) {
	for line, want := range map[string]string{
		"\xff\xf4\xff\xf2ABOR":         `ftp.command="ABOR" ftp.command_data=""`,
		"US\xff\xf1ER ro\xff\xf1ot":    `ftp.command="USER" ftp.command_data="root"`,
		"\xff\xfb\x01USER root":        `ftp.command="USER" ftp.command_data="root"`,
		"CWD \xff\xff":                 `ftp.command="CWD" ftp.command_data="\xff"`,
		"CWD na\xffme":                 `ftp.command="CWD" ftp.command_data="na\xffme"`,
		"USER root\xff\xf1":            `ftp.command="USER" ftp.command_data="root"`,
		"\xff\xfa\x18\x00x\xff\xf0PWD": `ftp.command="PWD" ftp.command_data=""`,
	} {
		r := recorder("ftp.command", "ftp.command_data")
		r.Data(dissect.ToServer, line+"\r\n")
		if got := r.Text(); !strings.Contains(got, want) {
			t.Errorf("%q: got %s, want %s", line, got, want)
		}
	}
}

// TestUploads: files are stored with STOR, APPE and STOU.
func TestUploads(t *testing.T) {
	for _, command := range []string{"STOR a.exe", "APPE a.exe", "STOU"} {
		r := recorder()
		talk(r, "S: 220 hi\nC: PASV\nS: 227 (10,0,0,1,200,13)\nC: "+command+"\nS: 150 go\n", false)
		if len(r.Expected) != 1 {
			t.Errorf("%s: %d connections", command, len(r.Expected))
			continue
		}
		d := dissecttest.New(DataSpec())
		d.Hand(r.Expected[0].Data)
		d.Data(dissect.ToServer, "MZ")
		if got := d.End(dissect.EndFIN); !strings.Contains(got, "ftp_data to_server") || len(d.Files) != 1 || d.Files[0].Size != 2 {
			t.Errorf("%s: got %s", command, got)
		}
	}
}

// TestBanners: a greeting on the usual port that names both protocols is FTP's.
func TestBanners(t *testing.T) {
	for text, want := range map[string]dissect.Verdict{
		"220 smtp.example FTP server\r\n": dissect.Yes,
		"220 mx ESMTP\r\n":                dissect.No,
		"220 files.example\r\n":           dissect.Yes,
	} {
		if got := probe(dissect.ToClient, []byte(text), true); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]dissect.Verdict{
		"220 smtp.example FTP server\r\n":       dissect.No,
		"220-FileZilla Server 1.8.1\r\n":        dissect.Yes,
		"220-Welcome\r\n220 FTP ready\r\n":      dissect.Yes,
		"220-Welcome\r\n220 ESMTP of ftp.a\r\n": dissect.No,
		"220 Welcome\r\n220 FTP ready\r\n":      dissect.No,
	} {
		if got := probe(dissect.ToClient, []byte(text), false); got != want {
			t.Errorf("off the port %q: %v, want %v", text, got, want)
		}
	}
}

// TestEarlyClient: a client that does not wait for the greeting moves no reply to another command.
func TestEarlyClient(t *testing.T) {
	r := recorder("ftp.command", "ftp.reply")
	talk(r, "C: USER a\nC: PASS b\nS: 220-hi\nS: 220 there\nS: 331 c\nS: 230 d\n", false)
	const want = `ftp.request to_server ftp.command="USER"
ftp.request to_server ftp.command="PASS"
ftp.tx to_client ftp.reply=["220-hi" "there"]
ftp.tx to_client ftp.command="USER" ftp.reply=["c"]
ftp.tx to_client ftp.command="PASS" ftp.reply=["d"]
ftp.auth.success to_client ftp.command="PASS" ftp.reply=["d"]
`
	if got := r.End(dissect.EndFIN); got != want {
		t.Errorf("got\n%s", got)
	}
}

// TestPOP3: a server that answers as one of POP3 is one, though the client's first command was taken for FTP's.
func TestPOP3(t *testing.T) {
	for _, slow := range []bool{false, true} {
		r := recorder()
		talk(r, "C: USER a\nS: +OK ready\n", slow)
		if r.Upgraded != "pop3" {
			t.Errorf("slow %v: upgraded to %q", slow, r.Upgraded)
		}
	}
}
