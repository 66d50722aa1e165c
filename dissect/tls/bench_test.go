package tls

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

func pieces(t talk) (ps [][]byte, total int) {
	for _, x := range t {
		ps = append(ps, []byte(x.data))
		total += len(x.data)
	}
	return ps, total
}

func TestAllocs(t *testing.T) {
	for name, in := range map[string]talk{"TLS 1.2": full12(t), "TLS 1.3": full13()} {
		r := dissecttest.New(Spec())
		r.Quiet = true
		ps, _ := pieces(in)
		run := func() {
			for i, x := range in {
				r.Bytes(x.dir, ps[i])
			}
			r.Restart()
		}
		run()
		if n := testing.AllocsPerRun(100, run); n >= 1 {
			t.Errorf("%s: %v allocations a connection, want 0", name, n)
		}
	}
}

func TestFieldAllocs(t *testing.T) {
	for _, in := range []talk{full12(t), full13()} {
		p := new(parser)
		r := dissecttest.New(Spec())
		r.Quiet = true
		for _, x := range in[:2] {
			p.Data(r.Ctx, x.dir, []byte(x.data))
		}
		if names := dissecttest.FieldAllocs(Spec(), &p.conn); names != nil {
			t.Errorf("these fields allocate: %s", names)
		}
	}
}

func TestClone(t *testing.T) {
	var p parser
	r := dissecttest.New(Spec())
	for _, x := range full12(t)[:2] {
		r.Data(x.dir, x.data)
	}
	p.conn.Client.Parse([]byte(modernHello), false)
	p.conn.ServerCert.parse([]byte(testCert(t, nil)))
	c := p.conn.Clone()
	p.Reset()
	p.conn.Client.Parse([]byte(strings.Replace(modernHello, "www.example.org", "xxx.xxxxxxx.xxx", 1)), false)
	if string(c.Client.SNI()) != "www.example.org" || string(c.ServerCert.Serial()) != "00:97:E6:47" {
		t.Errorf("a clone changed with its original: %q, %q", c.Client.SNI(), c.ServerCert.Serial())
	}
}

func BenchmarkHandshake12(b *testing.B) { benchTalk(b, full12(b)) }
func BenchmarkHandshake13(b *testing.B) { benchTalk(b, full13()) }

func benchTalk(b *testing.B, in talk) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	ps, total := pieces(in)
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for b.Loop() {
		for i, x := range in {
			r.Bytes(x.dir, ps[i])
		}
		r.Restart()
	}
}

// BenchmarkApplication is what a segment of application data costs.
func BenchmarkApplication(b *testing.B) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	for _, x := range full13() {
		r.Bytes(x.dir, []byte(x.data))
	}
	stream := []byte(strings.Repeat(record(recApplication, strings.Repeat("x", 16384)), 4))
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		for rest := stream; len(rest) > 0; {
			n := min(1448, len(rest))
			r.Bytes(dissect.ToClient, rest[:n])
			rest = rest[n:]
		}
	}
}

func FuzzParser(f *testing.F) {
	for _, in := range []talk{full12(f), full13()} {
		for _, x := range in {
			f.Add([]byte(x.data), x.dir == s, byte(200))
		}
	}
	f.Add([]byte("\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10"), false, byte(2))
	r := dissecttest.New(Spec())
	r.Fields = []string{"tls.sni", "tls.alpn", "tls.subject", "tls.san", "ja4.hash", "tls.certs", "tls.state"}
	f.Fuzz(func(t *testing.T, data []byte, server bool, cut byte) {
		r.Restart()
		dir := c
		if server {
			dir = s
			r.Data(c, record(recHandshake, message(hsClientHello, modernHello)))
		}
		for len(data) > 0 {
			n := min(int(cut)+1, len(data))
			r.Data(dir, string(data[:n]))
			data = data[n:]
		}
		r.Gap(dir, 10)
		r.Data(dir, record(recAlert, "\x02\x00"))
		r.End(dissect.EndRST)
		if len(r.Records) > 1 {
			t.Errorf("%d records of one connection", len(r.Records))
		}
	})
}

func FuzzHello(f *testing.F) {
	f.Add([]byte(modernHello), false)
	f.Add([]byte(answer(0x0303, "id", 1, alpnExt("h2"))), true)
	f.Fuzz(func(t *testing.T, body []byte, server bool) {
		var h Hello
		h.Parse(body, server)
		h.SNI()
		h.SessionID()
		for i := 0; ; i++ {
			if _, ok := h.ALPN(i); !ok {
				break
			}
		}
		h.AppendJA3(nil, server)
		if ja4, _ := h.AppendJA4(nil, 't', nil); len(ja4) != 36 {
			t.Errorf("JA4 %q has %d characters, want 36", ja4, len(ja4))
		}
	})
}
