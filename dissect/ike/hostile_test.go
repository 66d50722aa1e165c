package ike

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect/dissecttest"
)

// TestHeld: what a flow keeps for its next message has a bound.
func TestHeld(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	p := new(parser)
	for k := range maxVendors {
		payloads := make([]string, k+1)
		for i := range payloads {
			payloads[i] = pl(payloadVendor, "")
		}
		payloads[k] = pl(0, strings.Repeat("v", 60000))
		r.Ctx.Begin(r.Spec)
		p.Data(r.Ctx, ts, []byte(msg(0x20, ikeSAInit, flagInitiator, payloadVendor, zeroSPI, payloads...)))
	}
	held := 0
	for _, b := range p.m.vendors[:cap(p.m.vendors)] {
		held += cap(b)
	}
	if held > 1<<20 {
		t.Errorf("%d bytes are kept", held)
	}
}
