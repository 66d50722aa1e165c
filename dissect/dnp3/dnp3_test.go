package dnp3

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

const toServer, toClient = dissect.ToServer, dissect.ToClient

// Control octets of link frames with unconfirmed user data.
const (
	fromMaster     = 0xc4
	fromOutstation = 0x44
)

// frame makes a link frame between the master 1 and the outstation 10.
func frame(control byte, user string) string {
	b := []byte{start0, start1, byte(counted + len(user)), control}
	src, dst := uint16(1), uint16(10)
	if control&linkDir == 0 {
		src, dst = dst, src
	}
	b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, dst), src)
	b = binary.LittleEndian.AppendUint16(b, checksum(b))
	for len(user) > 0 {
		n := min(len(user), blockLen)
		b = binary.LittleEndian.AppendUint16(append(b, user[:n]...), checksum([]byte(user[:n])))
		user = user[n:]
	}
	return string(b)
}

// ask and answer make frames with a fragment of one segment, in hex.
func ask(fragment string) string    { return frame(fromMaster, "\xc0"+bin(fragment)) }
func answer(fragment string) string { return frame(fromOutstation, "\xc0"+bin(fragment)) }

func bin(s string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return string(b)
}

// What every record of a fragment of one segment begins with.
const (
	asked    = `{"dnp3":{"type":"request","control":{"dir":true,"pri":true,"fcb":false,"fcv":false,"function_code":4},"src":1,"dst":10,"application":{"control":{"fir":true,"fin":true,"con":false,"uns":false,"sequence":`
	answered = `{"dnp3":{"type":"response","control":{"dir":false,"pri":true,"fcb":false,"fcv":false,"function_code":4},"src":10,"dst":1,"application":{"control":{"fir":true,"fin":true,"con":false,"uns":false,"sequence":`
)

// TestFrame holds our frames to one as masters send it: READ of classes 1, 2, 3 and 0.
func TestFrame(t *testing.T) {
	want := "056414c40a0001008fedc0c2013c02063c03063c04063c01066a2c"
	if got := hex.EncodeToString([]byte(ask("c201 3c0206 3c0306 3c0406 3c0106"))); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestRecords(t *testing.T) {
	for name, c := range map[string]struct {
		dir  dissect.Dir
		data string
		want string
	}{
		"classes are read": {toServer, ask("c201 3c0206 3c0106"), asked + `2},"function_code":1,"objects":[` +
			`{"group":60,"variation":2,"qualifier":6,"prefix_code":0,"range_code":6,"start":0,"stop":0,"count":0},` +
			`{"group":60,"variation":1,"qualifier":6,"prefix_code":0,"range_code":6,"start":0,"stop":0,"count":0}],"complete":true}}}`},
		"what a READ names has no values": {toServer, ask("c301 1e01 00 0005 0200 17 02 0709 6401 00 0000"), asked + `3},"function_code":1,"objects":[` +
			`{"group":30,"variation":1,"qualifier":0,"prefix_code":0,"range_code":0,"start":0,"stop":5,"count":6},` +
			`{"group":2,"variation":0,"qualifier":23,"prefix_code":1,"range_code":7,"start":0,"stop":0,"count":2,"points":[{"prefix":7,"index":7},{"prefix":9,"index":9}]},` +
			`{"group":100,"variation":1,"qualifier":0,"prefix_code":0,"range_code":0,"start":0,"stop":0,"count":1}],"complete":true}}}`},
		"an output is operated": {toServer, ask("c405 0c01 2801 00 0700 81 01 64000000 c8000000 00"), asked + `4},"function_code":5,"objects":[` +
			`{"group":12,"variation":1,"qualifier":40,"prefix_code":2,"range_code":8,"start":0,"stop":0,"count":1,"points":[{"prefix":7,"index":7,"op_type":1,"qu":0,"cr":0,"tcc":2,` +
			`"count":1,"ontime":100,"offtime":200,"status_code":0,"reserved":0}]}],"complete":true}}}`},
		"a file is opened": {toServer, ask("c519 4603 5b01 1f00 1a00 0500 000000000000 a401 00000000 10000000 0100 0002 0300 612e747874"), asked + `5},"function_code":25,"objects":[` +
			`{"group":70,"variation":3,"qualifier":91,"prefix_code":5,"range_code":11,"start":0,"stop":0,"count":1,"points":[{"prefix":31,"index":0,"size":31,"filename_offset":26,` +
			`"filename_size":5,"created":0,"permissions":420,"authentication_key":0,"file_size":16,"operational_mode":1,"maximum_block_size":512,"request_id":3,"filename":"a.txt"}]}],"complete":true}}}`},
		"a file is read": {toServer, ask("c601 4605 5b01 0800 11000000 00000080"), asked + `6},"function_code":1,"objects":[` +
			`{"group":70,"variation":5,"qualifier":91,"prefix_code":5,"range_code":11,"start":0,"stop":0,"count":1,"points":[{"prefix":8,"index":0,"size":8,"file_handle":17,` +
			`"block_number":2147483648,"file_data":""}]}],"complete":true}}}`},
		"counters are frozen at a time": {toServer, ask("c70b 3202 0701 0a0000000000 05000000 1400 06"), asked + `7},"function_code":11,"objects":[` +
			`{"group":50,"variation":2,"qualifier":7,"prefix_code":0,"range_code":7,"start":0,"stop":0,"count":1,"points":[{"prefix":0,"index":0,"timestamp":10,"interval":5}]},` +
			`{"group":20,"variation":0,"qualifier":6,"prefix_code":0,"range_code":6,"start":0,"stop":0,"count":0}],"complete":true}}}`},
		"indications, packed and signed values": {toClient, answer("c281 8002 0101 00 0009 ff02 0301 00 0004 e403 1e02 01 05000600 01 feff 41 0200 1e05 00 0000 01 0000c03f"), answered + `2},"function_code":129,"objects":[` +
			`{"group":1,"variation":1,"qualifier":0,"prefix_code":0,"range_code":0,"start":0,"stop":9,"count":10,"points":[{"prefix":0,"index":0,"state":1},{"prefix":0,"index":1,"state":1},` +
			`{"prefix":0,"index":2,"state":1},{"prefix":0,"index":3,"state":1},{"prefix":0,"index":4,"state":1},{"prefix":0,"index":5,"state":1},{"prefix":0,"index":6,"state":1},` +
			`{"prefix":0,"index":7,"state":1},{"prefix":0,"index":8,"state":0},{"prefix":0,"index":9,"state":1}]},` +
			`{"group":3,"variation":1,"qualifier":0,"prefix_code":0,"range_code":0,"start":0,"stop":4,"count":5,"points":[{"prefix":0,"index":0,"state":0},{"prefix":0,"index":1,"state":1},` +
			`{"prefix":0,"index":2,"state":2},{"prefix":0,"index":3,"state":3},{"prefix":0,"index":4,"state":3}]},` +
			`{"group":30,"variation":2,"qualifier":1,"prefix_code":0,"range_code":1,"start":5,"stop":6,"count":2,"points":[` +
			`{"prefix":0,"index":5,"online":1,"restart":0,"comm_lost":0,"remote_forced":0,"local_forced":0,"over_range":0,"reference_err":0,"reserved0":0,"value":-2},` +
			`{"prefix":0,"index":6,"online":1,"restart":0,"comm_lost":0,"remote_forced":0,"local_forced":0,"over_range":0,"reference_err":1,"reserved0":0,"value":2}]},` +
			`{"group":30,"variation":5,"qualifier":0,"prefix_code":0,"range_code":0,"start":0,"stop":0,"count":1,"points":[` +
			`{"prefix":0,"index":0,"online":1,"restart":0,"comm_lost":0,"remote_forced":0,"local_forced":0,"over_range":0,"reference_err":0,"reserved0":0,"value":1.5}]}],` +
			`"complete":true},"iin":{"indicators":["device_restart","object_unknown"]}}}`},
		"octet strings, attributes, keys": {toClient, answer("c281 0000 6e03 1700 6e03 1701 05 616263 00f2 00 0000 01 02 4b37 00d8 00 0000 02 02 0102 7801 5b01 0a00 01000000 0200 04 01 aabb"), answered +
			`2},"function_code":129,"objects":[{"group":110,"variation":3,"qualifier":23,"prefix_code":1,"range_code":7,"start":0,"stop":0,"count":0},` +
			`{"group":110,"variation":3,"qualifier":23,"prefix_code":1,"range_code":7,"start":0,"stop":0,"count":1,"points":[{"prefix":5,"index":5,"value":"abc"}]},` +
			`{"group":0,"variation":242,"qualifier":0,"prefix_code":0,"range_code":0,"start":0,"stop":0,"count":1,"points":[{"prefix":0,"index":0,"data_type":1,"length":2,"value":"K7"}]},` +
			`{"group":0,"variation":216,"qualifier":0,"prefix_code":0,"range_code":0,"start":0,"stop":0,"count":1,"points":[{"prefix":0,"index":0,"data_type":2,"length":2,"value":513}]},` +
			`{"group":120,"variation":1,"qualifier":91,"prefix_code":5,"range_code":11,"start":0,"stop":0,"count":1,"points":[{"prefix":10,"index":0,"size":10,"csq":1,"usr":2,"mal":4,"reason":1,` +
			`"challenge_data":"qrs="}]}],"complete":true}}}`},
		"text up to its NUL": {toClient, answer("c281 0000 4605 5b01 0c00 01000000 00000000 6869 00 ff"), answered + `2},"function_code":129,"objects":[` +
			`{"group":70,"variation":5,"qualifier":91,"prefix_code":5,"range_code":11,"start":0,"stop":0,"count":1,"points":[{"prefix":12,"index":0,"size":12,"file_handle":1,"block_number":0,"file_data":"hi"}]}],"complete":true}}}`},
		"no number": {toClient, answer("c281 0000 2203 00 0000 0000807f"), answered + `2},"function_code":129,"objects":[` +
			`{"group":34,"variation":3,"qualifier":0,"prefix_code":0,"range_code":0,"start":0,"stop":0,"count":1,"points":[{"prefix":0,"index":0,"deadband_value":null}]}],"complete":true}}}`},
		"cut off in its objects": {toClient, answer("c281 0000 0a02 00 0003 8101"), answered + `2},"function_code":129,"objects":[` +
			`{"group":10,"variation":2,"qualifier":0,"prefix_code":0,"range_code":0,"start":0,"stop":3,"count":4,"points":[` +
			`{"prefix":0,"index":0,"online":1,"restart":0,"comm_lost":0,"remote_forced":0,"local_forced":0,"reserved0":0,"reserved1":0,"state":1},` +
			`{"prefix":0,"index":1,"online":1,"restart":0,"comm_lost":0,"remote_forced":0,"local_forced":0,"reserved0":0,"reserved1":0,"state":0}]}],"complete":false}}}`},
	} {
		for _, slow := range []bool{false, true} {
			r := dissecttest.New(Spec())
			if slow {
				r.Trickle(c.dir, c.data)
			} else {
				r.Data(c.dir, c.data)
			}
			if len(r.Records) != 1 || r.Records[0] != c.want {
				t.Errorf("%s (slow: %v):\n%s\nwant\n%s", name, slow, strings.Join(r.Records, "\n"), c.want)
			}
		}
	}
}

// sizes are lengths of points by group and variation (annex A of the standard).
var sizes = map[[2]byte]int{
	{1, 2}: 1, {2, 1}: 1, {2, 2}: 7, {2, 3}: 3, {3, 2}: 1, {4, 1}: 1, {4, 2}: 7, {4, 3}: 3, {10, 2}: 1, {11, 1}: 1, {11, 2}: 7, {12, 1}: 11, {12, 2}: 11,
	{13, 1}: 1, {13, 2}: 7, {20, 1}: 5, {20, 2}: 3, {20, 3}: 5, {20, 4}: 3, {20, 5}: 4, {20, 6}: 2, {20, 7}: 4, {20, 8}: 2,
	{21, 1}: 5, {21, 2}: 3, {21, 3}: 5, {21, 4}: 3, {21, 5}: 11, {21, 6}: 9, {21, 7}: 11, {21, 8}: 9, {21, 9}: 4, {21, 10}: 2, {21, 11}: 4, {21, 12}: 2,
	{22, 1}: 5, {22, 2}: 3, {22, 3}: 5, {22, 4}: 3, {22, 5}: 11, {22, 6}: 9, {22, 7}: 11, {22, 8}: 9,
	{23, 1}: 5, {23, 2}: 3, {23, 3}: 5, {23, 4}: 3, {23, 5}: 11, {23, 6}: 9, {23, 7}: 11, {23, 8}: 9,
	{30, 1}: 5, {30, 2}: 3, {30, 3}: 4, {30, 4}: 2, {30, 5}: 5, {30, 6}: 9, {31, 1}: 5, {31, 2}: 3, {31, 3}: 11, {31, 4}: 9, {31, 5}: 4, {31, 6}: 2, {31, 7}: 5, {31, 8}: 9,
	{32, 1}: 5, {32, 2}: 3, {32, 3}: 11, {32, 4}: 9, {32, 5}: 5, {32, 6}: 9, {32, 7}: 11, {32, 8}: 15, {33, 1}: 5, {33, 2}: 3, {33, 3}: 11, {33, 4}: 9, {33, 5}: 5, {33, 6}: 9, {33, 7}: 11, {33, 8}: 15,
	{34, 1}: 2, {34, 2}: 4, {34, 3}: 4, {40, 1}: 5, {40, 2}: 3, {40, 3}: 5, {40, 4}: 9, {41, 1}: 5, {41, 2}: 3, {41, 3}: 5, {41, 4}: 9,
	{42, 1}: 5, {42, 2}: 3, {42, 3}: 11, {42, 4}: 9, {42, 5}: 5, {42, 6}: 9, {42, 7}: 11, {42, 8}: 15, {43, 1}: 5, {43, 2}: 3, {43, 3}: 11, {43, 4}: 9, {43, 5}: 5, {43, 6}: 9, {43, 7}: 11, {43, 8}: 15,
	{50, 1}: 6, {50, 2}: 10, {50, 3}: 6, {50, 4}: 11, {51, 1}: 6, {51, 2}: 6, {52, 1}: 2, {52, 2}: 2, {81, 1}: 3, {86, 2}: 1, {102, 1}: 1,
	{120, 3}: 6, {120, 4}: 2, {121, 1}: 7, {122, 1}: 7, {122, 2}: 13,
}

// TestLayouts: points have the lengths that the standard gives, bits fill their octets, and every object can be read and written.
func TestLayouts(t *testing.T) {
	for at, l := range layouts {
		g, v := byte(at>>8), byte(at)
		if len(l.items) > maxItems {
			t.Errorf("g%dv%d has %d items", g, v, len(l.items))
		}
		bits, fixed := 0, true
		for _, it := range l.items {
			if it.kind == kBits {
				bits += int(it.width)
			}
			fixed = fixed && (it.kind < kText || it.width > 0)
		}
		if !l.packed && bits%8 != 0 {
			t.Errorf("g%dv%d has %d bits", g, v, bits)
		}
		zeros := make([]byte, 64)
		n, ok := l.size(zeros, &point{size: 40})
		if want := sizes[[2]byte{g, v}]; !ok || fixed && !l.packed && n != want {
			t.Errorf("g%dv%d has %d bytes (%v), want %d", g, v, n, ok, want)
		}
		r := dissecttest.New(Spec())
		if l.sized {
			r.Data(toClient, answer(fmt.Sprintf("c281 0000 %02x%02x 5b01 2800 %080x", g, v, 0)))
		} else {
			r.Data(toClient, answer(fmt.Sprintf("c281 0000 %02x%02x 0701 %0*x", g, v, 2*max(n, 1), 0)))
		}
		if len(r.Records) != 1 || !strings.Contains(r.Records[0], `"points":[{"prefix":`) || !strings.Contains(r.Records[0], `"complete":true`) {
			t.Errorf("g%dv%d: %v\n%s", g, v, r.Records, r.Text())
		}
	}
	for at := range sizes {
		if layouts[code(at[0], at[1])] == nil {
			t.Errorf("g%dv%d has no layout", at[0], at[1])
		}
	}
}

func quietly(fields ...string) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Fields = append([]string{}, fields...)
	return r
}

// TestSegments: a fragment in several segments is put together; what is sent again, or has no beginning, is left out.
func TestSegments(t *testing.T) {
	r := quietly("dnp3.func", "dnp3.data")
	first, second, third := frame(fromOutstation, "\x7f"+bin("c28100000102000000")), frame(fromOutstation, "\x00\x01"), frame(fromOutstation, "\x81"+bin("0102000101 81"))
	r.Data(toClient, second).Data(toClient, first).Data(toClient, second).Data(toClient, second).Data(toClient, third)
	r.Data(toServer, frame(fromMaster, "\xc0"+bin("c200"))) // a confirmation
	r.Data(toServer, frame(fromMaster, "\x40"+bin("c301"))) // never complete
	want := `dnp3.message to_client dnp3.func=129
dnp3.fragment to_client dnp3.data="` + `\u0081\x00\x00\x01\x02\x00\x00\x00\x01\x01\x02\x00\x01\x01\x81" dnp3.func=129
dnp3.message to_server dnp3.func=0
dnp3.message to_server dnp3.func=1
dnp3.fragment to_server dnp3.data="\xc3\x01" dnp3.func=1
`
	if got := r.End(dissect.EndFIN); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if len(r.Records) != 2 || !strings.Contains(r.Records[0], `"index":1,"online":1,`) || r.Records[1] != "{}" {
		t.Errorf("records %v", r.Records)
	}
}

func TestAnomalies(t *testing.T) {
	good := ask("c001 3c0206")
	for _, c := range []struct {
		name    string
		dir     dissect.Dir
		data    string
		lines   string
		records int
	}{
		{"a header's CRC", toServer, good[:8] + "\x00" + good[9:] + good, "anomaly dnp3.bad_link_crc\n", 1},
		{"a block's CRC", toServer, good[:len(good)-1] + "\x00" + good, "anomaly dnp3.bad_transport_crc\n", 1},
		{"a length that is none", toServer, string(binary.LittleEndian.AppendUint16([]byte("\x05\x64\x04\xc4\x0a\x00\x01\x00"), checksum([]byte("\x05\x64\x04\xc4\x0a\x00\x01\x00")))) + good, "anomaly dnp3.len_too_small\n", 1},
		{"no room for a header", toServer, frame(fromMaster, "\xc0\xc1") + good, "anomaly dnp3.len_too_small\n", 1},
		{"no room for indications", toClient, frame(fromOutstation, "\xc0\xc1\x81\x00"), "anomaly dnp3.len_too_small\n", 0},
		{"no user data", toServer, frame(fromMaster, "") + good, "anomaly dnp3.len_too_small\n", 1},
		{"a segment without data", toServer, frame(fromMaster, "\x81") + good, "anomaly dnp3.malformed\n", 1},
		{"an unknown object", toServer, ask("c002 c801 0701 00"), "anomaly dnp3.unknown_object\n", 1},
		{"a size is missing", toServer, ask("c01b 4608 0701 00"), "anomaly dnp3.unknown_object\n", 1},
		{"a size is too small", toServer, ask("c01b 7802 5b01 0300 000000"), "anomaly dnp3.unknown_object\n", 1},
		{"points are missing", toServer, ask("c002 3201 0702 000000000000"), "anomaly dnp3.unknown_object\n", 1},
		{"too many points", toServer, ask("c002 3201 0803 40 000000000000"), "anomaly dnp3.too_many_points\n", 1},
		{"other link frames", toServer, frame(0xc9, "") + frame(0xc0, "") + good, "", 1},
		{"a greeting", toClient, "Welcome to DNP3 of kiln 7\r\n" + answer("c0810000"), "", 1},
		{"a reserved range", toServer, ask("c001 3c020a 00"), "", 1},
	} {
		r := quietly("dnp3.type")
		r.Data(c.dir, c.data)
		var lines string
		for _, l := range r.Lines {
			if strings.HasPrefix(l, "anomaly") {
				lines += l + "\n"
			}
		}
		if lines != c.lines || len(r.Records) != c.records {
			t.Errorf("%s: %q, want %q; records %v", c.name, lines, c.lines, r.Records)
		}
	}
}

// TestGap: behind what is missing frames are found again.
func TestGap(t *testing.T) {
	r := quietly()
	good := ask("c001 3c0206")
	r.Data(toServer, good[:15]).Gap(toServer, 100).Data(toServer, "\x05\x05\x64garbage\x05"+good).Gap(toServer, -1).Data(toServer, good[3:]+good)
	if len(r.Records) != 2 || strings.Contains(r.Text(), "anomaly") {
		t.Errorf("%d records\n%s", len(r.Records), r.Text())
	}
}

// TestCaps: objects, points, fragments under way and their length have limits, and what is over them is told.
func TestCaps(t *testing.T) {
	r := quietly()
	r.Ctx.Limits.Settings = map[string]string{"dnp3.max-objects": "3", "dnp3.max-points": "4", "dnp3.max-tx": "5"}
	r.Data(toServer, ask("c001"+strings.Repeat("3c0206", 4))).Data(toServer, ask("c002 6601 0703 010203 6601 0702 0405"))
	if got := r.Text(); r.Capped["objects"] != 2 || !strings.Contains(got, "anomaly dnp3.too_many_objects\n") || !strings.Contains(got, "anomaly dnp3.too_many_points\n") {
		t.Error(got)
	}
	if strings.Count(r.Records[0], `"group"`) != 3 || strings.Count(r.Records[1], `"value"`) != 3 {
		t.Error(r.Records)
	}

	r.Lines = nil
	r.Data(toServer, strings.Repeat(ask("c001"), 7)) // at a time
	if n := strings.Count(r.Text(), "anomaly dnp3.flooded"); n != 2 || r.Capped["fragments"] != 2 {
		t.Errorf("flooded %d times:\n%s", n, r.Text())
	}
	r.Lines = nil
	for range 20 { // one after the other
		r.Data(toServer, ask("c001"))
	}
	if strings.Contains(r.Text(), "flooded") {
		t.Error(r.Text())
	}
	r.Lines, r.Records = nil, nil
	for range 8 { // never complete: the oldest are given up
		r.Data(toServer, frame(fromMaster, "\x40\xc0\x01"))
	}
	if f, d := strings.Count(r.Text(), "flooded"), strings.Count(r.Text(), "dnp3.fragment"); f != 3 || d != 3 {
		t.Errorf("flooded %d times, given up %d:\n%s", f, d, r.Text())
	}
	r.End(dissect.EndFIN)

	r = quietly()
	long := strings.Repeat("x", 249)
	r.Data(toServer, frame(fromMaster, "\x40\xc0\x02"+long[2:]))
	for i := range 64 {
		r.Data(toServer, frame(fromMaster, string(rune(i+1)&transportSeq)+long))
	}
	if got := r.Text(); r.Capped["length"] != 1 || !strings.Contains(got, "anomaly dnp3.too_long_reassembly\ndnp3.fragment to_server\n") || len(r.Records) != 1 {
		t.Errorf("%s, %d records", got, len(r.Records))
	}
}

// TestUnderWay: fragments count as under way until the other side has sent a packet.
func TestUnderWay(t *testing.T) {
	r := quietly()
	r.Ctx.Limits.Settings = map[string]string{"dnp3.max-tx": "4"}
	r.Ctx.Flow.Packets[toClient] = 1
	for i := range 12 {
		if i == 4 {
			r.Ctx.Flow.Packets[toClient]++
		}
		r.Data(toServer, ask("c001"))
	}
	if n := strings.Count(r.Text(), "flooded"); n != 4 {
		t.Errorf("flooded %d times", n)
	}
}

func TestProbe(t *testing.T) {
	good, reply := ask("c001 3c0206"), answer("c0810000")
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{toServer, good, false, dissect.Yes}, {toServer, good[:9], false, dissect.More}, {toServer, good[:1], true, dissect.More}, {toClient, reply, false, dissect.Yes},
		{toServer, reply, true, dissect.Reversed}, {toClient, good, true, dissect.Reversed}, {toServer, good[:9] + "\x00", false, dissect.No},
		{toServer, good[:9] + "\x00", true, dissect.Yes}, {toServer, "\x05\x01\x00", true, dissect.No}, {toServer, "\x05\x64\x04", true, dissect.No},
		{toClient, "DNP3 ready", true, dissect.Yes}, {toServer, "DNP3 ready", true, dissect.Reversed}, {toClient, "DNP3 ready", false, dissect.No},
		{toClient, "\x00DNP3", true, dissect.No}, {toServer, "GET / HTTP/1.1", true, dissect.No},
	} {
		if got := probe(c.dir, []byte(c.data), c.hint); got != c.want {
			t.Errorf("%v %q %v: %v, want %v", c.dir, c.data, c.hint, got, c.want)
		}
	}
}

func TestFields(t *testing.T) {
	r := quietly("dnp3.type", "dnp3.func", "dnp3.func.name", "dnp3.src", "dnp3.dst", "dnp3.sequence", "dnp3.ind", "dnp3.indicators", "dnp3.obj", "dnp3.obj.group", "dnp3.complete",
		"dnp3.point.index", "dnp3.control.index", "dnp3.control.code", "dnp3.control.status", "dnp3.file.name")
	command := "0c01 1702 07 81 01 64000000 c8000000 00 09 41 01 64000000 c8000000 04 2902 1701 03 0100 07"
	r.Data(toServer, ask("c405"+command)).Data(toClient, answer("e482 4001"+command)).Data(toServer, ask("c51b 4603 5b01 1f00 1a00 0500 000000000000 a401 00000000 10000000 0100 0002 0300 612e747874"))
	var got strings.Builder
	for _, l := range r.Lines {
		if strings.HasPrefix(l, fragment) {
			got.WriteString(l + "\n")
		}
	}
	want := `dnp3.fragment to_server dnp3.complete=1 dnp3.control.code=[129 65 0] dnp3.control.index=[7 9 3] dnp3.control.status=[0 4 7] dnp3.dst=10 dnp3.func=5 dnp3.func.name="direct_operate" dnp3.obj=["g12v1" "g41v2"] dnp3.obj.group=[12 41] dnp3.point.index=[7 9 3] dnp3.sequence=4 dnp3.src=1 dnp3.type="request"
dnp3.fragment to_client dnp3.complete=1 dnp3.control.code=[129 65 0] dnp3.control.index=[7 9 3] dnp3.control.status=[0 4 7] dnp3.dst=1 dnp3.func=130 dnp3.func.name="unsolicited_response" dnp3.ind=16385 dnp3.indicators=["device_trouble" "no_func_code_support"] dnp3.obj=["g12v1" "g41v2"] dnp3.obj.group=[12 41] dnp3.point.index=[7 9 3] dnp3.sequence=4 dnp3.src=10 dnp3.type="unsolicited_response"
dnp3.fragment to_server dnp3.complete=1 dnp3.dst=10 dnp3.file.name=["a.txt"] dnp3.func=27 dnp3.func.name="delete_file" dnp3.obj=["g70v3"] dnp3.obj.group=[70] dnp3.sequence=5 dnp3.src=1 dnp3.type="request"
`
	if got.String() != want {
		t.Errorf("%s\nwant\n%s", got.String(), want)
	}
}

func parsed(t *testing.T, hexData string) *Message {
	m := new(Message)
	data := []byte(bin(hexData))
	m.reset(1, toServer, fromMaster, 1, 10, data)
	m.data = append(m.data, data...)
	if a := m.parse(defaultMaxObjects, defaultMaxPoints); a >= 0 || !m.complete {
		t.Fatalf("%s: anomaly %d", hexData, a)
	}
	return m
}

func TestAllocs(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	poll, values := []byte(ask("c201 3c0206")), []byte(answer("c281 8000 1e02 00 0001 01 feff 41 0200"))
	if n := testing.AllocsPerRun(100, func() {
		r.Bytes(toServer, poll)
		r.Bytes(toClient, values)
	}); n > 0 {
		t.Errorf("%v allocations for a poll", n)
	}
	m := parsed(t, "c405 0c01 1701 07 81 01 64000000 c8000000 00")
	if names := dissecttest.FieldAllocs(Spec(), m); len(names) > 0 {
		t.Errorf("fields allocate: %v", names)
	}
}

// TestClone: what scripts get does not change when the message is used again.
func TestClone(t *testing.T) {
	m := parsed(t, "c51b 4603 5b01 1f00 1a00 0500 000000000000 a401 00000000 10000000 0100 0002 0300 612e747874")
	n := m.clone()
	clear(m.data)
	m.release()
	m.reset(2, toServer, fromMaster, 1, 10, []byte{0xc0, 1})
	f := Spec()
	for i := range f.Fields {
		if f.Fields[i].Name == "dnp3.file.name" {
			if name, ok := f.Fields[i].BytesN(&dissect.Env{Tx: n}, 0); !ok || string(name) != "a.txt" {
				t.Errorf("%q", name)
			}
		}
	}
}

// TestFloats: the value of a float of 32 bits is written as a double, as in Suricata.
func TestFloats(t *testing.T) {
	if got := (value{n: uint64(math.Float32bits(0.1))}).float(4); fmt.Sprint(got) != "0.10000000149011612" {
		t.Error(got)
	}
}

func FuzzParser(f *testing.F) {
	for _, s := range []string{"c201 3c0206", "c405 0c01 2801 00 0700 81 01 64000000 c8000000 00", "c519 4603 5b01 1f00 1a00 0500 000000000000 a401 00000000 10000000 0100 0002 0300 612e747874",
		"c281 8002 0101 00 0009 ff02 0301 00 0004 e403 1e02 01 05000600 01 feff 41 0200", "c281 0000 6e03 1701 05 616263 00f2 00 0000 01 02 4b37 7801 5b01 0a00 01000000 0200 04 01 aabb",
		"c281 0000 4601 5b01 2800 0000 00 00 0000 0000 00000000 000000000000 0000 00000000 00000000 00000000 00 00 0000"} {
		f.Add([]byte(bin(s)), true, byte(3))
		f.Add([]byte(bin(s)), false, byte(200))
	}
	f.Fuzz(func(t *testing.T, data []byte, slow bool, cut byte) {
		r := dissecttest.New(Spec())
		r.Ctx.Limits.Settings = map[string]string{"dnp3.max-points": "200"}
		say := func(b string) {
			for _, dir := range []dissect.Dir{toServer, toClient} {
				if slow {
					r.Trickle(dir, b)
				} else {
					r.Data(dir, b)
				}
			}
		}
		say(string(data[:min(len(data), 400)])) // as it is
		flags := byte(0xc0)
		if len(data) > int(cut) {
			flags = 0x40
		}
		for i, rest := 0, data; len(rest) > 0 && i < 100; i++ {
			n := min(len(rest), 249, int(cut)+4)
			if n == len(rest) {
				flags |= 0x80
			}
			say(frame(fromMaster, string([]byte{flags | byte(i)&transportSeq})+string(rest[:n])))
			rest, flags = rest[n:], 0
		}
		r.Gap(toServer, 7).Data(toServer, ask("c001 3c0206"))
		before := len(r.Records)
		r.Gap(toServer, -1).Data(toServer, ask("c001 3c0206"))
		if len(r.Records) == before {
			t.Error("no record behind a gap")
		}
		r.End(dissect.EndFIN)
	})
}

func BenchmarkPoll(b *testing.B) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	poll, values := []byte(ask("c201 3c0206")), []byte(answer("c281 8000 1e02 00 0027"+strings.Repeat("01feff", 40)))
	b.SetBytes(int64(len(poll) + len(values)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(toServer, poll)
		r.Bytes(toClient, values)
	}
}
