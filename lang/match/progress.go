package match

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// explain writes the steps of a sequence.
func (s *sequence) explain(b *strings.Builder) {
	fmt.Fprintf(b, "  sequence of %d steps", len(s.src.Steps))
	if len(s.src.By) > 0 {
		by := make([]string, len(s.src.By))
		for i, x := range s.src.By {
			by[i] = ir.Text(x)
		}
		fmt.Fprintf(b, " by %s", strings.Join(by, ", "))
	}
	if s.src.Within > 0 {
		fmt.Fprintf(b, " within %s", ir.DurationText(int64(s.src.Within)))
	}
	b.WriteByte('\n')
	for i := range s.src.Steps {
		fmt.Fprintf(b, "  step %s: %s\n", s.stepName(i), s.stepText(i))
	}
}

func (s *sequence) stepName(i int) string { return stepName(s.src, i) }

// stepName is the label of a step, or its number.
func stepName(s *ir.Sequence, i int) string {
	if n := s.Steps[i].Name; n != "" {
		return n
	}
	return strconv.Itoa(i + 1)
}

// stepText words what a step waits for.
func (s *sequence) stepText(i int) string {
	st := &s.src.Steps[i]
	var parts []string
	if st.Absent {
		parts = append(parts, "not")
	}
	if st.Count > 1 {
		parts = append(parts, fmt.Sprintf("%d of", st.Count))
	}
	switch {
	case st.RuleID != "":
		parts = append(parts, "rule("+st.RuleID+")")
	case st.On != "" && st.When != nil:
		parts = append(parts, st.On+" and "+ir.Text(st.When))
	case st.On != "":
		parts = append(parts, st.On)
	default:
		parts = append(parts, ir.Text(st.When))
	}
	if st.Within > 0 {
		parts = append(parts, "within "+ir.DurationText(int64(st.Within)))
	}
	return strings.Join(parts, " ")
}

// Progress is how far a sequence has come under a key.
type Progress struct {
	Key  string `json:"key"`  // src.ip = 10.0.0.1, ...
	Step int    `json:"step"` // that waits for more, from 1 on; one more than there are: complete
	Name string `json:"name"`
	Got  int    `json:"got"` // matches of it so far
	Want int    `json:"want"`
	// Done are the steps that are complete.
	Done int `json:"done"`
	// Void is the step that must not happen and did, "" for none: what was before it counts no longer.
	Void string `json:"void,omitempty"`
}

// Progress tells how far the sequence of rule r has come under each key that it has not forgotten, in no order.
func (st *State) Progress(r *Rule) []Progress {
	var out []Progress
	for _, run := range st.seqs.m {
		if r.seq == nil || run.seq.name != r.seq.name {
			continue
		}
		p := Progress{Key: run.seq.keyText(run.key), Step: 1}
		for i := range run.steps {
			if run.steps[i].done {
				p.Done = i + 1
			}
		}
		n := min(p.Done, len(run.steps)-1)
		p.Step, p.Name, p.Want = n+1, run.seq.stepName(n), run.seq.steps[n].count
		p.Got = min(len(run.steps[n].times), p.Want)
		if run.void > 0 && p.Done < run.void {
			p.Void = run.seq.stepName(run.void)
		}
		out = append(out, p)
	}
	return out
}

// keyText words the key of a run.
func (s *sequence) keyText(key string) string {
	key = key[min(len(s.name)+1, len(key)):]
	var parts []string
	for _, x := range s.src.By {
		if len(key) == 0 {
			break
		}
		n, k := binary.Uvarint([]byte(key[1:min(len(key), 11)]))
		if k <= 0 || n > uint64(len(key)-1-k) {
			break
		}
		there, value := key[0] != 0, key[1+k:][:n]
		key = key[1+k+int(n):]
		text := "(absent)"
		if there {
			text = capturedText(x.Type(), value)
		}
		parts = append(parts, ir.Text(x)+" = "+text)
	}
	return strings.Join(parts, ", ")
}

// capturedText words a captured value.
func capturedText(t dissect.Type, value string) string {
	v := ir.Value{B: []byte(value), OK: true}
	switch classOf(t) {
	case classBytes:
	case classIP:
		if len(value) != 16 {
			return "?"
		}
		v.IP = netip.AddrFrom16([16]byte([]byte(value))).Unmap()
	default:
		if len(value) != 8 {
			return "?"
		}
		v.I = int64(binary.LittleEndian.Uint64([]byte(value)))
		v.F = math.Float64frombits(uint64(v.I))
	}
	return valueString(t, v)
}
