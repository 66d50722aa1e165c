package smtp

import (
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// FuzzSMTP gives both sides' bytes, which take turns at each NUL; 0x01 before them stands for a
// gap. A parser that gets them one at a time must say the same.
func FuzzSMTP(f *testing.F) {
	for _, s := range []string{
		"\x00220 x ESMTP\r\n\x00EHLO c\r\n\x00250-x\r\n250 PIPELINING\r\n\x00MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n\x00250 a\r\n250 b\r\n354 c\r\n\x00Subject: s\r\nContent-Type: text/plain; name=x\r\n\r\nhttp://u\r\n..\r\n.\r\nQUIT\r\n\x00250 ok\r\n221 bye\r\n",
		"EHLO c\r\nMAIL FROM:<a>\r\nBDAT 5\r\nA: b\r\x00250 x\r\n\x00BDAT 9 LAST\r\n\n\r\nhello\r\nRSET\r\n",
		"EHLO c\r\nAUTH LOGIN\r\n\x00220 a\r\n250 a\r\n334 a\r\n\x00YQ==\r\n\x00334 b\r\n\x00YQ==\r\n\x00535 no\r\n\x00STARTTLS\r\n\x00220 go\r\n\x00\x16\x03",
		"EHLO c\r\nDATA\r\nabc\r\n\x01\x00\x01250 x\r\n\x00MAIL FROM:<x>\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		run := func(slow bool) *dissecttest.Recorder {
			r := dissecttest.New(Spec())
			r.Ctx.Limits.SMTP.BodyMD5 = "true"
			r.Ctx.Limits.Frames = true
			// What is pending is lost with a gap, and depends on how the bytes came.
			r.Conversation(data, slow)
			r.End(dissect.EndCapture)
			return r
		}
		whole, slow := run(false), run(true)
		if whole.Text() != slow.Text() {
			t.Errorf("byte by byte:\n%s\nat once:\n%s", slow.Text(), whole.Text())
		}
	})
}
