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
