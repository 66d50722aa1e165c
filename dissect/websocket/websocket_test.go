package websocket

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// frame makes a frame of its first byte and its payload; a mask of 0 means none.
func frame(first byte, mask uint32, payload string) string {
	b := []byte{first}
	flag := byte(0)
	if mask != 0 {
		flag = 0x80
	}
	switch n := len(payload); {
	case n < 126:
		b = append(b, flag|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, flag|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, flag|127), uint64(n))
	}
	if mask == 0 {
		return string(b) + payload
	}
	key := binary.BigEndian.AppendUint32(nil, mask)
	b = append(b, key...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i&3])
	}
	return string(b)
}

// packer compresses messages that refer to those before them.
type packer struct {
	out bytes.Buffer
	w   *flate.Writer
}

func (p *packer) message(s string) string {
	if p.w == nil {
		p.w, _ = flate.NewWriter(&p.out, flate.BestCompression)
	}
	p.out.Reset()
	_, _ = p.w.Write([]byte(s))
	_ = p.w.Flush()
	return strings.TrimSuffix(p.out.String(), "\x00\x00\xff\xff")
}

const key = 0x11223344

func TestFrames(t *testing.T) {
	long := strings.Repeat("0123456789", 30)
	var pack packer
	first, second := pack.message("the same text"), pack.message("the same text")
	for _, c := range []struct{ name, say, want string }{
		{"text of the client", frame(0x81, key, "hello"), `websocket.message to_server websocket.flags=128 websocket.mask=287454020 websocket.opcode="text" websocket.payload="hello"`},
		{"of the server", frame(0x82, 0, ""), `websocket.message to_server websocket.flags=128 websocket.opcode="binary" websocket.payload=""`},
		{"longer", frame(0x81, key, long), fmt.Sprintf(`websocket.message to_server websocket.flags=128 websocket.mask=287454020 websocket.opcode="text" websocket.payload=%q`, long)},
		{"close", frame(0x88, 0, "\x03\xe9bye"), `websocket.message to_server websocket.close_code=1001 websocket.flags=128 websocket.opcode="close" websocket.payload="\x03\xe9bye"`},
		{"fragments, and a ping between", frame(0x01, key, "MAL") + frame(0x89, key, "ping") + frame(0x00, key, "WA") + frame(0x80, key, "RE") + frame(0x81, key, "next"),
			`text "MAL" | ping "ping" | continuation "WA" | continuation "MALWARE" | text "next"`},
		{"compressed, the second by the first", frame(0xc1, key, first) + frame(0xc1, key, second), `text "the same text" | text "the same text"`},
		{"compressed in fragments", frame(0x41, 0, first[:4]) + frame(0x80, 0, first[4:]), fmt.Sprintf(`text %q | continuation "the same text"`, first[:4])},
		{"no such thing as it says", frame(0xc1, 0, "\xff\xff\xff"), `text "\xff\xff\xff"`},
	} {
		r, whole := dissecttest.New(Spec()), dissecttest.New(Spec())
		r.Trickle(dissect.ToServer, c.say)
		whole.Data(dissect.ToServer, c.say)
		if r.Text() != whole.Text() {
			t.Errorf("%s: a byte at a time\n%sand at once\n%s", c.name, r.Text(), whole.Text())
		}
		got := strings.TrimSpace(r.Text())
		if !strings.HasPrefix(c.want, "websocket.") {
			got = shorten(r)
		}
		if got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// shorten gives opcodes and payloads.
func shorten(r *dissecttest.Recorder) string {
	var out []string
	for _, l := range r.Lines {
		op, _, _ := strings.Cut(l[strings.Index(l, "opcode=")+8:], `"`)
		out = append(out, op+" "+l[strings.Index(l, "payload=")+8:])
	}
	return strings.Join(out, " | ")
}

func TestRecords(t *testing.T) {
	r := dissecttest.New(NewSpec(ParseOptions(map[string]string{"payload-printable": "yes", "payload-base64": "yes"}, nil)))
	r.Data(dissect.ToServer, frame(0x81, key, "a\xff")).Data(dissect.ToClient, frame(0x8b, 0, ""))
	want := []string{`{"websocket":{"fin":true,"mask":287454020,"opcode":"text","payload_printable":"a` + "\ufffd" + `","payload_base64":"Yf8="}}`,
		`{"websocket":{"fin":true,"opcode":"unknown-11","payload_printable":"","payload_base64":""}}`}
	if strings.Join(r.Records, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(r.Records, "\n"), strings.Join(want, "\n"))
	}
}

func TestLimits(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Ctx.Limits.Settings = map[string]string{"websocket.max-payload-size": "10"}
	r.Fields = []string{"websocket.payload"}
	r.Data(dissect.ToClient, frame(0x81, 0, strings.Repeat("x", 300))+frame(0x01, 0, "12345678")+frame(0x80, 0, "abcdef")+frame(0x81, 0, "next"))
	const want = `anomaly websocket.skip_end_of_payload
websocket.message to_client websocket.payload="xxxxxxxxxx"
websocket.message to_client websocket.payload="12345678"
anomaly websocket.reassembly_limit_reached
websocket.message to_client websocket.payload="12345678ab"
websocket.message to_client websocket.payload="next"
`
	if got := r.Text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if r.Capped["payload"] != 1 || r.Capped["message"] != 1 {
		t.Errorf("counted: %v", r.Capped)
	}
}

func TestGaps(t *testing.T) {
	long := frame(0x81, key, strings.Repeat("x", 300))
	for _, c := range []struct {
		name         string
		before, rest string
		gap          int
	}{
		{"within", long[:100], long[200:] + frame(0x81, key, "found"), 100},
		{"up to its end", long[:100], frame(0x81, key, "found"), len(long) - 100},
		{"past it", long[:100], "garbage", len(long) + 10},
		{"between", "", frame(0x81, key, "found"), 20},
	} {
		r := dissecttest.New(Spec())
		r.Fields = []string{"websocket.payload"}
		r.Data(dissect.ToServer, frame(0x81, key, "first")).Data(dissect.ToServer, c.before).Gap(dissect.ToServer, c.gap).Data(dissect.ToServer, c.rest)
		r.Data(dissect.ToServer, frame(0x81, key, "found"))
		if got := r.Text(); !strings.Contains(got, `"first"`) || !strings.Contains(got, `"found"`) || strings.Contains(got, `\x`) {
			t.Errorf("%s: got\n%s", c.name, got)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	var pack packer
	plain := []byte(frame(0x81, key, strings.Repeat("hello ", 50)))
	packed := []byte(frame(0xc1, key, pack.message(strings.Repeat("hello ", 50))))
	talk := func() {
		r.Bytes(dissect.ToServer, plain)
		r.Bytes(dissect.ToServer, packed)
	}
	talk()
	if n := testing.AllocsPerRun(50, talk); n > 0 {
		t.Errorf("%v allocations for two messages, want none", n)
	}
	if names := dissecttest.FieldAllocs(Spec(), &Message{opcode: 8, payload: []byte("\x03\xe8")}); len(names) > 0 {
		t.Errorf("these fields allocate: %v", names)
	}
}

func BenchmarkText(b *testing.B) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	data := []byte(frame(0x81, key, strings.Repeat("x", 1000)))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(dissect.ToServer, data)
	}
}

// FuzzWebSocket checks that what is found does not depend on how the stream is cut.
func FuzzWebSocket(f *testing.F) {
	var pack packer
	f.Add(frame(0x81, key, "hello") + frame(0x88, 0, "\x03\xe8"))
	f.Add(frame(0x01, key, "MAL") + frame(0x89, key, "ping") + frame(0x80, key, "WARE"))
	f.Add(frame(0xc1, key, pack.message("the same text")) + frame(0x41, 0, pack.message("the same text")) + frame(0x80, 0, ""))
	f.Add("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff")
	f.Fuzz(func(t *testing.T, data string) {
		run := func(feed func(r *dissecttest.Recorder)) string {
			r := dissecttest.New(Spec())
			r.Ctx.Limits.Settings = map[string]string{"websocket.max-payload-size": "50"}
			feed(r)
			return r.End(dissect.EndFIN) + strings.Join(r.Records, "\n")
		}
		whole := run(func(r *dissecttest.Recorder) { r.Data(dissect.ToServer, data) })
		if cut := run(func(r *dissecttest.Recorder) { r.Trickle(dissect.ToServer, data) }); cut != whole {
			t.Errorf("at once\n%s\na byte at a time\n%s", whole, cut)
		}
		run(func(r *dissecttest.Recorder) {
			r.Data(dissect.ToClient, data).Gap(dissect.ToClient, len(data)).Data(dissect.ToClient, data).Gap(dissect.ToClient, -1).Data(dissect.ToClient, data)
		})
	})
}
