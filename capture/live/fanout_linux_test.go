package live

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// Both directions of a flow come through the same ring, each packet once, also of a flow whose directions are on
// different interfaces: by hosts, and by flow.
func TestFlowsKeepTheirRing(t *testing.T) {
	if !namespace(t) {
		return
	}
	veth(t)
	sh(t, `ip link add w0 type veth peer name w1; ip link set w0 up; ip link set w1 up`)
	const flows = 200
	var there, back [][]byte
	for i := range uint16(flows) {
		a, b := fmt.Sprintf("10.%d.0.1", i), fmt.Sprintf("10.9.%d.2", i)
		there = append(there, udp4(a, b, 1000+i, 53, fmt.Sprintf("<%d>", i)))
		back = append(back, udp4(b, a, 53, 1000+i, fmt.Sprintf("<%d>", i)))
	}
	for _, byFlow := range []bool{false, true} {
		var n notes
		o := options(&n, 4, "v1", "w1")
		o.Filter, o.FanoutFlows = "udp port 53", byFlow
		g := watch(t, o)
		inject(t, "v0", append(there, back...)...)
		inject(t, "w0", back...)
		until(t, "the last packet", func() bool { return g.count("<199>") == 3 })
		rings, used := map[string]int{}, map[int]int{}
		for _, p := range g.stop() {
			text := string(p.Data[bytes.IndexByte(p.Data, '<'):])
			if r, ok := rings[text]; ok && r != p.ring {
				t.Errorf("flow %s is on rings %d and %d", text, r, p.ring)
			}
			rings[text] = p.ring
			used[p.ring]++
			if p.Iface == nil || *p.Iface != "v1" && *p.Iface != "w1" {
				t.Errorf("interface %v", p.Iface)
			}
		}
		total := 0
		for r, n := range used {
			total += n
			if n < flows*3/8 {
				t.Errorf("by flow %v: ring %d has %d of %d packets", byFlow, r, n, flows*3)
			}
		}
		if total != flows*3 || len(used) != 4 {
			t.Errorf("by flow %v: %d packets on %d rings", byFlow, total, len(used))
		}
	}
}

// What two hosts exchange comes through one ring, whatever it is wrapped in.
func TestHostsKeepTheirRing(t *testing.T) {
	if !namespace(t) {
		return
	}
	veth(t)
	var n notes
	g := watch(t, options(&n, 4, "v1"))
	const pairs = 30
	var frames [][]byte
	for i := range pairs {
		a, b, text := fmt.Sprintf("10.1.0.%d", i), fmt.Sprintf("10.2.%d.1", i), fmt.Sprintf("<%d>", i)
		one := udp4(a, b, 40000, 53, text)
		wrap := func(at int, with string) []byte { return append(append(one[:at:at], with...), one[at:]...) }
		fragment := bytes.Clone(one)
		fragment[20] = 0x20 // more follow; the checksum of the header is nobody's business here
		icmp := udp4("10.3.3.3", b, 0, 0, "")
		icmp = append(icmp[:34], 3, 3, 0, 0, 0, 0, 0, 0) // from a router, to the sender of what it quotes
		icmp[23] = 1
		answer := udp4(b, a, 53, 40000, text)
		six := "\x60\x00\x00\x00\x00\x10\x3a\x40" + "\xfd" + strings.Repeat("\x00", 14) + string(rune(i)) + "\xfe" + strings.Repeat("\x01", 15)
		frames = append(frames, one, fragment, udp4(b, a, 21, 9999, text), append(icmp, answer[14:]...),
			wrap(12, "\x81\x00\x00\x05"), wrap(12, "\x88\xa8\x00\x05\x81\x00\x00\x06"),
			append(append(one[:12:12], "\x88\x64\x11\x00\x00\x01\x00\x40\x00\x21"...), one[14:]...),
			append(append(one[:12:12], "\x86\xdd"+six...), "\x80\x00 8 <v6-"+fmt.Sprint(i)+">"...))
	}
	inject(t, "v0", frames...)
	until(t, "all packets", func() bool { return g.count("<29>") == 7 && g.count("<v6-29>") == 1 })
	rings := map[string]map[int]int{}
	for _, p := range g.stop() {
		if i := bytes.IndexByte(p.Data, '<'); i > 0 {
			text := string(p.Data[i:])
			if rings[text] == nil {
				rings[text] = map[int]int{}
			}
			rings[text][p.ring]++
		}
	}
	six := map[int]int{}
	for i := range pairs {
		if r := rings[fmt.Sprintf("<%d>", i)]; len(r) != 1 {
			t.Errorf("pair %d is on rings %v", i, r)
		}
		for r := range rings[fmt.Sprintf("<v6-%d>", i)] {
			six[r]++
		}
	}
	if len(six) < 3 {
		t.Errorf("IPv6 is spread badly: %v", six)
	}
}

// What this host itself sends goes to the ring of what it gets for it.
func TestOwnTrafficKeepsItsRing(t *testing.T) {
	if !namespace(t) {
		return
	}
	veth(t)
	sh(t, "ip route add 10.50.0.0/16 via 10.9.0.2")
	var n notes
	o := options(&n, 4, "v0")
	o.Filter = "udp port 4444"
	g := watch(t, o)
	var back [][]byte
	for i := range 24 {
		to := fmt.Sprintf("10.50.0.%d", i+1)
		send(t, "10.9.0.1:0", to+":4444", fmt.Sprintf("<%d>", i))
		back = append(back, udp4(to, "10.9.0.1", 4444, 5, fmt.Sprintf("<%d>", i)))
	}
	inject(t, "v1", back...)
	until(t, "all packets", func() bool { return g.count("<") == 2*len(back) })
	rings, used := map[string]int{}, map[int]bool{}
	for _, p := range g.stop() {
		text := string(p.Data[42:])
		if r, ok := rings[text]; ok && r != p.ring {
			t.Errorf("%s is on rings %d and %d", text, r, p.ring)
		}
		rings[text], used[p.ring] = p.ring, true
	}
	if len(used) < 3 {
		t.Errorf("only the rings %v are used", used)
	}
}
