package nfs

import (
	"testing"

	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

// TestCapture reads what libnfs and nfs-ganesha say in versions 3 and 4.
func TestCapture(t *testing.T) {
	replay.Saying(t, "../../testdata/captures/nfs_share.pcap.gz", Spec, []string{
		`"nfs":{"version":3,"procedure":"LOOKUP","filename":"missing.txt","id":4,"file_tx":false,"type":"response","status":"ERR_NOENT"`,
		`file to_client name="q1.txt" state=CLOSED size=23400`, `file to_server name="measured-3.txt" state=CLOSED size=54000`,
		`file to_server name="draft.txt" state=CLOSED size=4200`, `"rename":{"from":"draft.txt","to":"final.txt"}`, `"procedure":"MKDIR","filename":"old"`,
		`"nfs":{"version":4,"procedure":"READ","filename":"q1.txt"`, `"nfs":{"version":4,"procedure":"CREATE","filename":"old"`,
		`"nfs":{"version":4,"procedure":"RENAME","filename":"draft.txt"`, `"nfs":{"version":4,"procedure":"REMOVE","filename":"never","id":5,"file_tx":false,"type":"response","status":"ERR_NOENT"`,
	})
}
