package ipfrag

// Stats counts what was put together and what was given up, by cause.
type Stats struct {
	IPv4Fragments, IPv4Reassembled, IPv4Timeouts uint64
	IPv6Fragments, IPv6Reassembled, IPv6Timeouts uint64
	MaxTrackersHits                              uint64 // new datagrams at the cap of trackers
	MaxFragsHits                                 uint64 // fragments at the cap of fragments
	MemCapHits                                   uint64 // fragments at the cap of memory
	Evicted                                      uint64 // incomplete datagrams given up at a cap
	Ignored                                      uint64 // fragments not kept
	// MemUse is what is kept now, bytes; it is set by Defrag.Snapshot.
	MemUse uint64
}

func (s *Stats) count(v6 bool, four, six *uint64) {
	if v6 {
		four = six
	}
	*four++
}

// Snapshot gives the counters as they stand.
func (d *Defrag) Snapshot() Stats {
	s := d.Stats
	s.MemUse = uint64(d.mem.used)
	return s
}

// Each calls f for every counter with its name below stats.defrag, in Suricata's words where
// it has the counter.
func (s *Stats) Each(f func(name string, n uint64)) {
	f("ipv4.fragments", s.IPv4Fragments)
	f("ipv4.reassembled", s.IPv4Reassembled)
	f("ipv4.timeouts", s.IPv4Timeouts)
	f("ipv6.fragments", s.IPv6Fragments)
	f("ipv6.reassembled", s.IPv6Reassembled)
	f("ipv6.timeouts", s.IPv6Timeouts)
	f("max_trackers_reached", s.MaxTrackersHits)
	f("max_frags_reached", s.MaxFragsHits)
	f("memcap_reached", s.MemCapHits)
	f("tracker_hard_reuse", s.Evicted)
	f("ignored", s.Ignored)
	f("memuse", s.MemUse)
}

// Add adds the counters of o to s.
func (s *Stats) Add(o *Stats) {
	s.IPv4Fragments += o.IPv4Fragments
	s.IPv4Reassembled += o.IPv4Reassembled
	s.IPv4Timeouts += o.IPv4Timeouts
	s.IPv6Fragments += o.IPv6Fragments
	s.IPv6Reassembled += o.IPv6Reassembled
	s.IPv6Timeouts += o.IPv6Timeouts
	s.MaxTrackersHits += o.MaxTrackersHits
	s.MaxFragsHits += o.MaxFragsHits
	s.MemCapHits += o.MemCapHits
	s.Evicted += o.Evicted
	s.Ignored += o.Ignored
	s.MemUse += o.MemUse
}
