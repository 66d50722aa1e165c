// Package alertdb keeps alerts in an SQLite file: an output that writes them, queries and
// statistics that read them. Readers and one writer work at the same time (WAL).
//
// An alert is acknowledged when DB.Alerts, which wrote it, has returned nil; the output's written
// counter says how many are. From then on it is on disk (synchronous=FULL): neither a killed
// process nor a power failure takes it back. Alerts that still wait in the output's queue, up to its delay
// and the time of one transaction, are lost with the process. A transaction is there as a whole or not at all.
package alertdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"

	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/output"
)

// busyTimeout is how long to wait for another process that holds the database, milliseconds.
const busyTimeout = 5000

// DB is an open database. A DB opened for writing is an output (engine.AlertSink, output.Batcher).
type DB struct {
	path   string
	db     *sql.DB
	schema int          // version of the file's
	insert [3]*sql.Stmt // alerts, tags, techniques; nil when opened for reading
	json   jsonw.Writer
}

// Open opens a database for writing; it makes the file, or brings its schema up to date.
func Open(path string) (*DB, error) {
	d, err := open(path, "_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_cache_size=-16384")
	if err != nil {
		return nil, err
	}
	// One connection: SQLite has one writer anyway.
	d.db.SetMaxOpenConns(1)
	if err := d.prepare(); err != nil {
		d.db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// OpenReader opens a database for queries. It does not change the file.
func OpenReader(path string) (*DB, error) {
	if _, err := os.Stat(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: no such file; luanids --sqlite %s writes one", path, path)
		}
		return nil, err
	}
	d, err := open(path, "mode=rw&_query_only=true")
	if err != nil {
		return nil, err
	}
	err = d.on(func(ctx context.Context, c *sql.Conn) error {
		have, err := check(ctx, c)
		switch {
		case err != nil:
			return err
		case have == 0:
			return errors.New("the database is empty; nothing has written alerts to it")
		case have < oldest:
			return fmt.Errorf("its schema is of the older version %d: luanids --sqlite %s -f CAPTURE brings it up to date", have, path)
		}
		d.schema = have
		return nil
	})
	if err != nil {
		d.db.Close()
		// A file system that is read-only, or a file of another user, can still be read
		// when no writer is at it.
		if r, e := openImmutable(path); e == nil {
			return r, nil
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

func openImmutable(path string) (*DB, error) {
	if _, err := os.Stat(path + "-wal"); err == nil {
		return nil, errors.New("a writer is at it")
	}
	d, err := open(path, "mode=ro&immutable=1")
	if err != nil {
		return nil, err
	}
	err = d.on(func(ctx context.Context, c *sql.Conn) error {
		have, err := check(ctx, c)
		if err == nil && have < oldest {
			err = errors.New("wrong version")
		}
		d.schema = have
		return err
	})
	if err != nil {
		d.db.Close()
		return nil, err
	}
	return d, nil
}

func open(path, options string) (*DB, error) {
	dsn := fmt.Sprintf("file:%s?_busy_timeout=%d&%s", (&url.URL{Path: path}).EscapedPath(), busyTimeout, options)
	db, err := sql.Open("sqlite3", dsn)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &DB{path: path, db: db}, nil
}

// on runs f on one connection.
func (d *DB) on(f func(context.Context, *sql.Conn) error) error {
	ctx := context.Background()
	c, err := d.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return f(ctx, c)
}

func (d *DB) prepare() error {
	if err := d.on(migrate); err != nil {
		return err
	}
	// Pages of indexes change again and again: they are copied to the file after more of that.
	if _, err := d.db.Exec("PRAGMA wal_autocheckpoint = 8000"); err != nil {
		return err
	}
	for i, text := range []string{
		`INSERT INTO alerts (alert_id, time, type, severity, rule_id, message, src_ip, src_key, src_port, dst_ip, dst_key, dst_port,
 protocol, app_proto, direction, confidence, community_id, flow_id, packet, folded, tags, techniques, evidence, pcap)
 VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		"INSERT OR IGNORE INTO tags (tag, alert) VALUES (?,?)",
		"INSERT OR IGNORE INTO techniques (technique, alert) VALUES (?,?)",
	} {
		s, err := d.db.Prepare(text)
		if err != nil {
			return err
		}
		d.insert[i] = s
	}
	return nil
}

// Name implements engine.AlertSink.
func (d *DB) Name() string { return "sqlite" }

// Alert implements engine.AlertSink. Alerts is much faster for many.
func (d *DB) Alert(a *alert.Alert) error { return d.Alerts([]alert.Alert{*a}) }

// Alerts writes all alerts in one transaction, or none. When it returns nil they are on disk.
func (d *DB) Alerts(batch []alert.Alert) error {
	tx, err := d.db.Begin()
	if err != nil {
		return d.explain(err)
	}
	var st [len(d.insert)]*sql.Stmt
	for i, s := range d.insert {
		st[i] = tx.Stmt(s)
	}
	for i := range batch {
		if err = d.add(&st, &batch[i]); err != nil {
			_ = tx.Rollback()
			return d.explain(err)
		}
	}
	if err := tx.Commit(); err != nil {
		_ = tx.Rollback()
		return d.explain(err)
	}
	return nil
}

func (d *DB) explain(err error) error { return fmt.Errorf("%s: %w", d.path, err) }

func (d *DB) add(st *[3]*sql.Stmt, a *alert.Alert) error {
	evidence := d.text(func() { output.WriteEvidence(&d.json, a.Evidence) })
	tags := d.text(func() { output.WriteStrings(&d.json, a.Tags) })
	mitre := d.text(func() { output.WriteStrings(&d.json, a.Mitre) })
	res, err := st[0].Exec(a.ID, a.Time, a.Kind.String(), a.Severity, a.RuleID, a.Message,
		text(a.Src), key(a.Src), port(a, a.SrcPort), text(a.Dst), key(a.Dst), port(a, a.DstPort),
		a.Proto, a.App, a.Direction, a.Confidence, a.Community, int64(a.FlowID), int64(a.PacketNum), int64(a.Folded), tags, mitre, evidence, a.Pcap)
	if err != nil || len(a.Tags)+len(a.Mitre) == 0 {
		return err
	}
	id, err := res.LastInsertId()
	for _, t := range a.Tags {
		if err == nil {
			_, err = st[1].Exec(t, id)
		}
	}
	for _, t := range a.Mitre {
		if err == nil {
			_, err = st[2].Exec(t, id)
		}
	}
	return err
}

// text gives what f writes to d.json.
func (d *DB) text(f func()) string {
	d.json.Reset()
	f()
	return string(d.json.B)
}

// Close closes the database.
func (d *DB) Close() error {
	for _, s := range d.insert {
		if s != nil {
			s.Close()
		}
	}
	return d.db.Close()
}

func text(a netip.Addr) any {
	if !a.IsValid() {
		return nil
	}
	return a.String()
}

// key is an address as the index has it.
func key(a netip.Addr) any {
	if !a.IsValid() {
		return nil
	}
	b := a.As16()
	return b[:]
}

func port(a *alert.Alert, p uint16) any {
	if !a.HasPorts {
		return nil
	}
	return int64(p)
}
