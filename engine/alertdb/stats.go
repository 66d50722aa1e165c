package alertdb

import (
	"context"
	"fmt"
	"time"

	"github.com/luanids/luanids/engine/alert"
)

// Count is a value with the number of alerts that have it.
type Count struct {
	Name  string `json:"name"`
	Count uint64 `json:"count"`
	// Severity and Message are those of the newest alert; of rules only.
	Severity string `json:"severity,omitempty"`
	Message  string `json:"message,omitempty"`
}

// Stats are the figures of the alerts that a filter takes.
type Stats struct {
	Total        uint64  `json:"total"`
	Folded       uint64  `json:"folded"` // left out as like others, beside the total
	First        string  `json:"first,omitempty"`
	Last         string  `json:"last,omitempty"`
	Rules        uint64  `json:"rules"`        // how many different ones
	Sources      uint64  `json:"sources"`      // how many different ones
	Destinations uint64  `json:"destinations"` // how many different ones
	BySeverity   []Count `json:"by_severity"`  // from critical down
	ByType       []Count `json:"by_type"`
	ByRule       []Count `json:"by_rule"`
	BySource     []Count `json:"by_source"`
	ByDest       []Count `json:"by_destination"`
	ByTechnique  []Count `json:"by_technique"`
	ByTag        []Count `json:"by_tag"`
	// ByTime has every hour, or when Bucket says so day, from the first alert to the last.
	Bucket string  `json:"bucket"`
	ByTime []Count `json:"by_time"`
}

const (
	hourBuckets = 72  // up to so many hours are shown by the hour
	maxBuckets  = 400 // days with no alert are left out past that
)

// Stats works the figures out. top bounds the lists, 0 for all.
func (d *DB) Stats(ctx context.Context, f Filter, top int) (*Stats, error) {
	s := &Stats{}
	w := f.where()
	var first, last *int64
	err := d.db.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(a.folded), 0), min(a.time), max(a.time),
 count(DISTINCT a.rule_id), count(DISTINCT a.src_key), count(DISTINCT a.dst_key) FROM alerts a`+w.String(), w.args...).
		Scan(&s.Total, &s.Folded, &first, &last, &s.Rules, &s.Sources, &s.Destinations)
	if err != nil {
		return nil, d.explain(err)
	}
	limit := ""
	if top > 0 {
		limit = fmt.Sprintf(" LIMIT %d", top)
	}
	const most = " ORDER BY 2 DESC, 1"
	for _, q := range []struct {
		to                      *[]Count
		value, join, also, tail string
	}{
		{&s.BySeverity, "a.severity", "", "", " ORDER BY 1 DESC"},
		{&s.ByType, "a.type", "", "", most},
		// SQLite takes bare columns from the row that has the maximum.
		{&s.ByRule, "a.rule_id", "", ", a.severity, a.message, max(a.time)", most + limit},
		{&s.BySource, "a.src_ip", "", "", most + limit},
		{&s.ByDest, "a.dst_ip", "", "", most + limit},
		{&s.ByTechnique, "t.technique", " JOIN techniques t ON t.alert = a.id", "", most + limit},
		{&s.ByTag, "t.tag", " JOIN tags t ON t.alert = a.id", "", most + limit},
	} {
		text := "SELECT " + q.value + ", count(*)" + q.also + " FROM alerts a" + q.join + w.String() + " GROUP BY 1" + q.tail
		if *q.to, err = d.counts(ctx, text, w.args, q.also != ""); err != nil {
			return nil, d.explain(err)
		}
	}
	for i := range s.BySeverity {
		c := &s.BySeverity[i]
		c.Name = alert.Severity(c.Name[0] - '0').String()
	}
	if first != nil {
		s.First, s.Last = stamp(*first), stamp(*last)
		err = d.byTime(ctx, s, w, *first, *last)
	}
	return s, err
}

func stamp(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }

func (d *DB) counts(ctx context.Context, text string, args []any, also bool) ([]Count, error) {
	rows, err := d.db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []Count{}
	for rows.Next() {
		var c Count
		var name *string
		to := []any{&name, &c.Count}
		var sev alert.Severity
		var newest int64
		if also {
			to = append(to, &sev, &c.Message, &newest)
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		if name == nil {
			continue // alerts without addresses
		}
		c.Name = *name
		if also {
			c.Severity = sev.String()
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

func (d *DB) byTime(ctx context.Context, s *Stats, w *where, first, last int64) error {
	step, layout := int64(time.Hour), "2006-01-02T15:00Z"
	s.Bucket = "hour"
	if last-first > hourBuckets*step {
		s.Bucket, step, layout = "day", 24*step, "2006-01-02"
	}
	text := fmt.Sprintf("SELECT a.time/%d, count(*) FROM alerts a%s GROUP BY 1 ORDER BY 1", step, w)
	rows, err := d.db.QueryContext(ctx, text, w.args...)
	if err != nil {
		return d.explain(err)
	}
	defer rows.Close()
	fill := (last-first)/step < maxBuckets
	next := first / step
	for rows.Next() {
		var at int64
		var n uint64
		if err := rows.Scan(&at, &n); err != nil {
			return d.explain(err)
		}
		for ; fill && next < at; next++ {
			s.ByTime = append(s.ByTime, Count{Name: time.Unix(0, next*step).UTC().Format(layout)})
		}
		s.ByTime = append(s.ByTime, Count{Name: time.Unix(0, at*step).UTC().Format(layout), Count: n})
		next = at + 1
	}
	return rows.Err()
}
