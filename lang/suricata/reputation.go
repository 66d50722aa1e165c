package suricata

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// Reputation holds the values of reputation lists (the keyword iprep).
type Reputation struct {
	ids    map[string]int // of categories by name
	tables map[int]*repTable
	made   map[string]*ir.RepTable
}

// repTable is one category: the longest prefix decides.
type repTable struct {
	byBits map[int]map[netip.Prefix]int64 // key: the prefix's length, and 256 more for IPv6
	bits   []int                          // the keys, longest first
}

// maxReputation is the highest value of a reputation.
const maxReputation = 127

// NewReputation reads the categories ("id,name,description") and lists of values ("address,id,value", where address
// may be a network). Lines that cannot be read are reported; the others count.
func NewReputation(categories []byte, lists ...[]byte) (*Reputation, []Skip) {
	r := &Reputation{ids: map[string]int{}, tables: map[int]*repTable{}, made: map[string]*ir.RepTable{}}
	var skipped []Skip
	for _, line := range configLines(string(categories)) {
		p := strings.SplitN(line.text, ",", 3)
		id, err := strconv.Atoi(strings.TrimSpace(p[0]))
		if err != nil || len(p) < 2 {
			skipped = append(skipped, Skip{Pos: ir.Pos{Line: line.n}, Keyword: "iprep", Why: "a category reads id,name,description"})
			continue
		}
		r.ids[strings.TrimSpace(p[1])] = id
	}
	for _, text := range lists {
		for _, line := range configLines(string(text)) {
			if !r.add(line.text) {
				skipped = append(skipped, Skip{Pos: ir.Pos{Line: line.n}, Keyword: "iprep", Why: "a reputation reads address,category,value with a value of 0 to 127"})
			}
		}
	}
	for _, t := range r.tables {
		for bits := range t.byBits {
			t.bits = append(t.bits, bits)
		}
		slices.SortFunc(t.bits, func(a, b int) int { return b - a })
	}
	return r, skipped
}

func (r *Reputation) add(line string) bool {
	p := list(line)
	if len(p) < 3 {
		return false
	}
	id, err1 := strconv.Atoi(p[1])
	value, err2 := strconv.Atoi(p[2])
	nets, err3 := prefixes(p[0])
	if err1 != nil || err2 != nil || err3 != nil || value < 0 || value > maxReputation {
		return false
	}
	t := r.tables[id]
	if t == nil {
		t = &repTable{byBits: map[int]map[netip.Prefix]int64{}}
		r.tables[id] = t
	}
	for _, n := range nets {
		key := n.Bits()
		if n.Addr().Is6() {
			key += 256
		}
		if t.byBits[key] == nil {
			t.byBits[key] = map[netip.Prefix]int64{}
		}
		t.byBits[key][n.Masked()] = int64(value)
	}
	return true
}

func (t *repTable) lookup(a netip.Addr) (int64, bool) {
	a = a.Unmap()
	for _, key := range t.bits {
		if (key >= 256) != a.Is6() {
			continue
		}
		if p, err := a.Prefix(key & 255); err == nil {
			if v, ok := t.byBits[key][p]; ok {
				return v, true
			}
		}
	}
	return 0, false
}

// Table gives the values of a category, nil for an unknown one: what Options.Reputation asks for.
// It is not safe for concurrent use with itself.
func (r *Reputation) Table(category string) *ir.RepTable {
	if t := r.made[category]; t != nil {
		return t
	}
	id, ok := r.ids[category]
	if !ok {
		return nil
	}
	t := &ir.RepTable{Name: category, Lookup: func(netip.Addr) (int64, bool) { return 0, false }}
	if values := r.tables[id]; values != nil {
		t.Lookup = values.lookup
	}
	r.made[category] = t
	return t
}
