package main

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// eventually waits for a condition.
func eventually(t *testing.T, what string, w *watcher, cond func() bool) {
	t.Helper()
	for range 2000 {
		if cond() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("not so: %s; luanids:\n%s", what, w.text())
}

// request asks the web server for a path, from the client.
func (l *lab) request(path string) {
	l.t.Helper()
	if out, err := l.in("c", "curl", "-s", "-m", "5", "-o", "/dev/null", "http://10.77.2.2"+path).CombinedOutput(); err != nil {
		l.t.Fatalf("curl %s: %v: %s", path, err, out)
	}
}

// metric fetches a figure of the luanids on the router.
func (l *lab) metric(name string) string {
	out, err := l.in("r", "curl", "-s", "-m", "5", "http://127.0.0.1:9477/metrics").Output()
	if err != nil {
		return err.Error()
	}
	for line := range strings.Lines(string(out)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// TestLifeWithoutPrivileges is a service's life after it has given up what it was: every thread without capabilities and
// of another user, reload of a file that was replaced, rotation, an interface that goes and comes back, figures.
func TestLifeWithoutPrivileges(t *testing.T) {
	l := newLab(t, routed)
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Skip(err)
	}
	out := filepath.Join(l.dir, "out")
	if err := os.Mkdir(out, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(out, 0o777); err != nil {
		t.Fatal(err)
	}
	rule := func(id, path string) string {
		return fmt.Sprintf("rule %s \"asked for %s\" {\n  when http.uri ~ /%s/\n  severity high\n}\n", id, path, path)
	}
	rules := l.write("mine.nids", rule("ONE-1", "first"))
	json := filepath.Join(out, "alerts.json")
	w := l.watch("r", "-i", "rc", "-r", rules, "-s", "none", "--user", "nobody", "--json", json, "--metrics", "127.0.0.1:9477",
		"--set", "outputs.json.rotate_size=2kb", "--set", "alert_manager.dedup.window=0s", "--set", "reload.watch=no")

	statuses, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", w.cmd.Process.Pid))
	if len(statuses) < 4 {
		t.Fatalf("%d threads", len(statuses))
	}
	for _, s := range statuses {
		b, err := os.ReadFile(s)
		if err != nil {
			continue // the thread has ended
		}
		for _, want := range []string{"CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
			"CapBnd:\t0000000000000000", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1", "Uid:\t" + nobody.Uid + "\t"} {
			if !strings.Contains(string(b), want) {
				t.Errorf("%s lacks %q", s, want)
			}
		}
	}

	l.request("/small.txt?first")
	w.until(t, "ONE-1")
	eventually(t, "the alert is counted", w, func() bool { return l.metric(`luanids_alerts_total{severity="high"}`) == "1" })

	// An editor that writes a new file and renames it.
	if err := os.Rename(l.write("mine.nids.new", rule("TWO-2", "second")), rules); err != nil {
		t.Fatal(err)
	}
	_ = w.cmd.Process.Signal(unix.SIGHUP)
	eventually(t, "a reload", w, func() bool { return l.metric(`luanids_reloads_total{result="success"}`) == "1" })
	l.request("/small.txt?second")
	w.until(t, "TWO-2")

	// The interface goes, and comes back as another of the same name.
	if out, err := l.sh(`ip -n %[1]sr link del rc
sleep 0.3
ip link add c0 netns %[1]sc type veth peer name rc netns %[1]sr
ip -n %[1]sc addr add 10.77.1.2/24 dev c0; ip -n %[1]sc link set c0 up
ip -n %[1]sr addr add 10.77.1.1/24 dev rc; ip -n %[1]sr link set rc up
ip -n %[1]sc route add default via 10.77.1.1`, l.prefix); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	eventually(t, "the interface is taken up again", w, func() bool { return l.metric(`luanids_interface_up{interface="rc"}`) == "1" })

	for i := range 20 {
		l.request(fmt.Sprintf("/small.txt?second=%d", i))
	}
	eventually(t, "files that were put aside", w, func() bool {
		aside, _ := filepath.Glob(filepath.Join(out, "alerts-*.json"))
		return len(aside) > 0
	})
	if strings.Contains(w.text(), "may not") {
		t.Errorf("warnings of the start:\n%s", w.text())
	}
	begin := time.Now()
	if text := w.stop(t); !strings.Contains(text, "alerts: ") || strings.Contains(text, "could not write") {
		t.Errorf("the end:\n%s", text)
	}
	if took := time.Since(begin); took > 3*time.Second { // a second, on a machine that has nothing else to do
		t.Errorf("SIGTERM took %v", took)
	}
}
