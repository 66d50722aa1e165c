package ruleset

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/gaissmai/bart"

	"github.com/luanids/luanids/lang/ir"
)

// Reputation is what files of Suricata's IP reputation say: a score of 1 to 127 for addresses
// and prefixes, by category.
type Reputation struct {
	tables map[string]*ir.RepTable
}

// Table gives the scores of a category, nil for one that no file names.
func (r *Reputation) Table(category string) *ir.RepTable { return r.tables[strings.ToLower(category)] }

// LoadReputation reads the categories (lines "number,name,description") and the scores (lines
// "address or prefix,category number,score"). Of several prefixes the longest counts.
func LoadReputation(categories string, files []string) (*Reputation, error) {
	names := map[int]string{}
	err := csvLines(categories, 2, func(f []string) error {
		n, err := strconv.Atoi(f[0])
		if err != nil || n < 1 || n > 60 {
			return fmt.Errorf("the category number %q is not 1 to 60", f[0])
		}
		names[n] = strings.ToLower(f[1])
		return nil
	})
	if err != nil {
		return nil, err
	}
	scores := map[string]*bart.Table[int64]{}
	for _, n := range names {
		scores[n] = &bart.Table[int64]{}
	}
	for _, file := range files {
		if err := csvLines(file, 3, func(f []string) error { return addScore(scores, names, f) }); err != nil {
			return nil, err
		}
	}
	r := &Reputation{tables: map[string]*ir.RepTable{}}
	for name, t := range scores {
		r.tables[name] = &ir.RepTable{Name: name, Lookup: t.Lookup}
	}
	return r, nil
}

func addScore(scores map[string]*bart.Table[int64], names map[int]string, f []string) error {
	prefix, err := netip.ParsePrefix(f[0])
	if err != nil {
		ip, err := netip.ParseAddr(f[0])
		if err != nil {
			return fmt.Errorf("%q is neither an address nor a prefix", f[0])
		}
		prefix = netip.PrefixFrom(ip, ip.BitLen())
	}
	cat, err := strconv.Atoi(f[1])
	if err != nil || names[cat] == "" {
		return fmt.Errorf("unknown category %q", f[1])
	}
	score, err := strconv.Atoi(f[2])
	if err != nil || score < 0 || score > 127 {
		return fmt.Errorf("the score %q is not 0 to 127", f[2])
	}
	scores[names[cat]].Insert(prefix.Masked(), int64(score))
	return nil
}

// csvLines calls each with the fields of every line that is neither empty nor a comment.
func csvLines(path string, fields int, each func([]string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reputation: %w", err)
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, ",")
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		if len(f) < fields {
			return fmt.Errorf("reputation: %s:%d: expected at least %d values with commas between, found %q", path, n, fields, line)
		}
		if err := each(f); err != nil {
			return fmt.Errorf("reputation: %s:%d: %w", path, n, err)
		}
	}
	return s.Err()
}
