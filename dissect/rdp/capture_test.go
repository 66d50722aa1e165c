package rdp

import (
	"testing"

	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

// TestCapture reads what FreeRDP's client and xrdp say.
func TestCapture(t *testing.T) {
	replay.Saying(t, "../../testdata/captures/rdp_desktop.pcap", Spec, []string{
		`"event_type":"initial_request","cookie":"alice"}`, `"event_type":"initial_response"}`,
		`"client":{"version":"v10.7","desktop_width":320,"desktop_height":240,"color_depth":8,"keyboard_layout":"en-US","build":"Windows 10","client_name":"laptop"`,
		`"event_type":"connect_response"`, `"server_supports":["extended_client_data"],"protocol":"ssl"`, `upgrade "tls"`,
	})
}
