package dnp3

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/jsonw"
)

// TestLostSegments: fragments that lost a segment do not pile up until the flow counts as flooded.
func TestLostSegments(t *testing.T) {
	r := quietly("dnp3.func")
	r.Ctx.Limits.Settings = map[string]string{"dnp3.max-tx": "4"}
	for range 20 {
		r.Ctx.Flow.Packets[toClient]++
		r.Data(toServer, frame(fromMaster, "\x40\xc0\x02")+ask("c001"))
		r.Ctx.Flow.Packets[toServer]++
		r.Data(toClient, answer("c0810000"))
	}
	if n := strings.Count(r.Text(), "dnp3.fragment to_server dnp3.func=2\n"); n != 20 || strings.Contains(r.Text(), "flooded") || len(r.Records) != 60 {
		t.Errorf("%d given up, %d records:\n%s", n, len(r.Records), r.Text())
	}
}

// TestInserted: frames that a receiver drops do not break into a fragment: they claim to come from the other side, or to be answers of the link layer.
func TestInserted(t *testing.T) {
	bogus := func(at int, value byte, user string) string {
		b := []byte(frame(fromMaster, user))
		b[at] = value
		binary.LittleEndian.PutUint16(b[8:], checksum(b[:8]))
		return string(b)
	}
	for name, bogus := range map[string]string{
		"from the outstation":   bogus(3, fromOutstation, "\x01junk"),
		"an answer":             bogus(3, fromMaster&^linkPri, "\x01junk"),
		"an answer, and whole":  bogus(3, fromMaster&^linkPri, "\xc1\xc0\x01junk"),
		"between other devices": bogus(4, 11, "\x01junk"),
	} {
		r := quietly("dnp3.func", "dnp3.obj")
		r.Data(toServer, frame(fromMaster, "\x40"+bin("c005 0c01 1701"))+bogus+frame(fromMaster, "\x81"+bin("07 81 01 64000000 c8000000 00"))).End(dissect.EndFIN)
		if !strings.Contains(r.Text(), "dnp3.fragment to_server dnp3.func=5 dnp3.obj=[\"g12v1\"]\n") {
			t.Errorf("%s:\n%s", name, r.Text())
		}
	}
}

// TestContext: alerts on a fragment that has only begun show its headers.
func TestContext(t *testing.T) {
	m := new(Message)
	m.reset(1, toServer, fromMaster, 1, 10, []byte(bin("c30d")))
	var w jsonw.Writer
	w.Object()
	if writeContext(&w, &dissect.Env{Tx: m}); !strings.Contains(string(w.B), `"src":1,"dst":10,`) || !strings.Contains(string(w.B), `"function_code":13,"complete":false}`) {
		t.Errorf("%s", w.B)
	}
}

// TestKept: large fragments, and many under way, leave little memory behind in a parser that waits for the next flow.
func TestKept(t *testing.T) {
	n := dissecttest.Kept(func() *dissecttest.Recorder { return quietly("dnp3.obj", "dnp3.control.index", "dnp3.file.name") }, func(r *dissecttest.Recorder) {
		r.Quiet = false // fields are asked for
		for i := range 40 {
			r.Data(toServer, frame(fromMaster, "\x40\xc0\x02"+strings.Repeat("x", 240)))
			r.Data(toServer, frame(fromMaster, string([]byte{0xc0, 0xc0, 0x01})+strings.Repeat("\x3c\x02\x06", 10*(i&7))))
		}
		r.End(dissect.EndFIN)
	})
	if n > 16<<10 {
		t.Errorf("a parser keeps %d bytes", n)
	}
}
