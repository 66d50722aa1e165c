package engine

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/luanids/luanids/capture"
)

// pcapExt is the end of the names of captures.
const pcapExt = ".pcap"

// pcapQueue is how many finished captures wait for the disk.
const pcapQueue = 16

// pcapWriter writes captures of alerts on a goroutine of its own, and removes the oldest past the caps.
type pcapWriter struct {
	cfg   *PcapConfig
	warn  func(format string, args ...any)
	jobs  chan *alertPcap
	ended chan struct{}

	maxFiles, maxBytes                     atomic.Int64 // a reload changes them
	written, dropped, failed, removed, cut atomic.Uint64

	// The writer's own.
	files   []pcapFile // oldest first
	bytes   int64
	first   error
	failing bool      // the last one could not be written
	told    bool      // and that was said
	said    time.Time // when it last was
}

// pcapFile is a capture in the folder.
type pcapFile struct {
	name string
	size int64
}

// newPcapWriter makes the folder, looks what is in it, and starts the writer.
func newPcapWriter(cfg *PcapConfig, warn func(string, ...any)) (*pcapWriter, error) {
	if cfg.Before < 0 || cfg.After < 0 || cfg.Wait < 0 || cfg.MaxFiles < 0 || cfg.MaxBytes < 0 {
		return nil, errors.New("captures of alerts: a bound cannot be negative")
	}
	w := &pcapWriter{cfg: cfg, warn: warn, jobs: make(chan *alertPcap, pcapQueue), ended: make(chan struct{}), first: cfg.Failing, failing: cfg.Failing != nil, told: cfg.Failing != nil}
	w.maxFiles.Store(int64(cfg.MaxFiles))
	w.maxBytes.Store(cfg.MaxBytes)
	if cfg.Failing == nil {
		err := cfg.Probe()
		if err == nil {
			err = w.look()
		}
		if err != nil {
			return nil, fmt.Errorf("captures of alerts: %w", err)
		}
	}
	go w.run()
	return w, nil
}

// Probe makes the folder and looks whether files can be made in it.
func (c *PcapConfig) Probe() error { return PrepareFolder(c.Dir, "") }

// look lists the captures that are in the folder from before. Other files are none of ours.
func (w *pcapWriter) look() error {
	entries, err := os.ReadDir(w.cfg.Dir)
	if err != nil {
		return err
	}
	type aged struct {
		pcapFile
		at int64
	}
	var list []aged
	for _, e := range entries {
		if st, err := e.Info(); err == nil && st.Mode().IsRegular() && isAlertPcap(e.Name()) {
			list = append(list, aged{pcapFile{e.Name(), st.Size()}, st.ModTime().UnixNano()})
		}
	}
	slices.SortStableFunc(list, func(a, b aged) int { return int(min(max(a.at-b.at, -1), 1)) })
	for _, f := range list {
		w.files = append(w.files, f.pcapFile)
		w.bytes += f.size
	}
	return nil
}

// isAlertPcap tells whether a file is called as captures of alerts are: by a UUID.
func isAlertPcap(name string) bool {
	id, ok := strings.CutSuffix(name, pcapExt)
	if !ok || len(id) != 36 {
		return false
	}
	for i := range id {
		c := id[i]
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}

// write queues a capture.
func (w *pcapWriter) write(s *alertPcap) {
	if !w.cfg.Drop {
		w.jobs <- s
		return
	}
	select {
	case w.jobs <- s:
	default:
		w.dropped.Add(1)
	}
}

func (w *pcapWriter) run() {
	defer close(w.ended)
	for s := range w.jobs {
		size, err := w.file(s)
		if err != nil {
			w.failed.Add(1)
			if w.first == nil {
				w.first = err
			}
			if now := time.Now(); !w.failing && now.Sub(w.said) >= 10*time.Second { // not again and again on a disk that is nearly full
				w.said, w.told = now, true
				w.warn("captures of alerts: %v; the engine runs on, and what is lost from here on is counted", err)
			}
			w.failing = true
			continue
		}
		if w.failing = false; w.told {
			w.told = false
			w.warn("captures of alerts: they can be written again; %d were lost so far", w.failed.Load())
		}
		w.written.Add(1)
		w.remember(s.name, size)
	}
}

// file writes one capture. At any moment the file is there whole or not at all.
func (w *pcapWriter) file(s *alertPcap) (size int64, err error) {
	path := filepath.Join(w.cfg.Dir, s.name)
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if os.IsNotExist(err) && os.MkdirAll(w.cfg.Dir, 0o750) == nil { // somebody removed the folder
		f, err = os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	}
	if err != nil {
		return 0, err
	}
	buf := bufio.NewWriterSize(f, 64<<10)
	err = writePcap(buf, s.packets)
	if e := buf.Flush(); err == nil {
		err = e
	}
	if st, e := f.Stat(); e == nil {
		size = st.Size()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
	}
	return size, err
}

// writePcap writes packets of the link type of the first; a flow that came over links of several types is cut.
func writePcap(f *bufio.Writer, packets []capture.Packet) error {
	link := capture.LinkEthernet
	if len(packets) > 0 {
		link = packets[0].Link
	}
	out, err := capture.NewWriter(f, link, 0)
	if err != nil {
		return err
	}
	for i := range packets {
		if packets[i].Link != link {
			continue
		}
		if err := out.Write(&packets[i]); err != nil {
			return err
		}
	}
	return nil
}

// remember notes a file, and removes the oldest past the caps.
func (w *pcapWriter) remember(name string, size int64) {
	if i := slices.IndexFunc(w.files, func(f pcapFile) bool { return f.name == name }); i >= 0 { // an earlier replay's
		w.bytes -= w.files[i].size
		w.files = slices.Delete(w.files, i, i+1)
	}
	w.files = append(w.files, pcapFile{name, size})
	w.bytes += size
	files, bytes := int(w.maxFiles.Load()), w.maxBytes.Load()
	for len(w.files) > 1 && (files > 0 && len(w.files) > files || bytes > 0 && w.bytes > bytes) {
		old := w.files[0]
		if err := os.Remove(filepath.Join(w.cfg.Dir, old.name)); err != nil && !os.IsNotExist(err) && w.first == nil {
			w.first = err
			w.warn("captures of alerts: %v; there are more than there should be", err)
		}
		w.files = w.files[1:]
		w.bytes -= old.size
		w.removed.Add(1)
	}
}

// close writes what waits. Its error says if anything was lost, ever.
func (w *pcapWriter) close() error {
	close(w.jobs)
	<-w.ended
	lost := w.failed.Load() + w.dropped.Load()
	switch {
	case lost > 0 && w.first == nil:
		return fmt.Errorf("captures of alerts: %d of %d were not written: the disk could not keep up", lost, lost+w.written.Load())
	case lost > 0:
		return fmt.Errorf("captures of alerts: %d of %d were not written: %w", lost, lost+w.written.Load(), w.first)
	}
	return nil
}

// Each calls c with the name and value of each counter.
func (w *pcapWriter) Each(c func(name string, n uint64)) {
	c("written", w.written.Load())
	c("dropped", w.dropped.Load())
	c("failed_writes", w.failed.Load())
	c("removed", w.removed.Load())
	c("cut_short", w.cut.Load())
}
