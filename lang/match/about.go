package match

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/luanids/luanids/lang/ir"
)

// CountsBy tells whether r counts matches by one of the fields that are named: in the key of a threshold, or of the
// sequence that it stands for. Thresholds that only hold alerts back (limit, backoff) do not count.
func (r *Rule) CountsBy(fields ...string) bool {
	for i := range r.Thresholds {
		t := &r.Thresholds[i]
		if t.Kind != ir.ThLimit && t.Kind != ir.ThBackoff && names(t.By, fields) {
			return true
		}
	}
	return r.seq != nil && names(r.seq.src.By, fields)
}

// IsSequence tells whether r stands for a sequence.
func (r *Rule) IsSequence() bool { return r.seq != nil }

func names(by []ir.Expr, fields []string) bool {
	return slices.ContainsFunc(by, func(x ir.Expr) bool {
		f, ok := x.(*ir.Field)
		return ok && slices.Contains(fields, f.F.Name)
	})
}

// Ends tells, of the sequence at place i of what Tick gave last, the addresses in its key: of the client or source, and of
// the server or destination; invalid where the key has none.
func (st *State) Ends(i int) (src, dst netip.Addr) {
	if i >= len(st.done) || i >= len(st.doneKeys) || st.done[i].seq == nil {
		return
	}
	s := st.done[i].seq
	key := st.doneKeys[i][min(len(s.name)+1, len(st.doneKeys[i])):]
	for _, x := range s.src.By {
		if len(key) == 0 {
			return
		}
		n, k := binary.Uvarint([]byte(key[1:min(len(key), 11)]))
		if k <= 0 || n > uint64(len(key)-1-k) {
			return
		}
		value := key[1+k:][:n]
		key = key[1+k+int(n):]
		f, ok := x.(*ir.Field)
		if !ok || f.F.IP == nil || n != 16 {
			continue
		}
		ip := netip.AddrFrom16([16]byte([]byte(value))).Unmap()
		switch f.F.Name {
		case "client.ip", "src.ip":
			src = ip
		case "server.ip", "dst.ip":
			dst = ip
		}
	}
	return
}
