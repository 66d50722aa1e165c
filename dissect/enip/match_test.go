package enip

import (
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

// with gives a message another sender context.
func with(context, message string) string { return message[:12] + context + message[12+len(context):] }

// TestLostResponse checks that requests behind one whose response was lost get their own, as cip_status tells.
func TestLostResponse(t *testing.T) {
	ask := func(i int, context string) string {
		return with(context, encap(cmdSendRRData, 7, 0, rr(ask(0x0e, identityPath+"\x30"+string(rune(i)), ""))))
	}
	tell := func(i int, context string) string {
		return with(context, encap(cmdSendRRData, 7, 0, rr(tell(0x0e, byte(i), "", ""))))
	}
	for name, c := range map[string]struct {
		contexts string // of the requests 1, 2, 3
		between  int64  // nanoseconds from one request to the next
		answers  string // requests that are answered
		want     string // attributes of requests, and statuses of the responses that they got, in the order in which they ended
	}{
		"all answered":         {"ABC", 0, "123", "1:1 2:2 3:3"},
		"one context":          {"AAA", 0, "123", "1:1 2:2 3:3"},
		"the first is lost":    {"ABC", 0, "23", "1:- 2:2 3:3"},
		"the second is lost":   {"ABC", 0, "13", "1:1 2:- 3:3"},
		"one context, in time": {"AAA", 1e9, "3", "1:- 2:- 3:3"},
		"contexts of its own":  {"ABC", 1e9, "123", "1:1 2:2 3:3"},
		"two have the same":    {"AAB", 1e9, "23", "1:- 2:2 3:3"},
	} {
		r := recorder("enip.cip_attribute", "enip.cip_status")
		for i := range 3 {
			r.Data(ts, ask(i+1, c.contexts[i:i+1]))
			r.Ctx.Time += c.between
		}
		for _, n := range c.answers {
			i := int(n - '0')
			r.Data(tc, tell(i, c.contexts[i-1:i]))
		}
		r.End(dissect.EndFIN)
		var got []string
		for _, l := range r.Lines {
			if rest, ok := strings.CutPrefix(l, "enip.tx to_"); ok {
				_, attribute, _ := strings.Cut(rest, "cip_attribute=[")
				status := "-"
				if _, s, ok := strings.Cut(rest, "cip_status=["); ok {
					status = s[:1]
				}
				got = append(got, attribute[:1]+":"+status)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", name, s, c.want)
		}
	}
}

// TestKept: large messages, and many that wait, leave little memory behind in a parser that waits for the next flow.
func TestKept(t *testing.T) {
	get := ask(svcGetAttributeList, identityPath, w16(2, 3, 8))
	for name, size := range map[string]int{"many": 1, "large": 200, "larger": 500} {
		big := encap(cmdSendRRData, 7, 0, rr(ask(svcMultiple, identityPath, multiple(slices.Repeat([]string{get}, size)...))))
		n := dissecttest.Kept(func() *dissecttest.Recorder { return recorder("enip.cip_call") }, func(r *dissecttest.Recorder) {
			r.Quiet = false // fields are asked for
			for range 1100 / size {
				r.Data(ts, big)
			}
			r.End(dissect.EndFIN)
		})
		if n > 64<<10 {
			t.Errorf("%s: a parser keeps %d bytes", name, n)
		}
	}
}

// TestSegmentsInAnyOrder asks for segments as several rules do, by turns.
func TestSegmentsInAnyOrder(t *testing.T) {
	var p pdu
	p.read([]byte(encap(cmdSendRRData, 7, 0, rr(ask(0x0e, "\x20\x01\x24\x02\x20\x03\x30\x04\x24\x05\x20\x06", "")))), false)
	want := map[uint8][]uint32{segClass: {1, 3, 6}, segInstance: {2, 5}, segAttribute: {4}}
	for range 2 {
		for _, i := range []int{2, 0, 1, 3, 1} {
			for kind, values := range want {
				v, n, ok := p.segment(kind, i)
				if ok != (i < len(values)) || ok && v != values[i] || !ok && n != len(values) {
					t.Errorf("%d-th of kind %d: %d of %d, %v; want one of %v", i, kind, v, n, ok, values)
				}
			}
		}
	}
}

// TestCalls: a class goes with the attributes of its path wherever they are.
func TestCalls(t *testing.T) {
	for path, want := range map[string]string{
		"\x20\x01\x24\x01\x30\x07": "14,1 14,1,7", "\x30\x07\x20\x01": "14,1 14,1,7", "\x24\x01": "", "\x20\x01\x20\x02\x30\x03": "14,1 14,1,3 14,2 14,2,3",
	} {
		var p pdu
		p.read([]byte(encap(cmdSendRRData, 7, 0, rr(ask(0x0e, path, "")))), false)
		var got []string
		for i := 0; ; i++ {
			c, ok := p.call(i)
			if !ok {
				break
			}
			got = append(got, string(c))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %s, want %s", path, s, want)
		}
	}
}

// TestUnconnectedSend: what a router is to hand on is looked at. The first stops a controller behind slot 0.
func TestUnconnectedSend(t *testing.T) {
	const manager = "\x20\x06\x24\x01"
	routed := func(request string) string {
		pad := ""
		if len(request)%2 == 1 {
			pad = "\x00"
		}
		return "\x03\xf0" + w16(len(request)) + request + pad + "\x01\x00\x01\x00"
	}
	stop := ask(0x07, "\x20\x64\x24\x01", "\xde\xad\xbe\xef\xca\xfe")
	for name, c := range map[string]struct{ cip, want string }{
		"stop":                        {ask(svcUnconnectedSend, manager, routed(stop)), `enip.cip_call=["82,6" "7,100"] enip.cip_class=[6 100] enip.cip_service=[82 7]`},
		"several":                     {ask(svcUnconnectedSend, manager, routed(ask(svcMultiple, "", multiple(stop, stop)))), `enip.cip_service=[82 10 7 7]`},
		"in a packet":                 {ask(svcMultiple, "", multiple(ask(svcUnconnectedSend, manager, routed(stop)))), `enip.cip_service=[10 82 7]`},
		"in another":                  {ask(svcUnconnectedSend, manager, routed(ask(svcUnconnectedSend, manager, routed(stop)))), `enip.cip_service=[82 82]`},
		"of another class":            {ask(svcUnconnectedSend, identityPath, routed(stop)), `enip.cip_service=[82]`},
		"fragments of a tag are read": {ask(svcUnconnectedSend, "\x91\x03Tag\x00", "\x01\x00\x00\x00\x00\x00"), `enip.cip_service=[82]`},
		"cut off":                     {ask(svcUnconnectedSend, manager, routed(stop)[:9]), `enip.cip_service=[82]`},
		"broken":                      {ask(svcUnconnectedSend, manager, routed("\x07\x09\x20\x64")), `enip.cip_service=[82]`},
	} {
		r := recorder("enip.cip_call", "enip.cip_class", "enip.cip_service")
		if r.Data(ts, encap(cmdSendRRData, 7, 0, rr(c.cip))); !strings.Contains(r.Text(), c.want+"\n") || strings.Contains(r.Text(), "anomaly") {
			t.Errorf("%s: got\n%swant %s", name, r.Text(), c.want)
		}
		const record = `"class_name":"Connection Manager","multiple":[{"service":"Stop","path":[{"segment_type":"class","value":100},`
		if r.End(dissect.EndFIN); name == "stop" && !strings.Contains(r.Records[0], record) {
			t.Errorf("%s: record %s", name, r.Records[0])
		}
	}
}
