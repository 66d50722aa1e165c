package engine

import (
	"regexp"
	"slices"
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
		{"nothing known answers", "\x00\x01\x02\x03 whatever this is", "APPLAYER_DETECT_PROTOCOL_ONLY_ONE_DIRECTION", `"app_proto":"http","app_proto_tc":"failed"`},
		{"too little to tell", "\x00\x01", "", `"app_proto":"http",`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &tcpConn{host: 1, port: 2000}
			c.open()
			c.frame(true, 0x18, request)
			c.frame(false, 0x18, tt.server)
			if len(tt.server) > 2 {
				c.frame(false, 0x18, "SSH-2.0 later does not count\r\n")
			}
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

// TestRecognitionAnomalies has what one side sends (> client, < server) and the anomalies of recognition that come of it, in order.
func TestRecognitionAnomalies(t *testing.T) {
	const hello = "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03" + "01234567890123456789012345678901" + "\x00\x00\x02\x13\x01\x01\x00"
	for _, tt := range []struct {
		name  string
		steps []string
		want  string
		flow  string
	}{
		{"FTP by Suricata's greeting", []string{"<220 (vsFTPd 3.0.5)\r\n", ">USER anonymous\r\n", "<331 Password?\r\n"}, "", `"app_proto":"ftp",`},
		{"FTP by another greeting", []string{"<220 Welcome to FTP\r\n", ">USER anonymous\r\n", "<331 Password?\r\n"},
			"DETECT_PROTOCOL_ONLY_ONE_DIRECTION ", `"app_proto":"ftp","app_proto_tc":"failed"`},
		{"the response is there before the request", []string{"<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ">GET / HTTP/1.0\r\n\r\n"}, "WRONG_DIRECTION_FIRST_DATA ", `"app_proto":"http",`},
		{"the server of SSH may begin", []string{"<SSH-2.0-OpenSSH_9.6\r\n", ">SSH-2.0-OpenSSH_9.6\r\n"}, "", `"app_proto":"ssh",`},
		{"much of one side that nobody knows", slices.Repeat([]string{">" + strings.Repeat("nobody knows", 100), "<"}, 90), "PROTO_DETECTION_SKIPPED ", `"app_proto":"failed"`},
		{"TLS after STARTTLS", []string{"<220 mx ESMTP\r\n", ">EHLO a\r\n", "<250-mx\r\n250 STARTTLS\r\n", ">STARTTLS\r\n", "<220 go\r\n", ">" + hello}, "",
			`"app_proto":"tls","app_proto_orig":"smtp"`},
		{"no TLS after STARTTLS", []string{"<220 mx ESMTP\r\n", ">EHLO a\r\n", "<250-mx\r\n250 STARTTLS\r\n", ">STARTTLS\r\n", "<220 go\r\n", ">EHLO a\r\n", "<250 mx\r\n"},
			"UNEXPECTED_PROTOCOL NO_TLS_AFTER_STARTTLS DETECT_PROTOCOL_ONLY_ONE_DIRECTION ", `"app_proto":"smtp","app_proto_tc":"failed","app_proto_expected":"tls"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &tcpConn{host: 1, port: 2000}
			c.open()
			for _, s := range tt.steps {
				c.frame(s[0] == '>', 0x18, s[1:])
			}
			cfg := DefaultConfig()
			cfg.CheckChecksums = false
			_, eve := run(t, cfg, &frames{list: c.out, step: 1e6})
			got := ""
			for _, m := range regexp.MustCompile(`"event":"APPLAYER_(\w+)"`).FindAllStringSubmatch(eve, -1) {
				got += m[1] + " "
			}
			if got != tt.want || !strings.Contains(eve, tt.flow) {
				for line := range strings.Lines(eve) {
					if strings.Contains(line, `"event_type":"flow"`) || strings.Contains(line, "anomaly") && !strings.Contains(line, "stats") {
						t.Log(line)
					}
				}
				t.Errorf("%q, want %q and %s", got, tt.want, tt.flow)
			}
		})
	}
}
