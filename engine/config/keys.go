package config

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/capture/live"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/reassembly/tcp"
)

// The tables of settings, in the order of the file: what is general, capture, decoding and flows.
// keys_protocols.go, keys_detection.go and keys_outputs.go have the others.

func topGroups() []group {
	return []group{
		{"", "", restart(
			one("workers", "goroutines that work on flows; 0: one a core; results do not depend on it", integer[int](0, flowtable.Shards, "4"),
				func(s *Settings) *int { return &s.Engine.Workers }),
		)},
		{"capture", "How packets are taken from interfaces.", restart(
			many("interfaces", "interfaces to watch; any for all; empty: -i or -f says", words("eth0"), func(s *Settings) *[]string { return &s.Capture.Interfaces }),
			one("bpf", "tcpdump filter, for interfaces and files", words(`"not port 22"`), func(s *Settings) *string { return &s.Capture.Filter }),
			one("method", "how packets are read from interfaces: through AF_PACKET rings, through libpcap, or auto: through rings where the system has them", choice(live.MethodRings, live.MethodPcap, live.MethodAuto), func(s *Settings) *string { return &s.Engine.Capture.Method }),
			one("snaplen", "bytes of each packet that are taken", integer[int](64, capture.MaxPacketBytes, "65535"), func(s *Settings) *int { return &s.Engine.Capture.SnapLen }),
			one("ring_size", "memory of one ring between kernel and engine; there is one for each interface and worker", size[int](1<<20, 2<<30, "64mb"), func(s *Settings) *int { return &s.Engine.Capture.RingBytes }),
			one("block_size", "part of a ring that the kernel hands over at a time: a power of two, at most a quarter of the ring", size[int](64<<10, 512<<20, "256kb"), func(s *Settings) *int { return &s.Engine.Capture.BlockBytes }),
			one("block_timeout", "time after which a block is handed over that is not full: longer is later alerts, shorter more work", duration[time.Duration](time.Millisecond, time.Second, "5ms"), func(s *Settings) *time.Duration { return &s.Engine.Capture.BlockTimeout }),
			one("promiscuous", "take packets for other hosts too", truth, func(s *Settings) *bool { return &s.Engine.Capture.Promiscuous }),
			one("fanout", "have the kernel spread packets over a ring for each worker, by the two hosts that talk; else one ring, spread by luanids, which looks into tunnels to do so", truth, func(s *Settings) *bool { return &s.Engine.Capture.Fanout }),
			one("fanout_flows", "spread by flow instead of by the two hosts that talk: a better balance where a few hosts exchange most; what belongs together across flows (FTP data, ICMP errors, tunnels) may be apart", truth, func(s *Settings) *bool { return &s.Engine.Capture.FanoutFlows }),
		)},
	}
}

func trafficGroups() []group {
	ports := integer[uint16](1, 65535, "4789")
	return []group{
		{"decode", "How packets are taken apart.", restart(
			one("checksums", "leave TCP segments with a wrong checksum out of their stream", truth, func(s *Settings) *bool { return &s.Engine.CheckChecksums }),
			one("max_layers", "headers of one packet, tunnels included", integer[int](1, 64, "16"), func(s *Settings) *int { return &s.Engine.Decode.MaxLayers }),
			negated("separate_vlans", "tell flows of different VLANs apart", func(s *Settings) *bool { return &s.Engine.IgnoreVLAN }),
			one("inherit_vlans", "give packets in tunnels the VLANs of the outer packet", truth, func(s *Settings) *bool { return &s.Engine.Decode.InheritVLANs }),
			one("teredo", "look into Teredo", truth, func(s *Settings) *bool { return &s.Engine.Decode.Teredo }),
			many("teredo_ports", "UDP ports of Teredo; empty for any", ports, func(s *Settings) *[]uint16 { return &s.Engine.Decode.TeredoPorts }),
			one("vxlan", "look into VXLAN", truth, func(s *Settings) *bool { return &s.Engine.Decode.VXLAN }),
			many("vxlan_ports", "UDP ports of VXLAN", ports, func(s *Settings) *[]uint16 { return &s.Engine.Decode.VXLANPorts }),
			one("vxlan_reserved", "what is asked of reserved bits of VXLAN headers: the last byte is 0, which lets group policies pass; all are 0; nothing", reservedBits, func(s *Settings) *packet.VXLANReserved { return &s.Engine.Decode.VXLANReserved }),
			one("geneve", "look into Geneve", truth, func(s *Settings) *bool { return &s.Engine.Decode.Geneve }),
			many("geneve_ports", "UDP ports of Geneve", ports, func(s *Settings) *[]uint16 { return &s.Engine.Decode.GenevePorts }),
			one("vntag", "look behind VN tags", truth, func(s *Settings) *bool { return &s.Engine.Decode.VNTag }),
			one("erspan1", "look into ERSPAN type I", truth, func(s *Settings) *bool { return &s.Engine.Decode.ERSPAN1 }),
		)},
		{"defrag", "How IP fragments are put together.", restart(
			one("timeout", "time after its last fragment at which an incomplete datagram is given up", duration[time.Duration](time.Second, time.Hour, "60s"), func(s *Settings) *time.Duration { return &s.Engine.Frag.Timeout }),
			one("memcap", "memory for fragments", size[int](64<<10, 64<<30, "32mb"), func(s *Settings) *int { return &s.Engine.Frag.MemCap }),
			one("trackers", "datagrams that may be incomplete at a time", integer[int](1, 1<<24, "65535"), func(s *Settings) *int { return &s.Engine.Frag.MaxTrackers }),
			one("max_frags", "fragments of all datagrams", integer[int](1, 1<<24, "65535"), func(s *Settings) *int { return &s.Engine.Frag.MaxFrags }),
		)},
		{"flow", "The table of flows. The flow that was silent longest of a few goes when it is full.", restart(append([]Key{
			one("max_flows", "flows at a time; about 1 kB each", integer[int](flowtable.Shards, 1<<26, "524288"), func(s *Settings) *int { return &s.Engine.Flow.MaxFlows }),
			one("rate_tracking.bytes", "bytes that a flow sends in one direction within interval from which on it is an elephant (flow.elephant); 0 for not measured", size[uint64](0, 1<<50, "1gb"), func(s *Settings) *uint64 { return &s.Engine.Flow.Rate.Bytes }),
			one("rate_tracking.interval", "time over which the bytes of a flow are added up", duration[time.Duration](time.Second, flowtable.MaxRateInterval, "10s"), func(s *Settings) *time.Duration { return &s.Engine.Flow.Rate.Interval }),
		}, timeouts()...)...)},
		{"stream", "How TCP streams are put together.", restart(
			one("midstream", "follow connections whose handshake was not seen", truth, func(s *Settings) *bool { return &s.Engine.TCP.Midstream }),
			one("async_oneside", "follow connections of which only one side is captured", truth, func(s *Settings) *bool { return &s.Engine.TCP.AsyncOneside }),
			one("inline", "judge packets as a device would that can drop them", truth, func(s *Settings) *bool { return &s.Engine.TCP.Inline }),
			one("bypass", "only count what follows of connections that have reached the depth, or that app_layer.bypass_encrypted is about", truth, func(s *Settings) *bool { return &s.Engine.Bypass.Streams }),
			one("depth", "bytes of each direction that are looked at; 0 for all", size[uint64](0, 1<<40, "1mb"), func(s *Settings) *uint64 { return &s.Engine.TCP.Depth }),
			one("memcap_segments", "memory for segments that wait for those before them", size[uint64](1<<20, 1<<40, "256mb"), func(s *Settings) *uint64 { return &s.Engine.TCP.Memcap }),
			one("max_segments", "segments of one direction that wait; then the first hole is given up", integer[int](1, 1<<20, "2048"), func(s *Settings) *int { return &s.Engine.TCP.MaxSegments }),
			one("memcap_windows", "memory for what was seen before, so that rules match across segments", size[int](1<<20, 1<<40, "256mb"), func(s *Settings) *int { return &s.Engine.WindowMemcap }),
			one("overlap_window", "bytes already looked at that retransmissions are compared with; 0 for none", size[int](0, 1<<20, "64kb"), func(s *Settings) *int { return &s.Engine.TCP.OverlapWindow }),
			one("max_syn_queued", "differing SYNs of one handshake", integer[int](1, 10, "10"), func(s *Settings) *int { return &s.Engine.TCP.MaxSynQueued }),
			one("max_synack_queued", "differing SYN/ACKs of one handshake", integer[int](1, 10, "5"), func(s *Settings) *int { return &s.Engine.TCP.MaxSynAckQueued }),
			negated("overlap_events", "raise an event where segments overlap with other data", func(s *Settings) *bool { return &s.Engine.TCP.IgnoreOverlaps }),
			one("liberal_timestamps", "take segments with timestamps that RFC 7323 refuses", truth, func(s *Settings) *bool { return &s.Engine.TCP.LiberalTimestamps }),
			urgent("urgent", "what becomes of urgent bytes", func(s *Settings) *tcp.Urgent { return &s.Engine.TCP.Urgent }),
			urgent("urgent_past_limit", "what becomes of them past the limit", func(s *Settings) *tcp.Urgent { return &s.Engine.TCP.UrgentLimit }),
			one("urgent_limit", "urgent bytes of one direction after which urgent_past_limit holds", integer[int](1, tcp.DefaultOOBLimit, "1024"), func(s *Settings) *int { return &s.Engine.TCP.OOBLimit }),
		)},
		exceptionsGroup(),
		{"host_policy", "Addresses of hosts by operating system: overlapping segments and fragments are put together as it does. Others: bsd.", restart(hostPolicy())},
	}
}

// fillZero writes out the numbers for which zero stands.
func fillZero(c *engine.Config) {
	c.StatsInterval = engine.DefaultStatsInterval
	const keys = 65536
	c.State.Thresholds, c.State.Hosts, c.State.Sequences = keys, keys, keys
	c.TCP.Memcap, c.TCP.MaxSegments = tcp.DefaultMemcap, tcp.DefaultMaxSegments
	c.TCP.MaxSynQueued, c.TCP.MaxSynAckQueued, c.TCP.OOBLimit = tcp.DefaultMaxSynQueued, tcp.DefaultMaxSynAckQueued, tcp.DefaultOOBLimit
}

// negated is a truth value that is kept the other way round.
func negated(name, doc string, p func(*Settings) *bool) Key {
	k := one(name, doc, truth, p)
	k.get = func(s *Settings, _ []string) text { return text{flow: truth.format(!*p(s))} }
	set := k.set
	k.set = func(s *Settings, w []string, v value) []problem {
		bad := set(s, w, v)
		if len(bad) == 0 {
			*p(s) = !*p(s)
		}
		return bad
	}
	return k
}

func urgent(name, doc string, p func(*Settings) *tcp.Urgent) Key {
	c := choice("oob", "inline", "drop", "gap")
	return one(name, doc, codec[tcp.Urgent]{want: c.want, rng: c.rng, example: "oob", format: tcp.Urgent.String,
		parse: func(s string) (tcp.Urgent, error) {
			if _, err := c.parse(s); err != nil {
				return 0, err
			}
			u, _ := tcp.UrgentByName(strings.ToLower(s))
			return u, nil
		}}, p)
}

func timeouts() (keys []Key) {
	c := duration[int64](0, 30*day, "60s")
	for _, p := range []struct {
		name string
		of   func(s *Settings) *flowtable.Timeouts
	}{
		{"tcp", func(s *Settings) *flowtable.Timeouts { return &s.Engine.Flow.TCP }},
		{"udp", func(s *Settings) *flowtable.Timeouts { return &s.Engine.Flow.UDP }},
		{"icmp", func(s *Settings) *flowtable.Timeouts { return &s.Engine.Flow.ICMP }},
		{"other", func(s *Settings) *flowtable.Timeouts { return &s.Engine.Flow.Default }},
	} {
		keys = append(keys,
			one("timeouts."+p.name+".new", "silence that ends a flow that was not answered", c, func(s *Settings) *int64 { return &p.of(s).New }),
			one("timeouts."+p.name+".established", "silence that ends a flow with packets both ways", c, func(s *Settings) *int64 { return &p.of(s).Established }).like("10m"))
		if p.name == "tcp" {
			keys = append(keys, one("timeouts.tcp.closed", "time that a closed connection is remembered", c, func(s *Settings) *int64 { return &p.of(s).Closed }))
		}
	}
	return keys
}

// systems are the operating systems of host_policy.
var systems = []string{"windows", "bsd", "bsd-right", "old-linux", "linux", "solaris", "hpux10", "hpux11", "irix", "macos", "vista", "windows2k3"}

func hostPolicy() Key {
	k := many("*", "addresses and networks of hosts with this system", network, func(*Settings) *[]netip.Prefix { return nil })
	k.Example, k.Range = "[10.0.0.0/8, 192.168.1.5]", "the name is one of "+strings.Join(systems, ", ")
	k.names = func(s *Settings) (list [][]string) {
		for _, name := range slices.Sorted(maps.Keys(s.Hosts)) {
			list = append(list, []string{name})
		}
		return list
	}
	k.get = func(s *Settings, w []string) text { return text{flow: network.formatList(s.Hosts[w[0]])} }
	k.set = func(s *Settings, w []string, v value) []problem {
		if _, ok := tcp.PolicyByName(w[0]); !ok {
			why := fmt.Sprintf("unknown operating system %q: use %s", w[0], strings.Join(systems, ", "))
			return []problem{{node: v.node, why: why, hint: nearest(w[0], systems)}}
		}
		list, bad := network.readList(v)
		if len(bad) == 0 {
			s.Hosts[w[0]] = list
		}
		return bad
	}
	return k
}

// listenAddress is a HOST:PORT.
func listenAddress(s string) error {
	if s == "" {
		return nil
	}
	if _, port, err := net.SplitHostPort(s); err != nil || port == "" {
		return fmt.Errorf("%q is not HOST:PORT: use 127.0.0.1:9100, or :9100 for all addresses", s)
	}
	return nil
}

var reservedNames = []string{packet.VXLANReservedLast: "last", packet.VXLANReservedStrict: "strict", packet.VXLANReservedPermissive: "permissive"}

// reservedBits is what is asked of reserved bits of VXLAN.
var reservedBits = codec[packet.VXLANReserved]{want: "one of last, strict, permissive", rng: "last, strict, permissive", example: "strict",
	format: func(r packet.VXLANReserved) string { return reservedNames[r] },
	parse: func(s string) (packet.VXLANReserved, error) {
		if i := slices.Index(reservedNames, strings.ToLower(s)); i >= 0 {
			return packet.VXLANReserved(i), nil
		}
		return 0, errKind
	}}
