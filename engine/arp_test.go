package engine

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/luanids/luanids/engine/eve"
)

// TestARPRecords: there are none by default; those that there are have Suricata's members, at any number of workers.
func TestARPRecords(t *testing.T) {
	frame := func(op string) []byte {
		b, err := hex.DecodeString("ffffffffffff020000000001" + "0806" + "0001080006" + "04" + op + "020000000001" + "0a000001" + "020000000002" + "0a000002")
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	packets := [][]byte{frame("0001"), frame("0002"), frame("0004"), frame("0063")}
	for _, workers := range []int{1, 2} {
		cfg := DefaultConfig()
		cfg.Workers = workers
		if _, log := run(t, cfg, &frames{list: packets, step: 1e6}); strings.Contains(log, `"event_type":"arp"`) {
			t.Errorf("%d workers: records without being asked for\n%s", workers, log)
		}
		cfg = DefaultConfig()
		cfg.Workers = workers
		cfg.EVEOptions.Core[eve.ARP] = true
		_, log := run(t, cfg, &frames{list: packets, step: 1e6})
		if n := strings.Count(log, `"event_type":"arp"`); n != len(packets)-1 { // the last one's operation is unknown: decode-event arp.unsupported_opcode
			t.Errorf("%d workers: %d records\n%s", workers, n, log)
		}
		for _, want := range []string{`"pcap_cnt":1,"event_type":"arp"`, `"arp":{"hw_type":"ethernet","proto_type":"ipv4","opcode":"request",` +
			`"src_mac":"02:00:00:00:00:01","src_ip":"10.0.0.1","dest_mac":"02:00:00:00:00:02","dest_ip":"10.0.0.2"}`,
			`"opcode":"reply"`, `"opcode":"reply_reverse"`, `"unsupported_opcode":1`} {
			if !strings.Contains(log, want) {
				t.Errorf("%d workers: no %s in\n%s", workers, want, log)
			}
		}
	}
}
