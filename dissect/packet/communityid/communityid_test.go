package communityid

import (
	"net/netip"
	"testing"

	"github.com/luanids/luanids/dissect/packet"
)

// The values are those of the specification's baseline and of its reference implementation,
// with seeds 0 and 1.
func TestBaseline(t *testing.T) {
	for _, c := range []struct {
		proto        uint8
		src, dst     string
		sport, dport uint16
		want, want1  string
	}{
		{6, "128.232.110.120", "66.35.250.204", 34855, 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "1:3V71V58M3Ksw/yuFALMcW0LAHvc="},
		{6, "66.35.250.204", "128.232.110.120", 80, 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "1:3V71V58M3Ksw/yuFALMcW0LAHvc="},
		{6, "10.0.0.1", "10.0.0.2", 10, 11569, "1:SXBGMX1lBOwhhoDrZynfROxnhnM=", "1:HmBRGR+fUyXF4t8WEtal7Y0gEAo="},
		{6, "192.168.1.42", "192.168.1.42", 42, 41, "1:eRcf7I/xocOxnYo5pbJBV5NhVm0=", ""},
		{6, "192.168.1.42", "192.168.1.42", 41, 42, "1:eRcf7I/xocOxnYo5pbJBV5NhVm0=", ""},
		{6, "2001:db8::1", "2001:db8::2", 443, 51000, "1:2TiKiiiSIuDma9IxOEOpx4wCXWM=", ""},
		{17, "192.168.1.52", "8.8.8.8", 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=", "1:Q9We8WO3piVF8yEQBNJF4uiSVrI="},
		{17, "8.8.8.8", "192.168.1.52", 53, 54585, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=", "1:Q9We8WO3piVF8yEQBNJF4uiSVrI="},
		{132, "192.168.170.8", "192.168.170.56", 7, 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=", ""},
		{132, "192.168.170.56", "192.168.170.8", 80, 7, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ=", ""},
		{1, "192.168.0.89", "192.168.0.1", 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=", "1:03g6IloqVBdcZlPyX8r0hgoE7kA="},
		{1, "192.168.0.1", "192.168.0.89", 0, 8, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=", "1:03g6IloqVBdcZlPyX8r0hgoE7kA="},
		{1, "192.168.0.89", "192.168.0.1", 20, 0, "1:3o2RFccXzUgjl7zDpqmY7yJi8rI=", "1:lCXHHxavE1Vq3oX9NH5ladQg02o="},
		{1, "192.168.0.89", "192.168.0.1", 20, 1, "1:tz/fHIDUHs19NkixVVoOZywde+I=", "1:Ie3wmFyxiEyikbsbcO03d2nh+PM="},
		{58, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=", "1:kHa1FhMYIT6Ym2Vm2AOtoOARDzY="},
		{58, "3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:507:0:1:260:97ff:fe07:69ea", 3, 0, "1:/OGBt9BN1ofenrmSPWYicpij2Vc=", "1:Ij4ZxnC87/MXzhOjvH2vHu7LRmE="},
		{58, "fe80::260:97ff:fe07:69ea", "ff02::1", 134, 0, "1:pkvHqCL88/tg1k4cPigmZXUtL00=", ""},
		{46, "1.2.3.4", "5.6.7.8", 0, 0, "1:ikv3kmf89luf73WPz1jOs49S768=", ""},
	} {
		src, dst := packet.FromNetip(netip.MustParseAddr(c.src)), packet.FromNetip(netip.MustParseAddr(c.dst))
		if got := string(AppendID(nil, 0, src, dst, c.sport, c.dport, c.proto)); got != c.want {
			t.Errorf("%d %s:%d > %s:%d: %s, want %s", c.proto, c.src, c.sport, c.dst, c.dport, got, c.want)
		}
		if got := string(AppendID(nil, 1, src, dst, c.sport, c.dport, c.proto)); c.want1 != "" && got != c.want1 {
			t.Errorf("%d %s:%d > %s:%d, seed 1: %s, want %s", c.proto, c.src, c.sport, c.dst, c.dport, got, c.want1)
		}
	}
}

func TestNoAllocs(t *testing.T) {
	a, b := packet.V4([]byte{10, 0, 0, 1}), packet.V4([]byte{10, 0, 0, 2})
	buf := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() { buf = AppendID(buf[:0], 0, a, b, 1, 2, 6) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAppendID(b *testing.B) {
	src, dst := packet.V4([]byte{10, 0, 0, 1}), packet.V4([]byte{10, 0, 0, 2})
	buf := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendID(buf[:0], 0, src, dst, 1, 2, 6)
	}
}
