// Package sensor puts a running luanids together from its settings: rules, scripts, threat intelligence, alert
// manager and outputs around one engine. The command line is a thin layer over it, and a Go program
// that wants to detect intrusions uses it the same way:
//
//	s, err := sensor.New(sensor.Options{
//		Source:  config.Source{File: "luanids.yaml"},
//		OnAlert: func(a *alert.Alert) { ... },
//	})
//	defer s.Close()
//	err = s.Replay(ctx, "capture.pcap")
//
// Packets come from captures (Replay), from anything that is a capture.Source (Run), or one at a time
// (Feed). Reload reads everything anew while they do. docs/library.md shows more.
package sensor
