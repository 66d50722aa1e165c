package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/reassembly/tcp"
)

// setting is one key, or a family of keys: "*" in the pattern stands for one part of the
// dotted name, a trailing "**" for any rest. set gets those parts.
type setting struct {
	pattern string
	doc     string
	set     func(c *engine.Config, parts []string, value string) error
}

func boolean(p func(*engine.Config) *bool) func(*engine.Config, []string, string) error {
	return func(c *engine.Config, _ []string, v string) error {
		b, err := parseBool(v)
		if err == nil {
			*p(c) = b
		}
		return err
	}
}

func number[T int | int64 | uint64 | uint16 | time.Duration](p func(*engine.Config) *T, parse func(string) (int64, error)) func(*engine.Config, []string, string) error {
	return func(c *engine.Config, _ []string, v string) error {
		n, err := parse(v)
		if err == nil {
			*p(c) = T(n)
		}
		return err
	}
}

const libhtp = "app-layer.protocols.http.libhtp.default-config."

// settings lists what --set and configuration files understand.
var settings = []setting{
	{"checksum-validation", "leave TCP segments with wrong checksums out of streams", boolean(func(c *engine.Config) *bool { return &c.CheckChecksums })},
	{"stream.checksum-validation", "the same", boolean(func(c *engine.Config) *bool { return &c.CheckChecksums })},
	{"pcap-file.checksum-checks", "the same, for captures: yes, no, or auto, which leaves it as it is", setPcapChecksums},
	{"reference-config-file", "where the references of rules lead to, a reference.config of Suricata", setReferences},
	{"detect.guess-applayer-tx", "alerts on bytes of a stream or packet tell of a message, by guess", boolean(func(c *engine.Config) *bool { return &c.GuessTx })},
	{"packet-alert-max", "alerts of one packet", number(func(c *engine.Config) *int { return &c.PacketAlertMax }, parseInt)},
	{"stream.midstream", "follow connections whose handshake was not seen", boolean(func(c *engine.Config) *bool { return &c.TCP.Midstream })},
	{"stream.async-oneside", "follow connections of which only one side is captured", boolean(func(c *engine.Config) *bool { return &c.TCP.AsyncOneside })},
	{"stream.bypass", "only count what follows of connections that have reached the depth, or are encrypted (encryption-handling: bypass)", boolean(func(c *engine.Config) *bool { return &c.Bypass.Streams })},
	{"stream.inline", "judge packets as an inline device would", orAuto(func(c *engine.Config) *bool { return &c.TCP.Inline })},
	{"stream.reassembly.depth", "bytes of a stream's direction that are looked at, 0 for all", number(func(c *engine.Config) *uint64 { return &c.TCP.Depth }, parseSize)},
	{"stream.reassembly.memcap", "memory for segments that wait for others", number(func(c *engine.Config) *uint64 { return &c.TCP.Memcap }, parseSize)},
	{"stream.reassembly.urgent.policy", "what becomes of urgent data: oob, inline, drop, gap", setUrgent(func(c *engine.Config) *tcp.Urgent { return &c.TCP.Urgent })},
	{"stream.reassembly.urgent.oob-limit-policy", "what becomes of urgent data past the limit", setUrgent(func(c *engine.Config) *tcp.Urgent { return &c.TCP.UrgentLimit })},
	{"stream.reassembly.check-overlap-different-data", "raise an event where segments overlap with other data", negate(func(c *engine.Config) *bool { return &c.TCP.IgnoreOverlaps })},
	{"stream.liberal-timestamps", "take segments whose timestamps RFC 7323 refuses", boolean(func(c *engine.Config) *bool { return &c.TCP.LiberalTimestamps })},
	{"stream.max-syn-queued", "differing SYNs of a handshake that are remembered", number(func(c *engine.Config) *int { return &c.TCP.MaxSynQueued }, parseInt)},
	{"stream.max-synack-queued", "differing SYN/ACKs of a handshake that are remembered", number(func(c *engine.Config) *int { return &c.TCP.MaxSynAckQueued }, parseInt)},
	{"host-os-policy.*.*", "addresses whose stack overlaps segments and fragments as that system does", setOSPolicy},
	{"vlan.use-for-tracking", "tell flows of different VLANs apart", negate(func(c *engine.Config) *bool { return &c.IgnoreVLAN })},
	{"decoder.teredo.enabled", "look into Teredo", boolean(func(c *engine.Config) *bool { return &c.Decode.Teredo })},
	{"decoder.vxlan.enabled", "look into VXLAN", boolean(func(c *engine.Config) *bool { return &c.Decode.VXLAN })},
	{"decoder.geneve.enabled", "look into Geneve", boolean(func(c *engine.Config) *bool { return &c.Decode.Geneve })},
	{"decoder.erspan.typeI.enabled", "look into ERSPAN type I", boolean(func(c *engine.Config) *bool { return &c.Decode.ERSPAN1 })},
	{"decoder.teredo.ports", "UDP ports of Teredo, any for all", portList(true, func(c *engine.Config) *[]uint16 { return &c.Decode.TeredoPorts })},
	{"decoder.vxlan.ports", "UDP ports of VXLAN", portList(false, func(c *engine.Config) *[]uint16 { return &c.Decode.VXLANPorts })},
	{"decoder.vxlan.reserved-bits-check", "what is asked of reserved bits of VXLAN: strict, permissive", setVXLANReserved},
	{"decoder.geneve.ports", "UDP ports of Geneve", portList(false, func(c *engine.Config) *[]uint16 { return &c.Decode.GenevePorts })},
	{"decoder.max-layers", "headers of one packet that are decoded", number(func(c *engine.Config) *int { return &c.Decode.MaxLayers }, parseInt)},
	{"flow.max-flows", "flows in the table", number(func(c *engine.Config) *int { return &c.Flow.MaxFlows }, parseInt)},
	{"flow.rate-tracking.bytes", "bytes of a flow's direction within the interval from which on it is an elephant, 0 for not measured", number(func(c *engine.Config) *uint64 { return &c.Flow.Rate.Bytes }, parseSize)},
	{"flow.rate-tracking.interval", "seconds over which the bytes of a flow are added up", setRateInterval},
	{"flow-timeouts.*.*", "seconds without a packet after which a flow of that protocol and state ends", setTimeout},
	{"app-layer.protocols.*.encryption-handling", "full: rules look at encrypted payload too; bypass: with stream.bypass the flow is only counted; anything else: they do not look", setEncryption},
	{"app-layer.protocols.*.enabled", "recognise and parse the protocol", setEnabled},
	{"app-layer.protocols.tls.ja3-fingerprints", "compute JA3 and JA3S", orAuto(func(c *engine.Config) *bool { return &c.Limits.JA3 })},
	{"app-layer.protocols.tls.ja4-fingerprints", "compute JA4", orAuto(func(c *engine.Config) *bool { return &c.Limits.JA4 })},
	{"app-layer.protocols.ssh.hassh", "compute HASSH", orAuto(func(c *engine.Config) *bool { return &c.Limits.HASSH })},
	{"app-layer.protocols.http.byterange.memcap", "bytes of files in parts that wait for those before them", number(func(c *engine.Config) *int { return &c.Parts.Memcap }, parseSize)},
	{"app-layer.protocols.http.byterange.timeout", "seconds without a part after which a file is given up", setPartTimeout},
	{libhtp + "request-body-limit", "bytes of a request body that are inspected", number(func(c *engine.Config) *int { return &c.Limits.HTTP.RequestBodyLimit }, parseSize)},
	{libhtp + "response-body-limit", "bytes of a response body that are inspected", number(func(c *engine.Config) *int { return &c.Limits.HTTP.ResponseBodyLimit }, parseSize)},
	{libhtp + "response-body-decompress-layer-limit", "content encodings undone one after the other", number(func(c *engine.Config) *int { return &c.Limits.HTTP.DecompressLayers }, parseInt)},
	{libhtp + "compression-bomb-limit", "decompressed bytes past which a body is given up", number(func(c *engine.Config) *int64 { return &c.Limits.HTTP.BombLimit }, parseSize)},
	{libhtp + "double-decode-path", "decode the path twice", boolean(func(c *engine.Config) *bool { return &c.Limits.HTTP.DoubleDecodePath })},
	{libhtp + "double-decode-query", "decode the query twice", boolean(func(c *engine.Config) *bool { return &c.Limits.HTTP.DoubleDecodeQuery })},
	{libhtp + "headers-limit", "header fields of one message", number(func(c *engine.Config) *int { return &c.Limits.HTTP.MaxHeaders }, parseInt)},
	{libhtp + "meta-field-limit", "longest header line, bytes", number(func(c *engine.Config) *int { return &c.Limits.HTTP.FieldLimit }, parseSize)},
	{libhtp + "max-tx", "pipelined requests that wait for their response", number(func(c *engine.Config) *int { return &c.Limits.HTTP.MaxTx }, parseInt)},
	{libhtp + "lzma-enabled", "undo LZMA content encoding", boolean(func(c *engine.Config) *bool { return &c.Limits.HTTP.LZMA })},
	{"app-layer.protocols.smtp.mime.decode-mime", "parse mails", boolean(func(c *engine.Config) *bool { return &c.Limits.SMTP.DecodeMIME })},
	{"app-layer.protocols.smtp.mime.decode-base64", "decode base64 parts", boolean(func(c *engine.Config) *bool { return &c.Limits.SMTP.DecodeBase64 })},
	{"app-layer.protocols.smtp.mime.decode-quoted-printable", "decode quoted-printable parts", boolean(func(c *engine.Config) *bool { return &c.Limits.SMTP.DecodeQP })},
	{"app-layer.protocols.smtp.mime.header-value-depth", "bytes of a header value", number(func(c *engine.Config) *int { return &c.Limits.SMTP.HeaderValueDepth }, parseInt)},
	{"app-layer.protocols.smtp.mime.extract-urls", "find URLs in mail bodies", boolean(func(c *engine.Config) *bool { return &c.Limits.SMTP.ExtractURLs })},
	{"app-layer.protocols.smtp.mime.body-md5", "digest mail bodies; auto: those that rules ask for", setBodyMD5},
	{"app-layer.protocols.smtp.raw-extraction", "take the whole mail as a file", boolean(func(c *engine.Config) *bool { return &c.Limits.SMTP.RawExtraction })},
	{"app-layer.protocols.smtp.inspected-tracker.content-limit", "bytes of an attachment that are inspected", number(func(c *engine.Config) *int { return &c.Limits.SMTP.ContentLimit }, parseSize)},
	{"app-layer.protocols.smtp.inspected-tracker.content-inspect-min-size", "bytes before an attachment is first inspected", number(func(c *engine.Config) *int { return &c.Limits.SMTP.InspectMinSize }, parseSize)},
	{"app-layer.protocols.smtp.inspected-tracker.content-inspect-window", "bytes between inspections", number(func(c *engine.Config) *int { return &c.Limits.SMTP.InspectWindow }, parseSize)},
	{"app-layer.protocols.**", "settings of the protocols, see their pages", setProtocol},
	{"outputs.eve-log.types", "the records to write, with commas between", setTypes},
	{"outputs.eve-log.types.**", "settings of one record type", setTypeOption},
	{"outputs.eve-log.xff.*", "what records of alerts do with the address of a client behind a proxy, where the setting of the type alert does not say", setXFF},
	{"outputs.eve-log.community-id", "write community ids", boolean(func(c *engine.Config) *bool { return &c.EVEOptions.CommunityID })},
	{"outputs.eve-log.community-id-seed", "seed of community ids", number(func(c *engine.Config) *uint16 { return &c.EVEOptions.CommunityIDSeed }, parseInt)},
	{"outputs.eve-log.ethernet", "write link-layer addresses", boolean(func(c *engine.Config) *bool { return &c.EVEOptions.Ethernet })},
	{"outputs.eve-log.pcap-file", "write the capture's name", boolean(func(c *engine.Config) *bool { return &c.EVEOptions.PcapFile })},
	{"outputs.eve-log.suricata-version", "write the version of Suricata whose records these are like", boolean(func(c *engine.Config) *bool { return &c.EVEOptions.Version })},
	{"sensor-name", "name of the sensor, as host in every record", func(c *engine.Config, _ []string, v string) error { c.EVEOptions.Sensor = v; return nil }},
	{"outputs.eve-log.metadata", "write flow variables", boolean(func(c *engine.Config) *bool { return &c.EVEOptions.Metadata })},
	{"outputs.eve-log.enabled", "ignored: --eve switches the log on", func(*engine.Config, []string, string) error { return nil }},
	{"outputs.file-store.**", "where files go that rules ask for (enabled, dir, force-filestore), how far their streams are followed (stream-depth, 0 for all, no for stream.reassembly.depth), whether each has its record beside it (write-fileinfo), and which digests are computed (force-hash)", setFileStore},
	{"outputs.tls-store.*", "where certificates go that rules ask for (enabled, certs-log-dir)", setTLSStore},
	{"outputs.queue.alerts", "alerts that may wait for an output", number(func(c *engine.Config) *int { return &c.Outputs.QueueAlerts }, parseInt)},
	{"outputs.queue.size", "bytes that the alerts of one output's queue may hold", number(func(c *engine.Config) *int { return &c.Outputs.QueueBytes }, parseSize)},
	{"outputs.json.rotate-size", "bytes past which the JSON file is put aside, 0 for never", number(func(c *engine.Config) *int64 { return &c.Outputs.JSON.MaxSize }, parseSize)},
	{"outputs.json.rotate-every", "time after which the JSON file is put aside: 1h, 1d; 0 for never", number(func(c *engine.Config) *time.Duration { return &c.Outputs.JSON.Every }, parseDuration)},
	{"outputs.json.keep", "JSON files that were put aside and stay, 0 for all", number(func(c *engine.Config) *int { return &c.Outputs.JSON.Keep }, parseInt)},
	{"outputs.json.compress", "pack JSON files that were put aside with gzip", boolean(func(c *engine.Config) *bool { return &c.Outputs.JSON.Compress })},
	{"outputs.sqlite.delay", "time for which alerts are gathered for one transaction", number(func(c *engine.Config) *time.Duration { return &c.Outputs.SQLiteDelay }, parseDuration)},
	{"outputs.syslog.backlog", "messages that wait for a TCP server to come back", number(func(c *engine.Config) *int { return &c.Outputs.SyslogBacklog }, parseInt)},
	{"defrag.timeout", "seconds after which an incomplete datagram is given up", setFragTimeout},
	{"defrag.host-config.**", "groups of hosts to which fragments may take another time", setFragHost},
	{"defrag.memcap", "memory for fragments", number(func(c *engine.Config) *int { return &c.Frag.MemCap }, parseSize)},
	{"defrag.trackers", "datagrams being put together", number(func(c *engine.Config) *int { return &c.Frag.MaxTrackers }, parseInt)},
	{"defrag.max-frags", "fragments being kept", number(func(c *engine.Config) *int { return &c.Frag.MaxFrags }, parseInt)},
}

// Set applies one setting. known is false for a key that is not understood.
func Set(c *engine.Config, key, value string) (known bool, err error) {
	parts := strings.Split(key, ".")
	for _, s := range slices.Concat(settings, policySettings, statsSettings) {
		if wild, ok := matchKey(s.pattern, parts); ok {
			if err := s.set(c, wild, value); err != nil {
				return true, fmt.Errorf("%s: %w", key, err)
			}
			return true, nil
		}
	}
	return false, nil
}

// matchKey compares a dotted name with a pattern and gives what the wildcards stand for.
func matchKey(pattern string, parts []string) (wild []string, ok bool) {
	pat := strings.Split(pattern, ".")
	for i, p := range pat {
		if p == "**" {
			return append(wild, parts[min(i, len(parts)):]...), len(parts) > i
		}
		if i >= len(parts) || p != "*" && p != parts[i] {
			return nil, false
		}
		if p == "*" {
			wild = append(wild, parts[i])
		}
	}
	return wild, len(parts) == len(pat)
}

// portList reads ports as Suricata writes them: 4789, "[3544, 3545]", and with anyPort any, which is no list. A variable leaves what there is: those of rules are not
// known here, and Suricata's file has the usual ports in them.
func portList(anyPort bool, p func(*engine.Config) *[]uint16) func(*engine.Config, []string, string) error {
	return func(c *engine.Config, _ []string, v string) error {
		v = strings.Trim(strings.TrimSpace(v), "[]")
		if strings.HasPrefix(v, "$") {
			return nil
		}
		var list []uint16
		for _, s := range strings.Split(v, ",") {
			if s = strings.TrimSpace(s); s == "any" && anyPort {
				continue
			}
			n, err := strconv.ParseUint(s, 10, 16)
			if err != nil {
				return fmt.Errorf("%q is no port, as in 3544 or [3544, 3545]", s)
			}
			list = append(list, uint16(n))
		}
		*p(c) = list
		return nil
	}
}

// negate is a truth value that is kept the other way round.
func negate(p func(*engine.Config) *bool) func(*engine.Config, []string, string) error {
	return func(c *engine.Config, _ []string, v string) error {
		b, err := parseBool(v)
		if err == nil {
			*p(c) = !b
		}
		return err
	}
}

// setXFF keeps a setting for all types apart from that of alerts.
func setXFF(c *engine.Config, parts []string, v string) error {
	if c.EVEOptions.Settings == nil {
		c.EVEOptions.Settings = map[string]string{}
	}
	c.EVEOptions.Settings["xff."+parts[0]] = v
	return nil
}

// orAuto is a truth value, or auto: then it stays as it is.
func orAuto(p func(*engine.Config) *bool) func(*engine.Config, []string, string) error {
	set := boolean(p)
	return func(c *engine.Config, parts []string, v string) error {
		if v == "auto" {
			return nil
		}
		return set(c, parts, v)
	}
}

func setBodyMD5(c *engine.Config, _ []string, v string) error {
	if v == "auto" {
		c.Limits.SMTP.BodyMD5 = v
		return nil
	}
	on, err := parseBool(v)
	if err == nil {
		c.Limits.SMTP.BodyMD5 = strconv.FormatBool(on)
	}
	return err
}

func setVXLANReserved(c *engine.Config, _ []string, v string) error {
	r, err := reservedBits.parse(v)
	if err != nil {
		return fmt.Errorf("%q is neither strict nor permissive", v)
	}
	c.Decode.VXLANReserved = r
	return nil
}

func setPartTimeout(c *engine.Config, _ []string, v string) error {
	n, err := parseInt(v)
	if err == nil {
		c.Parts.Timeout = n * int64(time.Second)
	}
	return err
}

func setRateInterval(c *engine.Config, _ []string, v string) error {
	n, err := parseInt(v)
	if err == nil && (n < 1 || n > int64(flowtable.MaxRateInterval/time.Second)) {
		err = fmt.Errorf("%q is not 1 to %d seconds", v, int64(flowtable.MaxRateInterval/time.Second))
	}
	if err == nil {
		c.Flow.Rate.Interval = time.Duration(n) * time.Second
	}
	return err
}

func setPcapChecksums(c *engine.Config, _ []string, v string) error {
	if v == "auto" {
		return nil
	}
	b, err := parseBool(v)
	if err != nil {
		return fmt.Errorf("%q is none of yes, no, auto", v)
	}
	c.CheckChecksums = b
	return nil
}

func setUrgent(p func(*engine.Config) *tcp.Urgent) func(*engine.Config, []string, string) error {
	return func(c *engine.Config, _ []string, v string) error {
		u, ok := tcp.UrgentByName(v)
		if !ok {
			return fmt.Errorf("unknown policy %q: use oob, inline, drop or gap", v)
		}
		*p(c) = u
		return nil
	}
}

func setTimeout(c *engine.Config, parts []string, v string) error {
	n, err := parseInt(v)
	if err != nil {
		return err
	}
	var t *flowtable.Timeouts
	switch parts[0] {
	case "default":
		t = &c.Flow.Default
	case "tcp":
		t = &c.Flow.TCP
	case "udp":
		t = &c.Flow.UDP
	case "icmp":
		t = &c.Flow.ICMP
	default:
		return fmt.Errorf("unknown protocol %q: use default, tcp, udp or icmp", parts[0])
	}
	ns := n * 1e9
	switch parts[1] {
	case "new":
		t.New = ns
	case "established":
		t.Established = ns
	case "closed":
		t.Closed = ns
	}
	return nil // Suricata's emergency and bypassed time-outs have no counterpart
}

func setFragTimeout(c *engine.Config, _ []string, v string) error {
	n, err := parseInt(v)
	if err == nil {
		c.Frag.Timeout = time.Duration(n) * time.Second
	}
	return err
}

func setEnabled(c *engine.Config, parts []string, v string) error {
	if v == "detection-only" {
		return setProtocol(c, []string{parts[0], "enabled"}, v)
	}
	b, err := parseBool(v)
	if err != nil {
		return err
	}
	delete(c.Limits.Settings, parts[0]+".enabled")
	if c.Disabled == nil {
		c.Disabled = map[string]bool{}
	}
	c.Disabled[parts[0]] = !b
	return nil
}

func setEncryption(c *engine.Config, parts []string, v string) error {
	if c.InspectEncrypted == nil {
		c.InspectEncrypted = map[string]bool{}
	}
	if c.Bypass.Encrypted == nil {
		c.Bypass.Encrypted = map[string]bool{}
	}
	c.InspectEncrypted[parts[0]] = v == "full"
	c.Bypass.Encrypted[parts[0]] = v == "bypass"
	return nil
}

func setProtocol(c *engine.Config, parts []string, v string) error {
	if c.Limits.Settings == nil {
		c.Limits.Settings = map[string]string{}
	}
	c.Limits.Settings[strings.Join(parts, ".")] = v
	return nil
}

// setOSPolicy adds addresses to a policy: host-os-policy.windows.0 = 10.0.0.0/8.
func setOSPolicy(c *engine.Config, parts []string, v string) error {
	pre, err := netip.ParsePrefix(v)
	if err != nil {
		a, err2 := netip.ParseAddr(v)
		if err2 != nil {
			return fmt.Errorf("%q is neither an address nor a prefix", v)
		}
		pre = netip.PrefixFrom(a, a.BitLen())
	}
	return c.Hosts.Add(parts[0], pre)
}

// Finish works out what follows from all settings together. It is called once, after the last Set.
func Finish(c *engine.Config) {
	c.Hosts.Apply(&c.TCP, &c.Frag)
	c.FragHosts.Apply(&c.Frag)
}
