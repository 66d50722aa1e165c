package engine

import (
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/lua"
)

// attributed gives an alert as the outputs have it: who acted is its source, even where what the other side answered is
// what was judged. A failed login is seen in the server's answer, and is the client's attempt.
//
//   - What detectors report is turned round to client -> server.
//   - So is what a rule reports that counts by the client, or a sequence by it: a threshold by client.ip, or by dst.ip on
//     answers. It is about the host that it counts by.
//   - All other rules say who sent what they look at: their src is the alert's source.
//
// EVE records are as Suricata's, and say who sent the packet: they are written before.
func attributed(a *alert.Alert) *alert.Alert {
	if a.Direction != "to_client" || a.Kind == alert.Signature && (a.Rule == nil || !a.Rule.CountsBy("client.ip", "dst.ip")) {
		return a
	}
	b := *a
	b.Src, b.Dst, b.SrcPort, b.DstPort = a.Dst, a.Src, a.DstPort, a.SrcPort
	b.Direction = "to_server"
	return &b
}

// named gives an alert the ends that its script named, in place of those of the event.
func named(b *alert.Alert, a *lua.Alert) {
	if !a.Named {
		return
	}
	b.Src, b.Dst, b.SrcPort, b.DstPort, b.Direction = a.Src, a.Dst, a.SrcPort, a.DstPort, ""
	b.HasPorts = a.SrcPort != 0 || a.DstPort != 0
	if a.Proto != "" {
		b.Proto = a.Proto
	}
}

// kindOf is the type of a detector's alerts.
func kindOf(d *lua.Detector) alert.Kind {
	if d.Type == alert.Anomaly.String() {
		return alert.Anomaly
	}
	return alert.Behavioral
}
