package eve

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/lang/ir"
)

// proxied is a message of a client behind two proxies.
type proxied struct{}

func (proxied) XFF(header string, last bool) (netip.Addr, bool) {
	switch {
	case header != "x-real-ip":
		return netip.Addr{}, false
	case last:
		return netip.MustParseAddr("10.3.3.3"), true
	}
	return netip.MustParseAddr("2001:db8::2"), true
}

func TestXFF(t *testing.T) {
	flow := &dissect.Flow{ID: 1}
	flow.Key.Src, flow.Key.Dst, flow.Key.IPVersion = packet.V4([]byte{10, 0, 0, 1}), packet.V4([]byte{10, 0, 0, 2}), 4
	for _, tt := range []struct {
		settings, want string
		dir            dissect.Dir
		absent         bool
		all            string // settings of all types, which those of alerts replace
	}{
		{settings: "enabled=true mode=extra-data deployment=reverse header=X-Real-IP", want: `"xff":"10.3.3.3"`},
		{settings: "enabled=true mode=extra-data deployment=forward header=X-Real-IP", want: `"xff":"2001:db8::2"`},
		{settings: "enabled=true mode=overwrite deployment=reverse header=X-Real-IP", want: `"src_ip":"10.3.3.3","dest_ip":"10.0.0.2"`},
		{settings: "enabled=true mode=overwrite deployment=reverse header=X-Real-IP", dir: dissect.ToClient, want: `"src_ip":"10.0.0.2","dest_ip":"10.3.3.3"`},
		{settings: "enabled=true mode=overwrite", want: `"src_ip":"10.0.0.1"`},
		{settings: "enabled=false header=X-Real-IP", want: `xff`, absent: true},
		{all: "enabled=true mode=extra-data header=X-Real-IP", want: `"xff":"10.3.3.3"`},
		{all: "enabled=true mode=extra-data header=X-Real-IP", settings: "enabled=false", want: `xff`, absent: true},
	} {
		o := DefaultOptions()
		o.Settings = map[string]string{}
		for prefix, list := range map[string]string{"alert.xff.": tt.settings, "xff.": tt.all} {
			for _, s := range strings.Fields(list) {
				k, v, _ := strings.Cut(s, "=")
				o.Settings[prefix+k] = v
			}
		}
		x := NewEncoder(&o)
		e := &dissect.Env{Flow: flow, Tx: proxied{}, Dir: tt.dir}
		whole, _ := x.AlertOf(nil, e, &ir.Rule{})
		body := x.AlertBody(nil, e, &ir.Rule{}, false)
		late, _ := x.Late(nil, &body, flow, tt.dir, nil, 0, nil)
		for _, rec := range [][]byte{whole, late} {
			if strings.Contains(string(rec), tt.want) == tt.absent {
				t.Errorf("%s: %s", tt.settings, rec)
			}
		}
	}
}
