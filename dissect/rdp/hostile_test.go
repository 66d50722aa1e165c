package rdp

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// TestManyCores: settings of the client that come again and again, with texts that grow as they become UTF-8, change nothing.
func TestManyCores(t *testing.T) {
	core := le(4, 0x80004) + le(2, 1280, 864, 0xca01, 0xaa03) + le(4, 0x407, 7601) + utf(strings.Repeat("€", 16), 32) + le(4, 4, 0, 12) +
		utf(strings.Repeat("€", 32), 64)
	const first = 0xc001
	blocks := block(first, strings.Replace(core, utf("€", 2), utf("a", 2), 1)) + strings.Repeat(block(first, core), 480)
	gcc := "Duca\x00" + blocks // a length that does not count
	set := "\x30\x03\x02\x01\x22"
	initial := x224(ber2("\x7f\x65", "\x04\x01\x01\x04\x01\x01\x01\x01\xff"+set+set+set+ber2("\x04", gcc)))
	m := new(Message)
	m.reset()
	m.conference([]byte(gcc[:5])) // nothing behind the key
	r := dissecttest.New(Spec())
	r.Fields = []string{}
	r.Data(dissect.ToServer, initial)
	m.reset()
	for b := []byte(blocks); len(b) > 0; b = b[len(block(first, core)):] {
		m.coreData(b[4:len(block(first, core))])
	}
	if name := string(m.at(m.core.name)); name != "a"+strings.Repeat("€", 15) {
		t.Errorf("name %q", name)
	}
	if len(m.buf) > 1<<10 {
		t.Errorf("%d bytes are kept", len(m.buf))
	}
}
