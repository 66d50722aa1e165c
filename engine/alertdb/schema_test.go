package alertdb

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/luanids/luanids/engine/alert"
)

// TestOlderDatabases: one of the first version is read as it is, and brought up to date by a writer, which keeps its alerts.
func TestOlderDatabases(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{migrations[0], "PRAGMA user_version = 1", fmt.Sprintf("PRAGMA application_id = %d", applicationID),
		`INSERT INTO alerts VALUES (1, 'id-000000', 5, 'signature', 3, 'R-0', 'old', NULL, NULL, NULL, NULL, NULL, NULL, 'tcp', '', '', 0, '', 0, 0, 0, '[]', '[]', '{}')`} {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	db.Close()
	if got := ids(t, path, Filter{}, Order{}, 0); got != "0" {
		t.Errorf("a reader finds %q in a database of version 1", got)
	}
	w, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	a := sample(1)
	a.Pcap = "id-000001.pcap"
	if err := w.Alerts([]alert.Alert{a}); err != nil {
		t.Fatal(err)
	}
	w.Close()
	r, err := OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := map[string]string{}
	if err := r.Query(context.Background(), Filter{}, Order{}, 0, func(a *alert.Alert) error { got[a.ID] = a.Pcap; return nil }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got["id-000001"] != "id-000001.pcap" || got["id-000000"] != "" {
		t.Errorf("after the migration: %v", got)
	}
}
