package http2

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dns"
	"github.com/luanids/luanids/dissect/http"
)

// peer writes what one side sends, by golang.org/x/net's own framer and compressor: a second opinion on both.
type peer struct {
	*http2.Framer
	out    bytes.Buffer
	enc    *hpack.Encoder
	fields bytes.Buffer
}

func newPeer() *peer {
	p := new(peer)
	p.Framer = http2.NewFramer(&p.out, nil)
	p.AllowIllegalWrites = true
	p.enc = hpack.NewEncoder(&p.fields)
	return p
}

// client begins with the preface and settings, server with settings.
func client() *peer {
	p := newPeer()
	p.out.Write(preface)
	_ = p.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 32768})
	return p
}

func server() *peer {
	p := newPeer()
	_ = p.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 100})
	return p
}

// sent gives what was written since the last call.
func (p *peer) sent() string {
	s := p.out.String()
	p.out.Reset()
	return s
}

// block compresses header fields: ":path", "/", ":method", "GET"...
func (p *peer) block(fields ...string) []byte {
	p.fields.Reset()
	for i := 0; i < len(fields); i += 2 {
		_ = p.enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return bytes.Clone(p.fields.Bytes())
}

// headers sends them in one frame.
func (p *peer) headers(id uint32, end bool, fields ...string) *peer {
	_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: p.block(fields...), EndHeaders: true, EndStream: end})
	return p
}

func (p *peer) body(id uint32, end bool, s string) *peer {
	_ = p.WriteData(id, end, []byte(s))
	return p
}

// get sends a request for a path.
func (p *peer) get(id uint32, path string, more ...string) *peer {
	return p.headers(id, true, append([]string{":method", "GET", ":scheme", "http", ":authority", "Example.org:8080", ":path", path}, more...)...)
}

// recorder gives a recorder of HTTP/2 that writes a few fields.
func recorder(fields ...string) *dissecttest.Recorder {
	h, d := http.Spec(), dns.Spec()
	two, _ := Specs(h, d)
	r := dissecttest.New(two, d)
	if r.Fields = fields; fields == nil {
		r.Fields = []string{}
	}
	return r
}

const (
	toServer = dissect.ToServer
	toClient = dissect.ToClient
)

// lines drops the events that come in any number: those of bodies that grow.
func lines(text string) string {
	var out []string
	for _, l := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if !strings.HasPrefix(l, "http.request_body") && !strings.HasPrefix(l, "http.response_body") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n") + "\n"
}

// compare holds what a recorder has said against what it should have.
func compare(t *testing.T, r *dissecttest.Recorder, want string) {
	t.Helper()
	if got := lines(r.End(dissect.EndFIN)); got != strings.TrimLeft(want, "\n") {
		t.Errorf("got:\n%s\nwant:%s", got, want)
	}
}
