package tcp

// Event is an anomaly of a connection. Its names are those of Suricata's stream events, as
// the rule keyword stream-event and EVE's anomaly records give them.
type Event uint8

// The events. NoEvent is none.
const (
	NoEvent Event = iota
	Ev3WHSAckInWrongDir
	Ev3WHSAsyncWrongSeq
	Ev3WHSRightSeqWrongAckEvasion
	Ev3WHSSynAckInWrongDirection
	Ev3WHSSynAckResendWithDiffAck
	Ev3WHSSynAckResendWithDiffSeq
	Ev3WHSSynAckToServerOnSynRecv
	Ev3WHSSynAckWithWrongAck
	Ev3WHSSynAckFlood
	Ev3WHSSynFlood
	Ev3WHSSynResendDiffSeqOnSynRecv
	Ev3WHSSynToClientOnSynRecv
	Ev3WHSWrongSeqWrongAck
	Ev3WHSAckDataInject
	Ev3WHSSynAckTFODataIgnored
	Ev4WHSSynAckWithWrongAck
	Ev4WHSSynAckWithWrongSyn
	Ev4WHSWrongSeq
	Ev4WHSInvalidAck
	EvCloseWaitAckOutOfWindow
	EvCloseWaitFinOutOfWindow
	EvCloseWaitPktBeforeLastAck
	EvCloseWaitInvalidAck
	EvClosingAckWrongSeq
	EvClosingInvalidAck
	EvEstPacketOutOfWindow
	EvEstPktBeforeLastAck
	EvEstSynAckResend
	EvEstSynAckResendWithDiffAck
	EvEstSynAckResendWithDiffSeq
	EvEstSynAckToServer
	EvEstSynResend
	EvEstSynResendDiffSeq
	EvEstSynToClient
	EvEstInvalidAck
	EvEstAckZWPData
	EvFinInvalidAck
	EvFin1AckWrongSeq
	EvFin1FinWrongSeq
	EvFin1InvalidAck
	EvFin2AckWrongSeq
	EvFin2FinWrongSeq
	EvFin2InvalidAck
	EvFinButNoSession
	EvFinOutOfWindow
	EvFinSyn
	EvLastAckAckWrongSeq
	EvLastAckInvalidAck
	EvRstButNoSession
	EvTimeWaitAckWrongSeq
	EvTimeWaitInvalidAck
	EvShutdownSynResend
	EvPktInvalidTimestamp
	EvPktInvalidAck
	EvPktBrokenAck
	EvRstInvalidAck
	EvRstWithData
	EvPktRetransmission
	EvPktSpuriousRetransmission
	EvPktBadWindowUpdate
	EvSuspectedRstInject
	EvWrongThread // raised by the engine
	EvReassemblySegmentBeforeBaseSeq
	EvReassemblyNoSegment
	EvReassemblySeqGap
	EvReassemblyOverlapDifferentData
	EvReassemblyDepthReached
	EvReassemblyInsertMemcap
	EvReassemblyInsertLimit
	EvReassemblyInsertInvalid
	EvReassemblyUrgentOOBLimitReached
	EventCount // number of events, NoEvent included
)

var eventNames = [EventCount]string{
	NoEvent:                           "",
	Ev3WHSAckInWrongDir:               "3whs_ack_in_wrong_dir",
	Ev3WHSAsyncWrongSeq:               "3whs_async_wrong_seq",
	Ev3WHSRightSeqWrongAckEvasion:     "3whs_right_seq_wrong_ack_evasion",
	Ev3WHSSynAckInWrongDirection:      "3whs_synack_in_wrong_direction",
	Ev3WHSSynAckResendWithDiffAck:     "3whs_synack_resend_with_diff_ack",
	Ev3WHSSynAckResendWithDiffSeq:     "3whs_synack_resend_with_diff_seq",
	Ev3WHSSynAckToServerOnSynRecv:     "3whs_synack_toserver_on_syn_recv",
	Ev3WHSSynAckWithWrongAck:          "3whs_synack_with_wrong_ack",
	Ev3WHSSynAckFlood:                 "3whs_synack_flood",
	Ev3WHSSynFlood:                    "3whs_syn_flood",
	Ev3WHSSynResendDiffSeqOnSynRecv:   "3whs_syn_resend_diff_seq_on_syn_recv",
	Ev3WHSSynToClientOnSynRecv:        "3whs_syn_toclient_on_syn_recv",
	Ev3WHSWrongSeqWrongAck:            "3whs_wrong_seq_wrong_ack",
	Ev3WHSAckDataInject:               "3whs_ack_data_inject",
	Ev3WHSSynAckTFODataIgnored:        "3whs_synack_tfo_data_ignored",
	Ev4WHSSynAckWithWrongAck:          "4whs_synack_with_wrong_ack",
	Ev4WHSSynAckWithWrongSyn:          "4whs_synack_with_wrong_syn",
	Ev4WHSWrongSeq:                    "4whs_wrong_seq",
	Ev4WHSInvalidAck:                  "4whs_invalid_ack",
	EvCloseWaitAckOutOfWindow:         "closewait_ack_out_of_window",
	EvCloseWaitFinOutOfWindow:         "closewait_fin_out_of_window",
	EvCloseWaitPktBeforeLastAck:       "closewait_pkt_before_last_ack",
	EvCloseWaitInvalidAck:             "closewait_invalid_ack",
	EvClosingAckWrongSeq:              "closing_ack_wrong_seq",
	EvClosingInvalidAck:               "closing_invalid_ack",
	EvEstPacketOutOfWindow:            "est_packet_out_of_window",
	EvEstPktBeforeLastAck:             "est_pkt_before_last_ack",
	EvEstSynAckResend:                 "est_synack_resend",
	EvEstSynAckResendWithDiffAck:      "est_synack_resend_with_diff_ack",
	EvEstSynAckResendWithDiffSeq:      "est_synack_resend_with_diff_seq",
	EvEstSynAckToServer:               "est_synack_toserver",
	EvEstSynResend:                    "est_syn_resend",
	EvEstSynResendDiffSeq:             "est_syn_resend_diff_seq",
	EvEstSynToClient:                  "est_syn_toclient",
	EvEstInvalidAck:                   "est_invalid_ack",
	EvEstAckZWPData:                   "est_ack_zwp_data",
	EvFinInvalidAck:                   "fin_invalid_ack",
	EvFin1AckWrongSeq:                 "fin1_ack_wrong_seq",
	EvFin1FinWrongSeq:                 "fin1_fin_wrong_seq",
	EvFin1InvalidAck:                  "fin1_invalid_ack",
	EvFin2AckWrongSeq:                 "fin2_ack_wrong_seq",
	EvFin2FinWrongSeq:                 "fin2_fin_wrong_seq",
	EvFin2InvalidAck:                  "fin2_invalid_ack",
	EvFinButNoSession:                 "fin_but_no_session",
	EvFinOutOfWindow:                  "fin_out_of_window",
	EvFinSyn:                          "fin_syn",
	EvLastAckAckWrongSeq:              "lastack_ack_wrong_seq",
	EvLastAckInvalidAck:               "lastack_invalid_ack",
	EvRstButNoSession:                 "rst_but_no_session",
	EvTimeWaitAckWrongSeq:             "timewait_ack_wrong_seq",
	EvTimeWaitInvalidAck:              "timewait_invalid_ack",
	EvShutdownSynResend:               "shutdown_syn_resend",
	EvPktInvalidTimestamp:             "pkt_invalid_timestamp",
	EvPktInvalidAck:                   "pkt_invalid_ack",
	EvPktBrokenAck:                    "pkt_broken_ack",
	EvRstInvalidAck:                   "rst_invalid_ack",
	EvRstWithData:                     "rst_with_data",
	EvPktRetransmission:               "pkt_retransmission",
	EvPktSpuriousRetransmission:       "pkt_spurious_retransmission",
	EvPktBadWindowUpdate:              "pkt_bad_window_update",
	EvSuspectedRstInject:              "suspected_rst_inject",
	EvWrongThread:                     "wrong_thread",
	EvReassemblySegmentBeforeBaseSeq:  "reassembly_segment_before_base_seq",
	EvReassemblyNoSegment:             "reassembly_no_segment",
	EvReassemblySeqGap:                "reassembly_seq_gap",
	EvReassemblyOverlapDifferentData:  "reassembly_overlap_different_data",
	EvReassemblyDepthReached:          "reassembly_depth_reached",
	EvReassemblyInsertMemcap:          "reassembly_insert_memcap",
	EvReassemblyInsertLimit:           "reassembly_insert_limit",
	EvReassemblyInsertInvalid:         "reassembly_insert_invalid",
	EvReassemblyUrgentOOBLimitReached: "reassembly_urgent_oob_limit_reached",
}

// Spellings that rules in the wild use beside the table's.
var eventAliases = map[string]Event{
	"3whs_synack_resend_with_different_ack": Ev3WHSSynAckResendWithDiffAck,
	"est_synack_resend_with_different_ack":  EvEstSynAckResendWithDiffAck,
}

// Name gives the event's name as in the rule keyword stream-event ("est_invalid_ack"), ""
// for NoEvent.
func (e Event) Name() string {
	if e < EventCount {
		return eventNames[e]
	}
	return ""
}

// String gives the event's full name, "stream.est_invalid_ack".
func (e Event) String() string { return "stream." + e.Name() }

// EventNames gives the names of the events by those that rules have for them.
func EventNames() map[string]string {
	m := make(map[string]string, len(eventNames)+len(eventAliases))
	for e := NoEvent + 1; e < EventCount; e++ {
		m[e.Name()] = e.Name()
	}
	for alias, e := range eventAliases {
		m[alias] = e.Name()
	}
	return m
}
