// Package watch tells when files or folders have changed, however that was done: written in place, replaced
// by rename, deleted and made again, or swapped by a symbolic link somewhere on their path, as Kubernetes
// does with configuration. It watches folders, since a watch on a file ends with that file, and decides
// by what a look at the files themselves finds, so that neither an editor's temporary files nor other
// files beside them count.
package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Path is something to be watched.
type Path struct {
	// Name is a file or a folder. It need not exist.
	Name string
	// Match says which files count, by their names without folder, at any depth if Name is a folder; nil for all.
	Match func(base string) bool
}

// Options direct a Watcher. Zero fields mean the defaults.
type Options struct {
	// Debounce is how long nothing must have happened before a change is told (200 ms).
	Debounce time.Duration
	// Poll is how often files are looked at where the system cannot tell of changes (2 s).
	Poll time.Duration
	// Warn is told when the system cannot tell of changes; nil drops it.
	Warn func(format string, args ...any)
}

const (
	defaultDebounce = 200 * time.Millisecond
	defaultPoll     = 2 * time.Second
	// tick is how far the times of files lag behind the clock, at most: kernels take them from a coarser one.
	tick = 20 * time.Millisecond
	// patience is how many times Debounce a change may be put off by further ones.
	patience = 10
)

// Watcher watches a set of paths.
type Watcher struct {
	opt     Options
	notify  *fsnotify.Watcher // nil: polling
	mu      sync.Mutex
	paths   []Path
	known   map[string]print // files as they were when they were last told
	folders map[string]bool  // that the system watches
	names   map[string]bool  // whose events count: the parts of paths and links
	roots   []root           // folders below which events count
	again   bool             // something may have changed in the meantime: look soon
	wake    chan struct{}    // again was set
}

// New makes a watcher of nothing; see Set and Run. Where the system cannot tell of changes, it looks
// every few seconds.
func New(opt Options) *Watcher {
	if opt.Debounce <= 0 {
		opt.Debounce = defaultDebounce
	}
	if opt.Poll <= 0 {
		opt.Poll = defaultPoll
	}
	if opt.Warn == nil {
		opt.Warn = func(string, ...any) {}
	}
	w := &Watcher{opt: opt, known: map[string]print{}, folders: map[string]bool{}, wake: make(chan struct{}, 1)}
	n, err := fsnotify.NewWatcher()
	if err != nil {
		w.poll(err)
		return w
	}
	w.notify = n
	return w
}

// poll gives up on the system's events.
func (w *Watcher) poll(err error) {
	hint := ""
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE) {
		hint = " (sysctl fs.inotify.max_user_watches and max_user_instances bound it)"
	}
	w.opt.Warn("files cannot be watched: %v%s; they are looked at every %v instead", err, hint, w.opt.Poll)
	if w.notify != nil {
		w.notify.Close()
		w.notify = nil
	}
}

// Set says what is to be watched from now on, in place of what was before. since is when reading of the files began, by Now:
// those that are new here and were written after it are told as changed, as nobody knows which of the
// two versions was read.
func (w *Watcher) Set(paths []Path, since time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.paths = slices.Clone(paths)
	now := w.look()
	for name, p := range now {
		if old, ok := w.known[name]; ok {
			now[name] = old
		} else if !since.IsZero() && p.mtime >= since.UnixNano() {
			now[name] = print{}
			w.soon()
		}
	}
	w.known = now
	w.attend()
}

// SetDebounce changes how long nothing must have happened before a change is told, 0 for the default.
func (w *Watcher) SetDebounce(d time.Duration) {
	if d <= 0 {
		d = defaultDebounce
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opt.Debounce = d
}

func (w *Watcher) debounce() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.opt.Debounce
}

// Mark takes the files as they are now as known: who calls it reads them next. What happens to them from
// here on is told.
func (w *Watcher) Mark() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known = w.look()
	w.attend()
}

// soon asks Run for a look.
func (w *Watcher) soon() {
	w.again = true
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// changed gives the files that are not as they were, and takes them as known.
func (w *Watcher) changed() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.again = false
	now := w.look()
	var list []string
	for name, p := range now {
		if old, ok := w.known[name]; !ok || old != p {
			list = append(list, name)
		}
	}
	for name := range w.known {
		if _, ok := now[name]; !ok {
			list = append(list, name)
		}
	}
	w.known = now
	w.attend() // folders come and go
	slices.Sort(list)
	return list
}

// Run calls changed with the names of files that were changed, made or removed, once they rest, until ctx is
// done. While changed runs, further changes wait.
func (w *Watcher) Run(ctx context.Context, changed func(files []string)) {
	var events <-chan fsnotify.Event
	var errs <-chan error
	if w.notify != nil {
		events, errs = w.notify.Events, w.notify.Errors
		defer w.notify.Close()
	}
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	defer quiet.Stop()
	poll := time.NewTicker(w.opt.Poll)
	defer poll.Stop()
	var first time.Time // of the changes that are put off; zero: none
	touch := func() {
		if now := time.Now(); first.IsZero() {
			first = now
		} else if now.Sub(first) > patience*w.debounce() {
			return // the timer runs
		}
		quiet.Reset(w.debounce())
	}
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-events:
			if !ok {
				events = nil
			} else if w.concerns(e.Name) {
				touch()
			}
		case err, ok := <-errs:
			if !ok {
				errs = nil
			} else if err != nil { // events were lost: look at everything
				touch()
			}
		case <-w.wake:
			touch()
		case <-poll.C:
			w.mu.Lock()
			polling := w.notify == nil
			w.mu.Unlock()
			if polling {
				events, errs = nil, nil
				touch()
			}
		case <-quiet.C:
			first = time.Time{}
			if list := w.changed(); len(list) > 0 {
				changed(list)
			}
		}
	}
}

// String tells what is watched, for people: 12 files in 3 folders.
func (w *Watcher) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return fmt.Sprintf("%d files in %d folders", len(w.known), len(w.folders))
}
