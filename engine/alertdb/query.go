package alertdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/luanids/luanids/engine/alert"
)

// Filter says which alerts are wanted. What is set must all hold; of a list, one is enough.
type Filter struct {
	MinSeverity alert.Severity
	Severities  []alert.Severity
	Types       []alert.Kind
	Rules       []string // ids; * stands for any characters
	Src, Dst    []netip.Prefix
	Host        []netip.Prefix // source or destination
	Port        []uint16       // source or destination
	Tags        []string
	Mitre       []string // techniques; one without a part after the point has its sub-techniques
	Since       time.Time
	Until       time.Time // exclusive
	Text        string    // part of message, rule id or evidence, in any case
}

// Order says how results are sorted. Equal ones are in the engine's order.
type Order struct {
	By      string // time (default), severity, rule, src, dst, type
	Reverse bool
}

// orders are the columns by name, and whether the natural order is descending.
var orders = map[string]struct {
	column string
	down   bool
}{
	"": {"a.time", false}, "time": {"a.time", false}, "severity": {"a.severity", true},
	"rule": {"a.rule_id", false}, "src": {"a.src_key", false}, "dst": {"a.dst_key", false}, "type": {"a.type", false},
}

// Orders lists the names that Order.By takes.
const Orders = "time, severity, rule, src, dst or type"

// Valid tells whether By is known.
func (o Order) Valid() bool {
	_, ok := orders[o.By]
	return ok
}

func (o Order) sql() (string, error) {
	c, ok := orders[o.By]
	if !ok {
		return "", fmt.Errorf("cannot sort by %q: use %s", o.By, Orders)
	}
	dir := " ASC"
	if c.down != o.Reverse {
		dir = " DESC"
	}
	id := " ASC"
	if o.Reverse {
		id = " DESC"
	}
	s := " ORDER BY " + c.column + dir
	if c.column != "a.time" {
		s += ", a.time" + id
	}
	return s + ", a.id" + id, nil
}

// where builds the condition of a query.
type where struct {
	terms []string
	args  []any
}

func (w *where) and(term string, args ...any) {
	w.terms = append(w.terms, term)
	w.args = append(w.args, args...)
}

// any adds alternatives.
func (w *where) any(n int, term func(i int) (string, []any)) {
	if n == 0 {
		return
	}
	var alt []string
	for i := range n {
		t, args := term(i)
		alt = append(alt, t)
		w.args = append(w.args, args...)
	}
	w.terms = append(w.terms, "("+strings.Join(alt, " OR ")+")")
}

func (w *where) String() string {
	if len(w.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.terms, " AND ")
}

func (f *Filter) where() *where {
	w := &where{}
	if f.MinSeverity > alert.Info {
		w.and("a.severity >= ?", f.MinSeverity)
	}
	if !f.Since.IsZero() {
		w.and("a.time >= ?", f.Since.UnixNano())
	}
	if !f.Until.IsZero() {
		w.and("a.time < ?", f.Until.UnixNano())
	}
	w.any(len(f.Severities), func(i int) (string, []any) { return "a.severity = ?", []any{f.Severities[i]} })
	w.any(len(f.Types), func(i int) (string, []any) { return "a.type = ?", []any{f.Types[i].String()} })
	w.any(len(f.Rules), func(i int) (string, []any) { return wild("a.rule_id", f.Rules[i]) })
	w.any(len(f.Src), func(i int) (string, []any) { return within(f.Src[i], "a.src_key") })
	w.any(len(f.Dst), func(i int) (string, []any) { return within(f.Dst[i], "a.dst_key") })
	w.any(len(f.Host), func(i int) (string, []any) { return within(f.Host[i], "a.src_key", "a.dst_key") })
	w.any(len(f.Port), func(i int) (string, []any) {
		return "(a.src_port = ? OR a.dst_port = ?)", []any{f.Port[i], f.Port[i]}
	})
	w.any(len(f.Tags), func(i int) (string, []any) {
		t, args := wild("tag", f.Tags[i])
		return "a.id IN (SELECT alert FROM tags WHERE " + t + ")", args
	})
	w.any(len(f.Mitre), func(i int) (string, []any) {
		t := strings.ToUpper(f.Mitre[i])
		// Sub-techniques are T1071.001...: what sorts between "T1071." and "T1071/".
		return "a.id IN (SELECT alert FROM techniques WHERE technique = ? OR technique >= ? AND technique < ?)", []any{t, t + ".", t + "/"}
	})
	if f.Text != "" {
		p := "%" + likeEscape(f.Text) + "%"
		w.and(`(a.message LIKE ? ESCAPE '\' OR a.rule_id LIKE ? ESCAPE '\' OR a.evidence LIKE ? ESCAPE '\')`, p, p, p)
	}
	return w
}

func likeEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(s)
}

// wild compares a column with a value in which * stands for any characters.
func wild(column, v string) (string, []any) {
	if !strings.Contains(v, "*") {
		return column + " = ?", []any{v}
	}
	return column + ` LIKE ? ESCAPE '\'`, []any{strings.ReplaceAll(likeEscape(v), "*", "%")}
}

// within tells whether one of the columns holds an address of the prefix.
func within(p netip.Prefix, columns ...string) (string, []any) {
	lo, hi := bounds(p)
	var alt []string
	var args []any
	for _, c := range columns {
		alt = append(alt, c+" BETWEEN ? AND ?")
		args = append(args, lo, hi)
	}
	return "(" + strings.Join(alt, " OR ") + ")", args
}

// bounds gives the first and last key of a prefix.
func bounds(p netip.Prefix) (lo, hi []byte) {
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	a := p.Masked().Addr().As16()
	b := a
	for i := bits; i < 128; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	return a[:], b[:]
}

// Count tells how many alerts the filter takes.
func (d *DB) Count(ctx context.Context, f Filter) (n uint64, err error) {
	w := f.where()
	if err := d.db.QueryRowContext(ctx, "SELECT count(*) FROM alerts a"+w.String(), w.args...).Scan(&n); err != nil {
		return 0, d.explain(err)
	}
	return n, nil
}

const columns = `a.alert_id, a.time, a.type, a.severity, a.rule_id, a.message, a.src_ip, a.src_port, a.dst_ip, a.dst_port,
 a.protocol, a.app_proto, a.direction, a.confidence, a.community_id, a.flow_id, a.packet, a.folded, a.evidence, a.tags, a.techniques, `

// Query calls each with the alerts that the filter takes, in order, at most limit when that is not 0.
// The evidence of an alert holds its values as json.RawMessage.
func (d *DB) Query(ctx context.Context, f Filter, o Order, limit int, each func(*alert.Alert) error) error {
	order, err := o.sql()
	if err != nil {
		return err
	}
	w := f.where()
	pcap := "a.pcap"
	if d.schema == 1 {
		pcap = "''" // it was not kept yet
	}
	text := "SELECT " + columns + pcap + " FROM alerts a" + w.String() + order
	if limit > 0 {
		text += fmt.Sprintf(" LIMIT %d", limit)
	}
	rows, err := d.db.QueryContext(ctx, text, w.args...)
	if err != nil {
		return d.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		a, err := scan(rows)
		if err != nil {
			return d.explain(err)
		}
		if err := each(a); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return d.explain(err)
	}
	return nil
}

func scan(rows *sql.Rows) (*alert.Alert, error) {
	a := &alert.Alert{}
	var kind, evidence, tags, mitre string
	var src, dst sql.NullString
	var sport, dport sql.NullInt64
	var flow, packet, folded int64
	err := rows.Scan(&a.ID, &a.Time, &kind, &a.Severity, &a.RuleID, &a.Message, &src, &sport, &dst, &dport,
		&a.Proto, &a.App, &a.Direction, &a.Confidence, &a.Community, &flow, &packet, &folded, &evidence, &tags, &mitre, &a.Pcap)
	if err != nil {
		return nil, err
	}
	a.FlowID, a.PacketNum, a.Folded = uint64(flow), uint64(packet), uint64(folded)
	a.Kind, _ = ParseKind(kind)
	a.Src, _ = netip.ParseAddr(src.String)
	a.Dst, _ = netip.ParseAddr(dst.String)
	a.SrcPort, a.DstPort, a.HasPorts = uint16(sport.Int64), uint16(dport.Int64), sport.Valid
	if err := errors.Join(json.Unmarshal([]byte(tags), &a.Tags), json.Unmarshal([]byte(mitre), &a.Mitre)); err != nil {
		return nil, err
	}
	return a, readEvidence(a, evidence)
}

// readEvidence takes the members of the object in their order.
func readEvidence(a *alert.Alert, text string) error {
	dec := json.NewDecoder(strings.NewReader(text))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return err
		}
		s, _ := name.(string)
		a.Evidence = append(a.Evidence, alert.Evidence{Name: s, Value: v})
	}
	return nil
}

// ParseKind reads the name of a kind of alert in any case.
func ParseKind(s string) (alert.Kind, error) {
	var names []string
	for k := alert.Signature; k <= alert.Correlation; k++ {
		if strings.EqualFold(k.String(), s) {
			return k, nil
		}
		names = append(names, k.String())
	}
	return 0, fmt.Errorf("unknown type %q: use %s", s, strings.Join(names, ", "))
}
