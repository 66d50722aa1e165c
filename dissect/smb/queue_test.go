package smb

import (
	"testing"

	"github.com/luanids/luanids/dissect"
)

// TestQueueLimits has writes out of order, and settings for what of a file may wait.
func TestQueueLimits(t *testing.T) {
	write := func(msg, off uint64, data string) say {
		return say{toServer, message2(cmd2Write, msg, write2(off, uint32(len(data)), []byte(data)))}
	}
	const ok = "file to_server name=\"a.exe\" state=CLOSED size=30\n"
	const ahead = "file to_server name=\"a.exe\" state=TRUNCATED size=10\n" // the others were passed over
	for _, c := range []struct {
		settings map[string]string
		want     string
	}{
		{nil, ok},
		{map[string]string{"smb.max-write-queue-size": "20", "smb.max-write-queue-cnt": "2", "smb.max-read-queue-size": "1"}, ok},
		{map[string]string{"smb.max-write-queue-size": "15"}, "anomaly smb.write_queue_size_exceeded\nanomaly smb.write_queue_size_exceeded\n" + ahead},
		{map[string]string{"smb.max-write-queue-cnt": "1"}, "anomaly smb.write_queue_cnt_exceeded\nanomaly smb.write_queue_cnt_exceeded\n" + ahead},
	} {
		for _, slow := range []bool{false, true} {
			r := recorder()
			r.Ctx.Limits.Settings = c.settings
			talk(r, slow, opened(`\\srv\ADMIN$`, 1, "a.exe")...)
			talk(r, slow, write(3, 20, "cccccccccc"), write(4, 0, "aaaaaaaaaa"), write(5, 10, "bbbbbbbbbb"))
			talk(r, slow, closed(9)...)
			if got := only(r.End(dissect.EndFIN), "anomaly", "file"); got != c.want {
				t.Errorf("%v, slow %v:\n%swant\n%s", c.settings, slow, got, c.want)
			}
		}
	}
}
