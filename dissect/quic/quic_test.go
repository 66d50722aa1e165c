package quic

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

const (
	ts     = dissect.ToServer
	tc     = dissect.ToClient
	origin = "\x83\x94\xc8\xf0\x3e\x51\x57\x08" // RFC 9001 appendix A
	server = "\xf0\x67\xa5\x50\x2a\x42\x62\xb5"
)

var helloFieldNames = []string{"quic.type", "quic.sni", "quic.ja4.hash", "quic.ja3s.string", "quic.alpn"}

const helloLine = `quic.packet to_server quic.alpn=["h3"] quic.ja4.hash="q13d0205h3_62ed6f6ca7ad_9a0586ea5dd0" quic.sni="www.example" quic.type="initial"` + "\n"

func recorder(fields ...string) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Fields = fields
	return r
}

// TestKeys holds the keys to the samples of RFC 9001 appendix A.1 and RFC 9369 appendix A.1.
func TestKeys(t *testing.T) {
	for _, c := range []struct {
		version uint32
		dir     dissect.Dir
		iv      string
	}{{version1, ts, "fa044b2f42a3fd3b46fb255c"}, {version1, tc, "0ac1493ca1905853b0bba03e"}, {version2, ts, "91f73e2351d8fa91660e909f"}} {
		if iv := hex.EncodeToString(deriveKeys(c.version, []byte(origin), c.dir).iv[:]); iv != c.iv {
			t.Errorf("version %x %s: iv %s, want %s", c.version, c.dir, iv, c.iv)
		}
	}
	if deriveKeys(0x1a2a3a4a, []byte(origin), ts) != nil {
		t.Error("keys of a version that does not exist")
	}
}

// TestHello reads a handshake of each version whose keys are known.
func TestHello(t *testing.T) {
	for _, v := range []uint32{version1, version2, version2Draft, draft22, 0xff000017, 0xff00001d, draft34, 0xfaceb001, 0xfaceb002} {
		r := recorder(helloFieldNames...)
		r.Data(ts, initialPacket(v, ts, origin, origin, "", 0, cryptoFrame(0, clientHello("www.example"))+"\x00\x00\x00"))
		r.Data(ts, initialPacket(v, ts, origin, server, "", 1, "\x02\x00\x00\x00\x00")) // an acknowledgement: nothing to see
		r.Data(tc, initialPacket(v, tc, origin, "", server, 0, "\x03\x00\x00\x01\x00\x00\x00\x01\x01\x01"+cryptoFrame(0, serverHello())))
		r.Data(tc, "\xe0\x00\x00\x00\x01\x00\x00encrypted")
		want := helloLine + `quic.packet to_client quic.ja3s.string="771,4865,43" quic.type="initial"` + "\n"
		if got := r.Text(); got != want {
			t.Errorf("version %x: got\n%swant\n%s", v, got, want)
		}
	}
}

// TestPieces reads hellos that come in pieces: in several frames and packets, in any order, overlapping.
func TestPieces(t *testing.T) {
	hello := clientHello("www.example")
	n := len(hello)
	cut := func(a, b int) string { return cryptoFrame(a, hello[a:b]) }
	for name, packets := range map[string][]string{
		"two packets":  {cut(0, 40), cut(40, n)},
		"backwards":    {cut(40, n), cut(10, 40), cut(0, 10)},
		"in one":       {cut(50, n) + "\x01\x00" + cut(0, 20) + cut(20, 50)},
		"overlapping":  {cut(0, 60), cut(20, 90), cut(60, n)},
		"twice":        {cut(0, 40), cut(0, 40), cut(40, n), cut(40, n)},
		"more than it": {cut(0, 40), cryptoFrame(40, hello[40:]+"more")},
	} {
		r := recorder(helloFieldNames...)
		for i, p := range packets {
			r.Data(ts, initialPacket(version1, ts, origin, origin, "", byte(i), p))
		}
		if got := r.Text(); !strings.HasSuffix(got, helloLine) && name != "twice" || strings.Count(got, "quic.sni") != 1 || strings.Contains(got, "anomaly") {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
	r := recorder()
	r.Data(ts, initialPacket(version1, ts, origin, origin, "", 0, cut(0, 40)+cut(60, n)))
	if got := r.Text(); strings.Contains(got, "quic.sni") {
		t.Errorf("a hello with a hole in it: %s", got)
	}
}

// TestCoalesced reads two packets of a datagram, and passes over what is behind them.
func TestCoalesced(t *testing.T) {
	hello := clientHello("www.example")
	r := recorder(helloFieldNames...)
	r.Data(ts, initialPacket(version1, ts, origin, origin, "", 0, cryptoFrame(0, hello[:50]))+
		initialPacket(version1, ts, origin, origin, "", 1, cryptoFrame(50, hello[50:]))+"\x40short")
	if got, want := r.Text(), "quic.packet to_server quic.type=\"initial\"\n"+helloLine; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestAnotherConnection reads the hellos of clients that begin anew: after a Retry, with another version, from the same port.
func TestAnotherConnection(t *testing.T) {
	hello := cryptoFrame(0, clientHello("www.example"))
	first := initialPacket(version1, ts, origin, origin, "", 0, hello)
	for name, packets := range map[string][]string{
		"retry":   {first, "c\xf0\x00\x00\x00\x01\x00\x08" + server + "token and its sixteen bytes", initialPacket(version1, ts, server, server, "", 1, hello)},
		"version": {first, "c\x80\x00\x00\x00\x00\x00\x08" + origin + "\x6b\x33\x43\xcf", initialPacket(version2, ts, origin, origin, "", 0, hello)},
		"port":    {first, "c" + initialPacket(version1, tc, origin, "", server, 0, cryptoFrame(0, serverHello())), initialPacket(version1, ts, "another!", "another!", "", 0, hello)},
		"cut off": {initialPacket(version1, ts, origin, origin, "", 0, cryptoFrame(0, clientHello("www.example")[:30])), initialPacket(version1, ts, "another!", "another!", "", 0, hello)},
	} {
		r := recorder("quic.sni", "quic.versions")
		for _, p := range packets {
			if rest, ok := strings.CutPrefix(p, "c"); ok {
				r.Data(tc, rest)
				continue
			}
			r.Data(ts, p)
		}
		got := r.Text()
		want := 2
		if name == "cut off" {
			want = 1
		}
		if strings.Count(got, `quic.sni="www.example"`) != want || strings.Contains(got, "anomaly") {
			t.Errorf("%s: got\n%s", name, got)
		}
		if name == "version" && !strings.Contains(got, "quic.versions=[1798521807]") {
			t.Errorf("offered versions are missing: %s", got)
		}
	}
	// What a stranger sends does not end the connection.
	r := recorder("quic.sni")
	half := clientHello("www.example")
	r.Data(ts, initialPacket(version1, ts, origin, origin, "", 0, cryptoFrame(0, half[:40])))
	r.Data(ts, strings.Replace(initialPacket(version1, ts, origin, "stranger", "", 7, "\x01\x01\x01\x01"), "stranger", "strangex", 1))
	r.Data(ts, initialPacket(version1, ts, origin, origin, "", 1, cryptoFrame(40, half[40:])))
	if got := r.Text(); !strings.Contains(got, `quic.sni="www.example"`) || !strings.Contains(got, "anomaly quic.failed_decrypt") {
		t.Errorf("a stranger's packet: got\n%s", got)
	}
}

func TestAnomalies(t *testing.T) {
	for _, c := range []struct{ name, packet, want string }{
		{"bit flipped", func() string {
			b := []byte(initialPacket(version1, ts, origin, origin, "", 0, cryptoFrame(0, clientHello("a"))))
			b[len(b)-1] ^= 1
			return string(b)
		}(), "anomaly quic.failed_decrypt\nquic.packet to_server\n"},
		{"too short", "\xc0\x00\x00\x00\x01\x08" + origin + "\x00\x00\x0afour bytes", "anomaly quic.failed_decrypt\nquic.packet to_server\n"},
		{"cut off", initialPacket(version1, ts, origin, origin, "", 0, "\x01\x01\x01\x01")[:27], ""},
		{"cut frame", initialPacket(version1, ts, origin, origin, "", 0, "\x06\x00\x44\x00abcdefgh"), "anomaly quic.error_on_data\nquic.packet to_server\n"},
		{"no hello", initialPacket(version1, ts, origin, origin, "", 0, cryptoFrame(0, serverHello())), "anomaly quic.error_on_data\nquic.packet to_server\n"},
		{"far away", initialPacket(version1, ts, origin, origin, "", 0, cryptoFrame(70000, "abcdefgh")), "anomaly quic.crypto_frag_too_long\nquic.packet to_server\n"},
		{"unknown version", "\xc0\x1a\x2a\x3a\x4a\x08" + origin + "\x00\x00\x10" + strings.Repeat("x", 16), "quic.packet to_server\n"},
	} {
		r := recorder("none")
		if r.Data(ts, c.packet); r.Text() != c.want {
			t.Errorf("%s: got %q, want %q", c.name, r.Text(), c.want)
		}
	}
}

// TestCap checks that only so many packets are decrypted.
func TestCap(t *testing.T) {
	r := recorder("none")
	failed := 0
	r.Ctx.OnFailure = func(*dissect.Spec) { failed++ }
	for i := range maxDecrypted + 10 {
		r.Data(ts, initialPacket(version1, ts, origin, origin, "", byte(i), "\x01\x01\x01\x01"))
	}
	if n := len(r.Lines); n != maxDecrypted || failed != 10 {
		t.Errorf("%d packets read and %d refused, want %d and 10", n, failed, maxDecrypted)
	}
}

// TestGoogle reads hellos of Google's versions, in the clear.
func TestGoogle(t *testing.T) {
	tag := func(name string, end byte) string { return name + string([]byte{end, 0, 0, 0}) }
	chlo := "CHLO\x03\x00\x00\x00" + tag("SNI\x00", 4) + tag("UAID", 7) + tag("PDMD", 11) + "host" + "ua1" + "X509"
	stream := "\xa0\x01\x00" + string([]byte{byte(len(chlo))}) + chlo + "\x00\x00"
	hash := strings.Repeat("h", 12)
	for _, c := range []struct{ packet, version, cyu string }{
		{"\x09" + "12345678" + "Q043" + "\x01" + hash + stream, "Q043", "43,SNI-UAID-PDMD"},
		{"\xff" + "Q044" + "\x50" + "12345678" + "\x00\x00\x00\x01" + hash + stream, "Q044", "44,SNI-UAID-PDMD"},
		{"\xc3" + "Q046" + "\x50" + "12345678" + "\x00\x00\x00\x01" + hash + stream, "Q046", "46,SNI-UAID-PDMD"},
	} {
		r := recorder("quic.sni", "quic.ua", "quic.version", "quic.cyu.string")
		r.Data(ts, c.packet)
		if got, want := r.Text(), fmt.Sprintf("quic.packet to_server quic.cyu.string=[%q] quic.sni=\"host\" quic.ua=\"ua1\" quic.version=%q\n", c.cyu, c.version); got != want {
			t.Errorf("got %swant %s", got, want)
		}
		if !strings.Contains(r.Records[0], `{"quic":{"version":"`+c.version+`","sni":"host","ua":"ua1","cyu":[{"hash":"`) {
			t.Errorf("record %s", r.Records[0])
		}
		if v := probe(ts, []byte(c.packet), true); v != dissect.Yes {
			t.Errorf("%s is not recognised", c.version)
		}
	}
}

func TestProbe(t *testing.T) {
	hello := initialPacket(version1, ts, origin, origin, "", 0, cryptoFrame(0, clientHello("www.example"))+strings.Repeat("\x00", 1100))
	for _, c := range []struct {
		name, data string
		dir        dissect.Dir
		hint, want bool
	}{
		{"hello", hello, ts, true, true},
		{"hello on any port", hello, ts, false, true},
		{"short datagram on any port", initialPacket(version1, ts, origin, origin, "", 0, "\x01\x01\x01\x01"), ts, false, false},
		{"middle", "\x40" + strings.Repeat("x", 40), ts, true, true},
		{"middle on any port", "\x40" + strings.Repeat("x", 40), ts, false, false},
		{"DTLS", "\x16\xfe\xfd" + strings.Repeat("\x00", 60), ts, true, false},
		{"DNS", "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01", ts, true, false},
		{"RTP", "\x80\x60" + strings.Repeat("x", 100), ts, true, false},
		{"offer of versions", "\x80\x00\x00\x00\x00\x00\x08" + origin + "\x00\x00\x00\x01", tc, true, true},
		{"nothing", "", ts, true, false},
	} {
		if got := probe(c.dir, []byte(c.data), c.hint) == dissect.Yes; got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestCapture reads what ngtcp2 sends.
func TestCapture(t *testing.T) {
	flows, err := replay.File("../../testdata/captures/quic_http3.pcap", Spec, replay.Options{Any: true})
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, f := range flows {
		all += f.Text()
	}
	if n := strings.Count(all, `quic.sni="www.corp.example"`); n != 5 || strings.Count(all, "quic.ja3s.hash") != 4 || strings.Contains(all, "anomaly") {
		t.Errorf("%d hellos in\n%s", n, all)
	}
	for _, want := range []string{`quic.type="retry"`, `quic.type="version_negotiation"`, "quic.version.number=1889161412", `quic.alpn=["h3"]`} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	r := recorder()
	r.Quiet = true
	hello := []byte(initialPacket(version1, ts, origin, origin, "", 0, cryptoFrame(0, clientHello("www.example"))))
	short := []byte("\x40" + strings.Repeat("x", 1200))
	r.Bytes(ts, hello)
	if n := testing.AllocsPerRun(50, func() { r.Bytes(ts, short) }); n > 0 {
		t.Errorf("%v allocations for an encrypted packet, want none", n)
	}
	p := new(parser)
	p.tx.begin(0, ts, &header{kind: Initial, version: version1})
	p.hellos[0].Parse([]byte(clientHello("www.example")[4:]), false)
	p.tx.setHello(&p.hellos[0])
	if names := dissecttest.FieldAllocs(Spec(), &p.tx); len(names) > 0 {
		t.Errorf("these fields allocate: %v", names)
	}
	if c := p.tx.clone(); string(c.ja4) != string(p.tx.ja4) || c.hello == p.tx.hello || string(c.hello.SNI()) != "www.example" {
		t.Error("the copy differs, or is none")
	}
}

// BenchmarkShort is a packet that says nothing: nearly all of QUIC.
func BenchmarkShort(b *testing.B) {
	r := recorder()
	r.Quiet = true
	r.Bytes(ts, []byte(initialPacket(version1, ts, origin, origin, "", 0, cryptoFrame(0, clientHello("www.example")))))
	short := []byte("\x40" + strings.Repeat("x", 1200))
	b.SetBytes(int64(len(short)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(ts, short)
	}
}

// BenchmarkHello is the beginning of a connection: keys, decryption, hello, fingerprints.
func BenchmarkHello(b *testing.B) {
	r := recorder()
	r.Quiet = true
	hello := []byte(initialPacket(version1, ts, origin, origin, "", 0, cryptoFrame(0, clientHello("www.example"))+strings.Repeat("\x00", 1000)))
	b.ReportAllocs()
	for b.Loop() {
		r.Restart()
		r.Bytes(ts, hello)
	}
}

func FuzzQUIC(f *testing.F) {
	hello := clientHello("www.example")
	f.Add([]byte(initialPacket(version1, ts, origin, origin, "", 0, cryptoFrame(0, hello))), []byte(cryptoFrame(0, hello)))
	f.Add([]byte("\x09"+"12345678"+"Q043"+"\x01"+strings.Repeat("h", 12)+"\xa0\x01\x00\x10CHLO\x01\x00\x00\x00SNI\x00\x00\x00\x00\x00"), []byte("\x02\x00\x00\x01\x00\x00\x00\x06\x01\x02ab"))
	f.Add([]byte("\xf0\x00\x00\x00\x01\x00\x08"+server+"token"), []byte(cryptoFrame(40, hello[40:])+cryptoFrame(0, hello[:40])))
	f.Fuzz(func(t *testing.T, datagram, frames []byte) {
		r := recorder()
		r.Bytes(ts, datagram)
		r.Bytes(tc, datagram)
		r.Data(ts, initialPacket(version1, ts, origin, origin, "", 0, string(frames)+"\x01\x01\x01\x01"))
		r.Bytes(ts, datagram)
		for _, l := range r.Lines {
			if strings.Contains(l, "quic.ja4.hash=\"\"") {
				t.Errorf("an empty fingerprint: %s", l)
			}
		}
	})
}
