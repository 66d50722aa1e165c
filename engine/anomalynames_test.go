package engine

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect/protocols"
)

// TestNamesOfAnomalies: the protocols whose events Suricata has in tables of capitals write them so, all others in small letters.
func TestNamesOfAnomalies(t *testing.T) {
	capitals := map[string]bool{"http": true, "smtp": true, "tls": true, "dnp3": true}
	for _, s := range protocols.All(func(string) map[string]string { return nil }) {
		for i, name := range anomalyNames(s) {
			want := s.Anomalies[i]
			if capitals[s.Name] {
				want = strings.ToUpper(want)
			}
			if name.record != want || name.full != s.Name+"."+s.Anomalies[i] || strings.ToLower(s.Anomalies[i]) != s.Anomalies[i] {
				t.Errorf("%s: %+v", s.Name, name)
			}
		}
	}
}

// TestAnomaliesAreOfTheirPacket: the ends are those of the packet that brought an anomaly to light, which for a stream is the one that
// acknowledges it.
func TestAnomaliesAreOfTheirPacket(t *testing.T) {
	line := func(eve string) string {
		for l := range strings.Lines(eve) {
			if strings.Contains(l, `"event_type":"anomaly"`) {
				return l
			}
		}
		return ""
	}
	cfg := DefaultConfig()
	cfg.CheckChecksums = false
	c := &tcpConn{host: 1, port: 2000}
	c.open()
	c.frame(true, 0x18, "GET / HTTP/1.1\r\n\r\n") // without Host
	c.frame(false, 0x10, "")
	_, eve := run(t, cfg, &frames{list: c.out, step: 1e6})
	if l := line(eve); !strings.Contains(l, "MISSING_HOST_HEADER") || !strings.Contains(l, `"dest_port":2000`) {
		t.Errorf("of a request: %s", l)
	}
	answer := []byte(dnsAnswer)
	answer[3] |= 0x40 // the reserved bit
	_, eve = run(t, cfg, &frames{list: [][]byte{datagram(true, 4000, 53, dnsQuery), datagram(false, 4000, 53, string(answer))}, step: 1e6})
	if l := line(eve); !strings.Contains(l, "z_flag_set") || !strings.Contains(l, `"dest_port":4000`) {
		t.Errorf("of a response: %s", l)
	}
}
