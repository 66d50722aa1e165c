package tcp

// Stats counts what an Assembler met. Names, in Each, are those of Suricata's stats.tcp.
type Stats struct {
	Sessions          uint64 // connections begun
	ActiveSessions    int64  // of them not yet closed
	Syn, SynAck, Rst  uint64 // packets with these flags
	Urg               uint64 // packets with URG
	UrgentOOBData     uint64 // urgent bytes taken out of the stream
	MidstreamPickups  uint64
	NoFlow            uint64 // packets that belong to no session
	AckUnseenData     uint64 // ACKs of data that was not captured
	Overlap           uint64 // segments that overlap buffered ones
	OverlapDiffData   uint64 // ... with other data
	ReassemblyGap     uint64 // holes given up
	GapBytes          uint64 // bytes missing in all gaps, those found at a close included
	StreamDepthHit    uint64 // directions that reached the depth
	SegmentMemcapDrop uint64 // segments dropped at the memory cap
	InsertNormalFail  uint64 // segments not kept for want of memory
	InsertOverlapFail uint64 // the same, for the rest of an overlapping segment
	InsertLimit       uint64 // holes given up because a stream had too many segments
	SegmentFromCache  uint64 // segment buffers reused
	SegmentFromPool   uint64 // segment buffers allocated
	Retransmissions   uint64
	InvalidPackets    uint64 // packets refused, whatever the reason
	InvalidTimestamp  uint64
	InvalidAck        uint64
	OutOfWindow       uint64
	RstIgnored        uint64 // resets that an end host would not have taken
	KeepAlives        uint64
	ZeroWindowProbes  uint64
	DroppedFin        uint64 // FINs taken back because the stream went on
	ReassemblyMemuse  uint64 // bytes of segment buffers and queues in use or pooled
}

// Each calls f for every counter with its name below stats.tcp.
func (s *Stats) Each(f func(name string, value uint64)) {
	f("sessions", s.Sessions)
	f("active_sessions", uint64(max(s.ActiveSessions, 0)))
	f("syn", s.Syn)
	f("synack", s.SynAck)
	f("rst", s.Rst)
	f("urg", s.Urg)
	f("urgent_oob_data", s.UrgentOOBData)
	f("midstream_pickups", s.MidstreamPickups)
	f("no_flow", s.NoFlow)
	f("ack_unseen_data", s.AckUnseenData)
	f("overlap", s.Overlap)
	f("overlap_diff_data", s.OverlapDiffData)
	f("reassembly_gap", s.ReassemblyGap)
	f("gap_bytes", s.GapBytes)
	f("stream_depth_reached", s.StreamDepthHit)
	f("segment_memcap_drop", s.SegmentMemcapDrop)
	f("insert_data_normal_fail", s.InsertNormalFail)
	f("insert_data_overlap_fail", s.InsertOverlapFail)
	f("insert_limit", s.InsertLimit)
	f("segment_from_cache", s.SegmentFromCache)
	f("segment_from_pool", s.SegmentFromPool)
	f("retransmissions", s.Retransmissions)
	f("invalid_packets", s.InvalidPackets)
	f("invalid_timestamp", s.InvalidTimestamp)
	f("invalid_ack", s.InvalidAck)
	f("out_of_window", s.OutOfWindow)
	f("rst_ignored", s.RstIgnored)
	f("keepalive", s.KeepAlives)
	f("zero_window_probe", s.ZeroWindowProbes)
	f("dropped_fin", s.DroppedFin)
	f("reassembly_memuse", s.ReassemblyMemuse)
}
