package engine

import "testing"

// TestStatsRecord wants figures that Suricata's records have, and heeds the settings of the type.
func TestStatsRecord(t *testing.T) {
	for _, c := range []struct {
		settings   map[string]string
		path, want string
	}{
		{nil, "stats.flow.end.state.closed", "1"},
		{nil, "stats.flow.end.tcp_state.last_ack", "1"},
		{nil, "stats.flow.end.tcp_liberal", "0"},
		{nil, "stats.tcp.ssn_from_pool", "1"},
		{nil, "stats.flow.recycler.recycled", "1"},
		{nil, "stats.http.byterange.memcap", "33554432"},
		{nil, "stats.tcp.syn_delta", ""},
		{nil, "stats.decoder.event.ipv4.pkt_too_small", "0"},
		{map[string]string{"stats.decoder-events": "no"}, "stats.decoder.event", ""},
		{map[string]string{"stats.decoder-events-prefix": "decoder"}, "stats.decoder.ipv4", "7"}, // which is a number
		{map[string]string{"stats.decoder-events-prefix": "decoding"}, "stats.decoding.ipv4.pkt_too_small", "0"},
		{nil, "stats.stream.est_syn_resend", "0"},
		{map[string]string{"stats.stream-events": "no"}, "stats.stream", ""},
		{map[string]string{"stats.deltas": "yes"}, "stats.tcp.syn_delta", "1"},
		{map[string]string{"stats.deltas": "yes"}, "stats.tcp.rst_delta", "0"},
		{map[string]string{"stats.null-values": "no"}, "stats.tcp.syn", "1"},
		{map[string]string{"stats.null-values": "no"}, "stats.tcp.rst", ""},
		{map[string]string{"stats.null-values": "no"}, "stats.defrag", ""},
		{map[string]string{"stats.null-values": "no"}, "stats.detect.engines.0.id", "0"},
	} {
		cfg := withRules(t, "", nil)
		cfg.EVEOptions.Settings = c.settings
		_, eve := run(t, cfg, &frames{list: formConn().out, step: 1e6})
		list := records(t, eve, "stats")
		if len(list) != 1 {
			t.Fatalf("%d stats records, want 1", len(list))
		}
		if got := member(list[0], c.path); got != c.want {
			t.Errorf("%v: %s is %q, want %q", c.settings, c.path, got, c.want)
		}
	}
	cfg := withRules(t, "", nil)
	cfg.EVEOptions.Settings = map[string]string{"stats.global": "no"}
	if _, eve := run(t, cfg, &frames{list: formConn().out, step: 1e6}); len(records(t, eve, "stats")) > 0 {
		t.Error("stats.enabled is off, and there are stats records")
	}
}
