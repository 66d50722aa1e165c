package dcerpc

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
	"github.com/luanids/luanids/dissect/packet"
)

const captures = "../../testdata/captures/"

func order(little bool) binary.AppendByteOrder {
	if little {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// pdu is a connection-oriented PDU.
func pdu(little bool, kind Type, flags byte, call uint32, body string) string {
	o, drep := order(little), byte(0)
	if little {
		drep = 0x10
	}
	b := []byte{5, 0, byte(kind), flags, drep, 0, 0, 0}
	b = o.AppendUint16(b, uint16(HeaderLen+len(body)))
	b = o.AppendUint16(b, 0)
	return string(o.AppendUint32(b, call)) + body
}

// samr is 12345778-1234-abcd-ef00-0123456789ac as it is transmitted in either byte order.
func samr(little bool) string {
	if little {
		return "\x78\x57\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\x89\xac"
	}
	return "\x12\x34\x57\x78\x12\x34\xab\xcd\xef\x00\x01\x23\x45\x67\x89\xac"
}

func bind(little bool, kind Type, call uint32, context uint16) string {
	o := order(little)
	b := o.AppendUint32(o.AppendUint16(o.AppendUint16(nil, 4280), 4280), 0)
	b = append(b, 1, 0, 0, 0)
	b = append(o.AppendUint16(b, context), 1, 0)
	b = append(b, samr(little)...)
	b = o.AppendUint16(o.AppendUint16(b, 1), 0)
	return pdu(little, kind, FirstFrag|LastFrag, call, string(b)+strings.Repeat("\x00", 20))
}

func bindAck(little bool, kind Type, call uint32, result uint16) string {
	o := order(little)
	b := o.AppendUint32(o.AppendUint16(o.AppendUint16(nil, 4280), 4280), 1)
	b = append(o.AppendUint16(b, 4), "135\x00\x00\x00"...)
	b = append(b, 1, 0, 0, 0)
	return pdu(little, kind, FirstFrag|LastFrag, call, string(o.AppendUint16(o.AppendUint16(b, result), 0))+strings.Repeat("\x00", 20))
}

func call(little bool, flags byte, id uint32, context, opnum uint16, stub string) string {
	o := order(little)
	b := o.AppendUint32(nil, uint32(len(stub)))
	return pdu(little, Request, flags, id, string(o.AppendUint16(o.AppendUint16(b, context), opnum))+stub)
}

func result(little bool, flags byte, id uint32, stub string) string {
	return pdu(little, Response, flags, id, "\x00\x00\x00\x00\x00\x00\x00\x00"+stub)
}

const both = FirstFrag | LastFrag

func recorder(fields ...string) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Fields = fields
	return r
}

// TestCalls sends calls at once and byte by byte, in both byte orders: what is said of them is the same.
func TestCalls(t *testing.T) {
	const want = `dcerpc.request to_server dcerpc.bind.iface=["12345778-1234-abcd-ef00-0123456789ac"] dcerpc.request.type="BIND"
dcerpc.tx to_client dcerpc.bind.iface=["12345778-1234-abcd-ef00-0123456789ac"] dcerpc.request.type="BIND" dcerpc.response.type="BINDACK"
dcerpc.request to_server dcerpc.iface="12345778-1234-abcd-ef00-0123456789ac" dcerpc.iface.version=1 dcerpc.opnum=7 dcerpc.request.fragments=2 dcerpc.request.size=8 dcerpc.request.type="REQUEST" dcerpc.service="samr" dcerpc.stub_data="oneonetw"
dcerpc.tx to_client dcerpc.iface="12345778-1234-abcd-ef00-0123456789ac" dcerpc.iface.version=1 dcerpc.opnum=7 dcerpc.request.fragments=2 dcerpc.request.size=8 dcerpc.request.type="REQUEST" dcerpc.response.stub_data="\x00\x00\x00\x00\x00\x00\x00\x00yes" dcerpc.response.type="RESPONSE" dcerpc.service="samr" dcerpc.stub_data="oneonetw"
dcerpc.request to_server dcerpc.opnum=9 dcerpc.request.fragments=1 dcerpc.request.size=1 dcerpc.request.type="REQUEST" dcerpc.stub_data="x"
dcerpc.tx to_client dcerpc.opnum=9 dcerpc.request.fragments=1 dcerpc.request.size=1 dcerpc.request.type="REQUEST" dcerpc.response.type="FAULT" dcerpc.stub_data="x"
dcerpc.request to_server dcerpc.iface="12345778-1234-abcd-ef00-0123456789ac" dcerpc.iface.version=1 dcerpc.opnum=1 dcerpc.request.fragments=1 dcerpc.request.size=0 dcerpc.request.type="REQUEST" dcerpc.service="samr"
dcerpc.tx to_client dcerpc.iface="12345778-1234-abcd-ef00-0123456789ac" dcerpc.iface.version=1 dcerpc.opnum=1 dcerpc.request.fragments=1 dcerpc.request.size=0 dcerpc.request.type="REQUEST" dcerpc.service="samr"
`
	for _, little := range []bool{true, false} {
		for _, slow := range []bool{true, false} {
			r := recorder("dcerpc.request.type", "dcerpc.response.type", "dcerpc.bind.iface", "dcerpc.iface", "dcerpc.iface.version", "dcerpc.opnum",
				"dcerpc.service", "dcerpc.stub_data", "dcerpc.response.stub_data", "dcerpc.request.fragments", "dcerpc.request.size")
			for _, s := range []struct {
				dir  dissect.Dir
				data string
			}{
				{0, bind(little, Bind, 1, 5)},
				{1, bindAck(little, BindAck, 1, 0)},
				{0, call(little, FirstFrag, 2, 5, 7, "oneone") + call(little, LastFrag, 2, 5, 7, "tw")},
				{1, result(little, both, 2, "yes")},
				{0, call(little, both, 3, 6, 9, "x")}, // a context that nobody asked for
				{1, pdu(little, Fault, both, 3, strings.Repeat("\x00", 16))},
				{0, call(little, both, 4, 5, 1, "")},
			} {
				if slow {
					r.Trickle(s.dir, s.data)
				} else {
					r.Data(s.dir, s.data)
				}
			}
			if got := r.End(dissect.EndFIN); got != want {
				t.Errorf("little %v, slow %v:\n%s\nwant\n%s", little, slow, got, want)
			}
		}
	}
}

// TestRefused checks that calls on an interface that the server refused name none.
func TestRefused(t *testing.T) {
	r := recorder("dcerpc.iface", "dcerpc.opnum")
	r.Data(0, bind(true, Bind, 1, 0)).Data(1, bindAck(true, BindAck, 1, 2))
	r.Data(0, call(true, both, 2, 0, 3, "x"))
	if got := r.End(dissect.EndFIN); strings.Contains(got, "dcerpc.iface") || !strings.Contains(got, "dcerpc.opnum=3") {
		t.Errorf("got\n%s", got)
	}
}

// TestGap loses the beginning of a request: its answer is told of when the client goes on, and what comes next is found.
func TestGap(t *testing.T) {
	r := recorder("dcerpc.opnum", "dcerpc.response.type")
	r.Data(0, bind(true, Bind, 1, 0)).Data(1, bindAck(true, BindAck, 1, 0))
	r.Gap(0, 30)
	r.Data(0, "rest of a request"+call(true, both, 9, 0, 4, "abc"))
	r.Data(1, result(true, both, 8, "lost")+result(true, both, 9, "found"))
	want := `dcerpc.request to_server
dcerpc.tx to_client dcerpc.response.type="BINDACK"
dcerpc.request to_server dcerpc.opnum=4
dcerpc.tx to_client dcerpc.opnum=4 dcerpc.response.type="RESPONSE"
dcerpc.tx to_client dcerpc.response.type="RESPONSE"
`
	if got := r.End(dissect.EndFIN); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if last := r.Records[len(r.Records)-1]; !strings.Contains(last, `"request":"REQUEST_LOST","response":"RESPONSE"`) {
		t.Errorf("record %s", last)
	}
}

// TestCaps sends more calls than may wait for answers, and more arguments than are kept.
func TestCaps(t *testing.T) {
	r := recorder("dcerpc.request.size")
	r.Ctx.Limits.Settings = map[string]string{"dcerpc.max-tx": "2"}
	r.Data(0, call(true, both, 1, 0, 0, "")).Data(0, call(true, both, 2, 0, 0, "")).Data(0, call(true, both, 3, 0, 0, ""))
	if got := r.Text(); strings.Count(got, "anomaly dcerpc.too_many_transactions") != 1 || strings.Count(got, "dcerpc.tx") != 1 || r.Capped["transactions"] != 1 {
		t.Errorf("got\n%s", got)
	}
	r = recorder("dcerpc.request.size", "dcerpc.stub_data")
	big := strings.Repeat("A", 60000)
	r.Data(0, call(true, FirstFrag, 1, 0, 0, big))
	for range 4 {
		r.Data(0, call(true, 0, 1, 0, 0, big))
	}
	r.Data(0, call(true, LastFrag, 1, 0, 0, ""))
	if got := r.End(dissect.EndFIN); !strings.Contains(got, "dcerpc.request.size=300000") || strings.Count(got, "A") > 2*MaxStub+100 || r.Capped["arguments"] != 1 {
		t.Errorf("%d bytes are kept", strings.Count(got, "A"))
	}
}

// datagramOf is a connectionless PDU.
func datagramOf(kind Type, flags byte, seq uint32, opnum uint16, stub string) string {
	b := append([]byte{4, byte(kind), flags, 0, 0x10, 0, 0, 0}, make([]byte, 16)...)
	b = append(b, samr(true)...)
	b = append(b, "0123456789abcdef"...)
	o := binary.LittleEndian
	b = o.AppendUint32(o.AppendUint32(o.AppendUint32(b, 0), 1), seq)
	b = o.AppendUint16(o.AppendUint32(b, uint32(opnum)), 0xffff) // the hint follows
	b = o.AppendUint16(b, uint16(len(stub)))
	return string(append(b, make([]byte, datagramHeader-len(b))...)) + stub
}

func TestDatagrams(t *testing.T) {
	r := recorder("dcerpc.opnum", "dcerpc.iface", "dcerpc.stub_data", "dcerpc.datagram")
	r.Ctx.Flow.Key.Proto = packet.ProtoUDP
	for _, s := range []string{datagramOf(Request, isFragment, 1, 6, "ab"), datagramOf(Request, isFragment|lastOfFragments, 1, 6, "cd")} {
		r.Data(0, s)
	}
	r.Data(1, datagramOf(Response, 0, 1, 6, "ok"))
	r.Data(0, "short")
	want := `dcerpc.request to_server dcerpc.datagram=1 dcerpc.iface="12345778-1234-abcd-ef00-0123456789ac" dcerpc.opnum=6 dcerpc.stub_data="abcd"
dcerpc.tx to_client dcerpc.datagram=1 dcerpc.iface="12345778-1234-abcd-ef00-0123456789ac" dcerpc.opnum=6 dcerpc.stub_data="abcd"
anomaly dcerpc.malformed_data
`
	if got := r.End(dissect.EndTimeout); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		want dissect.Verdict
	}{
		{0, bind(true, Bind, 1, 0), dissect.Yes},
		{0, bindAck(true, BindAck, 1, 0), dissect.Reversed},
		{1, bind(true, Bind, 1, 0), dissect.Reversed},
		{1, bindAck(false, BindAck, 1, 0), dissect.Yes},
		{0, "\x05\x00", dissect.More},
		{0, "\x05\x01\x00", dissect.More},
		{0, "\x05\x02\x00\x01", dissect.No}, // SOCKS
		{0, "\x05\x00\x7f", dissect.No},
		{0, "GET / HTTP/1.1\r\n", dissect.No},
	} {
		if got := probeTCP(c.dir, []byte(c.data), false); got != c.want {
			t.Errorf("%s %.20q: %v, want %v", c.dir, c.data, got, c.want)
		}
	}
	if v := probeUDP(0, []byte(datagramOf(Request, 0, 1, 1, "ab")), false); v != dissect.Yes {
		t.Errorf("a datagram: %v", v)
	}
	if v := probeUDP(0, []byte(datagramOf(Request, 0, 1, 1, "ab")[:80]), false); v != dissect.No {
		t.Errorf("a datagram that is cut: %v", v)
	}
}

// TestCapture reads calls of rpcclient and impacket over TCP.
func TestCapture(t *testing.T) {
	flows, err := replay.File(captures+"smb_rpc.pcap", Spec, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, f := range flows {
		all += f.Text()
	}
	for _, want := range []string{`dcerpc.service="epmapper"`, `dcerpc.response.type="BINDACK"`, `dcerpc.service="lsarpc"`} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	if strings.Contains(all, "anomaly") {
		t.Errorf("an anomaly in\n%s", all)
	}
}

func TestNoAllocations(t *testing.T) {
	r := recorder()
	r.Quiet = true
	to := []byte(bind(true, Bind, 1, 0) + call(true, both, 2, 0, 3, strings.Repeat("x", 500)))
	from := []byte(bindAck(true, BindAck, 1, 0) + result(true, both, 2, strings.Repeat("y", 500)))
	talk := func() {
		r.Bytes(dissect.ToServer, to)
		r.Bytes(dissect.ToClient, from)
	}
	talk()
	if n := testing.AllocsPerRun(50, talk); n > 0 {
		t.Errorf("%v allocations for a call, want none", n)
	}
	tx := &Tx{Call: Call{Req: Side{Seen: true, Stub: []byte("x")}, Ifaces: &Interfaces{list: []Interface{{Acked: true}}}}}
	if names := dissecttest.FieldAllocs(Spec(), tx); len(names) > 0 {
		t.Errorf("these fields allocate: %v", names)
	}
}

func BenchmarkCalls(b *testing.B) {
	r := recorder()
	r.Quiet = true
	to := []byte(call(true, both, 2, 0, 3, strings.Repeat("x", 500)))
	from := []byte(result(true, both, 2, strings.Repeat("y", 500)))
	b.SetBytes(int64(len(to) + len(from)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(dissect.ToServer, to)
		r.Bytes(dissect.ToClient, from)
	}
}

// FuzzDCERPC gives pieces of both sides, which take turns at each byte 0xfe; 0xfd before them stands for a gap. A parser that gets them
// byte by byte must say the same.
func FuzzDCERPC(f *testing.F) {
	f.Add([]byte(bind(true, Bind, 1, 0)+"\xfe"+bindAck(true, BindAck, 1, 0)+"\xfe"+call(true, both, 2, 0, 3, "x")+"\xfe"+result(true, both, 2, "y")), false)
	f.Add([]byte(call(false, FirstFrag, 2, 0, 3, "x")+call(false, LastFrag, 2, 0, 3, "z")+"\xfe\xfdgap\xfe"+call(false, both, 4, 0, 3, "x")), false)
	f.Add([]byte(bind(true, AlterContext, 1, 0)+"\xfe"+pdu(true, BindNak, both, 1, "\x00\x00")), false)
	f.Add([]byte(datagramOf(Request, 0, 1, 6, "ab")+"\xfe"+datagramOf(Response, 0, 1, 6, "ok")), true)
	f.Fuzz(func(t *testing.T, data []byte, udp bool) {
		run := func(slow bool) string {
			r := dissecttest.New(Spec())
			if udp {
				r.Ctx.Flow.Key.Proto = packet.ProtoUDP
			}
			dir := dissect.ToServer
			for _, part := range strings.Split(string(data), "\xfe") {
				switch {
				case strings.HasPrefix(part, "\xfd"):
					r.Gap(dir, len(part))
				case slow && !udp:
					r.Trickle(dir, part)
				default:
					r.Data(dir, part)
				}
				dir = dir.Rev()
			}
			return r.End(dissect.EndCapture)
		}
		if whole, slow := run(false), run(true); whole != slow {
			t.Errorf("byte by byte:\n%s\nat once:\n%s", slow, whole)
		}
	})
}
