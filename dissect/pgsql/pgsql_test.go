package pgsql

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
)

const toServer, toClient = dissect.ToServer, dissect.ToClient

// msg makes a message; typ 0 is that of the first.
func msg(typ byte, body string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))
	if typ == 0 {
		return string(b) + body
	}
	return string(typ) + string(b) + body
}

const version3 = "\x00\x03\x00\x00"

var (
	sslRequest = msg(0, "\x04\xd2\x16\x2f")
	startup    = msg(0, version3+"user\x00ada\x00database\x00mill\x00\x00")
	ready      = msg('Z', "I")
	// row has the values "ab" and NULL.
	row      = msg('D', "\x00\x02\x00\x00\x00\x02ab\xff\xff\xff\xff")
	columns  = msg('T', "\x00\x02and what they are")
	loggedIn = msg('R', "\x00\x00\x00\x00") + msg('S', "TimeZone\x00UTC\x00") + msg('K', "\x00\x00\x00\x07\x00\x00\x00\x09") + ready
)

type part struct {
	dir  dissect.Dir
	data string
}

func say(parts []part, slow bool) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Fields = []string{"pgsql.query", "pgsql.user", "pgsql.code", "pgsql.command_completed", "pgsql.request.type"}
	for _, p := range parts {
		if slow {
			r.Trickle(p.dir, p.data)
		} else {
			r.Data(p.dir, p.data)
		}
	}
	r.End(dissect.EndFIN)
	return r
}

func TestConversations(t *testing.T) {
	for name, c := range map[string]struct {
		parts   []part
		lines   string
		records []string
	}{
		"a password, a query": {
			[]part{{toServer, sslRequest}, {toClient, "N"}, {toServer, startup}, {toClient, msg('R', "\x00\x00\x00\x03")}, {toServer, msg('p', "secret\x00")},
				{toClient, loggedIn}, {toServer, msg('Q', "SELECT 1\x00")}, {toClient, columns + row + row + msg('C', "SELECT 2\x00") + ready}, {toServer, msg('X', "")}},
			"",
			[]string{
				`{"pgsql":{"tx_id":1,"request":{"message":"SSL Request"},"response":{"ssl_accepted":false}}}`,
				`{"pgsql":{"tx_id":2,"request":{"protocol_version":"3.0","startup_parameters":{"user":"ada","optional_parameters":[{"database":"mill"}]}},"response":{"message":"authentication_cleartext_password"}}}`,
				`{"pgsql":{"tx_id":3,"request":{"password_redacted":true},"response":{"message":"authentication_ok","parameter_status":[{"time_zone":"UTC"}],"process_id":7,"secret_key":9}}}`,
				`{"pgsql":{"tx_id":4,"request":{"simple_query":"SELECT 1"},"response":{"field_count":2,"data_rows":2,"data_size":4,"command_completed":"SELECT 2"}}}`,
				`{"pgsql":{"tx_id":5,"request":{"message":"termination_message"}}}`,
			},
		},
		"SCRAM, and an error that is an answer": {
			[]part{{toServer, startup}, {toClient, msg('R', "\x00\x00\x00\x0aSCRAM-SHA-256\x00\x00")}, {toServer, msg('p', "SCRAM-SHA-256\x00\x00\x00\x00\x08n,,n=,r=")},
				{toClient, msg('R', "\x00\x00\x00\x0br=1,s=2")}, {toServer, msg('p', "c=biws")}, {toClient, msg('E', "SFATAL\x00VFATAL\x00C28P01\x00Mno\x00\x00")}},
			"",
			[]string{
				`{"pgsql":{"tx_id":1,"request":{"protocol_version":"3.0","startup_parameters":{"user":"ada","optional_parameters":[{"database":"mill"}]}},"response":{"message":"authentication_sasl"}}}`,
				`{"pgsql":{"tx_id":2,"request":{"sasl_authentication_mechanism":"scram_SHA256","sasl_param":"n,,n=,r="},"response":{"message":"authentication_sasl_continue"}}}`,
				`{"pgsql":{"tx_id":3,"request":{"sasl_response":"c=biws"},"response":{"severity_localizable":"FATAL","severity_non_localizable":"FATAL","code":"28P01","message":"no"}}}`,
			},
		},
		"queries one after the other, prepared": {
			[]part{{toServer, startup}, {toClient, loggedIn}, {toServer, msg('P', "\x00SELECT $1\x00\x00\x00") + msg('B', "\x00\x00") + msg('E', "\x00\x00\x00\x00\x00") +
				msg('P', "\x00DELETE FROM a\x00\x00\x00") + msg('S', "") + msg('Q', "SHOW x\x00")},
				{toClient, msg('1', "") + msg('2', "") + row + msg('C', "SELECT 1\x00") + ready + msg('N', "SNOTICE\x00Mhm\x00\x00") + msg('C', "SHOW\x00") + ready}},
			`pgsql.request to_server pgsql.request.type="startup_message" pgsql.user="ada"
pgsql.response to_client pgsql.request.type="startup_message" pgsql.user="ada"
pgsql.tx to_server pgsql.request.type="startup_message" pgsql.user="ada"
pgsql.request to_server pgsql.query=["SELECT $1"] pgsql.request.type="extended_query"
pgsql.request to_server pgsql.query=["SELECT $1" "DELETE FROM a"] pgsql.request.type="extended_query"
pgsql.request to_server pgsql.query=["SHOW x"] pgsql.request.type="simple_query"
pgsql.response to_client pgsql.command_completed="SELECT 1" pgsql.query=["SELECT $1" "DELETE FROM a"] pgsql.request.type="extended_query"
pgsql.tx to_server pgsql.command_completed="SELECT 1" pgsql.query=["SELECT $1" "DELETE FROM a"] pgsql.request.type="extended_query"
pgsql.response to_client pgsql.command_completed="SHOW" pgsql.query=["SHOW x"] pgsql.request.type="simple_query"
pgsql.tx to_server pgsql.command_completed="SHOW" pgsql.query=["SHOW x"] pgsql.request.type="simple_query"
`, nil,
		},
		"COPY in both directions": {
			[]part{{toServer, startup}, {toClient, loggedIn}, {toServer, msg('Q', "COPY a FROM STDIN\x00")}, {toClient, msg('G', "\x00\x00\x02\x00\x00\x00\x00")},
				{toServer, msg('d', "1\t2\n") + msg('d', "3\t4\n") + msg('c', "")}, {toClient, msg('C', "COPY 2\x00") + ready},
				{toServer, msg('Q', "COPY a TO STDOUT\x00")}, {toClient, msg('H', "\x00\x00\x02\x00\x00\x00\x00") + msg('d', "1\t2\n") + msg('c', "") + msg('C', "COPY 1\x00") + ready}},
			"",
			[]string{"",
				`{"pgsql":{"tx_id":2,"request":{"simple_query":"COPY a FROM STDIN"},"response":{"copy_in_response":{"columns":2}}}}`,
				`{"pgsql":{"tx_id":3,"request":{"message":"copy_done","copy_data_in":{"msg_count":2,"data_size":8}},"response":{"command_completed":"COPY 2"}}}`,
				`{"pgsql":{"tx_id":4,"request":{"simple_query":"COPY a TO STDOUT"},"response":{"copy_out_response":{"columns":2},"copy_data_out":{"row_count":1,"data_size":4},"command_completed":"COPY 1"}}}`,
			},
		},
		"a request to cancel": {
			[]part{{toServer, msg(0, "\x04\xd2\x16\x2e\x00\x00\x00\x07\x00\x00\x00\x09")}}, "",
			[]string{`{"pgsql":{"tx_id":1,"request":{"message":"cancel_request","process_id":7,"secret_key":9}}}`},
		},
		"another protocol": {
			[]part{{toServer, msg(0, "\x00\xff\x00\xff")}, {toClient, "N"}},
			"anomaly pgsql.malformed_request\npgsql.tx to_server pgsql.request.type=\"unknown_message_type\"\n", nil,
		},
		"a length that is none": {
			[]part{{toServer, startup}, {toClient, loggedIn}, {toServer, "Q\x00\x00\x00\x01abc"}},
			`pgsql.request to_server pgsql.request.type="startup_message" pgsql.user="ada"
pgsql.response to_client pgsql.request.type="startup_message" pgsql.user="ada"
pgsql.tx to_server pgsql.request.type="startup_message" pgsql.user="ada"
anomaly pgsql.invalid_length
pgsql.tx to_server pgsql.request.type="unknown_message_type"
`, nil,
		},
		"an answer that is none": {
			[]part{{toServer, startup}, {toClient, msg('!', "")}}, "pgsql.request to_server pgsql.request.type=\"startup_message\" pgsql.user=\"ada\"\n" +
				"anomaly pgsql.malformed_response\npgsql.response to_client pgsql.request.type=\"startup_message\" pgsql.user=\"ada\"\n" +
				"pgsql.tx to_server pgsql.request.type=\"startup_message\" pgsql.user=\"ada\"\n", nil,
		},
	} {
		for _, slow := range []bool{false, true} {
			r := say(c.parts, slow)
			if got := r.Text(); c.lines != "" && got != c.lines {
				t.Errorf("%s (slow: %v):\n%swant\n%s", name, slow, got, c.lines)
			}
			for i, want := range c.records {
				if i >= len(r.Records) || want != "" && r.Records[i] != want {
					t.Errorf("%s (slow: %v): record %d\n%s\nwant\n%s", name, slow, i, strings.Join(r.Records, "\n"), want)
				}
			}
		}
	}
}

func TestTLS(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Data(toServer, sslRequest).Data(toClient, "S")
	if r.Upgraded != "tls" || len(r.Records) != 1 || !strings.Contains(r.Records[0], `"ssl_accepted":true`) {
		t.Errorf("upgraded to %q, records %v", r.Upgraded, r.Records)
	}
}

// TestGap: what is missing within rows does no harm; behind an unknown loss messages are found again.
func TestGap(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Data(toServer, startup).Data(toClient, loggedIn).Data(toServer, msg('Q', "SELECT a\x00"))
	long := msg('D', "\x00\x01\x00\x00\x10\x00"+strings.Repeat("x", 4096))
	r.Data(toClient, long[:100]).Gap(toClient, 4000).Data(toClient, long[4100:]+msg('C', "SELECT 1\x00")+ready)
	r.Gap(toServer, -1).Data(toServer, "in the middle").Data(toServer, msg('Q', "SELECT b\x00"))
	r.Gap(toClient, -1).Data(toClient, msg('C', "SELECT 5\x00")+ready)
	if n := len(r.Records); n != 3 || !strings.Contains(r.Records[1], `"data_rows":1,"data_size":4096,"command_completed":"SELECT 1"`) ||
		!strings.Contains(r.Records[2], `"simple_query":"SELECT b"},"response":{"command_completed":"SELECT 5"`) {
		t.Errorf("%d records:\n%s", n, strings.Join(r.Records, "\n"))
	}
}

// TestCaps: texts are kept up to a limit, and so are transactions.
func TestCaps(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Ctx.Limits.Settings = map[string]string{"pgsql.max-tx": "4"}
	r.Data(toServer, startup).Data(toClient, loggedIn)
	r.Data(toServer, msg('Q', strings.Repeat("a", 1<<20)+"\x00"))
	for range 8 {
		r.Data(toServer, msg('Q', "x\x00"))
	}
	if n := strings.Count(r.Text(), "anomaly pgsql.too_many_transactions"); n != 5 {
		t.Errorf("%d anomalies", n)
	}
	if n := len(r.Records[1]); n < maxText || n > maxText+200 {
		t.Errorf("the long query: %d bytes", n)
	}
	r.End(dissect.EndFIN)
	if len(r.Records) != 10 {
		t.Errorf("%d records", len(r.Records))
	}
	if r.Capped["transactions"] != 5 || r.Capped["texts"] != 1 {
		t.Errorf("counted: %v", r.Capped)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{toServer, startup, false, dissect.Yes}, {toServer, sslRequest, false, dissect.Yes}, {toServer, startup[:12], false, dissect.More},
		{toServer, msg(0, version3+"name\x00x\x00\x00"), false, dissect.No}, {toServer, "\x00\x00\x00\x10\x00\x01\x00\x00", false, dissect.No},
		{toServer, msg('Q', "SELECT\x00"), true, dissect.Yes}, {toServer, columns, true, dissect.ByPort}, {toServer, msg('Q', "SELECT\x00"), false, dissect.No}, {toServer, "GET / HTTP/1.1", true, dissect.No},
		{toClient, "N", true, dissect.Yes}, {toClient, "N", false, dissect.No}, {toClient, loggedIn, true, dissect.Yes}, {toServer, "\x16\x03\x01\x02\x00", true, dissect.No},
	} {
		if got := probe(c.dir, []byte(c.data), c.hint); got != c.want {
			t.Errorf("%v %.20q %v: %v, want %v", c.dir, c.data, c.hint, got, c.want)
		}
	}
}

func TestAllocs(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	r.Data(toServer, startup).Data(toClient, loggedIn)
	q, a := []byte(msg('Q', "SELECT 1\x00")), []byte(columns+row+row+msg('C', "SELECT 2\x00")+ready)
	if n := testing.AllocsPerRun(100, func() {
		r.Bytes(toServer, q)
		r.Bytes(toClient, a)
	}); n > 0 {
		t.Errorf("%v allocations for a query", n)
	}
	tx := new(Tx)
	held := 0
	tx.reset(0, kQuery, &held)
	tx.queries = append(tx.queries, tx.keep([]byte("SELECT 1")))
	if names := dissecttest.FieldAllocs(Spec(), tx); len(names) > 0 {
		t.Errorf("fields allocate: %v", names)
	}
}

func FuzzParser(f *testing.F) {
	for _, s := range []string{sslRequest, startup, loggedIn, msg('Q', "SELECT 1\x00"), columns + row, msg('E', "SFATAL\x00C1\x00\x00"), msg('G', "\x00\x00\x02") + msg('d', "x")} {
		f.Add([]byte(s), []byte(startup), true)
		f.Add([]byte(startup+s), []byte(loggedIn+s), false)
	}
	f.Fuzz(func(t *testing.T, client, server []byte, slow bool) {
		r := dissecttest.New(Spec())
		for len(client) > 0 || len(server) > 0 {
			n, m := min(len(client), 40), min(len(server), 40)
			if slow {
				n, m = min(n, 1), min(m, 3)
			}
			r.Bytes(toServer, client[:n])
			r.Bytes(toClient, server[:m])
			client, server = client[n:], server[m:]
		}
		r.Gap(toServer, 7).Data(toServer, startup).Gap(toClient, -1).Data(toClient, loggedIn)
		r.End(dissect.EndFIN)
		if opened, done := strings.Count(r.Text(), "pgsql.tx "), len(r.Records); opened != done {
			t.Errorf("%d transactions ended, %d records", opened, done)
		}
	})
}

func BenchmarkQuery(b *testing.B) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	r.Data(toServer, startup).Data(toClient, loggedIn)
	q, a := []byte(msg('Q', "SELECT 1\x00")), []byte(columns+strings.Repeat(row, 50)+msg('C', "SELECT 50\x00")+ready)
	b.SetBytes(int64(len(q) + len(a)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(toServer, q)
		r.Bytes(toClient, a)
	}
}
