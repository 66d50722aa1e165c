package explain_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/manager"
	"github.com/luanids/luanids/lang/match"
)

// within holds the numbers of fields that have bounds against them, at every event.
type within struct {
	t      *testing.T
	fields []*dissect.Field
	seen   map[string]bool
}

func (w *within) Event(_ dissect.EventID, e *dissect.Env) {
	for _, f := range w.fields {
		if f.Multi {
			for i := 0; ; i++ {
				n, ok := f.IntN(e, i)
				if !ok {
					break
				}
				w.number(f, n)
			}
		} else if n, ok := f.Int(e); ok {
			w.number(f, n)
		}
	}
}

func (w *within) number(f *dissect.Field, n int64) {
	w.seen[f.Name] = true
	if n < f.Lo || n > f.Hi {
		w.t.Errorf("%s is %d, and declared from %d to %d", f.Name, n, f.Lo, f.Hi)
	}
}

func (w *within) Outcome(*alert.Alert, *match.Rule, engine.Outcome)                      {}
func (w *within) HeldBack(*alert.Alert, *match.Rule, manager.Fate, *manager.Suppression) {}

// TestNumbersAreWithinTheirBounds wants what check says of the bounds of fields to be so in the captures.
func TestNumbersAreWithinTheirBounds(t *testing.T) {
	cfg := engine.DefaultConfig()
	schema, err := engine.NewSchema(&cfg.EVEOptions)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Schema = schema
	cfg.Program, _ = match.Compile(schema, nil, match.Options{})
	w := &within{t: t, seen: map[string]bool{}}
	for _, f := range schema.Fields() {
		if f.Hi > 0 {
			w.fields = append(w.fields, f)
		}
	}
	cfg.Trace = w
	for _, name := range []string{"dns_lookup", "dns_tunnel_dns2tcp", "http_ipv6", "tls_browse", "icmp_ping", "vlan", "qinq", "vxlan", "fragments", "modbus_pumps",
		"mqtt_messages", "ntp", "quic_http3", "smb", "websocket", "ike_tunnels", "dhcp_lease", "nmap_fin_xmas_null", "enip_controller", "rdp_desktop", "vnc_handshakes"} {
		src, err := capture.Open([]string{filepath.Join("../../testdata/captures", name+".pcap")}, capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		eng, err := engine.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := eng.Run(context.Background(), src); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		src.Close()
	}
	if len(w.seen) < len(w.fields)/2 {
		t.Errorf("only %d of %d fields were seen", len(w.seen), len(w.fields))
	}
	t.Logf("%d of %d fields", len(w.seen), len(w.fields))
}
