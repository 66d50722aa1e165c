package config

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/output"
)

func outputGroups() []group {
	syslog := checkedText("where a syslog server is", `"udp://loghost:514?format=cef"`, func(s string) error { _, err := output.ParseSyslog(s); return err })
	return []group{
		{"outputs", "Where alerts go. Live, an output that cannot follow drops and counts.", restart(
			one("queue.alerts", "alerts that may wait for one output", integer[int](1, 1<<24, "8192"), func(s *Settings) *int { return &s.Engine.Outputs.QueueAlerts }),
			one("queue.size", "memory of the alerts that wait for one output", size[int](64<<10, 1<<36, "32mb"), func(s *Settings) *int { return &s.Engine.Outputs.QueueBytes }),
			one("console.format", "alerts on stdout", choice("text", "json", "none"), func(s *Settings) *string { return &s.Outputs.Console }),
			one("console.verbose", "show the evidence too", truth, func(s *Settings) *bool { return &s.Outputs.Verbose }),
		)},
		{"outputs.json", "Alerts as JSON lines.", restart(append([]Key{
			one("path", "file; empty for none", place("/var/log/luanids/alerts.json"), func(s *Settings) *string { return &s.Outputs.JSON }),
		}, rotation(func(s *Settings) *output.RotateOptions { return &s.Engine.Outputs.JSON })...)...)},
		{"outputs.sqlite", "Alerts in a database, for luanids query and stats.", restart(
			one("path", "file; empty for none", place("/var/lib/luanids/alerts.db"), func(s *Settings) *string { return &s.Outputs.SQLite }),
			one("delay", "time for which alerts are gathered for one transaction", duration[time.Duration](0, time.Minute, "25ms"), func(s *Settings) *time.Duration { return &s.Engine.Outputs.SQLiteDelay }),
		)},
		{"outputs.syslog", "Alerts by syslog.", restart(
			many("targets", "udp://HOST:PORT, tcp://HOST:PORT or local; ?format=rfc5424|cef|json, &facility=local0, &framing=octets|newline", syslog, func(s *Settings) *[]string { return &s.Outputs.Syslog }),
			one("backlog", "messages that wait for a TCP server to come back", integer[int](0, 1<<24, "10000"), func(s *Settings) *int { return &s.Engine.Outputs.SyslogBacklog }),
		)},
		{"outputs.pcap", "A capture for each alert: packets of its flow.", restart(
			one("dir", "folder; empty for none", place("/var/lib/luanids/pcap"), func(s *Settings) *string { return &s.Engine.Pcap.Dir }),
			one("before", "packets of the flow before the alert", integer[int](0, 100_000, "100"), func(s *Settings) *int { return &s.Engine.Pcap.Before }),
			one("after", "packets of the flow after it", integer[int](0, 100_000, "100"), func(s *Settings) *int { return &s.Engine.Pcap.After }),
			one("wait", "time for which they are waited for", duration[time.Duration](0, time.Hour, "10s"), func(s *Settings) *time.Duration { return &s.Engine.Pcap.Wait }),
			one("memory", "memory for packets before alerts that may come", size[int](1<<20, 1<<40, "64mb"), func(s *Settings) *int { return &s.Engine.Pcap.Memory }),
			one("max_files", "files that stay; the oldest go; 0 for all", integer[int](0, 1<<24, "10000"), func(s *Settings) *int { return &s.Engine.Pcap.MaxFiles }),
			one("max_size", "bytes of all files that stay; the oldest go; 0 for no bound", size[int64](0, 1<<50, "10gb"), func(s *Settings) *int64 { return &s.Engine.Pcap.MaxBytes }),
			one("min_severity", "least severity of alerts that get one", severity.like("high"), func(s *Settings) *alert.Severity { return &s.Engine.Pcap.MinSeverity }),
		)},
		{"outputs.files", "Files that rules with filestore ask for, by their SHA-256.", restart(
			one("dir", "folder; empty for none", place("/var/lib/luanids/files"), func(s *Settings) *string { return &s.Engine.FileStore.Dir }),
			one("all", "store all files, whether a rule asks for them or not", truth, func(s *Settings) *bool { return &s.Engine.FileStore.All }),
			one("whole_streams", "follow streams with files past stream.depth, so that files are stored whole", truth, func(s *Settings) *bool { return &s.Engine.FileStore.Unlimited }),
			one("stream_depth", "bytes of each direction of streams with files that are looked at, where that is more than stream.depth", size[uint64](0, 1<<40, "10mb"), func(s *Settings) *uint64 { return &s.Engine.TCP.FileDepth }),
			one("write_info", "write the record of every file that is stored beside it, as SHA256.SECONDS.ID.json", truth, func(s *Settings) *bool { return &s.Engine.FileStore.WriteInfo }),
			one("max_size", "largest file that is stored; 0 for any", size[int64](0, 1<<40, "64mb"), func(s *Settings) *int64 { return &s.Engine.FileStore.MaxSize }),
		)},
		{"outputs.certificates", "Certificates of TLS sessions that rules with tlsstore (Suricata: tls.store) ask for: SECONDS.MICROSECONDS-N.pem, beside it .meta.", restart(
			one("dir", "folder; empty for none", place("/var/lib/luanids/certificates"), func(s *Settings) *string { return &s.Engine.TLSStore.Dir }),
			one("max_certs", "certificates that are stored of what one side shows, from its own on; 0 for any", integer[int](0, 1<<16, "16"), func(s *Settings) *int { return &s.Engine.TLSStore.MaxCerts }),
			one("max_size", "bytes of them; 0 for any", size[int](0, 1<<30, "64kb"), func(s *Settings) *int { return &s.Engine.TLSStore.MaxSize }),
		)},
		{"outputs.eve", "Records of all kinds in Suricata's format (EVE).", restart(append(eveKeys(), rotation(func(s *Settings) *output.RotateOptions { return &s.Engine.Outputs.EVE })...)...)},
	}
}

func rotation(p func(*Settings) *output.RotateOptions) []Key {
	return []Key{
		one("rotate_size", "size past which the file is put aside; 0 for never", size[int64](0, 1<<40, "100mb"), func(s *Settings) *int64 { return &p(s).MaxSize }),
		one("rotate_every", "put the file aside at multiples of this time (UTC); 0 for never", duration[time.Duration](0, 365*day, "1d"), func(s *Settings) *time.Duration { return &p(s).Every }),
		one("keep", "files put aside that stay; 0 for all", integer[int](0, 1<<20, "14"), func(s *Settings) *int { return &p(s).Keep }),
		one("compress", "pack files put aside with gzip", truth, func(s *Settings) *bool { return &p(s).Compress }),
	}
}

func eveKeys() []Key {
	opt := func(name, doc string, p func(o *eve.Options) *bool) Key {
		return one(name, doc, truth, func(s *Settings) *bool { return p(&s.Engine.EVEOptions) })
	}
	return []Key{
		one("path", "file; empty for none", place("/var/log/luanids/eve.json"), func(s *Settings) *string { return &s.Outputs.EVE }),
		eveTypes(),
		one("stats_interval", "time between stats records while watching interfaces", duration[time.Duration](time.Second, day, "10s"), func(s *Settings) *time.Duration { return &s.Engine.StatsInterval }),
		opt("community_id", "write community ids", func(o *eve.Options) *bool { return &o.CommunityID }),
		one("community_id_seed", "seed of community ids", integer[uint16](0, 65535, "0"), func(s *Settings) *uint16 { return &s.Engine.EVEOptions.CommunityIDSeed }),
		opt("ethernet", "write link-layer addresses", func(o *eve.Options) *bool { return &o.Ethernet }),
		opt("pcap_file", "write the capture's name", func(o *eve.Options) *bool { return &o.PcapFile }),
		opt("suricata_version", "write the version of Suricata whose records these are like", func(o *eve.Options) *bool { return &o.Version }),
		one("sensor_name", "name of this sensor, as host in every record; empty for none", words("lobby"), func(s *Settings) *string { return &s.Engine.EVEOptions.Sensor }),
		opt("metadata", "write flow flags and variables", func(o *eve.Options) *bool { return &o.Metadata }),
		opt("flow_policy", "tell in flow records which exception policies were applied", func(o *eve.Options) *bool { return &o.FlowPolicy }),
		opt("alert.payload", "payload of alerts in base64", func(o *eve.Options) *bool { return &o.Alerts.Payload }),
		opt("alert.payload_printable", "payload of alerts as text", func(o *eve.Options) *bool { return &o.Alerts.PayloadPrintable }),
		opt("alert.payload_length", "length of the payload", func(o *eve.Options) *bool { return &o.Alerts.PayloadLength }),
		one("alert.payload_size", "bytes of stream payload at most", size[int](0, 1<<20, "4kb"), func(s *Settings) *int { return &s.Engine.EVEOptions.Alerts.PayloadBuffer }),
		opt("alert.packet", "the packet in base64", func(o *eve.Options) *bool { return &o.Alerts.Packet }),
		opt("alert.http_body", "HTTP bodies in base64", func(o *eve.Options) *bool { return &o.Alerts.HTTPBody }),
		opt("alert.http_body_printable", "HTTP bodies as text", func(o *eve.Options) *bool { return &o.Alerts.HTTPBodyPrint }),
		opt("alert.tagged_packets", "packets that the keyword tag asks for", func(o *eve.Options) *bool { return &o.Alerts.Tagged }),
		opt("alert.flow", "the flow's figures", func(o *eve.Options) *bool { return &o.Alerts.Flow }),
		opt("alert.app_layer", "the protocol's record", func(o *eve.Options) *bool { return &o.Alerts.AppLayer }),
		opt("alert.metadata", "flow flags and variables", func(o *eve.Options) *bool { return &o.Alerts.Metadata }),
		opt("alert.rule_metadata", "metadata of the rule", func(o *eve.Options) *bool { return &o.Alerts.RuleMetadata }),
		opt("alert.rule_text", "the rule as written", func(o *eve.Options) *bool { return &o.Alerts.RuleRaw }),
		opt("alert.rule_references", "references of the rule", func(o *eve.Options) *bool { return &o.Alerts.RuleReference }),
		opt("alert.verdict", "what a device would do with the packet", func(o *eve.Options) *bool { return &o.Alerts.Verdict }),
		opt("alert.correlations", "records of what the alert manager correlated, too", func(o *eve.Options) *bool { return &o.Alerts.Correlations }),
		opt("anomaly.decode", "anomalies of packets", func(o *eve.Options) *bool { return &o.Anomalies.Decode }),
		opt("anomaly.stream", "anomalies of streams", func(o *eve.Options) *bool { return &o.Anomalies.Stream }),
		opt("anomaly.app_layer", "anomalies of protocols", func(o *eve.Options) *bool { return &o.Anomalies.AppLayer }),
		opt("anomaly.packet_header", "packet headers with anomalies", func(o *eve.Options) *bool { return &o.Anomalies.PacketHdr }),
		options("options.**", "other settings of records by Suricata's name below eve-log.types", func(s *Settings) *map[string]string { return &s.Engine.EVEOptions.Settings }).like("2"),
	}
}

// coreTypes are the record types that are not a protocol.
var coreTypes = []string{"alert", "anomaly", "flow", "netflow", "fileinfo", "stats", "arp"}

// eveTypes is the list of records that are written.
func eveTypes() Key {
	name := checkedText("a record type", "alert", func(s string) error {
		bare := strings.TrimLeft(s, "+-")
		if _, ok := coreType(bare); ok || slices.Contains(protocolNames(), bare) {
			return nil
		}
		all := append(slices.Clone(coreTypes), protocolNames()...)
		if hint := nearest(bare, all); hint != "" {
			return fmt.Errorf("unknown record type %q; %s", s, hint)
		}
		return fmt.Errorf("unknown record type %q: use %s or a protocol", s, strings.Join(coreTypes, ", "))
	})
	k := many("types", "records that are written; +TYPE and -TYPE change the default, which is all but netflow, arp and ntp", name, func(*Settings) *[]string { return nil })
	k.Example = "[alert, dns, tls, flow]"
	k.get = func(s *Settings, _ []string) text {
		return text{flow: name.formatList(listTypes(&s.Engine.EVEOptions))}
	}
	k.set = func(s *Settings, _ []string, v value) []problem {
		list, bad := name.readList(v)
		signed := 0
		for _, t := range list {
			if t[0] == '+' || t[0] == '-' {
				signed++
			}
		}
		if len(bad) == 0 && signed > 0 && signed < len(list) {
			bad = []problem{{node: v.node, why: "either all record types have a sign or none", hint: "[-flow, -stats] is the default without them, [alert, dns] only those"}}
		}
		if len(bad) == 0 {
			useTypes(s, list, signed > 0)
		}
		return bad
	}
	return k
}

func useTypes(s *Settings, list []string, relative bool) {
	o, d := &s.Engine.EVEOptions, eve.DefaultOptions()
	o.Core, o.Protocols, o.OnlyListed = d.Core, nil, false
	if !relative && len(list) > 0 {
		_ = setTypes(&s.Engine, nil, strings.Join(list, ","))
		return
	}
	for _, t := range list {
		_ = enableType(o, t[1:], map[bool]string{true: "yes", false: "no"}[t[0] == '+'])
	}
}

// listTypes is the reverse of useTypes.
func listTypes(o *eve.Options) (list []string) {
	d := eve.DefaultOptions()
	for _, n := range coreTypes {
		t, _ := coreType(n)
		switch {
		case o.OnlyListed && o.Core[t]:
			list = append(list, n)
		case !o.OnlyListed && o.Core[t] != d.Core[t]:
			list = append(list, sign(o.Core[t])+n)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(o.Protocols)) {
		switch on := o.Protocols[n]; {
		case o.OnlyListed && on:
			list = append(list, n)
		case !o.OnlyListed:
			list = append(list, sign(on)+n)
		}
	}
	return list
}

func sign(on bool) string {
	if on {
		return "+"
	}
	return "-"
}

func operationGroups() []group {
	listen := checkedText("HOST:PORT", "127.0.0.1:9100", listenAddress)
	return []group{
		{"metrics", "Figures for Prometheus, and health.", restart(
			one("address", "HOST:PORT to listen on; empty for none", listen, func(s *Settings) *string { return &s.Metrics.Address }),
		)},
		{"respond", "Cutting of connections, by kill() of scripts and rules with action reject.", restart(
			one("enabled", "allow it; off unless you know that you want it", truth, func(s *Settings) *bool { return &s.Respond.Enabled }),
			many("exempt", "addresses and networks whose connections are never cut", network, func(s *Settings) *[]netip.Prefix { return &s.Engine.Respond.Exempt }),
			one("interface", "interface on which resets are sent; empty: by the host's routes", words("eth0"), func(s *Settings) *string { return &s.Engine.Respond.Interface }),
			one("rate", "connections that may be cut a second in the long run", integer[int](1, 1<<20, "10"), func(s *Settings) *int { return &s.Engine.Respond.Rate }),
			one("burst", "connections that may be cut at once", integer[int](1, 1<<20, "50"), func(s *Settings) *int { return &s.Engine.Respond.Burst }),
		)},
		{"privileges", "What is given up once everything is open.", restart(
			one("user", "user to become when started as root; empty: luanids if there is one, else nobody; root: stay, without capabilities", words("luanids"), func(s *Settings) *string { return &s.Privileges.User }),
			one("landlock", "reach only the files that are named here", truth, func(s *Settings) *bool { return &s.Privileges.Landlock }),
		)},
		{"reload", "Reading files anew: rules, lists, scripts, feeds, and this file. SIGHUP does so at once.", []Key{
			one("watch", "notice changes by itself while watching interfaces", truth, func(s *Settings) *bool { return &s.Reload.Watch }),
			one("debounce", "time for which files must rest first", duration[time.Duration](0, time.Minute, "500ms"), func(s *Settings) *time.Duration { return &s.Reload.Debounce }),
		}},
	}
}

// EngineConfig gives the engine's settings. Rules, scripts and outputs are for the caller to add.
func (s *Settings) EngineConfig() (engine.Config, error) {
	cfg := s.Engine
	cfg.Manager, cfg.MinSeverity = s.Manager, s.Manager.MinSeverity
	cfg.Disabled, cfg.InspectEncrypted = maps.Clone(cfg.Disabled), maps.Clone(cfg.InspectEncrypted)
	cfg.Limits.Settings = maps.Clone(cfg.Limits.Settings)
	cfg.EVEOptions.Protocols, cfg.EVEOptions.Settings = maps.Clone(cfg.EVEOptions.Protocols), maps.Clone(cfg.EVEOptions.Settings)
	for _, name := range slices.Sorted(maps.Keys(s.Hosts)) {
		for _, p := range s.Hosts[name] {
			if err := cfg.Hosts.Add(name, p); err != nil {
				return cfg, fmt.Errorf("host_policy: %w", err)
			}
		}
	}
	Finish(&cfg)
	return cfg, nil
}
