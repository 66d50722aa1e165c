package modbus

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

const (
	ts = dissect.ToServer
	tc = dissect.ToClient
)

// w16 makes numbers of 16 bits.
func w16(n ...int) string {
	var b []byte
	for _, x := range n {
		b = binary.BigEndian.AppendUint16(b, uint16(x))
	}
	return string(b)
}

// adu makes a message: its header, the unit 1, a function and what follows.
func adu(transaction int, function byte, body string) string {
	return w16(transaction, 0, len(body)+2) + "\x01" + string([]byte{function}) + body
}

func recorder(fields ...string) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Fields = fields
	return r
}

// talk feeds a client's and a server's messages in turn.
func talk(r *dissecttest.Recorder, messages ...string) *dissecttest.Recorder {
	for i, m := range messages {
		r.Data(dissect.Dir(i&1), m)
	}
	return r
}

// conversation has a request of each kind with its response, and each record.
var conversation = []struct{ request, response, record string }{
	{adu(1, 1, w16(0x13, 19)), adu(1, 1, "\x03\xcd\x6b\x05"),
		`"request":{"transaction_id":1,"protocol_id":0,"unit_id":1,"function_raw":1,"function_code":"RdCoils","access_type":"READ | COILS","category":"PUBLIC_ASSIGNED","error_flags":"NONE","read":{"address":19,"quantity":19}},` +
			`"response":{"transaction_id":1,"protocol_id":0,"unit_id":1,"function_raw":1,"function_code":"RdCoils","access_type":"READ | COILS","category":"PUBLIC_ASSIGNED","error_flags":"NONE","read":{"data":"\\xcdk\u0005"}}`},
	{adu(2, 3, w16(0x6b, 3)), adu(2, 3, "\x06"+w16(0x4141, 0x4242, 0x64)),
		`"request":{"transaction_id":2,"protocol_id":0,"unit_id":1,"function_raw":3,"function_code":"RdHoldRegs","access_type":"READ | HOLDING","category":"PUBLIC_ASSIGNED","error_flags":"NONE","read":{"address":107,"quantity":3}},` +
			`"response":{"transaction_id":2,"protocol_id":0,"unit_id":1,"function_raw":3,"function_code":"RdHoldRegs","access_type":"READ | HOLDING","category":"PUBLIC_ASSIGNED","error_flags":"NONE","read":{"data":"AABB\u0000d"}}`},
	{adu(3, 5, w16(0xac, 0xff00)), adu(3, 5, w16(0xac, 0xff00)),
		`"request":{"transaction_id":3,"protocol_id":0,"unit_id":1,"function_raw":5,"function_code":"WrSingleCoil","access_type":"WRITE | COILS | SINGLE | WRITE_SINGLE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","write":{"address":172,"data":65280}},` +
			`"response":{"transaction_id":3,"protocol_id":0,"unit_id":1,"function_raw":5,"function_code":"WrSingleCoil","access_type":"WRITE | COILS | SINGLE | WRITE_SINGLE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","write":{"address":172,"data":65280}}`},
	{adu(4, 15, w16(19, 10)+"\x02\xcd\x01"), adu(4, 15, w16(19, 10)),
		`"request":{"transaction_id":4,"protocol_id":0,"unit_id":1,"function_raw":15,"function_code":"WrMultCoils","access_type":"WRITE | COILS | MULTIPLE | WRITE_MULTIPLE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","write":{"address":19,"quantity":10,"data":"\\xcd\u0001"}},` +
			`"response":{"transaction_id":4,"protocol_id":0,"unit_id":1,"function_raw":15,"function_code":"WrMultCoils","access_type":"WRITE | COILS | MULTIPLE | WRITE_MULTIPLE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","write":{"address":19,"data":10}}`},
	{adu(5, 16, w16(1, 2)+"\x04"+w16(10, 258)), adu(5, 16, w16(1, 2)),
		`"request":{"transaction_id":5,"protocol_id":0,"unit_id":1,"function_raw":16,"function_code":"WrMultRegs","access_type":"WRITE | HOLDING | MULTIPLE | WRITE_MULTIPLE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","write":{"address":1,"quantity":2,"data":"\u0000\n\u0001\u0002"}},` +
			`"response":{"transaction_id":5,"protocol_id":0,"unit_id":1,"function_raw":16,"function_code":"WrMultRegs","access_type":"WRITE | HOLDING | MULTIPLE | WRITE_MULTIPLE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","write":{"address":1,"data":2}}`},
	{adu(6, 22, w16(4, 0xf2, 0x25)), adu(6, 22, w16(4, 0xf2, 0x25)),
		`"request":{"transaction_id":6,"protocol_id":0,"unit_id":1,"function_raw":22,"function_code":"MaskWrReg","access_type":"WRITE | HOLDING","category":"PUBLIC_ASSIGNED","error_flags":"NONE","write":{"address":4,"and_mask":242,"or_mask":37}},` +
			`"response":{"transaction_id":6,"protocol_id":0,"unit_id":1,"function_raw":22,"function_code":"MaskWrReg","access_type":"WRITE | HOLDING","category":"PUBLIC_ASSIGNED","error_flags":"NONE","write":{"address":4,"and_mask":242,"or_mask":37}}`},
	{adu(7, 23, w16(3, 2, 14, 1)+"\x02AB"), adu(7, 23, "\x04"+w16(254, 2765)),
		`"request":{"transaction_id":7,"protocol_id":0,"unit_id":1,"function_raw":23,"function_code":"RdWrMultRegs","access_type":"READ | WRITE | HOLDING | MULTIPLE | WRITE_MULTIPLE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","read":{"address":3,"quantity":2},"write":{"address":14,"quantity":1,"data":"AB"}},` +
			`"response":{"transaction_id":7,"protocol_id":0,"unit_id":1,"function_raw":23,"function_code":"RdWrMultRegs","access_type":"READ | WRITE | HOLDING | MULTIPLE | WRITE_MULTIPLE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","read":{"data":"\u0000\\xfe\n\\xcd"}}`},
	{adu(8, 8, w16(0, 0x4142)), adu(8, 8, w16(0, 0x4142)),
		`"request":{"transaction_id":8,"protocol_id":0,"unit_id":1,"function_raw":8,"function_code":"Diagnostic","access_type":"NONE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","diagnostic":{"raw":0,"code":"RetQueryData","data":"AB"}},` +
			`"response":{"transaction_id":8,"protocol_id":0,"unit_id":1,"function_raw":8,"function_code":"Diagnostic","access_type":"NONE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","diagnostic":{"raw":0,"code":"RetQueryData","data":"AB"}}`},
	{adu(9, 43, "\x0e\x01\x00"), adu(9, 43, "\x0e\x01\x01\x00\x00\x01\x00\x04Acme"),
		`"request":{"transaction_id":9,"protocol_id":0,"unit_id":1,"function_raw":43,"function_code":"MEI","access_type":"NONE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","mei":{"raw":14,"code":"RdDevId","data":"\u0001\u0000"}},` +
			`"response":{"transaction_id":9,"protocol_id":0,"unit_id":1,"function_raw":43,"function_code":"MEI","access_type":"NONE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","mei":{"raw":14,"code":"RdDevId","data":"\u0001\u0001\u0000\u0000\u0001\u0000\u0004Acme"}}`},
	{adu(10, 17, ""), adu(10, 17, "\x02\x7f\xff"),
		`"request":{"transaction_id":10,"protocol_id":0,"unit_id":1,"function_raw":17,"function_code":"ReportServerID","access_type":"NONE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","data":""},` +
			`"response":{"transaction_id":10,"protocol_id":0,"unit_id":1,"function_raw":17,"function_code":"ReportServerID","access_type":"NONE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","data":"\u0002\u007f\\xff"}`},
	{adu(11, 6, w16(1, 3)), adu(11, 0x86, "\x02"),
		`"request":{"transaction_id":11,"protocol_id":0,"unit_id":1,"function_raw":6,"function_code":"WrSingleReg","access_type":"WRITE | HOLDING | SINGLE | WRITE_SINGLE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","write":{"address":1,"data":3}},` +
			`"response":{"transaction_id":11,"protocol_id":0,"unit_id":1,"function_raw":134,"function_code":"WrSingleReg","access_type":"WRITE | HOLDING | SINGLE | WRITE_SINGLE","category":"PUBLIC_ASSIGNED","error_flags":"NONE","exception":{"raw":2,"code":"IllegalDataAddr"}}`},
	{adu(12, 100, "x"), adu(12, 100, "y"),
		`"request":{"transaction_id":12,"protocol_id":0,"unit_id":1,"function_raw":100,"function_code":"Unknown","access_type":"NONE","category":"USER_DEFINED","error_flags":"NONE","data":"x"},` +
			`"response":{"transaction_id":12,"protocol_id":0,"unit_id":1,"function_raw":100,"function_code":"Unknown","access_type":"NONE","category":"USER_DEFINED","error_flags":"NONE","data":"y"}`},
}

func TestRecords(t *testing.T) {
	r, slow := recorder("none"), recorder("none")
	for _, c := range conversation {
		talk(r, c.request, c.response)
		slow.Trickle(ts, c.request).Trickle(tc, c.response)
	}
	r.End(dissect.EndFIN)
	if len(r.Records) != len(conversation) || strings.Contains(r.Text(), "anomaly") {
		t.Fatalf("%d records:\n%s", len(r.Records), r.Text())
	}
	for i, c := range conversation {
		_, got, _ := strings.Cut(r.Records[i], ",")
		if want := c.record + "}}"; got != want {
			t.Errorf("record %d\n got %s\nwant %s", i, got, want)
		}
	}
	if got := slow.End(dissect.EndFIN); got != r.Text() {
		t.Errorf("a byte at a time:\n%s", got)
	}
}

// TestFields checks what rules see of requests and their responses.
func TestFields(t *testing.T) {
	for i, want := range map[int]string{
		0:  `modbus.response to_client modbus.access=["read"] modbus.address.first=20 modbus.address.last=38 modbus.category="assigned" modbus.function=1 modbus.function.name="RdCoils" modbus.got.address=[20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38] modbus.got.value=[1 0 1 1 0 0 1 1 1 1 0 1 0 1 1 0 1 0 1] modbus.protocol_id=0 modbus.read.address=19 modbus.read.quantity=19 modbus.request.data="\x00\x13\x00\x13" modbus.response.data="\x03\xcdk\x05" modbus.table="coils" modbus.transaction_id=1 modbus.unit_id=1`,
		1:  `modbus.got.address=[108 109 110] modbus.got.value=[16705 16962 100]`,
		2:  `modbus.write.address=172 modbus.written.address=[173] modbus.written.value=[1]`,
		3:  `modbus.write.quantity=10 modbus.written.address=[20 21 22 23 24 25 26 27 28 29] modbus.written.value=[1 0 1 1 0 0 1 1 1 0]`,
		5:  `modbus.table="holding" modbus.transaction_id=6 modbus.unit_id=1 modbus.write.address=4 modbus.write.and_mask=242 modbus.write.or_mask=37`,
		6:  `modbus.access=["read" "write"] modbus.address.first=15 modbus.address.last=15 modbus.category="assigned" modbus.function=23 modbus.function.name="RdWrMultRegs" modbus.got.address=[4 5] modbus.got.value=[254 2765]`,
		7:  `modbus.subfunction=0 modbus.subfunction.name="RetQueryData"`,
		8:  `modbus.mei=14 modbus.mei.name="RdDevId"`,
		10: `modbus.exception=2 modbus.exception.name="IllegalDataAddr"`,
		11: `modbus.category="user" modbus.function=100 modbus.protocol_id=0`,
	} {
		r := talk(recorder(), conversation[i].request, conversation[i].response)
		if len(r.Lines) != 3 || !strings.Contains(r.Lines[1], want) {
			t.Errorf("conversation %d: got\n%swant %s", i, r.Text(), want)
		}
	}
}

// TestFaults checks what is wrong with messages, and that the one behind them is read.
func TestFaults(t *testing.T) {
	ask, tell := adu(1, 3, w16(0, 2)), adu(1, 3, "\x04"+w16(1, 2))
	for name, c := range map[string]struct{ client, server, events string }{
		"nothing":                      {ask, tell, ""},
		"another protocol":             {w16(1, 1, 6) + "\x01\x03" + w16(0, 2), "", "invalid_protocol_id"},
		"length of one":                {w16(1, 0, 1) + "\x01", "", "invalid_length"},
		"no function":                  {adu(1, 0, ""), "", "invalid_function_code"},
		"exception asked for":          {adu(1, 0x83, w16(0, 2)), "", "invalid_function_code"},
		"no registers":                 {adu(1, 3, w16(0, 0)), "", "invalid_value"},
		"too many registers":           {adu(1, 4, w16(0, 126)), "", "invalid_value"},
		"as many coils":                {adu(1, 1, w16(0, 2000)), "", ""},
		"too many coils":               {adu(1, 2, w16(0, 2001)), "", "invalid_value"},
		"read request that is long":    {adu(1, 3, w16(0, 2, 9)), "", "invalid_length"},
		"read request that is short":   {adu(1, 3, w16(0)), "", "invalid_length"},
		"half a coil":                  {adu(1, 5, w16(0, 0x8000)), "", "invalid_value"},
		"count that is not so":         {adu(1, 16, w16(0, 2)+"\x05"+w16(1, 2)), "", "invalid_value invalid_length"},
		"count of other registers":     {adu(1, 16, w16(0, 3)+"\x04"+w16(1, 2)), "", "invalid_value"},
		"bytes of other coils":         {adu(1, 15, w16(0, 17)+"\x02xx"), "", "invalid_value"},
		"short mask":                   {adu(1, 22, w16(0, 2)), "", "invalid_length"},
		"reads and writes half":        {adu(1, 23, w16(0, 2, 4)), "", "invalid_length"},
		"diagnostic without one":       {adu(1, 8, "\x00"), "", "invalid_length"},
		"diagnostic with odd data":     {adu(1, 8, w16(2, 1)), "", "invalid_value"},
		"restart with odd data":        {adu(1, 8, w16(1, 0xff01)), "", "invalid_value"},
		"delimiter":                    {adu(1, 8, w16(3, 0x4100)), "", ""},
		"reserved diagnostic":          {adu(1, 8, w16(99, 1)), "", ""},
		"interface without a type":     {adu(1, 43, ""), "", "invalid_length"},
		"files without any":            {adu(1, 20, ""), "", "invalid_length"},
		"server ID of what":            {adu(1, 17, "x"), "", "invalid_length"},
		"queue":                        {adu(1, 24, w16(1)), "", ""},
		"queue without an address":     {adu(1, 24, "x"), "", "invalid_length"},
		"reserved unit":                {w16(1, 0, 2) + "\xf8\x11", "", "invalid_unit_identifier"},
		"own unit":                     {w16(1, 0, 2) + "\xff\x11", "", ""},
		"fewer registers":              {ask, adu(1, 3, "\x02"+w16(1)), "value_mismatch"},
		"count of a response not so":   {ask, adu(1, 3, "\x02"+w16(1, 2)), "value_mismatch"},
		"empty response":               {ask, adu(1, 3, ""), "value_mismatch unsolicited_response"},
		"another value was written":    {adu(1, 6, w16(1, 3)), adu(1, 6, w16(1, 4)), "value_mismatch"},
		"fewer were written":           {adu(1, 16, w16(0, 2)+"\x04"+w16(1, 2)), adu(1, 16, w16(0, 1)), "value_mismatch"},
		"another mask":                 {adu(1, 22, w16(1, 2, 3)), adu(1, 22, w16(1, 2, 4)), "value_mismatch"},
		"exception of no name":         {ask, adu(1, 0x83, "\x63"), "invalid_exception_code"},
		"parity of registers":          {adu(1, 17, ""), adu(1, 0x91, "\x08"), "invalid_exception_code"},
		"parity of a file":             {adu(1, 20, "\x07\x06\x00\x04\x00\x01\x00\x02"), adu(1, 0x94, "\x08"), ""},
		"exception without a code":     {adu(1, 17, ""), adu(1, 0x91, ""), "invalid_length"},
		"short event counter":          {adu(1, 11, ""), adu(1, 11, "xx"), "invalid_length"},
		"another unit":                 {ask, w16(1, 0, 7) + "\x02\x03\x04" + w16(1, 2), "unsolicited_response"},
		"another transaction":          {ask, adu(2, 3, "\x04"+w16(1, 2)), "unsolicited_response"},
		"another function":             {ask, adu(1, 4, "\x04"+w16(1, 2)), "unsolicited_response"},
		"another diagnostic":           {adu(1, 8, w16(0, 1)), adu(1, 8, w16(4, 1)), "unsolicited_response"},
		"two wait, the second is told": {ask + adu(2, 3, w16(0, 1)), adu(2, 3, "\x02"+w16(1)), ""},
	} {
		r := recorder("modbus.transaction_id")
		got := r.Data(ts, c.client).Data(tc, c.server).Data(ts, adu(77, 17, "")).End(dissect.EndFIN)
		var events []string
		for _, l := range r.Lines {
			if event, ok := strings.CutPrefix(l, "anomaly modbus."); ok {
				events = append(events, event)
			}
		}
		if strings.Join(events, " ") != c.events || !strings.Contains(got, "modbus.request to_server modbus.transaction_id=77\n") {
			t.Errorf("%s: events %v, want %s\n%s", name, events, c.events, got)
		}
	}
}

// TestLost checks that messages are found again behind what is no message, or is missing.
func TestLost(t *testing.T) {
	ask, next := adu(1, 3, w16(0, 2)), adu(9, 17, "")
	const want = "modbus.request to_server modbus.transaction_id=9\n"
	for name, r := range map[string]*dissecttest.Recorder{
		"gap":           recorder("modbus.transaction_id").Data(ts, ask[:7]).Gap(ts, 5).Data(ts, "the rest of something").Data(ts, next),
		"long":          recorder("modbus.transaction_id").Data(ts, w16(5, 0, 60000)+"xx").Data(ts, strings.Repeat("more ", 90)).Data(ts, next),
		"short rest":    recorder("modbus.transaction_id").Gap(ts, 50).Data(ts, "rest").Data(ts, next),
		"in small bits": recorder("modbus.transaction_id").Gap(ts, 50).Trickle(ts, next),
	} {
		if got := r.Text(); !strings.HasSuffix(got, want) || strings.Count(got, "modbus.request") > 2 {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
}

// TestGivenUp: many clients use one number for all their requests; a response that never came must not shift those that follow.
func TestGivenUp(t *testing.T) {
	ask := func(n int) string { return adu(0, 3, w16(0, n)) }
	tell := func(n int) string { return adu(0, 3, string([]byte{byte(2 * n)})+strings.Repeat("xx", n)) }
	for name, c := range map[string]struct {
		between int64  // nanoseconds from one request to the next
		answers string // quantities of the responses
		want    string // quantities of requests with those that answered them, in the order in which they ended
	}{
		"all at once":           {0, "123", "1:1 2:2 3:3"},
		"one behind the other":  {50e6, "123", "1:1 2:2 3:3"},
		"the first was lost":    {1e9, "3", "1:- 2:- 3:3"},
		"again when nothing is": {1e9, "", "1:- 2:- 3:-"},
	} {
		r := recorder("modbus.read.quantity", "modbus.response.data")
		for n := 1; n <= 3; n++ {
			r.Data(ts, ask(n))
			r.Ctx.Time += c.between
		}
		for _, n := range c.answers {
			r.Data(tc, tell(int(n-'0')))
		}
		r.End(dissect.EndFIN)
		var got []string
		for _, l := range r.Lines {
			if rest, ok := strings.CutPrefix(l, "modbus.tx to_"); ok {
				_, n, _ := strings.Cut(rest, "quantity=")
				answered := "-"
				if _, data, ok := strings.Cut(rest, "response.data=\""); ok {
					answered = string(rune('0' + strings.Count(data, "xx")))
				}
				got = append(got, n[:1]+":"+answered)
			}
		}
		if s := strings.Join(got, " "); s != c.want || strings.Contains(r.Text(), "anomaly") {
			t.Errorf("%s: %s, want %s\n%s", name, s, c.want, r.Text())
		}
	}
}

func TestFlood(t *testing.T) {
	r := recorder("modbus.transaction_id")
	r.Ctx.Limits.Settings = map[string]string{"modbus.request-flood": "3"}
	for i := range 6 {
		r.Data(ts, adu(i, 17, ""))
	}
	if n := strings.Count(r.Text(), "anomaly modbus.flooded"); n != 1 || r.Capped["transactions"] != 3 || len(r.Records) != 3 {
		t.Errorf("flooded %d times, counted %v, %d records", n, r.Capped, len(r.Records))
	}
	r.Data(tc, adu(5, 17, "x")).Data(ts, adu(7, 17, "")).Data(ts, adu(8, 17, ""))
	if n := strings.Count(r.End(dissect.EndTimeout), "anomaly modbus.flooded"); n != 2 || len(r.Records) != 8 {
		t.Errorf("flooded %d times after an answer, %d records", n, len(r.Records))
	}
}

func TestProbe(t *testing.T) {
	ask, tell := adu(1, 3, w16(0, 2)), adu(1, 3, "\x04"+w16(1, 2))
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{ts, ask, true, dissect.ByPort}, {tc, tell, true, dissect.ByPort}, {ts, ask, false, dissect.Yes}, {tc, tell, false, dissect.No},
		{ts, ask[:3], true, dissect.More}, {ts, ask[:9], true, dissect.More}, {ts, ask[:9], false, dissect.More},
		{ts, ask + ask, true, dissect.ByPort}, {ts, ask + ask, false, dissect.No},
		{ts, adu(1, 0x83, "\x02"), true, dissect.Reversed}, {tc, adu(1, 0x83, "\x02"), true, dissect.Yes}, {tc, adu(1, 0x83, "\x63"), true, dissect.No},
		{ts, adu(1, 99, ""), true, dissect.No}, {ts, adu(1, 8, ""), true, dissect.No}, {ts, adu(1, 43, ""), true, dissect.No},
		{ts, adu(1, 17, ""), true, dissect.ByPort}, {ts, adu(1, 17, ""), false, dissect.No}, {ts, adu(1, 43, "\x0e\x01\x00"), false, dissect.Yes},
		{ts, adu(1, 3, w16(0, 126)), false, dissect.No}, {ts, w16(1, 1, 6) + "\x01\x03" + w16(0, 2), true, dissect.No},
		{ts, w16(1, 0, 1) + "\x01\x03", true, dissect.No}, {ts, w16(1, 0, 255) + "\x01\x03", true, dissect.No},
		{ts, "GET / HTTP/1.1\r\n", true, dissect.No}, {ts, strings.Repeat("\x00", 40), true, dissect.No},
	} {
		if got := probe(c.dir, []byte(c.data), c.hint); got != c.want {
			t.Errorf("%s %q, hint %v: %v, want %v", c.dir, c.data, c.hint, got, c.want)
		}
	}
}

// TestNames checks categories, of which Suricata's documentation lists the ranges.
func TestNames(t *testing.T) {
	for code, want := range map[uint8]category{0: catNone, 25: catUnassigned, 41: catReserved, 42: catReserved, 44: catUnassigned, 64: catUnassigned, 65: catUser, 72: catUser,
		73: catUnassigned, 90: catReserved, 91: catReserved, 99: catUnassigned, 100: catUser, 110: catUser, 111: catUnassigned, 124: catUnassigned, 125: catReserved, 127: catReserved, 128: catNone} {
		if got := categoryOf(code); got != want || FunctionName(code) != "" {
			t.Errorf("function %d: %s, %q", code, categoryNames[got], FunctionName(code))
		}
	}
	for name, get := range map[string]string{"Reserved": diagnosticName(5), "GetClearPlusStats": diagnosticName(21), "Unknown": meiName(0), "CANOpenGenRefReqResp": meiName(13),
		"GatewayTargetFailToResp": exceptionName(11)} {
		if get != name {
			t.Errorf("%s, want %s", get, name)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	r := recorder()
	r.Quiet = true
	var messages [][]byte
	for _, c := range conversation {
		messages = append(messages, []byte(c.request), []byte(c.response))
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
	for i := range conversation {
		tx := new(Tx)
		tx.request.read(messages[2*i], ts)
		tx.response.read(messages[2*i+1], tc)
		if names := dissecttest.FieldAllocs(Spec(), tx); len(names) > 0 {
			t.Errorf("these fields allocate: %v", names)
		}
		c := Spec().Clone(tx).(*Tx)
		if tx.reset(0, 0); !c.request.there || string(c.request.all()) != conversation[i].request[headLen:] {
			t.Errorf("the copy lost something: %q", c.request.all())
		}
	}
}

// TestKept: a flood leaves little memory behind in a parser that waits for the next flow.
func TestKept(t *testing.T) {
	n := dissecttest.Kept(func() *dissecttest.Recorder { return recorder("none") }, func(r *dissecttest.Recorder) {
		r.Data(ts, strings.Repeat(adu(1, 3, w16(0, 2)), 600)).Data(tc, adu(1, 3, "")).End(dissect.EndFIN)
	})
	if n > 16<<10 {
		t.Errorf("a parser keeps %d bytes", n)
	}
}

func BenchmarkRegisters(b *testing.B) {
	r := recorder()
	r.Quiet = true
	client, server := []byte(adu(1, 3, w16(0, 125))), []byte(adu(1, 3, "\xfa"+strings.Repeat("xx", 125)))
	b.SetBytes(int64(len(client) + len(server)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(ts, client)
		r.Bytes(tc, server)
	}
}

func FuzzParser(f *testing.F) {
	for _, c := range conversation {
		f.Add([]byte(c.request), []byte(c.response), uint8(3))
	}
	f.Add([]byte(w16(5, 0, 60000)+"xx"), []byte(adu(1, 3, "\x04"+w16(1, 2))), uint8(0))
	f.Fuzz(func(t *testing.T, client, server []byte, cut uint8) {
		r := recorder()
		r.Ctx.Limits.Settings = map[string]string{"modbus.request-flood": "9"}
		for dir, b := range [][]byte{client, server} {
			probe(dissect.Dir(dir), append([]byte(nil), append(b, 0)...), cut&1 != 0)
			k := min(int(cut), len(b))
			r.Data(dissect.Dir(dir), string(b[:k]))
			if cut > 200 {
				r.Gap(dissect.Dir(dir), 3)
			}
			r.Data(dissect.Dir(dir), string(b[k:]))
		}
		r.End(dissect.EndFIN)
		if n := strings.Count(r.Text(), "modbus.tx "); n != strings.Count(r.Text(), "modbus.request ") || n != len(r.Records) {
			t.Errorf("%d transactions, %d records of\n%s", n, len(r.Records), r.Text())
		}
	})
}

// TestCapture reads what mbpoll and nmap ask a controller made of libmodbus.
func TestCapture(t *testing.T) {
	flows, err := replay.File("../../testdata/captures/modbus_pumps.pcap", Spec, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all, records := "", 0
	for _, f := range flows {
		all += f.Text()
		records += len(f.Records)
	}
	for _, want := range []string{`modbus.written.address=[5 6 7 8] modbus.written.value=[1 0 1 1]`, `modbus.written.address=[10 11 12] modbus.written.value=[1 2 300]`,
		`modbus.got.address=[1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16] modbus.got.value=[0 0 1 0 1 0 1 1 0 0 0 0 0 0 0 0]`,
		`modbus.exception=2 modbus.exception.name="IllegalDataAddr"`, `modbus.mei.name="RdDevId"`, `LMB3.1.6`} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	if strings.Contains(all, "anomaly") || len(flows) != 11 || records != 11 {
		t.Errorf("%d flows, %d records, or an anomaly in\n%s", len(flows), records, all)
	}
}
