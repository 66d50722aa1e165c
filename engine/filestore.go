package engine

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/lang/ir"
)

// FileStore says where files go that rules with filestore ask for.
type FileStore struct {
	// Dir is the folder, "" for none. A file is DIR/ab/abcdef..., named by its SHA-256, so that each is there once.
	Dir string
	// Enabled and Named are Suricata's way to say it: the folder Named, or "filestore", if Enabled.
	Enabled bool
	Named   string
	// All stores every file, whether a rule asks or not.
	All bool
	// MaxSize is the largest file that is stored, bytes; 0: any.
	MaxSize int64
	// Unlimited follows streams with files past stream.reassembly.depth, so that files are stored whole.
	Unlimited bool // see tcp.Config.FileDepth for a depth of their own
	// WriteInfo writes the fileinfo record of every file that is stored beside it: DIR/ab/abcdef....SECONDS.ID.json.
	WriteInfo bool
}

// DefaultFileStore has no folder.
func DefaultFileStore() FileStore { return FileStore{MaxSize: 64 << 20} }

// spoolMemory is how much of a file is kept in memory before it goes to the disk: most files are never asked for.
const spoolMemory = 64 << 10

// spoolDir is the folder below FileStore.Dir for files that are not complete.
const spoolDir = "tmp"

// Folder is where files are stored, "" for nowhere.
func (s *FileStore) Folder() string {
	if s.Dir == "" && s.Enabled {
		return cmp.Or(s.Named, "filestore")
	}
	return s.Dir
}

// Spool is the folder below it of files that are not complete, "" for none.
func (s *FileStore) Spool() string {
	if s.Folder() == "" {
		return ""
	}
	return filepath.Join(s.Folder(), spoolDir)
}

// Prepare makes the folders, and removes what an earlier run left incomplete.
func (s *FileStore) Prepare() error { return PrepareFolder(s.Spool(), "file-*") }

// fileStore is a worker's part of it.
type fileStore struct {
	cfg    *FileStore
	spare  []*spool
	open   uint64 // files being gathered
	errors uint64
	// tooLarge counts files that were asked for and are past FileStore.MaxSize.
	tooLarge uint64
	warned   bool
	warn     func(string, ...any)
	last     fileNumber
	encoder  *eve.Encoder // of records beside files, where EVE is not written
}

// fileNumber tells files apart that one flow ends at one stamp.
type fileNumber struct{ flow, stamp, n uint64 }

// spool gathers the content of one file.
type spool struct {
	s     *fileStore
	buf   []byte
	tmp   *os.File
	n     int64
	lost  bool // too large, or the disk failed
	large bool
}

// newSpool is dissect.Ctx.NewSpool.
func (s *fileStore) newSpool() dissect.Spool {
	s.open++
	if n := len(s.spare); n > 0 {
		p := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return p
	}
	return &spool{s: s}
}

// Write implements dissect.Spool.
func (p *spool) Write(b []byte) {
	if p.lost {
		return
	}
	p.n += int64(len(b))
	if limit := p.s.cfg.MaxSize; limit > 0 && p.n > limit {
		p.giveUp()
		p.large = true
		return
	}
	if p.tmp == nil && p.n <= spoolMemory {
		p.buf = append(p.buf, b...)
		return
	}
	if p.tmp == nil && !p.begin() {
		return
	}
	if _, err := p.tmp.Write(b); err != nil {
		p.fail(err)
	}
}

// begin moves what is in memory into a file.
func (p *spool) begin() bool {
	f, err := os.CreateTemp(p.s.cfg.Spool(), "file-*")
	if err != nil {
		p.fail(err)
		return false
	}
	p.tmp = f
	if _, err := f.Write(p.buf); err != nil {
		p.fail(err)
		return false
	}
	p.buf = p.buf[:0]
	return true
}

func (p *spool) fail(err error) {
	p.s.failed(err)
	p.giveUp()
}

func (s *fileStore) failed(err error) {
	s.errors++
	if !s.warned {
		s.warned = true
		s.warn("storing files: %v (said once; file_store.fs_errors counts)", err)
	}
}

// giveUp forgets the content.
func (p *spool) giveUp() {
	p.lost = true
	p.buf = p.buf[:0]
	if p.tmp != nil {
		p.tmp.Close()
		os.Remove(p.tmp.Name())
		p.tmp = nil
	}
}

// Keep implements dissect.Spool: the content gets its name.
func (p *spool) Keep(sha256 []byte) bool {
	if p.large {
		p.s.tooLarge++
	}
	if p.lost || len(sha256) == 0 {
		return false
	}
	to := p.s.place(sha256)
	if now := time.Now(); os.Chtimes(to, now, now) == nil {
		return true // it is there already
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		p.fail(err)
		return false
	}
	if p.tmp == nil && !p.begin() {
		return false
	}
	from := p.tmp.Name()
	err := errors.Join(p.tmp.Close(), os.Rename(from, to))
	p.tmp = nil
	if err != nil {
		p.fail(err)
		os.Remove(from)
	}
	return err == nil
}

// place is where a file with that digest goes.
func (s *fileStore) place(sha256 []byte) string {
	name := hex.EncodeToString(sha256)
	return filepath.Join(s.cfg.Folder(), name[:2], name)
}

// Free implements dissect.Spool.
func (p *spool) Free() {
	p.giveUp()
	p.lost, p.large, p.n = false, false, 0
	p.s.open--
	if len(p.s.spare) < keepParsers {
		p.s.spare = append(p.s.spare, p)
	}
}

// gathersFiles tells whether files are gathered: there is a folder, and rules may ask for them.
func gathersFiles(cfg *Config) bool {
	if cfg.FileStore.Folder() == "" || cfg.FileStore.All || cfg.Program == nil {
		return cfg.FileStore.Folder() != "" && cfg.FileStore.All
	}
	for _, r := range cfg.Program.Rules {
		for _, x := range r.Effects {
			if _, ok := x.(*ir.StoreFile); ok {
				return true
			}
		}
	}
	return false
}

// useFileStore makes the worker gather files or not, as its view says. The folder stays that of the start.
func (w *worker) useFileStore() {
	w.ctx.NewSpool, w.ctx.StoreAll = nil, false
	if w.files.cfg != nil && w.view.gathers {
		w.ctx.NewSpool, w.ctx.StoreAll = w.newSpool, w.files.cfg.All
	}
}

// newSpool is what a file of the flow at hand is gathered in.
func (w *worker) newSpool() dissect.Spool {
	if w.flow != nil {
		w.flow.Conn.CarriesFiles()
		if w.files.cfg.Unlimited {
			w.flow.Conn.SetUnlimited()
		}
	}
	return w.files.newSpool()
}

// store stores the file at hand, if a rule asked for it.
func (w *worker) store(e *dissect.Env) {
	f, s := e.File, &w.files
	if f.Store(); !f.Kept {
		return
	}
	of := fileNumber{stamp: w.stamp}
	if e.Flow != nil {
		of.flow = e.Flow.ID
	}
	if of.n = s.last.n; s.last != of {
		of.n = 0
	}
	s.last = of
	s.last.n++
	f.ID = max(uint32(fold(of.flow^uint64(e.Time), of.stamp<<16+s.last.n)), 1)
	if !s.cfg.WriteInfo {
		return
	}
	x := w.eve
	if x == nil {
		if s.encoder == nil {
			s.encoder = eve.NewEncoder(&w.cfg.EVEOptions)
		}
		x = s.encoder
	}
	name := fmt.Sprintf("%s.%d.%d.json", s.place(f.SHA256), e.Time/1e9, f.ID)
	if err := os.WriteFile(name, x.File(nil, e), 0o640); err != nil {
		s.failed(err)
	}
}

func (e *Engine) fileStoreCounters(c func(string, uint64)) {
	var open, errs, large uint64
	for _, w := range e.workers {
		open += w.files.open
		errs += w.files.errors
		large += w.files.tooLarge
	}
	c("open_files", open)
	c("fs_errors", errs)
	c("too_large", large)
}
