package config

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/reassembly/tcp"
)

// TestSet applies settings by the names that Suricata's users know.
func TestSet(t *testing.T) {
	c := engine.DefaultConfig()
	for _, kv := range [][2]string{
		{"checksum-validation", "no"}, {"stream.midstream", "true"}, {"stream.reassembly.depth", "2mb"},
		{"flow-timeouts.tcp.established", "90"}, {"flow-timeouts.udp.emergency-new", "5"},
		{"app-layer.protocols.ssh.enabled", "false"}, {"app-layer.protocols.tls.ja3-fingerprints", "yes"},
		{"app-layer.protocols.http.libhtp.default-config.response-body-limit", "200kb"},
		{"defrag.timeout", "7"}, {"outputs.eve-log.community-id", "on"}, {"outputs.eve-log.suricata-version", "yes"}, {"outputs.eve-log.types", "alert, dns,files"},
		{"outputs.eve-log.types.alert.payload", "yes"}, {"host-os-policy.windows.0", "10.0.0.0/8"},
		{"decoder.teredo.ports", "any"}, {"decoder.vxlan.ports", "[4789, 8472]"}, {"decoder.geneve.ports", "$GENEVE_PORTS"},
		{"vlan.use-for-tracking", "false"}, {"stream.reassembly.memcap", "64 MiB"},
	} {
		if known, err := Set(&c, kv[0], kv[1]); !known || err != nil {
			t.Errorf("%s = %s: known %v, %v", kv[0], kv[1], known, err)
		}
	}
	Finish(&c)
	o := &c.EVEOptions
	for what, ok := range map[string]bool{
		"checksums":    !c.CheckChecksums,
		"midstream":    c.TCP.Midstream,
		"depth":        c.TCP.Depth == 2<<20,
		"time-out":     c.Flow.TCP.Established == int64(90*time.Second),
		"protocol":     c.Disabled["ssh"] && !c.Disabled["dns"],
		"JA3":          c.Limits.JA3,
		"body limit":   c.Limits.HTTP.ResponseBodyLimit == 200<<10,
		"defrag":       c.Frag.Timeout == 7*time.Second,
		"community id": o.CommunityID,
		"types":        o.Core[eve.Alert] && o.Core[eve.Fileinfo] && !o.Core[eve.FlowRecord] && o.Protocol("dns") && !o.Protocol("http"),
		"payload":      o.Alerts.Payload,
		"VLANs":        c.IgnoreVLAN,
		"tunnels":      len(c.Decode.TeredoPorts) == 0 && slices.Equal(c.Decode.VXLANPorts, []uint16{4789, 8472}) && slices.Equal(c.Decode.GenevePorts, []uint16{6081}),
		"policy":       c.TCP.Policy != nil && c.TCP.Policy(packet.V4([]byte{10, 1, 2, 3})) == tcp.PolicyWindows,
		"other hosts":  c.TCP.Policy(packet.V4([]byte{11, 1, 2, 3})) == tcp.PolicyBSD,
	} {
		if !ok {
			t.Errorf("%s: the setting was not heeded", what)
		}
	}
}

func TestWrongSettings(t *testing.T) {
	c := engine.DefaultConfig()
	if known, err := Set(&c, "no.such.key", "1"); known || err != nil {
		t.Errorf("an unknown key: known %v, %v; want to be told that it is unknown", known, err)
	}
	for key, value := range map[string]string{
		"checksum-validation": "perhaps", "decoder.vxlan.ports": "any", "stream.reassembly.depth": "a lot", "stream.reassembly.memcap": "-5",
		"flow-timeouts.tcp.new": "1e99", "flow-timeouts.quic.new": "5", "host-os-policy.amiga.0": "10.0.0.0/8",
		"host-os-policy.linux.0": "10.0.0", "defrag.memcap": "99999999999gb",
	} {
		if _, err := Set(&c, key, value); err == nil || !strings.HasPrefix(err.Error(), key) {
			t.Errorf("%s = %s: %v; want an error that names the key", key, value, err)
		}
	}
}
