package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
)

// RotateOptions say when a Rotating file is put aside. The zero value never does.
type RotateOptions struct {
	// MaxSize is the size in bytes past which a new file is begun, 0 for no limit.
	MaxSize int64
	// Every begins a new file at multiples of this time of the clock (UTC), 0 for never.
	Every time.Duration
	// Keep is how many files that were put aside stay, 0 for all.
	Keep int
	// Compress packs files that were put aside with gzip.
	Compress bool
	// Append goes on with a file that is there; otherwise it is begun anew.
	Append bool
	// Warn gets what goes wrong with files that were put aside. May be nil.
	Warn func(format string, args ...any)

	now func() time.Time // for tests
}

// Rotating is a file of lines that is put aside by size and time: alerts.json becomes
// alerts-20261121T200000Z.json, or with Compress alerts-20261121T200000Z.json.gz, and a new alerts.json is
// begun. A line is never divided between files. It is not for use by several goroutines.
type Rotating struct {
	path  string
	opt   RotateOptions
	f     *os.File
	plain bool // a regular file: what is not (a pipe, /dev/stdout) cannot be put aside
	size  int64
	until time.Time                     // the end of this file's period, zero without one
	next  atomic.Pointer[RotateOptions] // to be taken by the next write, nil for none
	again retry                         // of opening
	held  time.Time                     // until then it is not put aside, because that failed
	begun bool                          // it was opened before: what is there is ours
	seen  time.Time                     // when it was looked whether the file is still there
	jobs  sync.WaitGroup
	tidy  sync.Mutex // one job at a time
}

// NewRotating opens the file. With an error the file is of use all the same: each Write tries to open it, and fails until
// that succeeds.
func NewRotating(path string, opt RotateOptions) (*Rotating, error) {
	if opt.now == nil {
		opt.now = time.Now
	}
	if opt.Warn == nil {
		opt.Warn = func(string, ...any) {}
	}
	o := &Rotating{path: path, opt: opt}
	err := o.again.do(o.first)
	if opt.Compress && err == nil {
		o.later("") // what a killed process left behind
	}
	return o, err
}

// Configure changes when the file is put aside, from the next write on. It may be called from any goroutine.
func (o *Rotating) Configure(opt RotateOptions) { o.next.Store(&opt) }

func (o *Rotating) configured() {
	n := o.next.Swap(nil)
	if n == nil {
		return
	}
	every := o.opt.Every
	o.opt.MaxSize, o.opt.Every, o.opt.Keep, o.opt.Compress = n.MaxSize, n.Every, n.Keep, n.Compress
	if every != n.Every {
		o.until = time.Time{}
		if n.Every > 0 {
			o.until = o.opt.now().UTC().Truncate(n.Every).Add(n.Every)
		}
	}
}

// first opens the file as the options say, and later goes on with what is there.
func (o *Rotating) first() error {
	err := o.open(!o.begun && !o.opt.Append)
	o.begun = o.begun || err == nil
	return err
}

// lookEvery is how often it is looked whether the file is still where it was opened.
const lookEvery = time.Second

// look gives the file up when somebody has moved or removed it, so that a new one is made: what is written to a file without
// a name is lost.
func (o *Rotating) look() {
	now := time.Now()
	if o.f == nil || !o.plain || now.Sub(o.seen) < lookEvery {
		return
	}
	o.seen = now
	mine, err := o.f.Stat()
	if err != nil {
		return
	}
	there, err := os.Stat(o.path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return // a folder that may not be entered since privileges are gone: the file that is open is all there is
	}
	if err == nil && os.SameFile(mine, there) {
		return
	}
	if !Unlinked(mine) { // moved: it is left only for a new one
		f, err := os.OpenFile(o.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
		if err != nil {
			return
		}
		f.Close()
	}
	o.f.Close()
	o.f = nil
}

func (o *Rotating) open(anew bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if anew {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(o.path, flags, 0o640)
	if err != nil {
		return err
	}
	begun := o.opt.now()
	o.size, o.plain = 0, false
	if st, err := f.Stat(); err == nil && st.Mode().IsRegular() {
		o.plain = true
		if st.Size() > 0 {
			o.size, begun = st.Size(), st.ModTime()
		}
	}
	o.f, o.until = f, time.Time{}
	if o.opt.Every > 0 {
		o.until = begun.UTC().Truncate(o.opt.Every).Add(o.opt.Every)
	}
	return nil
}

// Write writes whole lines. The file never ends within a line, also when a write fails.
func (o *Rotating) Write(b []byte) (int, error) {
	written := 0
	o.configured()
	o.look()
	for len(b) > 0 {
		part := o.part(b)
		if o.due(len(part)) {
			o.rotate()
			part = o.part(b)
		}
		if err := o.write(part); err != nil {
			return written, err
		}
		written += len(part)
		b = b[len(part):]
	}
	return written, nil
}

// part gives the lines of b that the file has room for, at least one.
func (o *Rotating) part(b []byte) []byte {
	room := o.opt.MaxSize - o.size
	if o.opt.MaxSize <= 0 || !o.plain || int64(len(b)) <= room {
		return b
	}
	if n := bytes.LastIndexByte(b[:max(room, 0)], '\n'); n >= 0 {
		return b[:n+1]
	}
	if n := bytes.IndexByte(b, '\n'); n >= 0 {
		return b[:n+1]
	}
	return b
}

func (o *Rotating) write(b []byte) error {
	if o.f == nil { // it could not be opened, is gone, or a rotation failed half-way
		if err := o.again.do(o.first); err != nil {
			return err
		}
	}
	n, err := o.f.Write(b)
	if err != nil {
		if n > 0 && o.f.Truncate(o.size) != nil {
			o.size += int64(n)
		}
		return err
	}
	o.size += int64(n)
	return nil
}

func (o *Rotating) due(n int) bool {
	if !o.plain || !o.held.IsZero() && time.Now().Before(o.held) {
		return false
	}
	if o.f == nil || o.size == 0 {
		if o.f != nil && !o.until.IsZero() && !o.opt.now().Before(o.until) {
			o.until = o.opt.now().UTC().Truncate(o.opt.Every).Add(o.opt.Every) // nothing to put aside
		}
		return false
	}
	return o.opt.MaxSize > 0 && o.size+int64(n) > o.opt.MaxSize ||
		!o.until.IsZero() && !o.opt.now().Before(o.until)
}

// rotate puts the file aside; the next write makes another. Where that cannot be done the file goes on, and it is tried again
// later: no line is lost for it.
func (o *Rotating) rotate() {
	old := o.aside()
	if err := os.Rename(o.path, old); err != nil {
		o.held = time.Now().Add(sayAgain)
		o.opt.Warn("%s: cannot put the full file aside: %v; it goes on growing", o.path, err)
		return
	}
	if err := o.f.Close(); err != nil {
		o.opt.Warn("%s: %v", old, err)
	}
	o.f, o.size = nil, 0
	o.later(old)
}

const stampLayout = "20060102T150405Z"

// parts gives the path without and with its extension: what is put between them tells files apart.
func (o *Rotating) parts() (stem, ext string) {
	ext = filepath.Ext(o.path)
	return strings.TrimSuffix(o.path, ext), ext
}

// aside finds a name for the file that is put aside now.
func (o *Rotating) aside() string {
	stem, ext := o.parts()
	stamp := o.opt.now().UTC().Format(stampLayout)
	for n := 0; ; n++ {
		name := fmt.Sprintf("%s-%s.%03d%s", stem, stamp, n, ext)
		if !exists(name) && !exists(name+".gz") {
			return name
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// old lists the files that were put aside, oldest first.
func (o *Rotating) old() []string {
	stem, ext := o.parts()
	dir, base := filepath.Dir(stem), filepath.Base(stem)
	entries, _ := os.ReadDir(dir)
	var list []string
	for _, e := range entries {
		mid, ok := strings.CutPrefix(e.Name(), base+"-")
		if !ok {
			continue
		}
		mid, ok = strings.CutSuffix(strings.TrimSuffix(mid, ".gz"), ext)
		if ok && len(mid) >= len(stampLayout)+4 && mid[len(stampLayout)] == '.' {
			if _, err := time.Parse(stampLayout, mid[:len(stampLayout)]); err == nil {
				list = append(list, filepath.Join(dir, e.Name()))
			}
		}
	}
	slices.Sort(list)
	return list
}

// later compresses and removes what was put aside, beside the writing. With no path it looks
// for what was left.
func (o *Rotating) later(path string) {
	if !o.opt.Compress && o.opt.Keep <= 0 {
		return
	}
	var left []string
	if path != "" {
		left = []string{path}
	} else {
		for _, p := range o.old() {
			if !strings.HasSuffix(p, ".gz") {
				left = append(left, p)
			}
		}
	}
	o.jobs.Go(func() {
		o.tidy.Lock()
		defer o.tidy.Unlock()
		for _, p := range left {
			if !o.opt.Compress {
				break
			}
			if err := compress(p); err != nil && !os.IsNotExist(err) {
				o.opt.Warn("%s: cannot compress: %v", p, err)
			}
		}
		o.prune()
	})
}

// prune removes the oldest files beyond those to keep.
func (o *Rotating) prune() {
	if o.opt.Keep <= 0 {
		return
	}
	list := o.old()
	for _, p := range list[:max(0, len(list)-o.opt.Keep)] {
		if err := os.Remove(p); err != nil && !os.IsNotExist(err) {
			o.opt.Warn("%s: cannot remove: %v", p, err)
		}
	}
}

// compress replaces a file by its gzip form, so that at any moment one of the two is whole.
func compress(path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	tmp := path + ".gz.tmp"
	out, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(out)
	_, err = io.Copy(z, in)
	for _, step := range []func() error{z.Close, out.Sync, out.Close} {
		if e := step(); err == nil {
			err = e
		}
	}
	if err == nil {
		err = os.Rename(tmp, path+".gz")
	}
	if err != nil {
		os.Remove(tmp)
		return err
	}
	return os.Remove(path)
}

// Close closes the file, after what was put aside has been compressed.
func (o *Rotating) Close() error {
	o.jobs.Wait()
	if o.f == nil {
		return nil
	}
	err := o.f.Close()
	o.f = nil
	return err
}
