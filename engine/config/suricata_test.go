package config

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/lang/ir"
)

func set(t *testing.T, s *Settings, pairs ...string) {
	t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		if known, err := s.Set(pairs[i], pairs[i+1]); !known || err != nil {
			t.Errorf("%s=%s: known %v, %v", pairs[i], pairs[i+1], known, err)
		}
	}
}

func TestSuricatasActionOrder(t *testing.T) {
	s := Default()
	set(t, s, "action-order.0", "alert", "action-order.1", "pass", "action-order.2", "drop", "action-order.3", "reject")
	if want := []ir.Action{ir.Alert, ir.Pass, ir.Drop, ir.Reject}; !slices.Equal(s.Rules.ActionOrder, want) {
		t.Errorf("%v, want %v", s.Rules.ActionOrder, want)
	}
	if known, err := s.Set("action-order.0", "allow"); !known || err == nil {
		t.Errorf("an unknown action: known %v, %v", known, err)
	}
}

func TestSuricatasSettings(t *testing.T) {
	s := Default()
	set(t, s, "app-layer.protocols.tls.ja3-fingerprints", "auto", "app-layer.protocols.tls.ja4-fingerprints", "no", "app-layer.protocols.ssh.hassh", "no",
		"stream.inline", "auto", "stream.reassembly.check-overlap-different-data", "no", "decoder.vxlan.reserved-bits-check", "permissive",
		"outputs.eve-log.xff.enabled", "yes", "outputs.eve-log.xff.mode", "overwrite", "vlan.use-for-tracking", "false", "sensor-name", "lobby",
		"app-layer.protocols.http.libhtp.default-config.headers-limit", "12", "app-layer.protocols.http.libhtp.default-config.max-tx", "3",
		"app-layer.protocols.http.libhtp.default-config.meta-field-limit", "9kb")
	e := &s.Engine
	l := &e.Limits
	if !l.JA3 || l.JA4 || l.HASSH {
		t.Errorf("fingerprints: %v %v %v", l.JA3, l.JA4, l.HASSH)
	}
	if e.TCP.Inline || !e.TCP.IgnoreOverlaps || e.Decode.VXLANReserved != packet.VXLANReservedPermissive || !e.IgnoreVLAN {
		t.Errorf("inline %v, overlaps ignored %v, VXLAN %v, VLANs ignored %v", e.TCP.Inline, e.TCP.IgnoreOverlaps, e.Decode.VXLANReserved, e.IgnoreVLAN)
	}
	if x := e.EVEOptions.TypeSettings("xff"); x["enabled"] != "yes" || x["mode"] != "overwrite" {
		t.Errorf("xff: %v", x)
	}
	if e.EVEOptions.Sensor != "lobby" {
		t.Errorf("sensor %q", e.EVEOptions.Sensor)
	}
	if l.HTTP.MaxHeaders != 12 || l.HTTP.MaxTx != 3 || l.HTTP.FieldLimit != 9<<10 {
		t.Errorf("%+v", l.HTTP)
	}
	for _, bad := range [][2]string{{"app-layer.protocols.ssh.hassh", "perhaps"}, {"decoder.vxlan.reserved-bits-check", "some"}} {
		if known, err := s.Set(bad[0], bad[1]); !known || err == nil {
			t.Errorf("%s=%s: known %v, %v", bad[0], bad[1], known, err)
		}
	}
}

// TestSuricatasStats reads Suricata's settings of counters.
func TestSuricatasStats(t *testing.T) {
	s := Default()
	set(t, s, "stats.enabled", "no", "stats.interval", "30", "stats.decoder-events", "false", "stats.decoder-events-prefix", "decoder", "stats.stream-events", "true",
		"stats.exception-policy.per-app-proto-errors", "true", "exception-policy", "", "exception-policy", "bypass", "stream.midstream-policy", "reject",
		"app-layer.error-policy", "pass-flow", "stream.reassembly.memcap-policy", "drop-flow", "flow.memcap-policy", "drop-packet")
	o := &s.Engine.EVEOptions
	if o.WritesStats() || s.Engine.StatsInterval != 30*time.Second || !s.Engine.Exceptions.PerProto {
		t.Errorf("%+v, every %v", o.Settings, s.Engine.StatsInterval)
	}
	if _, ok := o.StatsName("decoder.event.ipv4.trunc_pkt"); ok {
		t.Error("events of decoding are shown")
	}
	if name, ok := o.StatsName("stream.est_syn_resend"); !ok || name != "stream.est_syn_resend" {
		t.Errorf("events of streams: %s %v", name, ok)
	}
	want := engine.Exceptions{Default: engine.PolicyBypass, Midstream: engine.PolicyReject, ParserError: engine.PolicyPassFlow, SegmentMemory: engine.PolicyDropFlow, PerProto: true}
	if s.Engine.Exceptions != want {
		t.Errorf("policies %+v, want %+v", s.Engine.Exceptions, want)
	}
	for _, bad := range [][2]string{{"stats.interval", "0"}, {"stats.enabled", "often"}, {"exception-policy", "drop"}, {"defrag.memcap-policy", "pass"}} {
		if known, err := s.Set(bad[0], bad[1]); !known || err == nil {
			t.Errorf("%s=%s: known %v, %v", bad[0], bad[1], known, err)
		}
	}
}

func TestOldNameOfMetadata(t *testing.T) {
	s := Default()
	set(t, s, "outputs.eve-log.types", "alert,vars")
	if o := &s.Engine.EVEOptions; !o.Protocols["metadata"] || o.Protocols["vars"] {
		t.Errorf("types %v", o.Protocols)
	}
}

func TestFragHosts(t *testing.T) {
	s := Default()
	set(t, s, "defrag.timeout", "40", "defrag.host-config.dmz.timeout", "30", "defrag.host-config.dmz.address.0", "192.168.1.0/24", "defrag.host-config.dmz.address.1", "127.0.0.0/8",
		"defrag.host-config.1.lan.timeout", "45", "defrag.host-config.1.lan.address", "[192.168.1.7, 2001:db8::/32]")
	cfg, err := s.EngineConfig()
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]time.Duration{"192.168.1.6": 30 * time.Second, "192.168.1.7": 45 * time.Second, "127.1.2.3": 30 * time.Second, "10.0.0.1": 0, "2001:db8::1": 45 * time.Second} {
		if got := cfg.Frag.HostTimeout(packet.FromNetip(netip.MustParseAddr(addr))); got != want {
			t.Errorf("%s: %v, want %v", addr, got, want)
		}
	}
	for _, bad := range [][2]string{{"defrag.host-config.x.timeout", "0"}, {"defrag.host-config.x.address.0", "here"}, {"defrag.host-config.x.colour", "1"}, {"defrag.host-config.x", "1"}} {
		if known, err := s.Set(bad[0], bad[1]); !known || err == nil {
			t.Errorf("%s=%s: known %v, %v", bad[0], bad[1], known, err)
		}
	}
}

func TestDetectionOnly(t *testing.T) {
	s := Default()
	set(t, s, "app-layer.protocols.ssh.enabled", "detection-only", "app-layer.protocols.tls.enabled", "detection-only", "app-layer.protocols.tls.enabled", "no")
	e := &s.Engine
	if e.Disabled["ssh"] || e.Limits.Settings["ssh.enabled"] != "detection-only" || !e.Disabled["tls"] || e.Limits.Settings["tls.enabled"] != "" {
		t.Errorf("switched off %v, settings %v", e.Disabled, e.Limits.Settings)
	}
}
