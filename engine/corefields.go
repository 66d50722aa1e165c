package engine

import "github.com/luanids/luanids/dissect"

// coreFields are the fields of the engine's own events.
func coreFields() []dissect.Field {
	return []dissect.Field{
		{Name: "anomaly.event", Type: dissect.TString, Event: "anomaly",
			Doc: "what is wrong, by Suricata's name: decoder.ipv4.pkt_too_small, stream.pkt_invalid_ack, http.missing_host_header",
			Bytes: func(e *dissect.Env) []byte {
				if e.Name == "" {
					return nil
				}
				return dissect.Text(e.Name)
			}},
	}
}
