package smtp

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// mail is a conversation with one mail that carries size bytes as an attachment.
func mail(size int) (before, content []byte) {
	raw := make([]byte, size)
	for i := range raw {
		raw[i] = byte(i * 7)
	}
	enc := base64.StdEncoding.EncodeToString(raw)
	var b bytes.Buffer
	b.WriteString("From: a@b\r\nTo: c@d\r\nSubject: =?utf-8?Q?report?=\r\nContent-Type: multipart/mixed; boundary=xyz\r\n\r\n--xyz\r\nContent-Type: text/plain\r\n\r\nSee http://example/ and come.\r\n--xyz\r\nContent-Type: application/pdf; name=r.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	for len(enc) > 0 {
		n := min(76, len(enc))
		b.WriteString(enc[:n] + "\r\n")
		enc = enc[n:]
	}
	b.WriteString("--xyz--\r\n.\r\nQUIT\r\n")
	return []byte("EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"), b.Bytes()
}

var (
	greeting = []byte("220 x ESMTP\r\n")
	agreed   = []byte("250-x\r\n250 PIPELINING\r\n250 ok\r\n250 ok\r\n354 go\r\n")
	done     = []byte("250 ok\r\n221 bye\r\n")
)

// send runs a conversation, its content in segments as they come over a network.
func send(r *dissecttest.Recorder, before, content []byte) {
	r.Bytes(dissect.ToClient, greeting)
	r.Bytes(dissect.ToServer, before)
	r.Bytes(dissect.ToClient, agreed)
	for len(content) > 0 {
		n := min(1448, len(content))
		r.Bytes(dissect.ToServer, content[:n])
		content = content[n:]
	}
	r.Bytes(dissect.ToClient, done)
	r.End(dissect.EndFIN)
	r.Restart()
}

func quiet() *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Quiet = true
	r.Ctx.Limits.KeepBodies = false
	return r
}

func TestNoAllocations(t *testing.T) {
	r := quiet()
	before, content := mail(20 << 10)
	send(r, before, content)
	if n := testing.AllocsPerRun(50, func() { send(r, before, content) }); n > 0 {
		t.Errorf("%v allocations for a mail, want none", n)
	}
}

func BenchmarkAttachment(b *testing.B) {
	for _, size := range []int{2 << 10, 1 << 20} {
		for _, hash := range []bool{false, true} {
			b.Run(fmt.Sprintf("%dK/sha256=%v", size>>10, hash), func(b *testing.B) {
				r := quiet()
				r.Ctx.Limits.HashSHA256 = hash
				before, content := mail(size)
				b.SetBytes(int64(len(before) + len(content)))
				b.ReportAllocs()
				for b.Loop() {
					send(r, before, content)
				}
			})
		}
	}
}
