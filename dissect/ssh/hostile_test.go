package ssh

import (
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// TestLongLists: proposals of very many names cost no more than their length.
func TestLongLists(t *testing.T) {
	const names = 30_000
	a, b := strings.Repeat("a,", names), strings.Repeat("b,", names)
	start := time.Now()
	r := dissecttest.New(Spec())
	r.Quiet = true
	r.Data(dissect.ToServer, clientBanner+kexInit(a))
	r.Data(dissect.ToClient, serverBanner+kexInit(b))
	r.End(dissect.EndFIN)
	if d := time.Since(start); d > time.Second {
		t.Errorf("%v for two proposals", d)
	}
}

// TestLinesBeforeBanner: what a server sends before its banner may have any length, however it is cut into segments.
func TestLinesBeforeBanner(t *testing.T) {
	text := "Welcome " + strings.Repeat("x", 600) + "\r\nagain\r\n" + serverBanner
	for _, slow := range []bool{false, true} {
		r := dissecttest.New(Spec())
		r.Fields = []string{"ssh.software"}
		if slow {
			r.Trickle(dissect.ToClient, text)
		} else {
			r.Data(dissect.ToClient, text)
		}
		if got := r.Text(); !strings.Contains(got, `ssh.software="OpenSSH_7.6p1"`) || strings.Contains(got, "anomaly") {
			t.Errorf("slow %v: %s", slow, got)
		}
	}
}

// TestMemoryKept: a parser that had large proposals keeps none of their memory for the next flow.
func TestMemoryKept(t *testing.T) {
	p := new(parser)
	c := &dissect.Ctx{Limits: &dissect.Limits{HASSH: true}, Host: dissecttest.New(Spec())}
	var s dissect.Session
	spec := Spec()
	s.Data(c, spec, p, dissect.ToServer, []byte(clientBanner+kexInit(strings.Repeat("a,", 30_000))))
	if len(p.s.Client.HASSH) == 0 {
		t.Fatal("the proposal was not read")
	}
	p.Reset()
	if n := cap(p.s.Client.kex) + cap(p.s.Client.HASSHString); n > 2*keepKex {
		t.Errorf("%d bytes are kept", n)
	}
}
