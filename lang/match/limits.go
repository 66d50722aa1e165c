package match

import "github.com/luanids/luanids/lang/threshold"

// SetLimits changes the caps of what is remembered; what is over them is forgotten, the oldest first. Data sets keep
// theirs.
func (st *State) SetLimits(l StateLimits) {
	if l.Thresholds <= 0 {
		l.Thresholds = threshold.DefaultMax
	}
	if l.Hosts <= 0 {
		l.Hosts = defaultHosts
	}
	if l.Sequences <= 0 {
		l.Sequences = defaultHosts
	}
	st.thresholds.SetMax(l.Thresholds)
	for st.hosts.max = l.Hosts; len(st.hosts.m) > l.Hosts && st.hosts.byUse.Oldest() != nil; st.hosts.evicted++ {
		st.hosts.remove(st.hosts.byUse.Oldest())
	}
	for st.seqs.max = l.Sequences; len(st.seqs.m) > l.Sequences && st.seqs.byUse.Oldest() != nil; st.seqs.evicted++ {
		st.seqs.remove(st.seqs.byUse.Oldest())
	}
}
