package lua

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

func libnidsSection() section {
	return section{name: "The libnids face", doc: "For those who know libnids or pynids. Several handlers may be registered; failures raise Lua errors. nids.run gives the packets to the handlers and returns at the end of the capture; a script that does not call it is served all the same. `luanids run` runs such a program: `examples/collect.lua` is the example of pynids.\n\n" +
		"What differs from libnids: IPv6 connections are followed too, and those within tunnels; connections that were picked up midstream are told from their first data on; a hole in the capture is skipped instead of waited for; overlapping segments give what the receiver's system would take; a silent connection is kept to the end, as there, unless flow.timeouts.tcp.established is set or the script looks at other events too; handlers of register_ip get what was captured, once put together, not what a tunnel carries. `testdata/libnids/compare.sh` compares both on captures.", funcs: []decl{
		{name: "register_tcp", sig: "fun(handler: fun(stream: TcpStream))", doc: "Calls handler with each TCP connection in the states JUST_EST, DATA, CLOSE, RESET, TIMED_OUT and EXITING. DATA comes for the halves with collect set; a connection of which nothing is to be collected after JUST_EST is not told again, as in libnids.",
			call:    register(SubTCP, [2]string{"stream.data", "tcp"}, [2]string{"flow.end", "tcp"}),
			example: "nids.register_tcp(function(tcp)\n  if tcp.nids_state == nids.JUST_EST then\n    tcp.server.collect = true\n  elseif tcp.nids_state == nids.DATA then\n    tcp:discard(0)  -- keep all\n  end\nend)"},
		{name: "register_udp", sig: "fun(handler: fun(addrs: table, payload: string, packet: string))", doc: "Calls handler with each UDP datagram: {{source, port}, {destination, port}}, payload, and the packet from its IP header on.", call: register(SubUDP, [2]string{"stream.data", "udp"})},
		{name: "register_ip", sig: "fun(handler: fun(packet: string))", doc: "Calls handler with each IP packet, from its header on, after defragmentation.", call: register(SubIP, [2]string{"packet", "ip and not ip.fragment"})},
		{name: "register_ip_frag", sig: "fun(handler: fun(packet: string))", doc: "Calls handler with each IP packet as captured, fragments too.", call: register(SubIPFrags, [2]string{"packet", "ip and not ip.reassembled"})},
		{name: "param", sig: "fun(name: string, value?: any): any", doc: "Gives a parameter of libnids, and sets it where a value is given (before nids.init).", call: nidsParam, example: "nids.param(\"scan_num_hosts\", 0)\nnids.param(\"scan_num_hosts\") --> 0"},
		{name: "chksum_ctl", sig: "fun(list: table)", doc: "For which sources checksums are checked: { {\"10.0.0.0/8\", false}, ... }; the first match decides.", call: nidsChksumCtl},
		{name: "init", sig: "fun()", doc: "Checks the parameters; may be left out.", call: nidsInit},
		{name: "run", sig: "fun()", doc: "Gives packets to the handlers until the end of the capture, then returns.", call: nidsRun},
		{name: "next", sig: "fun(): number", doc: "Gives one more event to the handlers: 1, or 0 at the end of the capture.", call: nidsNext},
		{name: "dispatch", sig: "fun(n: number): number", doc: "Gives up to n more events to the handlers, all that come where n is -1, and then tells how many they were: fewer than n at the end of the capture.", call: nidsDispatch},
		{name: "getfd", sig: "fun(): number", doc: "A descriptor for select, poll or epoll, in luanids run: readable while packets wait, always where a capture file is read. nids.next and nids.dispatch wait for packets by themselves too.", call: nidsGetFD},
	}}
}

var nidsStates = []struct {
	name  string
	state int
}{{"JUST_EST", stateJustEst}, {"DATA", stateData}, {"CLOSE", stateClose}, {"RESET", stateReset},
	{"TIMED_OUT", stateTimedOut}, {"TIMEOUT", stateTimedOut}, {"EXITING", stateExiting}}

// nidsStateOf gives the number of a constant.
func nidsStateOf(name string) (int, bool) {
	name = strings.TrimPrefix(name, "NIDS_")
	for _, s := range nidsStates {
		if s.name == name {
			return s.state, true
		}
	}
	return 0, false
}

// nidsConstants lists the constants of nids: each also with the prefix of libnids.
func nidsConstants() []string {
	var out []string
	for _, s := range nidsStates {
		out = append(out, s.name, "NIDS_"+s.name)
	}
	return append(out, "version", "args")
}

func setConstants(t *glua.LTable) {
	for _, s := range nidsStates {
		t.RawSetString(s.name, glua.LNumber(s.state))
		t.RawSetString("NIDS_"+s.name, glua.LNumber(s.state))
	}
	t.RawSetString("version", glua.LString(APIVersion))
}

// APIVersion is the version of the API that scripts see.
const APIVersion = "1"

// nidsParams are the parameters of libnids (nids.h) with their defaults; nil is NULL. Those whose
// part is done otherwise here are accepted and checked.
var nidsParams = []struct {
	name string
	def  any
	doc  string
}{
	{"n_tcp_streams", 1040.0, "connections that are kept; up to 65536 are kept in any case"},
	{"n_hosts", 256.0, "size of the table of fragments; bounded by the configuration here"},
	{"device", nil, "interface to capture on"},
	{"filename", nil, "capture file to read"},
	{"sk_buff_size", 168.0, "no meaning here"},
	{"dev_addon", -1.0, "length of the link header; known here"},
	{"syslog", nil, "no meaning here: see nids.log"},
	{"syslog_level", 1.0, "no meaning here"},
	{"scan_num_hosts", 256.0, "see the detector portscan"},
	{"scan_delay", 3000.0, "milliseconds; see the detector portscan"},
	{"scan_num_ports", 10.0, "see the detector portscan"},
	{"no_mem", nil, "no meaning here: memory is bounded"},
	{"ip_filter", nil, "no meaning here: see pcap_filter"},
	{"pcap_filter", nil, "BPF filter"},
	{"promisc", 1.0, "promiscuous mode"},
	{"one_loop_less", 0.0, "no meaning here"},
	{"pcap_timeout", 1024.0, "milliseconds"},
	{"multiproc", 0.0, "no meaning here"},
	{"queue_limit", 20000.0, "no meaning here"},
	{"tcp_workarounds", 0.0, "no meaning here"},
	{"pcap_desc", nil, "no meaning here"},
	{"tcp_flow_timeout", 3600.0, "seconds"},
}

// leastParams are the least values of parameters that are numbers, where it is not 0.
var leastParams = map[string]float64{"dev_addon": -1, "n_hosts": 1, "n_tcp_streams": 1}

// textParams are the parameters that are texts when they are not NULL.
var textParams = []string{"device", "filename", "pcap_filter", "syslog"}

func nidsParam(L *glua.LState) int {
	v := vmOf(L)
	n, name := v.face(), L.CheckString(1)
	at := -1
	var names []string
	for i, p := range nidsParams {
		names = append(names, p.name)
		if p.name == name {
			at = i
		}
	}
	if at < 0 {
		unknown(L, "nids.param", name, names)
	}
	if L.GetTop() >= 2 {
		if n.inited {
			L.RaiseError("nids.param: %s must be set before nids.init", name)
		}
		n.set(L, name, nidsParams[at].def)
	}
	x, set := n.params[name]
	if !set {
		x = nidsParams[at].def
	}
	L.Push(toLua(x))
	return 1
}

// set checks and sets a parameter.
func (n *libnids) set(L *glua.LState, name string, def any) {
	_, isNumber := def.(float64)
	switch x := L.Get(2).(type) {
	case glua.LNumber:
		if !isNumber {
			L.RaiseError("nids.param: %s must be a string or nil, not a number", name)
		}
		least := leastParams[name]
		if float64(x) != math.Trunc(float64(x)) || float64(x) < least || x > math.MaxInt32 {
			L.RaiseError("nids.param: %s must be a whole number from %d to %d, not %s", name, int(least), math.MaxInt32, string(appendNumber(nil, x)))
		}
		n.params[name] = float64(x)
		if name == "n_tcp_streams" {
			n.max = max(int(x), defaultStreams)
		}
	case glua.LBool:
		if !isNumber {
			L.RaiseError("nids.param: %s must be a string or nil, not a boolean", name)
		}
		n.params[name] = map[bool]float64{true: 1, false: 0}[bool(x)]
	case glua.LString:
		if !slices.Contains(textParams, name) {
			L.RaiseError("nids.param: %s must be a number, not a string", name)
		}
		n.params[name] = string(x)
	case *glua.LNilType:
		if isNumber {
			L.RaiseError("nids.param: %s must be a number, not nil", name)
		}
		n.params[name] = nil
	default:
		L.RaiseError("nids.param: %s cannot be a %s", name, x.Type())
	}
	n.changed[name] = true
}

// NidsParams gives the parameters of libnids that scripts have set: device, filename, pcap_filter and the like.
func (rt *Runtime) NidsParams() map[string]any {
	out := map[string]any{}
	for _, v := range rt.vms {
		if v.libnids == nil {
			continue
		}
		for name := range v.libnids.changed {
			out[name] = v.libnids.params[name]
		}
	}
	return out
}

// ChecksumRule says whether checksums of packets from some addresses are checked. The first that fits decides.
type ChecksumRule struct {
	Prefix netip.Prefix
	Check  bool
}

func nidsChksumCtl(L *glua.LState) int {
	v, t := vmOf(L), L.CheckTable(1)
	v.atTop(L, "nids.chksum_ctl")
	var rules []ChecksumRule
	for i := 1; i <= min(t.Len(), maxChecksumRules); i++ {
		row, ok := t.RawGetInt(i).(*glua.LTable)
		if !ok {
			L.ArgError(1, "a list of { prefix, check } is wanted")
		}
		check := glua.LVAsBool(row.RawGetInt(2))
		text := row.RawGetInt(1).String()
		if strings.EqualFold(text, "any") || text == "0.0.0.0/0" { // libnids knows no IPv6: all
			rules = append(rules, ChecksumRule{netip.MustParsePrefix("0.0.0.0/0"), check}, ChecksumRule{netip.MustParsePrefix("::/0"), check})
			continue
		}
		p, err := netip.ParsePrefix(text)
		if ip, err2 := netip.ParseAddr(text); err != nil && err2 == nil {
			p, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		if err != nil {
			L.ArgError(1, fmt.Sprintf("%q is neither an address nor a prefix", text))
		}
		rules = append(rules, ChecksumRule{p.Masked(), check})
	}
	v.face().sums = rules
	return 0
}

// maxChecksumRules bounds the list of nids.chksum_ctl.
const maxChecksumRules = 1024

// ChecksumRules gives what scripts said with nids.chksum_ctl.
func (rt *Runtime) ChecksumRules() []ChecksumRule {
	var out []ChecksumRule
	for _, v := range rt.vms {
		if v.libnids != nil {
			out = append(out, v.libnids.sums...)
		}
	}
	return out
}

func nidsInit(L *glua.LState) int {
	v := vmOf(L)
	v.atTop(L, "nids.init")
	v.face().inited = true
	return 0
}

func nidsRun(L *glua.LState) int  { return wait(L, waitRun, "nids.run") }
func nidsNext(L *glua.LState) int { return wait(L, waitNext, "nids.next") }

// nidsDispatch waits for several events.
func nidsDispatch(L *glua.LState) int {
	n := L.CheckInt(1)
	if n < 1 && n != -1 {
		L.ArgError(1, "a number of events is wanted, from 1 on, or -1 for all")
	}
	v := vmOf(L)
	if v.main == L { // else wait raises the error
		v.batch = dispatch{want: n}
	}
	return wait(L, waitNext, "nids.dispatch")
}

// wait suspends the top level.
func wait(L *glua.LState, w waiting, what string) int {
	v := vmOf(L)
	if v.exiting {
		L.Push(smallNumbers[0])
		return 1
	}
	if v.main == nil || L != v.main {
		L.RaiseError("%s belongs at the top level of the script, not into a handler", what)
	}
	v.waiting = w
	return L.Yield()
}

func nidsGetFD(L *glua.LState) int {
	h, ok := vmOf(L).rt.host.(CaptureHost)
	if !ok {
		L.RaiseError("nids.getfd: there is no descriptor to wait on here, only in luanids run; nids.run and nids.next wait for packets themselves")
	}
	fd, err := h.FD()
	if err != nil {
		L.RaiseError("nids.getfd: %s", err.Error())
	}
	return num(L, float64(fd))
}

func streamClass() *class {
	return &class{name: "TcpStream", doc: "A TCP connection, given to handlers of nids.register_tcp.",
		fields: []memberDecl{
			{"addr", "table", "{{source, port}, {destination, port}}"},
			{"nids_state", "number", "nids.JUST_EST, DATA, CLOSE, RESET, TIMED_OUT or EXITING"},
			{"client", "HalfStream", "what the client received"},
			{"server", "HalfStream", "what the server received"},
		},
		methods: []decl{
			{name: "discard", sig: "fun(self: TcpStream, n: number)", doc: "At DATA: forgets only the first n bytes of what is collected, and keeps the rest. Without it all is forgotten.", call: func(L *glua.LState) int {
				t, n := self[*tcpStream](L, "TcpStream"), L.CheckInt(2)
				if n < 0 {
					L.ArgError(2, "a number of bytes is wanted")
				}
				t.read = min(t.read, n)
				return 0
			}},
			{name: "kill", sig: "fun(self: TcpStream): boolean, string|nil", doc: "Cuts the connection (live, with --respond).", call: streamKill},
		}}
}

func streamKill(L *glua.LState) int {
	t := self[*tcpStream](L, "TcpStream")
	h, ok := vmOf(L).rt.host.(KillHost)
	reason := "connections can be cut in a live capture only"
	if ok && t.env != nil {
		err := h.Kill(t.env, vmOf(L).prog.short())
		if err == nil {
			L.Push(glua.LTrue)
			return 1
		}
		reason = err.Error()
	}
	L.Push(glua.LFalse)
	L.Push(glua.LString(reason))
	return 2
}

// member implements membered.
func (t *tcpStream) member(_ *glua.LState, name string) glua.LValue {
	switch name {
	case "addr":
		if t.addr == nil {
			k := &t.key
			t.addr = tuple4(k.Src.Netip(), k.SrcPort, k.Dst.Netip(), k.DstPort)
		}
		return t.addr
	case "nids_state":
		return smallNumbers[t.state]
	case "client":
		return t.halves[0].object()
	case "server":
		return t.halves[1].object()
	}
	return nil
}

// path gives the member of a dotted name in one step, nil where it has to be taken step by step.
func (t *tcpStream) path(L *glua.LState, name string) glua.LValue {
	switch {
	case strings.HasPrefix(name, "client."):
		return t.halves[0].member(L, name[len("client."):])
	case strings.HasPrefix(name, "server."):
		return t.halves[1].member(L, name[len("server."):])
	}
	return t.member(L, name)
}

func (h *half) object() *glua.LUserData {
	if h.ud == nil {
		h.ud = object("HalfStream", h)
	}
	return h.ud
}

func (t *tcpStream) setMember(*glua.LState, string, glua.LValue) bool { return false }

func halfClass() *class {
	return &class{name: "HalfStream", doc: "What one side of a connection received.",
		fields: []memberDecl{
			{"collect", "boolean", "may be set: whether data is collected"},
			{"collect_urg", "boolean", "may be set: whether urgent bytes are told"},
			{"data", "string", "what is collected and not discarded"},
			{"count", "number", "bytes collected so far, discarded ones too"},
			{"count_new", "number", "bytes that are new at this call"},
			{"offset", "number", "offset of data in what was collected"},
			{"urgdata", "string", "the urgent byte that came last; it is no part of data"},
			{"count_new_urg", "number", "1 where an urgent byte is new at this call"},
			{"truncated", "boolean", "more was to be collected than a string can hold"},
		}}
}

// member implements membered.
func (h *half) member(L *glua.LState, name string) glua.LValue {
	switch name {
	case "collect":
		return glua.LBool(h.collect)
	case "collect_urg":
		return glua.LBool(h.urgent)
	case "data":
		return vmOf(L).text(h.data)
	case "count":
		return vmOf(L).number(0, int64(h.count), true)
	case "count_new":
		return vmOf(L).number(0, int64(h.countNew), true)
	case "offset":
		return vmOf(L).number(0, int64(h.offset), true)
	case "urgdata":
		if !h.urgent {
			return glua.LString("")
		}
		return vmOf(L).text([]byte{h.urgData})
	case "count_new_urg":
		return smallNumbers[h.urgNew]
	case "truncated":
		return glua.LBool(h.cut)
	}
	return nil
}

// setMember sets collect and collect_urg; numbers count as in C.
func (h *half) setMember(_ *glua.LState, name string, x glua.LValue) bool {
	on := glua.LVAsBool(x) && x != glua.LValue(glua.LNumber(0))
	switch name {
	case "collect":
		h.collect = on
	case "collect_urg":
		h.urgent = on
	default:
		return false
	}
	return true
}
