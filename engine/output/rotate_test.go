package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/luanids/luanids/engine/alert"
)

// clock is a time that a test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(e.Name(), ".gz") {
			z, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				t.Fatalf("%s: %v", e.Name(), err)
			}
			if b, err = io.ReadAll(z); err != nil {
				t.Fatalf("%s: %v", e.Name(), err)
			}
		}
		got[e.Name()] = string(b)
	}
	return got
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func write(t *testing.T, o *Rotating, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if _, err := o.Write([]byte(l + "\n")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRotateBySize(t *testing.T) {
	dir := t.TempDir()
	c := &clock{time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)}
	o, err := NewRotating(filepath.Join(dir, "alerts.json"), RotateOptions{MaxSize: 12, Compress: true, now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	write(t, o, "aaaaa", "bbbbb\nccccc", "a line that is longer than a file may be\nddddd")
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	same(t, files(t, dir), map[string]string{
		"alerts-20261121T200000Z.000.json.gz": "aaaaa\nbbbbb\n",
		"alerts-20261121T200000Z.001.json.gz": "ccccc\n",
		"alerts-20261121T200000Z.002.json.gz": "a line that is longer than a file may be\n",
		"alerts.json":                         "ddddd\n",
	})
}

func TestRotateByTimeAndKeep(t *testing.T) {
	dir := t.TempDir()
	c := &clock{time.Date(2026, 11, 21, 20, 59, 0, 0, time.UTC)}
	other := filepath.Join(dir, "alerts-notes.json")
	if err := os.WriteFile(other, []byte("not ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := NewRotating(filepath.Join(dir, "alerts.json"), RotateOptions{Every: time.Hour, Keep: 2, now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		write(t, o, fmt.Sprint("hour ", i))
		c.at = c.at.Add(time.Hour)
	}
	write(t, o, "last", "of all")
	c.at = c.at.Add(48 * time.Hour)
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	same(t, files(t, dir), map[string]string{
		"alerts-20261122T005900Z.000.json": "hour 3\n",
		"alerts-20261122T015900Z.000.json": "hour 4\n",
		"alerts.json":                      "last\nof all\n",
		"alerts-notes.json":                "not ours",
	})
}

func TestRestart(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	c := &clock{time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)}
	old := filepath.Join(dir, "a-20261120T000000Z.000.json") // what a killed process left behind
	for p, text := range map[string]string{path: "before\n", old: "left\n"} {
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, c.at, c.at); err != nil {
			t.Fatal(err)
		}
	}
	o, err := NewRotating(path, RotateOptions{Every: time.Hour, Append: true, Compress: true, now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	write(t, o, "after")
	c.at = c.at.Add(time.Hour)
	write(t, o, "next hour")
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	same(t, files(t, dir), map[string]string{
		"a-20261120T000000Z.000.json.gz": "left\n", "a-20261121T210000Z.000.json.gz": "before\nafter\n", "a.json": "next hour\n"})
	o, err = NewRotating(path, RotateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	write(t, o, "anew")
	_ = o.Close()
	if got := files(t, dir)["a.json"]; got != "anew\n" {
		t.Errorf("without Append the file holds %q", got)
	}
}

// TestFullDisk writes into a file whose size is limited, as a full disk limits it: a batch that does
// not fit leaves no part of a line behind, and smaller ones still go in.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	o, err := NewRotating(path, RotateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: old.Max}); err != nil {
		t.Skip("no limit on file sizes here:", err)
	}
	defer func() { _ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old) }()
	j := NewJSON("json", o)
	fits := []alert.Alert{{ID: "1", Message: "small"}}
	if err := j.Alerts(fits); err != nil {
		t.Fatal(err)
	}
	err = j.Alerts([]alert.Alert{{ID: "2"}, {ID: "3", Message: strings.Repeat("x", 5000)}})
	if err == nil {
		t.Fatal("5000 bytes went into a file of at most 4096")
	}
	if !errors.Is(err, syscall.EFBIG) {
		t.Errorf("error %v", err)
	}
	if err := j.Alerts(fits); err != nil {
		t.Errorf("after a failure: %v", err)
	}
	_ = o.Close()
	b, _ := os.ReadFile(path)
	if lines := bytes.Split(bytes.TrimSpace(b), []byte("\n")); len(lines) != 2 || !bytes.Equal(lines[0], lines[1]) {
		t.Errorf("the file holds %q", b)
	}
}

func TestFileRecovers(t *testing.T) {
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	o := NewFile(f)
	if _, err := o.Write([]byte("line\n")); err != nil {
		t.Fatal(err)
	}
	if err := o.Flush(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full device: %v", err)
	}
	o.f, err = os.Create(filepath.Join(t.TempDir(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Write([]byte("line\n")); err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil {
		t.Errorf("after the failure: %v", err)
	}
}

func TestRotatingNeedsAFolder(t *testing.T) {
	if _, err := NewRotating(filepath.Join(t.TempDir(), "no", "a.json"), RotateOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

// A folder that the process may not enter any more (privileges were given up) does not end a file that is open.
func TestFileStaysWhereItsFolderIsClosed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "eve.json")
	o, err := NewRotating(path, RotateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Write([]byte("one\n")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 { // this thread becomes somebody else, and ends with the test
		runtime.LockOSThread()
		if _, _, e := syscall.RawSyscall(syscall.SYS_SETRESUID, ^uintptr(0), 65534, ^uintptr(0)); e != 0 {
			t.Fatal(e)
		}
	}
	o.seen = time.Time{} // look at once
	_, err = o.Write([]byte("two\n"))
	if os.Getuid() == 0 {
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETRESUID, ^uintptr(0), 0, ^uintptr(0))
	}
	if e := os.Chmod(dir, 0o700); e != nil {
		t.Fatal(e)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "one\ntwo\n" {
		t.Errorf("%q", got)
	}
}
