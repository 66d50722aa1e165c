package alertdb

import (
	"bufio"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/output"
)

// sample makes the n-th of a row of alerts that differ in every respect.
func sample(n int) alert.Alert {
	return alert.Alert{
		ID: fmt.Sprintf("id-%06d", n), Time: int64(1_700_000_000+n*60) * 1e9, Kind: alert.Kind(n % 5), Severity: alert.Severity(n % 5),
		RuleID: fmt.Sprintf("R-%d", n%7), Message: fmt.Sprintf("message %d with 100%% of_it", n), Confidence: 0.5,
		Tags: []string{"web", fmt.Sprintf("t%d", n%3)}, Mitre: []string{[]string{"T1071", "T1071.004", "T1190"}[n%3]},
		Src: netip.AddrFrom4([4]byte{10, 0, byte(n % 4), 5}), Dst: netip.MustParseAddr("2001:db8::1"),
		SrcPort: uint16(1000 + n), DstPort: 80, HasPorts: true, Proto: "tcp", App: "http", Direction: "to_server",
		FlowID: 1<<63 + uint64(n), PacketNum: uint64(n), Community: "1:abc", Folded: uint64(n % 2),
		Evidence: []alert.Evidence{{Name: "http.uri", Value: "/a?b=\"c\""}, {Name: "n", Value: int64(n)}},
	}
}

func create(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a b?#%.db") // a path that a URI must escape
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []alert.Alert
	for i := range n {
		list = append(list, sample(i))
	}
	if err := d.Alerts(list); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func ids(t *testing.T, path string, f Filter, o Order, limit int) string {
	t.Helper()
	d, err := OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var got []string
	if err := d.Query(context.Background(), f, o, limit, func(a *alert.Alert) error {
		n, _ := strconv.Atoi(strings.TrimPrefix(a.ID, "id-"))
		got = append(got, strconv.Itoa(n))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(got, " ")
}

func TestAlertComesBackAsItWas(t *testing.T) {
	path := create(t, 1)
	d, err := OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var want, got strings.Builder
	first := sample(0)
	if err := output.NewJSON("x", &want).Alert(&first); err != nil {
		t.Fatal(err)
	}
	if err := d.Query(context.Background(), Filter{}, Order{}, 0, output.NewJSON("x", &got).Alert); err != nil {
		t.Fatal(err)
	}
	if got.String() != want.String() {
		t.Errorf("got  %swant %s", got.String(), want.String())
	}
}

func TestQuery(t *testing.T) {
	path := create(t, 12)
	at := func(n int) time.Time { return time.Unix(int64(1_700_000_000+n*60), 0) }
	pre := netip.MustParsePrefix
	for _, c := range []struct {
		name  string
		f     Filter
		o     Order
		limit int
		want  string
	}{
		{"all", Filter{}, Order{}, 0, "0 1 2 3 4 5 6 7 8 9 10 11"},
		{"newest first, limited", Filter{}, Order{Reverse: true}, 3, "11 10 9"},
		{"worst first", Filter{MinSeverity: alert.High}, Order{By: "severity"}, 0, "4 9 3 8"},
		{"mildest first", Filter{MinSeverity: alert.High}, Order{By: "severity", Reverse: true}, 0, "8 3 9 4"},
		{"one severity", Filter{Severities: []alert.Severity{alert.Low, alert.Critical}}, Order{}, 0, "1 4 6 9 11"},
		{"type", Filter{Types: []alert.Kind{alert.ThreatIntel}}, Order{}, 0, "3 8"},
		{"rule", Filter{Rules: []string{"R-3", "R-4"}}, Order{}, 0, "3 4 10 11"},
		{"rule pattern", Filter{Rules: []string{"R-*"}, MinSeverity: alert.Critical}, Order{}, 0, "4 9"},
		{"a rule id is no pattern", Filter{Rules: []string{"R_3"}}, Order{}, 0, ""},
		{"source", Filter{Src: []netip.Prefix{pre("10.0.1.5/32")}}, Order{}, 0, "1 5 9"},
		{"source range", Filter{Src: []netip.Prefix{pre("10.0.2.0/23")}}, Order{}, 0, "2 3 6 7 10 11"},
		{"source, everything of IPv4", Filter{Src: []netip.Prefix{pre("0.0.0.0/0")}}, Order{}, 2, "0 1"},
		{"destination range", Filter{Dst: []netip.Prefix{pre("2001:db8::/32")}}, Order{}, 1, "0"},
		{"destination elsewhere", Filter{Dst: []netip.Prefix{pre("2001:db9::/32")}}, Order{}, 0, ""},
		{"host", Filter{Host: []netip.Prefix{pre("10.0.3.0/24"), pre("10.0.0.0/24")}}, Order{}, 0, "0 3 4 7 8 11"},
		{"port", Filter{Port: []uint16{1004}}, Order{}, 0, "4"},
		{"tag", Filter{Tags: []string{"t2"}}, Order{}, 0, "2 5 8 11"},
		{"technique with its sub-techniques", Filter{Mitre: []string{"t1071"}}, Order{}, 0, "0 1 3 4 6 7 9 10"},
		{"sub-technique", Filter{Mitre: []string{"T1071.004"}}, Order{}, 0, "1 4 7 10"},
		{"time", Filter{Since: at(3), Until: at(6)}, Order{}, 0, "3 4 5"},
		{"text", Filter{Text: "MESSAGE 7"}, Order{}, 0, "7"},
		{"text with the signs of LIKE", Filter{Text: "100% of_it"}, Order{}, 2, "0 1"},
		{"text in evidence", Filter{Text: "/a?b"}, Order{}, 1, "0"},
		{"all together", Filter{MinSeverity: alert.Low, Src: []netip.Prefix{pre("10.0.1.0/24")}, Tags: []string{"t1", "t0"}}, Order{By: "src"}, 0, "1 9"},
	} {
		if got := ids(t, path, c.f, c.o, c.limit); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestStats(t *testing.T) {
	path := create(t, 120)
	d, err := OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	s, err := d.Stats(context.Background(), Filter{}, 2)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(s.Total, s.Folded, s.Rules, s.Sources, s.Destinations, s.BySeverity[0], s.ByRule, s.BySource, s.ByTechnique, " "+s.Bucket+" ", s.ByTime)
	want := "120 60 7 4 1 {critical 24  } [{R-0 18 critical message 119 with 100% of_it} {R-1 17 high message 113 with 100% of_it}]" +
		" [{10.0.0.5 30  } {10.0.1.5 30  }] [{T1071 40  } {T1071.004 40  }] hour" +
		" [{2023-11-14T22:00Z 47  } {2023-11-14T23:00Z 60  } {2023-11-15T00:00Z 13  }]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	empty, err := d.Stats(context.Background(), Filter{Rules: []string{"none"}}, 0)
	if err != nil || empty.Total != 0 || empty.First != "" {
		t.Errorf("no alerts: %+v, %v", empty, err)
	}
}

func TestReadersWorkWhileAWriterWrites(t *testing.T) {
	path := create(t, 1)
	w, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r, err := OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i := range 5 {
		if err := w.Alerts([]alert.Alert{sample(i)}); err != nil {
			t.Fatal(err)
		}
		if s, err := r.Stats(context.Background(), Filter{}, 0); err != nil || s.Total != uint64(i+2) {
			t.Fatalf("reader sees %v, %v; want %d", s, err, i+2)
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	foreign := filepath.Join(dir, "foreign.db")
	raw(t, foreign, "CREATE TABLE cats (name TEXT)")
	newer := create(t, 1)
	raw(t, newer, "PRAGMA user_version = 99")
	for _, c := range []struct {
		open func(string) (*DB, error)
		path string
		want string
	}{
		{OpenReader, filepath.Join(dir, "missing.db"), "no such file"},
		{OpenReader, write("empty.db", ""), "the database is empty"},
		{OpenReader, write("text.db", strings.Repeat("this is text\n", 100)), "not a database"},
		{Open, filepath.Join(dir, "no", "such", "folder.db"), "unable to open"},
		{Open, write("text2.db", strings.Repeat("this is text\n", 100)), "not a database"},
		{Open, foreign, "another program"},
		{Open, newer, "use a newer luanids"},
		{OpenReader, newer, "use a newer luanids"},
	} {
		d, err := c.open(c.path)
		if err == nil {
			d.Close()
			t.Errorf("%s was opened", c.path)
		} else if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: %v; want %q", c.path, err, c.want)
		}
	}
}

func raw(t *testing.T, path, text string) {
	t.Helper()
	d, err := open(path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer d.db.Close()
	if _, err := d.db.Exec(text); err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk: SQLite's own limit on pages acts as a disk that is full. The batch is refused as a
// whole, what was there stays, and writing works again when there is room.
func TestFullDisk(t *testing.T) {
	path := create(t, 10)
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.db.Exec("PRAGMA max_page_count = 1"); err != nil { // cannot be less than what is in use
		t.Fatal(err)
	}
	var many []alert.Alert
	for i := range 2000 {
		many = append(many, sample(i))
	}
	if err := d.Alerts(many); err == nil || !strings.Contains(err.Error(), "full") {
		t.Fatalf("error %v, want one that says full", err)
	}
	if _, err := d.db.Exec("PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	if err := d.Alerts(many[:5]); err != nil {
		t.Fatal(err)
	}
	if s, err := d.Stats(context.Background(), Filter{}, 0); err != nil || s.Total != 15 {
		t.Errorf("%d alerts, %v; want 15", s.Total, err)
	}
}

// TestKilled kills a writing process with SIGKILL at various moments. The file must open clean, and
// hold every alert that the process said was written, none in part.
func TestKilled(t *testing.T) {
	if path := os.Getenv("ALERTDB_WRITE_TO"); path != "" {
		writeForEver(path)
	}
	rounds := 8
	if testing.Short() {
		rounds = 3
	}
	path := filepath.Join(t.TempDir(), "alerts.db")
	acknowledged := 0
	for round := range rounds {
		acknowledged = writeAndKill(t, path, time.Duration(5+round*17)*time.Millisecond, acknowledged)
	}
	if acknowledged == 0 {
		t.Error("nothing was ever acknowledged")
	}
}

// writeAndKill gives the number of alerts in the file, which have ids without a gap.
func writeAndKill(t *testing.T, path string, after time.Duration, before int) int {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), "ALERTDB_WRITE_TO="+path, "ALERTDB_FROM="+strconv.Itoa(before))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := before
	lines := bufio.NewScanner(out)
	killer := time.AfterFunc(time.Hour, func() { _ = cmd.Process.Kill() })
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatalf("the writer says %q", lines.Text())
		}
		if said == before {
			killer.Reset(after)
		}
		said = n
	}
	_ = cmd.Wait()

	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var verdict string
	if err := d.db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Fatalf("integrity check: %s, %v", verdict, err)
	}
	n := 0
	if err := d.Query(context.Background(), Filter{}, Order{}, 0, func(a *alert.Alert) error {
		if a.ID != sample(n).ID || len(a.Tags) != 2 || len(a.Evidence) != 2 {
			t.Fatalf("alert %d is %s with %d tags", n, a.ID, len(a.Tags))
		}
		n++
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n < said {
		t.Fatalf("the file has %d alerts, the writer had said %d", n, said)
	}
	return n
}

func writeForEver(path string) {
	d, err := Open(path)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	n, _ := strconv.Atoi(os.Getenv("ALERTDB_FROM"))
	q := output.NewQueue(d, output.QueueOptions{Block: true, Delay: time.Millisecond})
	for from := n; ; n++ {
		a := sample(n)
		_ = q.Alert(&a)
		if n%50 == 0 {
			fmt.Println(from + int(q.Counts().Written))
		}
	}
}

func BenchmarkInsert(b *testing.B) {
	d, err := Open(filepath.Join(b.TempDir(), "a.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	var batch []alert.Alert
	for i := range 1000 {
		batch = append(batch, sample(i))
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Alerts(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(batch))/b.Elapsed().Seconds(), "alerts/s")
}
