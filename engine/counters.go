package engine

import (
	"path"
	"strings"
)

// CounterDoc says what a counter, or a family of counters, means: the single source for HELP texts of metrics
// and for the table in docs/operate.md.
type CounterDoc struct {
	// Name is the counter's; * stands for a part of it, or several.
	Name string
	// Gauge says that the figure goes up and down; others only grow.
	Gauge bool
	Doc   string
}

// Counters documented here are those of Engine.Counters; a test holds that none is missing and none is too many.
var counterDocs = []CounterDoc{
	{"capture.packets", false, "packets handed to the engine"},
	{"capture.bytes", false, "bytes of those packets, as captured"},
	{"capture.filtered", false, "packets that a BPF filter outside the kernel left out"},
	{"capture.skipped", false, "records of a capture file that could not be used"},
	{"capture.kernel_packets", false, "packets that the kernel had for the rings, with those that it dropped (live)"},
	{"capture.kernel_ifdrops", false, "packets that network cards lost before the kernel had them (live): the card's own ring is too small (ethtool -G), or its interrupts all go to one CPU"},
	{"capture.ring_freezes", false, "times that a ring was full (live): give larger rings or more workers"},
	{"capture.late_records", false, "records told out of order, because a ring was too far behind to be waited for (live)"},
	{"capture.kernel_drops", false, "packets that the kernel dropped because a ring was full (live)"},
	{"capture.truncated_files", false, "capture files that were cut short or damaged"},

	{"decoder.pkts", false, "packets decoded"},
	{"decoder.bytes", false, "bytes decoded"},
	{"decoder.invalid", false, "packets that could not be decoded fully"},
	{"decoder.avg_pkt_size", true, "mean size of a packet, bytes"},
	{"decoder.max_pkt_size", true, "size of the largest packet, bytes"},
	{"decoder.unknown_ethertype", false, "frames of a protocol that the decoder does not know"},
	{"decoder.unknown_linktype", false, "packets of a link type that the decoder does not know"},
	{"decoder.too_many_layers", false, "packets with more headers than decoder.max-layers"},
	{"decoder.event.*", false, "packets with this decoding event; rules name it with decode-event"},
	{"decoder.*", false, "packets with a header of this protocol; encapsulated ones are counted as well"},

	{"defrag.*.fragments", false, "IP fragments"},
	{"defrag.*.reassembled", false, "datagrams put together from fragments"},
	{"defrag.*.timeouts", false, "datagrams of which fragments never came (defrag.timeout)"},
	{"defrag.max_trackers_reached", false, "times that as many datagrams as defrag.trackers were incomplete"},
	{"defrag.max_frags_reached", false, "times that as many fragments as defrag.max-frags were kept"},
	{"defrag.memcap_reached", false, "times that fragments took defrag.memcap"},
	{"defrag.tracker_hard_reuse", false, "incomplete datagrams given up at a cap"},
	{"defrag.ignored", false, "fragments for which there was no room"},
	{"defrag.memuse", true, "memory of fragments that are kept, bytes"},

	{"flow.total", false, "flows seen"},
	{"flow.active", true, "flows in the table"},
	{"flow.tcp", false, "TCP flows seen"},
	{"flow.udp", false, "UDP flows seen"},
	{"flow.icmpv4", false, "ICMP flows seen"},
	{"flow.icmpv6", false, "ICMPv6 flows seen"},
	{"flow.tcp_reuse", false, "flows ended because a new connection took over their addresses and ports"},
	{"flow.elephant", false, "flows that sent more at a time than flow.rate_tracking takes for usual"},
	{"flow.timed_out", false, "flows ended because they were silent (flow-timeouts)"},
	{"flow.evicted", false, "flows ended before their time because the table was full: raise flow.max-flows"},
	{"flow.end.state.*", false, "flows that ended in this state (flow.state of their record)"},
	{"flow.end.tcp_state.*", false, "TCP connections that ended in this state (tcp.state of their flow's record)"},
	{"flow.icmp_without_flow", false, "ICMP errors about no flow that is known"},

	{"tcp.sessions", false, "TCP sessions followed"},
	{"tcp.active_sessions", true, "TCP sessions under way"},
	{"tcp.syn", false, "SYN packets"},
	{"tcp.synack", false, "SYN/ACK packets"},
	{"tcp.rst", false, "RST packets"},
	{"tcp.urg", false, "packets with urgent data"},
	{"tcp.urgent_oob_data", false, "urgent bytes taken out of their streams"},
	{"tcp.midstream_pickups", false, "connections whose beginning was not seen, followed all the same (stream.midstream)"},
	{"tcp.no_flow", false, "TCP packets without a flow"},
	{"tcp.ack_unseen_data", false, "acknowledgements of data that was not seen: packets are lost before the capture"},
	{"tcp.overlap", false, "segments that overlap earlier ones"},
	{"tcp.overlap_diff_data", false, "segments that overlap earlier ones with other bytes: an attempt at evasion, or a broken device"},
	{"tcp.reassembly_gap", false, "holes in streams that were given up"},
	{"tcp.gap_bytes", false, "bytes in those holes"},
	{"tcp.stream_depth_reached", false, "streams not looked at any further (stream.reassembly.depth)"},
	{"tcp.segment_memcap_drop", false, "segments dropped at stream.reassembly.memcap"},
	{"tcp.insert_data_normal_fail", false, "segments that could not be kept"},
	{"tcp.insert_data_overlap_fail", false, "segments that overlap others and could not be kept"},
	{"tcp.insert_limit", false, "holes given up because too many segments waited behind them"},
	{"tcp.segment_from_cache", false, "segment buffers taken from those at hand"},
	{"tcp.segment_from_pool", false, "segment buffers newly allocated"},
	{"tcp.retransmissions", false, "segments with nothing but bytes that were delivered before"},
	{"tcp.invalid_packets", false, "packets that a receiver would refuse"},
	{"tcp.invalid_timestamp", false, "packets with a timestamp that a receiver would refuse (RFC 7323)"},
	{"tcp.invalid_ack", false, "packets with an acknowledgement that a receiver would refuse"},
	{"tcp.out_of_window", false, "packets outside the receiver's window"},
	{"tcp.rst_ignored", false, "resets that a receiver would refuse (RFC 5961)"},
	{"tcp.keepalive", false, "keep-alives"},
	{"tcp.zero_window_probe", false, "probes of a closed window"},
	{"tcp.dropped_fin", false, "FINs that were not taken"},
	{"tcp.reassembly_memuse", true, "memory of segments, bytes"},
	{"tcp.invalid_checksum", false, "TCP segments with a wrong checksum, left out of their streams; many, of one host: it is the sensor's own, with checksum offload (set checksum-validation to false)"},
	{"tcp.invalid_checksum_udp", false, "UDP datagrams with a wrong checksum"},
	{"tcp.invalid_checksum_icmp", false, "ICMP messages with a wrong checksum"},
	{"tcp.invalid_checksum_ipv4", false, "IPv4 headers with a wrong checksum"},
	{"stream.*", false, "packets with this stream event; rules name it with stream-event"},

	{"app_layer.flow.failed_tcp", false, "TCP flows whose protocol was not recognised"},
	{"app_layer.flow.failed_udp", false, "UDP flows whose protocol was not recognised"},
	{"app_layer.flow.*", false, "flows recognised as this protocol"},
	{"app_layer.tx.*", false, "messages of this protocol"},
	{"app_layer.error.*.parser", false, "flows whose parser gave up"},
	{"app_layer.error.*.exception_policy.*", false, "times that the policy for such flows was applied (exceptions.per_protocol)"},
	{"app_layer.error.*.internal", false, "flows whose parser failed by a defect of luanids; please report it"},
	{"app_layer.pending_overflow", false, "messages given up because they were too long to keep"},
	{"app_layer.memcap_refused_bytes", false, "bytes of messages given up at the memory cap of all flows"},
	{"app_layer.expectations_dropped", false, "announced flows that could not be remembered"},
	{"app_layer.capped.frames", false, "frames of which only the first 64 KiB were shown to rules and logged"},

	{"flow.untracked", false, "packets that rules kept out of flows"},
	{"flow_bypassed.local_pkts", false, "packets of flows that rules said to bypass: only counted"},
	{"flow_bypassed.local_bytes", false, "bytes of those packets"},
	{"flow_bypassed.closed", false, "such flows that ended"},
	{"file_parts.parts", false, "parts of files (Content-Range of HTTP) of which others are still to come"},
	{"file_parts.joined", false, "files that were put together of parts, of whatever flows"},
	{"file_parts.dropped", false, "**lost:** files in parts that were given up because too much waited (app_layer.parts.memcap)"},
	{"file_parts.timed_out", false, "files in parts that were given up because nothing came any more"},
	{"file_store.open_files", true, "files being gathered that may be stored"},
	{"file_store.too_large", false, "files that rules asked for and that were not stored because they are larger than outputs.files.max_size"},
	{"file_store.fs_errors", false, "files that could not be stored because the disk failed"},
	{"tls_store.stored", false, "chains of certificates that rules asked for and that were stored"},
	{"tls_store.cut", false, "chains of which only the first certificates, or none, were stored (outputs.certificates.max_certs, max_size)"},
	{"tls_store.fs_errors", false, "chains of certificates that could not be stored because the disk failed"},

	{"memcap.pressure", true, "how full the fullest memory cap of a shard is (segments, incomplete messages), percent"},
	{"memcap.pressure_max", true, "the highest memcap.pressure so far, percent; it is looked at when counters are written"},

	{"detect.alert", false, "alerts, before the alert manager"},
	{"detect.alert_queue_overflow", false, "alerts past the cap of one packet (packet-alert-max)"},
	{"detect.alerts_suppressed", false, "matches held back by a threshold"},
	{"detect.anomaly.decode", false, "packets with decoding anomalies"},
	{"detect.anomaly.stream", false, "anomalies of streams"},
	{"detect.anomaly.applayer", false, "anomalies of application protocols"},
	{"detect.window_refused", false, "stretches of streams not kept for rules, at the memory cap"},
	{"detect.threat_intel_hits", false, "indicators of threat intelligence seen"},
	{"detect.threat_intel_capped", false, "indicators that were not reported because their flow had reported 64"},
	{"detect.internal_errors", false, "defects of luanids met and contained to their flows; please report them"},
	{"detect.files", false, "files seen"},

	{"exception_policy.*", false, "times that a policy was applied to what could not be looked at fully (exceptions): the policies that can be, of cases that have one"},
	{"datasets.saved", false, "files of data sets written, at reloads and at the end"},
	{"datasets.save_failed", false, "files of data sets that could not be written"},

	{"manager.passed", false, "alerts that went on to the outputs"},
	{"manager.suppressed", false, "alerts that a suppression left out"},
	{"manager.deduplicated", false, "alerts folded into earlier ones like them"},
	{"manager.rate_capped", false, "alerts past the rate cap"},
	{"manager.below_severity", false, "alerts less severe than --min-severity"},
	{"manager.correlations", false, "alerts made of several others"},
	{"manager.state_evicted", false, "keys that the alert manager forgot because it had too many"},

	{"respond.asked", false, "requests to cut a connection, of scripts (kill) and rules (action reject)"},
	{"respond.connections", false, "connections to which resets were sent"},
	{"respond.exempt", false, "requests refused because an address is exempt (respond.exempt)"},
	{"respond.rate_limited", false, "requests refused because too many connections were cut (respond.rate, respond.burst)"},
	{"respond.ignored", false, "requests ignored: a replay, or no --respond"},
	{"respond.impossible", false, "requests for what cannot be cut: not TCP, or within a tunnel"},
	{"respond.gone", false, "connections that were over before they could be cut"},
	{"respond.packets", false, "resets sent"},
	{"respond.failed_packets", false, "resets that could not be sent"},
	{"respond.own_packets", false, "resets of ours seen in the capture"},

	{"output.pcap.removed", false, "captures of alerts removed because there were more than outputs.pcap.max_files"},
	{"output.pcap.cut_short", false, "captures of alerts without the packets after the alert, because too many waited for theirs"},
	{"output.*.written", false, "alerts that this output has written"},
	{"output.*.dropped", false, "alerts that this output could not take because its queue was full: it is too slow, or dead"},
	{"output.*.failed_writes", false, "alerts or records that this output could not write"},
}

// CounterDocs gives the table of counters, in the order of Engine.Counters.
func CounterDocs() []CounterDoc { return documented() }

// DescribeCounter finds the entry of a counter.
func DescribeCounter(name string) (CounterDoc, bool) {
	for _, d := range documented() {
		if d.Name == name {
			return d, true
		}
	}
	for _, d := range documented() {
		if strings.Contains(d.Name, "*") {
			// A dot within what * stands for is as good as any other byte here.
			if ok, err := path.Match(d.Name, name); err == nil && ok {
				return d, true
			}
		}
	}
	return CounterDoc{}, false
}
