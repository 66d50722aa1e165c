package watch

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// print is what tells one version of a file from another. The zero value is that of a file that is not there.
type print struct {
	mtime, size int64
	mode        fs.FileMode
	sys         identity
}

// root is a folder below which files count.
type root struct {
	path  string
	match func(string) bool
}

// Bounds of a look, against folders that hold half of a disk and links that go round in circles.
const (
	maxFiles   = 100_000
	maxFolders = 4096
	maxLinks   = 40
)

// look gives all watched files as they are. Called with mu held.
func (w *Watcher) look() map[string]print {
	found := make(map[string]print, len(w.known))
	for _, p := range w.paths {
		info, err := os.Stat(p.Name) // follows links
		if err != nil {
			continue
		}
		if !info.IsDir() {
			found[p.Name] = printOf(info)
			continue
		}
		below(p.Name, 0, func(name string, info fs.FileInfo) {
			if len(found) < maxFiles && !info.IsDir() && (p.Match == nil || p.Match(filepath.Base(name))) {
				found[name] = printOf(info)
			}
		})
	}
	return found
}

// below calls f with everything below a folder, links followed; hidden names are left out, which is what editors and
// Kubernetes' own folders have.
func below(dir string, depth int, f func(string, fs.FileInfo)) {
	list, err := os.ReadDir(dir)
	if err != nil || depth > maxLinks {
		return
	}
	for _, d := range list {
		if strings.HasPrefix(d.Name(), ".") {
			continue
		}
		name := filepath.Join(dir, d.Name())
		info, err := os.Stat(name)
		if err != nil {
			continue
		}
		f(name, info)
		if info.IsDir() {
			below(name, depth+1, f)
		}
	}
}

func printOf(info fs.FileInfo) print {
	return print{mtime: info.ModTime().UnixNano(), size: info.Size(), mode: info.Mode(), sys: identityOf(info)}
}

// attend has the system watch the folders in which something can happen to the paths. Called with mu held.
func (w *Watcher) attend() {
	if w.notify == nil {
		return
	}
	want := map[string]bool{}
	w.names, w.roots = map[string]bool{}, w.roots[:0]
	for _, p := range w.paths {
		w.trace(p.Name, want, 0)
		if info, err := os.Stat(p.Name); err == nil && info.IsDir() {
			w.attendFolder(absolute(p.Name), p.Match, want)
			below(p.Name, 0, func(name string, info fs.FileInfo) {
				if len(want) >= maxFolders {
					return
				}
				if info.IsDir() {
					w.attendFolder(absolute(name), p.Match, want)
				} else if p.Match == nil || p.Match(filepath.Base(name)) {
					w.traceLink(name, want)
				}
			})
		}
	}
	for dir := range w.folders {
		if !want[dir] {
			_ = w.notify.Remove(dir) // it may be gone
			delete(w.folders, dir)
		}
	}
	for dir := range want {
		// A folder that was replaced by another of the same name has to be watched anew; to add one that is watched costs nothing.
		if err := w.notify.Add(dir); err != nil {
			if _, gone := os.Stat(dir); gone != nil {
				continue
			}
			w.poll(err)
			return
		}
		w.folders[dir] = true
	}
}

// traceLink has what a link in a folder leads to watched.
func (w *Watcher) traceLink(name string, want map[string]bool) {
	if info, err := os.Lstat(name); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		w.trace(name, want, 0)
	}
}

func (w *Watcher) attendFolder(dir string, match func(string) bool, want map[string]bool) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return
	}
	want[real] = true
	w.roots = append(w.roots, root{real, match})
}

// trace walks along a path, and notes each link on it and the folder in which the file is, or would be.
func (w *Watcher) trace(name string, want map[string]bool, links int) {
	at := string(filepath.Separator)
	parts := strings.Split(strings.Trim(absolute(name), string(filepath.Separator)), string(filepath.Separator))
	for i, part := range parts {
		next := filepath.Join(at, part)
		info, err := os.Lstat(next)
		if err != nil || i == len(parts)-1 { // what is not there may come
			want[at], w.names[next] = true, true
		}
		if err != nil {
			return
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			want[at], w.names[next] = true, true
			to, err := os.Readlink(next)
			if err != nil || links >= maxLinks {
				return
			}
			if !filepath.IsAbs(to) {
				to = filepath.Join(at, to)
			}
			w.trace(filepath.Join(append([]string{to}, parts[i+1:]...)...), want, links+1)
			return
		}
		at = next
	}
}

// absolute makes a path absolute; one that cannot be is left as it is.
func absolute(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}

// concerns tells whether what happened to a name can concern a watched path.
func (w *Watcher) concerns(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.names[name] {
		return true
	}
	dir, base := filepath.Split(name)
	dir = filepath.Clean(dir)
	for _, r := range w.roots {
		if r.path != dir && r.path != name {
			continue
		}
		if r.match == nil || r.match(base) || r.path == name {
			return true
		}
		// A folder, or a link to one, may hold files that count.
		info, err := os.Stat(name)
		if !strings.HasPrefix(base, ".") && (err != nil || info.IsDir()) || strings.HasPrefix(base, "..") {
			return true
		}
	}
	return false
}
