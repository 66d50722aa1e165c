package alertdb

import (
	"context"
	"database/sql"
	"fmt"
)

// version is the schema's version, kept in SQLite's user_version. A database of an older version
// is migrated when it is opened for writing; one of a newer version is refused.
const version = 2

// applicationID marks the file as ours ("LnaA"), for file(1) and for refusing to write into the
// database of some other program.
const applicationID = 0x4c6e6141

// migrations lead from version i to i+1, each in a transaction.
var migrations = []string{`
CREATE TABLE alerts (
  id           INTEGER PRIMARY KEY, -- in the order of the engine
  alert_id     TEXT NOT NULL,
  time         INTEGER NOT NULL,    -- packet time, nanoseconds since 1970
  type         TEXT NOT NULL,       -- signature, anomaly, behavioral, threat_intel, correlation
  severity     INTEGER NOT NULL,    -- 0 info to 4 critical
  rule_id      TEXT NOT NULL,
  message      TEXT NOT NULL,
  src_ip       TEXT,
  src_key      BLOB,                -- the address in 16 bytes (IPv4 mapped), so that a CIDR is a range
  src_port     INTEGER,
  dst_ip       TEXT,
  dst_key      BLOB,
  dst_port     INTEGER,
  protocol     TEXT NOT NULL,
  app_proto    TEXT NOT NULL,
  direction    TEXT NOT NULL,
  confidence   REAL NOT NULL,       -- 0 to 1; 0: not given
  community_id TEXT NOT NULL,
  flow_id      INTEGER NOT NULL,    -- the bits of an unsigned number
  packet       INTEGER NOT NULL,
  folded       INTEGER NOT NULL,    -- like alerts left out since the last one reported
  tags         TEXT NOT NULL,       -- JSON array; the table tags is for searching
  techniques   TEXT NOT NULL,       -- JSON array; likewise
  evidence     TEXT NOT NULL        -- JSON object
);
CREATE INDEX alerts_time ON alerts (time);
CREATE INDEX alerts_severity ON alerts (severity, time);
CREATE INDEX alerts_rule ON alerts (rule_id, time);
CREATE INDEX alerts_src ON alerts (src_key, time);
CREATE INDEX alerts_dst ON alerts (dst_key, time);
CREATE TABLE tags (
  tag   TEXT NOT NULL,
  alert INTEGER NOT NULL REFERENCES alerts (id),
  PRIMARY KEY (tag, alert)
) WITHOUT ROWID;
CREATE TABLE techniques (
  technique TEXT NOT NULL,
  alert     INTEGER NOT NULL REFERENCES alerts (id),
  PRIMARY KEY (technique, alert)
) WITHOUT ROWID;
`, `
ALTER TABLE alerts ADD COLUMN pcap TEXT NOT NULL DEFAULT ''; -- name of the capture of its flow (--alert-pcap)
`}

// oldest is the oldest version that can be read without bringing it up to date.
const oldest = 1

// migrate brings a database up to the current version.
func migrate(ctx context.Context, c *sql.Conn) error {
	have, err := check(ctx, c)
	if err != nil {
		return err
	}
	for ; have < version; have++ {
		tx, err := c.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		// Another process may have been faster.
		var now int
		err = tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&now)
		if err == nil && now == have {
			_, err = tx.ExecContext(ctx, migrations[have]+
				fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d;", have+1, applicationID))
		}
		if err == nil {
			err = tx.Commit()
		}
		if err != nil {
			_ = tx.Rollback()
			return fmt.Errorf("cannot bring the schema from version %d to %d: %w", have, have+1, err)
		}
	}
	return nil
}

// check tells the version of the schema, 0 for an empty file.
func check(ctx context.Context, c *sql.Conn) (int, error) {
	var have, app, tables int
	if err := c.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return 0, err
	}
	if err := c.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return 0, err
	}
	if err := c.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil {
		return 0, err
	}
	switch {
	case app == 0 && have == 0 && tables == 0:
		return 0, nil
	case app != applicationID:
		return 0, fmt.Errorf("it is a database of another program; give a file of its own")
	case have > version:
		return 0, fmt.Errorf("its schema is of version %d, this luanids knows up to %d: use a newer luanids", have, version)
	}
	return have, nil
}
