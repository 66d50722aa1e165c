package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/capture/live"
)

const liveInside = "LUANIDS_TEST_LIVE"

// ownNetwork runs the test that calls it again in a process with a network of its own, and returns true only there.
func ownNetwork(t *testing.T) bool {
	t.Helper()
	if os.Getenv(liveInside) != "" {
		if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		return true
	}
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: needs root, to make a network namespace and to capture in it")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=90s")
	cmd.Env = append(os.Environ(), liveInside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("in its namespace: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "_test.go:") {
			t.Log(strings.TrimSpace(line))
		}
	}
	return false
}

// livewatch is a luanids that watches in a process of its own.
type livewatch struct {
	t      *testing.T
	cmd    *exec.Cmd
	mu     sync.Mutex
	stderr bytes.Buffer
	dir    string
	over   chan error
}

// Write implements io.Writer, for stderr.
func (w *livewatch) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stderr.Write(b)
}

func (w *livewatch) said() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stderr.String()
}

// startWatching runs luanids with its records in files of a folder, and waits until it watches.
func startWatching(t *testing.T, args ...string) *livewatch {
	t.Helper()
	w := &livewatch{t: t, dir: t.TempDir(), over: make(chan error, 1)}
	w.cmd = exec.Command("luanids", append([]string{"--set", "privileges.user=root", "--output", "none", "--json", w.path("alerts.json"), "--eve", w.path("eve.json")}, args...)...)
	w.cmd.Stderr = w
	w.cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // the race detector's own second at the end
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { w.over <- w.cmd.Wait() }()
	t.Cleanup(func() { _ = w.cmd.Process.Kill() })
	w.until("watching", func() bool { return strings.Contains(w.said(), "watching ") })
	return w
}

func (w *livewatch) path(name string) string { return filepath.Join(w.dir, name) }

func (w *livewatch) until(what string, ok func() bool) time.Duration {
	w.t.Helper()
	begun := time.Now()
	for !ok() {
		select {
		case err := <-w.over:
			w.t.Fatalf("luanids ended (%v) before %s:\n%s", err, what, w.said())
		case <-time.After(5 * time.Millisecond):
		}
		if time.Since(begun) > 20*time.Second {
			w.t.Fatalf("%s: not within 20 s; luanids says:\n%s", what, w.said())
		}
	}
	return time.Since(begun)
}

// stop sends SIGTERM and gives the time until the end.
func (w *livewatch) stop() time.Duration {
	w.t.Helper()
	begun := time.Now()
	if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		w.t.Fatal(err)
	}
	select {
	case err := <-w.over:
		if err != nil {
			w.t.Errorf("ended with %v:\n%s", err, w.said())
		}
	case <-time.After(10 * time.Second):
		w.t.Fatal("SIGTERM does not end it")
	}
	return time.Since(begun)
}

func (w *livewatch) read(name string) string {
	b, _ := os.ReadFile(w.path(name))
	return string(b)
}

// alertSet is what alerts of two runs are compared by.
func alertSet(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(string(b)) {
		var a map[string]any
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprint(a["rule_id"], a["src_ip"], a["src_port"], a["dst_ip"], a["dst_port"]))
	}
	slices.Sort(list)
	return list
}

// attack asks a web server for what rules and scripts look for, n times.
func attack(t *testing.T, n int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.Repeat("nothing to see here\n", 50))
	})}
	go s.Serve(l) //nolint:errcheck // it ends with the test
	defer s.Close()
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for i := range n {
		r, err := c.Get(fmt.Sprintf("http://%s/item%d?id=1%%27%%20union%%20select%%201,2,3--", l.Addr(), i))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
	}
}

// record writes what passes on lo to a file until stop is called.
func record(t *testing.T, path string) (stop func()) {
	t.Helper()
	c, err := live.Open(live.Options{Settings: live.DefaultSettings(), Interfaces: []string{"lo"}, Rings: 1})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := capture.NewWriter(f, capture.LinkEthernet, capture.MaxPacketBytes)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var b capture.Batch
		for c.Source(0).ReadBatch(&b) == nil {
			for i := range b.Packets {
				if err := w.Write(&b.Packets[i]); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	return func() {
		c.Stop()
		<-done
		c.Close()
		f.Close()
	}
}

// An attack alerts within a second, the alerts are those of a replay of the same packets, and SIGTERM ends it within a
// second with everything written.
func TestWatch(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	for _, args := range [][]string{{"--workers", "1"}, {"--workers", "2"}, {"--workers", "2", "--set", "capture.fanout=false"}} {
		w := startWatching(t, append(args, "-i", "lo", "--set", "outputs.eve.stats_interval=1s")...)
		pcap := w.path("recorded.pcap")
		stop := record(t, pcap)
		attack(t, 1)
		took := w.until("the first alert", func() bool { return strings.Contains(w.read("alerts.json"), "WEB-SQLI-1") })
		if took > time.Second {
			t.Errorf("%v: the first alert took %v", args, took)
		}
		attack(t, 20)
		time.Sleep(300 * time.Millisecond) // the last packets of the last connection
		stop()
		w.until("statistics by the clock", func() bool { return strings.Contains(w.read("eve.json"), `"event_type":"stats"`) })
		_ = w.cmd.Process.Signal(syscall.SIGUSR1)
		w.until("statistics on stderr", func() bool { return strings.Contains(w.said(), "  lo: ") })
		if took := w.stop(); took > time.Second {
			t.Errorf("%v: SIGTERM took %v", args, took)
		}
		said := w.said()
		for _, want := range []string{"watching lo through AF_PACKET", "0 dropped by the kernel (0.00%)", "alerts: "} {
			if !strings.Contains(said, want) {
				t.Errorf("%v: stderr lacks %q:\n%s", args, want, said)
			}
		}
		eve := w.read("eve.json")
		for want, least := range map[string]int{`"event_type":"flow"`: 21, `"event_type":"http"`: 21, `"in_iface":"lo"`: 40, `"kernel_packets":`: 1, `"kernel_drops_delta":0`: 1} {
			if n := strings.Count(eve, want); n < least {
				t.Errorf("%v: %d times %s, want %d", args, n, want, least)
			}
		}
		if strings.Contains(eve, `"pcap_cnt"`) {
			t.Errorf("%v: a packet of an interface has a number in a capture", args)
		}
		// The recording has checksums that nobody computed.
		out, err := exec.Command("luanids", "-f", pcap, "-q", "--output", "none", "--set", "decode.checksums=false", "--json", w.path("replay.json")).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		got, want := alertSet(t, w.path("alerts.json")), alertSet(t, w.path("replay.json"))
		if len(want) < 4 || !slices.Equal(got, want) {
			t.Errorf("%v: live %d alerts, the replay %d:\n%s\n--\n%s", args, len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// Under load an alert follows its packet at once.
func TestLatency(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	rules := filepath.Join(t.TempDir(), "r.nids")
	if err := os.WriteFile(rules, []byte("rule MARK \"marked datagram\" {\n  when packet.payload contains \"marked-\"\n  severity high\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := startWatching(t, "-i", "lo", "--workers", "2", "-r", rules, "-r", "default")
	sink, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	c, err := net.DialUDP("udp", nil, sink.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	const marked, between = 200, 20
	noise := bytes.Repeat([]byte("x"), 400)
	for i := range marked {
		for range between {
			_, _ = c.Write(noise)
		}
		_, _ = fmt.Fprintf(c, "marked-%d", i)
		time.Sleep(5 * time.Millisecond)
	}
	w.until("all alerts", func() bool { return strings.Count(w.read("eve.json"), `"event_type":"alert"`) >= marked })
	_ = w.cmd.Process.Signal(syscall.SIGUSR1)
	w.until("figures", func() bool { return strings.Contains(w.said(), "99th percentile") })
	w.stop()
	m := regexp.MustCompile(`from packet to alert: (\S+) at the median, (\S+) at the 99th percentile, (\S+) at most \(([0-9,]+) alerts`).FindStringSubmatch(w.said())
	if m == nil {
		t.Fatal(w.said())
	}
	t.Logf("from packet to alert: median %s, 99th percentile %s, at most %s, of %s alerts", m[1], m[2], m[3], m[4])
	if p99, err := time.ParseDuration(m[2]); err != nil || p99 > 250*time.Millisecond {
		t.Errorf("the 99th percentile is %v, which even a loaded machine should keep under 250 ms (%v)", p99, err)
	}
}

// What an operator gets wrong has an answer.
func TestWatchErrors(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	capfile, err := filepath.Abs("../../testdata/captures/ntp.pcap")
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "luanids") // where nobody else may look, nobody can start it
	if out, err := exec.Command("sh", "-c", `cp "$(command -v luanids)" "$0" && chmod 755 "$0" "$(dirname "$0")" "$(dirname "$(dirname "$0")")"`, binary).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	for _, c := range []struct {
		args string
		uid  uint32
		code int
		want []string
	}{
		{"-i nope0", 0, exitUsage, []string{"-i nope0: there is no such interface", "help: the interfaces here are lo, or any for all of them"}},
		{"-i lo -f " + capfile, 0, exitUsage, []string{"-i and -f together"}},
		{"-i lo -i any", 0, exitUsage, []string{"-i any together with other interfaces"}},
		{"-i lo --bpf tcp..", 0, exitUsage, []string{"BPF filter: can't parse filter expression: syntax error"}},
		{"-i lo", 65534, exitRuntime, []string{"-i lo: no permission to capture", "sudo setcap cap_net_raw,cap_net_admin+ep " + binary}},
		{"-i lo --set capture.ring_size=1", 0, exitUsage, []string{"capture.ring_size"}},
	} {
		cmd := exec.Command(binary, strings.Fields(c.args)...)
		cmd.Dir = "/"
		if c.uid != 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: c.uid, Gid: c.uid}}
		}
		out, err := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != c.code {
			t.Errorf("luanids %s: exit code %d (%v), want %d\n%s", c.args, code, err, c.code, out)
		}
		for _, want := range c.want {
			if !strings.Contains(string(out), want) {
				t.Errorf("luanids %s: no %q in\n%s", c.args, want, out)
			}
		}
	}
}

// Nothing is lost at a low rate; far above it what is lost is counted to the packet, and memory stays within bounds.
func TestLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("takes its time")
	}
	runScript(t, "../../tools/loadtest.sh", "--short")
}

// runScript runs a script with this luanids. It ends with 77 if it cannot run here, and says why.
func runScript(t *testing.T, name string, args ...string) {
	t.Helper()
	binary, err := exec.LookPath("luanids")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LUANIDS="+binary, "NO_INSTALL=1")
	out, err := cmd.CombinedOutput()
	switch {
	case cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 77:
		t.Skipf("%s", out)
	case err != nil:
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// Real servers, clients and attack tools: see testdata/live/real.sh.
func TestRealTraffic(t *testing.T) {
	if testing.Short() {
		t.Skip("takes its time")
	}
	if os.Getuid() == 0 {
		needTools(t, "tcpdump", "tshark", "nginx", "curl", "jq", "openssl", "ethtool", "ss")
	}
	runScript(t, "../../testdata/live/real.sh", "--short")
}
