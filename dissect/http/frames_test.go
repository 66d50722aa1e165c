package http

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// TestFrames wants each message as it was sent, however its bytes came.
func TestFrames(t *testing.T) {
	const get, post = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
	const chunked, plain = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "HTTP/1.1 204 No\r\n\r\n"
	for _, slow := range []bool{false, true} {
		r := dissecttest.New(Spec())
		r.Ctx.Limits.Frames = true
		r.Fields = []string{"http.frame.request", "http.frame.response"}
		feed := r.Data
		if slow {
			feed = r.Trickle
		}
		feed(dissect.ToServer, get+post)
		feed(dissect.ToClient, chunked+plain)
		got := r.End(dissect.EndFIN)
		quote := strings.NewReplacer("\r", `\r`, "\n", `\n`)
		for kind, messages := range map[string][]string{"to_server http.frame.request": {get, post}, "to_client http.frame.response": {chunked, plain}} {
			for _, m := range messages {
				if want := "http.frame " + kind + `="` + quote.Replace(m) + "\"\n"; strings.Count(got, want) != 1 {
					t.Errorf("slow %v: no %s in\n%s", slow, want, got)
				}
			}
		}
	}
}
