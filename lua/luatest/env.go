package luatest

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/testrun"
)

// own are the members of an event's table that are no fields:
//
//	src, dst      "10.0.0.1:4000": client and server of the flow
//	proto         "tcp" (default), "udp", "icmp"
//	time          seconds, when the event happens (default: now)
//	start         seconds, when the flow began (default: time)
//	duration      seconds, from the first packet to the last
//	bytes         { to server, to client }; packets and payload alike
//	flags         { to server, to client }: letters of TCP flags seen, "SAF"
//	established   default: true
//	app           protocol of the flow
//	dir           "to_server" (default) or "to_client"
//	data          bytes of a data event
//	flow          a name, to have several events of one flow
var own = map[string]bool{"src": true, "dst": true, "proto": true, "time": true, "start": true, "duration": true, "bytes": true,
	"packets": true, "payload": true, "flags": true, "established": true, "app": true, "dir": true, "data": true, "flow": true}

// env makes the event that a table describes.
func (r *rig) env(id dissect.EventID, t *glua.LTable) (*dissect.Env, error) {
	at := float64(r.now)
	if n, ok := t.RawGetString("time").(glua.LNumber); ok {
		at = float64(n)
	}
	if id == dissect.EvFlowStart {
		at = numberOr(t, "start", at)
	}
	r.advance(at)
	flow, err := r.flow(t, at)
	if err != nil {
		return nil, err
	}
	e := &dissect.Env{Event: id, Time: when(at), Flow: flow}
	if t.RawGetString("dir") == glua.LString("to_client") || r.f.schema.Events[id].Dir == dissect.ToClient {
		e.Dir = dissect.ToClient
	}
	if data, ok := t.RawGetString("data").(glua.LString); ok {
		e.Data = []byte(data)
	}
	values, err := r.values(t)
	if err != nil {
		return nil, err
	}
	e.Tx = testrun.NewMessage(values)
	if id == dissect.EvPacket {
		e.Pkt = r.packet(e)
		if v := values["tcp.flags"]; len(v) > 0 {
			e.Pkt.TCPFlags = uint8(v[0].I)
		}
	}
	return e, nil
}

func when(seconds float64) int64 { return Epoch*1e9 + int64(seconds*1e9) }

// values converts the fields that the table gives.
func (r *rig) values(t *glua.LTable) (map[string][]ir.Value, error) {
	out := map[string][]ir.Value{}
	var fail error
	t.ForEach(func(k, x glua.LValue) {
		name := k.String()
		if fail != nil || own[name] {
			return
		}
		f := r.f.schema.Field(name)
		if f == nil {
			names := r.f.schema.FieldNames()
			for o := range own {
				names = append(names, o)
			}
			fail = fmt.Errorf("unknown field %q%s", name, mean(name, names))
			return
		}
		var vs []ir.Value
		if l, ok := x.(*glua.LTable); ok {
			for i := 1; i <= l.Len() && fail == nil; i++ {
				var v ir.Value
				v, fail = convert(f, l.RawGetInt(i))
				vs = append(vs, v)
			}
		} else {
			var v ir.Value
			v, fail = convert(f, x)
			vs = []ir.Value{v}
		}
		out[f.Name] = vs
	})
	return out, fail
}

func convert(f *dissect.Field, x glua.LValue) (ir.Value, error) {
	v := ir.Value{OK: true}
	switch f.Type {
	case dissect.TString, dissect.TBytes:
		v.B = []byte(x.String())
	case dissect.TIP:
		ip, err := netip.ParseAddr(x.String())
		if err != nil {
			return v, fmt.Errorf("%s: not an address: %s", f.Name, x)
		}
		v.IP = ip
	case dissect.TBool:
		if glua.LVAsBool(x) {
			v.I = 1
		}
	default:
		n, ok := x.(glua.LNumber)
		if !ok {
			return v, fmt.Errorf("%s: a number is wanted, not %s", f.Name, x.Type())
		}
		v.I, v.F = int64(n), float64(n)
		switch f.Type {
		case dissect.TTime:
			v.I = when(float64(n))
		case dissect.TDuration:
			v.I = int64(float64(n) * 1e9)
		}
	}
	return v, nil
}

var protocols = map[string]uint8{"tcp": packet.ProtoTCP, "udp": packet.ProtoUDP, "icmp": packet.ProtoICMP, "icmpv6": packet.ProtoICMPv6}

func flowName(t *glua.LTable) string {
	s, _ := t.RawGetString("flow").(glua.LString)
	return string(s)
}

// flow makes the flow that a table describes, or gives the one that has its name.
func (r *rig) flow(t *glua.LTable, at float64) (*dissect.Flow, error) {
	name := flowName(t)
	f := r.flows[name]
	if f == nil || name == "" {
		r.serial++
		f = &dissect.Flow{ID: r.serial, Serial: r.serial, State: dissect.FlowEstablished, Start: when(numberOr(t, "start", at))}
		if name != "" {
			r.flows[name] = f
		}
	}
	proto := "tcp"
	if s, ok := t.RawGetString("proto").(glua.LString); ok {
		proto = string(s)
	}
	p, ok := protocols[proto]
	if !ok {
		return nil, fmt.Errorf("unknown proto %q", proto)
	}
	var err error
	k := &f.Key
	k.Proto = p
	if k.Src, k.SrcPort, err = endOf(t, "src", "10.0.0.10:40000"); err != nil {
		return nil, err
	}
	if k.Dst, k.DstPort, err = endOf(t, "dst", "203.0.113.80:80"); err != nil {
		return nil, err
	}
	k.IPVersion = 6
	if k.Src.Netip().Is4() {
		k.IPVersion = 4
	}
	f.Last = max(f.Last, f.Start+int64(numberOr(t, "duration", 0)*1e9), f.Start)
	f.Bytes, f.Packets, f.Payload = pair(t, "bytes"), pair(t, "packets"), pair(t, "payload")
	if f.Packets == [2]uint64{} {
		f.Packets = [2]uint64{1 + f.Bytes[0]/1000, 1 + f.Bytes[1]/1000}
	}
	f.TCPFlags = flagsOf(t)
	if t.RawGetString("established") == glua.LFalse {
		f.State = dissect.FlowNew
	}
	if app, ok := t.RawGetString("app").(glua.LString); ok {
		if f.App = r.f.schema.Spec(string(app)); f.App == nil {
			return nil, fmt.Errorf("unknown app %q", string(app))
		}
	}
	return f, nil
}

func numberOr(t *glua.LTable, name string, d float64) float64 {
	if n, ok := t.RawGetString(name).(glua.LNumber); ok {
		return float64(n)
	}
	return d
}

func pair(t *glua.LTable, name string) (p [2]uint64) {
	if x, ok := t.RawGetString(name).(*glua.LTable); ok {
		for i := range p {
			if n, ok := x.RawGetInt(i + 1).(glua.LNumber); ok {
				p[i] = uint64(n)
			}
		}
	}
	return p
}

// flagsOf reads letters of TCP flags.
func flagsOf(t *glua.LTable) (f [2]uint8) {
	x, ok := t.RawGetString("flags").(*glua.LTable)
	if !ok {
		return [2]uint8{packet.SYN | packet.ACK | packet.FIN, packet.SYN | packet.ACK | packet.FIN}
	}
	for i := range f {
		for _, c := range x.RawGetInt(i + 1).String() {
			f[i] |= map[rune]uint8{'S': packet.SYN, 'A': packet.ACK, 'F': packet.FIN, 'R': packet.RST, 'P': packet.PSH, 'U': packet.URG}[c]
		}
	}
	return f
}

// endOf reads "10.0.0.1:80" or "[2001:db8::1]:80", or an address alone.
func endOf(t *glua.LTable, name, def string) (packet.Addr, uint16, error) {
	text := def
	if s, ok := t.RawGetString(name).(glua.LString); ok {
		text = string(s)
	}
	var ip netip.Addr
	var port uint64
	if ap, err := netip.ParseAddrPort(text); err == nil {
		ip, port = ap.Addr(), uint64(ap.Port())
	} else if i := strings.LastIndexByte(text, ':'); i > 0 && strings.Count(text, ":") == 1 {
		if port, err = strconv.ParseUint(text[i+1:], 10, 16); err != nil {
			return packet.Addr{}, 0, fmt.Errorf("%s: %q is no address with a port", name, text)
		}
		if ip, err = netip.ParseAddr(text[:i]); err != nil {
			return packet.Addr{}, 0, fmt.Errorf("%s: %q is no address with a port", name, text)
		}
	} else if ip, err = netip.ParseAddr(text); err != nil {
		return packet.Addr{}, 0, fmt.Errorf("%s: %q is no address", name, text)
	}
	return packet.Addr(ip.As16()), uint16(port), nil
}

// packet makes a packet that carries the event: addresses, ports and layers.
func (r *rig) packet(e *dissect.Env) *packet.Packet {
	k := &e.Flow.Key
	p := &packet.Packet{Time: e.Time, Num: r.serial, Link: capture.LinkEthernet, IPVersion: k.IPVersion, IPProto: k.Proto,
		Src: k.Src, Dst: k.Dst, SrcPort: k.SrcPort, DstPort: k.DstPort, Payload: e.Data, Data: e.Data, Len: uint32(len(e.Data)) + 54}
	if e.Dir == dissect.ToClient {
		p.Src, p.Dst, p.SrcPort, p.DstPort = p.Dst, p.Src, p.DstPort, p.SrcPort
	}
	p.Layers = packet.LayerIPv4
	if k.IPVersion == 6 {
		p.Layers = packet.LayerIPv6
	}
	switch k.Proto {
	case packet.ProtoTCP:
		p.Layers |= packet.LayerTCP
	case packet.ProtoUDP:
		p.Layers |= packet.LayerUDP
	case packet.ProtoICMP:
		p.Layers |= packet.LayerICMP
	case packet.ProtoICMPv6:
		p.Layers |= packet.LayerICMPv6
	}
	return p
}
