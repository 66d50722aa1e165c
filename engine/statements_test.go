package engine

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lang/suricata"
)

// statement is what Suricata's user guide says of a rule: in which packets of a conversation it alerts, by their numbers from 1
// ("2 5", "" for none), or that it is refused, and why ("!why").
type statement struct{ rule, want string }

// statements holds rules against what they are said to do in a conversation.
func statements(t *testing.T, proto string, src func() capture.Source, list []statement) {
	t.Helper()
	cfg := DefaultConfig()
	cfg.CheckChecksums, cfg.TCP.Inline, cfg.PacketAlertMax = false, true, len(list)
	schema, err := NewSchema(&cfg.EVEOptions)
	if err != nil {
		t.Fatal(err)
	}
	var all []*ir.Rule
	got := make([]string, len(list))
	for i, s := range list {
		rule := fmt.Sprintf("alert %s any any -> any any (%s sid:%d;)\n", proto, s.rule, i+1)
		rules, skipped := suricata.Load(schema, "test.rules", []byte(rule), suricata.Options{})
		if len(skipped) > 0 {
			got[i] = "!" + fmt.Sprint(skipped[0])
		}
		all = append(all, rules...)
	}
	program, problems := match.Compile(schema, all, match.Options{})
	for _, p := range problems {
		if p.Error {
			t.Fatal(p)
		}
	}
	cfg.Schema, cfg.Program = schema, program
	_, eve := run(t, cfg, src())
	at := make([][]int, len(list))
	for line := range strings.Lines(eve) {
		var r struct {
			Num   int `json:"pcap_cnt"`
			Alert struct {
				SID int `json:"signature_id"`
			}
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		if n := r.Alert.SID; n > 0 {
			at[n-1] = append(at[n-1], r.Num)
		}
	}
	for i, s := range list {
		slices.Sort(at[i])
		if text := strings.Trim(fmt.Sprint(at[i]), "[]"); text != "" {
			got[i] += text
		}
		if got[i] != s.want && !(strings.HasPrefix(s.want, "!") && strings.HasPrefix(got[i], "!") && strings.Contains(got[i], s.want[1:])) {
			t.Errorf("%s\n got %q\nwant %q", s.rule, got[i], s.want)
		}
	}
}

// datagrams makes a conversation of UDP with a server's port: > is from the client, < from the server.
func datagrams(port uint16, payloads ...string) func() capture.Source {
	f := &frames{step: 1e6}
	for _, p := range payloads {
		b := make([]byte, 42, 42+len(p))
		copy(b[12:], []byte{8, 0, 0x45, 0})
		binary.BigEndian.PutUint16(b[16:], uint16(28+len(p)-1))
		b[22], b[23] = 64, 17
		copy(b[26:], []byte{10, 0, 0, 1, 10, 1, 0, 1})
		binary.BigEndian.PutUint16(b[34:], 40000)
		binary.BigEndian.PutUint16(b[36:], port)
		if p[0] == '<' {
			copy(b[26:], []byte{10, 1, 0, 1, 10, 0, 0, 1})
			binary.BigEndian.PutUint16(b[34:], port)
			binary.BigEndian.PutUint16(b[36:], 40000)
		}
		binary.BigEndian.PutUint16(b[38:], uint16(8+len(p)-1))
		f.list = append(f.list, append(b, p[1:]...))
	}
	return func() capture.Source { f.at = 0; return f }
}

// segments makes a connection of TCP, whose first payload is in packet 4.
func segments(payloads ...string) func() capture.Source {
	c := &tcpConn{host: 1, port: 40000}
	c.open()
	for _, p := range payloads {
		c.frame(p[0] == '>', pushFlag, p[1:])
	}
	f := &frames{list: c.out, step: 1e6}
	return func() capture.Source { f.at = 0; return f }
}

// captured plays a capture of testdata.
func captured(t *testing.T, name string) func() capture.Source {
	return func() capture.Source {
		src, err := capture.Open([]string{"../testdata/captures/" + name}, capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { src.Close() })
		return src
	}
}
