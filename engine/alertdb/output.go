package alertdb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/luanids/luanids/engine/alert"
)

// Output is a database as an output that outlives it: one that cannot be opened, or that somebody moves away while it is
// written, is opened again when there is something to write.
type Output struct {
	path string
	db   *DB // nil: not open
	file os.FileInfo
	next time.Time // when it may be tried again
	seen time.Time // when it was looked whether the file is still there
	err  error     // of the last attempt
}

// every is how often opening is tried, and how often it is looked whether the file is still there.
const every = time.Second

// NewOutput opens a database for writing. With an error the output is of use all the same: it fails until the database can be
// opened.
func NewOutput(path string) (*Output, error) {
	o := &Output{path: path}
	return o, o.open()
}

func (o *Output) open() error {
	now := time.Now()
	if o.err != nil && now.Before(o.next) {
		return o.err
	}
	var db *DB
	if db, o.err = Open(o.path); o.err != nil {
		o.next = now.Add(every)
		return o.err
	}
	o.db, o.seen = db, now
	o.file, _ = os.Stat(o.path)
	return nil
}

// Name implements engine.AlertSink.
func (o *Output) Name() string { return "sqlite" }

// Alert implements engine.AlertSink. Alerts is much faster for many.
func (o *Output) Alert(a *alert.Alert) error { return o.Alerts([]alert.Alert{*a}) }

// Alerts writes all alerts in one transaction, or none. When it returns nil they are on disk.
func (o *Output) Alerts(batch []alert.Alert) error {
	if o.db != nil && o.gone() {
		old := o.db
		if err := o.open(); err == nil || !o.exists() {
			old.Close()
			if err != nil {
				o.db = nil
			}
		}
	}
	if o.db == nil {
		if err := o.open(); err != nil {
			return err
		}
	}
	return o.db.Alerts(batch)
}

// gone tells whether the file is no longer where it was opened: what is written to it would be lost.
func (o *Output) gone() bool {
	now := time.Now()
	if now.Sub(o.seen) < every || o.file == nil {
		return false
	}
	o.seen = now
	there, err := os.Stat(o.path)
	return err == nil && !os.SameFile(o.file, there) || errors.Is(err, fs.ErrNotExist)
}

// exists tells whether there is a folder for the file. Where there is, and no new one can be made in it, the old file was moved
// away, as far as one can tell, and is written on.
func (o *Output) exists() bool {
	_, err := os.Stat(filepath.Dir(o.path))
	return !errors.Is(err, fs.ErrNotExist)
}

// Close implements engine.AlertSink.
func (o *Output) Close() error {
	if o.db == nil {
		return nil
	}
	if err := o.db.Close(); err != nil {
		return fmt.Errorf("%s: %w", o.path, err)
	}
	return nil
}
