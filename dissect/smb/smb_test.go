package smb

import (
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

func recorder(fields ...string) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Fields = append([]string{}, fields...)
	return r
}

// talk sends a conversation.
func talk(r *dissecttest.Recorder, slow bool, list ...say) {
	for _, s := range list {
		if slow {
			r.Trickle(s.dir, string(s.data))
		} else {
			r.Bytes(s.dir, s.data)
		}
	}
}

const (
	toServer = dissect.ToServer
	toClient = dissect.ToClient
)

// opened connects to a share and opens a file.
func opened(share string, kind byte, name string) []say {
	return []say{
		{toServer, message2(cmd2TreeConnect, 1, treeRequest2(share))},
		{toClient, answer2(cmd2TreeConnect, 1, 0, treeAnswer2(kind))},
		{toServer, message2(cmd2Create, 2, createRequest2(name, 0))},
		{toClient, answer2(cmd2Create, 2, 0, createAnswer2(10))},
	}
}

func closed(msg uint64) []say {
	return []say{
		{toServer, message2(cmd2Close, msg, join(make([]byte, 8), handle(1)))},
		{toClient, answer2(cmd2Close, msg, 0, make([]byte, 60))},
	}
}

// TestFiles reads and writes a file in ways that clients have: what the file holds is the same.
func TestFiles(t *testing.T) {
	const content = "0123456789abcdefghijklmnopqrstuvwxyz"
	part := func(from, to int) []byte { return []byte(content[from:to]) }
	for _, c := range []struct {
		name string
		list []say
		want string
	}{
		{"a write", []say{{toServer, message2(cmd2Write, 3, write2(0, 36, part(0, 36)))}}, "file to_server name=\"a.exe\" state=CLOSED size=36\n"},
		{"two writes in one chain", []say{{toServer, nbss(
			raw2(cmd2Write, 0, 0, 64+48+24, 3, write2(0, 20, join(part(0, 20), []byte("pad.")))),
			raw2(cmd2Write, 4, 0, 0, 4, write2(20, 16, part(20, 36))))}}, "file to_server name=\"a.exe\" state=CLOSED size=36\n"},
		{"writes out of order", []say{
			{toServer, message2(cmd2Write, 3, write2(10, 26, part(10, 36)))},
			{toServer, message2(cmd2Write, 4, write2(0, 10, part(0, 10)))},
		}, "file to_server name=\"a.exe\" state=CLOSED size=36\n"},
		{"writes that overlap", []say{
			{toServer, message2(cmd2Write, 3, write2(0, 20, part(0, 20)))},
			{toServer, message2(cmd2Write, 4, write2(10, 26, part(10, 36)))},
		}, "anomaly smb.file_overlap\nfile to_server name=\"a.exe\" state=CLOSED size=36\n"},
		{"a write that is missing", []say{
			{toServer, message2(cmd2Write, 3, write2(0, 10, part(0, 10)))},
			{toServer, message2(cmd2Write, 4, write2(20, 16, part(20, 36)))},
		}, "file to_server name=\"a.exe\" state=TRUNCATED size=26\n"},
		{"reads that are answered in reverse", []say{
			{toServer, join(message2(cmd2Read, 3, readRequest2(0, 20)), message2(cmd2Read, 4, readRequest2(20, 20)))},
			{toClient, answer2(cmd2Read, 4, 0, readAnswer2(part(20, 36)))},
			{toClient, answer2(cmd2Read, 3, 0, readAnswer2(part(0, 20)))},
		}, "file to_client name=\"a.exe\" state=CLOSED size=36\n"},
		{"a read past the end", []say{
			{toServer, message2(cmd2Read, 3, readRequest2(0, 36))},
			{toClient, answer2(cmd2Read, 3, 0, readAnswer2(part(0, 36)))},
			{toServer, message2(cmd2Read, 4, readRequest2(36, 36))},
			{toClient, answer2(cmd2Read, 4, statusEndOfFile, make([]byte, 9))},
		}, "file to_client name=\"a.exe\" state=CLOSED size=36\n"},
		{"an answer that nobody asked for", []say{
			{toClient, answer2(cmd2Read, 77, 0, readAnswer2(part(0, 36)))},
		}, ""},
		{"a length that is past the message", []say{{toServer, message2(cmd2Write, 3, write2(0, 3600, part(0, 36)))}}, "file to_server name=\"a.exe\" state=CLOSED size=36\n"},
		{"a write that is too long", []say{{toServer, message2(cmd2Write, 3, write2(0, 32<<20, part(0, 36)))}}, "anomaly smb.write_request_too_large\n"},
	} {
		for _, slow := range []bool{false, true} {
			r := recorder()
			talk(r, slow, opened(`\\srv\ADMIN$`, 1, "a.exe")...)
			talk(r, slow, c.list...)
			talk(r, slow, closed(9)...)
			if got := only(r.End(dissect.EndFIN), "file", "anomaly"); got != c.want {
				t.Errorf("%s, slow %v:\n%swant\n%s", c.name, slow, got, c.want)
			}
			if len(r.Files) == 1 && r.Files[0].Size == 36 && string(r.Files[0].Content) != content {
				t.Errorf("%s: content %q", c.name, r.Files[0].Content)
			}
		}
	}
}

// only gives the lines that begin with one of the prefixes.
func only(text string, prefixes ...string) string {
	var b strings.Builder
	for _, l := range strings.SplitAfter(text, "\n") {
		for _, p := range prefixes {
			if strings.HasPrefix(l, p) {
				b.WriteString(l)
				break
			}
		}
	}
	return b.String()
}

// TestGaps loses bytes within the content of a file, and between messages.
func TestGaps(t *testing.T) {
	r := recorder("smb.command")
	talk(r, false, opened(`\\srv\data`, 1, "a")...)
	whole := message2(cmd2Write, 3, write2(0, 1000, make([]byte, 1000)))
	r.Bytes(toServer, whole[:300])
	r.Gap(toServer, 400)
	r.Bytes(toServer, whole[700:])
	r.Gap(toServer, 5)
	r.Bytes(toServer, []byte("the rest of something\x00\x00\x00"))
	talk(r, false, closed(9)...)
	want := `file to_server name="a" state=TRUNCATED size=600
smb.tx to_client smb.command="SMB2_COMMAND_WRITE"
smb.request to_server smb.command="SMB2_COMMAND_CLOSE"
smb.tx to_client smb.command="SMB2_COMMAND_CLOSE"
`
	got := r.End(dissect.EndFIN)
	if i := strings.Index(got, "file "); i < 0 || got[i:] != want {
		t.Errorf("got\n%s\nwant it to end with\n%s", got, want)
	}
}

// TestTreeConnect checks when a share is known, and that one for pipes is none.
func TestTreeConnect(t *testing.T) {
	r := recorder("smb.share", "smb.named_pipe", "smb.share_type", "smb.status")
	talk(r, false, opened(`\\srv\Ärzte$`, 1, "x")[:2]...)
	talk(r, false, opened(`\\srv\IPC$`, 2, "x")[:2]...)
	r.Bytes(toServer, message2(cmd2TreeConnect, 5, treeRequest2(`\\srv\no`)))
	r.Bytes(toClient, answer2(cmd2TreeConnect, 5, 0xc00000cc, make([]byte, 9)))
	want := `smb.request to_server
smb.tree_connect to_server smb.share="\\\\srv\\Ärzte$" smb.share_type="FILE"
smb.tx to_client smb.share="\\\\srv\\Ärzte$" smb.share_type="FILE" smb.status="STATUS_SUCCESS"
smb.request to_server
smb.tree_connect to_server smb.named_pipe="\\\\srv\\IPC$" smb.share_type="PIPE"
smb.tx to_client smb.named_pipe="\\\\srv\\IPC$" smb.share_type="PIPE" smb.status="STATUS_SUCCESS"
smb.request to_server
smb.tree_connect to_server smb.share="\\\\srv\\no" smb.share_type="UNKNOWN"
smb.tx to_client smb.share="\\\\srv\\no" smb.share_type="UNKNOWN" smb.status="STATUS_BAD_NETWORK_NAME"
`
	if got := r.End(dissect.EndFIN); got != strings.ReplaceAll(want, "Ä", `Ä`) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestTreeConnectNotWaitedFor goes on before the server has said what the share is: it counts as one until then.
func TestTreeConnectNotWaitedFor(t *testing.T) {
	r := recorder("smb.share", "smb.named_pipe")
	r.Bytes(toServer, message2(cmd2TreeConnect, 5, treeRequest2(`\\srv\IPC$`)))
	r.Bytes(toServer, message2(cmd2Echo, 6, make([]byte, 4)))
	r.Bytes(toServer, message2(cmd2Echo, 7, make([]byte, 4)))
	body := make([]byte, 16)
	body[2] = 2 // SMB2_SHARE_TYPE_PIPE
	r.Bytes(toClient, answer2(cmd2TreeConnect, 5, 0, body))
	var got []string
	for line := range strings.Lines(r.Text()) {
		if strings.HasPrefix(line, "smb.tree_connect") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	want := []string{`smb.tree_connect to_server smb.share="\\\\srv\\IPC$"`, `smb.tree_connect to_server smb.named_pipe="\\\\srv\\IPC$"`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestPipes carries a call over writes and reads, with a PDU in two writes, and over the control that does both.
func TestPipes(t *testing.T) {
	const fields = "smb.dcerpc.service smb.dcerpc.opnum smb.dcerpc.stub_data smb.dcerpc.response.type smb.filename"
	ioctl := func(msg uint64, data []byte) []byte {
		return message2(cmd2Ioctl, msg, join(le16s(57, 0), le32s(pipeTransceive), handle(1), le32s(120, uint32(len(data))), make([]byte, 24), data))
	}
	ioctlAnswer := func(msg uint64, data []byte) []byte {
		return answer2(cmd2Ioctl, msg, 0, join(le16s(49, 0), le32s(pipeTransceive), handle(1), le32s(112, 0, 112, uint32(len(data)), 0, 0), data))
	}
	long := callPDU(3, 2, 12, "arguments")
	list := append(opened(`\\srv\IPC$`, 2, "svcctl"),
		say{toServer, message2(cmd2Write, 3, write2(0, uint32(len(bindPDU(1))), bindPDU(1)))},
		say{toClient, answer2(cmd2Write, 3, 0, make([]byte, 17))},
		say{toServer, message2(cmd2Read, 4, readRequest2(0, 1024))},
		say{toClient, answer2(cmd2Read, 4, 0, readAnswer2(bindAckPDU(1)))},
		say{toServer, message2(cmd2Write, 5, write2(0, 20, long[:20]))},
		say{toServer, message2(cmd2Write, 6, write2(0, uint32(len(long)-20), long[20:]))},
		say{toServer, message2(cmd2Read, 7, readRequest2(0, 1024))},
		say{toClient, answer2(cmd2Read, 7, statusPending, make([]byte, 9))},
		say{toClient, answer2(cmd2Read, 7, 0, readAnswer2(pdu(2, 3, 2, make([]byte, 12))))},
		say{toServer, ioctl(8, callPDU(3, 3, 15, "more"))},
		say{toClient, ioctlAnswer(8, pdu(3, 3, 3, make([]byte, 16)))},
	)
	want := `smb.request to_server smb.dcerpc.opnum=12 smb.dcerpc.service="svcctl" smb.dcerpc.stub_data="arguments" smb.filename="svcctl"
smb.tx to_client smb.dcerpc.opnum=12 smb.dcerpc.response.type="RESPONSE" smb.dcerpc.service="svcctl" smb.dcerpc.stub_data="arguments" smb.filename="svcctl"
smb.request to_server smb.dcerpc.opnum=15 smb.dcerpc.service="svcctl" smb.dcerpc.stub_data="more" smb.filename="svcctl"
smb.tx to_client smb.dcerpc.opnum=15 smb.dcerpc.response.type="FAULT" smb.dcerpc.service="svcctl" smb.dcerpc.stub_data="more" smb.filename="svcctl"
`
	for _, slow := range []bool{false, true} {
		r := recorder(strings.Fields(fields)...)
		talk(r, slow, list...)
		got := r.End(dissect.EndFIN)
		if i := strings.Index(got, "smb.request to_server smb.dcerpc.opnum"); i < 0 || got[i:] != want {
			t.Errorf("slow %v: got\n%s\nwant\n%s", slow, got, want)
		}
		if len(r.Files) > 0 || strings.Contains(got, "anomaly") {
			t.Errorf("slow %v: files %v in\n%s", slow, r.Files, got)
		}
	}
}

// TestMalformedRequests wants a transaction of each request that is none, with the anomaly, also of those that have none otherwise.
func TestMalformedRequests(t *testing.T) {
	junk := []byte("no call, but more than the header of one")
	for _, tt := range []struct {
		name string
		list []say
		want string
	}{
		{"written to a pipe", append(opened(`\\srv\IPC$`, 2, "svcctl"),
			say{toServer, message2(cmd2Write, 3, write2(0, uint32(len(junk)), junk))}), "SMB2_COMMAND_WRITE"},
		{"read without words", []say{{toServer, message1(cmd1Read, 3, nil, nil)}}, "SMB1_COMMAND_READ_ANDX"},
		{"login without words", []say{{toServer, message1(cmd1SessionSetup, 3, nil, nil)}}, "SMB1_COMMAND_SESSION_SETUP_ANDX"},
		{"read without body", []say{{toServer, message2(cmd2Read, 3, make([]byte, 8))}}, "SMB2_COMMAND_READ"},
	} {
		r := recorder("smb.command")
		talk(r, false, tt.list...)
		const anomaly = "anomaly smb.malformed_data\n"
		lines := only(r.End(dissect.EndFIN), "smb.request", "smb.tx", "anomaly")
		if i := strings.Index(lines, `smb.request to_server smb.command="`+tt.want+`"`); i < 0 ||
			strings.Count(lines[i:], tt.want) != 2 || strings.Count(lines, anomaly) != 1 {
			t.Errorf("%s: got\n%s", tt.name, lines)
		}
	}
}

// TestOld speaks SMB 1: a login without blob, a chain of commands, a file.
func TestOld(t *testing.T) {
	r := recorder("smb.command", "smb.dialect", "smb.native_os", "smb.share", "smb.named_pipe", "smb.filename", "smb.version")
	andX := []byte{0xff, 0, 0, 0}
	create := join(andX, []byte{0}, le16s(10), make([]byte, 28), le32s(2, 0), make([]byte, 5))
	created := join(andX, []byte{0}, le16s(0x4007), make([]byte, 60))
	read := join(andX, le16s(0x4007), le32s(0), le16s(100, 0), make([]byte, 6), le32s(0))
	answer := join(andX, le16s(0, 0, 0, 4, 59+1, 0, 0, 0, 0, 0))
	for _, slow := range []bool{false, true} {
		r.Restart()
		talk(r, slow,
			say{toServer, message1(cmd1Negotiate, 1, nil, []byte("\x02LANMAN1.0\x00\x02NT LM 0.12\x00"))},
			say{toClient, answer1(cmd1Negotiate, 1, join(le16s(1), make([]byte, 32)), make([]byte, 16))},
			say{toServer, message1(cmd1NTCreate, 2, create, join([]byte{0}, utf16le("a.txt")))},
			say{toClient, answer1(cmd1NTCreate, 2, created, nil)},
			say{toServer, message1(cmd1Read, 3, read, nil)},
			say{toClient, answer1(cmd1Read, 3, answer, []byte("\x00data"))},
			say{toServer, message1(cmd1Close, 4, join(le16s(0x4007), le32s(0)), nil)},
			say{toClient, answer1(cmd1Close, 4, nil, nil)},
		)
		want := `smb.request to_server smb.command="SMB1_COMMAND_NEGOTIATE_PROTOCOL" smb.dialect="unknown" smb.version=1
smb.tx to_client smb.command="SMB1_COMMAND_NEGOTIATE_PROTOCOL" smb.dialect="NT LM 0.12" smb.version=1
smb.request to_server smb.command="SMB1_COMMAND_NT_CREATE_ANDX" smb.dialect="NT LM 0.12" smb.filename="a.txt" smb.version=1
smb.tx to_client smb.command="SMB1_COMMAND_NT_CREATE_ANDX" smb.dialect="NT LM 0.12" smb.filename="a.txt" smb.version=1
smb.request to_server smb.command="SMB1_COMMAND_CLOSE" smb.dialect="NT LM 0.12" smb.version=1
file to_client name="a.txt" state=CLOSED size=4
smb.tx to_client smb.command="SMB1_COMMAND_READ_ANDX" smb.dialect="NT LM 0.12" smb.filename="a.txt" smb.version=1
smb.tx to_client smb.command="SMB1_COMMAND_CLOSE" smb.dialect="NT LM 0.12" smb.version=1
`
		if got := r.End(dissect.EndFIN); got != want {
			t.Errorf("slow %v:\n%s\nwant\n%s", slow, got, want)
		}
	}
}

// TestCommandsThatWait checks the cap on them, and that a client whose answers take another way raises nothing.
func TestCommandsThatWait(t *testing.T) {
	for _, heard := range []bool{false, true} {
		r := recorder()
		r.Ctx.Limits.Settings = map[string]string{"smb.max-tx": "3"}
		if heard {
			r.Bytes(toClient, answer2(cmd2Echo, 99, 0, make([]byte, 4)))
		}
		for i := range 5 {
			r.Bytes(toServer, message2(cmd2Echo, uint64(i), make([]byte, 4)))
		}
		got := r.Text()
		if n := strings.Count(got, "smb.tx"); n != 2 || r.Capped["transactions"] != 2 {
			t.Errorf("%d commands were given up, want 2; counted %v", n, r.Capped)
		}
		if strings.Contains(got, "too_many_transactions") != heard {
			t.Errorf("heard %v:\n%s", heard, got)
		}
	}
}

// TestMemory sends writes that leave holes: no more is kept than the cap.
func TestMemory(t *testing.T) {
	p := new(parser)
	spec := Spec()
	spec.New = func() dissect.Parser { return p }
	r := dissecttest.New(spec)
	r.Quiet = true
	talk(r, false, opened(`\\srv\data`, 1, "a")...)
	data := make([]byte, 60000)
	for i := range 100 {
		r.Bytes(toServer, message2(cmd2Write, uint64(10+i), write2(uint64(1000000*(i+1)), uint32(len(data)), data)))
		if p.queued > maxQueued {
			t.Fatalf("%d bytes are kept", p.queued)
		}
	}
	if n := r.Capped["queued"]; n < 3 {
		t.Errorf("counted %d times that too much waits", n)
	}
	for i := range 5000 {
		r.Bytes(toServer, message2(cmd2Read, uint64(1000+i), readRequest2(0, 10)))
		r.Bytes(toServer, message2(cmd2Create, uint64(9000+i), createRequest2("x", 0)))
		answer := createAnswer2(1)
		copy(answer[64:], le32s(uint32(i)))
		r.Bytes(toClient, answer2(cmd2Create, uint64(9000+i), 0, answer))
	}
	if len(p.reads) > maxReads || len(p.names.m) > maxHandles || len(p.names.order) > 2*maxHandles+1 || len(p.open) > defaultMaxTx {
		t.Errorf("%d reads, %d handles, %d open", len(p.reads), len(p.names.m), len(p.open))
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{0, string(message2(cmd2Echo, 1, nil)), false, dissect.Yes},
		{1, string(message2(cmd2Echo, 1, nil)), false, dissect.Reversed},
		{0, string(answer1(cmd1Close, 1, nil, nil)), false, dissect.Reversed},
		{0, "\x00\x00\x01\x00\xfdSMB", true, dissect.ByPort},
		{0, "\x00\x00\x01\x00\xfeSM", true, dissect.More},
		{0, "\x81\x00\x00\x04abcd" + string(message1(cmd1Negotiate, 1, nil, nil)), true, dissect.Yes},
		{0, "\x81\x00\x00\x04abcd" + string(message1(cmd1Negotiate, 1, nil, nil)), false, dissect.No},
		{0, "\x81\x00\x00\x44", true, dissect.More},
		{0, "GET / HTTP/1.1\r\n", false, dissect.No},
		{0, "rest of something" + string(message2(cmd2Echo, 1, nil)), true, dissect.Yes},
		{0, strings.Repeat("x", maxSearch), true, dissect.No},
	} {
		if got := probe(c.dir, []byte(c.data), c.hint); got != c.want {
			t.Errorf("%s %.30q: %v, want %v", c.dir, c.data, got, c.want)
		}
	}
}

func capture(t *testing.T, name string) (flows []*replay.Flow, text, records string) {
	t.Helper()
	if _, err := os.Stat(captures + name); err != nil {
		t.Fatal(err)
	}
	flows, err := replay.File(captures+name, Spec, replay.Options{Setup: func(r *dissecttest.Recorder) { r.Ctx.Limits.HashSHA256 = true }})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range flows {
		text += f.Text()
		records += strings.Join(f.Records, "\n") + "\n"
	}
	return flows, text, records
}

// TestCaptures reads what smbclient and impacket do with samba.
func TestCaptures(t *testing.T) {
	for _, c := range []struct {
		name string
		want []string // in the lines or records
	}{
		{"smb_share.pcap.gz", []string{`smb.auth.success`, `smb.auth.failure`, `smb.dialect="3.11"`, `smb.dialect="2.10"`, `"status":"STATUS_LOGON_FAILURE"`,
			`"status":"STATUS_BAD_NETWORK_NAME"`, `"rename":{"from":"report.bin","to":"old\\report.bin"}`, `"access":"delete on close"`,
			`"filename":"archive.bin","share":"\\\\10.10.2.20\\data"`, `name="archive.bin" state=CLOSED size=3120000`}},
		{"smb_old.pcap.gz", []string{`smb.dialect="NT LANMAN 1.0"`, `"native_os":"Unix"`, `"service":{"request":"?????","response":"A:"}`, `"rename":{"from":"\\letter.txt","to":"\\note.txt"}`,
			`file to_client name="\\report.bin" state=CLOSED`, `file to_server name="\\letter.txt" state=CLOSED size=10`}},
		{"smb_rpc.pcap", []string{`smb.dcerpc.service="samr"`, `smb.dcerpc.service="lsarpc"`, `smb.dcerpc.service="srvsvc"`}},
		{"smb_psexec.pcap", []string{`smb.dcerpc.opnum=12`, `smb.dcerpc.service="svcctl"`, `name="XKQvTzRb.exe" state=CLOSED`, `smb.tree="\\\\10.10.2.20\\ADMIN$"`}},
	} {
		_, text, records := capture(t, c.name)
		for _, w := range c.want {
			if !strings.Contains(text+records, w) {
				t.Errorf("%s: no %s in\n%.6000s", c.name, w, text)
			}
		}
		if strings.Contains(text, "anomaly") {
			t.Errorf("%s: an anomaly in\n%s", c.name, only(text, "anomaly"))
		}
	}
	// What was uploaded came back.
	flows, _, _ := capture(t, "smb_old.pcap.gz")
	sums := map[string]bool{}
	for _, f := range flows[0].Files {
		if string(f.Name) == `\report.bin` {
			sums[hex.EncodeToString(f.SHA256)] = true
		}
	}
	if len(flows) != 1 || len(sums) != 1 {
		t.Errorf("%d flows, digests %v", len(flows), sums)
	}
}

// bulk is a write of a megabyte and a read of it, in segments as they come over a network.
func bulk() (write, ask, read []byte) {
	data := make([]byte, 1<<20)
	return message2(cmd2Write, 3, write2(0, 1<<20, data)), message2(cmd2Read, 4, readRequest2(0, 1<<20)), answer2(cmd2Read, 4, 0, readAnswer2(data))
}

func segments(r *dissecttest.Recorder, dir dissect.Dir, data []byte) {
	for len(data) > 0 {
		n := min(1448, len(data))
		r.Bytes(dir, data[:n])
		data = data[n:]
	}
}

func TestNoAllocations(t *testing.T) {
	r := recorder()
	r.Quiet = true
	r.Ctx.Limits.KeepBodies = false
	talk(r, false, opened(`\\srv\data`, 1, "a")...)
	write, ask, read := bulk()
	send := func() {
		segments(r, toServer, write)
		r.Bytes(toServer, ask)
		segments(r, toClient, read)
	}
	send()
	if n := testing.AllocsPerRun(10, send); n > 0 {
		t.Errorf("%v allocations for a write and a read, want none", n)
	}
	c := conn{dialect1: []byte("NT LM 0.12")}
	for _, k := range []kind{kGeneric, kTree, kCreate, kSession, kRPC, kIoctl} {
		tx := &Tx{kind: k, version: 2, conn: &c, name: []byte("x"), hasStatus: true}
		if names := dissecttest.FieldAllocs(Spec(), tx); len(names) > 0 {
			t.Errorf("kind %d: these fields allocate: %v", k, names)
		}
	}
}

func BenchmarkBulk(b *testing.B) {
	r := recorder()
	r.Quiet = true
	r.Ctx.Limits.KeepBodies = false
	talk(r, false, opened(`\\srv\data`, 1, "a")...)
	write, ask, read := bulk()
	b.SetBytes(int64(len(write) + len(read)))
	b.ReportAllocs()
	for b.Loop() {
		segments(r, toServer, write)
		r.Bytes(toServer, ask)
		segments(r, toClient, read)
	}
}
