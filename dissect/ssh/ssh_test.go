package ssh

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

// packet makes an unencrypted packet with minimal padding (RFC 4253 section 6).
func packet(payload string) string {
	pad := 8 - (5+len(payload))%8
	if pad < 4 {
		pad += 8
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(1+len(payload)+pad))
	return string(b) + string([]byte{byte(pad)}) + payload + strings.Repeat("\x00", pad)
}

// kexInit makes a KEXINIT of the lists given, in the order of RFC 4253 section 7.1.
func kexInit(lists ...string) string {
	b := []byte{msgKexInit}
	b = append(b, "cookie-of-16-byt"...)
	for i := range 10 {
		l := ""
		if i < len(lists) {
			l = lists[i]
		}
		b = binary.BigEndian.AppendUint32(b, uint32(len(l)))
		b = append(b, l...)
	}
	return packet(string(append(b, 0, 0, 0, 0, 0)))
}

const (
	clientBanner = "SSH-2.0-PuTTY_Release_0.70\r\n"
	serverBanner = "SSH-2.0-OpenSSH_7.6p1 Ubuntu-4\r\n"
)

var (
	clientKex = kexInit("curve25519-sha256,ecdh", "ssh-ed25519", "aes256-gcm@openssh.com,aes128-ctr", "aes256-gcm@openssh.com", "hmac-sha2-256", "hmac-sha1", "none", "none")
	serverKex = kexInit("ecdh", "ssh-rsa,ssh-ed25519", "aes128-ctr,aes256-gcm@openssh.com", "aes256-gcm@openssh.com", "hmac-sha2-256", "hmac-sha1", "none,zlib", "none")
	newKeys   = packet("\x15")
)

// gcm makes something of the size of a packet encrypted with AES-GCM.
func gcm(payload int) string {
	n := (1 + payload + 4 + 15) / 16 * 16
	return string(binary.BigEndian.AppendUint32(nil, uint32(n))) + strings.Repeat("x", n+16)
}

// talk is a conversation: who speaks and what.
type talk []struct {
	dir  dissect.Dir
	data string
}

// login is a session with one refused and one right password.
var login = talk{
	{dissect.ToServer, clientBanner}, {dissect.ToClient, serverBanner},
	{dissect.ToServer, clientKex}, {dissect.ToClient, serverKex},
	{dissect.ToServer, packet("\x1eclient key")}, {dissect.ToClient, packet("\x1fserver key") + newKeys},
	{dissect.ToServer, newKeys + gcm(17)}, {dissect.ToClient, gcm(30) + gcm(17)},
	{dissect.ToServer, gcm(36)}, {dissect.ToClient, gcm(24)}, // none: the methods
	{dissect.ToServer, gcm(60)}, {dissect.ToClient, gcm(24)}, // a wrong password
	{dissect.ToServer, gcm(60)}, {dissect.ToClient, gcm(1)}, // the right one
	{dissect.ToServer, gcm(24)}, {dissect.ToClient, gcm(17)},
}

func play(r *dissecttest.Recorder, t talk, trickle bool) string {
	for _, x := range t {
		if trickle {
			r.Trickle(x.dir, x.data)
		} else {
			r.Data(x.dir, x.data)
		}
	}
	return r.End(dissect.EndFIN)
}

func TestLogin(t *testing.T) {
	fields := []string{"ssh.software", "ssh.server.comments", "ssh.cipher", "ssh.kex", "ssh.auth.attempts", "ssh.auth.result"}
	want := `ssh.banner to_server ssh.software="PuTTY_Release_0.70"
ssh.client_banner to_server ssh.software="PuTTY_Release_0.70"
ssh.banner to_client ssh.software="OpenSSH_7.6p1"
ssh.server_banner to_client ssh.server.comments="Ubuntu-4" ssh.software="OpenSSH_7.6p1"
ssh.client_kex to_server ssh.server.comments="Ubuntu-4" ssh.software="PuTTY_Release_0.70"
ssh.server_kex to_client ssh.server.comments="Ubuntu-4" ssh.software="OpenSSH_7.6p1"
ssh.kex to_client ssh.auth.attempts=0 ssh.cipher="aes256-gcm@openssh.com" ssh.kex="ecdh" ssh.server.comments="Ubuntu-4" ssh.software="OpenSSH_7.6p1"
ssh.auth.failure to_client ssh.auth.attempts=1 ssh.auth.result="failure" ssh.cipher="aes256-gcm@openssh.com" ssh.kex="ecdh" ssh.server.comments="Ubuntu-4" ssh.software="OpenSSH_7.6p1"
ssh.auth.success to_client ssh.auth.attempts=2 ssh.auth.result="success" ssh.cipher="aes256-gcm@openssh.com" ssh.kex="ecdh" ssh.server.comments="Ubuntu-4" ssh.software="OpenSSH_7.6p1"
`
	for _, trickle := range []bool{false, true} {
		r := dissecttest.New(Spec())
		r.Fields = fields
		if got := play(r, login, trickle); got != want {
			t.Errorf("trickle %v: got\n%s\nwant\n%s", trickle, got, want)
		}
	}
}

func TestEVE(t *testing.T) {
	r := dissecttest.New(Spec())
	play(r, login[:4], false)
	want := `{"ssh":{"client":{"proto_version":"2.0","software_version":"PuTTY_Release_0.70","hassh":{"hash":"7603e511f4b8d3c58e687b2cb5b8779b","string":"curve25519-sha256,ecdh;aes256-gcm@openssh.com,aes128-ctr;hmac-sha2-256;none"}},` +
		`"server":{"proto_version":"2.0","software_version":"OpenSSH_7.6p1","hassh":{"hash":"772a9ce1be493f99390dfea6f6a99049","string":"ecdh;aes256-gcm@openssh.com;hmac-sha1;none"}}}}`
	if len(r.Records) != 1 || r.Records[0] != want {
		t.Errorf("got %s\nwant %s", r.Records, want)
	}
}

// What OpenSSH and hydra did is known: see testdata/make.
func TestCaptures(t *testing.T) {
	for _, tt := range []struct {
		file string
		want []string // failures and result of each flow
	}{
		// a key; a wrong and a right password; three times a key; no method left; a key
		{"ssh_login.pcap.gz", []string{"0 success", "1 failure", "0 success", "0 success", "0 success", "0 success", "0 failure", "0 success"}},
		// several passwords in a connection
		{"ssh_bruteforce.pcap", []string{"0 failure", "5 success", "5 failure", "6 failure", "4 failure", "1 failure"}},
		// a connection for each password
		{"ssh_guessing.pcap.gz", append(slices.Repeat([]string{"1 failure"}, 12), "0 success")},
	} {
		flows, err := replay.File("../../testdata/captures/"+tt.file, Spec, replay.Options{})
		if err != nil {
			t.Skip(err)
		}
		var got []string
		for _, f := range flows {
			failures, success := 0, "failure"
			for _, l := range f.Lines {
				if strings.HasPrefix(l, "ssh.auth.failure") {
					failures++
				}
				if strings.HasPrefix(l, "ssh.auth.success") {
					success = "success"
				}
			}
			got = append(got, fmt.Sprint(failures, " ", success))
		}
		if fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: got %q, want %q", tt.file, got, tt.want)
		}
	}
}

func TestHostile(t *testing.T) {
	long := "SSH-2.0-" + strings.Repeat("x", 400)
	for _, tt := range []struct {
		name string
		talk talk
		want string
	}{
		{"lines before the banner", talk{{dissect.ToClient, "hello\r\nthere\n" + serverBanner}},
			"ssh.banner to_client\nssh.server_banner to_client\nssh.kex to_client\n"},
		{"lines of a client", talk{{dissect.ToServer, "hello\r\n" + clientBanner}}, "anomaly ssh.invalid_banner\n"},
		{"no software", talk{{dissect.ToServer, "SSH-2.0\r\n"}}, "anomaly ssh.invalid_banner\nssh.kex to_client\n"},
		{"long banner", talk{{dissect.ToServer, long + "\r\n"}},
			"anomaly ssh.long_banner\nssh.banner to_server\nssh.client_banner to_server\nssh.kex to_client\n"},
		{"endless banner", talk{{dissect.ToServer, long}, {dissect.ToServer, long + "\n" + clientKex}},
			"anomaly ssh.long_banner\nssh.banner to_server\nssh.client_banner to_server\nssh.client_kex to_server\nssh.kex to_client\n"},
		{"banner without end", talk{{dissect.ToServer, "SSH-2.0-x"}},
			"ssh.banner to_server\nssh.client_banner to_server\nssh.kex to_client\n"},
		{"packet of no length", talk{{dissect.ToServer, clientBanner + "\x00\x00\x00\x00\x00\x00"}},
			"ssh.banner to_server\nssh.client_banner to_server\nanomaly ssh.invalid_record\nssh.kex to_client\n"},
		{"version 1", talk{{dissect.ToServer, "SSH-1.5-old\n" + "\x00\x00\x00\x00\x00\x00"}},
			"ssh.banner to_server\nssh.client_banner to_server\nssh.kex to_client\n"},
		{"huge KEXINIT", talk{{dissect.ToServer, clientBanner + "\x00\x0f\x00\x00\x04\x14xx"}},
			"ssh.banner to_server\nssh.client_banner to_server\nanomaly ssh.long_kex_record\nssh.kex to_client\n"},
		{"lists beyond the KEXINIT", talk{{dissect.ToServer, clientBanner + packet("\x14cookie-of-16-byt\xff\xff\xff\xff")}},
			"ssh.banner to_server\nssh.client_banner to_server\nanomaly ssh.invalid_record\nssh.kex to_client\n"},
		{"compression from the start", talk{{dissect.ToServer, clientBanner}, {dissect.ToClient, serverBanner},
			{dissect.ToServer, kexInit("a", "b", "aes128-ctr", "aes128-ctr", "hmac-sha1", "hmac-sha1", "zlib", "zlib") + newKeys},
			{dissect.ToClient, kexInit("a", "b", "aes128-ctr", "aes128-ctr", "hmac-sha1", "hmac-sha1", "zlib", "zlib") + newKeys},
			{dissect.ToServer, gcm(17)}, {dissect.ToClient, gcm(17)}, {dissect.ToServer, gcm(60)}, {dissect.ToClient, gcm(1)}},
			"ssh.banner to_server\nssh.client_banner to_server\nssh.banner to_client\nssh.server_banner to_client\n" +
				"ssh.client_kex to_server\nssh.server_kex to_client\nssh.kex to_client\n"},
	} {
		r := dissecttest.New(Spec())
		r.Fields = []string{}
		if got := play(r, tt.talk, false); got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

func TestGap(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Fields = []string{"ssh.auth.result"}
	play0 := login[:10]
	for _, x := range play0 {
		r.Data(x.dir, x.data)
	}
	r.Gap(dissect.ToClient, 100)
	for _, x := range login[10:] {
		r.Data(x.dir, x.data)
	}
	if got := r.End(dissect.EndFIN); strings.Contains(got, "auth.success") || !strings.Contains(got, "auth.undetermined") {
		t.Errorf("a verdict in spite of a gap:\n%s", got)
	}
}

// TestSizes checks sizes of USERAUTH_SUCCESS that OpenSSH was seen to send.
func TestSizes(t *testing.T) {
	for _, tt := range []struct {
		cipher, mac   string
		payload, want int
	}{
		{"chacha20-poly1305@openssh.com", "", 1, 28},
		{"chacha20-poly1305@openssh.com", "", 17, 44},
		{"aes128-ctr", "hmac-sha2-256", 1, 48},
		{"aes128-ctr", "hmac-sha2-256", 17, 64},
		{"aes256-gcm@openssh.com", "hmac-sha1", 1, 36},
		{"aes128-ctr", "hmac-sha2-256-etm@openssh.com", 1, 52},
		{"3des-cbc", "hmac-md5", 1, 32},
	} {
		var s Session
		for d := range s.Cipher {
			s.Cipher[d], s.MAC[d], s.Comp[d] = []byte(tt.cipher), []byte(tt.mac), []byte("none")
		}
		var a auth
		a.begin(&s)
		if got := a.form[1].size(tt.payload); !a.on || got != tt.want {
			t.Errorf("%s, %s: a payload of %d takes %d bytes, want %d", tt.cipher, tt.mac, tt.payload, got, tt.want)
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
		{dissect.ToServer, clientBanner, false, dissect.ByPort},
		{dissect.ToClient, "SS", false, dissect.More},
		{dissect.ToServer, "GET / HTTP/1.1\r\n", true, dissect.No},
		{dissect.ToClient, "welcome\r\n", true, dissect.More},
		{dissect.ToClient, "welcome\r\nSSH-2.0-x\r\n", true, dissect.ByPort},
		{dissect.ToClient, "welcome\r\nSSH-2.0-x\r\n", false, dissect.No},
		{dissect.ToClient, "\x00\x01", true, dissect.No},
	} {
		if got := probe(tt.dir, []byte(tt.data), tt.hint); got != tt.want {
			t.Errorf("probe(%s, %q, %v) = %v, want %v", tt.dir, tt.data, tt.hint, got, tt.want)
		}
	}
}

func TestClone(t *testing.T) {
	r := dissecttest.New(Spec())
	play(r, login, false)
	p := new(parser)
	p.Reset()
	var s Session
	s.Client.parseBanner([]byte("SSH-2.0-x y"))
	c := s.Clone()
	s.Client.parseBanner([]byte("SSH-9.9-zzz"))
	if string(c.Client.Software) != "x" || string(c.Client.Comments) != "y" {
		t.Errorf("a clone changed with its original: %s", c.Client.Banner)
	}
}

func TestFieldAllocs(t *testing.T) {
	p := new(parser)
	r := dissecttest.New(Spec())
	r.Quiet = true
	for _, x := range login {
		p.Data(r.Ctx, x.dir, []byte(x.data))
	}
	if names := dissecttest.FieldAllocs(Spec(), &p.s); names != nil {
		t.Errorf("these fields allocate: %s", names)
	}
}

func TestAllocs(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	pieces := make([][]byte, len(login))
	for i, x := range login {
		pieces[i] = []byte(x.data)
	}
	run := func() {
		for i, x := range login {
			r.Bytes(x.dir, pieces[i])
		}
		r.Restart()
	}
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("%v allocations a session, want 0", n)
	}
}

func BenchmarkSession(b *testing.B) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	total := 0
	pieces := make([][]byte, len(login))
	for i, x := range login {
		pieces[i] = []byte(x.data)
		total += len(x.data)
	}
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for b.Loop() {
		for i, x := range login {
			r.Bytes(x.dir, pieces[i])
		}
		r.Restart()
	}
}

// BenchmarkEncrypted is what a session costs after authentication.
func BenchmarkEncrypted(b *testing.B) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	for _, x := range login {
		r.Bytes(x.dir, []byte(x.data))
	}
	seg := make([]byte, 1448)
	b.SetBytes(int64(len(seg)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(dissect.ToClient, seg)
	}
}

func FuzzParser(f *testing.F) {
	for _, x := range login {
		f.Add([]byte(x.data), x.dir == dissect.ToClient, byte(7))
	}
	f.Add([]byte(clientBanner+clientKex+newKeys+gcm(17)+gcm(36)), false, byte(3))
	f.Add([]byte(serverBanner+serverKex+newKeys+gcm(17)+gcm(24)), true, byte(100))
	r := dissecttest.New(Spec())
	f.Fuzz(func(t *testing.T, data []byte, client bool, cut byte) {
		r.Restart()
		dir := dissect.ToServer
		if client {
			dir = dissect.ToClient
		}
		for _, x := range login[:4] {
			if x.dir != dir {
				r.Data(x.dir, x.data)
			}
		}
		for len(data) > 0 {
			n := min(int(cut)+1, len(data))
			r.Data(dir, string(data[:n]))
			r.Data(dir.Rev(), string(data[:n/2]))
			data = data[n:]
		}
		r.Gap(dir, 1)
		r.End(dissect.EndRST)
		if len(r.Records) > 1 {
			t.Errorf("%d records of one session", len(r.Records))
		}
	})
}

// TestLongBanner: how long a banner may be, however it is cut, and that what follows is read.
func TestLongBanner(t *testing.T) {
	for n, want := range map[int]bool{253: false, 256: false, 257: true, 258: true, 600: true} {
		for _, eol := range []string{"\n", "\r\n"} {
			banner := "SSH-2.0-" + strings.Repeat("x", n-len("SSH-2.0-")) + eol
			for _, size := range []int{1, n, n + 1, len(banner) + len(clientKex)} {
				r := dissecttest.New(Spec())
				r.Fields = []string{}
				for data := banner + clientKex; data != ""; {
					k := min(size, len(data))
					r.Data(dissect.ToServer, data[:k])
					data = data[k:]
				}
				got := r.End(dissect.EndFIN)
				if long := strings.Contains(got, "anomaly ssh.long_banner"); long != want || !strings.Contains(got, "ssh.client_kex") || strings.Count(got, "ssh.client_banner") != 1 {
					t.Errorf("banner of %d, %q, in pieces of %d: %s", n, eol, size, got)
				}
			}
		}
	}
}
