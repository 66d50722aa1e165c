package http

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/packet"
)

// TestServersWithTheirOwnSettings asks two kinds of servers, and one that no setting names, for the same path.
func TestServersWithTheirOwnSettings(t *testing.T) {
	const at = "http.libhtp.server-config."
	settings := map[string]string{
		at + "apache.address.0": "192.168.1.0/24", at + "apache.address.1": "2001:db8::1", at + "apache.personality": "Apache_2", at + "apache.request-body-limit": "4kb",
		at + "iis7.address": "[192.168.1.7, 192.168.2.0/24]", at + "iis7.personality": "IIS_7_0", at + "iis7.double-decode-path": "yes",
		at + "nobody.personality": "Minimal",
	}
	for server, want := range map[string]string{
		"10.0.0.1":    "/a/b%2ex",
		"192.168.1.1": `/a\b%2ex`,
		"2001:db8::1": `/a\b%2ex`,
		"192.168.1.7": "/a/b.x", // the more particular one
		"192.168.2.9": "/a/b.x",
	} {
		r := dissecttest.New(Spec())
		r.Ctx.Limits.Settings = settings
		r.Ctx.Flow.Key.Dst = packet.Addr(netip.MustParseAddr(server).As16())
		r.Fields = []string{"http.uri"}
		r.Data(dissect.ToServer, "GET /a\\b%252ex HTTP/1.0\r\n\r\n")
		if got := r.End(dissect.EndFIN); !strings.Contains(got, "http.request to_server http.uri="+strconv.Quote(want)) {
			t.Errorf("%s: want %q in\n%s", server, want, got)
		}
	}
}

func TestSettingsOfAServer(t *testing.T) {
	l := dissect.DefaultLimits()
	l.HTTP.RequestBodyLimit = 77 // of the others
	c := configOf(&l, map[string]string{"request-body-limit": "4kb", "headers-limit": "12"})
	if d := dissect.DefaultLimits().HTTP; c.limits != [2]int64{4 << 10, int64(d.ResponseBodyLimit)} || c.maxHeaders != 12 || c.layers != d.DecompressLayers {
		t.Errorf("%+v", c)
	}
}
