package dhcp

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

// packet is a message of a client with hardware address 02:00:0a:0a:01:10.
func packet(op byte, options string) string {
	b := make([]byte, headerLen)
	b[0], b[1], b[2] = op, 1, 6
	copy(b[4:], "\x00\x00\x01\x02")
	copy(b[16:], "\x0a\x0a\x02\x64")
	copy(b[28:], "\x02\x00\x0a\x0a\x01\x10")
	copy(b[236:], magic)
	return string(b) + options
}

const ack = "\x35\x01\x05" + "\x01\x04\xff\xff\xff\x00" + "\x03\x08\x0a\x0a\x02\x01\x0a\x0a\x02\x02" + "\x33\x04\x00\x00\x1c\x20" + "\x00\x00" + "\x0c\x03lap\x0c\x03top" + "\x37\x03\x01\x03\x06" + "\xff" + "trailer"

func recorder(o Options) *dissecttest.Recorder {
	r := dissecttest.New(NewSpec(o))
	return r
}

func TestMessage(t *testing.T) {
	r := recorder(Options{Extended: true})
	r.Data(dissect.ToClient, packet(bootReply, ack))
	const want = `dhcp.message to_client dhcp.assigned_ip=10.10.2.100 dhcp.client_mac="02:00:0a:0a:01:10" dhcp.dhcp_type="ack" dhcp.hostname="laptop" dhcp.id=258 dhcp.leasetime=7200 dhcp.params="\x01\x03\x06" dhcp.routers=[10.10.2.1 10.10.2.2] dhcp.subnet_mask=255.255.255.0 dhcp.type="reply"
`
	if got := r.End(dissect.EndTimeout); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	const record = `{"dhcp":{"type":"reply","id":258,"client_mac":"02:00:0a:0a:01:10","assigned_ip":"10.10.2.100","client_ip":"0.0.0.0","relay_ip":"0.0.0.0","next_server_ip":"0.0.0.0","dhcp_type":"ack","subnet_mask":"255.255.255.0","routers":["10.10.2.1","10.10.2.2"],"lease_time":7200,"hostname":"laptop","params":["subnet_mask","router","dns_server"]}}`
	if r.Records[0] != record {
		t.Errorf("record %s\nwant   %s", r.Records[0], record)
	}
}

// TestShortRecords checks that without extended records only what servers confirm is logged.
func TestShortRecords(t *testing.T) {
	r := recorder(Options{})
	r.Data(dissect.ToServer, packet(bootRequest, "\x35\x01\x03\xff")).Data(dissect.ToClient, packet(bootReply, ack))
	if len(r.Records) != 2 || r.Records[0] != "{}" || strings.Contains(r.Records[1], "lease_time") || !strings.Contains(r.Records[1], `"dhcp_type":"ack"`) {
		t.Errorf("records %q", r.Records)
	}
}

func TestMalformed(t *testing.T) {
	for _, c := range []struct{ options, want string }{
		{"\x33\x02\x00\x01\xff", "anomaly dhcp.malformed_options\n"},
		{"\x33\x04\x00\x01", "anomaly dhcp.truncated_options\n"},
		{"\x0c", "anomaly dhcp.truncated_options\n"},
		{"", ""},
		{"\x35\x01\x63\xff", ""},
	} {
		r := recorder(Options{})
		r.Fields = []string{}
		r.Data(dissect.ToServer, packet(bootRequest, c.options))
		if got := r.Text(); got != c.want+"dhcp.message to_server\n" {
			t.Errorf("%q: got %q", c.options, got)
		}
	}
}

func TestProbe(t *testing.T) {
	reply, request := packet(bootReply, ack), packet(bootRequest, "\xff")
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{dissect.ToServer, request, true, dissect.Yes},
		{dissect.ToServer, reply, true, dissect.Reversed},
		{dissect.ToClient, reply, true, dissect.Yes},
		{dissect.ToServer, request, false, dissect.No},
		{dissect.ToServer, request[:230], true, dissect.No},
		{dissect.ToServer, strings.Repeat("\x01", 300), true, dissect.No},
	} {
		if got := probe(c.dir, []byte(c.data), c.hint); got != c.want {
			t.Errorf("%s %.8q: %v, want %v", c.dir, c.data, got, c.want)
		}
	}
}

// TestCapture reads what udhcpc and dnsmasq say.
func TestCapture(t *testing.T) {
	flows, err := replay.File("../../testdata/captures/dhcp_lease.pcap", Spec, replay.Options{Any: true})
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, f := range flows {
		all += f.Text()
	}
	for _, want := range []string{`dhcp.dhcp_type="discover"`, `dhcp.dhcp_type="offer"`, `dhcp.dhcp_type="request"`, `dhcp.dhcp_type="ack"`,
		`dhcp.hostname="laptop"`, `dhcp.domain="corp.example"`, `dhcp.leasetime=7200`, `dhcp.vendor_class="udhcp 1.35"`} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	if strings.Contains(all, "anomaly") {
		t.Errorf("an anomaly in\n%s", all)
	}
}

func TestNoAllocations(t *testing.T) {
	r := recorder(Options{})
	r.Quiet = true
	data := []byte(packet(bootReply, ack))
	r.Bytes(dissect.ToClient, data)
	if n := testing.AllocsPerRun(50, func() { r.Bytes(dissect.ToClient, data) }); n > 0 {
		t.Errorf("%v allocations for a message, want none", n)
	}
	m := new(Message)
	m.parse(data)
	if names := dissecttest.FieldAllocs(Spec(), m); len(names) > 0 {
		t.Errorf("these fields allocate: %v", names)
	}
}

func BenchmarkMessage(b *testing.B) {
	r := recorder(Options{})
	r.Quiet = true
	data := []byte(packet(bootReply, ack))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(dissect.ToClient, data)
	}
}

func FuzzDHCP(f *testing.F) {
	f.Add([]byte(packet(bootReply, ack)))
	f.Add([]byte(packet(bootRequest, "\x35\x01\x01\x3d\x07\x01abcdef\x37\x04\x01\x03\x06\x0f\xff")))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := recorder(Options{Extended: true})
		r.Bytes(dissect.ToServer, data)
		r.End(dissect.EndTimeout)
		if n := strings.Count(r.Text(), "dhcp.message"); n > 1 {
			t.Errorf("%d messages in one datagram", n)
		}
	})
}
