package capture

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
)

// Options say how Open reads.
type Options struct {
	// Filter is a BPF expression as tcpdump takes it (pcap-filter(7)); "" passes everything.
	Filter string
	// Stdin is what the path "-" reads; nil means os.Stdin.
	Stdin io.Reader
	// Loop repeats the whole input this many times, with later times at each repetition, as if
	// the same traffic went on; 0 and 1 read once. Stdin and pipes cannot be repeated.
	Loop int
	// Warn is told of what was passed over: files of a folder that are no captures, records
	// that cannot be used. It is called from Open and ReadBatch; nil ignores warnings.
	Warn func(string)
}

// maxFolderWarnings bounds the warnings about one folder's files; the rest is summed up in one.
const maxFolderWarnings = 5

// stdinName is how errors name the input "-".
const stdinName = "stdin"

// entry is one input file.
type entry struct {
	path   string // "-" for stdin
	label  string // name, which packets point to
	order  int    // in which the files were named
	folder int    // 1-based number of the folder that it was found in, 0 for a named file
	size   int64
	stream io.Reader // set where the input cannot be opened again
	closer io.Closer // of a stream that we opened
	disk   *diskFile
	// first is the time of its first packet, the earliest possible one where reading that
	// failed with err.
	first int64
	err   error
	kept  *fileReader // still open since it was probed
	empty bool        // holds no packet
}

func (e *entry) name() string {
	if e.path == "-" {
		return stdinName
	}
	return e.path
}

// Open opens captures: files, folders (all captures in them, at any depth) and "-" for stdin.
// A lone file is delivered in its own order, several are merged by timestamp. What cannot be
// used is an error, except in a folder, where it is passed over with a warning.
func Open(paths []string, opt Options) (Source, error) {
	if opt.Warn == nil {
		opt.Warn = func(string) {}
	}
	if opt.Stdin == nil {
		opt.Stdin = os.Stdin
	}
	s := &source{opt: opt, pool: fdPool{limit: maxOpenFiles}, passes: max(opt.Loop, 1)}
	s.filter.expr = opt.Filter
	s.firstT, s.lastT = math.MaxInt64, math.MinInt64
	if err := s.open(paths); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *source) open(paths []string) error {
	if len(paths) == 0 {
		return errors.New("no capture file given")
	}
	if err := s.expand(paths); err != nil {
		return err
	}
	s.lone = len(s.entries) == 1
	if err := s.probeAll(paths); err != nil {
		return err
	}
	s.entries = slices.DeleteFunc(s.entries, func(e *entry) bool { return e.empty })
	slices.SortStableFunc(s.entries, func(a, b *entry) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	for _, e := range s.entries {
		if e.size < 0 {
			s.st.Total = 0
			break
		}
		s.st.Total += e.size
	}
	s.passTotal = s.st.Total
	s.st.Total *= int64(s.passes)
	s.publish()
	return nil
}

// before is the order in which the merge opens inputs.
func (e *entry) before(o *entry) bool {
	return e.first < o.first || e.first == o.first && e.order < o.order
}

// expand makes entries of the paths: folders become their files.
func (s *source) expand(paths []string) error {
	stdin := false
	for _, p := range paths {
		switch {
		case p == "":
			return errors.New("a capture file with an empty name was given")
		case p == "-" && stdin:
			return errors.New("stdin (-) can be read only once")
		case p == "-":
			stdin = true
			e := &entry{path: p, size: -1, stream: s.opt.Stdin}
			if f, ok := s.opt.Stdin.(*os.File); ok {
				if st, err := f.Stat(); err == nil && st.Mode().IsRegular() {
					e.size = st.Size()
				}
			}
			s.add(e)
			continue
		}
		st, err := os.Stat(p)
		if err != nil {
			return openError(p, err)
		}
		if !st.IsDir() {
			if err := s.addFile(p, st, 0); err != nil {
				return err
			}
			continue
		}
		s.folders = append(s.folders, p)
		if err := s.walk(p, len(s.folders)); err != nil {
			return err
		}
	}
	if s.passes > 1 {
		for _, e := range s.entries {
			if e.stream != nil {
				return fmt.Errorf("%s: cannot be read %d times over, because it is not a regular file", e.name(), s.passes)
			}
		}
	}
	return nil
}

func (s *source) add(e *entry) {
	e.order = len(s.entries)
	s.entries = append(s.entries, e)
}

func (s *source) addFile(path string, st fs.FileInfo, folder int) error {
	e := &entry{path: path, folder: folder, size: st.Size()}
	if st.Mode().IsRegular() {
		e.disk = &diskFile{path: path, pool: &s.pool}
	} else {
		f, err := os.Open(path)
		if err != nil {
			return openError(path, err)
		}
		e.size, e.stream, e.closer = -1, f, f
	}
	s.add(e)
	return nil
}

// walk adds the regular files below a folder, in the order of their names.
func (s *source) walk(dir string, folder int) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if path == dir {
				return openError(path, err)
			}
			s.opt.Warn("skipped: " + openError(path, err).Error())
			return nil
		}
		if d.IsDir() {
			return nil
		}
		st, err := os.Stat(path) // follows links to files
		if err != nil {
			s.opt.Warn("skipped: " + openError(path, err).Error())
			return nil
		}
		if !st.Mode().IsRegular() {
			return nil
		}
		return s.addFile(path, st, folder)
	})
}

// probeAll reads each input up to its first packet. Files of folders that cannot be used are
// dropped with a warning.
func (s *source) probeAll(paths []string) error {
	skips := map[int]int{}
	s.probeBuf = make([]byte, readBufferMin)
	defer func() { s.probeBuf = nil }()
	kept := s.entries[:0]
	found := len(s.entries)
	for _, e := range s.entries {
		err := s.probe(e)
		var bad *FilterError
		var alien *NotCaptureError
		switch {
		case err == nil:
			kept = append(kept, e)
		case e.folder == 0 || errors.As(err, &bad):
			return err
		default:
			text := err.Error()
			if errors.As(err, &alien) {
				text = alien.short()
			}
			if skips[e.folder]++; skips[e.folder] <= maxFolderWarnings {
				s.opt.Warn("skipped: " + text)
			}
		}
	}
	s.entries = kept
	for folder, n := range skips {
		if n > maxFolderWarnings {
			s.opt.Warn(fmt.Sprintf("skipped: %d more files of %s that cannot be used", n-maxFolderWarnings, s.folders[folder-1]))
		}
	}
	s.warnBarren()
	if len(kept) == 0 {
		of := ""
		if found > 0 {
			of = fmt.Sprintf(" (none of the %d files in it is one)", found)
		}
		return fmt.Errorf("%s: no captures in this folder%s; pcap and pcapng files are read, plain or compressed with gzip or zstd",
			strings.Join(paths, ", "), of)
	}
	return nil
}

// warnBarren warns about folders that hold no capture while other inputs do.
func (s *source) warnBarren() {
	for i, dir := range s.folders {
		if len(s.entries) > 0 && !slices.ContainsFunc(s.entries, func(e *entry) bool { return e.folder == i+1 }) {
			s.opt.Warn(dir + ": no captures in this folder")
		}
	}
}

// probe reads an input up to its first packet, and closes it again where it can be reopened
// and is not the only one. Of a lone stream only the header is read: its first packet may be
// long in coming.
func (s *source) probe(e *entry) error {
	keep := s.lone || e.stream != nil
	set := fileSetup{stored: new(atomic.Int64), skipped: new(uint64), buf: s.probeBuf}
	if keep {
		set = s.setup()
	}
	f, err := s.reader(e, set)
	if err != nil {
		if e.disk != nil {
			e.disk.Close()
		}
		return err
	}
	if s.lone && e.stream != nil {
		f.pending = true
		e.kept = f
		if p, ok := f.format.(*pcapReader); ok {
			return s.filter.check(p.link)
		}
		return s.filter.checkAny()
	}
	check := s.filter.checkAny
	switch err = f.next(); err.(type) {
	case nil:
		e.first = f.head.Time
		check = func() error { return s.filter.check(f.head.Link) }
	case *LinkTypeError:
		f.close()
		return err
	default:
		e.first = math.MinInt64
		if p, ok := f.format.(*pcapReader); ok {
			check = func() error { return s.filter.check(p.link) }
		}
		if err == io.EOF {
			e.empty = true
		} else {
			e.err = err
		}
	}
	if err := check(); err != nil {
		f.close()
		return err
	}
	if keep && err == nil {
		e.kept = f
		return nil
	}
	if !keep {
		s.probeBuf = f.window.buf
	}
	f.close()
	return nil
}

// reader makes the reader of an input, from its start.
func (s *source) reader(e *entry, set fileSetup) (*fileReader, error) {
	var in io.Reader = e.stream
	if e.disk != nil {
		e.disk.off = 0
		in = e.disk
	}
	f, err := newFileReader(e.name(), in, set)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) && pe.Op == "open" {
			return nil, openError(e.path, pe)
		}
		return nil, err
	}
	f.order = e.order
	e.label = e.name()
	f.label = &e.label
	f.stream = e.stream != nil
	if e.disk != nil {
		f.closers = append([]func(){func() { e.disk.Close() }}, f.closers...)
	}
	return f, nil
}
