package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/protocols"
)

func TestStreamDepthOfProtocols(t *testing.T) {
	for _, c := range []struct {
		set   string
		spec  dissect.Spec
		wants bool
	}{{"", dissect.Spec{}, false}, {"", dissect.Spec{Unlimited: true}, true}, {"0", dissect.Spec{}, true}, {"1mb", dissect.Spec{Unlimited: true}, false}, {"much", dissect.Spec{}, false}} {
		c.spec.Name = "x"
		set := map[string]string{}
		if c.set != "" {
			set["x.stream-depth"] = c.set
		}
		if got := followsAll(set, &c.spec); got != c.wants {
			t.Errorf("%q, %v: %v", c.set, c.spec.Unlimited, got)
		}
	}
}

func TestPortsOfSettings(t *testing.T) {
	for text, want := range map[string][]uint16{
		"443": {443}, "[443, 444]": {443, 444}, "139, 445": {139, 445}, "8000:8002": {8000, 8001, 8002},
		"any": nil, "!443": nil, "$PORTS": nil, "70000": nil, "9:8": nil, "1:65535": nil, "": nil,
	} {
		if got, ok := portsOf(text); !slices.Equal(got, want) || ok != (want != nil) {
			t.Errorf("%q: %v, %v; want %v", text, got, ok, want)
		}
	}
}

// TestDetectionPorts has settings that move the usual ports of protocols, and switch them off over one transport.
func TestDetectionPorts(t *testing.T) {
	specs := protocols.All(func(string) map[string]string { return nil })
	schema, err := dissect.NewSchema(specs, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := newApps(schema.Specs, len(schema.Specs), map[string]string{"dnp3.detection-ports.dp": "7000", "dns.udp.detection-ports.dp": "[53, 5300]", "dns.tcp.enabled": "no"})
	bit := func(name string) uint64 { return 1 << schema.Spec(name).Index() }
	for _, c := range []struct {
		name string
		got  uint64
		want bool
	}{
		{"dnp3", a.tcpHints[7000], true}, {"dnp3", a.tcpHints[20000], false},
		{"dns", a.udpHints[5300], true}, {"dns", a.udpHints[53], true}, {"dns", a.tcpHints[53], false}, {"dns", a.tcpAll, false}, {"dns", a.udpAll, true},
		{"tls", a.tcpHints[443], true},
	} {
		if (c.got&bit(c.name) != 0) != c.want {
			t.Errorf("%s: %v, want %v", c.name, !c.want, c.want)
		}
	}
}

// TestDetectionOnly recognises a protocol without parsing it.
func TestDetectionOnly(t *testing.T) {
	for value, records := range map[string]int{"detection-only": 0, "yes": 1} {
		c := &tcpConn{host: 1, port: 2000}
		c.open()
		c.frame(true, 0x18, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		c.frame(false, 0x18, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		cfg := DefaultConfig()
		cfg.CheckChecksums = false
		cfg.Limits.Settings = map[string]string{"http.enabled": value}
		_, eve := run(t, cfg, &frames{list: c.out, step: 1e6})
		if n := strings.Count(eve, `"event_type":"http"`); n != records || !strings.Contains(eve, `"app_proto":"http",`) || strings.Contains(eve, "app_proto_tc") {
			t.Errorf("%s: %d records\n%.2000s", value, n, eve)
		}
	}
}
