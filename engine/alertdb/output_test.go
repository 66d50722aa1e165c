package alertdb

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/luanids/luanids/engine/alert"
)

// TestDatabasesAreOpenedAgain: one that could not be opened is, once it can be; one that somebody moves away is made anew.
func TestDatabasesAreOpenedAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "later")
	path := filepath.Join(dir, "a.db")
	o, err := NewOutput(path)
	if err == nil {
		t.Fatal("a database was opened in a folder that is not there")
	}
	if err := o.Alerts([]alert.Alert{sample(0)}); err == nil {
		t.Error("an alert was written to nowhere")
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(n int) {
		t.Helper()
		o.next, o.seen = time.Time{}, time.Time{} // as if a second had passed
		if err := o.Alerts([]alert.Alert{sample(n)}); err != nil {
			t.Fatal(err)
		}
	}
	write(1)
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+end, path+".old"+end); err != nil {
			t.Fatal(err)
		}
	}
	write(2)
	if got := ids(t, path, Filter{}, Order{}, 0); got != "2" {
		t.Errorf("the new file has %q", got)
	}
	if got := ids(t, path+".old", Filter{}, Order{}, 0); got != "1" {
		t.Errorf("the file that was moved has %q", got)
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
}
