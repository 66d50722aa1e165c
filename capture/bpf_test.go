//go:build cgo

package capture

import (
	"errors"
	"strings"
	"testing"
)

// testFilter gives expr where filters can be compiled.
func testFilter(expr string) string { return expr }

// ipv4 is a UDP or TCP packet without link-layer header.
func ipv4(proto byte, dport uint16) string {
	b := fields(be, nil, uint8(0x45), uint8(0), uint16(40), uint32(0), uint8(64), proto, uint16(0),
		uint32(0x0a000001), uint32(0x0a000002), uint16(40000), dport)
	return string(append(b, make([]byte, 16)...))
}

func sll2(data string) string {
	return string(fields(be, nil, uint16(0x0800), uint16(0), uint32(3), uint16(1), uint8(0), uint8(6), uint64(0))) + data
}

func ethernet(data string) string {
	return "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00" + data
}

func TestBPFMatches(t *testing.T) {
	dns, web := ipv4(17, 53), ipv4(6, 80)
	for _, c := range []struct {
		expr string
		link LinkType
		data string
		want bool
	}{
		{"udp port 53", LinkEthernet, ethernet(dns), true},
		{"udp port 53", LinkEthernet, ethernet(web), false},
		{"udp port 53", LinkEthernet, "", false},
		{"", LinkEthernet, "", true},
		{"less 10", LinkEthernet, "", true},
		{"udp port 53", LinkEthernet, ethernet(dns)[:20], false},
		{"tcp dst port 80", LinkRaw, web, true},
		{"tcp dst port 80", LinkRaw14, web, true},
		{"tcp dst port 80", LinkIPv4, web, true},
		{"host 10.0.0.2 and tcp", LinkSLL2, sll2(web), true},
		{"host 10.0.0.2 and tcp", LinkSLL2, sll2(dns), false},
		{"tcp", LinkNull, "\x02\x00\x00\x00" + web, true},
		{"tcp", LinkLoop, "\x00\x00\x00\x02" + web, true},
		{"tcp", LinkPPP, "\xff\x03\x00\x21" + web, true},
	} {
		b, err := CompileBPF(c.expr, c.link)
		if err != nil {
			t.Errorf("%q for %v: %v", c.expr, c.link, err)
			continue
		}
		p := Packet{Data: []byte(c.data), Len: uint32(len(c.data)), Link: c.link}
		if got := b.Matches(&p); got != c.want {
			t.Errorf("%q on %v %x: %v", c.expr, c.link, c.data, got)
		}
	}
}

func TestBPFErrors(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{"tcp port 80 and", "syntax error\n    tcp port 80 and\n                ^^^\n  help: "},
		{"udp  prot 53", "\n    udp  prot 53\n         ^^^^\n"},
		{"frobnicate", "\n    frobnicate\n    ^^^^^^^^^^\n"},
		{"port nosuchport", "unknown port 'nosuchport'\n    port nosuchport\n         ^^^^^^^^^^\n  help: use the port number"},
		{"ip.addr == 10.0.0.1", "help: a tcpdump filter, not a Wireshark one"},
		{"net 1.2.3.4/8", "non-network bits set in \"1.2.3.4/8\"\n    net 1.2.3.4/8\n        ^^^^^^^^^"},
		{"tcp\x00", "zero byte"},
		{"(((((", "syntax error"},
	} {
		_, err := CompileBPF(c.expr, LinkEthernet)
		var bad *FilterError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q:\n got %v\nwant %q", c.expr, err, c.want)
		}
	}
	if _, err := CompileBPF("ether host 02:00:00:00:00:01", LinkRaw); err == nil || !strings.Contains(err.Error(), "link type is raw IP") {
		t.Errorf("ether on raw IP: %v", err)
	}
}

// Interfaces of different link types each get their own program.
func TestFilterByLinkType(t *testing.T) {
	b := append(ngSHB(le), ngIDB(le, LinkEthernet, 0)...)
	b = append(b, ngIDB(le, LinkSLL2, 0)...)
	b = append(b, ngIDB(le, LinkRaw, 0)...)
	for i, p := range []string{ethernet(ipv4(6, 80)), sll2(ipv4(6, 80)), ipv4(6, 80)} {
		b = append(b, ngEPB(le, uint32(i), 1, p, 0)...)
	}
	for i, p := range []string{ethernet(ipv4(17, 53)), sll2(ipv4(17, 53)), ipv4(17, 53)} {
		b = append(b, ngEPB(le, uint32(i), 2, p, 0)...)
	}
	res, err := drain(t, []string{write(t, t.TempDir(), "x", b)}, Options{Filter: "udp"})
	if err != nil || res.errs != nil {
		t.Fatal(err, res.errs)
	}
	if len(res.recs) != 3 || res.recs[0].t != 2000 || res.nums[0] != 1 || res.stats.Filtered != 3 || res.stats.Packets != 3 {
		t.Errorf("%+v", res)
	}
}

// A wrong filter is an error of Open, also where the link type is not known yet.
func TestFilterErrorIsEarly(t *testing.T) {
	for name, b := range map[string][]byte{"pcap": microPcap(), "pcapng": ngSHB(le), "packets": microPcap(rec{data: "x"})} {
		path := write(t, t.TempDir(), name, b)
		for _, p := range []string{path, "-"} {
			file := readerOf(b)
			_, err := drain(t, []string{p}, Options{Filter: "tcp and", Stdin: file})
			var bad *FilterError
			if !errors.As(err, &bad) {
				t.Errorf("%s from %s: %v, want a FilterError", name, p, err)
			}
		}
	}
	// Only Linux cooked v2 knows interface numbers.
	b := append(ngSHB(le), ngIDB(le, LinkSLL2, 0)...)
	b = append(b, ngEPB(le, 0, 1, sll2(ipv4(6, 80)), 0)...)
	res, err := drain(t, []string{"-"}, Options{Filter: "ifindex 3", Stdin: readerOf(b)})
	if err != nil || len(res.recs) != 1 {
		t.Errorf("ifindex: %v, %d packets", err, len(res.recs))
	}
}

func BenchmarkBPF(b *testing.B) {
	f, err := CompileBPF("tcp port 443 or udp port 53", LinkEthernet)
	if err != nil {
		b.Fatal(err)
	}
	data := []byte(ethernet(ipv4(6, 80)))
	p := Packet{Data: data, Len: uint32(len(data)), Link: LinkEthernet}
	b.ReportAllocs()
	for b.Loop() {
		if f.Matches(&p) {
			b.Fatal("matched")
		}
	}
}
