package live

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/luanids/luanids/capture"
)

const inside = "LUANIDS_TEST_NETNS"

// namespace runs the test that calls it in a process of its own, in a network namespace of its own, and tells that
// process apart: only there it returns true. Without the privileges for that, the test says that it did not run.
func namespace(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) != "" {
		sh(t, "ip link set lo up")
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Getuid() != 0 { // the root of a namespace of users may do as much within it
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if e, ok := err.(*exec.ExitError); !ok && err != nil || ok && strings.Contains(string(e.Stderr), "unshare") {
		t.Skipf("NOT RUN: this test needs a network namespace, which this user may not make (%v); run it as root", err)
	}
	if err == nil && strings.Contains(string(out), "--- SKIP: "+t.Name()) {
		t.Skipf("%s", out)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("in its namespace: %v\n%s", err, out)
	}
	for _, line := range strings.Split(string(out), "\n") {
		if strings.Contains(line, "_test.go:") {
			t.Log(strings.TrimSpace(line))
		}
	}
	return false
}

func sh(t *testing.T, script string) string {
	t.Helper()
	out, err := exec.Command("sh", "-ec", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return string(out)
}

// veth makes a pair of interfaces, v0 with 10.9.0.1 and v1, in one namespace. What is sent out of v0 to 10.9.0.2 arrives on
// v1, which answers nothing.
func veth(t *testing.T) {
	sh(t, `ip link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02
		sysctl -qw net.ipv6.conf.v0.disable_ipv6=1 net.ipv6.conf.v1.disable_ipv6=1
		ip addr add 10.9.0.1/24 dev v0; ip link set v0 up; ip link set v1 up
		ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev v0`)
}

// gathering reads all rings of a capture.
type gathering struct {
	t    *testing.T
	c    *Capture
	mu   sync.Mutex
	got  []packetOf
	done sync.WaitGroup
}

type packetOf struct {
	capture.Packet
	ring int
}

// notes are the warnings of a capture.
type notes struct {
	mu   sync.Mutex
	list []string
}

func (n *notes) warn(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, fmt.Sprintf(format, args...))
}

func (n *notes) has(text string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Contains(strings.Join(n.list, "\n"), text)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.list, "\n")
}

func options(n *notes, rings int, ifaces ...string) Options {
	o := Options{Settings: DefaultSettings(), Interfaces: ifaces, Rings: rings, Warn: n.warn}
	o.RingBytes = 4 << 20
	return o
}

func watch(t *testing.T, o Options) *gathering {
	t.Helper()
	c, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	g := &gathering{t: t, c: c}
	for i := range c.Rings() {
		g.done.Add(1)
		go g.read(i)
	}
	return g
}

func (g *gathering) read(ring int) {
	defer g.done.Done()
	var b capture.Batch
	for g.c.Source(ring).ReadBatch(&b) == nil {
		g.mu.Lock()
		for _, p := range b.Packets {
			p.Data = append([]byte(nil), p.Data...)
			g.got = append(g.got, packetOf{p, ring})
		}
		g.mu.Unlock()
	}
}

// stop ends the capture and gives what was read.
func (g *gathering) stop() []packetOf {
	g.c.Stop()
	g.done.Wait()
	if err := g.c.Close(); err != nil {
		g.t.Error(err)
	}
	return g.got
}

// count tells how many packets have arrived whose payload begins with text.
func (g *gathering) count(text string) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.got {
		if strings.Contains(string(p.Data), text) {
			n++
		}
	}
	return n
}

// until waits for something to become true.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s: not within 5 s", what)
}

// send sends a datagram.
func send(t *testing.T, from, to, text string) {
	t.Helper()
	a, err := net.ResolveUDPAddr("udp", from)
	if err != nil {
		t.Fatal(err)
	}
	b, err := net.ResolveUDPAddr("udp", to)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.DialUDP("udp", a, b)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte(text)); err != nil && !strings.Contains(err.Error(), "refused") {
		t.Fatal(err)
	}
}

// inject sends frames as they are out of an interface.
func inject(t *testing.T, name string, frames ...[]byte) {
	t.Helper()
	dev, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	for _, f := range frames {
		if err := syscall.Sendto(fd, f, 0, &syscall.SockaddrLinklayer{Ifindex: dev.Index}); err != nil {
			t.Fatal(err)
		}
	}
	runtime.KeepAlive(frames)
}

// udp4 makes an Ethernet frame with a datagram.
func udp4(src, dst string, sport, dport uint16, payload string) []byte {
	b := []byte("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00")
	ip := make([]byte, 20, 28+len(payload))
	ip[0], ip[8], ip[9] = 0x45, 64, 17
	binary.BigEndian.PutUint16(ip[2:], uint16(28+len(payload)))
	copy(ip[12:], net.ParseIP(src).To4())
	copy(ip[16:], net.ParseIP(dst).To4())
	sum := uint32(0)
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(ip[i:]))
	}
	binary.BigEndian.PutUint16(ip[10:], ^uint16(sum+sum>>16))
	ip = binary.BigEndian.AppendUint16(ip, sport)
	ip = binary.BigEndian.AppendUint16(ip, dport)
	ip = binary.BigEndian.AppendUint16(ip, uint16(8+len(payload)))
	ip = append(ip, 0, 0)
	return append(append(b, ip...), payload...)
}
