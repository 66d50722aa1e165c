package live

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/gopacket/afpacket"

	"github.com/luanids/luanids/capture"
)

// Tags that the kernel took off are back where they were, also before a filter.
func TestTagsAreRestored(t *testing.T) {
	if !namespace(t) {
		return
	}
	veth(t)
	tagged := func(tags, text string) []byte {
		f := udp4("10.9.0.1", "10.9.0.2", 5, 5, text)
		return append(append(f[:12:12], tags...), f[12:]...)
	}
	const one, two, three, four = "8100200708004500", "810000078100000908004500", "88a800078100000908004500", "08004500"
	for _, c := range []struct{ filter, one, two, three, four string }{
		{"", one, two, three, four},
		{"vlan 7", one, two, three, ""},
		{"vlan and vlan 9", "", two, three, ""},
		{"vlan 8", "", "", "", ""},
		{"not vlan", "", "", "", four},
	} {
		var n notes
		o := options(&n, 1, "v1")
		o.Filter = c.filter
		g := watch(t, o)
		inject(t, "v0", tagged("\x81\x00\x20\x07", "<one>"), tagged("\x81\x00\x00\x07\x81\x00\x00\x09", "<two>"),
			tagged("\x88\xa8\x00\x07\x81\x00\x00\x09", "<three>"), tagged("", "<four>"))
		time.Sleep(100 * time.Millisecond)
		heads := map[string]string{}
		for _, p := range g.stop() {
			if i, j := bytes.IndexByte(p.Data, '<'), bytes.IndexByte(p.Data, '>'); i > 0 && j > i {
				heads[string(p.Data[i:j+1])] = fmt.Sprintf("%x", p.Data)
				if string(p.Data[:6]) != "\x02\x00\x00\x00\x00\x02" || int(p.Len) != len(p.Data) || p.Link != capture.LinkEthernet {
					t.Errorf("%q: %x, length %d", c.filter, p.Data, p.Len)
				}
			}
		}
		for name, want := range map[string]string{"<one>": c.one, "<two>": c.two, "<three>": c.three, "<four>": c.four} {
			if got := heads[name]; want == "" && got != "" || want != "" && (len(got) < 24 || !strings.HasPrefix(got[24:], want)) {
				t.Errorf("filter %q: %s: got %q, want %q behind the addresses", c.filter, name, got, want)
			}
		}
	}
}

// A packet on loopback is seen once, and says that nobody has computed its checksum.
func TestLoopback(t *testing.T) {
	if !namespace(t) {
		return
	}
	for _, name := range []string{"lo", Any} {
		var n notes
		o := options(&n, 2, name)
		o.Filter = "udp"
		g := watch(t, o)
		send(t, "127.0.0.1:5000", "127.0.0.1:5001", "<lo>")
		until(t, "a packet on "+name, func() bool { return g.count("<lo>") > 0 })
		time.Sleep(50 * time.Millisecond)
		list := g.stop()
		if len(list) != 1 {
			t.Fatalf("%s: %d packets, want 1", name, len(list))
		}
		if s := g.c.Interfaces()[0]; name == "lo" && s.Packets != 1 {
			t.Errorf("the kernel counts %d packets, want 1", s.Packets)
		}
		want, head := capture.LinkEthernet, "0000000000000000000000000800450000"
		if name == Any {
			want, head = capture.LinkSLL2, "0800000000000001030400060000000000000000450000"
		}
		if p := list[0]; p.Link != want || !strings.HasPrefix(fmt.Sprintf("%x", p.Data), head) || !p.Unsummed {
			t.Errorf("%s: link type %v, unsummed %v: %x", name, p.Link, p.Unsummed, p.Data)
		}
	}
}

// Filters run in the kernel, which by flow also puts fragments together before the flow gets its ring.
func TestFilterAndFragments(t *testing.T) {
	if !namespace(t) {
		return
	}
	veth(t)
	var n notes
	o := options(&n, 2, "v1")
	o.Filter, o.FanoutFlows = "udp port 5353", true
	g := watch(t, o)
	long := "<long>" + strings.Repeat("x", 4000)
	for i := range 20 {
		from := fmt.Sprintf("10.9.0.1:%d", 6000+i)
		send(t, from, "10.9.0.2:5353", "<short>")
		send(t, from, "10.9.0.2:5353", long)
		send(t, from, "10.9.0.2:99", "<other>")
	}
	until(t, "the packets", func() bool { return g.count("<long>") == 20 && g.count("<short>") == 20 })
	stats := g.c.Source(0).Stats()
	rings := map[string]int{}
	for _, p := range g.stop() {
		if bytes.Contains(p.Data, []byte("<other>")) {
			t.Errorf("the filter let pass %x", p.Data)
		}
		if bytes.Contains(p.Data, []byte("<long>")) && len(p.Data) != 14+28+len(long) {
			t.Errorf("%d bytes of a datagram of %d", len(p.Data), len(long))
		}
		port := string(p.Data[34:36])
		if r, ok := rings[port]; ok && r != p.ring {
			t.Errorf("port %x is on rings %d and %d", port, r, p.ring)
		}
		rings[port] = p.ring
	}
	if stats.Filtered != 0 || stats.Kernel < 40 {
		t.Errorf("%+v: the kernel should have filtered", stats)
	}
}

// A transfer with segmentation left to the hardware comes in packets of many segments, whole.
func TestLargePackets(t *testing.T) {
	if !namespace(t) {
		return
	}
	var n notes
	o := options(&n, 2, "lo")
	o.RingBytes = 64 << 20
	g := watch(t, o)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const size = 8 << 20
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = c.Write(bytes.Repeat([]byte("0123456789abcdef"), size/16))
			c.Close()
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, c); err != nil || n != size {
		t.Fatal(n, err)
	}
	time.Sleep(100 * time.Millisecond)
	if s := g.c.Source(0).Stats(); s.Dropped > 0 {
		t.Skipf("NOT RUN to its end: this machine is too slow just now, %d packets were dropped", s.Dropped)
	}
	longest, payload := 0, 0
	for _, p := range g.stop() {
		longest = max(longest, len(p.Data))
		if int(p.Len) != len(p.Data) {
			t.Errorf("a packet of %d bytes was cut to %d", p.Len, len(p.Data))
		}
		payload += len(p.Data) - 66
	}
	if longest < 32<<10 || payload < size {
		t.Errorf("the longest packet has %d bytes; all have %d of payload, want %d", longest, payload, size)
	}
}

// An interface that goes down, or away, is taken up again; both are said.
func TestInterfaceReturns(t *testing.T) {
	if !namespace(t) {
		return
	}
	veth(t)
	var n notes
	g := watch(t, options(&n, 2, "v1", "lo"))
	inject(t, "v0", udp4("10.9.0.1", "10.9.0.2", 1, 2, "<one>"))
	until(t, "the first packet", func() bool { return g.count("<one>") == 1 })

	sh(t, "ip link set v1 down")
	until(t, "a warning", func() bool { return n.has("-i v1: the interface is down; waiting for it") })
	sh(t, "ip link set v1 up")
	until(t, "the second warning", func() bool { return n.has("-i v1: watched again, after ") })
	inject(t, "v0", udp4("10.9.0.1", "10.9.0.2", 1, 2, "<two>"))
	until(t, "a packet after down and up", func() bool { return g.count("<two>") == 1 })

	for round := range 3 {
		sh(t, "ip link del v0")
		gone := "-i v1: the interface is gone; waiting for it to come back"
		until(t, "a warning", func() bool { return strings.Count(n.String(), gone) == round+1 })
		send(t, "127.0.0.1:7", "127.0.0.1:8", fmt.Sprintf("<lo%d>", round))
		veth(t)
		until(t, "watched again", func() bool { return strings.Count(n.String(), "-i v1: watched again") == round+2 })
		text := fmt.Sprintf("<again%d>", round)
		for i := range uint16(8) { // on both rings
			inject(t, "v0", udp4("10.9.0.1", "10.9.0.2", i+1, 2, text))
		}
		until(t, text, func() bool { return g.count(text) == 8 })
	}
	s := g.c.Interfaces()
	g.stop()
	if s[0].Packets < 26 || !s[0].Up {
		t.Errorf("the figures of before are lost: %+v", s)
	}
	if g.count("<lo") < 3 {
		t.Error("the other interface was not watched meanwhile")
	}
}

// An interface that is down at the start is watched once it is up; one that gets another name is gone.
func TestDownAtTheStart(t *testing.T) {
	if !namespace(t) {
		return
	}
	veth(t)
	sh(t, "ip link set v1 down")
	var n notes
	g := watch(t, options(&n, 2, "v1"))
	if !n.has("-i v1: the interface is down; it is watched as soon as it is up (ip link set v1 up)") {
		t.Errorf("warnings: %s", &n)
	}
	sh(t, "ip link set v1 up")
	until(t, "watched", func() bool { return n.has("-i v1: watched again") })
	inject(t, "v0", udp4("10.9.0.1", "10.9.0.2", 1, 2, "<one>"))
	until(t, "a packet", func() bool { return g.count("<one>") == 1 })
	sh(t, "ip link set v1 down; ip link set v1 name other; ip link set other up")
	until(t, "a warning", func() bool { return n.has("-i v1: the interface is gone") })
	sh(t, "ip link set other down; ip link set other name v1; ip link set v1 up")
	until(t, "watched again", func() bool { return strings.Count(n.String(), "-i v1: watched again") == 2 })
	inject(t, "v0", udp4("10.9.0.1", "10.9.0.2", 1, 2, "<two>"))
	until(t, "a packet after the names", func() bool { return g.count("<two>") == 1 })
	g.stop()
}

// What nobody reads is dropped and counted, and nothing else happens; beginning and end are said.
func TestLossIsKnown(t *testing.T) {
	if !namespace(t) {
		return
	}
	veth(t)
	var n notes
	o := options(&n, 1, "v1")
	o.RingBytes, o.BlockBytes = 1<<20, 64<<10
	c, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	frame := udp4("10.9.0.1", "10.9.0.2", 1, 2, strings.Repeat("x", 1000))
	const sent = 3000
	inject(t, "v0", slices.Repeat([][]byte{frame}, sent)...)
	until(t, "the warning", func() bool { return n.has("packets are lost: the kernel dropped") })
	var b capture.Batch
	read := uint64(0)
	stop := time.Now().Add(7 * time.Second)
	for time.Now().Before(stop) && !n.has("no packets are lost any more") {
		if err := c.Source(0).ReadBatch(&b); err != nil {
			t.Fatal(err)
		}
		read += uint64(len(b.Packets))
	}
	s := c.Source(0).Stats()
	if s.Dropped == 0 || s.Dropped+read != sent || s.Kernel != sent || s.Freezes == 0 || s.Packets != read {
		t.Errorf("%d read of %d: %+v", read, sent, s)
	}
	if !n.has(fmt.Sprintf("the kernel dropped %d of %d packets", s.Dropped, sent)) {
		t.Errorf("no word of the end of the loss:\n%s", &n)
	}
}

// Reading costs no allocation, whatever comes.
func TestReadingAllocatesNothing(t *testing.T) {
	if !namespace(t) {
		return
	}
	veth(t)
	var n notes
	c, err := Open(options(&n, 1, "v1"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	tagged := udp4("10.9.0.1", "10.9.0.2", 1, 2, strings.Repeat("x", 200))
	tagged = append(tagged[:12:12], append([]byte("\x81\x00\x00\x07"), tagged[12:]...)...)
	inject(t, "v0", slices.Repeat([][]byte{udp4("10.9.0.1", "10.9.0.2", 1, 2, "<x>"), tagged}, 3000)...)
	var b capture.Batch
	read := 0
	allocs := testing.AllocsPerRun(20, func() {
		if err := c.Source(0).ReadBatch(&b); err != nil {
			t.Fatal(err)
		}
		read += len(b.Packets)
	})
	if allocs != 0 || read < 3000 {
		t.Errorf("%.1f allocations a batch, %d packets", allocs, read)
	}
}

// gopacket's reader sees the same bytes.
func TestSecondOpinion(t *testing.T) {
	if !namespace(t) {
		return
	}
	veth(t)
	other, err := afpacket.NewTPacket(afpacket.OptInterface("v1"), afpacket.OptPollTimeout(time.Second), afpacket.OptBlockTimeout(10*time.Millisecond),
		afpacket.OptTPacketVersion(afpacket.TPacketVersion3))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	var n notes
	g := watch(t, options(&n, 1, "v1"))
	const sent = 50
	var frames [][]byte
	for i := range sent {
		frames = append(frames, udp4("10.9.0.1", "10.9.0.2", 1, 2, strings.Repeat(fmt.Sprintf("<%d>", i), 1+i*7)))
	}
	inject(t, "v0", frames...)
	until(t, "the packets", func() bool { return g.count("<") >= sent })
	ours := g.stop()
	for i := range sent {
		data, info, err := other.ReadPacketData()
		if err != nil {
			t.Fatal(err)
		}
		// Each socket asks the clock for itself.
		if p := ours[i]; !bytes.Equal(p.Data, data) || math.Abs(float64(p.Time-info.Timestamp.UnixNano())) > 5e6 || int(p.Len) != info.Length {
			t.Errorf("packet %d: %d bytes at %d, gopacket has %d at %d", i, p.Len, p.Time, info.Length, info.Timestamp.UnixNano())
		}
	}
}

func TestNoSuchInterface(t *testing.T) {
	var missing *NoInterfaceError
	_, err := Open(Options{Settings: DefaultSettings(), Interfaces: []string{"nope0"}, Rings: 1})
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "-i nope0: there is no such interface\n  help: the interfaces here are lo") {
		t.Errorf("%v", err)
	}
	if err := Probe([]string{"lo", "nope0"}); !errors.As(err, &missing) && !errors.Is(err, syscall.EPERM) {
		t.Errorf("%v", err)
	}
	e := &PermissionError{"eth0", syscall.EPERM}
	for _, want := range []string{"-i eth0: no permission to capture (operation not permitted)", "sudo ", "sudo setcap cap_net_raw,cap_net_admin+ep "} {
		if !strings.Contains(e.Error(), want) {
			t.Errorf("%v lacks %q", e, want)
		}
	}
	if _, err := Open(Options{Settings: DefaultSettings(), Interfaces: []string{"lo", Any}}); err == nil {
		t.Error("any together with lo")
	}
}

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		change func(*Settings)
		want   string
	}{
		{func(*Settings) {}, ""},
		{func(s *Settings) { s.RingBytes = 5 }, "capture.ring_size"},
		{func(s *Settings) { s.BlockBytes = 100000 }, "capture.block_size"},
		{func(s *Settings) { s.BlockBytes = 32 << 20 }, "capture.block_size"},
		{func(s *Settings) { s.BlockTimeout = 0 }, "capture.block_timeout"},
		{func(s *Settings) { s.SnapLen = 10 }, "capture.snaplen"},
	} {
		s := DefaultSettings()
		c.change(&s)
		err := s.Check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", s, err, c.want)
		}
	}
}

// Where there are no rings, libpcap reads.
func TestPcapReads(t *testing.T) {
	if !namespace(t) {
		return
	}
	veth(t)
	var n notes
	o := options(&n, 1, "v1")
	o.Filter = "udp dst port 2"
	ports, _, err := openPcap("v1", &o)
	if err != nil {
		t.Fatal(err)
	}
	p := ports[0]
	defer p.close()
	want := udp4("10.9.0.1", "10.9.0.2", 1, 2, "<two>")
	inject(t, "v0", udp4("10.9.0.1", "10.9.0.2", 1, 3, "<three>"), want, want)
	for i := range 2 {
		until(t, "a packet", func() bool { return p.peek() != nil })
		if k := p.peek(); !bytes.Equal(k.Data, want) || k.Link != capture.LinkEthernet || time.Since(time.Unix(0, k.Time)).Abs() > time.Minute {
			t.Errorf("packet %d: %+v", i, k)
		}
		p.advance()
	}
	if s, err := p.stats(); err != nil || s.packets != 2 || s.filtered != 0 || p.fd() < 0 {
		t.Errorf("%+v %v", s, err)
	}
	if _, _, err := openPcap("nope0", &o); !gone(err) {
		t.Errorf("no such interface: %v", err)
	}
}

// What a card lost before it was watched does not count, and a card that comes back begins anew.
func TestCardLoss(t *testing.T) {
	if lost, err := cardLoss(); err != nil || len(lost) == 0 {
		t.Errorf("%v, %v: want a figure for each interface", lost, err)
	}
	var n cardCount
	for _, c := range []struct {
		index int
		lost  uint64
		want  uint64
	}{{3, 100, 0}, {3, 100, 0}, {3, 107, 7}, {9, 50, 7}, {9, 51, 8}, {9, 0, 8}, {9, 2, 10}} {
		if n.set(c.index, c.lost); n.total != c.want {
			t.Errorf("%+v: %d", c, n.total)
		}
	}
}
