package privileges

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A process cannot take back what it dropped, so the tests run this binary again as a child.
const childEnv = "LUANIDS_PRIVILEGES_CHILD"

func TestMain(m *testing.M) {
	if job := os.Getenv(childEnv); job != "" {
		child(job)
		return
	}
	os.Exit(m.Run())
}

// job is what the child does: it drops, and then tries things.
type job struct {
	Options
	Readable, Writable, Creatable []string
}

// told is what the child says: its report, the state of every thread, and what came of each try.
type told struct {
	Report  *Report
	Err     string
	Threads []map[string]string
	Tries   map[string]string
}

func child(text string) {
	var j job
	var out told
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		panic(err)
	}
	// Threads of all kinds before the drop: blocked in system calls, and locked to goroutines.
	stop := make(chan struct{})
	for range 6 {
		go func() {
			runtime.LockOSThread()
			<-stop
		}()
	}
	time.Sleep(20 * time.Millisecond)
	r, err := Drop(j.Options)
	out.Report = r
	if err != nil {
		out.Err = err.Error()
	}
	for range 3 { // and after it
		go func() {
			runtime.LockOSThread()
			<-stop
		}()
	}
	time.Sleep(20 * time.Millisecond)
	out.Threads = threads()
	out.Tries = map[string]string{}
	try := func(what string, err error) {
		out.Tries[what] = "ok"
		if err != nil {
			out.Tries[what] = err.Error()
			if errors.Is(err, fs.ErrPermission) {
				out.Tries[what] = "denied"
			}
		}
	}
	for _, p := range j.Readable {
		_, err := os.ReadFile(p)
		try("read "+p, err)
	}
	for _, p := range j.Writable {
		f, err := os.OpenFile(p, os.O_WRONLY|os.O_APPEND, 0)
		try("write "+p, err)
		f.Close()
	}
	for _, p := range j.Creatable {
		try("create "+p, os.WriteFile(p, []byte("x"), 0o644))
		try("rename "+p, os.Rename(p, p+".1"))
		if err := os.Mkdir(p+".folder", 0o755); err == nil {
			try("move "+p, errors.Join(os.Rename(p+".1", p+".folder/x"), os.Rename(p+".folder/x", p+".1")))
		}
		try("remove "+p, os.Remove(p+".1"))
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	try("raw socket", err)
	unix.Close(fd)
	try("root again", unix.Setuid(0))
	json.NewEncoder(os.Stdout).Encode(out)
}

func threads() (list []map[string]string) {
	dirs, _ := filepath.Glob("/proc/self/task/*/status")
	for _, d := range dirs {
		b, err := os.ReadFile(d)
		if err != nil {
			panic(err)
		}
		m := map[string]string{}
		for line := range strings.Lines(string(b)) {
			k, v, _ := strings.Cut(line, ":")
			m[k] = strings.Join(strings.Fields(v), " ")
		}
		list = append(list, m)
	}
	return list
}

// spawn runs the child, as uid where that is not 0, from binary.
func spawn(t *testing.T, binary string, uid uint32, j job) told {
	t.Helper()
	text, _ := json.Marshal(j)
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	if uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid, NoSetGroups: false}}
	}
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("child: %v", err)
	}
	var out told
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return out
}

func needRoot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: run the tests with sudo")
	}
}

// scene is a folder that everybody may enter, with folders for rules, outputs and secrets.
func scene(t *testing.T) string {
	dir, err := os.MkdirTemp("", "luanids-privileges-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, d := range []string{"", "rules", "out", "other"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, d), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"rules/a.nids", "rules/b.nids", "out/eve.json", "other/secret"} {
		if err := os.WriteFile(filepath.Join(dir, f), []byte(f), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const noCaps = "0000000000000000"

func checkThreads(t *testing.T, out told, uid string, bounded bool) {
	t.Helper()
	if len(out.Threads) < 8 {
		t.Errorf("%d threads, too few for the test to mean anything", len(out.Threads))
	}
	for i, th := range out.Threads {
		for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapAmb"} {
			if th[set] != noCaps {
				t.Errorf("thread %d: %s is %s", i, set, th[set])
			}
		}
		if bounded && th["CapBnd"] != noCaps {
			t.Errorf("thread %d: CapBnd is %s", i, th["CapBnd"])
		}
		if want := strings.Repeat(uid+" ", 3) + uid; th["Uid"] != want {
			t.Errorf("thread %d: Uid is %s, not %s", i, th["Uid"], want)
		}
		if th["NoNewPrivs"] != "1" {
			t.Errorf("thread %d: NoNewPrivs is %s", i, th["NoNewPrivs"])
		}
	}
}

func TestDropOfRoot(t *testing.T) {
	needRoot(t)
	dir := scene(t)
	in := func(p string) string { return filepath.Join(dir, p) }
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Skip(err)
	}
	out := spawn(t, "/proc/self/exe", 0, job{
		Options:  Options{User: "nobody", Read: []string{in("rules/a.nids")}, Outputs: []string{in("out/eve.json")}},
		Readable: []string{in("rules/a.nids"), in("rules/b.nids"), in("other/secret"), "/etc/localtime", "/proc/self/stat"},
		Writable: []string{in("out/eve.json"), in("rules/a.nids"), in("other/secret")}, Creatable: []string{in("out/new"), in("other/new"), in("rules/new")},
	})
	if out.Err != "" {
		t.Fatal(out.Err)
	}
	checkThreads(t, out, nobody.Uid, true)
	for _, th := range out.Threads {
		if th["Groups"] != nobody.Gid {
			t.Errorf("groups %q, not only %s", th["Groups"], nobody.Gid)
		}
	}
	want := map[string]string{"read rules/a.nids": "ok", "read rules/b.nids": "ok", "write out/eve.json": "ok",
		"create out/new": "ok", "rename out/new": "ok", "remove out/new": "ok"}
	if out.Report.Landlock >= 2 {
		want["move out/new"] = "ok"
	}
	if out.Report.Landlock > 0 {
		for _, no := range []string{"read other/secret", "write other/secret", "write rules/a.nids", "create other/new", "create rules/new"} {
			want[no] = "denied"
		}
	} else if len(out.Report.Warnings) == 0 {
		t.Error("no Landlock, and no warning")
	}
	checkTries(t, out, dir, want)
	if out.Tries["raw socket"] == "ok" || out.Tries["root again"] == "ok" {
		t.Errorf("privileges are left: %v", out.Tries)
	}
	if out.Tries["read /proc/self/stat"] != "ok" {
		t.Errorf("/proc/self: %v", out.Tries)
	}
}

func checkTries(t *testing.T, out told, dir string, want map[string]string) {
	t.Helper()
	for what, result := range want {
		verb, path, _ := strings.Cut(what, " ")
		if got := out.Tries[verb+" "+filepath.Join(dir, path)]; got != result {
			t.Errorf("%s: %s, not %s", what, got, result)
		}
	}
}

func TestDropStaysRoot(t *testing.T) {
	needRoot(t)
	out := spawn(t, "/proc/self/exe", 0, job{Options: Options{User: Keep, NoLandlock: true}})
	if out.Err != "" {
		t.Fatal(out.Err)
	}
	checkThreads(t, out, "0", true)
	if out.Tries["raw socket"] == "ok" {
		t.Error("root without capabilities opened a raw socket")
	}
}

func TestDropKeepsWhatIsAsked(t *testing.T) {
	needRoot(t)
	out := spawn(t, "/proc/self/exe", 0, job{Options: Options{User: "nobody", KeepCaps: []string{"cap_net_raw"}, NoLandlock: true}})
	if out.Err != "" {
		t.Fatal(out.Err)
	}
	want := fmt.Sprintf("%016x", 1<<unix.CAP_NET_RAW)
	for i, th := range out.Threads {
		if th["CapEff"] != want || th["CapPrm"] != want || th["CapInh"] != noCaps || th["CapBnd"] != want {
			t.Errorf("thread %d: effective %s permitted %s inheritable %s bounding %s", i, th["CapEff"], th["CapPrm"], th["CapInh"], th["CapBnd"])
		}
	}
	if out.Tries["raw socket"] != "ok" {
		t.Errorf("raw socket: %s", out.Tries["raw socket"])
	}
}

// TestDropOfFileCapabilities runs a binary that is allowed to capture by setcap, by a user who is not root.
func TestDropOfFileCapabilities(t *testing.T) {
	needRoot(t)
	setcap, err := exec.LookPath("setcap")
	if err != nil {
		t.Skip("needs setcap (libcap2-bin)")
	}
	dir := scene(t)
	bin := filepath.Join(dir, "luanids.test")
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bin, self, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(setcap, "cap_net_raw,cap_net_admin+ep", bin).CombinedOutput(); err != nil {
		t.Skipf("setcap: %v: %s", err, out)
	}
	out := spawn(t, bin, 65534, job{Options: Options{Read: []string{filepath.Join(dir, "rules")}},
		Readable: []string{filepath.Join(dir, "rules/b.nids"), filepath.Join(dir, "other/secret")}})
	if out.Err != "" {
		t.Fatal(out.Err)
	}
	checkThreads(t, out, "65534", false)
	if out.Tries["raw socket"] == "ok" {
		t.Error("the file's capabilities are still there")
	}
	want := map[string]string{"read rules/b.nids": "ok"}
	if out.Report.Landlock > 0 {
		want["read other/secret"] = "denied"
	}
	checkTries(t, out, dir, want)
}

func TestDropWarnsOfFilesThatCannotBeReloaded(t *testing.T) {
	needRoot(t)
	dir := scene(t)
	secret := filepath.Join(dir, "rules", "mine.nids")
	if err := os.WriteFile(secret, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out := spawn(t, "/proc/self/exe", 0, job{Options: Options{User: "nobody", Read: []string{filepath.Join(dir, "rules/a.nids"), secret, secret}}})
	if want := "nobody may not read " + secret + ": a reload will fail"; len(out.Report.Warnings) == 0 || !strings.Contains(out.Report.Warnings[0], want) {
		t.Errorf("warnings: %q", out.Report.Warnings)
	}
}

// TestDropGivesFolders: an empty folder that was made for files to come is the user's.
func TestDropGivesFolders(t *testing.T) {
	needRoot(t)
	dir := filepath.Join(scene(t), "captures")
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	out := spawn(t, "/proc/self/exe", 0, job{Options: Options{User: "nobody", Made: []string{dir}, Write: []string{dir}}})
	if out.Err != "" || len(out.Report.Warnings) > 0 {
		t.Fatalf("%s, warnings: %q", out.Err, out.Report.Warnings)
	}
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil || int(st.Uid) != out.Report.UID {
		t.Errorf("the folder belongs to %d, %v", st.Uid, err)
	}
}

func TestDropWarnsOfFolders(t *testing.T) {
	needRoot(t)
	dir := scene(t)
	closed := filepath.Join(dir, "closed")
	if err := os.Mkdir(closed, 0o755); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(closed, "alerts.json")
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out := spawn(t, "/proc/self/exe", 0, job{Options: Options{User: "nobody", Outputs: []string{log}, Write: []string{closed}}, Writable: []string{log}})
	if out.Err != "" {
		t.Fatal(out.Err)
	}
	if len(out.Report.Warnings) == 0 || !strings.Contains(out.Report.Warnings[0], "nobody may not make files in "+closed) {
		t.Errorf("warnings: %q", out.Report.Warnings)
	}
	if got := out.Tries["write "+log]; got != "ok" {
		t.Errorf("the log was not given to nobody: %s", got)
	}
}
