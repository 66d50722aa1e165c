package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// lab is a client, a router or bridge on which luanids runs, and a web server, each in a network namespace of its own.
type lab struct {
	t      *testing.T
	dir    string
	prefix string
}

// tools are what the lab is made with.
func needTools(t *testing.T, tools ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root: network namespaces")
	}
	for _, name := range tools {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("needs %s; tools/deps.sh installs it", name)
		}
	}
}

const routed = `
for n in c:1 s:2; do
  ip -n %[1]s${n%%:*} addr add 10.77.${n#*:}.2/24 dev ${n%%:*}0
  ip -n %[1]s${n%%:*} addr add fd77:${n#*:}::2/64 dev ${n%%:*}0 nodad
  ip -n %[1]sr addr add 10.77.${n#*:}.1/24 dev r${n%%:*}
  ip -n %[1]sr addr add fd77:${n#*:}::1/64 dev r${n%%:*} nodad
  ip -n %[1]s${n%%:*} link set ${n%%:*}0 up
  ip -n %[1]sr link set r${n%%:*} up
  ip -n %[1]s${n%%:*} route add default via 10.77.${n#*:}.1
  ip -n %[1]s${n%%:*} -6 route add default via fd77:${n#*:}::1
done
ip netns exec %[1]sr sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1`

const bridged = `
ip -n %[1]sr link add br0 type bridge
ip -n %[1]sr link set br0 up
for n in c:1 s:2; do
  ip -n %[1]s${n%%:*} addr add 10.77.${n#*:}.2/16 dev ${n%%:*}0
  ip -n %[1]s${n%%:*} link set ${n%%:*}0 up
  ip -n %[1]sr link set r${n%%:*} master br0
  ip -n %[1]sr link set r${n%%:*} up
done`

func newLab(t *testing.T, how string) *lab {
	needTools(t, "ip", "curl", "nginx", "ss")
	dir, err := os.MkdirTemp("", "luanids-lab-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, dir: dir, prefix: fmt.Sprintf("lr%d", os.Getpid()%100000)}
	t.Cleanup(func() {
		l.sh("for n in c r s; do ip netns pids %[1]s$n 2>/dev/null | xargs -r kill -9; ip netns del %[1]s$n; done; true", l.prefix)
		os.RemoveAll(dir)
	})
	out, err := l.sh(`
for n in c r s; do ip netns add %[1]s$n; ip -n %[1]s$n link set lo up; done
ip link add c0 netns %[1]sc type veth peer name rc netns %[1]sr
ip link add s0 netns %[1]ss type veth peer name rs netns %[1]sr
`+how, l.prefix)
	if err != nil {
		t.Skipf("network namespaces: %v: %s", err, out)
	}
	l.nginx()
	return l
}

// sh runs a shell script with its values.
func (l *lab) sh(script string, args ...any) (string, error) {
	out, err := exec.Command("sh", "-ec", fmt.Sprintf(script, args...)).CombinedOutput()
	return string(out), err
}

func (l *lab) in(ns string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", l.prefix + ns}, args...)...)
}

const bigFile = 1 << 30

// nginx serves a large file.
func (l *lab) nginx() {
	www := filepath.Join(l.dir, "www")
	if err := os.MkdirAll(www, 0o755); err != nil {
		l.t.Fatal(err)
	}
	for name, size := range map[string]int64{"big.bin": bigFile, "small.txt": 100_000} {
		f, err := os.Create(filepath.Join(www, name))
		if err != nil {
			l.t.Fatal(err)
		}
		if err := f.Truncate(size); err != nil {
			l.t.Fatal(err)
		}
		f.Close()
	}
	conf := filepath.Join(l.dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/nginx.pid; error_log %[1]s/error.log;
events {} http { access_log off; client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
server { listen 80; listen [::]:80; root %[1]s/www; } }`, l.dir)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		l.t.Fatal(err)
	}
	cmd := l.in("s", "nginx", "-c", conf)
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 500 {
		if l.in("c", "curl", "-s", "-o", "/dev/null", "http://10.77.2.2/small.txt").Run() == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b, _ := os.ReadFile(filepath.Join(l.dir, "error.log"))
	l.t.Fatalf("nginx does not answer: %s", b)
}

// watcher is luanids on the router.
type watcher struct {
	cmd *exec.Cmd
	mu  sync.Mutex
	out bytes.Buffer
}

func (w *watcher) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(b)
}

func (w *watcher) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.String()
}

// until waits for something to be said.
func (w *watcher) until(t *testing.T, what string) {
	t.Helper()
	for range 2000 {
		if strings.Contains(w.text(), what) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no %q in:\n%s", what, w.text())
}

// stop ends luanids and gives all that it said.
func (w *watcher) stop(t *testing.T) string {
	t.Helper()
	_ = w.cmd.Process.Signal(unix.SIGTERM)
	done := make(chan error, 1)
	go func() { done <- w.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("luanids: %v\n%s", err, w.text())
		}
	case <-time.After(10 * time.Second):
		_ = w.cmd.Process.Kill()
		t.Errorf("SIGTERM did not end luanids:\n%s", w.text())
	}
	return w.text()
}

// watch starts luanids in a namespace: this test binary under its name.
func (l *lab) watch(ns string, args ...string) *watcher {
	l.t.Helper()
	self, err := os.Executable()
	if err != nil {
		l.t.Fatal(err)
	}
	bin := filepath.Join(l.dir, "luanids")
	if err := os.Symlink(self, bin); err != nil && !os.IsExist(err) {
		l.t.Fatal(err)
	}
	w := &watcher{cmd: l.in(ns, append([]string{bin}, args...)...)}
	w.cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	w.cmd.Stdout, w.cmd.Stderr = w, w
	if err := w.cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	w.until(l.t, "running as ")
	return w
}

// download fetches the large file, or as much of it as comes within the limit, and gives curl's exit code.
func (l *lab) download(url string, limit time.Duration, more ...string) (got int64, code int, took time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	start := time.Now()
	args := append([]string{"netns", "exec", l.prefix + "c", "curl", "-s", "-g", "-o", "/dev/null", "-w", "%{size_download}"}, more...)
	cmd := exec.CommandContext(ctx, "ip", append(args, url)...)
	out, err := cmd.Output()
	_, _ = fmt.Sscan(string(out), &got)
	switch {
	case ctx.Err() != nil:
		code = -1
	case err != nil:
		code = cmd.ProcessState.ExitCode()
	}
	return got, code, time.Since(start)
}

// connections lists the established connections of a namespace.
func (l *lab) connections(ns string) string {
	out, err := l.in(ns, "ss", "-Htn", "state", "established").CombinedOutput()
	if err != nil {
		l.t.Fatalf("ss: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// write makes a file of the lab.
func (l *lab) write(name, text string) string {
	path := filepath.Join(l.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		l.t.Fatal(err)
	}
	return path
}

const curlReset = 56 // curl: failure in receiving network data

const killScript = `
nids.on("stream.data", function(ev)
  if ev.dir == "to_client" and ev.offset > 300000 then
    local ok, why = ev:kill()
    if not ok then nids.log("kill: " .. why) end
  end
end)`

// cut downloads with luanids in a namespace, and wants both ends of the connection to be reset.
func (l *lab) cut(where, url, said string, args, curl []string) {
	t := l.t
	t.Helper()
	w := l.watch(where, args...)
	got, code, took := l.download(url, 20*time.Second, curl...)
	if code != curlReset || got >= bigFile || took > 10*time.Second {
		t.Errorf("curl: exit code %d, %d bytes, %v; luanids:\n%s", code, got, took, w.text())
	}
	w.until(t, "response: cutting ")
	deadline := time.Now().Add(5 * time.Second)
	for l.connections("s") != "" && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	if left := l.connections("s"); left != "" {
		t.Errorf("the server still has: %s", left)
	}
	if text := w.stop(t); !strings.Contains(text, said) {
		t.Errorf("luanids said:\n%s", text)
	}
	t.Logf("%d bytes in %v", got, took)
}

// TestDownloadIsCut cuts real downloads of a real server: by rules, by scripts, over IPv4 and IPv6, throttled and at
// full speed, where sequence numbers move on while a reset is on its way.
func TestDownloadIsCut(t *testing.T) {
	l := newLab(t, routed)
	reject := l.write("reject.rules", `reject http any any -> any any (msg:"no big files"; http.uri; content:"/big.bin"; sid:7; rev:1;)`)
	kill := l.write("kill.lua", killScript)
	libnids := l.write("libnids.lua", `
nids.register_tcp(function(s)
  if s.nids_state == nids.JUST_EST then s.client.collect = true
  elseif s.nids_state == nids.DATA and s.client.count > 300000 then s:kill() end
end)`)
	for _, c := range []struct {
		name, on, url string   // on: namespace and interface
		args          []string // of luanids
		curl          []string
		said          string
	}{
		{"rule", "r rc", "http://10.77.2.2/big.bin", []string{"-r", reject, "-s", "none"}, []string{"--limit-rate", "20M"}, "(rule 7)"},
		{"script", "r rc", "http://10.77.2.2/big.bin", []string{"-r", "none", "-s", kill}, []string{"--limit-rate", "20M"}, "(script kill)"},
		{"script at full speed", "r rc", "http://10.77.2.2/big.bin", []string{"-r", "none", "-s", kill}, nil, "(script kill)"},
		{"libnids, IPv6", "r rc", "http://[fd77:2::2]/big.bin", []string{"-r", "none", "-s", libnids}, nil, "(script libnids)"},
		{"of the sensor itself", "c c0", "http://10.77.2.2/big.bin", []string{"-r", "none", "-s", kill, "--set", "decode.checksums=no"}, nil, "(script kill)"},
		{"by the sensor itself, IPv6", "s s0", "http://[fd77:2::2]/big.bin", []string{"-r", "none", "-s", kill, "--set", "decode.checksums=no"}, nil, "(script kill)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l.t = t
			where, iface, _ := strings.Cut(c.on, " ")
			l.cut(where, c.url, c.said, append([]string{"-i", iface, "--respond", "--workers", "2"}, c.args...), c.curl)
		})
	}
}

// TestDownloadIsCutThroughABridge sends resets as frames, where the sensor has no address.
func TestDownloadIsCutThroughABridge(t *testing.T) {
	l := newLab(t, bridged)
	kill := l.write("kill.lua", killScript)
	l.cut("r", "http://10.77.2.2/big.bin", "through br0", []string{"-i", "br0", "--respond", "--set", "respond.interface=br0", "-r", "none", "-s", kill}, nil)
}

// TestDownloadIsLeftAlone: without --respond, and for exempt addresses, nothing is cut.
func TestDownloadIsLeftAlone(t *testing.T) {
	l := newLab(t, routed)
	reject := l.write("reject.rules", `reject http any any -> any any (msg:"no"; http.uri; content:"/small"; sid:7; rev:1;)`)
	for _, c := range []struct {
		name string
		args []string
		said string
	}{
		{"without --respond", nil, "no"},
		{"exempt", []string{"--respond", "--respond-exempt", "10.77.2.0/24"}, "10.77.2.2 is exempt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l.t = t
			w := l.watch("r", append([]string{"-i", "rc", "-r", reject, "-s", "none", "-v"}, c.args...)...)
			got, code, _ := l.download("http://10.77.2.2/small.txt", 5*time.Second)
			if code != 0 || got != 100_000 {
				t.Errorf("curl: exit code %d, %d bytes", code, got)
			}
			w.until(t, c.said)
			if said := w.stop(t); strings.Contains(said, "response: cutting") {
				t.Errorf("luanids said:\n%s", said)
			}
		})
	}
}
