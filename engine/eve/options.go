// Package eve writes EVE records: one JSON object a line, in Suricata's format
// (https://docs.suricata.io/en/suricata-8.0.0/output/eve/eve-json-format.html).
package eve

import "strings"

// Type is a record type that can be switched on and off.
type Type uint8

// The types that are not simply named after a protocol.
const (
	Alert Type = iota
	Anomaly
	FlowRecord
	Netflow
	Fileinfo
	Stats
	ARP
	numCore
)

// Options say which records are written and what they hold.
type Options struct {
	Core [numCore]bool
	// Protocols says which protocols' records are written; a protocol that is not listed is
	// on unless OnlyListed.
	Protocols  map[string]bool
	OnlyListed bool

	CommunityID     bool
	CommunityIDSeed uint16
	Ethernet        bool   // link-layer addresses in every record
	Metadata        bool   // flow flags and counters in alert and flow records
	PcapFile        bool   // the capture's name in every record
	Version         bool   // suricata_version in every record
	Suricata        string // its value: the version of Suricata whose records these are like
	Sensor          string // the sensor's name, as the member host of every record; "" for none

	Alerts    AlertOptions
	Anomalies AnomalyOptions
	// FlowPolicy shows in flow records which exception policies were applied.
	FlowPolicy bool
	// Classes are the classes of rules by name, References the prefixes of references by kind.
	Classes    map[string]Class
	References map[string]string
	// Settings gives the rest by dotted name
	// below outputs.eve-log.types ("dns.version").
	Settings map[string]string
}

// AlertOptions say what an alert record holds besides the alert.
type AlertOptions struct {
	Payload          bool // base64 of the payload
	PayloadPrintable bool
	PayloadLength    bool
	PayloadBuffer    int // at most so many bytes of stream payload
	Packet           bool
	HTTPBody         bool
	HTTPBodyPrint    bool
	Tagged           bool
	Metadata         bool // app layer, flow and rule metadata
	RuleMetadata     bool
	RuleRaw          bool
	RuleReference    bool
	Flow             bool
	AppLayer         bool
	Verdict          bool
	Correlations     bool // records of what the alert manager correlated, which Suricata has not
}

// AnomalyOptions say which anomalies are records.
type AnomalyOptions struct{ Decode, Stream, AppLayer, PacketHdr bool }

// DefaultOptions are what Suricata's default configuration writes.
func DefaultOptions() Options {
	o := Options{Metadata: true, FlowPolicy: true, Suricata: "8.0.0",
		Alerts:    AlertOptions{Tagged: true, Metadata: true, RuleMetadata: true, Flow: true, AppLayer: true, PayloadBuffer: 4 << 10},
		Anomalies: AnomalyOptions{AppLayer: true}}
	for t := range o.Core {
		o.Core[t] = Type(t) != Netflow && Type(t) != ARP
	}
	o.Classes, o.References = DefaultClasses(), DefaultReferences()
	return o
}

// Protocol tells whether records of the protocol are written.
func (o *Options) Protocol(name string) bool {
	on, listed := o.Protocols[name]
	return on || !listed && !o.OnlyListed && !quiet[name]
}

// quiet are the protocols whose records are written only if they are asked for.
var quiet = map[string]bool{"ntp": true}

// TypeSettings gives the settings of one record type: "version" for dns.version.
func (o *Options) TypeSettings(name string) map[string]string {
	var m map[string]string
	for k, v := range o.Settings {
		if rest, ok := strings.CutPrefix(k, name+"."); ok {
			if m == nil {
				m = map[string]string{}
			}
			m[rest] = v
		}
	}
	if name == "tls" && m == nil && o.OnlyListed {
		m = map[string]string{"session-resumption": "no"} // Suricata's default where the type is listed without settings
	}
	return m
}

// WritesStats tells whether stats records are written: stats.enabled switches them off for all outputs.
func (o *Options) WritesStats() bool { return o.Core[Stats] && o.on("stats.global") }

// on tells whether a setting is on, as it is unless it is switched off.
func (o *Options) on(name string) bool {
	v, ok := o.Settings[name]
	return !ok || truth(v)
}

// decoderEvents are the counters of decoding events.
const decoderEvents = "decoder.event."

// StatsName gives the name that a counter has in stats records; false: they leave it out.
func (o *Options) StatsName(name string) (string, bool) {
	if event, ok := strings.CutPrefix(name, decoderEvents); ok {
		switch p := o.Settings["stats.decoder-events-prefix"]; p {
		case "":
		case "decoder": // where decoder.ipv4 is a number: as in Suricata, the events are missing then
			return name, false
		default:
			name = p + "." + event
		}
		return name, o.on("stats.decoder-events")
	}
	return name, !strings.HasPrefix(name, "stream.") || o.on("stats.stream-events")
}

// StatsDeltas tells whether stats records say of each counter how much it grew since the last one: Suricata's stats.deltas.
func (o *Options) StatsDeltas() bool { return truth(o.Settings["stats.deltas"]) }

// StatsZeros tells whether stats records have counters that are 0, as they do unless stats.null-values is off.
func (o *Options) StatsZeros() bool { return o.on("stats.null-values") }
