package suricata

import (
	"bytes"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// Shared is what the rules of several files have in common.
type Shared struct {
	mu     sync.Mutex
	sets   map[string]*sharedSet
	unkept map[string]bool // names of sets that would be written if there were a folder
}

type sharedSet struct {
	set    *ir.Dataset
	loaded string
}

// NewShared makes an empty one.
func NewShared() *Shared { return &Shared{sets: map[string]*sharedSet{}, unkept: map[string]bool{}} }

// kind gives the type of a set's values, as far as it is known.
func (s *Shared) kind(set *ir.Dataset) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return set.Type
}

// Unkept gives the names of the sets that rules want written, and for which there is no folder.
func (s *Shared) Unkept() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.unkept))
}

// Datasets gives the data sets that rules have named so far, by name.
func (s *Shared) Datasets() map[string]*ir.Dataset {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := make(map[string]*ir.Dataset, len(s.sets))
	for name, x := range s.sets {
		m[name] = x.set
	}
	return m
}

// Set is a data set that settings declare. Type is string, md5, sha256, ipv4 or ip; File has its first values, "" for none; Save is the file
// to which they are written, "" for none: then File need not be there.
type Set struct{ Type, File, Save string }

// setOptions are the options of dataset and datarep.
type setOptions struct {
	kind, load, save, state string
	js                      jsonOptions
}

// once keeps the value of an option that may stand only once.
func once(p *string, f []string) *problem {
	if *p != "" {
		return fail("%s stands twice", f[0])
	}
	*p = f[1]
	return nil
}

func readSetOptions(opts []string) (o setOptions, err *problem) {
	for _, opt := range opts {
		f := strings.Fields(opt)
		if opt == "remove_key" {
			o.js.remove = true
			continue
		}
		if len(f) != 2 {
			return o, fail("unknown option %q", opt)
		}
		switch f[0] {
		case "type":
			o.kind, err = setKind(f[1])
		case "load":
			err = once(&o.load, f)
		case "state":
			err = once(&o.state, f)
		case "save":
			err = once(&o.save, f)
		case "memcap": // sets are capped by number
		case "format":
			if o.js.format = map[string]string{"csv": "", "json": "json", "ndjson": "ndjson", "jsonline": "ndjson"}[f[1]]; o.js.format == "" && f[1] != "csv" {
				return o, fail("the format %s is not supported", f[1])
			}
		case "context_key":
			o.js.context = f[1]
		case "value_key":
			o.js.value = f[1]
		case "array_key":
			o.js.top = f[1]
		case "hashsize": // of Suricata's table, which holds more
			if _, e := strconv.ParseUint(f[1], 10, 31); e != nil {
				return o, fail("hashsize wants a number")
			}
		default:
			return o, fail("the option %s is not supported", f[0])
		}
		if err != nil {
			return o, err
		}
	}
	if o.state != "" && o.load+o.save != "" {
		return o, fail("state stands for load and save, which cannot stand beside it")
	}
	return o, nil
}

func dataset(b *builder, v string) *problem {
	p := list(v)
	if len(p) < 2 || p[1] == "" {
		return fail("wants operation, name")
	}
	if b.sticky == nil {
		return fail("there is no sticky buffer before it")
	}
	if err := checkSetName(p[1]); err != nil {
		return err
	}
	o, err := readSetOptions(p[2:])
	if err != nil {
		return err
	}
	c := b.current()
	set, err := b.dataset(c, p[0], p[1], o)
	if err != nil {
		return err
	}
	in := func(x ir.Expr) ir.Expr { return &ir.InDataset{X: x, Set: set, Pos: b.pos()} }
	not := func(x ir.Expr) ir.Expr {
		return &ir.And{X: []ir.Expr{b.filled(c, x), &ir.Not{X: in(x)}}}
	}
	switch p[0] {
	case "isset":
		c.tests = append(c.tests, in)
	case "isnotset":
		c.tests = append(c.tests, not)
	case "set":
		// Only a value that is not in the set yet, and can be, makes the rule match.
		kind := b.l.opt.Shared.kind(set)
		if n := digestSizes[kind]; n > 0 && !c.digests(n) {
			c.tests = append(c.tests, func(x ir.Expr) ir.Expr {
				return cmp{op: ir.TestEq, lo: int64(n)}.on(&ir.Len{X: x, Pos: b.pos()})
			})
		}
		if kind == "ipv4" {
			c.tests = append(c.tests, isIPv4)
		}
		c.tests = append(c.tests, not)
		c.adds = append(c.adds, set)
	case "unset":
		c.tests = append(c.tests, in)
		c.removes = append(c.removes, set)
	default:
		return fail("the operation %s is not supported", p[0])
	}
	return nil
}

// filled holds for values that are there and not empty: an empty buffer is in no set, and not out of one either.
func (b *builder) filled(c *chain, x ir.Expr) ir.Expr {
	if t := x.Type(); t != dissect.TString && t != dissect.TBytes || c.digests(digestSizes["md5"]) || c.digests(digestSizes["sha256"]) {
		return &ir.Exists{X: x}
	}
	return cmp{op: ir.TestGt}.on(&ir.Len{X: x, Pos: b.pos()})
}

// isIPv4 holds for addresses of IPv4, and for all that is no address.
func isIPv4(x ir.Expr) ir.Expr {
	if x.Type() != dissect.TIP {
		return &ir.Const{T: dissect.TBool, V: ir.Value{OK: true, I: 1}}
	}
	return &ir.In{X: x, Set: ir.NewIPSet([]netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}, nil)}
}

// digests tells whether the chain gives digests of n bytes.
func (c *chain) digests(n int) bool {
	if len(c.steps) == 0 {
		return false
	}
	last := c.steps[len(c.steps)-1].Op
	return last == ir.TMD5 && n == digestSizes["md5"] || last == ir.TSHA256 && n == digestSizes["sha256"]
}

// dataset gives the set of a name, and the chain what a set in JSON has to tell.
func (b *builder) dataset(c *chain, op, name string, o setOptions) (*ir.Dataset, *problem) {
	if o.js.format == "" {
		return b.l.dataset(name, o)
	}
	if op != "isset" && op != "isnotset" {
		return nil, fail("sets in JSON cannot be changed")
	}
	file := o.load
	o.load = ""
	set, err := b.l.dataset(name, o)
	if err != nil {
		return nil, err
	}
	ctx, err := b.jsonContext(file, &o)
	if err != nil {
		return nil, err
	}
	b.l.opt.Shared.load(name, file, ctx)
	if op == "isset" {
		c.contexts = append(c.contexts, ctx)
	}
	return set, nil
}

// load gives a set the values of a file in JSON, once.
func (s *Shared) load(name, file string, ctx *ir.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.sets[strings.ToLower(name)]
	if x.loaded != "" {
		return
	}
	x.loaded = file
	for v := range ctx.Values {
		x.set.Load = append(x.set.Load, []byte(v))
	}
	slices.SortFunc(x.set.Load, bytes.Compare)
}

// dataset gives the set of a name; a rule that loads it, or another before, gives it its values.
func (l *loader) dataset(name string, o setOptions) (*ir.Dataset, *problem) {
	s := l.opt.Shared
	load, save, err := l.files(&o)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(name)
	x := s.sets[key]
	if x == nil {
		x = &sharedSet{set: &ir.Dataset{Name: name}}
		s.sets[key] = x
		if d, ok := l.opt.Sets[key]; ok {
			kind, err := setKind(d.Type)
			if err == nil {
				err = l.fill(x, kind, d.File, d.Save, d.Save != "")
			}
			if err != nil {
				delete(s.sets, key)
				return nil, err
			}
		}
	}
	if o.kind != "" && x.set.Type != "" && x.set.Type != o.kind {
		return nil, fail("the set %s has type %s elsewhere", name, x.set.Type)
	}
	if err := l.fill(x, o.kind, load, save, o.state != ""); err != nil {
		return nil, err
	}
	if x.set.Save == "" && o.state+o.save != "" {
		s.unkept[name] = true
	}
	return x.set, nil
}

// datarep compares the reputation of a value: as lists do not change, that is a set of the
// values whose reputation fulfils the comparison.
func datarep(b *builder, v string) *problem {
	p := list(v)
	if len(p) < 3 {
		return fail("wants name, operator, number")
	}
	if b.sticky == nil {
		return fail("there is no sticky buffer before it")
	}
	o, err := readSetOptions(p[3:])
	if err != nil {
		return err
	}
	c, err := parseCmp(p[1] + p[2])
	if err != nil {
		return err
	}
	file, _, err := b.l.files(&o)
	if err != nil {
		return err
	}
	if d, ok := b.l.opt.Sets[strings.ToLower(p[0])]; ok && file == "" {
		if file = d.File; o.kind == "" {
			o.kind = d.Type
		}
	}
	text, err := b.l.readFile(file)
	if err != nil {
		return err
	}
	var values []string
	for _, line := range strings.Split(string(text), "\n") {
		s, rep, ok := strings.Cut(strings.TrimSpace(line), ",")
		if !ok {
			continue
		}
		n, isNum := parseInt(strings.TrimSpace(rep))
		value, err := setValue(o.kind, strings.TrimSpace(s))
		if err != nil || !isNum {
			return fail("%q is no value with its reputation", line)
		}
		if c.holds(n) {
			values = append(values, string(value))
		}
	}
	if o.kind == "ip" || o.kind == "ipv4" {
		return b.addressRep(p[0]+p[1]+p[2], values)
	}
	set := ir.NewStrSet(false, values...)
	ch := b.current()
	ch.tests = append(ch.tests, func(x ir.Expr) ir.Expr { return &ir.In{X: x, Set: set} })
	return nil
}

// addressRep asks for addresses, in their 16-byte form.
func (b *builder) addressRep(name string, values []string) *problem {
	s := b.l.opt.Shared
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.sets[name]
	if x == nil {
		x = &sharedSet{set: &ir.Dataset{Name: name, Type: "ip"}}
		s.sets[name] = x
		for _, v := range values {
			x.set.Load = append(x.set.Load, []byte(v))
		}
	}
	ch := b.current()
	ch.tests = append(ch.tests, func(f ir.Expr) ir.Expr { return &ir.InDataset{X: f, Set: x.set, Pos: b.pos()} })
	return nil
}

// holds tells whether the comparison is true of n.
func (c cmp) holds(n int64) bool {
	if c.mask != 0 {
		n &= c.mask
	}
	switch c.op {
	case ir.TestNe:
		return n != c.lo
	case ir.TestLt:
		return n < c.lo
	case ir.TestGt:
		return n > c.lo
	case ir.TestLe:
		return n <= c.lo
	case ir.TestGe:
		return n >= c.lo
	case ir.TestRange:
		return n > c.lo && n < c.hi
	case ir.TestNotIn:
		return n <= c.lo || n >= c.hi
	}
	return n == c.lo
}

// iprep compares the reputation of an address.
func iprep(b *builder, v string) *problem {
	p := list(v)
	if len(p) < 3 || p[1] == "" {
		return fail("wants side, category, operator, number")
	}
	if b.l.opt.Reputation == nil {
		return fail("no reputation lists are configured")
	}
	b.l.mu.Lock()
	table := b.l.opt.Reputation(p[1])
	b.l.mu.Unlock()
	if table == nil {
		return fail("there is no reputation category %s", p[1])
	}
	var test func(x ir.Expr) ir.Expr
	switch {
	case p[2] == "isset":
		test = func(x ir.Expr) ir.Expr { return &ir.Exists{X: x} }
	case p[2] == "isnotset":
		test = func(x ir.Expr) ir.Expr { return &ir.Not{X: &ir.Exists{X: x}} }
	default:
		if len(p) != 4 {
			return fail("wants side, category, operator, number")
		}
		c, err := parseCmp(p[2] + p[3])
		if err != nil {
			return err
		}
		test = c.on
	}
	src := test(&ir.Rep{X: b.l.common.srcIP, Table: table, Pos: b.pos()})
	dst := test(&ir.Rep{X: b.l.common.dstIP, Table: table, Pos: b.pos()})
	switch p[0] {
	case "src":
		b.require(src)
	case "dst":
		b.require(dst)
	case "any":
		b.require(&ir.Or{X: []ir.Expr{src, dst}})
	case "both":
		b.require(&ir.And{X: []ir.Expr{src, dst}})
	default:
		return fail("wants src, dst, any or both")
	}
	return nil // such a rule may still be about addresses alone
}
