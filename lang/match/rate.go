package match

import (
	"fmt"
	"time"

	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/threshold"
)

// lateRate is a rate filter of a rule.
type lateRate struct {
	spec   threshold.Spec
	by     []int // indices of captures
	action ir.Action
}

func (b *builder) rateFilter(o *orderedPart, r *Rule, f *ir.RateFilter) {
	x := lateRate{action: f.Action, by: b.captureAll(o, f.By)}
	x.spec = threshold.Spec{Kind: threshold.Rate, Count: f.Count, Window: f.Window.Nanoseconds(), Timeout: f.Timeout.Nanoseconds()}
	shape := fmt.Sprintf("rate %d/%d/%d", f.Count, f.Window/time.Millisecond, f.Timeout/time.Millisecond)
	for _, n := range x.by {
		shape += "/" + o.captures[n].key
	}
	x.spec.Name = r.counted() + "\x00" + shape
	o.rates = append(o.rates, x)
}

// rated counts a match with the rule's rate filters, and gives its action: its own, or that of the last filter in force.
func (st *State) rated(r *Rule, o *orderedPart) ir.Action {
	action := r.Action
	for i := range o.rates {
		f := &o.rates[i]
		if st.thresholds.Match(&f.spec, st.key(f.spec.Name, f.by), nil, st.now) {
			action = f.action
		}
	}
	return action
}

// MayReject tells whether the rule can ask for connections to be cut: by itself, or by a rate filter.
func (r *Rule) MayReject() bool {
	if r.Action == ir.Reject {
		return true
	}
	for i := range r.RateFilters {
		if r.RateFilters[i].Action == ir.Reject {
			return true
		}
	}
	return false
}
