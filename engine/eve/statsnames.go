package eve

import "strings"

// suricataStats are the counters below each group of a stats record that Suricata has too;
// "*" stands for all that the engine has in the group.
var suricataStats = map[string]string{
	"capture": "kernel_packets kernel_drops kernel_ifdrops errors",
	"decoder": "pkts bytes invalid ipv4 ipv6 ethernet arp unknown_ethertype chdlc raw null sll sll2 tcp udp sctp esp icmpv4 icmpv6 " +
		"ppp pppoe geneve gre vlan vlan_qinq vlan_qinqinq vxlan vntag ieee8021ah teredo ipv4_in_ipv4 ipv4_in_ipv6 ipv6_in_ipv4 " +
		"ipv6_in_ipv6 mpls avg_pkt_size max_pkt_size erspan nsh too_many_layers",
	"decoder.event":  "*",
	"flow":           "total active tcp udp icmpv4 icmpv6 tcp_reuse elephant",
	"flow.end":       "",
	"flow.end.state": "*", "flow.end.tcp_state": "*",
	"defrag":      "max_trackers_reached max_frags_reached tracker_soft_reuse tracker_hard_reuse memuse",
	"defrag.ipv4": "*",
	"defrag.ipv6": "*",
	"stream":      "*",
	"tcp": "sessions active_sessions syn synack rst urg urgent_oob_data midstream_pickups invalid_checksum no_flow ack_unseen_data " +
		"segment_memcap_drop stream_depth_reached reassembly_gap overlap overlap_diff_data insert_data_normal_fail " +
		"insert_data_overlap_fail segment_from_cache segment_from_pool memuse reassembly_memuse",
	"memcap":                         "pressure pressure_max",
	"file_store":                     "open_files fs_errors",
	"flow_bypassed":                  "local_pkts local_bytes closed",
	"detect":                         "alert alert_queue_overflow alerts_suppressed",
	"detect.engines":                 "*",
	"app_layer":                      "",
	"exception_policy.tcp.midstream": "*", "exception_policy.tcp.reassembly": "*", "exception_policy.app_layer.error": "*",
	"app_layer.flow": "*", "app_layer.tx": "*", "app_layer.error": "*",
}

// NeverHappens are counters of stats records for what this engine does not do, so that readers of
// Suricata's records find them: the capture bypasses no flow; there is no emergency mode, no thread for flows and so none that hands them to others or
// makes packets up for them, and no lock that could be taken; sessions lie in their flows, and have no cap of their own; fragments of a datagram
// that is complete are not kept; files that are stored are not held open; neither HTTP nor FTP has a cap of memory of its own.
var NeverHappens = strings.Fields(`
	flow_bypassed.local_capture_pkts flow_bypassed.local_capture_bytes flow_bypassed.pkts flow_bypassed.bytes flow.end.state.capture_bypassed
	flow.end.tcp_liberal flow.emerg_mode_entered flow.emerg_mode_over flow.get_used_eval_reject flow.get_used_eval_busy flow.get_used_failed
	flow.wrk.spare_sync_avg flow.wrk.spare_sync flow.wrk.spare_sync_incomplete flow.wrk.spare_sync_empty
	flow.wrk.flows_evicted_needs_work flow.wrk.flows_evicted_pkt_inject flow.wrk.flows_injected flow.wrk.flows_injected_max
	flow.mgr.full_hash_pass flow.mgr.rows_per_sec flow.mgr.flows_evicted_needs_work flow.recycler.queue_avg flow.recycler.queue_max
	tcp.ssn_memcap_drop tcp.pseudo tcp.pkt_on_wrong_thread tcp.insert_list_fail
	defrag.tracker_soft_reuse defrag.wrk.tracker_timeout file_store.open_files_max_hit http.memcap ftp.memcap`)

// notSuricata are the counters of "*" groups that Suricata lacks.
var notSuricata = map[string]bool{
	"decoder.event.etag.header_too_small": true, "decoder.event.etag.unknown_type": true,
	"app_layer.flow.enip-io": true, "app_layer.tx.enip-io": true, "app_layer.error.enip-io.parser": true, "app_layer.error.enip-io.internal": true,
}

// InStats tells whether a counter belongs into the stats record, whose members are those
// that Suricata documents; all others go into the record of our own.
func InStats(name string) bool {
	if notSuricata[name] {
		return false
	}
	for group := name; ; {
		i := strings.LastIndexByte(group, '.')
		if i < 0 {
			return false
		}
		group = group[:i]
		list, ok := suricataStats[group]
		if !ok {
			continue
		}
		if list == "*" {
			return true
		}
		leaf := name[len(group)+1:]
		for _, n := range strings.Fields(list) {
			if n == leaf {
				return true
			}
		}
		return false
	}
}
