package intel

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
)

// eachLine calls take with every line and its number, without the line's end.
func eachLine(data []byte, take func(n int, line string)) {
	for n := 1; len(data) > 0; n++ {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		take(n, string(bytes.TrimSpace(line)))
		data = rest
	}
}

// eachLineOf is eachLine on a reader. Of a line that is longer than its buffer only the beginning is taken.
func eachLineOf(r *bufio.Reader, take func(n int, line string)) error {
	for n := 1; ; n++ {
		line, err := r.ReadSlice('\n')
		text := string(bytes.TrimSpace(line))
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.ReadSlice('\n')
		}
		if len(line) > 0 || err == nil {
			take(n, text)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// text reads a list with one indicator a line, or CSV that is not called so.
//
// A comment begins with # or ;. A comment before the first indicator may say what holds for all:
// "# category: c2", also type, severity, description, expires and name. Lines of a hosts file
// (0.0.0.0 name) and of a list for ad blockers (||name^) are understood.
func (f *feed) text(r *bufio.Reader) error {
	if head, _ := r.Peek(16 << 10); looksCSV(head) {
		f.format = "csv"
		return f.csv(r)
	}
	f.format = "list"
	return eachLineOf(r, func(n int, line string) {
		if line == "" {
			return
		}
		if strings.IndexByte("#;!", line[0]) >= 0 {
			if f.taken == 0 {
				f.directive(n, strings.TrimLeft(line, "#;! "))
			}
			return
		}
		value, comment, _ := strings.Cut(line, " #")
		fields := strings.Fields(value)
		if len(fields) == 0 {
			return
		}
		value = fields[0]
		if len(fields) == 2 && (value == "0.0.0.0" || value == "127.0.0.1" || value == "::") {
			value = fields[1]
			if !strings.Contains(value, ".") || value == "0.0.0.0" || strings.HasSuffix(value, ".localdomain") {
				return // what every hosts file begins with
			}
		}
		d := f.defaults
		if comment = strings.TrimSpace(comment); comment != "" {
			d.Description = comment
		}
		f.add(n, value, f.hint, d)
	})
}

// directive reads "key: value" of a comment at the beginning of a list. Other comments are left.
func (f *feed) directive(line int, s string) {
	key, value, ok := strings.Cut(s, ":")
	key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
	if !ok || value == "" {
		return
	}
	if key == "type" {
		switch h := hint(strings.ToLower(value)); h {
		case hintIP, hintDomain, hintSuffix, hintURL, hintHash, hintJA3, hintJA4:
			f.hint = h
		}
		return
	}
	switch key {
	case "category", "severity", "description", "confidence", "expires", "name":
		if _, err := f.defaults.set(key, value); err != nil {
			f.remark(line, "%v", err)
		}
	}
}

// looksCSV tells a table by its first line that is not a comment, and by the header before it.
func looksCSV(data []byte) bool {
	found, comma := false, false
	eachLine(data, func(_ int, line string) {
		if !found && line != "" && line[0] != '#' && line[0] != ';' {
			found, comma = true, strings.Count(line, ",") > 0
		}
	})
	return comma
}

// columns are the columns of a table.
type columns struct {
	names []string
	kind  int // of the column that says what the value is, -1 for none
}

// kindColumn are names of columns that say what the value is.
func kindColumn(name string) bool {
	return name == "type" || name == "ioc_type" || name == "indicator_type" || name == "kind"
}

// columnName brings the name of a column to the form that valueKeys has.
func columnName(s string) string {
	return strings.ReplaceAll(strings.ToLower(strings.Trim(s, "\"# \t")), " ", "_")
}

// columnsOf reads a header; nil when the row is none.
func columnsOf(row []string) *columns {
	c := &columns{kind: -1}
	values := 0
	for i, s := range row {
		n := columnName(s)
		if kindColumn(n) {
			c.kind = i
		}
		if _, ok := valueKeys[n]; ok {
			values++
		}
		c.names = append(c.names, n)
	}
	if values == 0 {
		return nil
	}
	return c
}

// csv reads a table whose header, which may be a comment, names the columns: one of ip, domain, url,
// sha256, ja3... or indicator with type, and category, severity, description, expires. Without a header
// the first column is the value.
func (f *feed) csv(from io.Reader) error {
	r := csv.NewReader(from)
	r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace, r.ReuseRecord = -1, true, true, true
	var cols *columns
	headed, used := false, false
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if pe := (*csv.ParseError)(nil); errors.As(err, &pe) {
			f.problem(0, "%v", err)
			continue
		} else if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		if first := strings.TrimSpace(row[0]); strings.HasPrefix(first, "#") {
			if c := columnsOf(row); c != nil && len(row) > 1 && !used {
				cols = c
			} else if !used && len(row) == 1 {
				f.directive(line, strings.TrimLeft(first, "# "))
			}
			continue
		}
		if !headed && cols == nil {
			headed = true
			if cols = columnsOf(row); cols != nil {
				continue
			}
		}
		used = true
		f.row(line, row, cols)
	}
	return nil
}

// row reads a row of a table.
func (f *feed) row(line int, row []string, cols *columns) {
	if len(row) == 1 && strings.TrimSpace(row[0]) == "" {
		return
	}
	if cols == nil {
		d := f.defaults
		if len(row) > 1 {
			d.Description = strings.TrimSpace(row[len(row)-1])
		}
		f.add(line, row[0], f.hint, d)
		return
	}
	d := f.defaults
	value, h := "", f.hint
	for i, s := range row[:min(len(row), len(cols.names))] {
		s = strings.TrimSpace(s)
		if s == "" {
			continue
		}
		if vh, ok := valueKeys[cols.names[i]]; ok {
			if value == "" {
				value = s
				if vh != hintAny {
					h = vh
				}
			}
			continue
		}
		if _, err := d.set(cols.names[i], s); err != nil {
			f.remark(line, "%s: %v", cols.names[i], err)
		}
	}
	if cols.kind >= 0 && cols.kind < len(row) {
		if k, ok := typeHint(row[cols.kind]); ok {
			h = k
		}
	}
	f.add(line, value, h, d)
}

// typeHint reads the name of a kind as feeds have it.
func typeHint(s string) (hint, bool) {
	switch n := columnName(s); {
	case strings.HasPrefix(n, "ip"), n == "cidr", n == "netblock":
		return hintIP, true
	case strings.Contains(n, "ja3"):
		return hintJA3, true
	case strings.Contains(n, "ja4"):
		return hintJA4, true
	case n == "domain", n == "hostname", n == "fqdn", n == "domain-name":
		return hintDomain, true
	case n == "url", n == "uri":
		return hintURL, true
	case strings.Contains(n, "md5"), strings.Contains(n, "sha"), strings.Contains(n, "hash"):
		return hintHash, true
	}
	return hintAny, false
}
