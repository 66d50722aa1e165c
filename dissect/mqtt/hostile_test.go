package mqtt

import (
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// TestMalformedKeeps: what waits for an answer when the connection is given up does not point into the packet.
func TestMalformedKeeps(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Fields = []string{"mqtt.subscribe.topic"}
	data := []byte(packet(0x10, lv("MQTT")+"\x04\x02\x00\x3c"+lv("me")) + packet(0x82, "\x00\x01"+lv("plant/#")+"\x00") + packet(0x82, "\x00") + "what follows")
	r.Bytes(dissect.ToServer, data)
	for i := range data {
		data[i] = 'X'
	}
	if got := r.End(dissect.EndFIN); !strings.Contains(got, `mqtt.tx to_server mqtt.subscribe.topic=["plant/#"]`) {
		t.Error(got)
	}
}

// TestHeld: what a connection keeps of requests that nobody answers has a bound.
func TestHeld(t *testing.T) {
	p := new(parser)
	r := dissecttest.New(Spec())
	r.Quiet = true
	big := packet(0x82, "\x00\x01"+strings.Repeat(lv(strings.Repeat("t", 1000))+"\x00", 500))
	for range 64 {
		r.Ctx.Begin(r.Spec)
		p.Data(r.Ctx, dissect.ToServer, []byte(big))
	}
	held := 0
	for _, x := range p.open {
		for i := range x.msgs {
			held += cap(x.msgs[i].own)
		}
	}
	if held > 8<<20 {
		t.Errorf("%d bytes are kept", held)
	}
}

// TestManyProperties: going through the properties of a message costs no more for each than the one before.
func TestManyProperties(t *testing.T) {
	list := strings.Repeat("\x26\x00\x00\x00\x00", 200_000)
	n := len(list)
	long := string([]byte{byte(n&0x7f | 0x80), byte(n>>7&0x7f | 0x80), byte(n >> 14)}) + list
	m := new(Message)
	m.reset(header{typ: tPublish})
	if !m.parse([]byte(lv("a/b")+long+"hello"), 5) {
		t.Fatal("it is not understood")
	}
	begin, i := time.Now(), 0
	for _, _, ok := m.pair(0); ok; _, _, ok = m.pair(i) {
		if i++; time.Since(begin) > 2*time.Second {
			t.Fatalf("%d properties take %v", i, time.Since(begin))
		}
	}
	if i != 200_000 {
		t.Errorf("%d properties, want 200000", i)
	}
}
