package sensor

import (
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/capture"
)

// TestSettingsThatReloadsTake: settings take effect with a reload, also those of tables and parsers, and those that do not are
// named.
func TestSettingsThatReloadsTake(t *testing.T) {
	packets := traffic(t, time.Minute, "web_attacks.pcap.gz")
	rules := "rule T-1 \"x\" { when http.method == \"GET\" and http.uri contains \"a\" }\nrule T-2 \"y\" { when http.stat_code == 200 }\n"
	settings := "rules: { files: [r.nids] }\nscripts: { files: [none] }\nalert_manager: { dedup: { window: 0 }, correlation: { threshold: 0 } }\n"
	counts := map[string]int{}
	for name, more := range map[string]string{
		"as it was": "",
		"limits":    "app_layer: { http: { field_limit: 300, max_tx: 5 } }\n",
		"depth":     "stream: { depth: 100, memcap_segments: 2mb, max_segments: 10 }\n",
		"all": "stream: { depth: 2mb, midstream: true }\nflow: { timeouts: { tcp: { new: 5s, established: 20s } } }\nrules: { files: [r.nids], limits: { thresholds: 10 } }\n" +
			"outputs: { queue: { alerts: 10 }, eve: { types: [alert], stats_interval: 2s }, pcap: { before: 1 } }\nrespond: { exempt: [10.0.0.0/8] }\nworkers: 3\n",
	} {
		u := newSetup(t, map[string]string{"luanids.yaml": settings, "r.nids": rules})
		s, h := u.start(2)
		text := settings
		if strings.Contains(more, "rules:") {
			text = strings.Replace(settings, "rules: { files: [r.nids] }\n", "", 1)
		}
		u.write("luanids.yaml", text+more)
		r, err := s.Reload()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if more == "" && len(r.Settings) > 0 || more != "" && len(r.Settings) == 0 || len(r.Restart) > 0 {
			t.Errorf("%s: %s", name, r)
		}
		for i := range packets {
			p := &packets[i]
			if err := s.Feed(capture.LinkEthernet, time.Unix(0, p.Time), p.Data, int(p.Len)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for _, list := range h.alerts {
			counts[name] += len(list)
		}
	}
	if counts["as it was"] == 0 || counts["depth"] >= counts["as it was"] || counts["all"] != counts["as it was"] {
		t.Errorf("alerts: %v", counts)
	}
}
