package enip

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
	"github.com/luanids/luanids/dissect/packet"
)

const (
	ts = dissect.ToServer
	tc = dissect.ToClient
)

func w16(n ...int) string {
	var b []byte
	for _, x := range n {
		b = binary.LittleEndian.AppendUint16(b, uint16(x))
	}
	return string(b)
}

func w32(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }

// encap makes an encapsulated message.
func encap(command int, session, status uint32, body string) string {
	return w16(command, len(body)) + w32(session) + w32(status) + "context " + w32(0) + body
}

func item(kind int, data string) string { return w16(kind, len(data)) + data }

// rr makes the content of SendRRData with one CIP message, unit that of SendUnitData.
func rr(cip string) string { return w32(0) + w16(0, 2) + item(0, "") + item(itemUnconnected, cip) }
func unit(sequence int, cip string) string {
	return w32(0) + w16(0, 2) + item(0xa1, w32(0xc0ffee)) + item(itemConnected, w16(sequence)+cip)
}

// ask makes a CIP request, tell a response.
func ask(service byte, path, data string) string {
	return string([]byte{service, byte(len(path) / 2)}) + path + data
}
func tell(service, status byte, extended, data string) string {
	return string([]byte{service | 0x80, 0, status, byte(len(extended) / 2)}) + extended + data
}

// multiple makes the content of a Multiple Service Packet.
func multiple(cip ...string) string {
	head, at, all := w16(len(cip)), 2+2*len(cip), ""
	for _, c := range cip {
		head += w16(at + len(all))
		all += c
	}
	return head + all
}

const identityPath = "\x20\x01\x24\x01" // class 1, instance 1

// device is the item of a device that says what it is.
func device(name string) string {
	return item(itemIdentity, w16(1)+"\x00\x02\xaf\x12\xc0\xa8\x01\x0a\x00\x00\x00\x00\x00\x00\x00\x00"+w16(1, 12, 58)+"\x04\x03"+w16(0x30)+w32(0x524d8e)+
		string([]byte{byte(len(name))})+name+"\x03")
}

func recorder(fields ...string) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Fields = fields
	return r
}

// talk feeds a client's and a server's messages in turn.
func talk(r *dissecttest.Recorder, messages ...string) *dissecttest.Recorder {
	dir := ts
	for _, m := range messages {
		r.Data(dir, m)
		dir = dir.Rev()
	}
	return r
}

var conversation = []string{
	encap(cmdListServices, 0, 0, ""), encap(cmdListServices, 0, 0, w16(1)+item(itemServices, w16(1, 0x120)+"Communications\x00\x00")),
	encap(cmdListIdentity, 0, 0, ""), encap(cmdListIdentity, 0, 0, w16(1)+device("1756-ENBT/A")),
	encap(cmdListInterfaces, 0, 0, ""), encap(cmdListInterfaces, 0, 0, w16(0)),
	encap(cmdRegisterSession, 0, 0, w16(1, 0)), encap(cmdRegisterSession, 7, 0, w16(1, 0)),
	encap(cmdSendRRData, 7, 0, rr(ask(0x0e, identityPath+"\x30\x07", ""))), encap(cmdSendRRData, 7, 0, rr(tell(0x0e, 0, "", "name"))),
	encap(cmdSendUnitData, 7, 0, unit(9, ask(svcMultiple, "\x20\x02\x24\x01", multiple(ask(svcGetAttributeList, "\x21\x00\x6b\x00\x25\x00\x34\x12", w16(2, 3, 8)),
		ask(0x4d, "\x91\x03Tag\x00", "\xc3\x00\x01\x00\x2a\x00"), ask(svcSetAttributeList, "\x22\x00\x01\x00\x01\x00", w16(1, 4, 0)))))),
	encap(cmdSendUnitData, 7, 0, unit(9, tell(svcMultiple, 0x1e, "", multiple(tell(svcGetAttributeList, 0, "", ""), tell(0x4d, 5, "\x00\x01\x34\x12", ""), tell(svcSetAttributeList, 0xff, "", ""))))),
	encap(cmdUnregister, 7, 0, ""),
}

func TestConversation(t *testing.T) {
	const want = `enip.message to_server enip.command_name="list_services" enip.session=0
enip.message to_client enip.capabilities=288 enip.command_name="list_services" enip.protocol_version=1 enip.service_name="Communications\x00\x00" enip.session=0
enip.tx to_client enip.capabilities=288 enip.command_name="list_services" enip.protocol_version=1 enip.service_name="Communications\x00\x00" enip.session=0
enip.message to_server enip.command_name="list_identity" enip.session=0
enip.message to_client enip.command_name="list_identity" enip.device="Communications Adapter" enip.identity_status=48 enip.product_code=58 enip.product_name="1756-ENBT/A" enip.protocol_version=1 enip.revision=1027 enip.serial=5393806 enip.session=0 enip.state=3 enip.vendor="Rockwell Automation/Allen-Bradley"
enip.tx to_client enip.command_name="list_identity" enip.device="Communications Adapter" enip.identity_status=48 enip.product_code=58 enip.product_name="1756-ENBT/A" enip.protocol_version=1 enip.revision=1027 enip.serial=5393806 enip.session=0 enip.state=3 enip.vendor="Rockwell Automation/Allen-Bradley"
enip.message to_server enip.command_name="list_interfaces" enip.session=0
enip.message to_client enip.command_name="list_interfaces" enip.session=0
enip.tx to_client enip.command_name="list_interfaces" enip.session=0
enip.message to_server enip.command_name="register_session" enip.protocol_version=1 enip.session=0
enip.message to_client enip.command_name="register_session" enip.protocol_version=1 enip.session=7
enip.tx to_client enip.command_name="register_session" enip.protocol_version=1 enip.session=7
enip.message to_server enip.cip_attribute=[7] enip.cip_call=["14,1" "14,1,7"] enip.cip_class=[1] enip.cip_instance=[1] enip.cip_service=[14] enip.command_name="send_rr_data" enip.session=7
enip.message to_client enip.cip_attribute=[7] enip.cip_class=[1] enip.cip_instance=[1] enip.cip_service=[14] enip.cip_status=[0] enip.command_name="send_rr_data" enip.session=7
enip.tx to_client enip.cip_attribute=[7] enip.cip_class=[1] enip.cip_instance=[1] enip.cip_service=[14] enip.cip_status=[0] enip.command_name="send_rr_data" enip.session=7
enip.message to_server enip.cip_attribute=[3 8 4] enip.cip_call=["10,2" "3,107" "3,107,3" "3,107,8" "4,65537" "4,65537,4"] enip.cip_class=[2 107 65537] enip.cip_instance=[1 4660] enip.cip_service=[10 3 77 4] enip.cip_symbol=["Tag"] enip.command_name="send_unit_data" enip.session=7
enip.message to_client enip.cip_attribute=[3 8 4] enip.cip_class=[2 107 65537] enip.cip_extendedstatus=[256] enip.cip_instance=[1 4660] enip.cip_service=[10 3 77 4] enip.cip_status=[30 0 5 255] enip.cip_symbol=["Tag"] enip.command_name="send_unit_data" enip.session=7
enip.tx to_client enip.cip_attribute=[3 8 4] enip.cip_class=[2 107 65537] enip.cip_extendedstatus=[256] enip.cip_instance=[1 4660] enip.cip_service=[10 3 77 4] enip.cip_status=[30 0 5 255] enip.cip_symbol=["Tag"] enip.command_name="send_unit_data" enip.session=7
enip.message to_server enip.command_name="unregister_session" enip.session=7
enip.tx to_server enip.command_name="unregister_session" enip.session=7
`
	fields := []string{"enip.command_name", "enip.session", "enip.protocol_version", "enip.capabilities", "enip.service_name", "enip.vendor", "enip.device", "enip.product_code",
		"enip.product_name", "enip.revision", "enip.identity_status", "enip.serial", "enip.state", "enip.cip_service", "enip.cip_call", "enip.cip_class", "enip.cip_instance",
		"enip.cip_attribute", "enip.cip_symbol", "enip.cip_status", "enip.cip_extendedstatus"}
	r := recorder(fields...)
	if got := talk(r, conversation...).End(dissect.EndFIN); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for i, want := range map[int]string{
		0: `{"enip":{"request":{"command":"list_services","status":"success"},"response":{"command":"list_services","status":"success","list_services":{"protocol_version":1,"capabilities":288,"service_name":"Communications\u0000\u0000"}}}}`,
		1: `{"enip":{"request":{"command":"list_identity","status":"success"},"response":{"command":"list_identity","status":"success","identity":{"protocol_version":1,"revision":"4.3","vendor_id":"Rockwell Automation/Allen-Bradley","device_type":"Communications Adapter","product_code":58,"status":48,"serial":5393806,"product_name":"1756-ENBT/A","state":3}}}}`,
		3: `{"enip":{"request":{"command":"register_session","status":"success","register_session":{"protocol_version":1,"options":0}},"response":{"command":"register_session","status":"success","register_session":{"protocol_version":1,"options":0}}}}`,
		4: `{"enip":{"request":{"command":"send_rr_data","status":"success","cip":{"service":"Get Attributes Single","path":[{"segment_type":"class","value":1},{"segment_type":"instance","value":1},{"segment_type":"attribute","value":7}],"class_name":"Identity"}},"response":{"command":"send_rr_data","status":"success","cip":{"service":"Get Attributes Single","status":"Success"}}}}`,
		5: `{"enip":{"request":{"command":"send_unit_data","status":"success","cip":{"service":"Multiple Service Packet","path":[{"segment_type":"class","value":2},{"segment_type":"instance","value":1}],"class_name":"Message Router","multiple":[` +
			`{"service":"Get Attribute List","path":[{"segment_type":"class","value":107},{"segment_type":"instance","value":4660}],"class_name":"unknown-107"},{"service":"Write Data"},` +
			`{"service":"Set Attribute List","path":[{"segment_type":"class","value":65537}],"class_name":"unknown-65537"}]}},` +
			`"response":{"command":"send_unit_data","status":"success","cip":{"service":"Multiple Service Packet","status":"Embedded Service Error","multiple":[{"service":"Get Attribute List","status":"Success"},` +
			`{"service":"Write Data","status":"Path Destination Unknown","status_extended":"0001","status_extended_meaning":"Connection in use or duplicate Forward Open"},{"service":"Set Attribute List","status":"Still Processing"}]}}}}`,
		6: `{"enip":{"request":{"command":"unregister_session","status":"success"}}}`,
	} {
		if r.Records[i] != want {
			t.Errorf("record %d: %s\nwant %s", i, r.Records[i], want)
		}
	}
	slow := recorder(fields...)
	for i, m := range conversation {
		slow.Trickle(dissect.Dir(i&1), m)
	}
	if got := slow.End(dissect.EndFIN); got != want {
		t.Errorf("a byte at a time:\n%s", got)
	}
}

// TestTransactions checks which response belongs to which request.
func TestTransactions(t *testing.T) {
	get := ask(0x0e, identityPath, "")
	ok := tell(0x0e, 0, "", "")
	one, two := encap(cmdSendUnitData, 7, 0, unit(1, get)), encap(cmdSendUnitData, 7, 0, unit(2, get))
	for name, c := range map[string]struct{ client, server, want string }{
		"in order":        {one + two, encap(cmdSendUnitData, 7, 0, unit(1, ok)) + encap(cmdSendUnitData, 7, 0, unit(2, ok)), "both both"},
		"the second only": {one + two, encap(cmdSendUnitData, 7, 0, unit(2, ok)), "request both"},
		"another session": {one, encap(cmdSendUnitData, 8, 0, unit(1, ok)), "request response"},
		"another command": {one, encap(cmdListServices, 7, 0, ""), "request response"},
		"no CIP":          {one, encap(cmdSendUnitData, 7, 0, ""), "request response"},
		"refused":         {one, encap(cmdSendUnitData, 7, 0x64, ""), "both"},
		"no sequence":     {encap(cmdSendRRData, 7, 0, rr(get)), encap(cmdSendRRData, 7, 0, rr(ok)), "both"},
		"response alone":  {"", encap(cmdSendRRData, 7, 0, rr(ok)), "response"},
		"never answered":  {one + two, "", "request request"},
	} {
		r := recorder("none")
		r.Data(ts, c.client).Data(tc, c.server).End(dissect.EndFIN)
		var kinds []string
		for _, rec := range r.Records {
			req, resp := strings.Contains(rec, `"request"`), strings.Contains(rec, `"response"`)
			kinds = append(kinds, map[[2]bool]string{{true, true}: "both", {true, false}: "request", {false, true}: "response"}[[2]bool{req, resp}])
		}
		if got := strings.Join(kinds, " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestBroken checks what is reported, and that what comes after is read.
func TestBroken(t *testing.T) {
	get := ask(0x0e, identityPath, "")
	for name, c := range map[string]struct {
		message string
		invalid bool
	}{
		"path that is too long":       {encap(cmdSendRRData, 7, 0, rr("\x0e\x09\x20\x01")), true},
		"half a segment":              {encap(cmdSendRRData, 7, 0, rr("\x0e\x01\x21\x01")), true},
		"segment of no format":        {encap(cmdSendRRData, 7, 0, rr("\x0e\x01\x23\x01")), true},
		"item that is too long":       {encap(cmdSendRRData, 7, 0, w32(0)+w16(0, 1, itemUnconnected, 99)), true},
		"more items than there are":   {encap(cmdSendRRData, 7, 0, w32(0)+w16(0, 9)+item(0, "")), true},
		"no items":                    {encap(cmdSendRRData, 7, 0, ""), true},
		"offset behind the end":       {encap(cmdSendRRData, 7, 0, rr(ask(svcMultiple, identityPath, w16(1, 500)))), true},
		"fewer offsets than it says":  {encap(cmdSendRRData, 7, 0, rr(ask(svcMultiple, identityPath, w16(9, 4)))), true},
		"broken message in a packet":  {encap(cmdSendRRData, 7, 0, rr(ask(svcMultiple, identityPath, multiple(get, "\x0e")))), true},
		"short RegisterSession":       {encap(cmdRegisterSession, 0, 0, "\x01"), true},
		"short identity":              {encap(cmdListIdentity, 0, 0, w16(1)+item(itemIdentity, "short")), true},
		"name longer than its item":   {encap(cmdListIdentity, 0, 0, w16(1)+item(itemIdentity, strings.Repeat("\xff", 34))), true},
		"short service":               {encap(cmdListServices, 0, 0, w16(1)+item(itemServices, "short")), true},
		"key in the path":             {encap(cmdSendRRData, 7, 0, rr(ask(0x0e, "\x34\x04\x01\x00\x0c\x00\x3a\x00\x84\x03"+identityPath, ""))), false},
		"port, network, data":         {encap(cmdSendRRData, 7, 0, rr(ask(0x0e, "\x01\x00\x15\x03abc\x00\x43\x01\x80\x01xx\x62ab\x00"+identityPath, ""))), false},
		"command without a name":      {encap(0x1234, 7, 0, "content"), false},
		"packet in a packet":          {encap(cmdSendRRData, 7, 0, rr(ask(svcMultiple, identityPath, multiple(ask(svcMultiple, identityPath, "\xff\xff"))))), false},
		"more messages than are read": {encap(cmdSendRRData, 7, 0, rr(ask(svcMultiple, identityPath, w16(maxMessages+9)+strings.Repeat(w16(2*maxMessages+20), maxMessages+9)+get))), false},
	} {
		r := recorder("enip.command")
		got := r.Data(ts, c.message+encap(cmdUnregister, 7, 0, "")).End(dissect.EndFIN)
		if strings.Contains(got, "anomaly enip.invalid_pdu\n") != c.invalid || !strings.Contains(got, "enip.message to_server enip.command=102\n") {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
}

func TestGap(t *testing.T) {
	r := recorder("enip.command")
	r.Data(ts, encap(cmdRegisterSession, 0, 0, w16(1, 0))[:10]).Gap(ts, 20).Data(ts, "rest of it").Data(ts, encap(cmdUnregister, 7, 0, ""))
	r.Gap(ts, 9).Trickle(ts, encap(cmdUnregister, 7, 0, ""))
	if got, want := r.Text(), strings.Repeat("enip.message to_server enip.command=102\n", 2); got != want {
		t.Errorf("after gaps:\n%s", got)
	}
}

func TestDatagrams(t *testing.T) {
	r := recorder("enip.command")
	r.Ctx.Flow.Key.Proto = packet.ProtoUDP
	r.Data(ts, encap(cmdListIdentity, 0, 0, "")[:20]).Data(ts, encap(cmdListIdentity, 0, 0, "")+"padding")
	r.Data(tc, encap(cmdListIdentity, 0, 0, w16(1)+device("x")))
	const want = "enip.message to_server enip.command=99\nenip.message to_client enip.command=99\nenip.tx to_client enip.command=99\n"
	if got := r.End(dissect.EndTimeout); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	r = dissecttest.New(IOSpec())
	r.Data(ts, ioHead+w32(0xc0de)+w32(5)+item(itemConnected, "\x01\x02")).Data(tc, "something else")
	if got := r.End(dissect.EndTimeout); got != "enip_io.datagram to_server enip_io.connection=49374 enip_io.data=\"\\x01\\x02\" enip_io.sequence=5\n" || len(r.Records) > 0 {
		t.Errorf("I/O: got\n%s", got)
	}
}

func TestCaps(t *testing.T) {
	r := recorder("none")
	r.Ctx.Limits.Settings = map[string]string{"enip.max-tx": "3"}
	for range 4 {
		r.Data(ts, encap(cmdNop, 0, 0, ""))
	}
	if n := strings.Count(r.Text(), "anomaly enip.too_many_transactions"); n != 1 || len(r.Records) != 3 || strings.Count(r.Text(), "enip.message ") != 4 {
		t.Errorf("%d times too many, %d logged, or the last message was not told:\n%s", n, len(r.Records), r.Text())
	}
	r = recorder("none")
	big := encap(cmdSendRRData, 7, 0, rr(ask(svcGetAttributeList, identityPath, w16(1024)+strings.Repeat("xx", 1024))))
	for range 1000 {
		r.Data(ts, big)
	}
	if !strings.Contains(r.Text(), "anomaly enip.too_many_transactions") || r.Capped["transactions"] == 0 || r.Capped["content"] > 0 {
		t.Errorf("requests of 2 kB each are kept without end: %v", r.Capped)
	}
	long := encap(cmdSendRRData, 7, 0, rr(ask(svcGetAttributeList, identityPath, w16(3000)+strings.Repeat("xx", 3000))))
	if r.Data(ts, long); r.Capped["content"] != 1 {
		t.Errorf("counted: %v", r.Capped)
	}
	r.End(dissect.EndFIN)
	if got := r.Text(); strings.Count(got, "enip.tx ") != strings.Count(got, "enip.message ") {
		t.Error("transactions were lost")
	}
}

func TestFrames(t *testing.T) {
	r := recorder("enip.frame.hdr", "enip.frame.data", "enip.frame.pdu", "enip.frame.cip", "enip.frame.enip.item")
	r.Ctx.Limits.Frames = true
	inner := ask(0x0e, identityPath, "")
	cip := ask(svcMultiple, identityPath, multiple(inner, inner))
	m := encap(cmdSendUnitData, 7, 0, unit(1, cip))
	r.Data(ts, m)
	var lengths []string
	for _, l := range r.Lines {
		if name, v, ok := strings.Cut(strings.TrimPrefix(l, "enip.frame to_server enip.frame."), "="); ok && strings.HasPrefix(l, "enip.frame ") {
			lengths = append(lengths, name)
			if (name == "cip") && !strings.HasPrefix(v, `"\n`) && !strings.HasPrefix(v, `"\x0e`) {
				t.Errorf("frame %s", l)
			}
		}
	}
	if got, want := strings.Join(lengths, " "), "hdr data pdu enip.item enip.item cip cip cip"; got != want {
		t.Errorf("frames %s, want %s", got, want)
	}
	if r.Lines[len(r.Lines)-1] != "enip.message to_server" {
		t.Errorf("last %s", r.Lines[len(r.Lines)-1])
	}
}

func TestProbe(t *testing.T) {
	register := encap(cmdRegisterSession, 0, 0, w16(1, 0))
	get, got := rr(ask(0x0e, identityPath, "")), rr(tell(0x0e, 0, "", ""))
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{ts, register, true, dissect.Yes},
		{ts, register, false, dissect.Yes},
		{ts, register[:20], false, dissect.More},
		{ts, encap(cmdRegisterSession, 5, 0, w16(1, 0)), true, dissect.Reversed},
		{ts, encap(cmdListServices, 0, 0, ""), true, dissect.Yes},
		{ts, encap(cmdListServices, 0, 0, ""), false, dissect.No},
		{ts, encap(cmdListIdentity, 0, 0, ""), false, dissect.Yes},
		{tc, encap(cmdListIdentity, 0, 0, w16(1)+device("x")), false, dissect.Yes},
		{ts, encap(cmdListIdentity, 0, 0, w16(1)+device("x")), false, dissect.Reversed},
		{ts, encap(cmdSendRRData, 7, 0, get), false, dissect.Yes},
		{tc, encap(cmdSendRRData, 7, 0, get), true, dissect.Reversed},
		{ts, encap(cmdSendRRData, 7, 0, got), true, dissect.Reversed},
		{ts, encap(cmdSendRRData, 7, 1, ""), true, dissect.Reversed},
		{ts, encap(0x1234, 0, 0, ""), true, dissect.No},
		{ts, encap(cmdListServices, 0, 77, ""), true, dissect.No},
		{ts, strings.Repeat("\x00", 40), true, dissect.Yes},
		{ts, strings.Repeat("\x00", 40), false, dissect.No},
		{ts, "GET / HTTP/1.1\r\nHost: a.example\r\n", true, dissect.No},
		{ts, "c\x00o\x00n\x00t\x00e\x00n\x00t\x00 \x00o\x00f\x00 \x00a\x00 \x00", false, dissect.No},
	} {
		if got := probeTCP(c.dir, []byte(c.data), c.hint); got != c.want {
			t.Errorf("%s %q: %v, want %v", c.dir, c.data, got, c.want)
		}
	}
	for data, want := range map[string]dissect.Verdict{
		encap(cmdListIdentity, 0, 0, ""):                       dissect.Yes,
		encap(cmdListIdentity, 0, 0, "")[:23]:                  dissect.No,
		encap(cmdListIdentity, 0, 0, "") + "x":                 dissect.No,
		ioHead + w32(1) + w32(2) + item(itemConnected, "data"): dissect.No,
	} {
		if got := probeUDP(ts, []byte(data), false); got != want {
			t.Errorf("datagram %q: %v, want %v", data, got, want)
		}
	}
	for data, want := range map[string]dissect.Verdict{
		ioHead + w32(1) + w32(2) + item(itemConnected, "data"):   dissect.Yes,
		ioHead + w32(1) + w32(2) + item(itemConnected, ""):       dissect.Yes,
		ioHead + w32(1) + w32(2) + w16(itemConnected, 5) + "x":   dissect.No,
		ioHead + w32(1) + w32(2) + item(itemUnconnected, "data"): dissect.No,
		ioHead: dissect.No,
	} {
		if got := probeIO(ts, []byte(data), true); got != want {
			t.Errorf("I/O %q: %v, want %v", data, got, want)
		}
	}
}

// TestCapture reads what nmap, a panel and a controller say.
func TestCapture(t *testing.T) {
	flows, err := replay.File("../../testdata/captures/enip_controller.pcap", Spec, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all, records := "", 0
	for _, f := range flows {
		all += f.Text()
		records += len(f.Records)
	}
	for _, want := range []string{`enip.device="Programmable Logic Controller"`, `enip.product_name="Kiln controller 7"`, `enip.service_name="Communications\x00\x00"`,
		`enip.cip_symbol=["Kiln_Set" "Nothing"]`, `enip.cip_status=[30 0 0 5]`, `enip.cip_extendedstatus=[276]`, `enip.status_name="invalid_session"`,
		`enip.cip_call=["3,1" "3,1,1" "3,1,6"]`, `enip.cip_service_name=["Forward Open"]`, `enip.cip_call=["5,107"]`} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	if strings.Contains(all, "anomaly") || len(flows) != 4 || records != 19 {
		t.Errorf("%d flows, %d records, or an anomaly in\n%s", len(flows), records, all)
	}
	if flows, err = replay.File("../../testdata/captures/enip_controller.pcap", IOSpec, replay.Options{}); err != nil || len(flows) != 1 ||
		strings.Count(flows[0].Text(), "enip_io.datagram ") != 40 {
		t.Errorf("I/O: %d flows, %v", len(flows), err)
	}
}

func TestNoAllocations(t *testing.T) {
	r := recorder()
	r.Quiet = true
	messages := make([][]byte, len(conversation))
	for i, m := range conversation[:len(conversation)-1] {
		messages[i] = []byte(m)
	}
	all := func() {
		for i, m := range messages {
			r.Bytes(dissect.Dir(i&1), m)
		}
	}
	all()
	if n := testing.AllocsPerRun(50, all); n > 0 {
		t.Errorf("%v allocations for a conversation, want none", n)
	}
	tx := new(Tx)
	tx.request.read([]byte(conversation[10]), false)
	tx.response.read([]byte(conversation[11]), false)
	if names := dissecttest.FieldAllocs(Spec(), tx); len(names) > 0 {
		t.Errorf("these fields allocate: %v", names)
	}
	device := new(Tx)
	device.response.read([]byte(conversation[3]), false)
	if names := dissecttest.FieldAllocs(Spec(), device); len(names) > 0 {
		t.Errorf("these fields allocate: %v", names)
	}
	c := Spec().Clone(tx).(*Tx)
	tx.reset()
	if v, ok := c.request.call(2); string(v) != "3,107,3" || !ok || string(c.request.at(c.request.symbols[0])) != "Tag" || c.response.messages[2].status != 5 {
		t.Errorf("the copy lost something: %q", v)
	}
	if m := IOSpec().Clone(&IO{data: []byte("x")}).(*IO); string(m.data) != "x" {
		t.Errorf("the copy of a datagram: %q", m.data)
	}
}

func TestVendors(t *testing.T) {
	if m := vendors(); len(m) < 1300 || m[1] != "Rockwell Automation/Allen-Bradley" || m[1251] != "Siemens AG" {
		t.Errorf("%d names of manufacturers, 1 is %q, 1251 %q", len(m), m[1], m[1251])
	}
}

func BenchmarkMultiple(b *testing.B) {
	r := recorder()
	r.Quiet = true
	client, server := []byte(conversation[10]), []byte(conversation[11])
	b.SetBytes(int64(len(client) + len(server)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(ts, client)
		r.Bytes(tc, server)
	}
}

func FuzzENIP(f *testing.F) {
	for i := 0; i+1 < len(conversation); i += 2 {
		f.Add([]byte(conversation[i]), []byte(conversation[i+1]), i == 2)
	}
	f.Add([]byte(encap(cmdSendRRData, 7, 0, rr(ask(0x54, "\x20\x06\x24\x01", "\x0a\x0e")))), []byte(encap(cmdSendRRData, 7, 0, rr(tell(0x54, 1, "\x00\x01", "")))), false)
	f.Fuzz(func(t *testing.T, client, server []byte, udp bool) {
		for _, hint := range []bool{false, true} {
			if len(client) > 0 {
				probeTCP(ts, client, hint)
				probeUDP(ts, client, hint)
				probeIO(ts, client, hint)
			}
		}
		r := recorder()
		r.Ctx.Limits.Frames = true
		if udp {
			r.Ctx.Flow.Key.Proto = packet.ProtoUDP
		}
		r.Bytes(ts, client)
		r.Bytes(tc, server)
		r.Gap(ts, 5)
		r.Bytes(ts, client)
		r.Trickle(tc, string(server))
		r.End(dissect.EndFIN)
		if messages, ended := strings.Count(r.Text(), "enip.message "), strings.Count(r.Text(), "enip.tx "); ended > messages || messages > 2*ended {
			t.Errorf("%d messages, and %d transactions ended", messages, ended)
		}
	})
}
