package match

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/threshold"
)

// orderedPart is what of a rule only the ordered stage can judge, on values that Capture took.
type orderedPart struct {
	captures   []*value
	byKey      map[string]int
	cond       lateCond // nil: none
	quants     []*lateQuant
	effects    []lateEffect
	thresholds []lateThreshold
	rates      []lateRate
	feeds      []*stepOf // sequences in which a match of the rule is a step
}

type lateThreshold struct {
	spec     threshold.Spec
	by       []int // indices of captures
	distinct int   // -1: none
}

// capture gives the place of a value among those that are captured.
func (o *orderedPart) capture(v *value) int {
	if n, ok := o.byKey[v.key]; ok {
		return n
	}
	n := len(o.captures)
	o.captures = append(o.captures, v)
	o.byKey[v.key] = n
	return n
}

func (b *builder) captureAll(o *orderedPart, xs []ir.Expr) []int {
	out := make([]int, len(xs))
	for i, x := range xs {
		out[i] = o.capture(b.c.value(x))
	}
	return out
}

// splitLate takes out the conjuncts that ask cross-flow state.
func splitLate(terms []ir.Expr) (local, late []ir.Expr) {
	if !anyLate(terms) {
		return terms, nil
	}
	for _, x := range terms {
		if isLate(x) {
			late = append(late, x)
			if q, ok := x.(*ir.Quant); ok { // what of it needs no state is judged at once
				if some, _ := splitLate(conjuncts(q.Body, nil)); len(some) > 0 {
					local = append(local, &ir.Quant{All: q.All, F: q.F, Body: &ir.And{X: some}, Pos: q.Pos})
				}
			}
		} else {
			local = append(local, x)
		}
	}
	return local, late
}

func isLate(x ir.Expr) bool {
	switch x := x.(type) {
	case *ir.HostBit, *ir.InDataset, *ir.Late:
		return true
	case *ir.Cmp:
		_, a := x.X.(*ir.HostInt)
		_, b := x.Y.(*ir.HostInt)
		return a || b
	case *ir.Exists:
		_, a := x.X.(*ir.HostInt)
		return a
	case *ir.Not:
		return isLate(x.X)
	case *ir.Quant:
		return isLate(x.Body)
	case *ir.And:
		return anyLate(x.X)
	case *ir.Or:
		return anyLate(x.X)
	}
	return false
}

func anyLate(xs []ir.Expr) bool {
	for _, x := range xs {
		if isLate(x) {
			return true
		}
	}
	return false
}

// orderedPart compiles what is left for the ordered stage.
func (b *builder) orderedPart(r *Rule, late []ir.Expr) {
	if len(late)+len(r.Effects)+len(r.Thresholds)+len(r.RateFilters)+len(b.p.sequences) == 0 && b.steps[r.Rule] == nil {
		return
	}
	o := &orderedPart{byKey: map[string]int{}}
	if len(late) > 0 {
		o.cond = b.late(o, &ir.And{X: late})
		for _, e := range r.Effects {
			switch e.(type) {
			case *ir.SetFlowBit, *ir.SetFlowInt:
				b.c.errorf(r.Pos, "a rule that asks host state cannot change flow flags or counters: its flow has moved on when the answer is there")
			}
		}
	}
	for _, e := range r.Effects {
		b.lateEffect(o, r, e)
	}
	for i := range r.Thresholds {
		b.threshold(o, r, i)
	}
	for i := range r.RateFilters {
		b.rateFilter(o, r, &r.RateFilters[i])
	}
	if s := b.feeds(r, o); len(s) > 0 {
		o.feeds = s
	}
	if o.cond != nil || len(o.effects)+len(o.thresholds)+len(o.rates)+len(o.feeds) > 0 {
		r.ord, r.Ordered = o, true
	}
}

func (b *builder) threshold(o *orderedPart, r *Rule, i int) {
	t := &r.Thresholds[i]
	lt := lateThreshold{distinct: -1, by: b.captureAll(o, t.By)}
	lt.spec = threshold.Spec{Kind: threshold.Kind(t.Kind), Count: t.Count, Window: t.Window.Nanoseconds(), Fixed: t.Fixed, Multiplier: t.Multiplier,
		Distinct: t.Distinct != nil}
	shape := fmt.Sprintf("%d/%d/%d/%v", t.Kind, t.Count, t.Window/time.Millisecond, t.Fixed)
	for _, n := range lt.by {
		shape += "/" + o.captures[n].key
	}
	if t.Distinct != nil {
		lt.distinct = o.capture(b.c.value(t.Distinct))
		shape += "/distinct " + o.captures[lt.distinct].key
	}
	lt.spec.Name = r.counted() + "\x00" + shape
	o.thresholds = append(o.thresholds, lt)
}

// counted is what the thresholds of a rule are filed by: rules that one of Suricata's became, for its directions, count together.
func (r *Rule) counted() string {
	if r.SID == 0 {
		return r.ID
	}
	return fmt.Sprintf("%d:%d", max(r.GID, 1), r.SID)
}

// ---- capturing

// Capture appends to buf the values that State.Judge wants of the event, for a rule with
// Ordered set. It is called in the worker, right after Match.
func (m *Matcher) Capture(r *Rule, e *dissect.Env, buf []byte) []byte {
	if r.ord == nil {
		return buf
	}
	if m.e != e {
		m.begin(e)
	}
	for _, v := range r.ord.captures {
		buf = m.appendValue(buf, v)
	}
	return buf
}

// appendValue writes a value: its length plus 1 (0: absent), then its bytes. Integers and
// floats take 8 bytes, addresses 16.
func (m *Matcher) appendValue(buf []byte, v *value) []byte {
	m.failed = failNone
	x := v.eval(m)
	if !x.OK {
		return append(buf, 0)
	}
	switch {
	case v.b != nil:
		b := x.B
		if !v.wide {
			b = b[:min(len(b), maxCaptured)]
		}
		buf = binary.AppendUvarint(buf, uint64(len(b))+1)
		return append(buf, b...)
	case v.i != nil:
		return binary.LittleEndian.AppendUint64(append(buf, 9), uint64(x.I))
	case v.f != nil:
		return binary.LittleEndian.AppendUint64(append(buf, 9), math.Float64bits(x.F))
	}
	return addr16(append(buf, 17), x.IP)
}

// maxCaptured caps a captured string.
const maxCaptured = 1024

// captured gives the values that Capture wrote; nil entries are absent ones.
func (st *State) captured(buf []byte) {
	st.vals = st.vals[:0]
	for len(buf) > 0 {
		n, k := binary.Uvarint(buf)
		if k <= 0 || n > uint64(len(buf)-k)+1 {
			return
		}
		buf = buf[k:]
		if n == 0 {
			st.vals = append(st.vals, nil)
			continue
		}
		st.vals = append(st.vals, buf[:n-1:n-1])
		buf = buf[n-1:]
	}
}

// val is captured value n, nil if absent.
func (st *State) val(n int) []byte {
	if n < 0 || n >= len(st.vals) {
		return nil
	}
	return st.vals[n]
}

// key builds the key of several captured values behind a prefix, in st's memory.
func (st *State) key(prefix string, by []int) []byte {
	k := append(st.keyBuf[:0], prefix...)
	for _, n := range by {
		v := st.val(n)
		k = binary.AppendUvarint(append(k, b2b(v != nil)), uint64(len(v)))
		k = append(k, v...)
	}
	st.keyBuf = k
	return k
}

func b2b(b bool) byte {
	if b {
		return 1
	}
	return 0
}
