package output

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFilesAreOpenedAgain: a file that could not be opened is, once it can be; one that somebody moves away is made anew.
func TestFilesAreOpenedAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "later")
	path := filepath.Join(dir, "a.json")
	o, err := NewRotating(path, RotateOptions{})
	if err == nil || o == nil {
		t.Fatalf("without a folder: %v, %v", o, err)
	}
	if _, err := o.Write([]byte("lost\n")); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a write without a folder: %v", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(line string) {
		t.Helper()
		o.again.next, o.seen = time.Time{}, time.Time{} // as if a second had passed
		if _, err := o.Write([]byte(line + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	is := func(name, want string) {
		t.Helper()
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	write("one")
	is(path, "one\n")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write("two")
	is(path+".1", "one\n")
	is(path, "two\n")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	o.seen = time.Time{}
	if _, err := o.Write([]byte("lost\n")); err == nil {
		t.Error("a write to a folder that is gone succeeded")
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write("three")
	is(path, "three\n")
	if err := o.Close(); err != nil {
		t.Error(err)
	}
}

// TestRotationThatFails: a file that cannot be put aside goes on, and nothing is lost.
func TestRotationThatFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	var said []string
	o, err := NewRotating(path, RotateOptions{MaxSize: 10, Warn: func(f string, _ ...any) { said = append(said, f) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil { // there is nothing to put aside
		t.Fatal(err)
	}
	o.seen = time.Now()
	for range 5 {
		if _, err := o.Write([]byte("123456789\n")); err != nil {
			t.Fatal(err)
		}
	}
	if len(said) != 1 || !strings.Contains(said[0], "it goes on growing") {
		t.Errorf("said %q", said)
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
}
