package packetfields

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// decode gives the packet of an Ethernet frame.
func decode(t testing.TB, frame string) *packet.Packet {
	t.Helper()
	raw := capture.Packet{Data: unhex(t, frame), Link: capture.LinkEthernet, Num: 7, Time: 1e9}
	raw.Len = uint32(len(raw.Data))
	p := new(packet.Packet)
	packet.NewDecoder(packet.DefaultConfig()).Decode(p, &raw)
	return p
}

const (
	eth = "020000000002 020000000001 "
	syn = eth + "8100 0064 0800 4500003c 12344000 40060000 0a000001 0a000002" +
		"c0000050 00000001 00000000 a0020200 00000000 020405b4 0402080a 00000003 00000000 01030307"
	echo   = eth + "0800 46000024 00010000 40010000 0a000001 0a000002 94040000 0800f7ff 0001 0002 41424344"
	whoHas = "ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002"
	tooBg  = eth + "86dd 60000000 00083aff 20010db8000000000000000000000001 20010db8000000000000000000000002 0200 0000 00000500"
)

// show gives a field's value as text, "-" for absent.
func show(f *dissect.Field, e *dissect.Env) string {
	var out []string
	put := func(v string, ok bool) bool {
		if ok {
			out = append(out, v)
		}
		return ok
	}
	num := func(n int64, ok bool) (string, bool) { return strconv.FormatInt(n, 10), ok }
	addr := func(a netip.Addr, ok bool) (string, bool) { return a.String(), ok }
	text := func(b []byte) string {
		if f.Type == dissect.TBytes {
			return hex.EncodeToString(b)
		}
		return string(b)
	}
	switch {
	case f.Int != nil:
		put(num(f.Int(e)))
	case f.IP != nil:
		put(addr(f.IP(e)))
	case f.Bytes != nil:
		b := f.Bytes(e)
		put(text(b), b != nil)
	case f.IntN != nil:
		for i := 0; put(num(f.IntN(e, i))); i++ {
		}
	case f.BytesN != nil:
		for i := 0; ; i++ {
			b, ok := f.BytesN(e, i)
			if !put(string(b), ok) {
				break
			}
		}
	}
	if len(out) == 0 {
		return "-"
	}
	return strings.Join(out, ",")
}

func schema(t testing.TB) *dissect.Schema {
	t.Helper()
	s, err := dissect.NewSchema(nil, Fields())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestValues(t *testing.T) {
	a, b := packet.V4([]byte{10, 0, 0, 1}), packet.V4([]byte{10, 0, 0, 2})
	flow := &dissect.Flow{
		Key: dissect.FlowKey{Src: a, Dst: b, SrcPort: 49152, DstPort: 80, Proto: 6, IPVersion: 4, VLANs: [3]uint16{100}},
		ID:  9, Start: 1e9, Last: 3e9, Packets: [2]uint64{3, 2}, Bytes: [2]uint64{300, 200}, State: dissect.FlowEstablished,
		App: &dissect.Spec{Name: "http"},
	}
	type message struct{}
	for _, c := range []struct {
		name string
		env  dissect.Env
		want map[string]string
	}{
		{"tcp syn", dissect.Env{Pkt: decode(t, syn), Flow: flow}, map[string]string{
			"src.ip": "10.0.0.1", "ip.dst": "10.0.0.2", "src.port": "49152", "dst.port": "80", "tcp": "1", "udp": "0",
			"proto": "tcp", "ip.ttl": "64", "ip.id": "4660", "ip.df": "1", "ip.mf": "0", "ip.len": "60", "tcp.flags": "2",
			"tcp.syn": "1", "tcp.ack_flag": "0", "tcp.mss": "1460", "tcp.wscale": "7", "tcp.tsval": "3", "tcp.sack_permitted": "1",
			"tcp.seq": "1", "vlan.id": "100", "vlan.layers": "1", "eth.src": "02:00:00:00:00:01", "eth.type": "2048",
			"packet.num": "7", "packet.len": "78", "payload": "", "payload.len": "0", "icmp.type": "-", "udp.len": "-",
			"ip.opts": "-", "ip.checksum_ok": "0", "tunnel": "0", "tunnel.kind": "-", "tunnel.id": "-",
			"established": "1", "to_server": "1", "to_client": "0", "flow.age": "2000000000", "flow.packets": "5",
			"flow.bytes_to_client": "200", "flow.state": "established", "flow.app": "http", "flow.id": "9",
			"community_id": "1:" + "*", "ip": "1", "ipv6": "0",
		}},
		{"icmp echo", dissect.Env{Pkt: decode(t, echo)}, map[string]string{
			"icmp": "1", "icmpv4": "1", "icmpv6": "0", "icmp.type": "8", "icmp.code": "0", "icmp.id": "1", "icmp.seq": "2",
			"icmpv6.type": "-", "src.port": "-", "ip.opts": "rtralt", "payload": "41424344", "icmp.hdr": "0800f7ff00010002",
			"packet.events": "ipv4.opt_pad_required", "ip.hdr_len": "24", "to_server": "-", "established": "0", "flow.state": "-",
			"vlan.layers": "0", "proto": "icmp",
		}},
		{"packet too big", dissect.Env{Pkt: decode(t, tooBg)}, map[string]string{
			"icmpv6.mtu": "1280", "icmp.type": "2", "icmpv6.type": "2", "icmp.id": "-", "ip.version": "6", "ip.flags": "-",
			"ip.hdr": "-", "packet.events": "icmpv6.ipv6_trunc_pkt", "packet.invalid": "1", "src.ip": "2001:db8::1",
		}},
		{"arp", dissect.Env{Pkt: decode(t, whoHas)}, map[string]string{
			"arp": "1", "arp.opcode": "request", "arp.opcode.number": "1", "arp.src_mac": "02:00:00:00:00:01", "arp.src_ip": "10.0.0.1",
			"arp.dest_mac": "00:00:00:00:00:00", "arp.dest_ip": "10.0.0.2", "arp.gratuitous": "0", "src.ip": "-", "proto": "arp",
		}},
		{"flow without packet", dissect.Env{Flow: flow, Dir: dissect.ToClient}, map[string]string{
			"src.ip": "10.0.0.2", "src.port": "80", "dst.port": "49152", "client.ip": "10.0.0.1", "server.port": "80",
			"tcp": "1", "ipv4": "1", "proto": "tcp", "ip.proto": "6", "vlan.id": "100", "packet.num": "-", "tcp.flags": "-",
			"payload": "-", "to_client": "1", "eth.src": "-",
		}},
		// A request that is told when the response's packet comes keeps its own direction.
		{"message", dissect.Env{Pkt: decode(t, syn), Flow: flow, Dir: dissect.ToClient, Tx: &message{}}, map[string]string{
			"src.ip": "10.0.0.2", "dst.ip": "10.0.0.1", "src.port": "80",
		}},
		{"nothing", dissect.Env{}, map[string]string{"src.ip": "-", "tcp": "0", "proto": "-", "vlan.id": "-", "flow.app": "-"}},
	} {
		s := schema(t)
		for name, want := range c.want {
			f := s.Field(name)
			if f == nil {
				t.Fatalf("no field %s", name)
			}
			got := show(f, &c.env)
			if prefix, ok := strings.CutSuffix(want, "*"); ok && strings.HasPrefix(got, prefix) {
				continue
			}
			if got != want {
				t.Errorf("%s: %s = %q, want %q", c.name, name, got, want)
			}
		}
	}
}

// TestWellFormed checks every declaration, and that no accessor minds what is missing.
func TestWellFormed(t *testing.T) {
	fields := Fields()
	schema(t)
	empty := &packet.Packet{}
	for i := range fields {
		f := &fields[i]
		n := 0
		for _, has := range []bool{f.Int != nil, f.Bytes != nil, f.IP != nil, f.IntN != nil, f.BytesN != nil, f.Float != nil, f.IPN != nil} {
			if has {
				n++
			}
		}
		if n != 1 || f.Doc == "" || f.Multi != (f.IntN != nil || f.BytesN != nil || f.IPN != nil) {
			t.Errorf("%s: %d accessors, doc %q, multi %v", f.Name, n, f.Doc, f.Multi)
		}
		for _, e := range []dissect.Env{{}, {Pkt: empty}, {Flow: &dissect.Flow{}}, {Pkt: empty, Flow: &dissect.Flow{}}} {
			v := show(f, &e)
			if len(f.Values) > 0 && v != "-" && !strings.Contains(strings.Join(f.Values, ","), v) {
				t.Errorf("%s: %q is not among its values", f.Name, v)
			}
		}
	}
}

func TestNoAllocs(t *testing.T) {
	e := &dissect.Env{Pkt: decode(t, syn), Flow: &dissect.Flow{App: &dissect.Spec{Name: "http"}}}
	for _, f := range Fields() {
		switch f.Name {
		case "eth.src", "eth.dst", "community_id": // made on demand
			continue
		}
		if n := testing.AllocsPerRun(10, func() {
			switch {
			case f.Int != nil:
				f.Int(e)
			case f.Bytes != nil:
				f.Bytes(e)
			case f.IP != nil:
				f.IP(e)
			case f.IntN != nil:
				f.IntN(e, 0)
			case f.BytesN != nil:
				f.BytesN(e, 0)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", f.Name, n)
		}
	}
}
