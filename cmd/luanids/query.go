package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/luanids/luanids/dissect/jsonw"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/alertdb"
	"github.com/luanids/luanids/engine/output"
)

// defaultRows is how many alerts a table shows.
const defaultRows = 100

type queryFlags struct {
	filterFlags
	sort         string
	reverse, csv bool
	limit        int
	verbose      bool
}

func newQuery(e *env) *cobra.Command {
	f := &queryFlags{}
	cmd := &cobra.Command{
		Use: "query --db FILE", Short: "Show the alerts of a database", Args: cobra.NoArgs,
		Long: "Show the alerts that luanids --sqlite FILE wrote, newest first. Filters of different kinds must all hold; of one\n" +
			"that is given several times, or with commas, one is enough.",
		Example: "  luanids query --db alerts.db --min-severity high --since 2h\n" +
			"  luanids query --db alerts.db --src 10.0.0.0/8 --type signature --json\n" +
			"  luanids query --db alerts.db --mitre T1071 --text evil.example --csv",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("limit") && (f.json || f.csv) {
				f.limit = 0
			}
			return query(cmd.Context(), e, f)
		},
	}
	f.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.sort, "sort", "time", "order: "+alertdb.Orders+"; time and severity begin with the newest and worst")
	fl.BoolVar(&f.reverse, "reverse", false, "turn the order round")
	fl.IntVar(&f.limit, "limit", defaultRows, "show at most so many, 0 for all; JSON and CSV show all unless told")
	fl.BoolVar(&f.csv, "csv", false, "write CSV, with a header")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "show evidence")
	return cmd
}

func query(ctx context.Context, e *env, f *queryFlags) error {
	if f.json && f.csv {
		return usage(fmt.Errorf("--json and --csv: choose one"))
	}
	if f.limit < 0 {
		return usage(fmt.Errorf("--limit %d: use 0 or more", f.limit))
	}
	filter, err := f.filter()
	if err != nil {
		return err
	}
	order := alertdb.Order{By: f.sort, Reverse: f.reverse != (f.sort == "time")}
	if !order.Valid() {
		return usage(fmt.Errorf("--sort %s: use %s", f.sort, alertdb.Orders))
	}
	db, err := f.open()
	if err != nil {
		return err
	}
	defer db.Close()
	w := bufio.NewWriter(e.stdout)
	out := f.writer(e, w)
	n := 0
	err = db.Query(ctx, filter, order, f.limit, func(a *alert.Alert) error {
		n++
		return out.alert(a)
	})
	if err == nil {
		err = out.end()
	}
	if e := w.Flush(); err == nil {
		err = e
	}
	if err != nil {
		return failed(err)
	}
	return f.remark(ctx, e, db, filter, n)
}

// remark says on stderr what the rows alone do not.
func (f *queryFlags) remark(ctx context.Context, e *env, db *alertdb.DB, filter alertdb.Filter, n int) error {
	switch {
	case n == 0:
		fmt.Fprintln(e.stderr, "no alerts match")
	case f.limit > 0 && n == f.limit:
		all, err := db.Count(ctx, filter)
		if err != nil {
			return failed(err)
		}
		if all > uint64(n) {
			fmt.Fprintf(e.stderr, "%d of %s alerts; --limit 0 shows all\n", n, count(all))
		}
	}
	return nil
}

// rowWriter writes the result of a query.
type rowWriter interface {
	alert(a *alert.Alert) error
	end() error
}

func (f *queryFlags) writer(e *env, w *bufio.Writer) rowWriter {
	switch {
	case f.json:
		return jsonRows{output.NewJSON("stdout", w)}
	case f.csv:
		return &csvRows{w: csv.NewWriter(w)}
	}
	t := &table{w: w, verbose: f.verbose, colored: e.stdoutTTY}
	if file, ok := e.stdout.(*os.File); ok && e.stdoutTTY {
		t.width, _, _ = term.GetSize(int(file.Fd()))
	}
	return t
}

type jsonRows struct{ *output.JSON }

func (r jsonRows) alert(a *alert.Alert) error { return r.Alert(a) }
func (r jsonRows) end() error                 { return nil }

type csvRows struct {
	w      *csv.Writer
	headed bool
	j      jsonw.Writer
}

var csvHeader = []string{"time", "severity", "alert_type", "rule_id", "message", "src_ip", "src_port", "dst_ip", "dst_port", "protocol", "app_proto",
	"mitre_techniques", "tags", "confidence", "folded", "community_id", "flow_id", "packet", "alert_id", "evidence", "pcap"}

func (r *csvRows) alert(a *alert.Alert) error {
	if !r.headed {
		r.headed = true
		if err := r.w.Write(csvHeader); err != nil {
			return err
		}
	}
	r.j.Reset()
	output.WriteEvidence(&r.j, a.Evidence)
	var src, dst, sport, dport string
	if a.Src.IsValid() {
		src = a.Src.String()
	}
	if a.Dst.IsValid() {
		dst = a.Dst.String()
	}
	if a.HasPorts {
		sport, dport = strconv.Itoa(int(a.SrcPort)), strconv.Itoa(int(a.DstPort))
	}
	return r.w.Write([]string{a.When().Format("2006-01-02T15:04:05.000000Z"), strings.ToUpper(a.Severity.String()), a.Kind.String(), a.RuleID, a.Message,
		src, sport, dst, dport, a.Proto, a.App, strings.Join(a.Mitre, " "), strings.Join(a.Tags, " "), strconv.FormatFloat(a.Confidence, 'f', -1, 64),
		strconv.FormatUint(a.Folded, 10), a.Community, strconv.FormatUint(a.FlowID, 10), strconv.FormatUint(a.PacketNum, 10), a.ID, string(r.j.B), a.Pcap})
}

func (r *csvRows) end() error {
	if !r.headed {
		_ = r.w.Write(csvHeader)
	}
	r.w.Flush()
	return r.w.Error()
}

// table gathers rows to align them, a page at a time.
type table struct {
	w       io.Writer
	width   int // of the terminal, 0 when there is none
	colored bool
	verbose bool
	rows    []tableRow
	headed  bool
}

type tableRow struct {
	cells    [6]string
	severity alert.Severity
	evidence []string
}

// tablePage is how many rows are aligned with each other.
const tablePage = 1000

var tableHeader = tableRow{cells: [6]string{"TIME", "SEVERITY", "RULE", "SOURCE", "DESTINATION", "MESSAGE"}}

func (t *table) alert(a *alert.Alert) error {
	msg := output.Printable(a.Message)
	if len(a.Mitre) > 0 {
		msg = strings.Join(a.Mitre, ",") + " " + msg
	}
	if a.Folded > 0 {
		msg += fmt.Sprintf(" (+%d like it)", a.Folded)
	}
	r := tableRow{severity: a.Severity, cells: [6]string{a.When().Format("2006-01-02 15:04:05"), strings.ToUpper(a.Severity.String()),
		output.Printable(a.RuleID), a.Source(), a.Target(), msg}}
	if t.verbose {
		for _, ev := range a.Evidence {
			r.evidence = append(r.evidence, output.Printable(fmt.Sprintf("%s: %s", ev.Name, ev.Value)))
		}
	}
	t.rows = append(t.rows, r)
	if len(t.rows) >= tablePage {
		return t.end()
	}
	return nil
}

// end writes the rows gathered.
func (t *table) end() error {
	if len(t.rows) == 0 {
		return nil
	}
	var widths [6]int
	for _, r := range append(t.rows, tableHeader) {
		for i, c := range r.cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	if !t.headed {
		t.headed = true
		t.row(&tableHeader, &widths, color.New(color.Bold))
	}
	for i := range t.rows {
		t.row(&t.rows[i], &widths, output.SeverityColor(t.rows[i].severity))
	}
	t.rows = t.rows[:0]
	return nil
}

func (t *table) row(r *tableRow, widths *[6]int, c *color.Color) {
	if t.colored {
		c.EnableColor()
	} else {
		c.DisableColor()
	}
	at := 0
	for i, cell := range r.cells {
		last := i == len(r.cells)-1
		if last && t.width > 0 {
			cell = shorten(cell, t.width-at)
		}
		text := cell
		if i == 1 || r == &tableHeader {
			text = c.Sprint(cell)
		}
		if last {
			fmt.Fprintln(t.w, text)
			break
		}
		pad := widths[i] - utf8.RuneCountInString(cell) + 2
		fmt.Fprint(t.w, text, strings.Repeat(" ", pad))
		at += widths[i] + 2
	}
	for _, ev := range r.evidence {
		fmt.Fprintf(t.w, "    %s\n", ev)
	}
}

// shorten cuts a text to so many characters, but not to less than is readable.
func shorten(s string, width int) string {
	width = max(width, 20)
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}
