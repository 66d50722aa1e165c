package watch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// rig runs a watcher on paths below a folder of its own.
type rig struct {
	t       *testing.T
	dir     string
	w       *Watcher
	changes chan []string
}

func newRig(t *testing.T, setup func(r *rig), paths ...Path) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), changes: make(chan []string, 100)}
	if setup != nil {
		setup(r)
	}
	for i := range paths {
		paths[i].Name = filepath.Join(r.dir, paths[i].Name)
	}
	r.w = New(Options{Debounce: 20 * time.Millisecond, Warn: t.Logf})
	r.w.Set(paths, time.Time{})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.w.Run(ctx, func(f []string) { r.changes <- f }) }()
	t.Cleanup(func() { stop(); <-done })
	return r
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

func (r *rig) write(name, text string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Dir(r.path(name)), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(r.path(name), []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) rename(from, to string) {
	r.t.Helper()
	if err := os.Rename(r.path(from), r.path(to)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) link(to, name string) {
	r.t.Helper()
	if err := os.Symlink(to, r.path(name)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) remove(name string) {
	r.t.Helper()
	if err := os.RemoveAll(r.path(name)); err != nil {
		r.t.Fatal(err)
	}
}

// want waits for a change that names the file.
func (r *rig) want(name string) {
	r.t.Helper()
	deadline := time.After(5 * time.Second)
	for {
		select {
		case list := <-r.changes:
			for _, f := range list {
				if f == r.path(name) {
					return
				}
			}
		case <-deadline:
			r.t.Fatalf("no change of %s was told", name)
		}
	}
}

// silent checks that nothing is told.
func (r *rig) silent(after string) {
	r.t.Helper()
	select {
	case list := <-r.changes:
		r.t.Fatalf("%s: told a change of %q", after, list)
	case <-time.After(150 * time.Millisecond):
	}
}

func rulesOnly(name string) bool { return strings.HasSuffix(name, ".rules") }

func TestFile(t *testing.T) {
	r := newRig(t, func(r *rig) { r.write("a.rules", "1") }, Path{Name: "a.rules"})
	r.write("a.rules", "22")
	r.want("a.rules")
	r.write("new", "333")
	r.rename("new", "a.rules") // how editors save
	r.want("a.rules")
	r.write("a.rules", "4") // the watch goes on after that
	r.want("a.rules")
	r.remove("a.rules")
	r.want("a.rules")
	r.write("a.rules", "5")
	r.want("a.rules")
	r.rename("a.rules", "a.rules~") // and how others do: a backup first
	r.write("a.rules", "66")
	r.want("a.rules")
	r.silent("all was told")
}

func TestNeighboursDoNotCount(t *testing.T) {
	r := newRig(t, func(r *rig) { r.write("a.rules", "1") }, Path{Name: "a.rules"})
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() { // an output in the same folder, which is written all the time
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				_ = os.WriteFile(r.path("eve.json"), fmt.Append(nil, i), 0o644)
			}
		}
	}()
	r.silent("another file of the folder was written")
	r.write("a.rules", "22")
	r.want("a.rules") // it is not put off by the others
	close(stop)
	<-done
	r.write(".a.rules.swp", "x")
	r.write("4913", "x")
	r.remove("4913")
	r.silent("an editor's files")
}

func TestFolder(t *testing.T) {
	r := newRig(t, func(r *rig) { r.write("rules/a.rules", "1") }, Path{Name: "rules", Match: rulesOnly})
	r.write("rules/b.rules", "1")
	r.want("rules/b.rules")
	r.write("rules/notes.txt", "1")
	r.silent("no rule file")
	r.write("rules/more/c.rules", "1")
	r.want("rules/more/c.rules")
	r.write("rules/more/c.rules", "22")
	r.want("rules/more/c.rules")
	r.remove("rules/b.rules")
	r.want("rules/b.rules")
	r.write("next/a.rules", "333")
	r.rename("rules", "old")
	r.rename("next", "rules")
	r.want("rules/a.rules")
	r.write("rules/a.rules", "4444")
	r.want("rules/a.rules")
}

// TestLinks swaps a folder as Kubernetes does: the files are links to ..data/NAME, and ..data is a link that is replaced.
func TestLinks(t *testing.T) {
	r := newRig(t, func(r *rig) {
		r.write("mount/..v1/a.rules", "one")
		r.link("..v1", "mount/..data")
		r.link("..data/a.rules", "mount/a.rules")
		r.write("elsewhere/c.rules", "1")
		r.link("../elsewhere/c.rules", "mount/c.rules")
	}, Path{Name: "mount/a.rules"}, Path{Name: "mount", Match: rulesOnly})
	swap := func(version, text string) {
		r.write("mount/.."+version+"/a.rules", text)
		r.link(".."+version, "mount/..tmp")
		r.rename("mount/..tmp", "mount/..data")
	}
	swap("v2", "two")
	r.want("mount/a.rules")
	r.remove("mount/..v1")
	r.silent("the old version was removed")
	swap("v3", "six")
	r.want("mount/a.rules")
	r.write("elsewhere/c.rules", "22")
	r.want("mount/c.rules")
}

func TestMissing(t *testing.T) {
	r := newRig(t, nil, Path{Name: "not/there/yet.rules"})
	r.write("not/there/yet.rules", "1")
	r.want("not/there/yet.rules")
	r.write("not/there/yet.rules", "22")
	r.want("not/there/yet.rules")
}

func TestSetTellsWhatChangedWhileReading(t *testing.T) {
	r := newRig(t, func(r *rig) { r.write("a.rules", "1") }, Path{Name: "a.rules"})
	began := time.Now()
	r.write("b.rules", "written while a.rules, which includes it, was read")
	r.w.Set([]Path{{Name: r.path("a.rules")}, {Name: r.path("b.rules")}}, began)
	r.want("b.rules")
	r.w.Set([]Path{{Name: r.path("b.rules")}}, time.Now())
	r.write("a.rules", "22")
	r.silent("a.rules is not watched any more")
}

func TestMark(t *testing.T) {
	r := newRig(t, func(r *rig) { r.write("a.rules", "1") }, Path{Name: "a.rules"})
	r.write("a.rules", "22")
	r.w.Mark() // who marks reads the file by itself
	r.silent("marked as known")
	r.write("a.rules", "333")
	r.want("a.rules")
}

func TestPolling(t *testing.T) {
	r := &rig{t: t, dir: t.TempDir(), changes: make(chan []string, 100)}
	r.write("a.rules", "1")
	var said string
	r.w = New(Options{Debounce: 5 * time.Millisecond, Poll: 20 * time.Millisecond,
		Warn: func(f string, a ...any) { said = fmt.Sprintf(f, a...) }})
	r.w.poll(fmt.Errorf("no space"))
	if !strings.Contains(said, "looked at every 20ms") {
		t.Errorf("warning: %q", said)
	}
	r.w.Set([]Path{{Name: r.path("a.rules")}}, time.Time{})
	go r.w.Run(t.Context(), func(f []string) { r.changes <- f })
	r.write("a.rules", "22")
	r.want("a.rules")
}
