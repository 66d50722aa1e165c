package engine

import (
	"strings"
	"testing"
)

func TestSidesThatSpeakDifferentProtocols(t *testing.T) {
	const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, tt := range []struct {
		name, server   string
		mismatch, flow string
	}{
		{"the same", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", `"app_proto":"http",`},
		{"SSH answers", "SSH-2.0-OpenSSH_9.6\r\n", "APPLAYER_MISMATCH_PROTOCOL_BOTH_DIRECTIONS", `"app_proto":"http","app_proto_tc":"ssh"`},
		{"nothing known answers", "\x00\x01\x02\x03 whatever this is", "", `"app_proto":"http",`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &tcpConn{host: 1, port: 2000}
			c.open()
			c.frame(true, 0x18, request)
			c.frame(false, 0x18, tt.server)
			c.frame(false, 0x18, "SSH-2.0 later does not count\r\n")
			cfg := DefaultConfig()
			cfg.CheckChecksums = false
			_, eve := run(t, cfg, &frames{list: c.out, step: 1e6})
			if got := strings.Contains(eve, "APPLAYER_"); got != (tt.mismatch != "") || !strings.Contains(eve, tt.mismatch) {
				t.Errorf("anomaly: want %q in\n%s", tt.mismatch, eve)
			}
			if !strings.Contains(eve, tt.flow) || strings.Contains(eve, "app_proto_ts") {
				t.Errorf("flow record: want %s in\n%s", tt.flow, eve)
			}
		})
	}
}
