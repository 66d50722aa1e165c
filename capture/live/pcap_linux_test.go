//go:build cgo

package live

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What libpcap reads is what rings give, byte for byte: tagged packets, those of all interfaces, those with a filter.
func TestPcapReadsTheSame(t *testing.T) {
	if !namespace(t) {
		return
	}
	veth(t)
	var frames [][]byte
	for i := range uint16(60) {
		f := udp4("10.9.0.1", "10.9.0.2", 1000+i, 53, fmt.Sprintf("<%d>", i)+strings.Repeat("x", int(i)*20))
		switch i % 3 {
		case 1:
			f = append(f[:12:12], append([]byte("\x81\x00\x00\x07"), f[12:]...)...)
		case 2:
			f = append(f[:12:12], append([]byte("\x88\xa8\x00\x05\x81\x00\x00\x07"), f[12:]...)...)
		}
		frames = append(frames, f)
	}
	for _, c := range []struct {
		iface, filter string
		want          int
	}{{"v1", "", 60}, {Any, "", 120}, {"v1", "udp src port 1003", 1}, {"lo", "udp", 1}} {
		var sets [2][]packetOf
		var gatherings [2]*gathering
		var n notes
		for i, method := range []string{MethodRings, MethodPcap} {
			o := options(&n, 1, c.iface)
			o.Method, o.Filter = method, c.filter
			gatherings[i] = watch(t, o)
		}
		if got := gatherings[0].c.Through() + ", " + gatherings[1].c.Through(); got != "AF_PACKET, libpcap" {
			t.Fatal(got)
		}
		if c.iface == "lo" {
			send(t, "127.0.0.1:5000", "127.0.0.1:5001", "<lo>")
		} else {
			inject(t, "v0", frames...)
		}
		for i, g := range gatherings {
			until(t, fmt.Sprintf("%d packets on %s", c.want, c.iface), func() bool { return g.count("<") >= c.want })
			sets[i] = slices.DeleteFunc(g.stop(), func(p packetOf) bool { return !bytes.Contains(p.Data, []byte("<")) })
		}
		if len(sets[0]) != c.want || len(sets[1]) != c.want {
			t.Errorf("%s %q: %d packets from rings, %d from libpcap, want %d", c.iface, c.filter, len(sets[0]), len(sets[1]), c.want)
			continue
		}
		for i, a := range sets[0] {
			b := sets[1][i]
			x, y := a.Data, b.Data
			if c.iface == Any { // libpcap gives the older of the cooked headers, in which it puts tags back
				x, y = append(x[:2:2], x[sll2Len:]...), y[14:]
			}
			if !bytes.Equal(x, y) || *a.Iface != *b.Iface || c.iface != Any && (a.Len != b.Len || a.Link != b.Link) {
				t.Errorf("%s, packet %d: rings: %v, %d bytes, %x\nlibpcap: %v, %d bytes, %x", c.iface, i, a.Link, a.Len, x[:min(len(x), 60)], b.Link, b.Len, y[:min(len(y), 60)])
			}
		}
		if fine := slices.ContainsFunc(sets[1], func(p packetOf) bool { return p.Time%1000 != 0 }); c.want > 1 && !fine {
			t.Errorf("%s: times are whole microseconds", c.iface)
		}
	}
}

// An interface that goes away and comes back is taken up again through libpcap too, and loss is counted.
func TestPcapReturnsAndLoses(t *testing.T) {
	if !namespace(t) {
		return
	}
	veth(t)
	var n notes
	o := options(&n, 1, "v1")
	o.Method, o.RingBytes = MethodPcap, 1<<20
	g := watch(t, o)
	inject(t, "v0", udp4("10.9.0.1", "10.9.0.2", 1, 2, "<one>"))
	until(t, "the first packet", func() bool { return g.count("<one>") == 1 })
	sh(t, "ip link set v1 down")
	until(t, "a warning", func() bool { return n.has("-i v1: the interface is down; waiting for it") })
	sh(t, "ip link set v1 up")
	until(t, "the second warning", func() bool { return n.has("-i v1: watched again") })
	inject(t, "v0", udp4("10.9.0.1", "10.9.0.2", 1, 2, "<two>"))
	until(t, "a packet after down and up", func() bool { return g.count("<two>") == 1 })
	sh(t, "ip link del v0")
	until(t, "a warning", func() bool { return n.has("-i v1: the interface is gone; waiting for it to come back") })
	veth(t)
	until(t, "watched again", func() bool { return strings.Count(n.String(), "-i v1: watched again") == 2 })
	inject(t, "v0", udp4("10.9.0.1", "10.9.0.2", 1, 2, "<three>"))
	until(t, "a packet of the new interface", func() bool { return g.count("<three>") == 1 })
	if s := g.c.Interfaces(); s[0].Packets < 3 || !s[0].Up {
		t.Errorf("the figures of before are lost: %+v", s)
	}
	g.stop()

	c, err := Open(o) // nobody reads
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const sent = 6000
	inject(t, "v0", slices.Repeat([][]byte{udp4("10.9.0.1", "10.9.0.2", 1, 2, strings.Repeat("x", 1000))}, sent)...)
	until(t, "the warning", func() bool { return n.has("packets are lost: the kernel dropped") })
	if s := c.Interfaces()[0]; s.Dropped == 0 || s.Dropped >= sent {
		t.Errorf("%+v of %d", s, sent)
	}
}
